-- Windows of conversation.
CREATE TABLE documents (
    document_id UUID NOT NULL,
    kind VARCHAR NOT NULL,
    source_id VARCHAR NOT NULL,
    local_date DATE NOT NULL,
    window_start TIMESTAMPTZ NOT NULL,
    window_end TIMESTAMPTZ NOT NULL,
    title VARCHAR NOT NULL,
    slug VARCHAR NOT NULL,
    text VARCHAR NOT NULL,
    message_ids UUID[] NOT NULL,
    content_hash VARCHAR NOT NULL,
    revision BIGINT NOT NULL
);
