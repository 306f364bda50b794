"""What ``git diff-tree -z --raw`` prints, as Arrow: whole blocks at a time, whatever names the paths have."""

from __future__ import annotations

from collections.abc import Iterator
from typing import IO

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from numpy.lib.stride_tricks import sliding_window_view

ARGUMENTS = ("diff-tree", "--stdin", "-r", "-z", "--raw", "--root", "--no-renames", "--no-abbrev", "--always")
"""Each commit of the input has one header in the output, in order, also one that changes nothing."""

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
_BLOCK_BYTES = 4 << 20
_STATUSES = pa.array([chr(code) if 64 < code < 91 else "X" for code in range(128)])
_DECIMAL = np.array([100_000, 10_000, 1_000, 100, 10, 1], dtype=np.int32)
_MODE_DIGITS = len(_DECIMAL)
_OLD_MODE, _NEW_MODE = 1, 8
_OLD_BLOB = 15

Bytes = npt.NDArray[np.uint8]
Places = npt.NDArray[np.int64]


class Changes:
    """The rows of one ``diff-tree``, a block at a time; ``headers`` counts the commits whose output has begun."""

    def __init__(self, width: int) -> None:
        self._width = width
        self._sha = ""
        self.headers = 0

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
        is_meta = _metas(data[starts] == ord(":"))
        if len(ends) and is_meta[-1]:
            ends, starts, is_meta = ends[:-1], starts[:-1], is_meta[:-1]
        if not len(ends):
            return CHANGE_SCHEMA.empty_table(), 0
        is_path = np.concatenate((np.zeros(1, np.bool_), is_meta[:-1]))
        is_header = ~(is_meta | is_path)
        used = int(ends[-1]) + 1
        shas, of_row = self._shas(data, starts[is_header], np.cumsum(is_header)[is_meta])
        metas, width = starts[is_meta], self._width
        old_mode, new_mode = (_modes(data, metas + place) for place in (_OLD_MODE, _NEW_MODE))
        statuses = data[metas + _OLD_BLOB + 2 * width + 2] & 127
        paths, path_bytes = _paths(data[:used], ends, is_path)
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
        return pa.Table.from_arrays(columns, schema=CHANGE_SCHEMA), used

    def _shas(self, data: Bytes, headers: Places, number: Places) -> tuple[pa.Array, Places]:
        """Return the commits of this block, with the last of the block before in front, and which of them each row is of."""
        found = _hexadecimal(data, headers, self._width, np.zeros(len(headers), np.bool_)).to_pylist()
        shas = pa.array([self._sha, *found], pa.string())
        self._sha = found[-1] if found else self._sha
        self.headers += len(found)
        return shas, number


def _metas(begins: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
    """Return which tokens describe a change, given which begin with a colon: a path after one may begin so as well.

    In a run of such tokens, the first, third … are descriptions: what is before a run is a header or a path.
    """
    numbers = np.arange(len(begins))
    before_run = np.maximum.accumulate(np.where(begins, -1, numbers)) if len(begins) else numbers
    metas: npt.NDArray[np.bool_] = begins & ((numbers - before_run) % 2 == 1)
    return metas


def _modes(data: Bytes, places: Places) -> npt.NDArray[np.int32]:
    digits = _pieces(data, places, _MODE_DIGITS) - np.uint8(ord("0"))
    modes: npt.NDArray[np.int32] = digits.astype(np.int32) @ _DECIMAL
    return modes


def _hexadecimal(data: Bytes, places: Places, width: int, absent: npt.NDArray[np.bool_]) -> pa.StringArray:
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


def _paths(data: Bytes, ends: Places, is_path: npt.NDArray[np.bool_]) -> tuple[pa.StringArray, pa.BinaryArray]:
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
