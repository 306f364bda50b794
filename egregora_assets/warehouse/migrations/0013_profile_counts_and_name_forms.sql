-- What each author did in each conversation, as profiles add it up.
CREATE TABLE profile_hours (
    document_id UUID NOT NULL,
    author_id UUID NOT NULL,
    local_date DATE NOT NULL,
    hour TINYINT NOT NULL,
    messages BIGINT NOT NULL,
    first_seen TIMESTAMPTZ NOT NULL,
    last_seen TIMESTAMPTZ NOT NULL
);

CREATE TABLE profile_topics (
    document_id UUID NOT NULL,
    author_id UUID NOT NULL,
    local_date DATE NOT NULL,
    label VARCHAR NOT NULL,
    messages BIGINT NOT NULL
);

CREATE TABLE profile_answers (
    document_id UUID NOT NULL,
    author_id UUID NOT NULL,
    other_id UUID NOT NULL,
    replies BIGINT NOT NULL,
    follows BIGINT NOT NULL
);

-- The first and the last message of some words of each author in each conversation.
CREATE TABLE profile_words (
    document_id UUID NOT NULL,
    author_id UUID NOT NULL,
    place VARCHAR NOT NULL CHECK (place IN ('first', 'last')),
    message_id UUID NOT NULL,
    sent_at TIMESTAMPTZ NOT NULL,
    position BIGINT NOT NULL
);

-- Profiles follow conversations now.
DROP TABLE changed_authors;

-- Display names in the form in which the opt-out list is compared with them.
CREATE TABLE private.name_forms (
    raw_name VARCHAR NOT NULL,
    normalised VARCHAR NOT NULL
);
