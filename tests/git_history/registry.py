"""A small repository and the plain facts about it: what every reader of git history must find."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True)
class Case:
    """One repository.

    ``commits``: how many commits are reachable from all refs but ``refs/replace/`` and from HEAD, as the objects say it (no
    replacements, no grafts), as far as they are here; a shallow boundary is the last one counted.
    ``changes``: how many files the commits with at most one parent line changed against that parent (a root: against nothing),
    renames counted as a deletion and an addition; commits whose trees are not all here and shallow boundaries count nothing.
    ``default_branch``: the branch that HEAD leads to, if it exists.
    ``boundary``: shas of commits whose parents were cut off by ``shallow``.
    ``missing``: which kind of object is not all here: ``""``, ``blobs``, ``trees`` or ``commits``.
    ``shas``: names of this case for some of its objects. ``paths``: odd paths that its last commit holds.
    ``traces``: files that appear when a command out of the repository's settings was run.
    ``later``: what happens to the repository afterwards; it returns the facts that hold then.
    """

    path: Path
    commits: int
    changes: int
    default_branch: str | None = "main"
    object_format: str = "sha1"
    boundary: tuple[str, ...] = ()
    missing: str = ""
    shas: dict[str, str] = field(default_factory=dict)
    paths: tuple[bytes, ...] = ()
    traces: tuple[Path, ...] = ()
    later: Callable[[], Case] | None = None


Builder = Callable[[Path], Case]

CASES: dict[str, Builder] = {}
"""Every case by its name; call one with an empty folder."""


def case(builder: Builder) -> Builder:
    """Register a builder under its own name."""
    return named(builder.__name__, builder)


def named(name: str, builder: Builder) -> Builder:
    assert name not in CASES, f"two cases are called {name}"
    CASES[name] = builder
    return builder
