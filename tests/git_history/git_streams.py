"""How the tests make git repositories: one hardened environment, one `git fast-import` stream per repository.

Names, addresses and times are fixed, so that the same calls give the same shas on every machine.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

START = 1_700_000_000
"""Committer time of the first commit; the following ones come an hour apart unless told otherwise."""
HOUR = 3600
YEAR = 365 * 24 * HOUR

AUTHOR = b"Ana Alves <ana@example.org>"
COMMITTER = b"Bo Berg <bo@example.org>"

FILE, EXECUTABLE, LINK, SUBMODULE = "100644", "100755", "120000", "160000"

_OF_THE_REPOSITORY = {
    "init.defaultBranch": "main",
    "protocol.file.allow": "always",
    "gc.auto": "0",
    "maintenance.auto": "false",
    "fastimport.unpackLimit": "100",
    "advice.detachedHead": "false",
    "core.hooksPath": "/dev/null",
    "core.fsmonitor": "false",
    "safe.directory": "*",
}


def environment() -> dict[str, str]:
    """Return an environment in which git sees no setting of the person or machine that runs the tests."""
    settings = {
        f"GIT_CONFIG_{part}_{number}": text
        for number, pair in enumerate(_OF_THE_REPOSITORY.items())
        for part, text in zip(("KEY", "VALUE"), pair, strict=True)
    }
    return {
        "PATH": os.environ["PATH"],
        "HOME": "/nonexistent",
        "LC_ALL": "C",
        "TZ": "UTC",
        "GIT_CONFIG_GLOBAL": "/dev/null",
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_CONFIG_COUNT": str(len(_OF_THE_REPOSITORY)),
        "GIT_AUTHOR_NAME": "Ana Alves",
        "GIT_AUTHOR_EMAIL": "ana@example.org",
        "GIT_AUTHOR_DATE": f"{START} +0000",
        "GIT_COMMITTER_NAME": "Bo Berg",
        "GIT_COMMITTER_EMAIL": "bo@example.org",
        "GIT_COMMITTER_DATE": f"{START} +0000",
        **settings,
    }


def git(path: Path, *arguments: str, given: bytes = b"") -> bytes:
    """Run git in ``path`` and return what it prints; fail with its complaint when it fails."""
    done = subprocess.run(["git", *arguments], cwd=path, input=given, capture_output=True, env=environment())
    if done.returncode:
        raise RuntimeError(f"git {' '.join(arguments)} in {path}: {done.stderr.decode(errors='replace')}")
    return done.stdout


def sha_of(path: Path, name: str) -> str:
    return git(path, "rev-parse", "--verify", "-q", name).decode().strip()


def new_repository(path: Path, *, bare: bool = False, object_format: str = "sha1", branch: str = "main") -> Path:
    """Make an empty repository (parents of ``path`` included) without templates, and return its path."""
    path.mkdir(parents=True)
    options = ["--bare"] if bare else []
    git(path, "init", "-q", "--template=", f"--object-format={object_format}", "-b", branch, *options)
    return path


def git_folder(path: Path) -> Path:
    """Return the folder that holds objects and refs, shared by all worktrees."""
    return (path / os.fsdecode(git(path, "rev-parse", "--git-common-dir").rstrip(b"\n"))).resolve()


@dataclass(frozen=True)
class Entry:
    """What a commit puts at a path: the bytes of a file or link, or the sha that a submodule points at."""

    content: bytes
    mode: str = FILE


Content = str | bytes | Entry | None
"""What a commit puts at a path; text and bytes are a plain file, ``None`` deletes."""


def link(target: str) -> Entry:
    return Entry(target.encode(), LINK)


def submodule(sha: str) -> Entry:
    return Entry(sha.encode(), SUBMODULE)


def executable(content: str) -> Entry:
    return Entry(content.encode(), EXECUTABLE)


def lines(word: str, count: int = 12) -> str:
    """Return text that is similar to nothing else, long enough for a rename to be seen after an edit."""
    return "".join(f"{word} {number} {word[::-1]}\n" for number in range(count))


def quoted(path: str | bytes) -> bytes:
    """Write a path as `git fast-import` reads every path: quoted, with the few escapes that it needs."""
    raw = path.encode() if isinstance(path, str) else path
    return b'"' + raw.replace(b"\\", b"\\\\").replace(b'"', b'\\"').replace(b"\n", b"\\n") + b'"'


@dataclass
class Stream:
    """Commits for one `git fast-import`; each is named by a number, in the order in which they were told."""

    parts: list[bytes] = field(default_factory=list)
    tips: dict[str, int] = field(default_factory=dict)
    count: int = 0

    def commit(
        self,
        changes: Mapping[str, Content] | Mapping[bytes, Content] | None = None,
        *,
        branch: str = "main",
        parents: Sequence[int | str] | None = None,
        time: int | None = None,
        message: str | bytes | None = None,
        author: bytes = AUTHOR,
        encoding: str | None = None,
    ) -> int:
        """Add a commit to ``branch`` and return its number.

        ``parents`` are numbers of this stream or shas; without them the commit follows the last one of its branch.
        ``changes`` are applied to the tree of the first parent, deletions first.
        """
        self.count += 1
        when = START + HOUR * (self.count - 1) if time is None else time
        said = f"Change {self.count}\n" if message is None else message
        ref = branch if branch.startswith("refs/") else f"refs/heads/{branch}"
        if parents is None:
            parents = [self.tips[ref]] if ref in self.tips else []
        self.tips[ref] = self.count
        stamp = b" %d +0000\n" % when
        self.parts += [
            b"" if parents else b"reset %s\n" % ref.encode(),
            b"commit %s\nmark :%d\n" % (ref.encode(), self.count),
            b"author " + author + stamp + b"committer " + COMMITTER + stamp,
            b"" if encoding is None else b"encoding %s\n" % encoding.encode(),
            _data(said.encode() if isinstance(said, str) else said),
            *(b"%s %s\n" % (b"merge" if place else b"from", _name(parent)) for place, parent in enumerate(parents)),
            *_deletions_first(changes or {}),
            b"\n",
        ]
        return self.count

    def reset(self, ref: str, to: int | str) -> None:
        """Put a branch, or a ref by its full name, on a commit."""
        full = ref if ref.startswith("refs/") else f"refs/heads/{ref}"
        self.parts.append(b"reset %s\nfrom %s\n\n" % (full.encode(), _name(to)))
        if isinstance(to, int):
            self.tips[full] = to

    def tag(self, name: str, commit: int | str, *, time: int = START) -> None:
        self.parts.append(
            b"tag %s\nfrom %s\ntagger %s %d +0000\n" % (name.encode(), _name(commit), COMMITTER, time)
            + _data(f"Tag {name}\n".encode())
        )

    def write(self, path: Path, *, packed: bool = False) -> list[str]:
        """Import the stream and return the shas by number; number 0 is no commit."""
        marks = git_folder(path) / "marks-of-the-stream"
        limit = ["-c", "fastimport.unpackLimit=1"] if packed else []
        options = ("--quiet", "--force", "--date-format=raw-permissive", f"--export-marks={marks}")
        git(path, *limit, "fast-import", *options, given=b"".join(self.parts))
        shas = [""] * (self.count + 1)
        for told in marks.read_text().splitlines():
            mark, sha = told[1:].split()
            shas[int(mark)] = sha
        marks.unlink()
        return shas


def raw_commit(
    path: Path,
    tree: str,
    parents: Sequence[str] = (),
    *,
    author: bytes = AUTHOR + b" 1700000000 +0000",
    committer: bytes = COMMITTER + b" 1700000000 +0000",
    headers: bytes = b"",
    message: bytes = b"Made by hand\n",
) -> str:
    """Write a commit object byte by byte, whatever git thinks of it, and return its sha."""
    head = b"tree %s\n" % tree.encode() + b"".join(b"parent %s\n" % parent.encode() for parent in parents)
    body = head + b"author " + author + b"\ncommitter " + committer + b"\n" + headers + b"\n" + message
    return raw_object(path, "commit", body)


def raw_object(path: Path, kind: str, content: bytes) -> str:
    return git(path, "hash-object", "-t", kind, "-w", "--stdin", "--literally", given=content).decode().strip()


def set_ref(path: Path, ref: str, sha: str) -> None:
    """Write a loose ref as it stands, also one that git would refuse."""
    file = git_folder(path) / ref
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(sha + "\n")


def remove_object(path: Path, sha: str) -> None:
    """Take a loose object out of the repository, as a damaged disk would."""
    (git_folder(path) / "objects" / sha[:2] / sha[2:]).unlink()


def _name(commit: int | str) -> bytes:
    return b":%d" % commit if isinstance(commit, int) else commit.encode()


def _data(content: bytes) -> bytes:
    return b"data %d\n%s\n" % (len(content), content)


def _deletions_first(changes: Mapping[str, Content] | Mapping[bytes, Content]) -> list[bytes]:
    told = [(quoted(path), content) for path, content in changes.items()]
    return [
        *(b"D %s\n" % path for path, content in told if content is None),
        *(_put(path, content) for path, content in told if content is not None),
    ]


def _put(path: bytes, content: str | bytes | Entry) -> bytes:
    if isinstance(content, Entry) and content.mode == SUBMODULE:
        return b"M 160000 %s %s\n" % (content.content, path)
    entry = content if isinstance(content, Entry) else Entry(content.encode() if isinstance(content, str) else content)
    return b"M %s inline %s\n" % (entry.mode.encode(), path) + _data(entry.content)
