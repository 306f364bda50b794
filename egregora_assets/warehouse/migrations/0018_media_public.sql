-- Sanitised copies of the files that shown messages brought: the only form in which media leave the home.
-- Several originals may have one copy: those that differ only in what was taken out. `public_id` is the sha256 of the copy.
CREATE TABLE media_public (
    media_id VARCHAR NOT NULL,
    public_id VARCHAR,
    mime VARCHAR NOT NULL,
    bytes BIGINT,
    reason VARCHAR,
    is_shown BOOLEAN NOT NULL,
    recipe VARCHAR NOT NULL,
    revision BIGINT NOT NULL
);
