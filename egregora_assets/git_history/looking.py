"""A repository as it is at one moment: its refs, the branches that are followed and where it can be looked at.

All who ask whether a repository can be read, or has moved, ask here, so that they agree.
"""

from __future__ import annotations

import os
from collections.abc import Container, Iterator
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from egregora_assets.git_history import plumbing
from egregora_assets.git_history.plumbing import GitError, Ref, Repository
from egregora_assets.git_history.repositories import Source, opened
from egregora_assets.git_history.web import web_address


class Look(NamedTuple):
    """What a repository is now, and by what it is read.

    ``damaged`` are the names of refs that lead to nothing readable; none of a followed branch is among them. ``web`` is where it
    can be looked at, by the settings or by its remote ``origin``.
    """

    repository: Repository
    refs: list[Ref]
    damaged: frozenset[str]
    branches: tuple[str, ...]
    web: str | None


def look(source: Source, shadows: Path) -> Look:
    """Look at a repository. Raises ``GitError`` where it cannot be read: also where a branch that is followed is damaged."""
    repository = opened(source, shadows)
    with plumbing.reading(source.name):
        found = plumbing.refs_of(repository)
        branches = source.branches or (plumbing.head_branch(repository, found),)
        there = {ref.name for ref in found.refs}
        for branch in branches:
            _refuse_damage(repository, branch, there, found.damaged)
        web = source.web or web_address(plumbing.origin_of(repository))
    return Look(repository, found.refs, found.damaged, branches, web)


def ref_of(branch: str, names: Container[str]) -> str | None:
    """Return the ref behind the name of a branch, which may be short: here, else at the remote ``origin``."""
    return next((form for form in _forms(branch) if form in names), None)


def _forms(branch: str) -> tuple[str, ...]:
    return branch, f"refs/heads/{branch}", f"refs/remotes/origin/{branch}"


def _refuse_damage(repository: Repository, branch: str, there: Container[str], damaged: Container[str]) -> None:
    """Raise ``GitError`` where the ref of a branch is there and leads nowhere: a branch that is gone has none."""
    for form in _forms(branch):
        if form in there:
            return
        if form in damaged or plumbing.is_damaged(repository, form):
            raise GitError(f"the ref {form} is damaged: write or fetch it anew")


def objects_seen(repository: Repository) -> str:
    """Return a text that differs when objects have come or gone: when the folders of packs and loose objects have changed.

    Costs a look at some hundred folders, however many objects there are.
    """
    return ",".join(
        f"{place.name}{place.stat().st_mtime_ns:x}"
        for objects in plumbing.object_folders(repository)
        for place in _places(objects)
    )


def _places(objects: Path) -> Iterator[Path]:
    """Yield the folders with objects in them."""
    with suppress(FileNotFoundError, NotADirectoryError), os.scandir(objects) as entries:
        yield from sorted(
            Path(entry) for entry in entries if entry.is_dir() and (len(entry.name) == 2 or entry.name == "pack")
        )
