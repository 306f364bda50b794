"""Which repositories the settings name, in the form in which they are read."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from egregora_assets.config import Forge, Settings
from egregora_assets.git_history.plumbing import Repository, open_repository


class Unanswerable(ValueError):
    """A question about code cannot be answered as it is asked; the message says why, and what can be asked."""


class UnknownRepository(Unanswerable):
    """A repository is asked for that the settings do not name."""


@dataclass(frozen=True)
class Source:
    """A repository to follow.

    ``branches`` are names of branches or full names of refs; none: the branch that HEAD is on. ``web``, ``forge`` and
    ``permalink`` say where it can be looked at, as the settings do.
    """

    name: str
    folder: Path
    branches: tuple[str, ...] = ()
    web: str | None = None
    forge: Forge | None = None
    permalink: str | None = None


def opened(source: Source, shadows: Path) -> Repository:
    """Return a repository made readable; ``shadows`` is the folder of ours for what git needs. Raises ``GitError``."""
    return open_repository(source.name, source.folder, shadows / f"{source.name}.git")


def sources(settings: Settings, names: Iterable[str] | None = None) -> list[Source]:
    """Return the repositories of the settings, or those of them that are named. Raises ``UnknownRepository``."""
    wanted = None if names is None else set(names)
    found = [
        Source(
            repository.slug,
            settings.repository_path(repository),
            repository.branches or (),
            repository.web,
            repository.forge,
            repository.permalink,
        )
        for repository in settings.repositories
        if wanted is None or repository.slug in wanted
    ]
    if wanted and (unknown := wanted.difference(source.name for source in found)):
        known = ", ".join(repository.slug for repository in settings.repositories) or "none"
        raise UnknownRepository(f"no repository is called {min(unknown)!r} in the settings; there are: {known}")
    return found
