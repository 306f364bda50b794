"""Cases of single commit objects: dates, names, messages, encodings, parents, trees that git itself would not write."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TypedDict

from tests.git_history.git_streams import (
    AUTHOR,
    COMMITTER,
    HOUR,
    START,
    YEAR,
    Stream,
    git,
    new_repository,
    raw_commit,
    raw_object,
    set_ref,
    sha_of,
)
from tests.git_history.registry import Case, case, named


class _Times(TypedDict):
    author: bytes
    committer: bytes


DATES = {
    "bad": b" not-a-date",
    "missing": b"",
    "huge": b" 12345678901234567890 +0000",
    "negative": b" -86400 +0000",
}


def _with_date(folder: Path, *, of: str, date: bytes) -> Case:
    """Three commits on main; the author's or committer's date of the middle one cannot be read."""
    path, first, tree_of_second, tree_of_third = _three_trees(folder)
    good = {"author": AUTHOR + b" %d +0000" % (START + HOUR), "committer": COMMITTER + b" %d +0000" % (START + HOUR)}
    odd = {**good, of: (AUTHOR if of == "author" else COMMITTER) + date}
    second = raw_commit(path, tree_of_second, [first], author=odd["author"], committer=odd["committer"])
    third = raw_commit(path, tree_of_third, [second], **_times(START + 2 * HOUR))
    set_ref(path, "refs/heads/main", third)
    return Case(path, 3, 3, shas={"first": first, "odd": second, "last": third})


for _of in ("author", "committer"):
    for _kind, _date in DATES.items():
        named(f"{_kind}_{_of}_date", partial(_with_date, of=_of, date=_date))


@case
def unreadable_first_date(folder: Path) -> Case:
    """The root of main has no committer date at all; its child has."""
    path, first, tree_of_second, _ = _three_trees(folder)
    root = raw_commit(path, sha_of(path, f"{first}^{{tree}}"), committer=COMMITTER)
    child = raw_commit(path, tree_of_second, [root], **_times(START + HOUR))
    set_ref(path, "refs/heads/main", child)
    return Case(path, 2, 2, shas={"root": root, "child": child})


@case
def only_before_1970(folder: Path) -> Case:
    """All of main has committer times before 1970."""
    path, first, tree_of_second, _ = _three_trees(folder)
    root = raw_commit(path, sha_of(path, f"{first}^{{tree}}"), **_times(-500))
    child = raw_commit(path, tree_of_second, [root], **_times(-300))
    set_ref(path, "refs/heads/main", child)
    return Case(path, 2, 2, shas={"root": root, "last": child})


@case
def broken_identities(folder: Path) -> Case:
    """Idents without brackets, without a name, with brackets inside, with nothing at all, and with odd zones."""
    path, parent, tree, _ = _three_trees(folder)
    idents = (
        b"no brackets at all 1700003600 +0000",
        b"<only@address> 1700007200 +0000",
        b"Two <<nested@address>> 1700010800 +0000",
        b"",
        b"Far <far@example.org> 1700018000 +9999",
        b"  Spaced  Out  < spaced@example.org > 1700021600 -0000",
        b"Late <late@example.org> 1700025200 +0000 and more",
    )
    for number, ident in enumerate(idents, start=1):
        parent = raw_commit(
            path, tree, [parent], author=ident, committer=COMMITTER + b" %d +0000" % (START + number * HOUR)
        )
    set_ref(path, "refs/heads/main", parent)
    return Case(path, 8, 2, shas={"last": parent})


@case
def colon_messages(folder: Path) -> Case:
    """Messages that look like a row of `git log --raw`."""
    stream = Stream()
    row = f":100644 100644 {'1' * 40} {'2' * 40} M"
    for number, message in enumerate((":bug: fix", f"{row}\tfile.txt\n", f"{row}\n\n{row}", ":", "\n:leading line\n")):
        stream.commit({"file.txt": f"{number}\n"}, message=message)
    return _written(folder, stream, 5, 5)


@case
def nul_in_message(folder: Path) -> Case:
    stream = Stream()
    stream.commit({"file.txt": "one\n"}, message=b"before\0after\n\nsecond\0paragraph\n")
    stream.commit({"file.txt": "two\n"})
    return _written(folder, stream, 2, 2)


@case
def empty_messages(folder: Path) -> Case:
    """No message, only newlines, no newline at the end, a very long line, carriage returns."""
    stream = Stream()
    for number, message in enumerate((b"", b"\n\n\n", b"no newline", b"x" * 100_000, b"subject\r\n\r\nbody\r\n")):
        stream.commit({"file.txt": f"{number}\n"}, message=message)
    return _written(folder, stream, 5, 5)


@case
def encoding_header(folder: Path) -> Case:
    """Latin-1 with its header, an unknown encoding, and the same bytes without a header."""
    stream = Stream()
    said, name = "Canção número um\n".encode("latin-1"), "João Gonçalves <joao@example.org>".encode("latin-1")
    for number, encoding in enumerate(("ISO-8859-1", "x-unknown-encoding", None)):
        stream.commit({"file.txt": f"{number}\n"}, message=said, author=name, encoding=encoding)
    return _written(folder, stream, 3, 3)


@case
def bad_utf8(folder: Path) -> Case:
    """Bytes in message, name and address that no UTF-8 reader takes."""
    stream = Stream()
    stream.commit(
        {"file.txt": "1\n"}, message=b"bad \xff\xfe bytes \xc3(\n", author=b"J\xf6rg \xff <j\xf6rg@example.org>"
    )
    stream.commit({"file.txt": "2\n"}, message="good ✓ \u202e bidi\n")
    return _written(folder, stream, 2, 2)


@case
def extra_headers(folder: Path) -> Case:
    """A signed commit, a merged tag in a header and unknown headers, some of many lines."""
    path, first, tree_of_second, tree_of_third = _three_trees(folder)
    signature = b"gpgsig -----BEGIN PGP SIGNATURE-----\n \n tree 0000\n parent 0000\n -----END PGP SIGNATURE-----\n"
    second = raw_commit(path, tree_of_second, [first], headers=signature, **_times(START + HOUR))
    odd = b"HG:extra branch:default\nmergetag object 0000\n type commit\n \n committer Nobody <no@body> 1 +0000\n"
    third = raw_commit(path, tree_of_third, [second], headers=odd, message=b"", **_times(START + 2 * HOUR))
    set_ref(path, "refs/heads/main", third)
    return Case(path, 3, 3, shas={"signed": second, "last": third})


@case
def repeated_parents(folder: Path) -> Case:
    """A commit that names the same parent twice: two parent lines, so it counts as a merge."""
    path, first, tree_of_second, tree_of_third = _three_trees(folder)
    twice = raw_commit(path, tree_of_second, [first, first], **_times(START + HOUR))
    last = raw_commit(path, tree_of_third, [twice], **_times(START + 2 * HOUR))
    set_ref(path, "refs/heads/main", last)
    return Case(path, 3, 2, shas={"first": first, "twice": twice, "last": last})


@case
def empty_commits(folder: Path) -> Case:
    """Commits that keep the tree of their parent."""
    stream = Stream()
    stream.commit({"file.txt": "one\n"})
    stream.commit()
    stream.commit()
    stream.commit({"file.txt": "two\n"})
    return _written(folder, stream, 4, 2)


@case
def empty_tree(folder: Path) -> Case:
    """The root holds nothing; later everything is deleted again."""
    stream = Stream()
    stream.commit()
    stream.commit({"a/b/file.txt": "one\n"})
    stream.commit({"a/b/file.txt": None})
    return _written(folder, stream, 3, 2)


@case
def odd_modes(folder: Path) -> Case:
    """A tree of an old git, a file that its group may write (100664): the child's tree differs, yet git tells no change."""
    path = new_repository(folder / "repository")
    blob = raw_object(path, "blob", b"one\n")
    tree = raw_object(path, "tree", b"100664 file.txt\0" + bytes.fromhex(blob))
    plain = raw_object(path, "tree", b"100644 file.txt\0" + bytes.fromhex(blob))
    first = raw_commit(path, tree, [], **_times(START))
    second = raw_commit(path, plain, [first], **_times(START + HOUR))
    set_ref(path, "refs/heads/main", second)
    return Case(path, 2, 1, shas={"first": first, "last": second})


@case
def slow_clock(folder: Path) -> Case:
    """A mainline commit three years slow."""
    return _skewed(folder, -3 * YEAR)


@case
def fast_clock(folder: Path) -> Case:
    """A mainline commit three years fast: the ones after it have its time as effective time."""
    return _skewed(folder, 3 * YEAR)


def _skewed(folder: Path, by: int) -> Case:
    stream = Stream()
    for number in range(5):
        time = START + number * HOUR
        stream.commit(
            {"file.txt": f"{number}\n", f"{number}.txt": f"{number}\n"}, time=time + (by if number == 2 else 0)
        )
    return _written(folder, stream, 5, 10)


@case
def equal_times(folder: Path) -> Case:
    """Five commits within one second: the last one counts."""
    stream = Stream()
    for number in range(5):
        stream.commit({"file.txt": f"{number}\n"}, time=START)
    return _written(folder, stream, 5, 5)


def _times(time: int) -> _Times:
    return {"author": AUTHOR + b" %d +0000" % time, "committer": COMMITTER + b" %d +0000" % time}


def _three_trees(folder: Path) -> tuple[Path, str, str, str]:
    """Return a repository, its root commit (one file), and trees that change the file once and twice."""
    path = new_repository(folder / "repository")
    stream = Stream()
    stream.commit({"file.txt": "one\n"})
    stream.commit({"file.txt": "two\n"}, branch="scratch", parents=[1])
    stream.commit({"file.txt": "three\n"}, branch="scratch")
    shas = stream.write(path)
    trees = [sha_of(path, f"{sha}^{{tree}}") for sha in shas[2:]]
    git(path, "update-ref", "-d", "refs/heads/scratch")
    return path, shas[1], trees[0], trees[1]


def _written(folder: Path, stream: Stream, commits: int, changes: int) -> Case:
    path = new_repository(folder / "repository")
    shas = stream.write(path)
    return Case(path, commits, changes, shas={"first": shas[1], "last": shas[-1]})
