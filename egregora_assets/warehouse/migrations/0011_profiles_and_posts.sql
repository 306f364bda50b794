-- Who has a profile.
CREATE TABLE author_profiles (
    author_id UUID NOT NULL,
    alias VARCHAR NOT NULL,
    messages BIGINT NOT NULL,
    first_seen TIMESTAMPTZ NOT NULL,
    last_seen TIMESTAMPTZ NOT NULL,
    revision BIGINT NOT NULL
);

-- The front matter of posts as it was read, by the state of each file; and, last, the list of authors beside them.
CREATE TABLE private.post_files (
    path VARCHAR NOT NULL,
    bytes BIGINT NOT NULL,
    modified_ns BIGINT NOT NULL,
    inode UBIGINT NOT NULL,
    authors VARCHAR[] NOT NULL,
    problem VARCHAR,
    revision BIGINT NOT NULL
);
