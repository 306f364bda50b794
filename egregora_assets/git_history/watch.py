"""Whether anything has moved in the repositories, asked cheaply and without the warehouse."""

from __future__ import annotations

from egregora_assets.config import Settings
from egregora_assets.git_history import lacking, plumbing
from egregora_assets.git_history.looking import look
from egregora_assets.git_history.plumbing import GitError
from egregora_assets.git_history.repositories import Source, sources


def state_of(settings: Settings) -> str:
    """Return a text that differs when a ref of a configured repository does, or its object is away or back.

    Where a repository lacks objects, it also differs when some come.
    It is empty where no repository is configured. One that cannot be read, for now or for good, counts by that: it is looked
    at again when it can be.
    """
    return "\n".join(f"{source} {_refs(settings, source)}" for source in sources(settings))


def _refs(settings: Settings, source: Source) -> str:
    try:
        with plumbing.reading(source.name):
            return _state_of_refs(settings, source)
    except GitError as error:
        return str(error)


def _state_of_refs(settings: Settings, source: Source) -> str:
    seen = look(source, settings.git_shadows)
    repository = seen.repository
    shas = sorted({ref.sha for ref in seen.refs})
    away = set(shas).difference(plumbing.commits_behind(repository, shas))
    boundaries = sorted(repository.boundaries)
    objects = lacking.state_of_objects(repository) if lacking.is_marked(repository) else ""
    return repr([repository.object_format, boundaries, seen.branches, seen.web, seen.refs, sorted(away), objects])
