-- Files that came with messages; the bytes are in the content-addressed store.
CREATE TABLE media_archives (
    export_id VARCHAR NOT NULL,
    revision BIGINT NOT NULL
);

CREATE TABLE media (
    media_id VARCHAR NOT NULL,
    bytes BIGINT NOT NULL,
    mime VARCHAR NOT NULL,
    revision BIGINT NOT NULL
);

CREATE TABLE media_files (
    export_id VARCHAR NOT NULL,
    file_name VARCHAR NOT NULL,
    media_id VARCHAR,
    bytes BIGINT NOT NULL,
    rejected VARCHAR,
    revision BIGINT NOT NULL
);

CREATE TABLE message_media (
    message_id UUID NOT NULL,
    media_id VARCHAR NOT NULL,
    revision BIGINT NOT NULL
);
