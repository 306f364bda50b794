-- What decoding told of pictures, films and sound, which pictures look alike, and which are copies of one: see media/.
CREATE TABLE pictures (
    media_id VARCHAR NOT NULL,
    width INTEGER,
    height INTEGER,
    orientation TINYINT,
    taken_at TIMESTAMP,
    duration_seconds DOUBLE,
    phash_0 UBIGINT,
    phash_1 UBIGINT,
    phash_2 UBIGINT,
    phash_3 UBIGINT,
    signature BLOB USING COMPRESSION uncompressed, -- to read one, two thousand packed with it would have to be unpacked
    picture_digest VARCHAR,
    thumbnail_bytes INTEGER,
    failure VARCHAR,
    recipe VARCHAR NOT NULL,
    revision BIGINT NOT NULL
);

-- Pictures that left the table, or whose facts were computed again, as they were: what was like them is compared again.
CREATE TABLE pictures_gone (
    media_id VARCHAR NOT NULL,
    phash_0 UBIGINT,
    phash_1 UBIGINT,
    phash_2 UBIGINT,
    phash_3 UBIGINT,
    picture_digest VARCHAR,
    revision BIGINT NOT NULL
);

-- media_id is the smaller of the two ids; distance is in bits of 256, difference that of the local check.
CREATE TABLE media_pairs (
    media_id VARCHAR NOT NULL,
    other_id VARCHAR NOT NULL,
    label VARCHAR NOT NULL,
    distance INTEGER,
    difference DOUBLE,
    revision BIGINT NOT NULL
);

-- Copies of one picture; group_id is the smallest id of the group, rank 1 the copy to keep.
CREATE TABLE media_groups (
    group_id VARCHAR NOT NULL,
    media_id VARCHAR NOT NULL,
    rank INTEGER NOT NULL,
    revision BIGINT NOT NULL
);
