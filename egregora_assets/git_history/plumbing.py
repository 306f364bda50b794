"""The machine's git, run so that a repository can do nothing but be read: its objects are reached through a shadow of ours.

No configuration, hook, replacement, graft or network of the user's takes part, and nothing is written into the repository.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO

_SHOWN_OF_ERROR = 300


_FEW_SECONDS = 30
"""What reads names and refs takes a moment; one that waits for a pipe or a lost disk would wait for ever."""
_MANY_SECONDS = 3_600
_ID = re.compile(rb"(?:[0-9a-f]{40}|[0-9a-f]{64})")


class GitError(RuntimeError):
    """A repository cannot be read; the message says which, and why."""


@contextmanager
def reading(name: str) -> Iterator[None]:
    """Let what goes wrong in the block be a ``GitError`` that names the repository: its files may be of any kind."""
    try:
        yield
    except (GitError, OSError, ValueError) as error:
        told = str(error).encode("utf-8", "backslashreplace").decode()
        prefix = f"repository {name}: "
        raise GitError(told if told.startswith(prefix) else f"{prefix}cannot be read: {told}") from error


@dataclass(frozen=True)
class Repository:
    """A repository that is read: ``folder`` is the user's, ``shadow`` a bare one of ours that borrows its objects.

    ``boundaries`` are commits whose parents are cut off (a shallow clone). ``objects`` is where the user's objects are.
    """

    name: str
    folder: Path
    shadow: Path
    object_format: str
    boundaries: frozenset[str]
    objects: Path

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
    with reading(name):
        if not folder.is_dir():
            raise GitError(f"repository {name}: {folder} is no folder")
        try:
            told = _in(folder, "rev-parse", "--path-format=absolute", "--show-object-format", "--git-common-dir")
        except GitError as error:
            raise GitError(f"repository {name}: {folder} cannot be read: {error}") from error
        object_format, _, common = told.decode("utf-8", "surrogateescape").partition("\n")
        objects = Path(common[:-1]) / "objects"
        boundaries = _shallow(objects.parent)
        _alternates(objects)
        _make_shadow(shadow, objects, object_format, boundaries)
        return Repository(name, folder, shadow, object_format, boundaries, objects)


def refs_of(repository: Repository) -> list[Ref]:
    """Return all refs but replacements, in the order of their names; ``HEAD`` first, where it names a commit.

    Names that are no UTF-8 are shown with escapes; no name has a backslash of its own. Raises ``GitError``.
    """
    listed = _in(repository.folder, "for-each-ref", "--format=%(objectname) %(refname)")
    found = [Ref(name, sha) for sha, _, name in (line.partition(" ") for line in lines_of(listed))]
    head = _in(repository.folder, "rev-parse", "--verify", "--quiet", "HEAD", tolerant=True).decode().strip()
    heads = [Ref("HEAD", head)] if head else []
    return heads + [ref for ref in found if not ref.name.startswith("refs/replace/")]


def head_branch(repository: Repository) -> str:
    """Return the name of the branch that HEAD is on, or ``HEAD`` where it is on none."""
    told = _in(repository.folder, "symbolic-ref", "--quiet", "HEAD", tolerant=True)
    return told.decode("utf-8", "backslashreplace").rstrip("\n").removeprefix("refs/heads/") or "HEAD"


def origin_of(repository: Repository) -> str:
    """Return the address of the remote ``origin`` as it is configured, empty where there is none."""
    told = _in(repository.folder, "config", "--local", "--get", "remote.origin.url", tolerant=True)
    return told.decode("utf-8", "replace").strip()


def lines_of(printed: bytes) -> list[str]:
    """Return the lines of what git printed: only line feeds end one, as names may hold what else Unicode takes for an end."""
    return [line.decode("utf-8", "backslashreplace") for line in printed.split(b"\n")[:-1]]


def commits_behind(repository: Repository, shas: Sequence[str]) -> dict[str, str | None]:
    """Return the commit that each object is or, as a tag, leads to, ``None`` for files and folders; none that is missing."""
    if not shas:
        return {}
    command = ("cat-file", "--batch-check=%(objectname) %(objecttype)", "--buffer")
    told = output_of(repository, *command, lines=(f"{sha}^{{}}" for sha in shas))
    answered = (line.split(" ") for line in lines_of(told))
    given = dict(zip(shas, answered, strict=True))
    return {sha: one if kind == "commit" else None for sha, (one, kind) in given.items() if kind != "missing"}


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
            with suppress(BrokenPipeError):  # whoever asked a git that has ended has been told so already
                process.stdin.close()
        if process.stdout is not None:
            process.stdout.close()
        if process.poll() is None:
            process.kill()
        process.wait()


def _command(repository: Repository, arguments: Iterable[str]) -> list[str]:
    return [_git(), *_WITHOUT_FILES, "--git-dir", str(repository.shadow), *arguments]


_WITHOUT_FILES = ("-c", f"core.attributesFile={os.devnull}", "-c", "advice.graftFileDeprecated=false")


def _in(folder: Path, *arguments: str, tolerant: bool = False) -> bytes:
    """Run a git command in the user's folder: only such as read names and refs. ``tolerant``: a failure gives nothing."""
    command = [_git(), "-c", "safe.directory=*", "-c", "core.fsmonitor=false", "-C", str(folder), *arguments]
    return _checked(command, b"", tolerant, seconds=_FEW_SECONDS)


def _checked(
    command: list[str],
    given: bytes,
    tolerant: bool = False,
    printed: IO[bytes] | int = subprocess.PIPE,
    seconds: int = _MANY_SECONDS,
) -> bytes:
    try:
        done = subprocess.run(
            command,
            input=given,
            stdout=printed,
            stderr=subprocess.PIPE,
            env=_environment(),
            check=False,
            timeout=seconds,
        )
    except subprocess.TimeoutExpired as error:
        raise GitError(f"git gave no answer within {seconds} seconds: is a file of its settings a pipe?") from error
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
        "GIT_ATTR_NOSYSTEM": "1",
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
    if not file.exists():
        return frozenset()
    if not file.is_file():
        raise GitError(f"{file} is no file")
    return frozenset(line.decode() for line in file.read_bytes().split(b"\n") if _ID.fullmatch(line))


def _make_shadow(shadow: Path, objects: Path, object_format: str, boundaries: frozenset[str]) -> None:
    alternates = shadow / "objects" / "info" / "alternates"
    wanted = _quoted(objects)
    is_made = alternates.exists() and alternates.read_bytes() == wanted
    if not is_made or _format_of(shadow) != object_format:
        shutil.rmtree(shadow, ignore_errors=True)
        shadow.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        command = [_git(), "init", "--quiet", "--bare", "--template=", f"--object-format={object_format}", str(shadow)]
        _checked(command, b"")
        alternates.parent.mkdir(exist_ok=True)
        cut_off(shadow, boundaries)
        alternates.write_bytes(wanted)


def _format_of(shadow: Path) -> str:
    config = shadow / "config"
    return "sha256" if config.exists() and "sha256" in config.read_text("utf-8") else "sha1"


def cut_off(shadow: Path, boundaries: Iterable[str]) -> None:
    """Let git take ``boundaries`` for commits without parents, as it does where a clone is shallow."""
    lines = "".join(f"{sha}\n" for sha in sorted(boundaries))
    cut = shadow / "shallow"
    if not lines:
        cut.unlink(missing_ok=True)
    elif not cut.exists() or cut.read_text("ascii") != lines:
        beside = shadow / f"shallow.{os.getpid()}"
        beside.write_text(lines, "ascii")
        beside.replace(cut)


def check_absent(repository: Repository, shas: Iterable[str]) -> None:
    """Raise ``GitError`` where objects that git does not find are damaged, or in a folder that is away for now."""
    for sha in sorted(shas):
        if (repository.objects / sha[:2] / sha[2:]).exists():
            raise GitError(f"object {sha} is damaged: fetch or copy it anew")
    for folder in _alternates(repository.objects):
        if not folder.is_dir():
            raise GitError(f"objects are missing, and {folder}, which may have them, is not there")


def _alternates(objects: Path) -> list[Path]:
    """Return the other folders in which the user's repository has objects. Raises ``GitError``."""
    listed = objects / "info" / "alternates"
    if not listed.exists():
        return []
    if not listed.is_file():
        raise GitError(f"{listed} is no file")
    lines = listed.read_bytes().split(b"\n")
    return [objects / os.fsdecode(line) for line in lines if line and line[:1] not in b'#"']


def _quoted(objects: Path) -> bytes:
    """Return a line of ``objects/info/alternates``, quoted as C strings are: a folder may have any name."""
    name = os.fsencode(objects)
    escaped = b"".join(
        b"\\%03o" % byte if byte < 32 or byte > 126 or byte in b'"\\' else bytes([byte]) for byte in name
    )
    return b'"' + escaped + b'"\n'
