"""Egregora Assets: chat exports turned into a private, queryable memory, as a Dagster graph over DuckDB.

Each folder is one vertical slice of the data flow; ``definitions.py`` puts them together for Dagster.
"""

import os

# numpy's linear algebra, which nothing here uses, has its threads spin for a tenth of a second when a process starts.
os.environ.setdefault("OPENBLAS_THREAD_TIMEOUT", "4")
