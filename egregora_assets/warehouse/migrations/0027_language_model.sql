-- What a language model answered about documents, and what that has cost.
CREATE TABLE private.language_model_documents (
    document_id UUID NOT NULL,
    content_hash VARCHAR NOT NULL,
    fingerprint VARCHAR NOT NULL,
    request VARCHAR NOT NULL,
    revision BIGINT NOT NULL
);
CREATE TABLE private.language_model_answers (
    answer_id VARCHAR NOT NULL, request VARCHAR NOT NULL, findings VARCHAR, answered_at TIMESTAMPTZ NOT NULL
);

-- No words: what was paid for stays counted when its words have gone.
CREATE TABLE private.language_model_spending (
    answer_id VARCHAR NOT NULL,
    model VARCHAR NOT NULL,
    asked_at TIMESTAMPTZ NOT NULL,
    problem VARCHAR,
    input_tokens BIGINT NOT NULL,
    output_tokens BIGINT NOT NULL,
    money DOUBLE NOT NULL
);
ALTER TABLE sidecars ADD COLUMN extracted_by VARCHAR DEFAULT 'rules';
