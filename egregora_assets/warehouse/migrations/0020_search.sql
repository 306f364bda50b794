-- What is searched, and the vectors of it. See search/units.py and search/embeddings.py.
CREATE TABLE search_units (
    label BIGINT NOT NULL,
    kind VARCHAR NOT NULL CHECK (kind IN ('message', 'passage')),
    message_id UUID NOT NULL,
    document_id UUID NOT NULL,
    last_message_id UUID,
    source_id VARCHAR NOT NULL,
    content_hash UUID NOT NULL,
    text VARCHAR,
    revision BIGINT NOT NULL
);

-- One row per distinct text and model; little-endian 16-bit floats.
CREATE TABLE embeddings (
    model VARCHAR NOT NULL,
    content_hash UUID NOT NULL,
    vector BLOB NOT NULL
);

-- What indexes have to do, in order. `erase`: what was there must not be found in any byte of them.
CREATE TABLE vector_log (
    seq BIGINT NOT NULL,
    label BIGINT NOT NULL,
    operation VARCHAR NOT NULL CHECK (operation IN ('add', 'remove', 'erase'))
);

-- The highest label and number in the log that were ever given, and up to which the log has been forgotten.
CREATE TABLE search_counters (
    label BIGINT NOT NULL,
    seq BIGINT NOT NULL,
    forgotten BIGINT NOT NULL
);

INSERT INTO search_counters VALUES (0, 0, 0);
