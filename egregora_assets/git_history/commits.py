"""Commit objects as git stores them, read byte for byte: no commit is so odd that it, or one behind it, is lost."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import IO, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from egregora_assets.git_history.plumbing import GitError

_AT_ONCE = 500
"""Ids written before answers are read: they fit into a pipe, so that git and we never wait for each other."""
_IDENTITY = re.compile(rb"(?P<name>[^<]*?) ?<(?P<email>[^>]*)>+ ?(?P<time>-?[0-9]+)?(?: |$)")
_LAST_SECOND = 253_402_300_799
"""The end of the year 9999."""


class Commit(NamedTuple):
    """One commit. Times are seconds since 1970, ``None`` where they cannot be read.

    ``unreadable`` has the lines of which no time could be read, or one before 1970: such count as the first second of it.
    """

    sha: str
    tree: str
    parents: tuple[str, ...]
    author_name: str
    author_email: str
    authored: int | None
    committer_name: str
    committer_email: str
    committed: int | None
    subject: str
    message: str
    unreadable: bytes | None


def parsed(sha: str, body: bytes) -> Commit:
    """Read a commit object: https://git-scm.com/docs/git-cat-file and git's ``commit.c``."""
    usual = _USUAL.match(body)
    try:
        return _usual(sha, usual, body) if usual else _unusual(sha, body)
    except UnicodeDecodeError:
        return _unusual(sha, body)


_WHO = "{0} (?P<{0}_name>[^<\n]*?) ?<(?P<{0}_email>[^>\n]*)> (?P<{0}_time>[0-9]{{1,11}}) [+-][0-9]+\n"
USUAL_HEAD = (
    "tree (?P<tree>[0-9a-f]+)\n(?P<parents>(?:parent [0-9a-f]+\n)*)"
    f"{_WHO.format('author')}{_WHO.format('committer')}"
    r"(?:(?!encoding )[^\n]+\n)*\n"
)
"""The head of a commit as git writes it, in UTF-8: one match instead of a dozen steps."""
_USUAL = re.compile(USUAL_HEAD.encode())


def _usual(sha: str, found: re.Match[bytes], body: bytes) -> Commit:
    tree, parents, *who = (field.decode() for field in found.groups())
    author_name, author_email, authored, committer_name, committer_email, committed = who
    message = body[found.end() :].decode()
    return Commit(
        sha,
        tree,
        tuple(parents.split()[1::2]),
        author_name,
        author_email,
        int(authored),
        committer_name,
        committer_email,
        int(committed),
        first_line(message),
        message,
        None,
    )


def first_line(message: str) -> str:
    return message.lstrip("\n").partition("\n")[0]


def _unusual(sha: str, body: bytes) -> Commit:
    head, _, message = body.partition(b"\n\n")
    lines: dict[bytes, bytes] = {}
    parents = []
    for line in head.split(b"\n"):
        field, _, value = line.partition(b" ")
        if field == b"parent":
            parents.append(value.decode("ascii", "replace"))
        elif field:
            lines.setdefault(field, value)
    encoding = lines.get(b"encoding", b"utf-8")
    author, committer = lines.get(b"author", b""), lines.get(b"committer", b"")
    author_name, author_email, authored = _identity(author, encoding)
    committer_name, committer_email, committed = _identity(committer, encoding)
    text = _text(message, encoding)
    return Commit(
        sha,
        lines.get(b"tree", b"").decode("ascii", "replace"),
        tuple(parents),
        author_name,
        author_email,
        None if authored is None else max(0, authored),
        committer_name,
        committer_email,
        None if committed is None else max(0, committed),
        first_line(text),
        text,
        None if _is_readable(authored) and _is_readable(committed) else author + b"\n" + committer,
    )


def _identity(line: bytes, encoding: bytes) -> tuple[str, str, int | None]:
    found = _IDENTITY.match(line)
    if found is None:
        return _text(line, encoding), "", None
    seconds = int(found["time"]) if found["time"] and len(found["time"]) < 15 else None
    readable = seconds is not None and seconds <= _LAST_SECOND
    return _text(found["name"], encoding), _text(found["email"], encoding), seconds if readable else None


def _is_readable(seconds: int | None) -> bool:
    return seconds is not None and seconds >= 0


def _text(raw: bytes, encoding: bytes) -> str:
    """Decode as the commit says, else as UTF-8; bytes that are neither are shown as ``\\xff``."""
    if raw.isascii():
        return raw.decode("ascii")
    try:
        return raw.decode(encoding.decode("ascii"))
    except (LookupError, ValueError):
        return raw.decode("utf-8", "backslashreplace")


def answers(stream: IO[bytes]) -> Iterator[tuple[str, bytes | None]]:
    """Yield (id, object) for each answer of ``git cat-file --batch``; ``None`` for one that is missing, or no commit.

    Raises ``GitError`` where git ends in the middle of an answer, as it does at an object that is damaged.
    """
    while header := stream.readline():
        sha, _, told = header[:-1].partition(b" ")
        kind, _, size = told.partition(b" ")
        body = stream.read(int(size) + 1) if size.isdigit() else None
        if body is not None and len(body) <= int(size):
            raise GitError(f"object {sha.decode('ascii', 'replace')} is damaged: fetch or copy it anew")
        yield sha.decode("ascii", "replace"), body[:-1] if body is not None and kind == b"commit" else None


class Walk:
    """A walk from tips towards the roots that stops at what is known: its cost is that of what is new.

    ``missing`` holds the ids of commits that the repository does not have.
    """

    def __init__(self, questions: IO[bytes], stream: IO[bytes], boundaries: frozenset[str]) -> None:
        self._questions, self._stream, self._boundaries = questions, stream, boundaries
        self._answers = answers(stream)
        self.missing: set[str] = set()

    def commits(self, tips: Iterable[str], known: set[str]) -> Iterator[list[Commit]]:
        """Yield the commits that are reached from ``tips``, level by level; a level's parents are asked for after it.

        ``known`` may grow while this is read: what is in it is passed over.
        """
        seen: set[str] = set()
        frontier = list(dict.fromkeys(tips))
        while frontier := [sha for sha in frontier if sha not in seen and sha not in known]:
            seen.update(frontier)
            found = list(self._asked(frontier))
            yield found
            parents = (commit.parents for commit in found if commit.sha not in self._boundaries)
            frontier = list(dict.fromkeys(parent for of_one in parents for parent in of_one))

    def _asked(self, shas: Sequence[str]) -> Iterator[Commit]:
        for first in range(0, len(shas), _AT_ONCE):
            some = shas[first : first + _AT_ONCE]
            try:
                self._questions.write("".join(f"{sha}\n" for sha in some).encode())
                self._questions.flush()
            except BrokenPipeError as error:
                raise GitError("git ended while it was asked for commits: one may be damaged") from error
            for sha in some:
                answered = next(self._answers, None)
                if answered is None:
                    raise GitError(f"git ended when it was asked for object {sha}: it may be damaged")
                _, body = answered
                if body is None:
                    self.missing.add(sha)
                else:
                    yield parsed(sha, body)


COMMIT_SCHEMA = pa.schema(
    [
        ("sha", pa.string()),
        ("tree", pa.string()),
        ("author_name", pa.string()),
        ("author_email", pa.string()),
        ("authored", pa.int64()),
        ("committer_name", pa.string()),
        ("committer_email", pa.string()),
        ("committed", pa.int64()),
        ("subject", pa.string()),
        ("message", pa.string()),
        ("unreadable", pa.binary()),
        ("parents", pa.list_(pa.string())),
    ]
)


def as_table(commits: Sequence[Commit]) -> pa.Table:
    """Return commits as Arrow, with ``COMMIT_SCHEMA``."""
    columns = dict(zip(Commit._fields, zip(*commits, strict=True), strict=True)) if commits else {}
    arrays = [_array(columns.get(field.name, ()), field.type) for field in COMMIT_SCHEMA]
    return pa.Table.from_arrays(arrays, schema=COMMIT_SCHEMA)


def parent_rows(commits: pa.Table) -> pa.Table:
    """Return (sha, parent_no, parent) of commits, the first parent being number 1."""
    column = commits.column("parents").combine_chunks()
    counts = np.asarray(pc.list_value_length(column))
    children = np.repeat(np.arange(len(counts)), counts)
    first = np.cumsum(counts) - counts
    numbers = np.arange(len(children)) - first[children] + 1
    return pa.table(
        {
            "sha": commits.column("sha").take(pa.array(children)),
            "parent_no": pa.array(numbers, pa.int32()),
            "parent": column.flatten(),
        }
    )


def _array(values: Sequence[object], type_: pa.DataType) -> pa.Array:
    try:
        return pa.array(values, type_)
    except UnicodeEncodeError:  # half of a pair of surrogates, which an encoding like UTF-7 can give
        shown = [
            value.encode("utf-8", "backslashreplace").decode() if isinstance(value, str) else value for value in values
        ]
        return pa.array(shown, type_)
