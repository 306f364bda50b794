"""What tests of the live service share: a file with rows that may be read, and one that may not."""

from __future__ import annotations

from collections.abc import Iterator

import duckdb
import pytest

from tests.live.hot import SECRET


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[duckdb.DuckDBPyConnection]:
    folder = tmp_path_factory.mktemp("reads")
    (folder / "private.csv").write_text(SECRET)
    with duckdb.connect(str(folder / "live.duckdb")) as connection:
        connection.execute("CREATE TABLE hot_events (sequence BIGINT, author VARCHAR, text VARCHAR, is_hidden BOOLEAN)")
        connection.execute("INSERT INTO hot_events SELECT range, 'u1', 'said ' || range, false FROM range(5000)")
        connection.execute(f"INSERT INTO hot_events VALUES (5000, 'u2', '{SECRET}', true)")
        connection.execute("SET enable_external_access = false")
        yield connection
