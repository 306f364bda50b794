"""Seeded random histories, by one `git fast-import` stream each: made, grown, and moved by force."""

from __future__ import annotations

import random
import re
from dataclasses import dataclass
from pathlib import Path

from tests.git_history.git_streams import (
    EXECUTABLE,
    FILE,
    HOUR,
    LINK,
    START,
    SUBMODULE,
    YEAR,
    Entry,
    Stream,
    git,
    new_repository,
    sha_of,
)

Tree = dict[bytes, Entry]

_FOLDERS = (b"", b"src/", b"src/core/", b"src/core/deep/", b"docs/", b"tests/", b"Tests/", "über/".encode(), b"a b/")
_NAMES = (
    *(b"one.py two.py three.py README.md readme.md core run.sh __init__.py".split()),
    b"tab\there.txt",
    b"new\nline",
    b":colon",
    b'"quoted"',
    b"\xff.bin",
)
_WORDS = "amber basil cedar delta ember fable grove haven ivory jolly kiosk lemon maple noble olive".split()


@dataclass(frozen=True)
class Shares:
    """How often things happen, from 0 to 1 per commit.

    ``odd`` is for links, submodules, modes and empty files; ``foxtrot`` of the merges take the topic as first parent, so that
    main's first-parent chain changes although nothing was forced.
    """

    merge: float = 0.2
    rename: float = 0.15
    skew: float = 0.05
    delete: float = 0.15
    odd: float = 0.1
    empty: float = 0.03
    foxtrot: float = 0.1


@dataclass
class _Branch:
    commit: int | str
    tree: Tree
    fork: Tree


class _Writer:
    """Keeps the tree of every branch while commits are told to the stream."""

    def __init__(self, path: Path, seed: int, shares: Shares, branches: dict[str, _Branch], time: int) -> None:
        self.rng, self.shares, self.branches, self.time = random.Random(seed), shares, branches, time
        self.digits = 64 if git(path, "rev-parse", "--show-object-format") == b"sha256\n" else 40
        self.stream = Stream()
        self.dropped: Tree = {}
        self.topics = 0

    def step(self) -> None:
        """Add one commit: to main, to a topic (a new one now and then), or a merge of topics into main."""
        topics = [name for name in self.branches if name != "main"]
        if "main" in self.branches and topics and self.rng.random() < self.shares.merge:
            self._merge(self.rng.sample(topics, 2 if len(topics) > 1 and self.rng.random() < 0.15 else 1))
        elif "main" in self.branches and len(topics) < 4 and self.rng.random() < 0.25:
            self.commit_on(self._new_topic(), [self.branches["main"].commit])
        else:
            name = self.rng.choice([*topics, "main", "main"])
            self.commit_on(name, [self.branches[name].commit] if name in self.branches else [])

    def _new_topic(self) -> str:
        self.topics += 1
        name = f"topic-{self.rng.getrandbits(32):08x}-{self.topics}"
        main = self.branches["main"]
        self.branches[name] = _Branch(main.commit, dict(main.tree), dict(main.tree))
        return name

    def commit_on(self, name: str, parents: list[int | str]) -> None:
        branch = self.branches.setdefault(name, _Branch(0, {}, {}))
        before = dict(branch.tree)
        if self.rng.random() >= self.shares.empty:
            for _ in range(self.rng.choice((1, 1, 2, 3))):
                self._change(branch.tree)
        self._tell(name, parents, before)

    def _merge(self, names: list[str]) -> None:
        main = self.branches["main"]
        before = dict(main.tree)
        parents = [main.commit, *(self.branches[name].commit for name in names)]
        for name in names:
            topic = self.branches[name]
            for path in topic.fork.keys() - topic.tree.keys():
                main.tree.pop(path, None)
            for path, entry in sorted(topic.tree.items()):
                if topic.fork.get(path) != entry:
                    _put(main.tree, path, entry)
        if self.rng.random() < 0.15:
            self._change(main.tree)
        if self.rng.random() < self.shares.foxtrot:
            parents = [parents[1], parents[0], *parents[2:]]
            before = dict(self.branches[names[0]].tree)
        self._tell("main", parents, before)
        for name in names:
            if self.rng.random() < 0.7:
                del self.branches[name]
            else:
                self.branches[name].fork = dict(main.tree)
                self.branches[name].tree = dict(main.tree)
                self.branches[name].commit = main.commit

    def _tell(self, name: str, parents: list[int | str], before: Tree) -> None:
        branch = self.branches[name]
        changes: dict[bytes, Entry | None] = {path: None for path in before if path not in branch.tree}
        changes.update({path: entry for path, entry in branch.tree.items() if before.get(path) != entry})
        self.dropped.update({path: before[path] for path, entry in changes.items() if entry is None})
        self.time += self.rng.choice((0, 1, 30, 600, HOUR, 6 * HOUR))
        skewed = self.rng.random() < self.shares.skew
        by = self.rng.choice((-3 * YEAR, -HOUR, -7, 5, HOUR, 40 * HOUR)) if skewed else 0
        branch.commit = self.stream.commit(changes, branch=name, parents=parents, time=self.time + by)

    def _change(self, tree: Tree) -> None:
        rng, shares = self.rng, self.shares
        kind = rng.random()
        if tree and kind < shares.rename:
            self._rename(tree)
        elif tree and kind < shares.rename + shares.delete:
            del tree[rng.choice(sorted(tree))]
        elif kind < shares.rename + shares.delete + shares.odd:
            self._odd(tree)
        elif tree and rng.random() < 0.6:
            path = rng.choice(sorted(tree))
            entry = tree[path]
            tree[path] = (
                Entry(self._edited(entry.content), entry.mode) if entry.mode in (FILE, EXECUTABLE) else self._text()
            )
        elif self.dropped and rng.random() < 0.3:
            path = rng.choice(sorted(self.dropped))
            _put(tree, path, rng.choice((self.dropped[path], self._text())))
        else:
            _put(tree, self._path(), self._text())

    def _rename(self, tree: Tree) -> None:
        """Move a file, or a whole folder, now and then with an edit."""
        old = self.rng.choice(sorted(tree))
        folder, _, _ = old.rpartition(b"/")
        whole = [path for path in tree if folder and path.startswith(folder + b"/")]
        if whole and self.rng.random() < 0.3:
            target = b"%s-%d" % (folder, self.rng.randrange(100))
            moved = {target + path.removeprefix(folder): tree.pop(path) for path in sorted(whole)}
            for path, entry in moved.items():
                _put(tree, path, entry)
            return
        entry = tree.pop(old)
        edit = entry.mode in (FILE, EXECUTABLE) and self.rng.random() < 0.5
        _put(tree, self._path(), Entry(self._edited(entry.content), entry.mode) if edit else entry)

    def _odd(self, tree: Tree) -> None:
        entry = self.rng.choice(
            (
                Entry(self.rng.choice(_NAMES), LINK),
                Entry(b"%0*x" % (self.digits, self.rng.getrandbits(160)), SUBMODULE),
                Entry(b""),
                Entry(bytes(self.rng.getrandbits(8) for _ in range(40))),
                Entry(self._text().content, EXECUTABLE),
            )
        )
        chosen = self.rng.choice(sorted(tree)) if tree and self.rng.random() < 0.5 else self._path()
        here = tree.get(chosen)
        if here is not None and here.mode in (FILE, EXECUTABLE) and self.rng.random() < 0.5:
            entry = Entry(here.content, EXECUTABLE if here.mode == FILE else FILE)
        _put(tree, chosen, entry)

    def _path(self) -> bytes:
        name = self.rng.choice(_NAMES) if self.rng.random() < 0.5 else b"file-%d.txt" % self.rng.randrange(40)
        return self.rng.choice(_FOLDERS) + name

    def _text(self) -> Entry:
        return Entry("".join(f"{self.rng.choice(_WORDS)} {self.rng.randrange(10**6)}\n" for _ in range(12)).encode())

    def _edited(self, content: bytes) -> bytes:
        told = content.splitlines(keepends=True)
        place = self.rng.randrange(len(told) + 1)
        return b"".join([*told[:place], b"edit %d\n" % self.rng.randrange(10**6), *told[place:][: 20 - place]])


def history(path: Path, commits: int, seed: int, shares: Shares | None = None, *, object_format: str = "sha1") -> Path:
    """Make a repository at ``path`` with so many commits on `main` and topic branches; the same seed gives the same shas."""
    new_repository(path, object_format=object_format)
    return _extend(path, commits, seed, shares, {}, START)


def grow(path: Path, commits: int, seed: int, shares: Shares | None = None) -> Path:
    """Add so many commits to the branches of a repository that :func:`history` made."""
    heads = (
        git(path, "for-each-ref", "--format=%(refname:lstrip=2) %(objectname)", "refs/heads").decode().split("\n")[:-1]
    )
    tips = dict(line.rsplit(" ", 1) for line in heads)
    trees = {name: _tree(path, sha) for name, sha in tips.items()}
    forks = {
        name: _tree(path, git(path, "merge-base", sha, tips["main"]).decode().strip()) for name, sha in tips.items()
    }
    # A topic that main has swallowed whole (or that force cut off from main's tip) stays behind, as on a forge.
    open_tips = [name for name in tips if name == "main" or forks[name] != trees[name]]
    branches = {name: _Branch(tips[name], trees[name], forks[name]) for name in open_tips}
    newest = git(path, "log", "-1", "--format=%ct", "main").decode().strip()
    return _extend(path, commits, seed, shares, branches, int(newest))


def force_move(
    path: Path, *, branch: str = "main", to: str | None = None, back: int = 3, commits: int = 2, seed: int = 0
) -> tuple[str, str]:
    """Move a branch by force and return its old and new sha.

    ``to`` names the new tip; without it the new tip is ``commits`` new commits on top of the one ``back`` commits before the tip.
    """
    ref = f"refs/heads/{branch}"
    old = sha_of(path, ref)
    if to is None:
        chain = git(path, "rev-list", "--first-parent", old).decode().split()
        base = chain[min(back, len(chain) - 1)]
        time = int(git(path, "log", "-1", "--format=%ct", base))
        writer = _Writer(path, seed, Shares(), {"side": _Branch(base, _tree(path, base), {})}, time)
        for _ in range(commits):
            writer.commit_on("side", [writer.branches["side"].commit])
        to = writer.stream.write(path)[-1]
        git(path, "update-ref", "-d", "refs/heads/side")
    git(path, "update-ref", ref, to)
    return old, to


def _extend(
    path: Path, commits: int, seed: int, shares: Shares | None, branches: dict[str, _Branch], time: int
) -> Path:
    writer = _Writer(path, seed, shares or Shares(), branches, time)
    for _ in range(commits):
        writer.step()
    writer.stream.write(path, packed=True)
    return path


def _put(tree: Tree, path: bytes, entry: Entry) -> None:
    """Put an entry, and take out what git could not hold beside it: a file where a folder is needed, or the other way round."""
    for other in [*tree]:
        if path.startswith(other + b"/") or other.startswith(path + b"/"):
            del tree[other]
    tree[path] = entry


def _tree(path: Path, commit: str) -> Tree:
    """Read the whole tree of a commit, with contents."""
    told = [
        re.split(rb"[ \t]", line, maxsplit=3) for line in git(path, "ls-tree", "-r", "-z", commit).split(b"\0")[:-1]
    ]
    blobs = [sha for _, kind, sha, _ in told if kind == b"blob"]
    contents = _contents(git(path, "cat-file", "--batch", given=b"\n".join([*blobs, b""]))) if blobs else []
    following = iter(contents)
    return {name: Entry(next(following) if kind == b"blob" else sha, mode.decode()) for mode, kind, sha, name in told}


def _contents(answer: bytes) -> list[bytes]:
    found, place = [], 0
    while place < len(answer):
        end = answer.index(b"\n", place)
        size = int(answer[place:end].split()[2])
        found.append(answer[end + 1 : end + 1 + size])
        place = end + size + 2
    return found
