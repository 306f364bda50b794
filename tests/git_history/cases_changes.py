"""Cases of what commits do to files: merges, renames, modes, kinds of entry, and paths that are hard to print."""

from __future__ import annotations

from pathlib import Path

from tests.git_history.git_streams import (
    HOUR,
    START,
    Content,
    Stream,
    executable,
    lines,
    link,
    new_repository,
    submodule,
)
from tests.git_history.registry import Case, case

ODD_PATHS = (
    b"new\nline.txt",
    b"tab\there.txt",
    b'"quoted".txt',
    b"back\\slash.txt",
    b":colon.txt",
    b":100644 100644 1111111 2222222 M",
    b"trailing space ",
    b" leading space",
    b"latin-\xe9.txt",
    b"\xff\xfe\x01.txt",
    "naïve-✓.txt".encode(),
    "nai\u0308ve-✓.txt".encode(),
    b"-option",
    b"percent%2f&<b>'",
    b"carriage\rreturn.txt",
    b"dir with space/new\nline/\xe9/file",
    b"*[glob]?",
)

LONG_PATH = b"/".join(b"%03d-" % number + b"long-" * 40 for number in range(24)) + b"/file.txt"


@case
def odd_paths(folder: Path) -> Case:
    stream = Stream()
    stream.commit({path: b"content of " + path for path in ODD_PATHS})
    stream.commit({path: b"again " + path for path in ODD_PATHS})
    stream.commit({b"tab\there.txt": None, b"moved\tto\nhere.txt": b"again tab\there.txt"})
    kept = tuple(path for path in ODD_PATHS if path != b"tab\there.txt")
    return _written(folder, stream, 3, 2 * len(ODD_PATHS) + 2, paths=(*kept, b"moved\tto\nhere.txt"))


@case
def long_path(folder: Path) -> Case:
    """A path of nearly five thousand bytes."""
    stream = Stream()
    stream.commit({LONG_PATH: b"one\n"})
    stream.commit({LONG_PATH: b"two\n"})
    return _written(folder, stream, 2, 2, paths=(LONG_PATH,))


@case
def linear(folder: Path) -> Case:
    """Added, changed, deleted, added again."""
    stream = Stream()
    stream.commit({"a.txt": "one\n", "folder/b.txt": "one\n"})
    stream.commit({"a.txt": "two\n"})
    stream.commit({"a.txt": None})
    stream.commit({"a.txt": "three\n"})
    return _written(folder, stream, 4, 5)


@case
def merge(folder: Path) -> Case:
    stream = Stream()
    root = stream.commit({"a.txt": "one\n"})
    topic = stream.commit({"topic.txt": "one\n"}, branch="topic", parents=[root])
    main = stream.commit({"a.txt": "two\n"}, parents=[root])
    stream.commit({"topic.txt": "one\n"}, parents=[main, topic])
    return _written(folder, stream, 4, 3)


@case
def octopus(folder: Path) -> Case:
    stream = Stream()
    root = stream.commit({"a.txt": "one\n"})
    topics = [stream.commit({f"{n}.txt": f"{n}\n"}, branch=f"topic-{n}", parents=[root]) for n in range(3)]
    stream.commit({f"{n}.txt": f"{n}\n" for n in range(3)}, parents=[root, *topics])
    return _written(folder, stream, 5, 4)


@case
def evil_merge(folder: Path) -> Case:
    """The merge adds a file, and a text, that no parent has."""
    stream = Stream()
    root = stream.commit({"a.txt": "one\n"})
    topic = stream.commit({"topic.txt": "one\n"}, branch="topic", parents=[root])
    main = stream.commit({"a.txt": "two\n"}, parents=[root])
    stream.commit({"topic.txt": "one\n", "a.txt": "of the merge\n", "evil.txt": "new\n"}, parents=[main, topic])
    return _written(folder, stream, 4, 3)


@case
def criss_cross(folder: Path) -> Case:
    stream = Stream()
    root = stream.commit({"a.txt": "one\n"})
    left = stream.commit({"left.txt": "one\n"}, branch="left", parents=[root])
    right = stream.commit({"right.txt": "one\n"}, branch="right", parents=[root])
    both = stream.commit({"right.txt": "one\n"}, branch="left", parents=[left, right])
    other = stream.commit({"left.txt": "one\n"}, branch="right", parents=[right, left])
    stream.commit(parents=[both, other])
    return _written(folder, stream, 6, 3)


@case
def foxtrot_merge(folder: Path) -> Case:
    """The former main is the second parent: the first-parent chain is the topic's."""
    stream = Stream()
    root = stream.commit({"a.txt": "one\n"})
    topic = stream.commit({"topic.txt": "one\n"}, branch="topic", parents=[root])
    main = stream.commit({"a.txt": "two\n"}, parents=[root])
    stream.commit({"a.txt": "two\n"}, parents=[topic, main])
    return _written(folder, stream, 4, 3)


@case
def two_roots(folder: Path) -> Case:
    """Two unrelated histories, merged."""
    stream = Stream()
    main = stream.commit({"a.txt": "one\n"})
    other = stream.commit({"b.txt": "one\n"}, branch="other", parents=())
    stream.commit({"b.txt": "one\n"}, parents=[main, other])
    return _written(folder, stream, 3, 2)


@case
def type_change(folder: Path) -> Case:
    """A file becomes a link and a file again."""
    return _steps(folder, [{"a.txt": "b.txt"}, {"a.txt": link("b.txt")}, {"a.txt": "b.txt"}], 3)


@case
def submodules(folder: Path) -> Case:
    """A submodule is added, moved to another commit, moved to another path, turned into a file, and deleted."""
    one, two = "1" * 40, "2" * 40
    steps: list[dict[str, Content]] = [
        {"a.txt": "one\n", "vendor/library": submodule(one)},
        {"vendor/library": submodule(two)},
        {"vendor/library": None, "third-party/library": submodule(two)},
        {"third-party/library": "now a file\n"},
        {"third-party/library": None},
    ]
    return _steps(folder, steps, 7)


@case
def swap(folder: Path) -> Case:
    """Two files take each other's content."""
    one, two = lines("one"), lines("two")
    return _steps(folder, [{"a.txt": one, "b.txt": two}, {"a.txt": two, "b.txt": one}], 4)


@case
def mode_only(folder: Path) -> Case:
    return _steps(folder, [{"run.sh": "echo\n"}, {"run.sh": executable("echo\n")}, {"run.sh": "echo\n"}], 3)


@case
def file_to_directory(folder: Path) -> Case:
    """A file becomes a folder of the same name and a file again."""
    inside: dict[str, Content] = {"place": None, "place/one.txt": "1\n", "place/two.txt": "2\n"}
    back: dict[str, Content] = {"place/one.txt": None, "place/two.txt": None, "place": "file again\n"}
    return _steps(folder, [{"place": "file\n"}, inside, back], 7)


@case
def case_rename(folder: Path) -> Case:
    """Only the case of a name changes; later two names differ by case alone."""
    steps: list[dict[str, Content]] = [
        {"readme.md": lines("read")},
        {"readme.md": None, "README.md": lines("read")},
        {"Readme.md": "another\n"},
    ]
    return _steps(folder, steps, 4)


@case
def rename_exact(folder: Path) -> Case:
    return _steps(folder, [{"old.txt": lines("same")}, {"old.txt": None, "new/name.txt": lines("same")}], 3)


@case
def rename_edited(folder: Path) -> Case:
    """A rename with one line added."""
    return _steps(folder, [{"old.txt": lines("same")}, {"old.txt": None, "new.txt": lines("same") + "more\n"}], 3)


@case
def rename_too_different(folder: Path) -> Case:
    """A deletion and an addition that share too little to be a rename."""
    return _steps(folder, [{"old.txt": lines("one")}, {"old.txt": None, "new.txt": lines("zebra")}], 3)


@case
def rename_of_directory(folder: Path) -> Case:
    names = [f"{name}.txt" for name in ("one", "two", "three", "four")]
    before: dict[str, Content] = {f"old/{name}": lines(name) for name in names}
    after: dict[str, Content] = {f"new/place/{name}": lines(name) for name in names}
    return _steps(folder, [before, {**dict.fromkeys(before), **after}], 12)


@case
def rename_chain(folder: Path) -> Case:
    """One file takes ten names: more than a reader follows."""
    steps: list[dict[str, Content]] = [{"name-00.txt": lines("chain")}]
    steps += [{f"name-{n:02}.txt": None, f"name-{n + 1:02}.txt": lines("chain")} for n in range(10)]
    return _steps(folder, steps, 21)


@case
def rename_and_back(folder: Path) -> Case:
    there: dict[str, Content] = {"a.txt": None, "b.txt": lines("same")}
    back: dict[str, Content] = {"b.txt": None, "a.txt": lines("same")}
    return _steps(folder, [{"a.txt": lines("same")}, there, back], 5)


@case
def rename_and_delete(folder: Path) -> Case:
    """Renamed, then deleted for good: there is nothing to link to."""
    return _steps(folder, [{"a.txt": lines("same")}, {"a.txt": None, "b.txt": lines("same")}, {"b.txt": None}], 4)


@case
def rename_and_recreate(folder: Path) -> Case:
    """Renamed, then another file takes the old name."""
    moved: dict[str, Content] = {"a.txt": None, "b.txt": lines("same")}
    return _steps(folder, [{"a.txt": lines("same")}, moved, {"a.txt": "another\n"}], 4)


@case
def rename_of_empty_files(folder: Path) -> Case:
    """Empty files are all alike: which one became which cannot be told."""
    before: dict[str, Content] = {"a/__init__.py": "", "b/__init__.py": ""}
    after: dict[str, Content] = {"a/__init__.py": None, "b/__init__.py": None, "c/__init__.py": "", "d/start.py": ""}
    return _steps(folder, [before, after], 6)


@case
def copy(folder: Path) -> Case:
    """A copy is an addition: the old path stays."""
    return _steps(folder, [{"a.txt": lines("same")}, {"copy.txt": lines("same")}], 2)


@case
def rename_in_merge(folder: Path) -> Case:
    """A topic branch renames a file; the mainline sees it when the merge lands."""
    stream = Stream()
    root = stream.commit({"old.txt": lines("same"), "a.txt": "one\n"})
    topic = stream.commit({"old.txt": None, "new.txt": lines("same")}, branch="topic", parents=[root])
    main = stream.commit({"a.txt": "two\n"}, parents=[root])
    stream.commit({"old.txt": None, "new.txt": lines("same")}, parents=[main, topic])
    return _written(folder, stream, 4, 5)


@case
def rename_worn_away_in_merge(folder: Path) -> Case:
    """A topic renames a file, then rewrites it: only the commit of the topic tells where the file went."""
    stream = Stream()
    root = stream.commit({"old.txt": lines("same"), "a.txt": "one\n"})
    stream.commit({"old.txt": None, "new.txt": lines("same")}, branch="topic", parents=[root])
    topic = stream.commit({"new.txt": lines("zebra")}, branch="topic")
    main = stream.commit({"a.txt": "two\n"}, parents=[root])
    stream.commit({"old.txt": None, "new.txt": lines("zebra")}, parents=[main, topic])
    return _written(folder, stream, 5, 6)


@case
def rename_twice_in_merge(folder: Path) -> Case:
    """A topic renames a file two times and rewrites it: the name in the middle never was on the mainline."""
    stream = Stream()
    root = stream.commit({"old.txt": lines("same"), "a.txt": "one\n"})
    stream.commit({"old.txt": None, "middle.txt": lines("same")}, branch="topic", parents=[root])
    stream.commit({"middle.txt": None, "new.txt": lines("same")}, branch="topic")
    topic = stream.commit({"new.txt": lines("zebra")}, branch="topic")
    main = stream.commit({"a.txt": "two\n"}, parents=[root])
    stream.commit({"old.txt": None, "new.txt": lines("zebra")}, parents=[main, topic])
    return _written(folder, stream, 6, 8)


@case
def rename_landed_twice(folder: Path) -> Case:
    """A topic was merged before main deleted the file for another reason: its rename explains no later deletion."""
    stream = Stream()
    root = stream.commit({"old.txt": lines("same"), "a.txt": "one\n"})
    topic = stream.commit({"old.txt": None, "new.txt": lines("same")}, branch="topic", parents=[root])
    merged = stream.commit({"new.txt": lines("same")}, parents=[root, topic])
    stream.commit({"old.txt": None}, parents=[merged], time=START + 9 * HOUR)
    return _written(folder, stream, 4, 5)


def _steps(folder: Path, steps: list[dict[str, Content]], changes: int) -> Case:
    """Return the case of one commit per step on main, an hour apart."""
    stream = Stream()
    for step in steps:
        stream.commit(step)
    return _written(folder, stream, len(steps), changes)


def _written(folder: Path, stream: Stream, commits: int, changes: int, paths: tuple[bytes, ...] = ()) -> Case:
    path = new_repository(folder / "repository")
    shas = stream.write(path)
    return Case(path, commits, changes, shas={"first": shas[1], "last": shas[-1]}, paths=paths)
