"""The plain way to read an Android export, as a measure for the scan: one regular expression, line by line, in Python."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import datetime

import pyarrow as pa

_HEADER = re.compile(r"(\d{1,2})/(\d{1,2})/(\d{4}), (\d{1,2}):(\d{2}) - (?:([^:\n]{1,80}): )?(.*)")
_BATCH_ROWS = 10_000
_SCHEMA = pa.schema([("local_time", pa.timestamp("us")), ("author", pa.string()), ("body", pa.string())])

_Row = tuple[datetime, str | None, list[str]]


def read_lines(lines: Iterable[str]) -> Iterator[pa.RecordBatch]:
    """Yield (local_time, author, body) of the messages; dates are day first, bodies may have several lines."""
    rows: list[_Row] = []
    for line in lines:
        found = _HEADER.match(line)
        if found is None:
            if rows:
                rows[-1][2].append(line.rstrip("\n"))
            continue
        if len(rows) == _BATCH_ROWS:
            yield _batch(rows)
            rows = []
        day, month, year, hour, minute, author, body = found.groups()
        rows.append((datetime(int(year), int(month), int(day), int(hour), int(minute)), author, [body]))
    yield _batch(rows)


def _batch(rows: list[_Row]) -> pa.RecordBatch:
    columns = [[row[0] for row in rows], [row[1] for row in rows], ["\n".join(row[2]) for row in rows]]
    return pa.RecordBatch.from_arrays(
        [pa.array(values, field.type) for values, field in zip(columns, _SCHEMA, strict=True)], schema=_SCHEMA
    )
