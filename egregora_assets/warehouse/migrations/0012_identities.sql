-- What the owner says about who is who: authors that are one person, and pairs that are not, whatever links say.
CREATE TABLE private.persons (
    author_id UUID NOT NULL,
    person_id UUID NOT NULL,
    revision BIGINT NOT NULL
);

CREATE TABLE private.author_splits (
    author_id UUID NOT NULL,
    other_id UUID NOT NULL,
    revision BIGINT NOT NULL
);
