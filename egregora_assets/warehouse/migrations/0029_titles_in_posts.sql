-- What chats are called in the posts and pages that are written: under another title they are written again.
CREATE TABLE private.titles_in_posts (source_id VARCHAR NOT NULL, title VARCHAR NOT NULL);
