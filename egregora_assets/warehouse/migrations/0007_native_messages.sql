-- What platforms with message ids know: threads, replies, edits, deletions, reactions, mentions; and several chats in one export.
ALTER TABLE messages ADD COLUMN native_id VARCHAR;
ALTER TABLE messages ADD COLUMN thread_id UUID;
ALTER TABLE messages ADD COLUMN reply_to UUID;
ALTER TABLE messages ADD COLUMN edited_at TIMESTAMPTZ;
ALTER TABLE messages ADD COLUMN deleted_at TIMESTAMPTZ;
ALTER TABLE messages ADD COLUMN clock_change VARCHAR;

ALTER TABLE clean_messages ADD COLUMN thread_id UUID;
ALTER TABLE clean_messages ADD COLUMN reply_to UUID;
ALTER TABLE clean_messages ADD COLUMN edited_at TIMESTAMPTZ;
ALTER TABLE clean_messages ADD COLUMN deleted_at TIMESTAMPTZ;

ALTER TABLE exports ADD COLUMN platform VARCHAR;
ALTER TABLE exports ADD COLUMN updated BIGINT;
ALTER TABLE exports ADD COLUMN removed BIGINT;
UPDATE exports SET platform = 'whatsapp', updated = 0, removed = 0 WHERE status = 'loaded';
UPDATE exports SET removed = (SELECT sum(added) FROM exports WHERE status = 'loaded') - (SELECT count(*) FROM messages)
WHERE export_id = (SELECT min(export_id) FROM exports WHERE status = 'loaded');

-- How many pieces a row stands for: not all are kept of a file of nothing but faults.
ALTER TABLE quarantine ADD COLUMN pieces BIGINT DEFAULT 1;

-- What each export brought to each of its chats.
CREATE TABLE export_sources (
    export_id VARCHAR NOT NULL,
    source_id VARCHAR NOT NULL,
    messages BIGINT NOT NULL,
    last_sent_at TIMESTAMPTZ NOT NULL,
    revision BIGINT NOT NULL
);

-- What a message said before a newer export told of an edit or a deletion.
CREATE TABLE private.message_versions (
    message_id UUID NOT NULL,
    kind VARCHAR NOT NULL,
    text VARCHAR NOT NULL,
    edited_at TIMESTAMPTZ,
    export_id VARCHAR NOT NULL,
    replaced_revision BIGINT NOT NULL
);

CREATE TABLE private.source_keys (
    source_id VARCHAR NOT NULL,
    platform VARCHAR NOT NULL,
    native_id VARCHAR NOT NULL,
    revision BIGINT NOT NULL
);

CREATE TABLE reactions (
    message_id UUID NOT NULL,
    emoji VARCHAR NOT NULL,
    author_id UUID,
    people BIGINT NOT NULL,
    revision BIGINT NOT NULL
);

CREATE TABLE mentions (
    message_id UUID NOT NULL,
    author_id UUID NOT NULL,
    revision BIGINT NOT NULL
);

-- Ids that an edited or deleted form of a message would have by its content, where the platform gives it none.
CREATE TABLE private.message_aliases (
    alias_id UUID NOT NULL,
    message_id UUID NOT NULL,
    source_id VARCHAR NOT NULL,
    revision BIGINT NOT NULL
);
