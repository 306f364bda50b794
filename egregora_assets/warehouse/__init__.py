"""The DuckDB file: its schema, its one writer, its revisions, and the public copy that everybody else reads."""
