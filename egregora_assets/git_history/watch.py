"""Whether anything has moved in the repositories, asked cheaply and without the warehouse."""

from __future__ import annotations

from egregora_assets.config import Settings
from egregora_assets.git_history import plumbing
from egregora_assets.git_history.plumbing import GitError
from egregora_assets.git_history.repositories import Source, sources


def state_of(settings: Settings) -> str:
    """Return a text that differs when a ref of a configured repository does, or its object is away or back.

    It is empty where no repository is configured. One that cannot be read, for now or for good, counts by that: it is looked
    at again when it can be.
    """
    return "\n".join(f"{source} {_refs(settings, source.name)}" for source in sources(settings))


def _refs(settings: Settings, name: str) -> str:
    (source,) = sources(settings, [name])
    try:
        with plumbing.reading(name):
            return _state_of_refs(settings, source)
    except GitError as error:
        return str(error)


def _state_of_refs(settings: Settings, source: Source) -> str:
    repository = plumbing.open_repository(source.name, source.folder, settings.git_shadows / f"{source.name}.git")
    origin = "" if source.web else plumbing.origin_of(repository)
    head, refs = plumbing.head_branch(repository), plumbing.refs_of(repository)
    shas = sorted({ref.sha for ref in refs})
    away = set(shas).difference(plumbing.commits_behind(repository, shas))
    return repr([repository.object_format, sorted(repository.boundaries), head, origin, refs, sorted(away)])
