-- Windows have units that they do not cross the end of: a day, a week or a month of a chat, or a month of a thread.
-- All documents are cut again by the next pass, which fills these columns.
ALTER TABLE documents ADD COLUMN thread_id UUID;
ALTER TABLE documents ADD COLUMN period DATE;
ALTER TABLE documents ADD COLUMN month DATE;
ALTER TABLE documents ADD COLUMN local_until DATE;
ALTER TABLE documents ADD COLUMN overlap INTEGER DEFAULT 0;
UPDATE documents SET period = local_date, month = date_trunc('month', local_date), local_until = local_date, overlap = 0;
