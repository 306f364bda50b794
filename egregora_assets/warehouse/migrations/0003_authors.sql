-- Who wrote, who opted out, and the messages that may be shown.
CREATE TABLE authors (
    author_id UUID NOT NULL,
    alias VARCHAR NOT NULL,
    first_seen TIMESTAMPTZ NOT NULL,
    last_seen TIMESTAMPTZ NOT NULL,
    message_count BIGINT NOT NULL,
    opted_out BOOLEAN NOT NULL,
    opted_out_revision BIGINT NOT NULL,
    revision BIGINT NOT NULL
);

CREATE TABLE private.opt_commands (
    message_id UUID NOT NULL,
    author_id UUID NOT NULL,
    sent_at TIMESTAMPTZ NOT NULL,
    position BIGINT NOT NULL,
    opted_out BOOLEAN NOT NULL,
    revision BIGINT NOT NULL
);

CREATE TABLE clean_messages (
    message_id UUID NOT NULL,
    source_id VARCHAR NOT NULL,
    local_date DATE NOT NULL,
    local_time TIMESTAMP NOT NULL,
    sent_at TIMESTAMPTZ NOT NULL,
    author_id UUID,
    kind VARCHAR NOT NULL,
    text VARCHAR NOT NULL USING COMPRESSION uncompressed,
    is_edited BOOLEAN NOT NULL,
    position BIGINT NOT NULL,
    revision BIGINT NOT NULL
);

CREATE TABLE changed_days (
    source_id VARCHAR NOT NULL,
    local_date DATE NOT NULL,
    revision BIGINT NOT NULL
);

-- Something that was shown must no longer be: whoever keeps copies has to make them anew.
CREATE TABLE erasures (
    reason VARCHAR NOT NULL,
    messages BIGINT NOT NULL,
    revision BIGINT NOT NULL
);
