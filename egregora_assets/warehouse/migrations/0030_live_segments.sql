-- Messages as they come: which sealed segments are merged, and what was said of messages before they came.
CREATE TABLE live_segments (
    first_sequence BIGINT NOT NULL,
    last_sequence BIGINT NOT NULL,
    events BIGINT NOT NULL,
    messages BIGINT NOT NULL,
    added BIGINT NOT NULL,
    known BIGINT NOT NULL,
    changes BIGINT NOT NULL,
    first_received_at TIMESTAMPTZ NOT NULL,
    last_received_at TIMESTAMPTZ NOT NULL,
    merged_at TIMESTAMPTZ NOT NULL,
    revision BIGINT NOT NULL
);

-- Edits and deletions of messages that are not there yet.
CREATE TABLE private.live_waiting (
    message_id UUID NOT NULL,
    event VARCHAR NOT NULL CHECK (event IN ('edit', 'delete')),
    author_id UUID NOT NULL,
    said_at TIMESTAMPTZ NOT NULL,
    kind VARCHAR,
    text VARCHAR NOT NULL,
    attachments VARCHAR[] NOT NULL,
    mentions UUID[] NOT NULL,
    revision BIGINT NOT NULL
);

-- The last word of each person about each emoji on a message; one that is not shown waits for the message.
CREATE TABLE private.live_reactions (
    message_id UUID NOT NULL,
    emoji VARCHAR NOT NULL,
    author_id UUID NOT NULL,
    given_at TIMESTAMPTZ NOT NULL,
    is_removed BOOLEAN NOT NULL,
    is_shown BOOLEAN NOT NULL,
    revision BIGINT NOT NULL
);
