-- Two names that are one person's in a chat, as two phones have saved it: each pair once, in either order.
CREATE TABLE private.author_links (
    source_id VARCHAR NOT NULL,
    author_id UUID NOT NULL,
    other_id UUID NOT NULL,
    revision BIGINT NOT NULL
);

-- Whom later exports give a message to, as after an account was deleted: an opt-out by any of them hides it.
CREATE TABLE private.other_authors (
    message_id UUID NOT NULL,
    author_id UUID NOT NULL,
    revision BIGINT NOT NULL
);
