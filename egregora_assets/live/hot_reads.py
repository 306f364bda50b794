"""Queries on what is hot: which of them are answered, on which views, and what their errors may tell.

A query sees the readable views alone, never the tables behind them: the names in its syntax tree are looked at before it runs. An
error while it runs could repeat what stands in a row that no view shows, so only its kind is told.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterator
from typing import Any

import duckdb

from egregora_assets.live.value_sizes import TOO_LARGE, bounded
from egregora_assets.warehouse.async_reader import Answer, AsyncReader, NotReadOnly, read_only
from egregora_assets.warehouse.query import rows, scalar

Views = Callable[[duckdb.DuckDBPyConnection], frozenset[str]]
"""Makes the readable views on a cursor, as temporary ones, and returns their names."""

RECENT = "recent_messages"
_FUNCTIONS = frozenset(("unnest", "range", "generate_series"))
_TABLE_KINDS = frozenset(
    ("BASE_TABLE", "TABLE_FUNCTION", "SHOW_REF", "SUBQUERY", "JOIN", "EXPRESSION_LIST", "EMPTY", "PIVOT")
)
_CATALOG = "SELECT lower(table_name) FROM duckdb_tables() UNION ALL SELECT lower(view_name) FROM duckdb_views()"
"""Names that a query may not give to a CTE: inside it they would still mean the table."""
_TOLD = (duckdb.ParserException, duckdb.BinderException, duckdb.CatalogException, duckdb.InterruptException)


_MOST_SQL = 20_000
"""A longer one would hold the event loop while it is parsed."""
_TOO_DEEP = "the query is nested too deeply to be looked at before it runs"
_REASONS: dict[type[duckdb.Error], str] = {
    duckdb.OutOfMemoryException: "the query needs more memory than the live service may take: ask for less",
    duckdb.IOException: "the query could not use the disk: it may be full",
    duckdb.ConnectionException: "the store is not open at the moment, after an error of the disk: ask again later",
    duckdb.FatalException: "the store has failed and is opened again: ask again",
}


class QueryFailed(ValueError):
    """A query that was taken has failed; the message tells no more of it than may be known."""


def plain_views(cursor: duckdb.DuckDBPyConnection) -> frozenset[str]:
    """Make views that show when something was said where, and neither who said it nor what."""
    cursor.execute(
        f"""CREATE OR REPLACE TEMP VIEW {RECENT} AS
        SELECT sequence, platform, source, native_id, event, kind, sent_at, received_at, committed_at FROM hot_events"""
    )
    return frozenset((RECENT,))


class HotReads:
    """Answers queries on the readable views, without holding up the event loop."""

    def __init__(self, reader: AsyncReader, views: Views = plain_views) -> None:
        self._reader, self._views = reader, views

    async def query(self, sql: str) -> Answer:
        """Answer one statement that reads. Raises ``NotReadOnly``, ``QueryTooLong`` or ``QueryFailed``."""
        checked = _parsed(sql)

        def ask(cursor: duckdb.DuckDBPyConnection) -> duckdb.DuckDBPyConnection:
            views = self._views(cursor)
            _refuse_others(cursor, checked, views)
            return cursor.execute(bounded(cursor, checked))

        try:
            return await self._reader.ask(ask)
        except RecursionError:
            raise QueryFailed(_TOO_DEEP) from None
        except _TOLD as error:
            raise QueryFailed(str(error)) from None
        except duckdb.Error as error:
            raise QueryFailed(_why(error)) from None

    async def recent(self, count: int) -> Answer:
        """Return the latest messages that may be shown, oldest first."""
        latest = f"(FROM {RECENT} ORDER BY sequence DESC LIMIT {int(count)})"
        return await self.query(f"FROM {latest} ORDER BY sequence")


def told(answer: Answer) -> dict[str, Any]:
    """Return an answer as an object of JSON, which knows no NaN and no infinity, and whose keys are texts."""
    return {"names": answer.names, "rows": [_plain(row) for row in answer.rows], "is_cut": answer.is_cut}


def _why(error: duckdb.Error) -> str:
    """Say why a query failed while it ran, by the kind of its error alone: its words may repeat a row."""
    if TOO_LARGE in str(error):
        return TOO_LARGE
    known = (reason for kind, reason in _REASONS.items() if isinstance(error, kind))
    return next(known, f"the query failed while it ran ({type(error).__name__})")


def _parsed(sql: str) -> str:
    if len(sql) > _MOST_SQL:
        raise QueryFailed(f"a query has at most {_MOST_SQL:,} characters")
    if not sql.isascii() and any("\ud800" <= letter <= "\udfff" for letter in sql):
        raise QueryFailed("the query holds half of a surrogate pair, which is no character")
    try:
        return read_only(sql)
    except duckdb.Error as error:
        raise QueryFailed(str(error)) from None


def _refuse_others(cursor: duckdb.DuckDBPyConnection, sql: str, views: frozenset[str]) -> None:
    """Look at all tables that a query names. Raises ``NotReadOnly``."""
    tree = json.loads(scalar(cursor, "SELECT json_serialize_sql(?)", [sql]))
    if tree["error"]:
        raise NotReadOnly(f"this cannot be looked at before it runs: {tree.get('error_message')}")
    own = {name for (name,) in rows(cursor, _CATALOG)}
    named = {str(entry["key"]).lower() for cte in _with_key(tree, "cte_map") for entry in cte["map"]}
    for node in _nodes(tree):
        if _is_hidden(node, views | (named - own)):
            known = ", ".join(sorted(views))
            raise NotReadOnly(f"{_name(node)!r} cannot be read here: there are {known}, and unnest() and range()")


def _is_hidden(node: dict[str, Any], known: frozenset[str]) -> bool:
    kind = node.get("type")
    if kind == "BASE_TABLE":
        return _name(node).lower() not in known or bool(node.get("schema_name") or node.get("catalog_name"))
    if kind == "TABLE_FUNCTION":
        return _name(node).lower() not in _FUNCTIONS
    if kind == "SHOW_REF":
        return bool(_name(node)) and _name(node).lower() not in known
    return "sample" in node and "alias" in node and kind not in _TABLE_KINDS


def _name(node: dict[str, Any]) -> str:
    function = node.get("function") or {}
    return str(node.get("table_name") or function.get("function_name") or "")


def _nodes(tree: object) -> Iterator[dict[str, Any]]:
    if isinstance(tree, dict):
        yield tree
        for part in tree.values():
            yield from _nodes(part)
    elif isinstance(tree, list):
        for part in tree:
            yield from _nodes(part)


def _with_key(tree: object, key: str) -> Iterator[Any]:
    return (node[key] for node in _nodes(tree) if key in node)


def _plain(value: object) -> object:
    if isinstance(value, dict):
        return {str(key): _plain(part) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(part) for part in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
