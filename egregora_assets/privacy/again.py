"""Texts in which cleaning has brought something to light: cleaned again until nothing is found, else hidden as a whole.

What was taken out may have kept a pattern from matching what stood beside it. Texts are like that that somebody has made so,
and no others: they are looked at aside, in a database in memory, which is there only when there is one.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager

import duckdb
import pyarrow as pa

from egregora_assets.privacy.numbers import function
from egregora_assets.warehouse.connection import settle
from egregora_assets.warehouse.query import changed, rows

NOTHING_SHOWN = "[secret]"
"""Stands for a text in which something private is found however often it is cleaned."""
_MOST_ROUNDS = 6

Prepare = Callable[[duckdb.DuckDBPyConnection], AbstractContextManager[None]]


@contextmanager
def repeating(
    connection: duckdb.DuckDBPyConnection, name: str, prepare: Prepare, clean: str, shown: str
) -> Iterator[None]:
    """Let SQL call ``name`` of a text and the key of the names to hide: the text cleaned until it shows nothing.

    ``clean`` is the SQL of the relation ``waiting`` (number, text, key) with the texts cleaned once, ``shown`` the condition
    that a text of it still shows something; ``prepare`` lets a connection run both.
    """
    with ExitStack() as opened:
        aside = _Aside(opened, prepare, clean, shown)
        with function(connection, name, aside.settled, inputs=2, is_dear=True):
            yield


class _Aside:
    """The database in which few texts are looked at, opened for the first of them."""

    def __init__(self, opened: ExitStack, prepare: Prepare, clean: str, shown: str) -> None:
        self._opened, self._prepare, self._clean, self._shown = opened, prepare, clean, shown
        self._connection: duckdb.DuckDBPyConnection | None = None
        self._one_at_a_time = threading.Lock()

    def settled(self, texts: pa.ChunkedArray, keys: pa.ChunkedArray) -> pa.Array:
        found: list[str] = texts.to_pylist()
        if found:
            with self._one_at_a_time:
                self._settle(found, keys[0].as_py())
        return pa.array(found, pa.string())

    def _settle(self, texts: list[str], key: str) -> None:
        """Clean those of ``texts`` that show something, in place."""
        connection = self._connection = self._connection or self._open()
        showing = self._showing(connection, dict(enumerate(texts)), key)
        for _ in range(_MOST_ROUNDS):
            if not showing:
                return
            cleaned = dict(rows(connection, "EXECUTE cleaned"))
            for number, text in cleaned.items():
                texts[number] = text
            showing = self._showing(connection, cleaned, key)
        for number in showing:
            texts[number] = NOTHING_SHOWN

    def _showing(self, connection: duckdb.DuckDBPyConnection, texts: dict[int, str], key: str) -> set[int]:
        """Return the numbers of texts that show something, and leave only these in ``waiting``."""
        changed(connection, "DELETE FROM waiting")
        given = {"numbers": list(texts), "texts": list(texts.values()), "key": key}
        changed(connection, "INSERT INTO waiting SELECT unnest($numbers), unnest($texts::VARCHAR[]), $key", given)
        showing = {number for (number,) in rows(connection, "EXECUTE showing")}
        changed(connection, "DELETE FROM waiting WHERE NOT list_contains($numbers, number)", {"numbers": list(showing)})
        return showing

    def _open(self) -> duckdb.DuckDBPyConnection:
        connection = self._opened.enter_context(duckdb.connect(config={"threads": 1}))
        settle(connection)
        self._opened.enter_context(self._prepare(connection))
        connection.execute("CREATE TABLE waiting (number INTEGER, text VARCHAR, key VARCHAR)").fetchall()
        connection.execute(f"PREPARE showing AS SELECT number FROM waiting WHERE {self._shown}").fetchall()
        connection.execute(f"PREPARE cleaned AS SELECT number, text FROM ({self._clean})").fetchall()
        return connection
