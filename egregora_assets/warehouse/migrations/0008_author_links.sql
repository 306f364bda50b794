-- Two names that are one person's in a chat, as two phones have saved it: each pair once, in either order.
CREATE TABLE private.author_links (
    source_id VARCHAR NOT NULL,
    author_id UUID NOT NULL,
    other_id UUID NOT NULL,
    revision BIGINT NOT NULL
);
