-- Signatures hardly become smaller, and to read one of them, two thousand that are packed with it would have to be unpacked.
CREATE TABLE pictures_again (
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
    signature BLOB USING COMPRESSION uncompressed,
    picture_digest VARCHAR,
    thumbnail_bytes INTEGER,
    failure VARCHAR,
    recipe VARCHAR NOT NULL,
    revision BIGINT NOT NULL
);

INSERT INTO pictures_again SELECT * FROM pictures;
DROP TABLE pictures;
ALTER TABLE pictures_again RENAME TO pictures;
