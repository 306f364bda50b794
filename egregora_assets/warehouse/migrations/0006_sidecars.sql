-- What a document is about; every item cites the messages it rests on.
CREATE TABLE sidecars (
    document_id UUID NOT NULL,
    source_id VARCHAR NOT NULL,
    slug VARCHAR NOT NULL,
    title VARCHAR NOT NULL,
    message_count BIGINT NOT NULL,
    content_hash VARCHAR NOT NULL,
    revision BIGINT NOT NULL
);

CREATE TABLE topics (
    document_id UUID NOT NULL, label VARCHAR NOT NULL, score DOUBLE NOT NULL, evidence UUID[] NOT NULL
);
CREATE TABLE decisions (
    document_id UUID NOT NULL, text VARCHAR NOT NULL, author VARCHAR, decided_at TIMESTAMPTZ NOT NULL, evidence UUID[] NOT NULL
);
CREATE TABLE questions (
    document_id UUID NOT NULL, text VARCHAR NOT NULL, author VARCHAR, asked_at TIMESTAMPTZ NOT NULL, evidence UUID[] NOT NULL
);
CREATE TABLE entities (
    document_id UUID NOT NULL, kind VARCHAR NOT NULL, name VARCHAR NOT NULL, mentions BIGINT NOT NULL, evidence UUID[] NOT NULL
);
CREATE TABLE participants (
    document_id UUID NOT NULL, author VARCHAR NOT NULL, message_count BIGINT NOT NULL, evidence UUID[] NOT NULL
);
