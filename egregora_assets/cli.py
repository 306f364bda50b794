"""The command `egregora`: thin commands over the slices, with errors for the person who reads them."""

import json
import math
import sys
from pathlib import Path
from typing import Annotated

import duckdb
import typer

from egregora_assets.cli_authors import authors
from egregora_assets.cli_code import code
from egregora_assets.cli_common import Command, Home, out, print_result, readable_errors
from egregora_assets.cli_live import live
from egregora_assets.cli_media import media
from egregora_assets.cli_model import model
from egregora_assets.cli_outcomes import conversations, decisions, questions, tasks
from egregora_assets.cli_recent import recent
from egregora_assets.cli_search import search
from egregora_assets.config import Settings, load_settings
from egregora_assets.terminal import plain

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Chat exports turned into one private, queryable memory on your own machine.",
)
app.add_typer(authors, name="authors")
app.add_typer(code, name="code")
app.add_typer(live, name="live")
app.add_typer(media, name="media")
for asking in (search, decisions, tasks, questions, conversations, recent):
    app.command(cls=Command)(asking)
app.add_typer(model, name="model")
DayFirst = Annotated[
    bool | None, typer.Option("--day-first/--month-first", help="Order of day and month, where the file cannot tell.")
]


@app.command()
def init(home: Home = None, quiet: Annotated[bool, typer.Option("--quiet")] = False) -> None:
    """Make the home folder: inbox, settings file, keys, Dagster instance. What exists is left alone."""
    from egregora_assets.privacy.keys import load_keys
    from egregora_assets.runs import prepare_home

    with readable_errors():
        settings = load_settings(home)
        prepare_home(settings)
        load_keys(settings.key_path)
        _write_settings_template(settings)
    if not quiet:
        out.print(f"The home is ready: {settings.home}", soft_wrap=True)
        out.print(f"Drop chat exports into {settings.inbox}, then run `egregora ingest`.", soft_wrap=True)


@app.command()
def ingest(
    paths: Annotated[list[Path] | None, typer.Argument(help="Exports to copy into the inbox first.")] = None,
    home: Home = None,
    day_first: DayFirst = None,
) -> None:
    """Take in exports: copies PATHs into the inbox, then runs the whole graph through Dagster."""
    from egregora_assets.demo import ingest_and_report

    with readable_errors():
        ok = ingest_and_report(load_settings(home), out, list(paths or []), day_first)
    raise typer.Exit(0 if ok else 1)


@app.command()
def demo(
    home: Home = None,
    export: Annotated[Path | None, typer.Option("--export", help="Your own export instead of the samples.")] = None,
    day_first: DayFirst = None,
) -> None:
    """Show the whole: sample chats (or your export) through every asset, then example queries."""
    from egregora_assets.demo import run_demo

    with readable_errors():
        ok = run_demo(load_settings(home), out, export, day_first)
    raise typer.Exit(0 if ok else 1)


@app.command()
def parse(
    file: Annotated[Path, typer.Argument(help="An export: a file, a ZIP or a folder.")],
    as_json: Annotated[
        bool, typer.Option("--json", help="JSON lines (the default when the output is no terminal).")
    ] = False,
    timezone: Annotated[
        str | None, typer.Option("--timezone", help="IANA zone: adds the UTC time as `sent_at`.")
    ] = None,
    day_first: DayFirst = None,
) -> None:
    """Show what an export would give, without touching any home. Needs no settings."""
    from egregora_assets.chat.dry_run import dry_run

    with readable_errors(), dry_run(file, day_first, timezone) as parsed:
        if as_json or not sys.stdout.isatty():
            for row in parsed.rows():
                sys.stdout.write(json.dumps(row, ensure_ascii=False) + "\n")
        else:
            for row in parsed.rows():
                where = f"[dim]{row['timestamp']}[/dim] [bold]{plain(str(row['author'] or ''))}[/bold]"
                out.print(f"{where} {plain(str(row['text'] or row['attachment'] or ''))} [dim]{row['kind']}[/dim]")
        sys.stdout.flush()
        sys.stderr.write(json.dumps(parsed.summary(), ensure_ascii=False) + "\n")


@app.command(cls=Command)
def query(
    sql: Annotated[str, typer.Argument(help="DuckDB SQL over the published snapshot.")],
    home: Home = None,
    as_json: Annotated[bool, typer.Option("--json", help="JSON lines.")] = False,
) -> None:
    """Ask the published snapshot. Read-only: it can change nothing and read no other file.

    search('words', k := 10) is a table of what a search finds: rank, message_id, score, snippet. So are ledger(),
    open_questions(), decisions_about('path') and conversations().
    """
    from egregora_assets.search.sql import searchable
    from egregora_assets.warehouse.connection import open_snapshot

    settings = load_settings(home)
    with readable_errors(), open_snapshot(settings) as connection, searchable(connection, settings):
        if not duckdb.extract_statements(sql):
            raise duckdb.ParserException("there is no statement to run")
        result = connection.execute(sql)
        names = [column[0] for column in result.description or []]
        if as_json:
            while rows := result.fetchmany(1000):
                for row in rows:
                    values = _json_value(dict(zip(names, row, strict=True)))
                    sys.stdout.write(json.dumps(values, ensure_ascii=False, allow_nan=False, default=str) + "\n")
        else:
            print_result(names, result.fetchall())


@app.command()
def doctor(home: Home = None) -> None:
    """Say how the home and this machine are, and what to mend. Exit code 1 when something needs mending."""
    from egregora_assets.doctor import examine

    with readable_errors():
        findings = examine(load_settings(home))
    for finding in findings:
        mark = "[green]ok  [/green]" if finding.ok else "[red]mend[/red]"
        out.print(f"{mark}  {finding.subject:<14} {plain(finding.text)}", soft_wrap=True)
    raise typer.Exit(0 if all(finding.ok for finding in findings) else 1)


def _json_value(value: object) -> object:
    """Give JSON what it has a word for: no NaN or infinity, and keys that are text."""
    if isinstance(value, dict):
        return {str(key): _json_value(part) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [_json_value(part) for part in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _write_settings_template(settings: Settings) -> None:
    from egregora_assets.config import SETTINGS_FILE, SETTINGS_TEMPLATE

    path = settings.home / SETTINGS_FILE
    if not path.exists():
        path.write_text(SETTINGS_TEMPLATE, "utf-8")


if __name__ == "__main__":
    app()
