"""`egregora code`: what files were at a time, how they became so, and who talked of them."""

import re
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated
from zoneinfo import ZoneInfo

import typer

from egregora_assets.cli_common import Home, as_table, err, out, readable_errors, settings_with_warehouse
from egregora_assets.config import Settings
from egregora_assets.terminal import plain

if TYPE_CHECKING:
    import duckdb

    from egregora_assets.git_history.history import Place
    from egregora_assets.git_history.resolver import Version

FilePath = Annotated[
    str, typer.Argument(metavar="PATH", help="Path of a file in its repository, such as docs/plan.md.")
]
Repo = Annotated[str | None, typer.Option("--repo", help="Name of a repository in the settings.")]
Branch = Annotated[str | None, typer.Option("--branch", help="A branch that is followed; default: the first.")]

_SHORT = 12
_STATUSES = {"A": "added", "M": "changed", "T": "other type", "D": "taken away", "R": "renamed"}
_SECONDS = re.compile(r"[+-]?\d+(?:\.\d*)?", re.ASCII)
_WITH_LINES = re.compile(r"(?P<path>.+):(?P<first>\d{1,9})(?:-(?P<last>\d{1,9}))?", re.DOTALL)

code = typer.Typer(no_args_is_help=True, help="What files were at a time, how they became so, and who talked of them.")


@code.command()
def history(path: FilePath, repo: Repo = None, branch: Branch = None, home: Home = None) -> None:
    """Show the versions of a file, newest first, under all its names, and how many messages spoke of each."""
    from egregora_assets.git_history.history import place_of, stored_path, unknown_path, versions_of
    from egregora_assets.warehouse.files import open_warehouse

    with readable_errors():
        settings = settings_with_warehouse(home)
        repos = _names(settings, repo)
        with open_warehouse(settings) as connection:
            place = place_of(connection, repos, branch, stored_path(path))
            found = versions_of(connection, place, stored_path(path))
            if not found:
                raise unknown_path(connection, [place], stored_path(path))
    told = [
        (
            _clock(settings, version.eff_at),
            version.sha[:_SHORT],
            _STATUSES.get(version.status, version.status),
            version.path if version.old_path is None else f"{version.old_path} → {version.path}",
            version.subject,
            version.messages or None,
        )
        for version in found
    ]
    table = as_table([f"when ({_zone(settings)})", "commit", "what", "path", "subject", "messages"], told)
    for column in table.columns[:2]:
        column.no_wrap = True  # a time or an id in two lines is none
    out.print(table)


@code.command()
def at(
    path: Annotated[str | None, typer.Argument(metavar="PATH", help="Path of a file in its repository.")] = None,
    time: Annotated[
        str | None,
        typer.Argument(metavar="TIME", help="2024-03-13, 2024-03-13T09:00, with Z or +01:00, or seconds since 1970."),
    ] = None,
    repo: Annotated[
        str | None, typer.Option("--repo", help="Name of a repository in the settings; with --batch its folder.")
    ] = None,
    branch: Branch = None,
    show: Annotated[bool, typer.Option("--show", help="Print what the file said then.")] = False,
    batch: Annotated[
        bool, typer.Option("--batch", help="Answer CSV (path,t_epoch) from the standard input; needs no home.")
    ] = False,
    like: Annotated[
        bool, typer.Option("--like", help="With --batch: also take other case, and ends of paths, for what is meant.")
    ] = False,
    home: Home = None,
) -> None:
    """Tell which version of a file was current at a time."""
    if batch:
        if path is not None or repo is None or show:
            raise typer.BadParameter("--batch goes with --repo DIR, and with neither PATH nor --show")
        _answer_batch(Path(repo), branch, like)
    elif path is None or time is None or like:
        raise typer.BadParameter("say PATH and TIME, or --repo DIR --batch")
    else:
        _answer(path, time, repo, branch, show, home)


def _answer_batch(folder: Path, branch: str | None, like: bool) -> None:
    from egregora_assets.git_history.batch import answered

    with readable_errors():
        told = answered(folder, sys.stdin.buffer.read(), branch, exact=not like)
    sys.stdout.buffer.write(told)
    sys.stdout.buffer.flush()


def _answer(path: str, time: str, repo: str | None, branch: str | None, show: bool, home: Path | None) -> None:
    from egregora_assets.git_history.history import place_of, stored_path
    from egregora_assets.git_history.resolver import path_at
    from egregora_assets.warehouse.files import open_warehouse

    with readable_errors():
        settings = settings_with_warehouse(home)
        repos, moment = _names(settings, repo), _moment(settings, time)
        with open_warehouse(settings) as connection:
            place = place_of(connection, repos, branch, stored_path(path))
            version = path_at(connection, place.repo, place.branch, stored_path(path), moment)
            facts = _facts(connection, settings, place, stored_path(path), version, moment)
    # What the file said goes alone to the standard output, so that it can be put into a file.
    told = err if show else out
    for name, fact in facts:
        told.print(f"[bold]{name:<10}[/bold] {plain(fact)}", soft_wrap=True)
    if show:
        _show(settings, place.repo, version)


def _facts(
    connection: "duckdb.DuckDBPyConnection",
    settings: Settings,
    place: "Place",
    path: str,
    version: "Version",
    moment: datetime,
) -> list[tuple[str, str]]:
    """Return what is to be told of a version. Raises ``UnknownPlace`` where the branch never had the path."""
    from egregora_assets.git_history.history import near_paths, permalink_of, steps, unknown_path, was_ever

    if version.state == "absent" and not was_ever(connection, [place], path):
        raise unknown_path(connection, [place], path)
    explained = {
        "absent": "it was taken away" if version.changed_in else "it had not come yet",
        "unknown": "not all of its folders and files are in the clone"
        if version.tip
        else f"{place.branch} is known from later on",
        "ambiguous": f"several paths may be meant: {', '.join(near_paths(connection, [place], path))}",
        "renamed": f"it was {path} before",
        "submodule": "another repository is linked there",
    }.get(version.state)
    facts = [("state", version.state if explained is None else f"{version.state}: {explained}")]
    facts += [
        ("time", _clock(settings, moment) + f" ({_zone(settings)})"),
        ("branch", f"{place.branch} of {place.repo}"),
    ]
    if version.path is not None and version.state not in ("unknown", "ambiguous"):
        facts.append(("path", version.path))
    known = steps(connection, place, [sha for sha in (version.tip, version.changed_in) if sha])
    for name, sha in (("commit", version.tip), ("changed in", version.changed_in)):
        if sha is not None:
            eff_at, subject = known[sha]
            facts.append((name, f"{sha}  {_clock(settings, eff_at)}  {subject or ''}"))
    link = permalink_of(connection, place, version)
    return [*facts, *([("permalink", link)] if link else [])]


def _show(settings: Settings, repo: str, version: "Version") -> None:
    from egregora_assets.git_history.contents import content_of
    from egregora_assets.git_history.repositories import Unanswerable, sources

    with readable_errors():
        if version.blob is None:
            raise Unanswerable("there is no file to show")
        (source,) = sources(settings, [repo])
        content = content_of(source, settings.git_shadows, version.blob)
    if sys.stdout.isatty():
        for line in content.decode("utf-8", "replace").splitlines():
            out.print(plain(line.expandtabs()), soft_wrap=True)
    else:
        sys.stdout.buffer.write(content)
        sys.stdout.buffer.flush()


@code.command()
def discussions(
    path: Annotated[str, typer.Argument(metavar="PATH[:L1[-L2]]", help="A file, or lines of it: docs/plan.md:10-20.")],
    repo: Repo = None,
    home: Home = None,
) -> None:
    """List the messages that talked of a file under any of its names, newest first. Lines are as they were then."""
    from egregora_assets.git_history.discussions import discussions_of
    from egregora_assets.git_history.history import branches, stored_path, unknown_path, was_ever
    from egregora_assets.warehouse.files import open_warehouse

    with readable_errors():
        settings = settings_with_warehouse(home)
        repos = _names(settings, repo)
        with open_warehouse(settings) as connection:
            places = [place for place in branches(connection) if place.repo in repos]
            asked, lines = stored_path(path), None
            named = _WITH_LINES.fullmatch(asked)
            if named and not was_ever(connection, places, asked):
                asked, lines = named["path"], (int(named["first"]), int(named["last"] or named["first"]))
            if not was_ever(connection, places, asked):
                raise unknown_path(connection, places, asked)
            found = discussions_of(connection, asked, repo, lines)
    for one in found:
        where = f"{one.source_id}/{one.slug}" if one.slug else one.source_id
        out.print(
            f"[dim]{_clock(settings, one.sent_at)}[/dim] [bold]{plain(one.author or '')}[/bold] [dim]{plain(where)}[/dim]",
            soft_wrap=True,
        )
        out.print(f"  {plain(one.text)}", soft_wrap=True)
        version = f"{one.path} at {one.sha[:_SHORT]}" + (f"  {one.permalink}" if one.permalink else "")
        out.print(f"  [dim]{plain(one.said)} = {plain(version)}[/dim]", soft_wrap=True)
    counted = "One message" if len(found) == 1 else f"{len(found):,} messages"
    out.print(f"{counted} talked of it. Times are of {_zone(settings)}.", soft_wrap=True)


@code.command()
def repos(home: Home = None) -> None:
    """List the repositories in the settings: how far each was read, and what is the matter with it."""
    from egregora_assets.git_history.listing import listed
    from egregora_assets.warehouse.files import open_warehouse

    with readable_errors():
        settings = settings_with_warehouse(home)
        _names(settings, None)
        with open_warehouse(settings) as connection:
            found = listed(connection, settings)
    told = [
        (one.repo, ", ".join(one.branches), one.commits, _clock(settings, one.newest_at), one.references)
        for one in found
    ]
    out.print(as_table(["repository", "branches", "commits", f"newest ({_zone(settings)})", "references"], told))
    for one in found:
        for problem in one.problems:
            out.print(f"[red]{plain(one.repo)}[/red]: {plain(problem)}", soft_wrap=True)


def _names(settings: Settings, repo: str | None) -> Sequence[str]:
    """Return the names of the repositories that are asked for. Raises ``Unanswerable``."""
    from egregora_assets.git_history.repositories import Unanswerable, sources

    found = [source.name for source in sources(settings, None if repo is None else [repo])]
    if not found:
        raise Unanswerable(
            "the settings name no repository: add [[repositories]] with path = '…' to egregora.toml, then run `egregora ingest`"
        )
    return found


def _moment(settings: Settings, time: str) -> datetime:
    """Return the time that is meant; one without a zone is by the clock of the settings. Raises ``Unanswerable``."""
    from egregora_assets.git_history.repositories import Unanswerable

    try:
        if _SECONDS.fullmatch(time):
            return datetime.fromtimestamp(float(time), UTC)
        moment = datetime.fromisoformat(time)
        return (moment if moment.tzinfo else moment.replace(tzinfo=_zone(settings))).astimezone(UTC)
    except (ValueError, OverflowError, OSError) as error:
        raise Unanswerable(
            f"{time!r} is no time such as 2024-03-13, 2024-03-13T09:00, 2024-03-13T09:00+01:00 or 1710320400"
        ) from error


def _zone(settings: Settings) -> ZoneInfo:
    return ZoneInfo(settings.timezone or "UTC")


def _clock(settings: Settings, moment: datetime | None) -> str:
    return "" if moment is None else f"{moment.astimezone(_zone(settings)):%Y-%m-%d %H:%M}"
