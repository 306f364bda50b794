"""`egregora recent`: the latest messages, those of the snapshot and those that have come in since."""

import json
import sys
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, Any

import typer

from egregora_assets.cli_common import Home, err, out, readable_errors
from egregora_assets.config import load_settings
from egregora_assets.terminal import plain

if TYPE_CHECKING:
    from egregora_assets.config import Settings

_LOOK_SECONDS = 0.5


def recent(
    limit: Annotated[int, typer.Option("--limit", "-n", min=1, max=10_000, help="How many messages.")] = 20,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Go on with what comes in, until Ctrl+C.")] = False,
    source: Annotated[str | None, typer.Option("--source", help="Short name of a chat.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="JSON lines.")] = False,
    home: Home = None,
) -> None:
    """Show the latest messages as they may be shown, also those that no run has seen yet."""
    with readable_errors():
        settings = load_settings(home)
        try:
            for message, is_again in told(settings, limit, source, follow):
                _show(message, as_json, is_again)
        except KeyboardInterrupt:
            return


def told(settings: "Settings", limit: int, source: str | None, follow: bool) -> Iterator[tuple[dict[str, Any], bool]]:
    """Yield the latest messages, and with ``follow`` all that comes after them; whether each was told before in another form."""
    from egregora_assets.live.recent import News

    # more may come between two looks than are told at first
    most = limit + settings.live.query_rows if follow else limit
    news = News(limit, most)
    for messages in _looks(settings, most, source, follow):
        yield from news.of(messages)


def _looks(settings: "Settings", limit: int, source: str | None, follow: bool) -> Iterator[list[dict[str, Any]]]:
    """Yield the latest messages: once, or again and again. Whether the service runs is told whenever it changes."""
    from egregora_assets.live.recent import ServiceDown, hot_rows
    from egregora_assets.live.recent import recent as latest

    was_down = False
    while True:
        try:
            hot = hot_rows(settings.live_socket, settings.live.query_rows)
            was_down = False
        except ServiceDown:
            hot = None
            if not was_down:
                err.print(
                    "the live service does not run: these are the messages of the last publication", soft_wrap=True
                )
            was_down = True
        yield latest(settings, hot, limit, source).to_pylist()
        if not follow:
            return
        time.sleep(_LOOK_SECONDS)


def _show(message: dict[str, Any], as_json: bool, is_again: bool) -> None:
    if as_json:
        told = {name: str(value) if name.endswith(("_at", "_time")) else value for name, value in message.items()}
        sys.stdout.write(json.dumps(told, ensure_ascii=False) + "\n")
        sys.stdout.flush()
        return
    said = message["text"] or f"({'withheld' if message['is_withheld'] else message['kind']})"
    again = "[dim]now:[/dim] " if is_again else ""
    who = plain(f"{message['local_time']:%Y-%m-%d %H:%M} {message['source_id']} {message['author'] or ''}".rstrip())
    out.print(f"[dim]{who}:[/dim] {again}{plain(said)}", soft_wrap=True)
