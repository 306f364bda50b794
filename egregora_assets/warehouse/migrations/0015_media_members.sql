-- What the directory of an archive says of each member: enough to know it again in a longer export of the same chat.
-- The name as its bytes; sizes of archives that lie may be larger than any file.
ALTER TABLE media_files ADD COLUMN member_index BIGINT;
ALTER TABLE media_files ADD COLUMN raw_name BLOB;
ALTER TABLE media_files ADD COLUMN crc32 UINTEGER;
ALTER TABLE media_files ADD COLUMN declared_bytes UBIGINT;
