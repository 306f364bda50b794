"""Cases of where a repository stands and what its refs are: folders, worktrees, HEAD, tags, broken and moving refs."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from pathlib import Path

from tests.git_history.git_streams import (
    AUTHOR,
    COMMITTER,
    HOUR,
    START,
    Stream,
    git,
    git_folder,
    lines,
    new_repository,
    raw_commit,
    set_ref,
    sha_of,
)
from tests.git_history.registry import Case, case, named

FOLDERS = {
    "spaces": "a folder with  spaces ",
    "unicode": "pasta-não-✓-日本",
    "newline": "a\nfolder\n",
    "quote": "\"a'folder\\",
    "colon": "a:folder;b",
    "hash": "#folder",
    "glob": "[a]*?",
    "option": "-rf",
    "bytes": "latin-\udce9",
}


def _in_folder(folder: Path, *, name: str) -> Case:
    return _two_commits(new_repository(folder / name))


for _kind, _name in FOLDERS.items():
    named(f"folder_with_{_kind}", partial(_in_folder, name=_name))


@case
def empty_repository(folder: Path) -> Case:
    """No commit, no ref; HEAD names a branch that is not born."""
    path = new_repository(folder / "repository")
    return Case(path, 0, 0, default_branch=None, later=lambda: _two_commits(path))


@case
def detached_head(folder: Path) -> Case:
    """HEAD stands on a commit that no ref reaches."""
    told = _two_commits(new_repository(folder / "repository"))
    alone = raw_commit(told.path, sha_of(told.path, "main^{tree}"), [told.shas["last"]])
    (git_folder(told.path) / "HEAD").write_text(alone + "\n")
    return replace(told, commits=3, default_branch=None, shas={**told.shas, "alone": alone})


@case
def unborn_head(folder: Path) -> Case:
    """HEAD names a branch that is not born, while another has commits."""
    told = _two_commits(new_repository(folder / "repository"))
    git(told.path, "symbolic-ref", "HEAD", "refs/heads/not-born")
    return replace(told, default_branch=None)


@case
def bare_repository(folder: Path) -> Case:
    return _two_commits(new_repository(folder / "repository.git", bare=True))


@case
def other_default_branch(folder: Path) -> Case:
    return _two_commits(new_repository(folder / "repository", branch="trunk/long-lived"), "trunk/long-lived")


@case
def inside_a_folder(folder: Path) -> Case:
    """The path given is a folder below the top of the worktree."""
    told = _two_commits(new_repository(folder / "repository"))
    inside = told.path / "some" / "folder"
    inside.mkdir(parents=True)
    return replace(told, path=inside)


@case
def linked_worktree(folder: Path) -> Case:
    """The path given is a worktree on a branch of its own; the objects are in the main repository."""
    told = _two_commits(new_repository(folder / "repository"))
    worktree = folder / "linked worktree"
    git(told.path, "worktree", "add", "-q", "-b", "linked", str(worktree), "main")
    return replace(told, path=worktree, default_branch="linked")


@case
def separate_git_folder(folder: Path) -> Case:
    """`.git` is a file that says where the repository is."""
    path, store = folder / "worktree", folder / "store of git"
    path.mkdir()
    git(path, "init", "-q", "--template=", f"--separate-git-dir={store}")
    return _two_commits(path)


@case
def alternates(folder: Path) -> Case:
    """The first commit is in another repository, named by a relative path; that one borrows from a third."""
    third = new_repository(folder / "third")
    stream = Stream()
    stream.commit({"a.txt": "one\n"})
    stream.commit({"a.txt": "two\n"})
    shas = stream.write(third)
    second = new_repository(folder / "second")
    (git_folder(second) / "objects" / "info").mkdir(exist_ok=True)
    (git_folder(second) / "objects" / "info" / "alternates").write_text("# a comment\n../../../third/.git/objects\n")
    grown = Stream()
    grown.commit({"b.txt": "one\n"}, parents=[shas[-1]], time=START + 5 * HOUR)
    shas += grown.write(second)[1:]
    path = new_repository(folder / "repository")
    (git_folder(path) / "objects" / "info").mkdir(exist_ok=True)
    (git_folder(path) / "objects" / "info" / "alternates").write_text(f"{git_folder(second) / 'objects'}\n")
    last = Stream()
    last.commit({"c.txt": "one\n"}, parents=[shas[-1]], time=START + 6 * HOUR)
    shas += last.write(path)[1:]
    return Case(path, 4, 4, shas={"first": shas[1], "last": shas[-1]})


@case
def tags(folder: Path) -> Case:
    """Annotated, nested and light tags, tags of a blob and of a tree; one commit is reachable through nested tags alone."""
    told = _two_commits(new_repository(folder / "repository"))
    path, last = told.path, told.shas["last"]
    blob, tree = sha_of(path, "main:a.txt"), sha_of(path, "main^{tree}")
    hidden = raw_commit(path, tree, [last])
    for name, target in {"annotated": last, "inner": hidden, "of-a-blob": blob, "of-a-tree": tree}.items():
        git(path, "tag", "-a", "-m", f"Tag {name}", name, target)
    git(path, "tag", "-a", "-m", "Tag of a tag", "nested", "inner")
    git(path, "tag", "-a", "-m", "Tag of a tag of a tag", "nested-again", "nested")
    git(path, "tag", "-d", "inner", "nested")
    for name, target in {"light": last, "light-blob": blob, "light-tree": tree}.items():
        git(path, "tag", name, target)
    return replace(told, commits=3, shas={**told.shas, "hidden": hidden, "blob": blob, "tree": tree})


@case
def broken_refs(folder: Path) -> Case:
    """Refs to a commit that is not here, of zeros, of rubbish, to nothing, and a symbolic one that leads nowhere or in a ring."""
    told = _two_commits(new_repository(folder / "repository"))
    set_ref(told.path, "refs/heads/gone", "0123456789" * 4)
    set_ref(told.path, "refs/heads/zeros", "0" * 40)
    set_ref(told.path, "refs/heads/rubbish", "this is no sha")
    set_ref(told.path, "refs/heads/nothing", "")
    set_ref(told.path, "refs/heads/nowhere", "ref: refs/heads/not-there")
    set_ref(told.path, "refs/heads/ring", "ref: refs/heads/ring")
    return replace(told, missing="commits")


@case
def packed_refs(folder: Path) -> Case:
    """All refs are in one file; a loose one is newer than its packed line."""
    told = _two_commits(new_repository(folder / "repository"))
    git(told.path, "tag", "light")
    git(told.path, "tag", "-a", "-m", "Tag", "annotated")
    git(told.path, "pack-refs", "--all")
    newer = raw_commit(told.path, sha_of(told.path, "main^{tree}"), [told.shas["last"]])
    set_ref(told.path, "refs/heads/main", newer)
    return replace(told, commits=3, shas={**told.shas, "last": newer})


@case
def many_refs(folder: Path) -> Case:
    """Six hundred branches, tags and refs of pull requests on ten commits."""
    stream = Stream()
    for number in range(10):
        stream.commit({"a.txt": f"{number}\n"})
    for number in range(200):
        stream.reset(f"topic/{number:03}", number % 10 + 1)
        stream.reset(f"refs/tags/v{number:03}", number % 10 + 1)
        stream.reset(f"refs/pull/{number:03}/head", number % 10 + 1)
    path = new_repository(folder / "repository")
    shas = stream.write(path)
    git(path, "pack-refs", "--all")
    return Case(path, 10, 10, shas={"first": shas[1], "last": shas[10]})


@case
def odd_refs(folder: Path) -> Case:
    """A branch and a tag of one name, names in other alphabets, remote branches with a symbolic HEAD, notes, a ref called HEAD."""
    told = _two_commits(new_repository(folder / "repository"))
    path, first = told.path, told.shas["first"]
    for ref in (
        "heads/same",
        "tags/same",
        "heads/ção/✓",
        "heads/HEAD",
        "heads/@",
        "heads/a'b;c&$d",
        "remotes/origin/main",
    ):
        git(path, "update-ref", f"refs/{ref}", first)
    git(path, "symbolic-ref", "refs/remotes/origin/HEAD", "refs/remotes/origin/main")
    git(path, "notes", "add", "-m", "A note", first)
    return replace(told, commits=3, changes=3)


@case
def symbolic_branch(folder: Path) -> Case:
    """`main` is another name of `trunk`, and HEAD names it."""
    path = new_repository(folder / "repository")
    told = _two_commits(path, "trunk")
    git(path, "symbolic-ref", "refs/heads/main", "refs/heads/trunk")
    return told


@case
def stash(folder: Path) -> Case:
    """A stash: a merge of the work and the index, reachable from refs/stash alone."""
    told = _two_commits(new_repository(folder / "repository"))
    git(told.path, "reset", "-q", "--hard")
    (told.path / "a.txt").write_text("work in progress\n")
    (told.path / "b.txt").write_text("untracked\n")
    git(told.path, "stash", "push", "-q", "--include-untracked")
    return replace(told, commits=5, changes=3, shas={**told.shas, "stash": sha_of(told.path, "refs/stash")})


@case
def force_push(folder: Path) -> Case:
    """Main has four commits and a side branch two; later main moves to the side branch, which is deleted."""
    stream = Stream()
    root = stream.commit({"a.txt": "one\n"})
    for word in ("two", "three", "four"):
        stream.commit({"a.txt": f"{word}\n"})
    stream.commit({"b.txt": lines("side")}, branch="side", parents=[root])
    side = stream.commit({"b.txt": None, "c.txt": lines("side")}, branch="side")
    path = new_repository(folder / "repository")
    shas = stream.write(path)
    told = Case(path, 6, 7, shas={"first": shas[1], "last": shas[4], "side": shas[side]})

    def later() -> Case:
        git(path, "update-ref", "refs/heads/main", shas[side])
        git(path, "update-ref", "-d", "refs/heads/side")
        return replace(
            told, commits=3, changes=4, shas={**told.shas, "last": shas[side], "former": shas[4]}, later=None
        )

    return replace(told, later=later)


@case
def deleted_branch(folder: Path) -> Case:
    """A branch that was never merged is deleted later."""
    stream = Stream()
    root = stream.commit({"a.txt": "one\n"})
    side = stream.commit({"b.txt": "one\n"}, branch="side", parents=[root])
    path = new_repository(folder / "repository")
    shas = stream.write(path)
    told = Case(path, 2, 2, shas={"first": shas[1], "last": shas[1], "side": shas[side]})

    def later() -> Case:
        git(path, "update-ref", "-d", "refs/heads/side")
        return replace(told, commits=1, changes=1, later=None)

    return replace(told, later=later)


@case
def packed_objects(folder: Path) -> Case:
    """One pack with a bitmap, a commit-graph with changed paths, and loose objects that came later."""
    told = _two_commits(new_repository(folder / "repository"))
    git(told.path, "repack", "-q", "-a", "-d", "-b")
    git(told.path, "commit-graph", "write", "--reachable", "--changed-paths")
    newer = raw_commit(told.path, sha_of(told.path, "main^{tree}"), [told.shas["last"]])
    set_ref(told.path, "refs/heads/main", newer)
    return replace(told, commits=3, shas={**told.shas, "last": newer})


@case
def sha256(folder: Path) -> Case:
    """Shas of 64 digits, with a merge, a rename, a submodule and a nested tag."""
    stream = Stream()
    root = stream.commit({"a.txt": lines("same")})
    topic = stream.commit({"a.txt": None, "b.txt": lines("same")}, branch="topic", parents=[root])
    stream.commit({"b.txt": lines("same"), "a.txt": None}, parents=[root, topic])
    path = new_repository(folder / "repository", object_format="sha256")
    shas = stream.write(path)
    git(path, "tag", "-a", "-m", "Tag", "inner", "main")
    git(path, "tag", "-a", "-m", "Tag of a tag", "nested", "inner")
    return Case(path, 3, 3, object_format="sha256", shas={"first": shas[1], "last": shas[3]})


@case
def breaking_settings(folder: Path) -> Case:
    """Settings that break what git prints, and every setting that runs a command: each command leaves a trace."""
    path = new_repository(folder / "repository")
    stream = Stream()
    attributes = "* diff=traced filter=traced merge=traced\n"
    stream.commit(
        {"old.txt": lines("same"), ".gitattributes": attributes, ".mailmap": "X <x@y> Bo Berg <bo@example.org>\n"}
    )
    stream.commit({"old.txt": None, "new.txt": lines("same") + "more\n"})
    shas = stream.write(path)
    signature = b"gpgsig -----BEGIN PGP SIGNATURE-----\n \n AAAA\n -----END PGP SIGNATURE-----\n"
    tree = sha_of(path, "main^{tree}")
    time = b" %d +0000" % (START + 5 * HOUR)
    signed = raw_commit(path, tree, [shas[2]], author=AUTHOR + time, committer=COMMITTER + time, headers=signature)
    set_ref(path, "refs/heads/main", signed)
    git(path, "reset", "-q", "--hard")
    traces = _leave_traps(path, folder / "traces")
    return Case(path, 3, 5, shas={"first": shas[1], "last": signed}, traces=traces)


_COMMANDS = """
    core.fsmonitor core.pager core.editor core.sshCommand core.askPass core.alternateRefsCommand core.gitProxy
    diff.external diff.traced.command diff.traced.textconv filter.traced.clean filter.traced.smudge filter.traced.process
    merge.traced.driver gpg.program gpg.ssh.program credential.helper pager.log pager.diff pager.diff-tree pager.cat-file
    pager.for-each-ref pager.rev-parse pager.config interactive.diffFilter sequence.editor trailer.traced.command
    uploadpack.packObjectsHook
""".split()
_HOOKS = """
    post-checkout post-commit post-index-change pre-auto-gc pre-commit reference-transaction update pre-receive
    post-receive post-update pre-push post-merge post-rewrite fsmonitor-watchman
""".split()
_PRINTING = {
    "diff.orderFile": "/nonexistent/order",
    "diff.renames": "copies",
    "diff.renameLimit": "1",
    "diff.noPrefix": "true",
    "diff.mnemonicPrefix": "true",
    "diff.relative": "true",
    "diff.ignoreSubmodules": "all",
    "diff.submodule": "log",
    "diff.algorithm": "patience",
    "color.ui": "always",
    "color.diff": "always",
    "core.abbrev": "4",
    "core.quotePath": "false",
    "core.notesRef": "refs/notes/none",
    "log.showSignature": "true",
    "log.follow": "true",
    "log.decorate": "full",
    "log.date": "relative",
    "log.diffMerges": "first-parent",
    "log.mailmap": "true",
    "log.showRoot": "false",
    "format.pretty": "broken %s %h",
    "i18n.logOutputEncoding": "UTF-16",
    "transfer.hideRefs": "refs/heads",
    "blame.ignoreRevsFile": "/nonexistent/revisions",
}


def _leave_traps(path: Path, folder: Path) -> tuple[Path, ...]:
    """Write the settings and hooks; each runs a script of its own that makes one file of ``folder``."""
    folder.mkdir()
    hooks = path.parent / "hooks"
    hooks.mkdir()
    settings = dict(_PRINTING)
    names = [*_COMMANDS, *(f"hook-{hook}" for hook in _HOOKS)]
    for name in names:
        script = hooks / name.removeprefix("hook-")
        script.write_text(f"#!/bin/sh\n: > '{folder / name}'\ncat\n")
        script.chmod(0o755)
        if name in _COMMANDS:
            settings[name] = str(script)
    settings["core.hooksPath"] = str(hooks)
    included = path.parent / "included-settings"
    included.write_text("".join(_setting(name, value) for name, value in settings.items()))
    with (git_folder(path) / "config").open("a") as config:
        config.write(_setting("include.path", str(included)))
    return tuple(folder / name for name in names)


def _setting(name: str, value: str) -> str:
    section, rest = name.split(".", 1)
    inner, _, key = rest.rpartition(".")
    head = f'{section} "{inner}"' if inner else section
    return f"[{head}]\n\t{key} = {value}\n"


def _two_commits(path: Path, branch: str = "main") -> Case:
    stream = Stream()
    stream.commit({"a.txt": "one\n"}, branch=branch)
    stream.commit({"a.txt": "two\n"}, branch=branch)
    shas = stream.write(path)
    return Case(path, 2, 2, default_branch=branch, shas={"first": shas[1], "last": shas[2]})
