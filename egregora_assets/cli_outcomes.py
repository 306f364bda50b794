"""`egregora decisions`, `tasks`, `questions` and `conversations`: what came of the talk, from what is published."""

import json
import sys
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from egregora_assets.cli_common import Home, moment, out, readable_errors
from egregora_assets.config import load_settings
from egregora_assets.terminal import plain

if TYPE_CHECKING:
    import duckdb

    from egregora_assets.publish.ledger import Asked

Topic = Annotated[str | None, typer.Option("--topic", help="Only from conversations of this topic.")]
Since = Annotated[str | None, typer.Option("--since", help="From this day or time on: 2024-03-13[T09:00].")]
Source = Annotated[str | None, typer.Option("--source", help="Short name of a chat.")]
Limit = Annotated[int, typer.Option("--limit", min=1, max=100_000, help="Most results.")]
Assignee = Annotated[
    str | None, typer.Option("--assignee", help="Only tasks of this person: pseudonym or chosen name.")
]
AsJson = Annotated[bool, typer.Option("--json", help="JSON lines.")]


class Kind(StrEnum):
    """What stands in the ledger."""

    DECISION = "decision"
    TASK = "task"


class Status(StrEnum):
    """What became of a decision or task."""

    PROPOSED = "proposed"
    AGREED = "agreed"
    REVOKED = "revoked"
    OPEN = "open"
    DONE = "done"


def decisions(
    topic: Topic = None,
    assignee: Assignee = None,
    since: Since = None,
    status: Annotated[Status | None, typer.Option("--status", help="Only these; tasks are open or done.")] = None,
    source: Source = None,
    kind: Annotated[Kind | None, typer.Option("--kind", help="Only these.")] = None,
    about: Annotated[
        str | None,
        typer.Option("--about", metavar="PATH", help="Only decisions where this file or folder was spoken of."),
    ] = None,
    limit: Limit = 20,
    as_json: AsJson = False,
    home: Home = None,
) -> None:
    """Show the ledger: what was decided, and who is to do what, the newest first."""
    from egregora_assets.publish.ledger import Asked, ledger

    asked = Asked(
        topic, assignee, moment("--since", since), status and status.value, source, kind and kind.value, about
    )
    _show(_answer(ledger, asked, limit, home), as_json, _entry)


def tasks(
    is_open: Annotated[bool | None, typer.Option("--open/--done", help="Only these.")] = None,
    topic: Topic = None,
    assignee: Assignee = None,
    since: Since = None,
    source: Source = None,
    limit: Limit = 20,
    as_json: AsJson = False,
    home: Home = None,
) -> None:
    """Show who is to do what: first what is open, by the day on which it is due, then what is done."""
    from egregora_assets.publish.ledger import Asked
    from egregora_assets.publish.ledger import tasks as taken_on

    status = None if is_open is None else "open" if is_open else "done"
    asked = Asked(topic=topic, assignee=assignee, since=moment("--since", since), status=status, source=source)
    _show(_answer(taken_on, asked, limit, home), as_json, _entry)


def questions(
    is_open: Annotated[bool | None, typer.Option("--open/--answered", help="Only these.")] = None,
    topic: Topic = None,
    since: Since = None,
    source: Source = None,
    limit: Limit = 20,
    as_json: AsJson = False,
    home: Home = None,
) -> None:
    """Show what was asked, and the answers, the newest first."""
    from egregora_assets.publish.ledger import Asked
    from egregora_assets.publish.ledger import questions as asked_in

    status = None if is_open is None else "open" if is_open else "answered"
    asked = Asked(topic=topic, since=moment("--since", since), status=status, source=source)
    _show(_answer(asked_in, asked, limit, home), as_json, _question)


def conversations(source: Source = None, limit: Limit = 20, as_json: AsJson = False, home: Home = None) -> None:
    """Show the conversations of which most has come, and what their points are for."""
    from egregora_assets.publish.ledger import Asked
    from egregora_assets.publish.ledger import conversations as ranked

    _show(_answer(ranked, Asked(source=source), limit, home), as_json, _conversation)


def _answer(
    ask: "Callable[[duckdb.DuckDBPyConnection, Asked, int], list[dict[str, Any]]]",
    asked: "Asked",
    limit: int,
    home: Path | None,
) -> list[dict[str, Any]]:
    from egregora_assets.warehouse.connection import open_snapshot

    with readable_errors(), open_snapshot(load_settings(home)) as snapshot:
        return ask(snapshot, asked, limit)


def _show(found: list[dict[str, Any]], as_json: bool, lines: Callable[[dict[str, Any]], Iterable[str]]) -> None:
    """Show what was found as JSON or by its ``lines``, with the post that each is from."""
    for one in found:
        if as_json:
            sys.stdout.write(json.dumps(one, ensure_ascii=False, default=str) + "\n")
            continue
        for line in (*lines(one), f"  [dim]posts/{plain(one['source_id'])}/{plain(one['slug'])}.md[/dim]"):
            out.print(line, soft_wrap=True)
    if not found and not as_json:
        out.print("Nothing was found.")


def _entry(one: dict[str, Any]) -> Iterator[str]:
    due = f"due {one['due_on']}" if one["due_on"] else None
    told = ", ".join(plain(part) for part in (one["status"], one["assignee"], due) if part)
    yield f"{_minute(one['said_at'])} [bold]{plain(one['kind'])}[/bold] {told}"
    yield f"  {plain(one['text'])}"


def _question(one: dict[str, Any]) -> Iterator[str]:
    yield f"{_minute(one['asked_at'])} [bold]{plain(one['status'])}[/bold]"
    yield f"  {plain(one['text'])}"
    if one["answer"]:
        yield f"  → {plain(one['answer'])}"


def _conversation(one: dict[str, Any]) -> Iterator[str]:
    yield f"[dim]{one['rank']}.[/dim] [bold]{plain(one['title'])}[/bold]"
    yield f"  {plain(one['explanation'])} ({one['score']:,})"


def _minute(moment: datetime) -> str:
    return f"[dim]{moment:%Y-%m-%d %H:%M}[/dim]"
