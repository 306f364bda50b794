-- What became of questions and decisions, who is to do what, and in how many documents each word is said.
ALTER TABLE decisions ADD COLUMN status VARCHAR;
ALTER TABLE questions ADD COLUMN status VARCHAR;
ALTER TABLE questions ADD COLUMN answer VARCHAR;
ALTER TABLE questions ADD COLUMN answer_id UUID;
ALTER TABLE questions ADD COLUMN answered_by VARCHAR;
ALTER TABLE questions ADD COLUMN answered_at TIMESTAMPTZ;
ALTER TABLE questions ADD COLUMN linked_by VARCHAR;
CREATE TABLE action_items (
    document_id UUID NOT NULL,
    text VARCHAR NOT NULL,
    assignee VARCHAR,
    author VARCHAR,
    due VARCHAR,
    due_on DATE,
    status VARCHAR NOT NULL,
    said_at TIMESTAMPTZ NOT NULL,
    evidence UUID[] NOT NULL
);
CREATE TABLE summaries (
    document_id UUID NOT NULL, place INTEGER NOT NULL, text VARCHAR NOT NULL, evidence UUID[] NOT NULL
);

-- Words as numbers: what is counted needs no letters.
CREATE TABLE private.document_terms (document_id UUID NOT NULL, terms UBIGINT[] NOT NULL);
CREATE TABLE private.term_documents (term UBIGINT NOT NULL, documents BIGINT NOT NULL);
