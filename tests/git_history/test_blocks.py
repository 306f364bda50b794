"""What git prints is read the same however it falls into blocks, and whatever names, texts and sizes are in it."""

from __future__ import annotations

import io
from pathlib import Path

import pyarrow as pa
import pytest

from egregora_assets.git_history import changes, commit_blocks
from egregora_assets.git_history.ancestry import Ancestry
from egregora_assets.git_history.commits import as_table, parsed
from egregora_assets.git_history.plumbing import GitError
from tests.git_history.git_streams import Stream, git, lines, new_repository, raw_commit

_COLONS = [b":", b":a", b":100644 100644 " + b"1" * 40 + b" " + b"2" * 40 + b" R", b"::::"]


def _renaming(path: Path) -> list[str]:
    """Make a repository whose paths look like what git says of them, and move them about; return the commits."""
    new_repository(path)
    stream = Stream()
    stream.commit({name: lines(f"word{number}") for number, name in enumerate(_COLONS)})
    moved = dict(zip(_COLONS, [b":b", b"plain", b":R", b"x/:"], strict=True))
    stream.commit(dict.fromkeys(moved) | {new: lines(f"word{n}") for n, new in enumerate(moved.values())})
    back = dict.fromkeys(moved.values())
    stream.commit(back | {old: lines(f"word{n}") + "more\n" for n, old in enumerate(moved)})
    stream.commit({b"quite new": lines("new"), b":a": None})
    stream.commit({b":::": lines("else")})
    return stream.write(path)[1:]


@pytest.mark.parametrize("size", [1, 7, 50, 90, 200, 1 << 20])
def test_changes_do_not_depend_on_the_blocks_they_come_in(
    size: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shas = _renaming(tmp_path / "repository")
    given = "".join(f"{sha}\n" for sha in shas).encode()
    monkeypatch.setattr(changes, "_BLOCK_BYTES", size)
    told = {}
    for arguments in (changes.WITH_RENAMES, changes.WITHOUT_RENAMES):
        reader = changes.Changes(40)
        printed = git(tmp_path / "repository", *arguments, given=given)
        tables = [table.cast(_PLAIN) for table in reader.tables(io.BytesIO(printed))]
        told[arguments] = sorted(map(repr, pa.concat_tables(tables).to_pylist()))
        assert reader.headers == len(shas)
        if arguments is changes.WITH_RENAMES:
            renames = pa.concat_tables(reader.renames).to_pylist()
    assert told[changes.WITH_RENAMES] == told[changes.WITHOUT_RENAMES], "a renamed path is taken away and added"
    moves = {(shas.index(one["sha"]), one["old_path"], one["new_path"], one["similarity"] == 100) for one in renames}
    texts = [name.decode() for name in _COLONS]
    there = set(zip([1] * 4, texts, [":b", "plain", ":R", "x/:"], [True] * 4, strict=True))
    back = set(zip([2] * 4, [":b", "plain", ":R", "x/:"], texts, [False] * 4, strict=True))
    assert moves == there | back


_PLAIN = pa.schema(
    [
        (field.name, field.type.value_type if pa.types.is_dictionary(field.type) else field.type)
        for field in changes.CHANGE_SCHEMA
    ]
)


@pytest.mark.parametrize("size", [1, 60, 500, 1 << 20])
@pytest.mark.parametrize("kind", ["usual", "odd"])
def test_commits_do_not_depend_on_the_blocks_they_come_in(
    kind: str, size: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = new_repository(tmp_path / "repository")
    tree = git(path, "mktree").decode().strip()
    shas = [raw_commit(path, tree, message=b"\n\nFirst\nlong " + b"word " * 5_000)]
    shas.append(raw_commit(path, tree, shas, message=b"", headers=b"gpgsig a\n b\n"))
    shas.append(raw_commit(path, tree, shas, message="Öl\r\nund Salz".encode()))
    if kind == "odd":
        shas.append(raw_commit(path, tree, shas[-1:], message=b"no \xff text\n"))
        shas.append(raw_commit(path, tree, shas[-1:], message=b"caf\xe9\n", headers=b"encoding latin-1\n"))
        shas.append(raw_commit(path, tree, shas[-1:], author=b"nobody", message=b"zero \0 byte\n"))
        shas.append(raw_commit(path, tree, shas[-1:], author=b"\xff <x> 1 +0000", committer=b"B < b > -5 +0000"))
        shas.append(raw_commit(path, tree, shas[-1:], message=f"{shas[0]} commit 9\ntree {tree}\n".encode()))
    monkeypatch.setattr(commit_blocks, "_BLOCK_BYTES", size)
    printed = git(path, "cat-file", "--batch", given="".join(f"{sha}\n" for sha in shas).encode())
    found = pa.concat_tables(commit_blocks.Blocks(40).tables(io.BytesIO(printed)))
    alone = as_table([parsed(sha, git(path, "cat-file", "commit", sha)) for sha in shas])
    key = "sha"
    assert found.sort_by(key).to_pylist() == alone.sort_by(key).to_pylist()


@pytest.mark.parametrize("printed", [b"1" * 40 + b" missing\n", b"1" * 40 + b" blob 2\nhi\n"])
def test_what_is_no_commit_is_told(printed: bytes) -> None:
    with pytest.raises(GitError, match=r"1{40} cannot be read"):
        list(commit_blocks.Blocks(40).tables(io.BytesIO(printed)))


@pytest.mark.parametrize("left", [10, 60, 200])
def test_an_answer_that_ends_early_is_told(left: int, tmp_path: Path) -> None:
    path = new_repository(tmp_path / "repository")
    sha = raw_commit(path, git(path, "mktree").decode().strip())
    printed = git(path, "cat-file", "--batch", given=f"{sha}\n".encode())
    with pytest.raises(GitError, match="is damaged"):
        list(commit_blocks.Blocks(40).tables(io.BytesIO(printed[:left])))


def test_commits_that_lead_back_to_themselves_end() -> None:
    ring = pa.table({"sha": ["a", "b"], "parents": [["b"], ["a"]]})
    with pytest.raises(GitError, match="back to themselves"):
        Ancestry([ring]).down("a")
    assert Ancestry([ring]).landed(pa.array(["a"]))[0].num_rows == 2


def test_the_way_down_ends_at_what_is_cut_off_or_outside() -> None:
    some = pa.table({"sha": ["d", "c", "b"], "parents": [["c", "x"], ["b"], ["a"]]})
    way = Ancestry([some]).down("d")
    assert (way.shas.to_pylist(), way.next) == (["d", "c", "b"], "a")
    way = Ancestry([some.slice(0, 1), some.slice(1)], cut_off={"c"}).down("d")
    assert (way.shas.to_pylist(), way.next) == (["d", "c"], None)
    assert Ancestry([]).down("z").next == "z"
    landed, outside = Ancestry([some]).landed(pa.array(["b", "d", "y"]))
    assert sorted(zip(landed["sha"].to_pylist(), landed["step"].to_pylist(), strict=True)) == [
        ("b", 0),
        ("c", 1),
        ("d", 1),
    ]
    assert outside == {"a", "x", "y"}
