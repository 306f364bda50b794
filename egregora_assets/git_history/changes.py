"""What ``git diff-tree -z --raw`` prints, as Arrow: whole blocks at a time, whatever names the paths have."""

from __future__ import annotations

from collections.abc import Iterator
from typing import IO, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from numpy.lib.stride_tricks import sliding_window_view

_ARGUMENTS = ("diff-tree", "--stdin", "-r", "-z", "--raw", "--root", "--no-abbrev", "--always")
WITHOUT_RENAMES = (*_ARGUMENTS, "--no-renames")
"""Each commit of the input has one header in the output, in order, also one that changes nothing."""
WITH_RENAMES = (*_ARGUMENTS, "-M50%", "-l1000")
"""The same, and git reads files where it may find a renamed one: it ends at the first that is not here."""

CHANGE_SCHEMA = pa.schema(
    [
        ("sha", pa.dictionary(pa.int32(), pa.string())),
        ("path", pa.string()),
        ("path_bytes", pa.binary()),
        ("status", pa.dictionary(pa.int32(), pa.string())),
        ("old_mode", pa.int32()),
        ("new_mode", pa.int32()),
        ("old_blob", pa.string()),
        ("new_blob", pa.string()),
    ]
)
RENAME_SCHEMA = pa.schema(
    [("sha", pa.string()), ("old_path", pa.string()), ("new_path", pa.string()), ("similarity", pa.int32())]
)
_BLOCK_BYTES = 2 << 20
_STATUSES = pa.array([chr(code) if 64 < code < 91 else "X" for code in range(128)])
_ADDED, _DELETED, _RENAMED = ord("A"), ord("D"), ord("R")
_DECIMAL = np.array([100_000, 10_000, 1_000, 100, 10, 1], dtype=np.int32)
_MODE_DIGITS = len(_DECIMAL)
_OLD_MODE, _NEW_MODE = 1, 8
_OLD_BLOB = 15

Bytes = npt.NDArray[np.uint8]
Places = npt.NDArray[np.int64]
Marks = npt.NDArray[np.bool_]


class Changes:
    """The rows of one ``diff-tree``, a block at a time.

    ``headers`` counts the commits whose output has begun, ``renames`` are tables with ``RENAME_SCHEMA`` of what git took for
    such. A renamed path is two rows, as without renames: one was taken away, one was added.
    """

    def __init__(self, width: int) -> None:
        self._width = width
        self._sha = ""
        self.headers = 0
        self.renames: list[pa.Table] = []

    def tables(self, stream: IO[bytes]) -> Iterator[pa.Table]:
        """Yield tables with ``CHANGE_SCHEMA``: modes as their six octal digits read as a number, shas in hexadecimal.

        A path that is no UTF-8 is shown with escapes, and ``path_bytes`` has it as it is.
        """
        left = b""
        while block := stream.read(_BLOCK_BYTES):
            left += block
            whole = left.rfind(b"\0") + 1
            table, used = self._table(np.frombuffer(left, dtype=np.uint8, count=whole))
            left = left[used:]
            if table.num_rows:
                yield table

    def _table(self, data: Bytes) -> tuple[pa.Table, int]:
        """Return the rows of whole tokens, and how many bytes they are: what belongs to a path still to come is left."""
        ends = np.flatnonzero(data == 0)
        starts = np.concatenate((np.zeros(1, np.int64), ends[:-1] + 1)) if len(ends) else ends
        layout = _layout(data, starts, self._width)
        ends = ends[: layout.tokens]
        if not len(ends):
            return CHANGE_SCHEMA.empty_table(), 0
        used = int(ends[-1]) + 1
        headers, of_row = np.flatnonzero(layout.is_header), np.cumsum(layout.is_header)[layout.metas]
        shas = self._shas(data, starts[headers])
        metas, width = starts[layout.metas], self._width
        old_mode, new_mode = (_modes(data, metas + place) for place in (_OLD_MODE, _NEW_MODE))
        statuses = data[_status_places(data, metas, width)] & 127
        renamed = statuses == _RENAMED
        if renamed.any():
            old, new = renamed & ~layout.is_second, layout.is_second
            old_mode[new], new_mode[old] = 0, 0
            statuses = np.where(old, _DELETED, np.where(new, _ADDED, statuses)).astype(np.uint8)
        paths, path_bytes = _paths(data[:used], ends, layout.is_path)
        columns = [
            pa.DictionaryArray.from_arrays(pa.array(of_row, pa.int32()), shas),
            paths,
            path_bytes,
            pa.DictionaryArray.from_arrays(pa.array(statuses, pa.int32()), _STATUSES),
            pa.array(old_mode),
            pa.array(new_mode),
            _hexadecimal(data, metas + _OLD_BLOB, width, old_mode == 0),
            _hexadecimal(data, metas + _OLD_BLOB + width + 1, width, new_mode == 0),
        ]
        table = pa.Table.from_arrays(columns, schema=CHANGE_SCHEMA)
        if renamed.any():
            percents = _percents(data, _status_places(data, metas, width)[layout.is_second])
            self.renames.append(_renames(table, np.flatnonzero(layout.is_second), percents))
        return table, used

    def _shas(self, data: Bytes, headers: Places) -> pa.Array:
        """Return the commits of this block, with the last of the block before in front."""
        found = _hexadecimal(data, headers, self._width, np.zeros(len(headers), np.bool_)).to_pylist()
        shas = pa.array([self._sha, *found], pa.string())
        self._sha = found[-1] if found else self._sha
        self.headers += len(found)
        return shas


class _Layout(NamedTuple):
    """What the first ``tokens`` are. There is a row for each path: ``metas`` is which token describes it.

    ``is_second`` tells, of each row, whether it is of the second of two paths: the new name of a renamed one.
    """

    tokens: int
    is_header: Marks
    is_path: Marks
    metas: Places
    is_second: Marks


def _layout(data: Bytes, starts: Places, width: int) -> _Layout:
    """Tell headers, descriptions and paths apart: descriptions begin with a colon, and a path may do so as well.

    First none is thought to do so. Where that was wrong, some description is where the path of the one before has to be, and
    token after token is looked at. What is behind the last whole row is left out.
    """
    begins = data[starts] == ord(":")
    described = np.flatnonzero(begins)
    last = described + _paths_behind(data, starts[described], width)
    if (described[1:] <= last[:-1]).any():
        described = _described(data, starts, begins, width)
        last = described + _paths_behind(data, starts[described], width)
    tokens = len(starts)
    if len(last) and last[-1] >= tokens:
        tokens, described, last = int(described[-1]), described[:-1], last[:-1]
    metas = np.repeat(described, last - described)
    is_second = np.concatenate((np.zeros(1, np.bool_), metas[1:] == metas[:-1]))[: len(metas)]
    is_path = np.zeros(tokens, np.bool_)
    is_path[metas + 1 + is_second] = True
    is_header = ~is_path
    is_header[described] = False
    return _Layout(tokens, is_header, is_path, metas, is_second)


def _described(data: Bytes, starts: Places, begins: Marks, width: int) -> Places:
    """Return which tokens are descriptions, whatever the paths behind them begin with."""
    found, paths_left = list[int](), 0
    paths = _paths_behind(data, starts, width).tolist()
    for token, (is_begun, behind) in enumerate(zip(begins.tolist(), paths, strict=True)):
        if paths_left:
            paths_left -= 1
        elif is_begun:
            found.append(token)
            paths_left = behind
    return np.array(found, np.int64)


def _paths_behind(data: Bytes, metas: Places, width: int) -> Places:
    """Return how many paths follow each description: two where one was renamed."""
    paths: Places = 1 + (data[_status_places(data, metas, width)] == _RENAMED)
    return paths


def _status_places(data: Bytes, metas: Places, width: int) -> Places:
    """Return where the letter of the status of each description is; of what is none, a place in the data."""
    places: Places = np.minimum(metas + _OLD_BLOB + 2 * width + 2, max(len(data) - 1, 0))
    return places


def _percents(data: Bytes, statuses: Places) -> list[int]:
    """Return the three digits behind each letter of a status, as numbers."""
    digits = _pieces(data, statuses + 1, 3) - np.uint8(ord("0"))
    return [int(percent) for percent in digits.astype(np.int32) @ np.array([100, 10, 1], np.int32)]


def _renames(table: pa.Table, rows: Places, percents: list[int]) -> pa.Table:
    """Return the renames whose new paths are in ``rows`` of a table of changes; the old ones are in the rows before."""
    new = table.take(pa.array(rows))
    old = table.column("path").take(pa.array(rows - 1))
    return pa.table(
        [new.column("sha").cast(pa.string()), old, new.column("path"), pa.array(percents, pa.int32())],
        schema=RENAME_SCHEMA,
    )


def _modes(data: Bytes, places: Places) -> npt.NDArray[np.int32]:
    digits = _pieces(data, places, _MODE_DIGITS) - np.uint8(ord("0"))
    modes: npt.NDArray[np.int32] = digits.astype(np.int32) @ _DECIMAL
    return modes


def _hexadecimal(data: Bytes, places: Places, width: int, absent: Marks) -> pa.StringArray:
    """Return the texts of ``width`` letters at ``places``, null where they are ``absent``."""
    letters = _pieces(data, places, width)
    offsets = np.arange(len(places) + 1, dtype=np.int32) * width
    present = pa.py_buffer(np.packbits(~absent, bitorder="little").tobytes())
    return pa.StringArray.from_buffers(len(places), pa.py_buffer(offsets), pa.py_buffer(letters), present)


def _pieces(data: Bytes, places: Places, width: int) -> Bytes:
    """Return the ``width`` bytes at each of ``places`` as rows of a matrix."""
    if not len(places):
        return np.zeros((0, width), np.uint8)
    pieces: Bytes = sliding_window_view(data, width)[places]
    return pieces


def _paths(data: Bytes, ends: Places, is_path: Marks) -> tuple[pa.StringArray, pa.BinaryArray]:
    """Return the tokens that are paths, as text and, where that is not what they are, as bytes."""
    without_ends = pa.py_buffer(data[data != 0])
    offsets = np.concatenate((np.zeros(1, np.int64), ends - np.arange(len(ends)))).astype(np.int32)
    tokens = pa.BinaryArray.from_buffers(pa.binary(), len(ends), [None, pa.py_buffer(offsets), without_ends])
    paths = tokens.filter(pa.array(is_path))
    try:
        return paths.cast(pa.string()), pa.nulls(len(paths), pa.binary())
    except pa.ArrowInvalid:
        raw = paths.to_pylist()
        shown = [path.decode("utf-8", "backslashreplace") for path in raw]
        odd = [None if text.encode() == path else path for text, path in zip(shown, raw, strict=True)]
        return pa.array(shown, pa.string()), pa.array(odd, pa.binary())
