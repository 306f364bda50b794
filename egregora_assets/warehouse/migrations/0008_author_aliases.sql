-- The pseudonym that a contact's name would give, and the one of the person who is known by another name on another phone.
CREATE TABLE private.author_aliases (
    source_id VARCHAR NOT NULL,
    alias_id UUID NOT NULL,
    author_id UUID NOT NULL,
    revision BIGINT NOT NULL
);
