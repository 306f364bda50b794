"""Egregora Assets: chat exports turned into a private, queryable memory, as a Dagster graph over DuckDB.

Each folder is one vertical slice of the data flow; ``definitions.py`` puts them together for Dagster.
"""
