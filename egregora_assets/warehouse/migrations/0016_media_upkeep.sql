-- Looking after the store: when each object was last checked, what nothing names, what was erased, what came from folders.
CREATE TABLE media_checks (
    media_id VARCHAR NOT NULL,
    checked_at TIMESTAMPTZ NOT NULL,
    outcome VARCHAR NOT NULL CHECK (outcome IN ('sound', 'missing', 'bad', 'unreadable')),
    revision BIGINT NOT NULL
);

CREATE TABLE media_garbage (
    media_id VARCHAR NOT NULL,
    bytes BIGINT NOT NULL,
    modified_ns BIGINT NOT NULL,
    first_seen TIMESTAMPTZ NOT NULL
);

CREATE TABLE media_erasures (
    media_id VARCHAR NOT NULL,
    revision BIGINT NOT NULL
);

CREATE TABLE media_folder_files (
    folder VARCHAR NOT NULL,
    path VARCHAR NOT NULL,
    file_name VARCHAR NOT NULL,
    source_id VARCHAR,
    bytes BIGINT NOT NULL,
    modified_ns BIGINT NOT NULL,
    media_id VARCHAR,
    rejected VARCHAR,
    revision BIGINT NOT NULL
);
