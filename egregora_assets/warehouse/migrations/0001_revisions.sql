-- Bookkeeping of change: see warehouse/revisions.py.
CREATE SCHEMA private;

CREATE TABLE warehouse_identity AS SELECT uuid() AS warehouse_id;

CREATE TABLE revisions (
    revision BIGINT NOT NULL,
    consumer VARCHAR NOT NULL,
    made_at TIMESTAMPTZ NOT NULL
);

CREATE TABLE watermarks (
    consumer VARCHAR NOT NULL,
    revision BIGINT NOT NULL,
    fingerprint VARCHAR NOT NULL
);

CREATE TABLE tombstones (
    table_name VARCHAR NOT NULL,
    key UUID NOT NULL,
    revision BIGINT NOT NULL
);

CREATE TABLE private.key_fingerprint (
    fingerprint VARCHAR NOT NULL
);
