-- When people write, under which names, and what notices tell of them.
CREATE TABLE author_activity (
    author_id UUID NOT NULL,
    weekday TINYINT NOT NULL,
    hour TINYINT NOT NULL,
    messages BIGINT NOT NULL,
    revision BIGINT NOT NULL
);

INSERT INTO author_activity
SELECT author_id, isodow(local_time) - 1, hour(local_time), count(*), max(revision)
FROM messages
WHERE author_id IS NOT NULL AND revision <= (SELECT max(revision) FROM watermarks WHERE consumer = 'authors')
GROUP BY ALL;

-- Which names each export gives to each author.
CREATE TABLE private.author_name_uses (
    export_id VARCHAR NOT NULL,
    author_id UUID NOT NULL,
    raw_name VARCHAR NOT NULL,
    revision BIGINT NOT NULL
);

-- Of exports that were read before this table was there only what is certain: people who have never had a second name.
INSERT INTO private.author_name_uses
SELECT DISTINCT m.export_id, m.author_id, n.raw_name, n.revision
FROM messages m JOIN (
    SELECT author_id, any_value(raw_name) AS raw_name, any_value(revision) AS revision
    FROM private.author_names GROUP BY author_id HAVING count(DISTINCT raw_name) = 1
) n USING (author_id);

CREATE TABLE private.author_name_spans (
    author_id UUID NOT NULL,
    raw_name VARCHAR NOT NULL,
    first_seen TIMESTAMPTZ NOT NULL,
    last_seen TIMESTAMPTZ NOT NULL
);

INSERT INTO private.author_name_spans
SELECT m.author_id, u.raw_name, min(m.sent_at), max(m.sent_at)
FROM messages m JOIN private.author_name_uses u USING (export_id, author_id)
WHERE m.revision <= (SELECT max(revision) FROM watermarks WHERE consumer = 'authors')
GROUP BY ALL;

-- Notices about people as they are worded; the names in them may become known as those of authors later.
CREATE TABLE private.member_notices (
    message_id UUID NOT NULL,
    source_id VARCHAR NOT NULL,
    platform VARCHAR NOT NULL,
    event VARCHAR NOT NULL CHECK (event IN ('joined', 'left', 'removed', 'changed_number', 'renamed')),
    occurred_at TIMESTAMPTZ NOT NULL,
    who VARCHAR NOT NULL,
    other VARCHAR,
    revision BIGINT NOT NULL
);

-- Names of authors in the form in which they are looked for in notices.
CREATE TABLE private.notice_names (
    platform VARCHAR NOT NULL,
    name VARCHAR NOT NULL,
    author_id UUID NOT NULL,
    revision BIGINT NOT NULL
);

CREATE TABLE private.author_events (
    author_id UUID NOT NULL,
    source_id VARCHAR NOT NULL,
    event VARCHAR NOT NULL CHECK (event IN ('joined', 'left', 'removed', 'changed_number', 'renamed')),
    occurred_at TIMESTAMPTZ NOT NULL,
    other_author_id UUID,
    message_id UUID NOT NULL,
    revision BIGINT NOT NULL
);

-- Whose messages have passed the gate, or no longer do: whoever tells of single authors looks at those again.
CREATE TABLE changed_authors (
    author_id UUID NOT NULL,
    revision BIGINT NOT NULL
);
