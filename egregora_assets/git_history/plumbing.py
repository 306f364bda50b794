"""The machine's git, run so that a repository can do nothing but be read: its objects are reached through a shadow of ours.

No configuration, hook, replacement, graft or network of the user's takes part, and nothing is written into the repository.
"""

from __future__ import annotations

import io
import os
import re
import select
import shutil
import stat
import subprocess
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

_SHOWN_OF_ERROR = 300

_SILENT_SECONDS = 30
"""How long a git may neither print nor work: one that waits for a pipe or a lost disk would wait for ever."""
_MANY_SECONDS = 900
"""How long it may be silent where the system does not tell whether it works."""
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
    ``is_within`` says that ``folder`` is none by itself: the repository that it is a folder of is read, the whole of it.
    """

    name: str
    folder: Path
    shadow: Path
    object_format: str
    boundaries: frozenset[str]
    objects: Path
    is_within: bool = False

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
            object_format, within, common = _place_of(folder)
        except GitError as error:
            raise GitError(f"repository {name}: {folder} cannot be read: {error}") from error
        objects = common / "objects"
        boundaries = _shallow(objects.parent)
        _refuse_pipes((objects, *_alternates(objects)))
        _make_shadow(shadow, objects, object_format, boundaries)
        return Repository(name, folder, shadow, object_format, boundaries, objects, within)


def _place_of(folder: Path) -> tuple[str, bool, Path]:
    """Return (object format, whether the folder is within a repository and not one itself, where the repository is)."""
    asked = ("rev-parse", "--path-format=absolute", "--show-object-format")
    told = _in(folder, *asked, "--show-prefix", "--git-common-dir").printed
    object_format, _, rest = told.decode("utf-8", "surrogateescape").partition("\n")
    within = not rest.startswith("\n")
    if within:  # names of folders may hold line breaks, so that nothing tells where the first of two ends
        rest = _in(folder, *asked[:2], "--git-common-dir").printed.decode("utf-8", "surrogateescape")
    return object_format, within, Path(rest[:-1] if within else rest[1:-1])


class Refs(NamedTuple):
    """What the refs of a repository say. ``damaged`` are the names of those that are there and lead to nothing readable.

    ``head`` is the full name of the ref that HEAD is on: empty where it is on none, ``None`` where that cannot be told.
    """

    refs: list[Ref]
    damaged: frozenset[str]
    head: str | None


def refs_of(repository: Repository) -> Refs:
    """Return all refs but replacements, in the order of their names; ``HEAD`` first, where it names a commit.

    Names that are no UTF-8 are shown with escapes; no name has a backslash of its own. Raises ``GitError``.
    """
    listed = _in(repository.folder, "for-each-ref", "--format=%(objectname) %(refname)")
    found = [Ref(name, sha) for sha, _, name in (line.partition(" ") for line in lines_of(listed.printed))]
    try:
        on: str | None = _head(repository)
    except GitError:  # ``head_branch`` raises it where HEAD is followed
        on = None
    head = next((ref.sha for ref in found if ref.name == on), None) or _commit_of_head(repository)
    heads = [Ref("HEAD", head)] if head else []
    told = (line.removeprefix(_DAMAGED) for line in lines_of(listed.told) if line.startswith(_DAMAGED))
    return Refs(heads + [ref for ref in found if not ref.name.startswith("refs/replace/")], frozenset(told), on)


def _commit_of_head(repository: Repository) -> str:
    return _in(repository.folder, "rev-parse", "--verify", "--quiet", "HEAD", failing=(1,)).printed.decode().strip()


def _head(repository: Repository) -> str:
    """Return the full name of the ref that HEAD is on, empty where it is on none."""
    told = _in(repository.folder, "symbolic-ref", "--quiet", "HEAD", failing=(1,)).printed
    return told.decode("utf-8", "backslashreplace").rstrip("\n")


_DAMAGED = "warning: ignoring broken ref "


def is_damaged(repository: Repository, name: str) -> bool:
    """Return whether a ref that is not listed is there as a file and cannot be followed: refs may lead to each other for ever."""
    if not name.startswith("refs/") or not (repository.objects.parent / name).is_file():
        return False
    try:
        _in(repository.folder, "symbolic-ref", "--quiet", name, failing=(1,))
    except GitError:
        return True
    return False


def head_branch(repository: Repository, found: Refs) -> str:
    """Return the name of the branch that HEAD is on, or ``HEAD`` where it is on none.

    Raises ``GitError`` where that cannot be told: the ref that it leads to may be damaged.
    """
    try:
        on = _head(repository) if found.head is None else found.head
    except GitError as error:
        raise GitError(f"the branch that HEAD is on cannot be told, its ref may be damaged: {error}") from error
    return on.removeprefix("refs/heads/") or "HEAD"


def origin_of(repository: Repository) -> str:
    """Return the address of the remote ``origin`` as it is configured, empty where there is none."""
    told = _in(repository.folder, "config", "--local", "--get", "remote.origin.url", failing=_ANY_FAILURE)
    return told.printed.decode("utf-8", "replace").strip()


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
    return _done(_command(repository, arguments), lines).printed


def output_into(file: Path, repository: Repository, *arguments: str, lines: Iterable[str]) -> None:
    """Let a git command on the shadow write what it prints into a file. Raises ``GitError`` when it fails."""
    with file.open("wb") as printed:
        _done(_command(repository, arguments), lines, into=printed)


@dataclass(frozen=True)
class Running:
    """A git at work: what it prints, and its input where it is asked. Reading raises ``GitError`` when it is silent for long."""

    process: subprocess.Popen[bytes]
    printed: IO[bytes]

    @property
    def questions(self) -> IO[bytes]:
        assert self.process.stdin is not None
        return self.process.stdin

    def failed(self) -> bool:
        """Wait for the end and return whether it is an error. Raises ``GitError`` where there is no end."""
        try:
            return self.process.wait(_SILENT_SECONDS) != 0
        except subprocess.TimeoutExpired as error:
            raise _silent(_SILENT_SECONDS) from error


@contextmanager
def streaming(repository: Repository, arguments: Iterable[str], given: Path) -> Iterator[Running]:
    """Run a git command on the shadow with the file ``given`` as its input; it is ended with the block."""
    with given.open("rb") as source, _started(_command(repository, arguments), source) as running:
        yield running


@contextmanager
def conversing(repository: Repository, *arguments: str) -> Iterator[Running]:
    """Run a git command on the shadow to write questions to, and read answers from, for the length of the block."""
    with _started(_command(repository, arguments), subprocess.PIPE) as running:
        yield running


@contextmanager
def _started(
    command: list[str], source: IO[bytes] | int, told: IO[bytes] | int = subprocess.DEVNULL
) -> Iterator[Running]:
    process = subprocess.Popen(
        command, stdin=source, stdout=subprocess.PIPE, stderr=told, env=_environment(), bufsize=0
    )
    assert process.stdout is not None
    try:
        yield Running(process, io.BufferedReader(_Printed(process, process.stdout.fileno()), 1 << 20))
    finally:
        if process.stdin is not None:
            with suppress(BrokenPipeError):  # whoever asked a git that has ended has been told so already
                process.stdin.close()
        process.stdout.close()
        if process.poll() is None:
            process.kill()
        process.wait()


class _Printed(io.RawIOBase):
    """What a process prints, as long as it prints or works."""

    def __init__(self, process: subprocess.Popen[bytes], descriptor: int) -> None:
        self._process, self._descriptor, self._worked = process, descriptor, 0.0
        self._poll = select.poll()
        self._poll.register(descriptor, select.POLLIN)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: WriteableBuffer, /) -> int:
        while not self._poll.poll(_SILENT_SECONDS * 1_000):
            self._ask_whether_it_works()
        return os.readv(self._descriptor, [buffer])

    def _ask_whether_it_works(self) -> None:
        """Raise ``GitError`` where the process has done nothing since it was asked last."""
        worked = _cpu_seconds(self._process.pid)
        if worked is None:
            if not self._poll.poll((_MANY_SECONDS - _SILENT_SECONDS) * 1_000):
                raise _silent(_MANY_SECONDS)
        elif worked > self._worked:
            self._worked = worked
        else:
            raise _silent(_SILENT_SECONDS)


def _cpu_seconds(process: int) -> float | None:
    """Return how long a process has been working, ``None`` where the system does not tell."""
    try:
        fields = Path(f"/proc/{process}/stat").read_text("utf-8", "replace").rpartition(")")[2].split()
    except OSError:
        return None
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _silent(seconds: int) -> GitError:
    return GitError(
        f"git gave no answer within {seconds} seconds and did nothing: is one of the repository's files a pipe, or a disk away?"
    )


def _command(repository: Repository, arguments: Iterable[str]) -> list[str]:
    return [_git(), *_WITHOUT_FILES, "--git-dir", str(repository.shadow), *arguments]


_WITHOUT_FILES = ("-c", f"core.attributesFile={os.devnull}", "-c", "advice.graftFileDeprecated=false")


_ANY_FAILURE = tuple(range(1, 256))


class _Done(NamedTuple):
    """What a git that has ended printed, and what it told of."""

    printed: bytes
    told: bytes


def _in(folder: Path, *arguments: str, failing: tuple[int, ...] = ()) -> _Done:
    """Run a git command in the user's folder: only such as read names and refs. ``failing``: exit codes that are no errors."""
    return _done(
        [_git(), "-c", "safe.directory=*", "-c", "core.fsmonitor=false", "-C", str(folder), *arguments], (), failing
    )


def _done(
    command: list[str], lines: Iterable[str], failing: tuple[int, ...] = (), into: IO[bytes] | None = None
) -> _Done:
    """Run git to its end with ``lines`` as its input; what it prints goes ``into`` a file, or is returned."""
    given = "".join(f"{line}\n" for line in lines).encode()
    with (
        tempfile.TemporaryFile() as complaints,
        tempfile.TemporaryFile() if given else nullcontext() as source,
    ):
        if source is not None:
            source.write(given)
            source.seek(0)
        with _started(command, subprocess.DEVNULL if source is None else source, complaints) as running:
            printed = running.printed.read() if into is None else b""
            if into is not None:
                shutil.copyfileobj(running.printed, into, 1 << 20)
            has_failed = running.failed()
        complaints.seek(0)
        told = complaints.read()
    if has_failed and running.process.returncode not in failing:
        raise GitError(f"git says: {told.decode('utf-8', 'replace').strip()[:_SHOWN_OF_ERROR]}")
    return _Done(printed, told)


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
        _done(command, ())
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


def object_folders(repository: Repository) -> list[Path]:
    """Return the folders in which the user's repository has objects. Raises ``GitError``."""
    return [repository.objects, *_alternates(repository.objects)]


def _refuse_pipes(folders: Iterable[Path]) -> None:
    """Raise ``GitError`` where git would open a pipe or a device: it would wait for somebody to write into it."""
    for folder in (objects / name for objects in folders for name in ("pack", "info", "info/commit-graphs")):
        with suppress(FileNotFoundError, NotADirectoryError), os.scandir(folder) as entries:
            for entry in entries:
                if not entry.is_file() and not entry.is_dir() and not _is_usual(Path(entry)):
                    raise GitError(f"{entry.path} is no file")


def _is_usual(path: Path) -> bool:
    try:
        mode = path.stat().st_mode
    except FileNotFoundError:  # a link to nothing is nothing to git either
        return True
    return stat.S_ISREG(mode) or stat.S_ISDIR(mode)


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
