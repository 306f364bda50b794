-- Names that people chose to be shown by (`/egregora alias set …`); null takes the choice back.
CREATE TABLE private.alias_commands (
    message_id UUID NOT NULL,
    author_id UUID NOT NULL,
    sent_at TIMESTAMPTZ NOT NULL,
    position BIGINT NOT NULL,
    chosen_name VARCHAR,
    revision BIGINT NOT NULL
);

ALTER TABLE authors ADD COLUMN chosen_name VARCHAR;
