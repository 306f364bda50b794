"""An independent answer to every question about git history: one git command per question, in Python, slow, plain.

Nothing here knows how the product reads. What is equal for ever (a commit, a tree, the difference of two trees) is asked once.

The definition. The chain of a branch is its tip and the first parents, root first. The effective time of a commit is the running
maximum of the committer times along the chain; a time that cannot be read counts as the one before, one before 1970 as its
first second. The tip at a time is the last
commit of the chain whose effective time is not later. A shallow boundary begins the chain.
"""

from __future__ import annotations

import os
import re
import subprocess
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import cache
from itertools import accumulate
from pathlib import Path
from typing import NamedTuple

HOPS = 8
"""How many renames are followed."""

LAST_TIME = 253_402_300_799
"""The last second of the year 9999; a committer time beyond it counts as unreadable."""

_IDENT = re.compile(rb"> (-?\d{1,19}) [+-]\d{4}$")


class MissingError(Exception):
    """An object that the answer needs is not in the repository."""


class Answer(NamedTuple):
    """``state``: present, absent, renamed, submodule or unknown; ``tip`` at that time; ``blob`` of a file or link only."""

    state: str
    tip: str | None
    blob: str | None


class Placed(NamedTuple):
    """One entry of a tree."""

    mode: str
    sha: str


class ChangeRow(NamedTuple):
    """What a commit did to a path; mode and blob are ``None`` on the side where the path is not."""

    sha: str
    path: bytes
    status: str
    old_mode: str | None
    new_mode: str | None
    old_blob: str | None
    new_blob: str | None


class Commit(NamedTuple):
    tree: str
    parents: tuple[str, ...]
    committed_at: int | None
    raw: bytes


Tree = dict[bytes, Placed]


_told: dict[tuple[Path, tuple[str, ...], bytes], bytes | MissingError] | None = None


@contextmanager
def standing_still() -> Iterator[None]:
    """Ask git each question once within the block, in which nobody may change a repository: its answers are the same."""
    global _told
    before, _told = _told, {} if _told is None else _told
    try:
        yield
    finally:
        _told = before


def ask(repo: Path, *arguments: str, given: bytes = b"") -> bytes:
    """Return git's answer. Raises ``MissingError`` when it has none."""
    if _told is None:
        return _ask(repo, *arguments, given=given)
    question = (repo, arguments, given)
    if question not in _told:
        try:
            _told[question] = _ask(repo, *arguments, given=given)
        except MissingError as error:
            _told[question] = error
    answer = _told[question]
    if isinstance(answer, MissingError):
        raise answer
    return answer


def _ask(repo: Path, *arguments: str, given: bytes) -> bytes:
    """Run git on the objects as they are: no replacements, no grafts, no lazy fetch, nobody's settings but the repository's."""
    done = subprocess.run(
        ["git", "-c", "safe.directory=*", "-c", "core.fsmonitor=false", *arguments],
        cwd=repo,
        input=given,
        capture_output=True,
        env={
            "PATH": os.environ["PATH"],
            "LC_ALL": "C",
            "GIT_CONFIG_GLOBAL": "/dev/null",
            "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_NO_REPLACE_OBJECTS": "1",
            "GIT_GRAFT_FILE": "/dev/null",
            "GIT_NO_LAZY_FETCH": "1",
            "GIT_ALLOW_PROTOCOL": "none",
        },
    )
    if done.returncode:
        raise MissingError(f"git {' '.join(arguments)}: {done.stderr.decode(errors='replace')}")
    return done.stdout


@cache
def _object(repo: Path, kind: str, sha: str) -> bytes:
    """Return an object, peeled from tags to ``kind``."""
    return ask(repo, "cat-file", kind, sha)


def commit(repo: Path, sha: str) -> Commit:
    """Read one commit byte by byte."""
    raw = _object(repo, "commit", sha)
    head, _, _ = raw.partition(b"\n\n")
    tree, parents, time = "", [], None
    for line in head.split(b"\n"):
        key, _, value = line.partition(b" ")
        if key == b"tree" and not tree:
            tree = value.decode()
        elif key == b"parent" and not line.startswith(b" "):
            parents.append(value.decode())
        elif key == b"committer":
            found = _IDENT.search(value)
            time = max(0, int(found[1])) if found and int(found[1]) <= LAST_TIME else None
            break
    return Commit(tree, tuple(parents), time, raw)


def boundaries(repo: Path) -> set[str]:
    """Return the shas that the `shallow` file names."""
    file = _shallow_file(repo)
    return set(file.read_text().split()) if file.exists() else set()


@cache
def _shallow_file(repo: Path) -> Path:
    return repo / os.fsdecode(ask(repo, "rev-parse", "--git-path", "shallow").removesuffix(b"\n"))


def refs(repo: Path) -> dict[str, str]:
    """Return every ref whose sha can be read, symbolic ones too, without `refs/replace/`; objects need not be here."""
    told = ask(repo, "for-each-ref", "--format=%(refname) %(objectname)").decode(errors="surrogateescape")
    pairs = (line.rsplit(" ", 1) for line in told.split("\n")[:-1])
    return {ref: sha for ref, sha in pairs if not ref.startswith("refs/replace/")}


def tip_of(repo: Path, branch: str) -> str | None:
    """Return the commit of a branch, by its short name, or ``None``."""
    return refs(repo).get(f"refs/heads/{branch}")


def tips(repo: Path) -> set[str]:
    """Return the commits that refs and HEAD lead to, through any number of tags."""
    named = set(refs(repo).values())
    with suppress(MissingError):
        named.add(ask(repo, "rev-parse", "--verify", "-q", "HEAD").decode().strip())
    wanted = "".join(f"{sha}^{{commit}}\n" for sha in sorted(named)).encode()
    told = ask(repo, "cat-file", "--batch-check=%(objecttype) %(objectname)", given=wanted) if named else b""
    return {line.split()[1] for line in told.decode().splitlines() if line.startswith("commit ")}


def all_commits(repo: Path) -> set[str]:
    """Return the shas of all commits that are here and that any ref or HEAD reaches."""
    cut, seen, open_ends = boundaries(repo), set[str](), sorted(tips(repo))
    while open_ends:
        sha = open_ends.pop()
        if sha in seen:
            continue
        try:
            found = commit(repo, sha)
        except MissingError:
            continue
        seen.add(sha)
        open_ends += () if sha in cut else found.parents
    return seen


def all_parents(repo: Path) -> dict[str, tuple[str, ...]]:
    """Return the parents of each commit as its object names them, also those beyond a boundary or not here."""
    return {sha: commit(repo, sha).parents for sha in all_commits(repo)}


@cache
def _tree(repo: Path, tree: str) -> Tree:
    told = ask(repo, "ls-tree", "-r", "-z", "--full-tree", tree)
    entries = (line.split(b"\t", 1) for line in told.split(b"\0")[:-1])
    return {path: Placed(head.split()[0].decode(), head.split()[2].decode()) for head, path in entries}


def tree_of(repo: Path, sha: str) -> Tree:
    """Return all entries of a commit's tree but folders, by path; fail when a part of it is not here."""
    return _tree(repo, commit(repo, sha).tree)


def differences(old: Tree, new: Tree) -> Iterator[tuple[bytes, str, Placed | None, Placed | None]]:
    """Compare two trees: path, status (A, D, M or T), old and new entry."""
    for path in sorted(old.keys() | new.keys()):
        before, after = old.get(path), new.get(path)
        if before == after:
            continue
        if before is None or after is None:
            status = "D" if after is None else "A"
        else:
            status = "M" if before.mode[:3] == after.mode[:3] else "T"
        yield path, status, before, after


def change_rows(repo: Path) -> list[ChangeRow]:
    """Return what every commit with at most one parent line changed, without boundaries and commits whose trees are not here."""
    cut, found = boundaries(repo), []
    for sha in sorted(all_commits(repo) - cut):
        parents = commit(repo, sha).parents
        if len(parents) > 1:
            continue
        try:
            old, new = (tree_of(repo, parents[0]) if parents else {}), tree_of(repo, sha)
        except MissingError:
            continue
        found += [
            ChangeRow(sha, path, status, *_of(before, after, "mode"), *_of(before, after, "sha"))
            for path, status, before, after in differences(old, new)
        ]
    return found


def chain(repo: Path, branch: str) -> list[tuple[str, int | None]]:
    """Return the first-parent chain of a branch, root or boundary first, each with its effective time.

    The time is ``None`` only before the first time that can be read.
    """
    cut, shas, sha = boundaries(repo), [], tip_of(repo, branch)
    while sha is not None:
        try:
            parents = commit(repo, sha).parents
        except MissingError:
            break
        shas.append(sha)
        sha = None if sha in cut or not parents else parents[0]
    told, latest = [], None
    for sha in reversed(shas):
        time = commit(repo, sha).committed_at
        latest = time if latest is None or (time is not None and time > latest) else latest
        told.append((sha, latest))
    return told


def tip_at(repo: Path, branch: str, time: int) -> str | None:
    """Return the commit that was the tip of a branch at a time (epoch seconds), ``None`` when that is before all that is known."""
    return next((sha for sha, at in reversed(chain(repo, branch)) if at is not None and at <= time), None)


def look_up(repo: Path, branch: str, path: bytes | str, time: int) -> Answer:
    """Return what stood at a path at a time; where several renames explain a deletion, git's own for the mainline commit counts."""
    return look_ups(repo, branch, path, time)[0]


def look_ups(repo: Path, branch: str, path: bytes | str, time: int) -> list[Answer]:
    """Return all answers that the definition allows, the preferred first.

    There are several only when a deletion has several renames: of the mainline commit itself, of the commits that it landed,
    and of files with the same content, among which git chooses by its own taste. A tree that is not here leaves it unknown.
    """
    tip = tip_at(repo, branch, time)
    if tip is None:
        return [Answer("unknown", None, None)]
    name = path.encode() if isinstance(path, str) else path
    try:
        answers = list(dict.fromkeys(_followed(repo, branch, name, tip, 0)))
    except MissingError:
        return [Answer("unknown", tip, None)]
    return answers or [Answer("absent", tip, None)]


def _followed(repo: Path, branch: str, path: bytes, tip: str, hops: int) -> Iterator[Answer]:
    entry = tree_of(repo, tip).get(path)
    if entry is not None:
        if entry.mode == "160000":
            yield Answer("submodule", tip, None)
        else:
            yield Answer("renamed" if hops else "present", tip, entry.sha)
        return
    last = last_event(repo, branch, path, tip)
    if last is None or hops == HOPS:
        return
    for target in rename_targets(repo, last, path):
        yield from _followed(repo, branch, target, tip, hops + 1)


def blobs_at(repo: Path, branch: str, questions: Sequence[tuple[bytes, int]]) -> list[tuple[str | None, str | None]]:
    """Return tip and blob for many paths and times at once; for long histories whose commits can all be read.

    Paths hold no newline. Renames are not followed: the blob is ``None`` for all that is no file or link there.
    """
    told = ask(
        repo, "rev-list", "--first-parent", "--reverse", "--no-commit-header", "--format=%H %ct", f"refs/heads/{branch}"
    )
    pairs = [line.split() for line in told.decode().splitlines()]
    effective = list(accumulate((int(time) for _, time in pairs), max))
    places = [bisect_right(effective, time) - 1 for _, time in questions]
    at = [pairs[place][0] if place >= 0 else None for place in places]
    asked = b"".join(b"%s:%s\n" % ((tip or "0").encode(), path) for tip, (path, _) in zip(at, questions, strict=True))
    answers = ask(repo, "cat-file", "--batch-check=%(objecttype) %(objectname)", given=asked).split(b"\n")[:-1]
    blobs = [answer.split()[1].decode() if answer.startswith(b"blob ") else None for answer in answers]
    return list(zip(at, blobs, strict=True))


def last_event(repo: Path, branch: str, path: bytes, tip: str) -> str | None:
    """Return the last commit of the chain up to ``tip`` that changed what stands at a path."""
    shas = [sha for sha, _ in chain(repo, branch)]
    upto = shas[: shas.index(tip) + 1]
    for place in range(len(upto) - 1, -1, -1):
        before = tree_of(repo, upto[place - 1]).get(path) if place else None
        if tree_of(repo, upto[place]).get(path) != before:
            return upto[place]
    return None


def last_set(repo: Path, branch: str, path: bytes | str, time: int) -> str | None:
    """Return the mainline commit that put what stands at a path at a time; for permanent links. ``None``: nothing is there."""
    tip = tip_at(repo, branch, time)
    name = path.encode() if isinstance(path, str) else path
    if tip is None or name not in tree_of(repo, tip):
        return None
    return last_event(repo, branch, name, tip)


def rename_targets(repo: Path, mainline: str, path: bytes) -> list[bytes]:
    """Return the paths of a mainline commit's tree that a path deleted by it may have been renamed to, the preferred first.

    First git's rename between the commit and its first parent, then those of the commits that it landed, newest first (through
    names that never reached the mainline), then every added file with the same content.
    """
    parents = commit(repo, mainline).parents
    if not parents or mainline in boundaries(repo):
        return []
    present = tree_of(repo, mainline)
    found = [*renames(repo, parents[0], mainline).get(path, ())]
    edges: dict[bytes, list[bytes]] = {}
    for sha in landed(repo, mainline):
        for old, new in _renames_of(repo, sha).items():
            edges.setdefault(old, []).extend(new)
    reached, ends = [path], list[bytes]()
    for _ in range(HOPS):
        reached = [new for old in reached for new in edges.get(old, ()) if new not in ends]
        ends += dict.fromkeys(reached)
    found += [end for end in ends if end in present and end != path]
    found += same_content(repo, parents[0], mainline).get(path, ())
    if not found and any(end in undecided(repo, *pair) for end in (path, *ends) for pair in _compared(repo, mainline)):
        raise MissingError(f"a file is missing that would tell what became of {path!r}")
    return list(dict.fromkeys(found))


def _compared(repo: Path, mainline: str) -> list[tuple[str, str]]:
    """Return the pairs of commits whose differences tell what a mainline commit renamed: its own, and of those it landed."""
    pairs = [(commit(repo, mainline).parents[0], mainline)]
    for sha in landed(repo, mainline):
        parents = commit(repo, sha).parents
        if len(parents) == 1 and sha not in boundaries(repo):
            pairs.append((parents[0], sha))
    return pairs


@cache
def undecided(repo: Path, old: str, new: str) -> set[bytes]:
    """Return the paths that go away between two commits and may be half of a rename, but that a blob is not here."""
    try:
        ask(repo, "diff-tree", "-r", "-z", "--raw", "-M50%", old, new)
    except MissingError:
        exact = same_content(repo, old, new)
        paired = {other for others in exact.values() for other in others}
        rows = list(differences(tree_of(repo, old), tree_of(repo, new)))
        files = {status: [] for status in "AD"}
        for path, status, before, after in rows:
            if (
                status in files
                and (before or after).mode.startswith("100")
                and path not in exact
                and path not in paired
            ):
                files[status].append((path, _size(repo, (before or after).sha)))
        return {path for path, size in files["D"] if any(_may_be_alike(size, other) for _, other in files["A"])}
    return set()


def _may_be_alike(one: int | None, other: int | None) -> bool:
    return one is None or other is None or 2 * min(one, other) >= max(one, other)


def _size(repo: Path, blob: str) -> int | None:
    try:
        return int(ask(repo, "cat-file", "-s", blob))
    except MissingError:
        return None


def landed(repo: Path, mainline: str) -> list[str]:
    """Return the commits that a mainline commit brought and its first parent had not, newest (by distance) first."""
    parents = commit(repo, mainline).parents
    before = _ancestors(repo, parents[:1])
    return [sha for sha in _ancestors(repo, [mainline]) if sha not in before]


def _ancestors(repo: Path, shas: Iterable[str]) -> dict[str, None]:
    """Return commits and all that they follow, nearest first."""
    cut, seen, level = boundaries(repo), dict[str, None](), list(shas)
    while level:
        following: list[str] = []
        for sha in level:
            if sha in seen:
                continue
            try:
                parents = commit(repo, sha).parents
            except MissingError:
                continue
            seen[sha] = None
            following += () if sha in cut else parents
        level = following
    return seen


def _renames_of(repo: Path, sha: str) -> dict[bytes, list[bytes]]:
    parents = commit(repo, sha).parents
    if len(parents) != 1 or sha in boundaries(repo):
        return {}
    try:
        told = renames(repo, parents[0], sha)
        equal = same_content(repo, parents[0], sha)
    except MissingError:
        return {}
    return {old: [*dict.fromkeys([*told.get(old, ()), *equal.get(old, ())])] for old in told.keys() | equal.keys()}


@cache
def renames(repo: Path, old: str, new: str) -> dict[bytes, list[bytes]]:
    """Return the renames that git finds between two commits; only those of equal content when a blob is not here."""
    try:
        told = ask(repo, "diff-tree", "-r", "-z", "--raw", "-M50%", "--diff-filter=R", old, new)
    except MissingError:
        return same_content(repo, old, new)
    fields = told.split(b"\0")[:-1]
    return {fields[place + 1]: [fields[place + 2]] for place in range(0, len(fields), 3)}


@cache
def same_content(repo: Path, old: str, new: str) -> dict[bytes, list[bytes]]:
    """Return, for each path that goes away between two commits, the new paths with the same content and kind."""
    rows = list(differences(tree_of(repo, old), tree_of(repo, new)))
    added = [(path, after) for path, status, _, after in rows if status == "A" and after is not None]
    pairs = {
        path: [other for other, after in added if after.sha == before.sha and after.mode[:3] == before.mode[:3]]
        for path, status, before, _ in rows
        if status == "D" and before is not None
    }
    return {path: others for path, others in pairs.items() if others}


def _of(before: Placed | None, after: Placed | None, name: str) -> tuple[str | None, str | None]:
    return getattr(before, name, None), getattr(after, name, None)
