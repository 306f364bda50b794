"""The configured repositories as their owner sees them: how far each was read, and what is the matter with it."""

from __future__ import annotations

from datetime import datetime
from typing import Any, NamedTuple

import duckdb

from egregora_assets.config import Settings
from egregora_assets.git_history import sync
from egregora_assets.git_history.looking import Look, look
from egregora_assets.git_history.plumbing import GitError
from egregora_assets.git_history.repositories import Source, sources
from egregora_assets.warehouse.query import rows


class ListedRepository(NamedTuple):
    """A repository of the settings.

    ``commits`` and ``references`` (by messages) are counts. ``newest_at`` is when the newest step of the branches counts from.
    ``problems`` tell what is not known of it, and why, to be read behind its name.
    """

    repo: str
    folder: str
    branches: tuple[str, ...]
    commits: int
    newest_at: datetime | None
    references: int
    problems: tuple[str, ...]


def listed(connection: duckdb.DuckDBPyConnection, settings: Settings) -> list[ListedRepository]:
    """Return the repositories in the order of the settings. Looks at each one's refs, and changes nothing stored."""
    stored = {row[0]: row for row in rows(connection, _STORED)}
    looks = {source.name: _looked(settings, source) for source in sources(settings)}
    readable = tuple(repository for repository in settings.repositories if isinstance(looks[repository.slug], Look))
    moved = sync.moved(connection, settings.model_copy(update={"repositories": readable}))
    return [
        _of(source, stored.get(source.name), looks[source.name], source.name in moved) for source in sources(settings)
    ]


_STORED = """
    SELECT repo, branches, len(boundaries),
        (SELECT count(*) FROM git_commits c WHERE c.repo = r.repo),
        (SELECT count(*) FROM git_commits c WHERE c.repo = r.repo AND is_unread),
        (SELECT max(eff_at) FROM git_timeline t WHERE t.repo = r.repo),
        (SELECT count(*) FROM code_references x WHERE x.repo = r.repo),
        (SELECT count(*) FROM git_undecided u WHERE u.repo = r.repo),
        (SELECT list(branch ORDER BY branch) FROM (SELECT DISTINCT branch FROM git_timeline t WHERE t.repo = r.repo))
    FROM git_repos r
"""


def _of(source: Source, stored: tuple[Any, ...] | None, seen: Look | str, has_moved: bool) -> ListedRepository:
    folder = str(source.folder)
    unreadable = seen if isinstance(seen, str) else None
    within = sync.WITHIN if isinstance(seen, Look) and seen.repository.is_within else None
    if stored is None:
        return ListedRepository(
            source.name, folder, (), 0, None, 0, (unreadable or within or "not read yet: run `egregora ingest`",)
        )
    _, branches, boundaries, commits, unread, newest_at, references, undecided, there = stored
    missing = [branch for branch in branches if branch not in (there or ())] if commits else []
    problems = (
        unreadable,
        within,
        "has changed since it was read: run `egregora ingest`" if has_moved else None,
        None if commits else "has no commits",
        f"has no branch {', '.join(missing)}" if missing else None,
        "is a shallow clone: what was before it begins is unknown" if boundaries else None,
        f"has not all of its folders: what {unread:,} commits changed is unknown" if unread else None,
        f"lacks files: whether {undecided:,} others were renamed is unknown" if undecided else None,
    )
    told = tuple(problem for problem in problems if problem)
    return ListedRepository(source.name, folder, tuple(branches), commits, newest_at, references, told)


def _looked(settings: Settings, source: Source) -> Look | str:
    """Return what a repository is, or why it cannot be read."""
    try:
        return look(source, settings.git_shadows)
    except GitError as error:
        return str(error).removeprefix(f"repository {source.name}: ")
