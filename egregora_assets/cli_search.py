"""`egregora search`: messages by words and by meaning, from what is published."""

import json
import sys
from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated
from uuid import UUID

import typer

from egregora_assets.cli_common import Home, err, moment, out, readable_errors
from egregora_assets.config import load_settings
from egregora_assets.terminal import plain

if TYPE_CHECKING:
    from egregora_assets.search.hybrid import Line, Result


def search(
    words: Annotated[
        str | None, typer.Argument(metavar="WORDS", help='What to look for: words, "a phrase", -without.')
    ] = None,
    since: Annotated[str | None, typer.Option("--since", help="From this day or time on: 2024-03-13[T09:00].")] = None,
    until: Annotated[str | None, typer.Option("--until", help="Up to this day or time.")] = None,
    author: Annotated[
        list[str] | None, typer.Option("--author", help="Pseudonym or chosen name; can be repeated.")
    ] = None,
    source: Annotated[list[str] | None, typer.Option("--source", help="Short name of a chat; can be repeated.")] = None,
    kind: Annotated[list[str] | None, typer.Option("--kind", help="text, media, poll …; can be repeated.")] = None,
    has_media: Annotated[
        bool | None, typer.Option("--has-media/--no-media", help="Only with, or without, files.")
    ] = None,
    has_code: Annotated[
        bool | None, typer.Option("--has-code/--no-code", help="Only with, or without, references to code.")
    ] = None,
    context: Annotated[int, typer.Option("--context", min=0, max=50, help="Messages before and after each.")] = 0,
    limit: Annotated[int, typer.Option("--limit", min=1, max=10_000, help="Most results.")] = 10,
    as_json: Annotated[bool, typer.Option("--json", help="JSON lines.")] = False,
    explain: Annotated[
        bool, typer.Option("--explain", help="Tell by what each was found, with ranks and scores.")
    ] = False,
    more_like: Annotated[
        UUID | None, typer.Option("--more-like", metavar="ID", help="Messages like this one, instead of WORDS.")
    ] = None,
    home: Home = None,
) -> None:
    """Search what was said, by words and by meaning, in what is published."""
    from egregora_assets.search.filters import Filters
    from egregora_assets.search.opening import open_search

    if (words is None) == (more_like is None):
        raise typer.BadParameter("say WORDS, or --more-like ID")
    filters = Filters(
        sources=tuple(source or ()),
        authors=tuple(author or ()),
        since=moment("--since", since),
        until=moment("--until", until),
        kinds=tuple(kind or ()),
        has_media=has_media,
        has_code=has_code,
    )
    with readable_errors(), open_search(load_settings(home)) as opened:
        if more_like is not None:
            found = opened.more_like(more_like, limit, filters, context)
        else:
            found = opened.search(words or "", limit, filters, context)
        notes = opened.notes
    for note in notes:
        err.print(f"[yellow]note:[/yellow] {plain(note)}", soft_wrap=True)
    if as_json:
        for one in found:
            sys.stdout.write(json.dumps(_as_json(one, explain), ensure_ascii=False, default=str) + "\n")
    else:
        for one in found:
            _show(one, explain)
        if not found:
            out.print("Nothing was found.")


def _show(one: "Result", explain: bool) -> None:
    for line in one.before:
        _show_line(line)
    head = f"[dim]{one.local_time:%Y-%m-%d %H:%M}[/dim] [bold]{plain(one.author or '')}[/bold] [dim]{plain(one.source_id)}[/dim]"
    out.print(head, soft_wrap=True)
    out.print(f"  {_marked(one.snippet, one.marks) or f'[dim]({one.kind})[/dim]'}", soft_wrap=True)
    if one.alike:
        out.print(f"  [dim]and {len(one.alike):,} more that say the same[/dim]", soft_wrap=True)
    if explain:
        places = ", ".join(f"{name} {place.rank} ({place.score:.3f})" for name, place in one.places.items())
        out.print(f"  [dim]{one.message_id}  {one.score:.5f} = {places}[/dim]", soft_wrap=True)
    for line in one.after:
        _show_line(line)
    if one.before or one.after:
        out.print()


def _show_line(line: "Line") -> None:
    words = " ".join(line.text.split()) or f"({line.kind})"
    out.print(f"    [dim]{line.local_time:%H:%M} {plain(line.author or '')}: {plain(words)}[/dim]", soft_wrap=True)


def _marked(text: str, marks: Sequence[tuple[int, int]]) -> str:
    """Return a text with the words that were looked for in bold."""
    pieces, place = [], 0
    for begin, end in marks:
        pieces += [plain(text[place:begin]), "[bold yellow]", plain(text[begin:end]), "[/bold yellow]"]
        place = end
    return "".join([*pieces, plain(text[place:])])


def _as_json(one: "Result", explain: bool) -> dict[str, object]:
    told = asdict(one)
    places = told.pop("places")
    return {**told, "places": places} if explain else told
