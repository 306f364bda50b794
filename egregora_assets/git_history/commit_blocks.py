"""What ``git cat-file --batch`` prints of many commits, as Arrow: whole blocks at a time, odd commits one by one."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator, Sequence
from typing import IO

import numpy as np
import pyarrow as pa

from egregora_assets.git_history.commits import COMMIT_SCHEMA, USUAL_HEAD, Commit, answers, as_table, first_line, parsed
from egregora_assets.git_history.plumbing import GitError

_BLOCK_BYTES = 1 << 20
_SIZE, _PARENTS = 2, 4
"""Which groups of the pattern these are: id, size, folder, parents, then name, address and time of author and committer."""


class Blocks:
    """The answers for a list of commits, read a block at a time; ``width`` is the number of letters of an id."""

    def __init__(self, width: int) -> None:
        self._width = width
        head = USUAL_HEAD.replace("[0-9a-f]+", f"[0-9a-f]{{{width}}}")
        self._usual = re.compile(f"(?P<sha>[0-9a-f]{{{width}}}) commit (?P<size>[0-9]+)\n{head}".encode())
        self._parent = len("parent ") + width + 1

    def tables(self, stream: IO[bytes]) -> Iterator[pa.Table]:
        """Yield tables with ``COMMIT_SCHEMA``.

        Raises ``GitError`` where an answer is no commit, or git ends in the middle of one, as it does at an object that is
        damaged.
        """
        left, lacking = b"", 0
        while block := stream.read(max(_BLOCK_BYTES, lacking)):
            data = left + block
            table, used, lacking = self._table(data)
            left = data[used:]
            if table.num_rows:
                yield table
        if left:
            raise _damaged(left.partition(b" ")[0])

    def _table(self, data: bytes) -> tuple[pa.Table, int, int]:
        """Return the commits of a block, how many bytes they are, and how many more the next one is known to need."""
        usual, messages, odd = list[Sequence[bytes]](), list[bytes](), list[Commit]()
        match = self._usual.match
        begin = lacking = 0
        while begin < len(data):
            found = match(data, begin)
            if found is None:
                header = _header(data, begin)
                if header is None:
                    break
                start = begin + len(header) + 1
                end = start + _size(header)
            else:
                start = found.end(_SIZE) + 1
                end = start + int(found[_SIZE])
            if end >= len(data):
                lacking = end + 1 - len(data)
                break
            if found is not None and found.end() <= end:
                usual.append(found.groups())
                messages.append(data[found.end() : end])
            else:
                odd.append(parsed(data[begin : begin + self._width].decode(), data[start:end]))
            begin = end + 1
        try:
            table = pa.concat_tables([self._usual_table(usual, messages), as_table(odd)])
        except pa.ArrowInvalid:  # one of them is no UTF-8
            table = as_table(_one_by_one(data[:begin]))
        return table, begin, lacking

    def _usual_table(self, usual: list[Sequence[bytes]], messages: list[bytes]) -> pa.Table:
        if not usual:
            return COMMIT_SCHEMA.empty_table()
        columns = [pa.array(column, pa.binary()) for column in zip(*usual, strict=True)]
        sha, _, tree, _, author_name, author_email, authored, committer_name, committer_email, committed = (
            column.cast(pa.string()) for column in columns
        )
        message = pa.array(messages, pa.binary()).cast(pa.string())
        values = {
            "sha": sha,
            "tree": tree,
            "author_name": author_name,
            "author_email": author_email,
            "authored": authored.cast(pa.int64()),
            "committer_name": committer_name,
            "committer_email": committer_email,
            "committed": committed.cast(pa.int64()),
            "subject": pa.array(map(first_line, message.to_pylist()), pa.string()),
            "message": message,
            "unreadable": pa.nulls(len(usual), pa.binary()),
            "parents": self._parents([one[_PARENTS - 1] for one in usual]),
        }
        return pa.Table.from_arrays([values[name] for name in COMMIT_SCHEMA.names], schema=COMMIT_SCHEMA)

    def _parents(self, lines: list[bytes]) -> pa.ListArray:
        """Return the ids in lines that say ``parent`` and an id each."""
        lengths = np.fromiter(map(len, lines), np.int32, len(lines))
        offsets = np.concatenate((np.zeros(1, np.int32), np.cumsum(lengths) // self._parent)).astype(np.int32)
        letters = np.frombuffer(b"".join(lines), np.uint8).reshape(-1, self._parent)[:, len("parent ") : -1]
        places = np.arange(len(letters) + 1, dtype=np.int32) * self._width
        ids = pa.StringArray.from_buffers(len(letters), pa.py_buffer(places), pa.py_buffer(letters.tobytes()))
        return pa.ListArray.from_arrays(pa.array(offsets), ids)


def _one_by_one(data: bytes) -> list[Commit]:
    return [parsed(sha, body) for sha, body in answers(io.BytesIO(data)) if body is not None]


def _header(data: bytes, begin: int) -> bytes | None:
    """Return the first line of an answer, ``None`` where its end is still to come."""
    end = data.find(b"\n", begin)
    return None if end < 0 else data[begin:end]


def _size(header: bytes) -> int:
    """Return the number of bytes of a commit. Raises ``GitError`` where it is missing, or no commit."""
    sha, _, told = header.partition(b" ")
    kind, _, size = told.partition(b" ")
    if kind != b"commit" or not size.isdigit():
        raise GitError(f"commit {sha.decode('ascii', 'replace')} cannot be read")
    return int(size)


def _damaged(sha: bytes) -> GitError:
    return GitError(f"object {sha.decode('ascii', 'replace')} is damaged: fetch or copy it anew")
