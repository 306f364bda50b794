"""Cases of repositories that hold a part of their history: shallow and partial clones, lost objects, replacements, grafts."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from tests.git_history.git_streams import (
    HOUR,
    START,
    Stream,
    git,
    git_folder,
    lines,
    new_repository,
    raw_commit,
    remove_object,
    sha_of,
)
from tests.git_history.registry import Case, case


@case
def shallow_clone(folder: Path) -> Case:
    """The last three of six commits; later the last five, and later all."""
    source, shas = _source(folder)
    path = _clone(source, folder, "--depth=3")
    told = Case(path, 3, 3, boundary=(shas[4],), shas={"first": shas[1], "last": shas[6]})

    def deeper() -> Case:
        git(path, "fetch", "-q", "--depth=5")
        return replace(told, commits=5, changes=6, boundary=(shas[2],), later=whole)

    def whole() -> Case:
        git(path, "fetch", "-q", "--unshallow")
        return replace(told, commits=6, changes=9, boundary=(), later=None)

    return replace(told, later=deeper)


@case
def shallow_merge(folder: Path) -> Case:
    """The cut goes through both sides of a merge: two boundaries."""
    source = new_repository(folder / "source", bare=True)
    stream = Stream()
    root = stream.commit({"a.txt": "one\n"})
    stream.commit({"topic.txt": "one\n"}, branch="topic", parents=[root])
    topic = stream.commit({"topic.txt": "two\n"}, branch="topic")
    stream.commit({"a.txt": "two\n"}, parents=[root])
    main = stream.commit({"a.txt": "three\n"})
    stream.commit({"topic.txt": "two\n"}, parents=[main, topic])
    shas = stream.write(source)
    path = _clone(source, folder, "--depth=2", "--branch=main", "--single-branch")
    return Case(
        path, 3, 0, boundary=tuple(sorted((shas[main], shas[topic]))), shas={"first": shas[1], "last": shas[-1]}
    )


@case
def shallow_file_removed(folder: Path) -> Case:
    """All objects are here, but a `shallow` file cuts the history; later somebody deletes the file."""
    path, shas = _source(folder, bare=False)
    (git_folder(path) / "shallow").write_text(f"{shas[5]}\n")
    told = Case(path, 2, 1, boundary=(shas[5],), shas={"first": shas[1], "last": shas[6]})

    def later() -> Case:
        (git_folder(path) / "shallow").unlink()
        return replace(told, commits=6, changes=9, boundary=(), later=None)

    return replace(told, later=later)


@case
def partial_clone(folder: Path) -> Case:
    """A clone without blobs; its source can be reached, so that any lazy fetch would succeed and be seen."""
    source, shas = _source(folder)
    path = _clone(source, folder, "--filter=blob:none", "--no-checkout")
    return Case(path, 6, 9, missing="blobs", shas={"first": shas[1], "last": shas[6]})


@case
def partial_clone_without_source(folder: Path) -> Case:
    """A clone without blobs whose source is gone."""
    told = partial_clone(folder)
    (folder / "source").rename(folder / "moved-away")
    return told


@case
def treeless_clone(folder: Path) -> Case:
    """A clone without trees and blobs: no change of any file is known."""
    source, shas = _source(folder)
    path = _clone(source, folder, "--filter=tree:0", "--no-checkout")
    return Case(path, 6, 0, missing="trees", shas={"first": shas[1], "last": shas[6]})


@case
def treeless_clone_with_checkout(folder: Path) -> Case:
    """A clone without trees whose last commit was checked out: the tree of that commit alone is here."""
    source, shas = _source(folder)
    path = _clone(source, folder, "--filter=tree:0")
    return Case(path, 6, 0, missing="trees", shas={"first": shas[1], "last": shas[6]})


@case
def missing_blob(folder: Path) -> Case:
    """The object of one old version of a file is lost; rows of files need it not, a rename with edits does."""
    path, shas = _source(folder, bare=False)
    remove_object(path, sha_of(path, f"{shas[5]}:folder/moved.txt"))
    return Case(path, 6, 9, missing="blobs", shas={"first": shas[1], "last": shas[6]})


@case
def missing_tree(folder: Path) -> Case:
    """The tree of a folder is lost in the fourth commit: neither it nor its child tells what it changed."""
    path, shas = _source(folder, bare=False)
    remove_object(path, sha_of(path, f"{shas[4]}:folder"))
    return Case(path, 6, 5, missing="trees", shas={"first": shas[1], "damaged": shas[4], "last": shas[6]})


@case
def missing_commit(folder: Path) -> Case:
    """The third commit is lost: its child has a parent that is not here, and no `shallow` file says so."""
    path, shas = _source(folder, bare=False)
    remove_object(path, shas[3])
    return Case(path, 3, 3, missing="commits", shas={"first": shas[1], "lost": shas[3], "last": shas[6]})


@case
def replace_refs(folder: Path) -> Case:
    """The fourth commit is replaced by one without parents: git shows three commits, the objects say six."""
    path, shas = _source(folder, bare=False)
    lonely = raw_commit(path, sha_of(path, f"{shas[4]}^{{tree}}"), message=b"Replacement\n")
    git(path, "replace", shas[4], lonely)
    return Case(path, 6, 9, shas={"first": shas[1], "replaced": shas[4], "replacement": lonely, "last": shas[6]})


@case
def grafts(folder: Path) -> Case:
    """A grafts file gives the fourth commit other parents."""
    path, shas = _source(folder, bare=False)
    (git_folder(path) / "info").mkdir(exist_ok=True)
    (git_folder(path) / "info" / "grafts").write_text(f"{shas[4]}\n{shas[6]} {shas[1]}\n")
    return Case(path, 6, 9, shas={"first": shas[1], "grafted": shas[4], "last": shas[6]})


def _source(folder: Path, *, bare: bool = True) -> tuple[Path, list[str]]:
    """Return a repository of six commits and nine changed files, one rename with edits among them, that serves any filter."""
    path = new_repository(folder / ("source" if bare else "repository"), bare=bare)
    stream = Stream()
    stream.commit({"a.txt": "one\n", "folder/b.txt": lines("same")})
    stream.commit({"a.txt": "two\n"})
    stream.commit({"folder/c.txt": "one\n"})
    stream.commit({"folder/c.txt": "two\n", "a.txt": "three\n"})
    stream.commit({"folder/b.txt": None, "folder/moved.txt": lines("same") + "more\n"})
    stream.commit({"folder/c.txt": "three\n"}, time=START + 9 * HOUR)
    shas = stream.write(path)
    git(path, "config", "uploadpack.allowFilter", "true")
    git(path, "config", "uploadpack.allowAnySHA1InWant", "true")
    return path, shas


def _clone(source: Path, folder: Path, *options: str) -> Path:
    path = folder / "repository"
    git(folder, "clone", "-q", "--template=", *options, f"file://{source}", str(path))
    return path
