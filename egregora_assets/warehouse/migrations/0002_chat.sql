-- Chat exports and the messages read from them.
CREATE TABLE sources (
    source_id VARCHAR NOT NULL,
    platform VARCHAR NOT NULL,
    title VARCHAR NOT NULL,
    timezone VARCHAR NOT NULL,
    revision BIGINT NOT NULL
);

CREATE TABLE private.source_titles (
    source_id VARCHAR NOT NULL,
    platform VARCHAR NOT NULL,
    raw_title VARCHAR NOT NULL,
    revision BIGINT NOT NULL
);

CREATE TABLE exports (
    export_id VARCHAR NOT NULL,
    source_id VARCHAR,
    file_name VARCHAR NOT NULL,
    bytes BIGINT NOT NULL,
    status VARCHAR NOT NULL CHECK (status IN ('waiting', 'loaded', 'ambiguous', 'failed')),
    detail VARCHAR,
    messages BIGINT,
    added BIGINT,
    known BIGINT,
    quarantined BIGINT,
    first_local_time TIMESTAMP,
    last_local_time TIMESTAMP,
    registered_at TIMESTAMPTZ NOT NULL,
    revision BIGINT NOT NULL
);

CREATE TABLE messages (
    message_id UUID NOT NULL,
    source_id VARCHAR NOT NULL,
    local_time TIMESTAMP NOT NULL,
    sent_at TIMESTAMPTZ NOT NULL,
    author_id UUID,
    kind VARCHAR NOT NULL CHECK (kind IN (
        'text', 'system', 'media', 'deleted', 'poll', 'location', 'contact', 'call', 'view_once', 'sticker'
    )),
    text VARCHAR NOT NULL USING COMPRESSION uncompressed,
    is_edited BOOLEAN NOT NULL,
    position BIGINT NOT NULL,
    export_id VARCHAR NOT NULL,
    revision BIGINT NOT NULL
);

CREATE TABLE message_attachments (
    message_id UUID NOT NULL,
    export_id VARCHAR NOT NULL,
    file_name VARCHAR NOT NULL,
    revision BIGINT NOT NULL
);

CREATE TABLE quarantine (
    export_id VARCHAR NOT NULL,
    byte_offset BIGINT NOT NULL,
    reason VARCHAR NOT NULL,
    raw BLOB NOT NULL,
    revision BIGINT NOT NULL
);

CREATE TABLE private.author_names (
    author_id UUID NOT NULL,
    platform VARCHAR NOT NULL,
    raw_name VARCHAR NOT NULL,
    revision BIGINT NOT NULL
);
