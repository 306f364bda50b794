-- How much came of each conversation, and which pages lead to the posts.
CREATE TABLE conversation_ranking (
    document_id UUID NOT NULL,
    score BIGINT NOT NULL,
    reactions BIGINT NOT NULL,
    replies BIGINT NOT NULL,
    participants BIGINT NOT NULL,
    decisions BIGINT NOT NULL,
    answers BIGINT NOT NULL,
    revision BIGINT NOT NULL
);

CREATE TABLE outcome_pages (path VARCHAR NOT NULL, kind VARCHAR NOT NULL, key VARCHAR NOT NULL, items BIGINT NOT NULL);

-- What stands on the page of a topic or a month: which documents, and how many items of each.
CREATE TABLE outcome_page_entries (
    document_id UUID NOT NULL, kind VARCHAR NOT NULL, key VARCHAR NOT NULL, part VARCHAR NOT NULL, items BIGINT NOT NULL
);
