"""The machine's git, run so that a repository can do nothing but be read: its objects are reached through a shadow of ours.

No configuration, hook, replacement, graft or network of the user's takes part, and nothing is written into the repository.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

_SHOWN_OF_ERROR = 300


class GitError(RuntimeError):
    """A repository cannot be read; the message says which, and why."""


@dataclass(frozen=True)
class Repository:
    """A repository that is read: ``folder`` is the user's, ``shadow`` a bare one of ours that borrows its objects.

    ``boundaries`` are commits whose parents are cut off (a shallow clone).
    """

    name: str
    folder: Path
    shadow: Path
    object_format: str
    boundaries: frozenset[str]

    @property
    def width(self) -> int:
        """The number of letters of an id."""
        return 64 if self.object_format == "sha256" else 40


@dataclass(frozen=True)
class Ref:
    """One ref: its full name, and the id of the object it names (a commit, or a tag)."""

    name: str
    sha: str


def open_repository(name: str, folder: Path, shadow: Path) -> Repository:
    """Return the repository in ``folder``, made readable through ``shadow``. Raises ``GitError``."""
    if not folder.is_dir():
        raise GitError(f"repository {name}: {folder} is no folder")
    try:
        told = _in(folder, "rev-parse", "--path-format=absolute", "--show-object-format", "--git-common-dir")
    except GitError as error:
        raise GitError(f"repository {name}: {folder} cannot be read: {error}") from error
    object_format, _, common = told.decode("utf-8", "surrogateescape").partition("\n")
    common_folder = Path(common[:-1])
    boundaries = _shallow(common_folder)
    _make_shadow(shadow, common_folder / "objects", object_format, boundaries)
    return Repository(name, folder, shadow, object_format, boundaries)


def refs_of(repository: Repository) -> list[Ref]:
    """Return all refs but replacements, in the order of their names; ``HEAD`` first, where it names a commit."""
    listed = _in(repository.folder, "for-each-ref", "--format=%(objectname) %(refname)", tolerant=True)
    lines = listed.decode("utf-8", "surrogateescape").splitlines()
    found = [Ref(name, sha) for sha, _, name in (line.partition(" ") for line in lines)]
    head = _in(repository.folder, "rev-parse", "--verify", "--quiet", "HEAD", tolerant=True).decode().strip()
    heads = [Ref("HEAD", head)] if head else []
    return heads + [ref for ref in found if not ref.name.startswith("refs/replace/")]


def head_branch(repository: Repository) -> str:
    """Return the name of the branch that HEAD is on, or ``HEAD`` where it is on none."""
    told = _in(repository.folder, "symbolic-ref", "--quiet", "HEAD", tolerant=True)
    return told.decode("utf-8", "surrogateescape").rstrip("\n").removeprefix("refs/heads/") or "HEAD"


def origin_of(repository: Repository) -> str:
    """Return the address of the remote ``origin`` as it is configured, empty where there is none."""
    told = _in(repository.folder, "config", "--local", "--get", "remote.origin.url", tolerant=True)
    return told.decode("utf-8", "replace").strip()


def output_of(repository: Repository, *arguments: str, lines: Iterable[str] = ()) -> bytes:
    """Return what a git command on the shadow prints, given ``lines`` as its input. Raises ``GitError`` when it fails."""
    given = "".join(f"{line}\n" for line in lines).encode()
    return _checked(_command(repository, arguments), given)


def output_into(file: Path, repository: Repository, *arguments: str, lines: Iterable[str]) -> None:
    """Let a git command on the shadow write what it prints into a file. Raises ``GitError`` when it fails."""
    given = "".join(f"{line}\n" for line in lines).encode()
    with file.open("wb") as printed:
        _checked(_command(repository, arguments), given, printed=printed)


@contextmanager
def streaming(repository: Repository, arguments: Iterable[str], given: Path) -> Iterator[subprocess.Popen[bytes]]:
    """Run a git command on the shadow with the file ``given`` as its input; it is ended with the block."""
    with given.open("rb") as source, _started(_command(repository, arguments), source) as process:
        yield process


@contextmanager
def conversing(repository: Repository, *arguments: str) -> Iterator[tuple[IO[bytes], IO[bytes]]]:
    """Run a git command on the shadow to write questions to, and read answers from, for the length of the block."""
    with _started(_command(repository, arguments), subprocess.PIPE) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        yield process.stdin, process.stdout


@contextmanager
def _started(command: list[str], source: IO[bytes] | int) -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen(
        command, stdin=source, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=_environment(), bufsize=1 << 20
    )
    try:
        yield process
    finally:
        if process.stdin is not None:
            process.stdin.close()
        if process.stdout is not None:
            process.stdout.close()
        if process.poll() is None:
            process.kill()
        process.wait()


def _command(repository: Repository, arguments: Iterable[str]) -> list[str]:
    return [_git(), "--git-dir", str(repository.shadow), *arguments]


def _in(folder: Path, *arguments: str, tolerant: bool = False) -> bytes:
    """Run a git command in the user's folder: only such as read names and refs. ``tolerant``: a failure gives nothing."""
    command = [_git(), "-c", "safe.directory=*", "-c", "core.fsmonitor=false", "-C", str(folder), *arguments]
    return _checked(command, b"", tolerant)


def _checked(
    command: list[str], given: bytes, tolerant: bool = False, printed: IO[bytes] | int = subprocess.PIPE
) -> bytes:
    done = subprocess.run(command, input=given, stdout=printed, stderr=subprocess.PIPE, env=_environment(), check=False)
    if done.returncode and not tolerant:
        told = done.stderr.decode("utf-8", "replace").strip()[:_SHOWN_OF_ERROR]
        raise GitError(f"git says: {told}")
    return done.stdout or b""


def _git() -> str:
    found = shutil.which("git")
    if found is None:
        raise GitError("there is no git on this machine: install it")
    return found


def _environment() -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    return kept | {
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_NO_LAZY_FETCH": "1",
        "GIT_ALLOW_PROTOCOL": "none",
        "GIT_NO_REPLACE_OBJECTS": "1",
        "GIT_GRAFT_FILE": os.devnull,
        "GIT_OPTIONAL_LOCKS": "0",
        "GIT_FLUSH": "0",
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_PAGER": "cat",
        "LC_ALL": "C",
    }


def _shallow(common: Path) -> frozenset[str]:
    file = common / "shallow"
    return frozenset(file.read_text("ascii").split()) if file.exists() else frozenset()


def _make_shadow(shadow: Path, objects: Path, object_format: str, boundaries: frozenset[str]) -> None:
    alternates = shadow / "objects" / "info" / "alternates"
    wanted = _quoted(objects)
    if not alternates.exists() or alternates.read_bytes() != wanted:
        shutil.rmtree(shadow, ignore_errors=True)
        shadow.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        command = [_git(), "init", "--quiet", "--bare", "--template=", f"--object-format={object_format}", str(shadow)]
        _checked(command, b"")
        alternates.parent.mkdir(exist_ok=True)
        alternates.write_bytes(wanted)
    cut_off(shadow, boundaries)


def cut_off(shadow: Path, boundaries: Iterable[str]) -> None:
    """Let git take ``boundaries`` for commits without parents, as it does where a clone is shallow."""
    lines = "".join(f"{sha}\n" for sha in sorted(boundaries))
    cut = shadow / "shallow"
    if lines:
        cut.write_text(lines, "ascii")
    else:
        cut.unlink(missing_ok=True)


def _quoted(objects: Path) -> bytes:
    """Return a line of ``objects/info/alternates``, quoted as C strings are: a folder may have any name."""
    name = os.fsencode(objects)
    escaped = b"".join(
        b"\\%03o" % byte if byte < 32 or byte > 126 or byte in b'"\\' else bytes([byte]) for byte in name
    )
    return b'"' + escaped + b'"\n'
