"""How large the rows of a query may be: DuckDB makes values of any size, and as objects of Python they take many times as much."""

from __future__ import annotations

from typing import Any

import duckdb

MOST_ROW_BYTES = 8 << 20
TOO_LARGE = f"a row of the answer is larger than {MOST_ROW_BYTES >> 20} MiB: ask for less of it"
_VALUE_BYTES = 32
"""About what a value of a fixed size takes as an object of Python."""
_FEW_BYTES = frozenset(
    (
        *(f"{sign}{size}int" for sign in ("", "u") for size in ("tiny", "small", "big", "huge")),
        *(
            "integer",
            "uinteger",
            "float",
            "double",
            "decimal",
            "boolean",
            "date",
            "time",
            "time with time zone",
            "timestamp",
        ),
        *(
            "timestamp with time zone",
            "timestamp_s",
            "timestamp_ms",
            "timestamp_ns",
            "interval",
            "uuid",
            "enum",
            "null",
        ),
    )
)
"""Kinds whose values all take few bytes."""


def bounded(cursor: duckdb.DuckDBPyConnection, sql: str) -> str:
    """Return a query with the answer of ``sql`` that fails with ``TOO_LARGE`` before a row that is too large is made into objects.

    ``sql`` is planned for it, and not run. Raises ``duckdb.Error``.
    """
    relation = cursor.sql(sql)
    columns = [f"c{number}" for number in range(len(relation.columns))]
    sizes = [size for name, type_ in zip(columns, relation.types, strict=True) if (size := _size(name, type_))]
    if not sizes:
        return sql
    shown = ", ".join(f"{column} AS {_quoted(name)}" for column, name in zip(columns, relation.columns, strict=True))
    too_large = f"CASE WHEN {' + '.join(sizes)} > {MOST_ROW_BYTES} THEN error('{TOO_LARGE}') ELSE true END"
    return f"SELECT {shown} FROM ({sql.rstrip().rstrip(';')}\n) AS answer({', '.join(columns)}) WHERE {too_large}"


def _size(value: str, type_: Any, depth: int = 0) -> str | None:
    """Return SQL for about how many bytes a value takes; ``None`` where all of its type take few."""
    kind = type_.id
    if kind in _FEW_BYTES:
        return None
    if kind == "list":
        found = _size_of_list(value, dict(type_.children)["child"], depth)
    elif kind == "map":
        parts = dict(type_.children)
        keys = _size_of_list(f"map_keys({value})", parts["key"], depth)
        found = f"{keys} + {_size_of_list(f'map_values({value})', parts['value'], depth)}"
    elif kind == "struct":
        fields = (_size(f"struct_extract({value}, {_text(name)})", part, depth) for name, part in type_.children)
        found = " + ".join(field for field in fields if field)
    elif kind == "blob":
        found = f"octet_length({value})"
    else:
        found = f"strlen({value}::VARCHAR)"
    return f"coalesce({found}, 0)" if found else None


def _size_of_list(value: str, part: Any, depth: int) -> str:
    one = f"part{depth}"
    size = _size(one, part, depth + 1)
    fixed = f"len({value}) * {_VALUE_BYTES}"
    return (
        f"coalesce({fixed}, 0) + coalesce(list_sum(list_transform({value}, lambda {one}: {size})), 0)"
        if size
        else fixed
    )


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _text(name: str) -> str:
    return "'" + name.replace("'", "''") + "'"
