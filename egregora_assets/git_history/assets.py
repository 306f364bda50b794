"""Repositories, their history and what messages refer to, as Dagster assets."""

from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

import dagster as dg
from pydantic import Field

from egregora_assets.authors.assets import clean_messages
from egregora_assets.git_history import line_counts, references, sync
from egregora_assets.warehouse.reporting import OWNERS, RefreshConfig, described
from egregora_assets.warehouse.resource import WRITER_POOL, Warehouse

_PREVIEWS = {
    "git_repos": "SELECT repo, forge, len(branches) AS branches, "
    "(SELECT count(*) FROM git_commits c WHERE c.repo = r.repo) AS commits "
    "FROM git_repos r ORDER BY repo",
    "git_refs": "SELECT repo, count(*) AS refs, count(*) FILTER (starts_with(ref, 'refs/heads/')) AS branches, "
    "count(*) FILTER (starts_with(ref, 'refs/tags/')) AS tags FROM git_refs GROUP BY repo ORDER BY repo",
    "git_commits": "SELECT repo, year(committed_at) AS year, count(*) AS commits FROM git_commits GROUP BY ALL ORDER BY ALL",
    "git_file_changes": "SELECT repo, status, count(*) AS changes FROM git_file_changes GROUP BY ALL ORDER BY ALL",
    "git_timeline": "SELECT repo, branch, count(*) AS steps, min(eff_at) AS since, max(eff_at) AS until "
    "FROM git_timeline GROUP BY ALL ORDER BY ALL",
}
_UPSTREAM = {
    "git_repos": (),
    "git_refs": ("git_repos",),
    "git_commits": ("git_refs",),
    "git_file_changes": ("git_commits",),
    "git_timeline": ("git_commits", "git_file_changes"),
}
_SAYS = {
    "git_repos": "The repositories in the settings: where they are, where they can be looked at, which branches are followed.",
    "git_refs": "Where each branch and tag is, with `git_ref_events`: when one was seen to move.",
    "git_commits": "Every commit that a ref leads to, with `git_commit_parents`; also those that none leads to any more.",
    "git_file_changes": "What each commit with one parent did to which path, and `git_renames`: which path became which.",
    "git_timeline": "What a branch was at a time: its first-parent chain, and `git_path_versions`, what each step did to a path.",
}

_DEPS_MISSING = dg.AutomationCondition.any_deps_missing()
_WITH_OR_WITHOUT_REPOSITORIES = dg.AutomationCondition.eager().replace(
    _DEPS_MISSING, _DEPS_MISSING.ignore(dg.AssetSelection.groups("git"))
)
"""Chats go their way where nobody has ever read a repository."""


class RepositoriesConfig(dg.Config):
    """Optional run config: which repositories to read (default: all), and whether to read all of them anew."""

    repositories: list[str] = Field(default_factory=list)
    full_refresh: bool = False


@dg.multi_asset(
    name="git_history",
    specs=[
        dg.AssetSpec(
            name,
            deps=list(upstream),
            description=_SAYS[name],
            group_name="git",
            kinds={"duckdb", "git"},
            owners=OWNERS,
            code_version="1",
        )
        for name, upstream in _UPSTREAM.items()
    ],
    can_subset=True,
    pool=WRITER_POOL,
)
def git_history(
    context: dg.AssetExecutionContext, config: RepositoriesConfig, warehouse: Warehouse
) -> Iterator[dg.MaterializeResult[Any]]:
    """Read what is new in the repositories: one pass and one transaction each give all of their tables."""
    with warehouse.writer() as connection:
        changes = sync.refresh_configured(connection, warehouse.settings, config.repositories, config.full_refresh)
        outcome = {**asdict(changes), "problems": len(changes.problems)}
        for name in _UPSTREAM:
            if dg.AssetKey(name) in context.selected_asset_keys:
                result = described(connection, name, _PREVIEWS[name], outcome)
                yield result._replace(asset_key=dg.AssetKey(name))


@dg.asset(
    group_name="git",
    kinds={"duckdb", "git"},
    owners=OWNERS,
    deps=["git_file_changes"],
    pool=WRITER_POOL,
    code_version="1",
)
def git_line_counts(warehouse: Warehouse) -> dg.MaterializeResult[Any]:
    """How many lines each change added and removed. Reads every version of every file, so it is made only when asked for."""
    with warehouse.writer() as connection:
        counted, problems = line_counts.refresh(connection, warehouse.settings)
        preview = """
            SELECT repo, sum(added) AS added, sum(removed) AS removed
            FROM git_file_changes c JOIN git_line_counts l
                ON l.old_blob IS NOT DISTINCT FROM c.old_blob AND l.new_blob IS NOT DISTINCT FROM c.new_blob
            GROUP BY repo ORDER BY repo
        """
        return described(connection, "git_line_counts", preview, {"counted": counted, "problems": len(problems)})


@dg.asset(
    group_name="git",
    kinds={"duckdb", "git"},
    owners=OWNERS,
    deps=[clean_messages, "git_timeline", "git_commits", "git_repos"],
    pool=WRITER_POOL,
    code_version="1",
    automation_condition=_WITH_OR_WITHOUT_REPOSITORIES,
)
def code_references(config: RefreshConfig, warehouse: Warehouse) -> dg.MaterializeResult[Any]:
    """Files, commits and issues that messages speak of, as they were when it was said, with links that stay right."""
    with warehouse.writer() as connection:
        changes = references.refresh(connection, warehouse.settings, config.full_refresh)
        preview = "SELECT repo, kind, state, count(*) AS times FROM code_references GROUP BY ALL ORDER BY times DESC"
        return described(connection, "code_references", preview, asdict(changes))
