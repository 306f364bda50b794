"""Git: reading a repository against git's own reading of it, what 100 new commits cost, and look-ups against git's answers.

`EGREGORA_BENCH_REPOSITORY` names a clone that is measured besides the generated repository.
"""

from __future__ import annotations

import os
import random
import resource
import statistics
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from multiprocessing import get_context
from pathlib import Path

import duckdb
import pyarrow as pa

from benchmarks.generate import authors, body
from benchmarks.generate_repository import generate, grow
from benchmarks.harness import RUNS, Figure, figure, scratch
from egregora_assets.config import Settings, WarehouseSettings
from egregora_assets.git_history import plumbing, sync, timeline
from egregora_assets.git_history.comparing import compare
from egregora_assets.git_history.mentions import detecting, mentions
from egregora_assets.git_history.reading import store_new
from egregora_assets.git_history.repositories import Source
from egregora_assets.git_history.resolver import resolved
from egregora_assets.warehouse.files import open_warehouse
from egregora_assets.warehouse.query import rows, scalar, view_of
from egregora_assets.warehouse.revisions import transaction

COMMITS = 20_000
FEWER_COMMITS = 2_000
NEW = 100
INCREMENTS = 7
QUESTIONS = 10_000
ASKED_OF_GIT = 20
MESSAGES = 100_000
_NAME = "bench"
_GIT = ("git", "-c", "safe.directory=*", "-C")
_ALL = ("log", "--all", "--raw", "-z", "--no-renames", "--root")
_FIELDS = ("log", "--all", "--format=%H%x00%T%x00%P%x00%an%x00%ae%x00%at%x00%cn%x00%ce%x00%ct%x00%B")
_CHANGES = ("diff-tree", "--stdin", "-r", "-z", "--raw", "--root", "--no-renames", "--no-abbrev")


def figures() -> Iterator[Figure]:
    with scratch() as folder:
        large = generate(folder / "large", COMMITS)
        small = generate(folder / "small", FEWER_COMMITS)
        yield from _reading(large, "generated")
        yield from _increments(large, small)
        clone = os.environ.get("EGREGORA_BENCH_REPOSITORY")
        if clone:
            yield from _reading(Path(clone), Path(clone).name)
        yield _detection()


def _reading(repository: Path, name: str) -> Iterator[Figure]:
    """Everything that leaves the repository as it is."""
    yield from _full_builds(repository, name)
    yield from _memory(repository, name)
    with _read(repository) as (connection, pass_over):
        yield _nothing_new(repository, name, pass_over)
        yield from _look_ups(repository, name, connection)


def _full_builds(repository: Path, name: str) -> Iterator[Figure]:
    """A build and git's own reading take turns: what else the machine does concerns both."""
    size = int(_told(repository, "rev-list", "--all", "--count"))
    floors, stages, builds = list[float](), list[float](), list[float]()
    for _ in range(RUNS + 1):
        floors.append(_cpu(lambda: _let_git(repository, *_ALL)) + _cpu(lambda: _let_git(repository, *_FIELDS)))
        stages.append(_in_new_home(lambda connection, shadows: _read_commits(connection, repository, shadows)))
        builds.append(_in_new_home(lambda connection, shadows: _refresh(connection, repository, shadows)))
    floor, stage, build = (statistics.median(costs[1:]) for costs in (floors, stages, builds))
    yield figure(
        f"commits and their changes, {name}",
        stage,
        size,
        floor=floor,
        at_most=1.8 * floor + 0.5,
        bound="≤ 1.8 × floor + 0.5 s",
    )
    yield figure(
        f"full build, with timeline and renames, {name}",
        build,
        size,
        floor=floor,
        at_most=2.5 * floor,
        bound="≤ 2.5 × floor",
    )


def _read_commits(connection: duckdb.DuckDBPyConnection, folder: Path, shadows: Path) -> None:
    """The first two stages of a full build: commits, and what each of one parent changed."""
    repository = plumbing.open_repository(_NAME, folder, shadows / f"{_NAME}.git")
    refs = {ref.sha for ref in plumbing.refs_of(repository).refs}
    tips = plumbing.output_of(repository, "rev-list", "--no-walk", "--stdin", lines=refs).decode().split()
    with transaction(connection, sync.CONSUMER) as change:
        store_new(change, repository, tips, shadows)
        with timeline.other_steps(change, repository, []):
            compare(change, repository, shadows)


def _refresh(connection: duckdb.DuckDBPyConnection, repository: Path, shadows: Path) -> sync.GitChanges:
    return sync.refresh(connection, Source(_NAME, repository), shadows, limits=WarehouseSettings())


def _in_new_home(work: Callable[[duckdb.DuckDBPyConnection, Path], object]) -> float:
    with scratch() as folder, _opened(folder) as connection:
        return _cpu(lambda: work(connection, folder))


@contextmanager
def _opened(folder: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    with open_warehouse(Settings(home=folder / "home", timezone="UTC")) as connection:
        yield connection


@contextmanager
def _read(repository: Path) -> Iterator[tuple[duckdb.DuckDBPyConnection, Callable[[], sync.GitChanges]]]:
    """Give a warehouse that holds ``repository``, and what brings it up to date."""
    with scratch() as folder, _opened(folder) as connection:
        _refresh(connection, repository, folder)
        connection.execute("CHECKPOINT")
        yield connection, lambda: _refresh(connection, repository, folder)


def _memory(repository: Path, name: str) -> Iterator[Figure]:
    """Peak memory of a process that reads the repository, and of one that only opens a warehouse; the floor is git's."""
    with ProcessPoolExecutor(1, get_context("spawn"), max_tasks_per_child=1) as processes:
        opened = processes.submit(_peak_of_opening).result()
        peak = processes.submit(_peak_of_build, repository).result()
    code = (
        "import resource, subprocess, sys; subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL, check=True); "
        "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)"
    )
    measured = [sys.executable, "-S", "-c", code, *_GIT, str(repository), *_ALL]
    floor = int(subprocess.run(measured, capture_output=True, check=True, env=_environment()).stdout) / 1024
    size = int(_told(repository, "rev-list", "--all", "--count"))
    bound = "≤ 1.3 × git's own"
    yield figure(
        f"peak memory of a full build, {name}", peak, size, unit="MB", floor=floor, at_most=1.3 * floor, bound=bound
    )
    yield figure(
        f"of which beyond a process that only opens a warehouse, {name}",
        peak - opened,
        size,
        unit="MB",
        floor=floor,
        at_most=1.3 * floor,
        bound=bound,
    )


def _peak_of_opening() -> float:
    _in_new_home(lambda _connection, _shadows: None)
    return _peak_megabytes()


def _peak_of_build(repository: Path) -> float:
    _in_new_home(lambda connection, shadows: _refresh(connection, repository, shadows))
    return _peak_megabytes()


def _peak_megabytes() -> float:
    """The peak of this program. What ``getrusage`` tells begins with that of the process which started it, so Linux is asked."""
    try:
        status = Path("/proc/self/status").read_text("ascii")
    except OSError:
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return int(status.partition("VmHWM:")[2].split()[0]) / 1024


def _nothing_new(repository: Path, name: str, pass_over: Callable[[], object]) -> Figure:
    refs = len(_told(repository, "for-each-ref", "--format=x").split())
    value = _median(pass_over)
    floor = _median(lambda: _let_git(repository, "for-each-ref"))
    return figure(
        f"nothing new, {name}",
        value,
        refs,
        floor=floor,
        at_most=1.5 * floor + 0.1,
        bound="≤ 1.5 × floor + 0.1 s",
    )


def _increments(large: Path, small: Path) -> Iterator[Figure]:
    """Read 100 new commits, by turns on a long and on a short history."""
    with _read(large) as (_, follow_large), _read(small) as (_, follow_small):
        costs, floors, fewer = list[float](), list[float](), list[float]()
        for number in range(INCREMENTS + 1):
            new = _grown(large, number)
            costs.append(_cpu(follow_large))
            floors.append(_cpu(partial(_read_by_git, large, new)))
            _grown(small, number)
            fewer.append(_cpu(follow_small))
    refs = len(_told(large, "for-each-ref", "--format=x").split())
    value, floor, less = (statistics.median(each[1:]) for each in (costs, floors, fewer))
    yield figure(
        f"{NEW} new commits, {refs} refs",
        value,
        COMMITS,
        floor=floor,
        at_most=0.1 + 3e-6 * refs + 4 * floor,
        bound="≤ 0.1 s + 3 µs × refs + 4 × floor",
        runs=INCREMENTS,
    )
    yield figure(
        f"{NEW} new commits, floor: on {FEWER_COMMITS:,}",
        value,
        COMMITS,
        floor=less,
        at_most=1.3 * less,
        bound="≤ 1.3 × floor",
        runs=INCREMENTS,
    )


def _grown(repository: Path, seed: int) -> str:
    """Let a repository grow by 100 commits, and return their ids, a line each."""
    before = _told(repository, "for-each-ref", "--format=^%(objectname)")
    grow(repository, NEW, seed + 1)
    return _told(repository, "rev-list", "--all", "--stdin", given=before)


def _read_by_git(repository: Path, commits: str) -> None:
    _let_git(repository, "cat-file", "--batch", "--buffer", given=commits)
    _let_git(repository, *_CHANGES, given=commits)


@dataclass(frozen=True)
class _Question:
    path: str
    time: int
    tip: str | None


def _look_ups(repository: Path, name: str, connection: duckdb.DuckDBPyConnection) -> Iterator[Figure]:
    """Ask for any path at any time since the branch began; git is asked for the same paths of the tips by then."""
    branch, questions = _questions(repository, connection)
    asked = _as_table(branch, questions)

    def answer() -> list[tuple[str, str | None, str | None]]:
        with view_of(connection, "bench_asked", asked), resolved(connection, "SELECT * FROM bench_asked", exact=True):
            return rows(connection, "SELECT state, tip, blob FROM resolved_paths ORDER BY id")

    microseconds = _median(answer, runs=2 * RUNS + 1) / len(questions) * 1e6
    yield figure(f"one look-up of {QUESTIONS:,}, {name}", microseconds, QUESTIONS, unit="CPU-µs", at_most=10)
    yield figure(
        f"look-ups that git answers otherwise, {name}",
        _mismatches(repository, questions, answer()),
        QUESTIONS,
        unit="look-ups",
        at_most=0,
        runs=1,
    )
    sample = random.Random(3).sample(questions, ASKED_OF_GIT)
    by_git = _cpu(lambda: _ask_one_by_one(repository, branch, sample))
    yield figure(
        f"look-ups in the time of one `git rev-list --before`, {name}",
        by_git / len(sample) * 1e6 / microseconds,
        QUESTIONS,
        unit="×",
        at_least=1000,
    )


def _ask_one_by_one(repository: Path, branch: str, questions: Sequence[_Question]) -> None:
    for one in questions:
        _let_git(repository, "rev-list", "-1", "--first-parent", f"--before={one.time}", branch, "--", one.path)


def _questions(repository: Path, connection: duckdb.DuckDBPyConnection) -> tuple[str, list[_Question]]:
    """Return the branch and seeded questions, each with the tip of the branch then as git's own log tells it."""
    branch = str(scalar(connection, "SELECT any_value(branch) FROM git_timeline"))
    log = _told(repository, "log", "--first-parent", "--reverse", "--format=%ct %H", branch, "--")
    steps, latest = list[tuple[int, str]](), 0
    for line in log.splitlines():
        told, _, sha = line.partition(" ")
        latest = max(latest, int(told))
        steps.append((latest, sha))
    found = rows(connection, "SELECT DISTINCT path FROM git_path_versions ORDER BY path")
    chance = random.Random(7)
    paths = chance.choices([path for (path,) in found if "\n" not in path], k=QUESTIONS)
    times = sorted(chance.randrange(steps[0][0] - 1000, latest + 1000) for _ in paths)
    questions, place = list[_Question](), 0
    for path, time in zip(paths, times, strict=True):
        while place < len(steps) and steps[place][0] <= time:
            place += 1
        questions.append(_Question(path, time, steps[place - 1][1] if place else None))
    return branch, questions


def _as_table(branch: str, questions: Sequence[_Question]) -> pa.Table:
    count = len(questions)
    return pa.table(
        {
            "id": pa.array(range(count), pa.int64()),
            "repo": pa.array([_NAME] * count),
            "branch": pa.array([branch] * count),
            "path": pa.array([one.path for one in questions]),
            "time": pa.array([one.time * 1_000_000 for one in questions], pa.timestamp("us", tz="UTC")),
        }
    )


def _mismatches(
    repository: Path, questions: Sequence[_Question], answers: Sequence[tuple[str, str | None, str | None]]
) -> int:
    """Count the answers that differ from what one ``git cat-file`` says is at each path of the tip."""
    asked = "".join(f"{one.tip or '0' * 40}:{one.path}\n" for one in questions)
    told = _told(repository, "cat-file", "--batch-check=%(objecttype) %(objectname)", given=asked).splitlines()
    wrong = 0
    for question, line, (state, tip, blob) in zip(questions, told, answers, strict=True):
        kind, _, sha = line.partition(" ")
        there = kind == "blob"
        wrong += tip != question.tip or (state == "present") != there or (there and blob != sha)
    return wrong


def _detection() -> Figure:
    """Look for mentions of code in generated talk."""
    chance = random.Random(7)
    people = authors(40, chance)
    texts = pa.table(
        {
            "number": pa.array(range(MESSAGES), pa.int64()),
            "text": pa.array([body(chance, people) for _ in range(MESSAGES)]),
        }
    )
    relation = "SELECT md5_number(number::VARCHAR)::UUID AS message_id, text FROM bench_talk"
    with scratch() as folder, _opened(folder) as connection, detecting(connection):
        with view_of(connection, "bench_texts", texts):
            connection.execute("CREATE TEMP TABLE bench_talk AS FROM bench_texts")
        look = f"SELECT count(*) FROM ({mentions(relation)})"
        seconds = _median(lambda: rows(connection, look))
        floor = _median(lambda: rows(connection, f"SELECT sum(length(text)) FROM ({relation})"))
    return figure(
        "detection of mentions, one message",
        seconds / MESSAGES * 1e6,
        MESSAGES,
        unit="CPU-µs",
        floor=floor / MESSAGES * 1e6,
        at_most=2,
    )


def _median(work: Callable[[], object], runs: int = RUNS) -> float:
    work()
    return statistics.median(_cpu(work) for _ in range(runs))


def _cpu(work: Callable[[], object]) -> float:
    """Return the CPU seconds of one call, all threads and the processes that it started and waited for."""
    before = _used()
    work()
    return _used() - before


def _used() -> float:
    both = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(used.ru_utime + used.ru_stime for used in both)


def _let_git(repository: Path, *arguments: str, given: str = "") -> None:
    """Let git work; what it prints is thrown away."""
    command = [*_GIT, str(repository), *arguments]
    subprocess.run(command, input=given.encode(), stdout=subprocess.DEVNULL, check=True, env=_environment())


def _told(repository: Path, *arguments: str, given: str = "") -> str:
    command = [*_GIT, str(repository), *arguments]
    done = subprocess.run(command, input=given.encode(), stdout=subprocess.PIPE, check=True, env=_environment())
    return done.stdout.decode("utf-8", "surrogateescape")


def _environment() -> dict[str, str]:
    """The environment in which git reads no configuration of the user's and fetches nothing."""
    quiet = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1", "GIT_NO_LAZY_FETCH": "1", "LC_ALL": "C"}
    return {"PATH": os.environ["PATH"], **quiet}
