"""Seeded generator of a git repository of realistic shape, by one streamed `git fast-import`; the input of the git benchmarks.

``python -m benchmarks.generate_repository PATH --commits 20000 --seed 7`` writes a bare repository in which a quarter of the
commits are merges of short topic branches, in one pack like a clone. The same seed gives the same shas.
"""

from __future__ import annotations

import argparse
import os
import random
import shutil
import subprocess
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

START = 1_500_000_000
FILES = 2000
"""How many files the tree comes to hold; from then on about as many are deleted as are added."""
FILES_PER_COMMIT = 0.2
"""The bound on the files of a repository of few commits."""

RENAMES = 0.02
ON_MAIN = 0.28
"""Of the commits that are no merges, those made on main directly; with the topics' lengths it makes a quarter merges."""
SKEWED = 0.001
OPEN_TOPICS = 12
TAGS = 200
KEPT_TOPICS = 100

_FOLDERS = (
    "api client common config core database events handlers helpers internal jobs models network parser queue".split()
)
_WORDS = (
    "value result index buffer state message handler request response count total limit offset path name user order line token "
    "cache table column record field parse write read open close begin commit return raise yield await async import class self"
).split()
_PEOPLE = [
    f"{first} {last} <{first.lower()}.{last.lower()}@example.org>"
    for first in ("Ana", "Bo", "Caio", "Dana", "Elif", "Femi")
    for last in ("Alves", "Berg", "Costa", "Duarte", "Ek")
]

_SETTINGS = {"GIT_CONFIG_GLOBAL": "/dev/null", "GIT_CONFIG_NOSYSTEM": "1", "LC_ALL": "C", "TZ": "UTC"}

Text = list[str]
Changes = dict[str, "Text | None"]


@dataclass
class _Topic:
    """A branch that is not merged yet: where it stands and what it has changed since main's commit it began from."""

    number: int
    tip: int
    commits_left: int
    changes: Changes = field(default_factory=dict)


class _Shape:
    """The files of main and the open topics; a topic holds its files for itself, so that every merge is clean."""

    def __init__(self, seed: int, tree: dict[str, Text], target: int) -> None:
        self.rng = random.Random(seed)
        self.tree, self.target = tree, target
        self.names = sorted(tree)
        self.place = {name: number for number, name in enumerate(self.names)}
        self.held: set[str] = set()
        self.added = 0
        self.prefix = f"{self.rng.getrandbits(24):06x}"

    def new_path(self) -> str:
        self.added += 1
        depth = self.rng.choice((1, 2, 2, 3, 3, 4))
        folders = "/".join(self.rng.choice(_FOLDERS) for _ in range(depth))
        return f"{folders}/{self.rng.choice(_WORDS)}_{self.prefix}_{self.added}.py"

    def text(self) -> Text:
        return [self.line() for _ in range(self.rng.randrange(25, 75))]

    def line(self) -> str:
        return f"    {' '.join(self.rng.choices(_WORDS, k=5))} = {self.rng.randrange(10**6)}\n"

    def free(self) -> str | None:
        """Return a file that nobody holds; recently written ones come more often, as in life."""
        for _ in range(20):
            if not self.names:
                return None
            hot = self.rng.random() < 0.5
            at = int(len(self.names) * (1 - 0.15 * self.rng.random())) if hot else self.rng.randrange(len(self.names))
            name = self.names[min(at, len(self.names) - 1)]
            if name not in self.held:
                return name
        return None

    def changes(self, of: Changes) -> Changes:
        """Return what one commit does, 3.7 files on average, given what its branch has changed already."""
        rng, found = self.rng, Changes()
        if rng.random() < RENAMES:
            self._rename(found, of)
        growing = len(self.tree) < self.target
        for _ in range(min(int(rng.expovariate(1 / 3.2)) + 1, 40)):
            kind = rng.random()
            mine = [name for name, text in of.items() if text is not None and name not in found] if kind < 0.3 else []
            if mine:
                name = rng.choice(mine)
                found[name] = self._edited(of[name] or [])
            elif kind > (0.6 if growing else 0.955) or not self.names:
                found[self.new_path()] = self.text()
            else:
                self._touch(found, of, delete=not growing and kind > 0.91)
        self.held.update(found)
        return found

    def _touch(self, found: Changes, of: Changes, *, delete: bool) -> None:
        name = self.free()
        if name is not None and name not in found and name not in of:
            found[name] = None if delete else self._edited(self.tree[name])

    def _rename(self, found: Changes, of: Changes) -> None:
        """Move one file, half of the times with an edit, or a few of one folder."""
        name = self.free()
        if name is None or name in of:
            return
        text = self.tree[name]
        found[name] = None
        found[self.new_path()] = self._edited(text) if self.rng.random() < 0.5 else text

    def _edited(self, text: Text) -> Text:
        new = list(text)
        for _ in range(self.rng.choice((1, 1, 2, 4))):
            at = self.rng.randrange(len(new) + 1)
            new[at : at + self.rng.choice((0, 1, 1))] = [self.line()]
        return new[:110]

    def land(self, changes: Changes) -> None:
        """Let main hold what was changed, and free the files for others."""
        for name, text in changes.items():
            self.held.discard(name)
            if text is not None:
                self._keep(name, text)
            elif name in self.tree:
                self._drop(name)

    def _keep(self, name: str, text: Text) -> None:
        if name not in self.tree:
            self.place[name] = len(self.names)
            self.names.append(name)
        self.tree[name] = text

    def _drop(self, name: str) -> None:
        del self.tree[name]
        at, last = self.place.pop(name), self.names.pop()
        if last != name:
            self.names[at], self.place[last] = last, at


@dataclass
class _Story:
    """Tells commits as pieces of a fast-import stream; ``main`` is a mark, or a sha before the first commit."""

    shape: _Shape
    main: int | str
    clock: int
    mark: int = 0
    merged: int = 0

    def told(self, commits: int) -> Iterator[bytes]:
        rng, topics, finished, numbers = self.shape.rng, list[_Topic](), list[_Topic](), 0
        for _ in range(commits):
            ready = [topic for topic in topics if not topic.commits_left]
            if ready and rng.random() < 0.8:
                topic = rng.choice(ready)
                topics.remove(topic)
                yield from self._merge(topic)
                finished = [*finished[-KEPT_TOPICS + 1 :], topic]
                continue
            working = [topic for topic in topics if topic.commits_left]
            if rng.random() < ON_MAIN or not self.main:
                yield from self._on_main()
            elif working and (len(topics) >= OPEN_TOPICS or rng.random() < 0.62):
                yield from self._on_topic(rng.choice(working))
            else:
                numbers += 1
                topics.append(_Topic(numbers, 0, rng.choice((1, 1, 1, 2, 2, 3, 5))))
                yield from self._on_topic(topics[-1])
        for topic in [*finished, *topics]:
            yield b"reset refs/heads/topic/%s-%d\nfrom :%d\n\n" % (self.shape.prefix.encode(), topic.number, topic.tip)

    def _on_main(self) -> Iterator[bytes]:
        changes = self.shape.changes({})
        yield from self._commit(b"refs/heads/main", [self.main] if self.main else [], changes, "Change")
        self.main = self.mark
        self.shape.land(changes)

    def _on_topic(self, topic: _Topic) -> Iterator[bytes]:
        topic.commits_left -= 1
        changes = self.shape.changes(topic.changes)
        topic.changes.update(changes)
        yield from self._commit(b"refs/scratch/work", [topic.tip or self.main], changes, "Work on")
        topic.tip = self.mark

    def _merge(self, topic: _Topic) -> Iterator[bytes]:
        self.merged += 1
        yield from self._commit(
            b"refs/heads/main", [self.main, topic.tip], topic.changes, f"Merge topic {topic.number}:"
        )
        self.main = self.mark
        self.shape.land(topic.changes)

    def _commit(self, ref: bytes, parents: Sequence[int | str], changes: Changes, what: str) -> Iterator[bytes]:
        rng = self.shape.rng
        self.mark += 1
        self.clock += int(rng.expovariate(1 / 3000)) + 1
        moment = self.clock + (rng.choice((-1, 1)) * rng.randrange(600, 90_000) if rng.random() < SKEWED else 0)
        person = rng.choice(_PEOPLE).encode()
        words = " ".join(rng.choices(_WORDS, k=rng.randrange(3, 8)))
        message = f"{what} {words}\n\n{self._body()}Refs #{rng.randrange(1, 5000)}\n".encode()
        yield b"commit %s\nmark :%d\nauthor %s %d +0000\n" % (ref, self.mark, person, moment - rng.randrange(600))
        yield b"committer %s %d +0000\ndata %d\n%s" % (person, moment, len(message), message)
        for number, parent in enumerate(parents):
            name = b":%d" % parent if isinstance(parent, int) else parent.encode()
            yield b"%s %s\n" % (b"merge" if number else b"from", name)
        for path, text in changes.items():
            if text is None:
                yield b"D %s\n" % path.encode()
            else:
                content = "".join(text).encode()
                yield b"M 100644 inline %s\ndata %d\n%s\n" % (path.encode(), len(content), content)
        yield b"\n"

    def _body(self) -> str:
        rng = self.shape.rng
        return "".join(" ".join(rng.choices(_WORDS, k=10)) + "\n" for _ in range(rng.choice((0, 0, 1, 3))))


def generate(path: Path, commits: int = 20_000, seed: int = 7) -> Path:
    """Make a bare repository at ``path`` (which must not exist) with so many commits and some hundred refs, in one pack."""
    path.mkdir(parents=True)
    _git(path, "init", "-q", "--bare", "--template=", "-b", "main")
    target = min(FILES, max(20, int(commits * FILES_PER_COMMIT)))
    _write(path, _Story(_Shape(seed, {}, target), "", START), commits)
    chain = _git(path, "rev-list", "--first-parent", "--reverse", "main").split()
    tagged = chain[:: max(1, len(chain) // TAGS)][:TAGS]
    _update_refs(path, [f"create refs/tags/v0.{number} {sha}" for number, sha in enumerate(tagged)])
    _git(path, "repack", "-q", "-a", "-d", "-f", "--window=10", "--depth=50")
    _git(path, "pack-refs", "--all")
    _git(path, "prune")
    return path


def grow(path: Path, commits: int, seed: int) -> Path:
    """Add so many commits to main (and topics of their own) of a repository that :func:`generate` made; they stay in a new pack."""
    tip = _git(path, "rev-parse", "refs/heads/main").strip()
    newest = int(_git(path, "log", "-1", "--format=%ct", "main"))
    tree = _read_tree(path, tip)
    _write(path, _Story(_Shape(seed, tree, min(FILES, len(tree))), tip, newest), commits)
    return path


def _write(path: Path, story: _Story, commits: int) -> None:
    command = ["git", "-c", "fastimport.unpackLimit=1", "fast-import", "--quiet", "--force", "--date-format=raw"]
    with subprocess.Popen(command, cwd=path, stdin=subprocess.PIPE, env=_environment()) as importer:
        assert importer.stdin is not None
        for piece in story.told(commits):
            importer.stdin.write(piece)
        importer.stdin.close()
        if importer.wait():
            raise RuntimeError(f"git fast-import failed in {path}")
    _update_refs(path, ["delete refs/scratch/work"])


def _read_tree(path: Path, commit: str) -> dict[str, Text]:
    listed = [line.split("\t") for line in _git(path, "ls-tree", "-r", "-z", commit).split("\0")[:-1]]
    shas = "".join(head.split()[2] + "\n" for head, _ in listed)
    answer, texts, place = _git(path, "cat-file", "--batch", given=shas), list[Text](), 0
    for _ in listed:
        end = answer.index("\n", place)
        size = int(answer[place:end].split()[2])
        texts.append(answer[end + 1 : end + 1 + size].splitlines(keepends=True))
        place = end + size + 2
    return {name: text for (_, name), text in zip(listed, texts, strict=True)}


def _update_refs(path: Path, orders: Sequence[str]) -> None:
    _git(path, "update-ref", "--stdin", given="".join(f"{order}\n" for order in orders))


def _git(path: Path, *arguments: str, given: str = "") -> str:
    done = subprocess.run(
        ["git", *arguments], cwd=path, input=given, text=True, capture_output=True, env=_environment()
    )
    if done.returncode:
        raise RuntimeError(f"git {arguments[0]} failed in {path}: {done.stderr}")
    return done.stdout


def _environment() -> dict[str, str]:
    return {"PATH": os.environ["PATH"], **_SETTINGS}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("path", type=Path)
    parser.add_argument("--commits", type=int, default=20_000)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--replace", action="store_true", help="remove what is at PATH first")
    chosen = parser.parse_args()
    if chosen.replace and chosen.path.exists():
        shutil.rmtree(chosen.path)
    began = time.perf_counter()
    generate(chosen.path, chosen.commits, chosen.seed)
    size = sum(file.stat().st_size for file in chosen.path.rglob("*") if file.is_file())
    head = _git(chosen.path, "rev-parse", "main").strip()
    print(f"{chosen.commits} commits, {time.perf_counter() - began:.1f} s, {size / 1e6:.1f} MB, main at {head}")


if __name__ == "__main__":
    main()
