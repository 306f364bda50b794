-- Which message says that a task is done, and what that is told by.
ALTER TABLE action_items ADD COLUMN done_by UUID;
CREATE TABLE private.task_marks (
    document_id UUID NOT NULL,
    source_id VARCHAR NOT NULL,
    message_id UUID NOT NULL,
    place INTEGER NOT NULL,
    said_at TIMESTAMPTZ NOT NULL,
    is_news BOOLEAN NOT NULL,
    is_alone BOOLEAN NOT NULL,
    linked UUID,
    people VARCHAR[] NOT NULL,
    things UBIGINT[] NOT NULL,
    acts UBIGINT[] NOT NULL
);
