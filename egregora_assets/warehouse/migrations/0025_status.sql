-- Which message took a decision back, what that is told by, and what the last pass over sidecars has cost.
ALTER TABLE decisions ADD COLUMN revoked_by UUID;
CREATE TABLE private.decision_marks (
    document_id UUID NOT NULL,
    source_id VARCHAR NOT NULL,
    message_id UUID NOT NULL,
    place INTEGER NOT NULL,
    said_at TIMESTAMPTZ NOT NULL,
    reply_to UUID,
    takes_back BOOLEAN NOT NULL,
    status VARCHAR,
    evidence UUID[] NOT NULL,
    words UBIGINT[] NOT NULL
);
CREATE TABLE sidecar_passes (revision BIGINT NOT NULL, documents BIGINT NOT NULL, milliseconds DOUBLE NOT NULL);
