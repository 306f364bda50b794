"""What messages may say about code: paths, commits, issues and links to forges. Nothing is looked up here.

One question in SQL, which most texts answer with no, stands before the others are read."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import accumulate

import duckdb
import pyarrow as pa

from egregora_assets.git_history import code_words
from egregora_assets.git_history.code_words import ENDINGS
from egregora_assets.git_history.detection import detect
from egregora_assets.git_history.forge_links import Mention
from egregora_assets.privacy.numbers import function
from egregora_assets.privacy.scrub import quoted

DETECTED = "code_mentions_detected"

_COLUMNS = {
    "place": ("INTEGER", pa.int32()),
    "kind": ("VARCHAR", pa.string()),
    "raw": ("VARCHAR", pa.string()),
    "host": ("VARCHAR", pa.string()),
    "owner": ("VARCHAR", pa.string()),
    "repository": ("VARCHAR", pa.string()),
    "ref": ("VARCHAR", pa.string()),
    "path": ("VARCHAR", pa.string()),
    "line_from": ("INTEGER", pa.int32()),
    "line_to": ("INTEGER", pa.int32()),
    "sha": ("VARCHAR", pa.string()),
    "number": ("BIGINT", pa.int64()),
}
_STRUCT = f"STRUCT({', '.join(f'{name} {kind}' for name, (kind, _) in _COLUMNS.items())})[]"

_ASSETS = "|".join(sorted(code_words.ASSET_ENDINGS))
_ALL_NAMES = "|".join(sorted(code_words.PLAIN_NAMES | code_words.OTHER_PLAIN_NAMES))
_WHOLE = "|".join(sorted(map(re.escape, code_words.WHOLE_NAMES)))
_DOTTED = "|".join(map(re.escape, code_words.DOT_NAMES))
QUESTION = "|".join(
    (
        rf"\.(?:{ENDINGS}|{_DOTTED})(?:[^A-Za-z0-9]|$)",
        rf"[/\\][^\s/\\]*\.(?:{_ASSETS})(?:[^A-Za-z0-9]|$)",
        rf"{_ALL_NAMES}|{_WHOLE}|[#!][0-9]",
        r"(?:^|[^0-9A-Za-z_])(?:[0-9a-f]{7,}|[0-9A-F]{7,})(?:[^0-9A-Za-z_]|$)",
        r"`[^`\n]*[/\\]",
        r"(?i:pr|mr|issue|request|gh)[sS]?(?:-|:| |\.| [^0-9\s]{1,8} ?){0,2}[0-9]",
        r"/(?:blob|blame|edit|raw|tree|src|commits?|pulls?|issues|merge_requests|pull-requests)/",
        r"raw\.githubusercontent\.com",
    )
)
"""Stands in every text with a mention: RE2 asks it in one pass over the letters."""


@contextmanager
def detecting(connection: duckdb.DuckDBPyConnection) -> Iterator[None]:
    """Let SQL of ``connection`` run what ``mentions`` gives, for the length of the block."""
    with function(connection, DETECTED, _detected, result=_STRUCT):
        yield


def mentions(relation: str) -> str:
    """Return SQL for what the texts of ``relation`` (a query with ``message_id UUID`` and ``text VARCHAR``) may mean.

    Runs inside ``detecting``. Rows: ``message_id``, ``place`` (INTEGER, from 1, in the order of the text), ``kind`` (``path``,
    ``commit``, ``issue``, ``merge_request``), ``raw`` (the piece of the text), ``host``, ``owner``, ``repository``, ``ref``
    (branch or commit in a link), ``path`` (with ``/``, without ``./``), ``line_from``, ``line_to`` (INTEGER, equal where one
    line is named), ``sha``, ``number`` (BIGINT). What is not said is NULL. Pull requests have the kind ``issue``: a forge
    numbers both together. In a link the first part behind ``blob`` or ``tree`` is taken for the branch, also where the
    branch has a slash in its name.
    """
    asked = f"SELECT message_id, text FROM ({relation}) WHERE regexp_matches(text, {quoted(QUESTION)})"
    found = f"SELECT message_id, {DETECTED}(text) AS found FROM ({asked})"
    return f"SELECT message_id, unnest(found, recursive := true) FROM ({found})"


def _detected(texts: pa.ChunkedArray) -> pa.Array:
    """Return the mentions in each text as lists of structs, built column by column."""
    found = [detect(text) for text in texts.to_pylist()]
    columns = list(zip(*(mention for each in found for mention in each), strict=True)) or [()] * len(Mention._fields)
    places = [place for each in found for place in range(1, len(each) + 1)]
    kinds = [kind for _, kind in _COLUMNS.values()]
    arrays = [pa.array(values, kind) for values, kind in zip([places, *columns], kinds, strict=True)]
    offsets = pa.array(accumulate(map(len, found), initial=0), pa.int32())
    return pa.ListArray.from_arrays(offsets, pa.StructArray.from_arrays(arrays, list(_COLUMNS)))
