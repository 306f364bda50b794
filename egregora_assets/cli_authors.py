"""`egregora authors`: who writes in this memory, and what they decide about it."""

from pathlib import Path
from typing import Annotated

import typer

from egregora_assets.cli_common import Home, as_table, out, readable_errors, settings_with_warehouse
from egregora_assets.config import load_settings
from egregora_assets.terminal import plain

Names = Annotated[
    list[str],
    typer.Argument(help="Display names, numbers or pseudonyms (member-…), as `authors list --names` shows them."),
]
Later = Annotated[bool, typer.Option("--later", help="Only change the list; the next run brings it into effect.")]

authors = typer.Typer(no_args_is_help=True, help="Who writes in this memory, and what they decide about it.")


@authors.command(name="list")
def list_authors(
    home: Home = None,
    names: Annotated[bool, typer.Option("--names", help="Also the private display names.")] = False,
) -> None:
    """Show the authors under their pseudonyms, the most active first."""
    from egregora_assets.authors.commands import unheard
    from egregora_assets.authors.listing import COLUMNS, NAME_COLUMNS, listed
    from egregora_assets.warehouse.files import open_warehouse

    with readable_errors(), open_warehouse(settings_with_warehouse(home)) as connection:
        found, missed = listed(connection, names), len(unheard(connection))
    table = as_table([*COLUMNS, *(NAME_COLUMNS if names else ())], found)
    table.columns[0].no_wrap = True  # pseudonyms are there to be copied
    out.print(table)
    if missed:
        told = "messages that name the command to opt out and are none: `egregora authors unheard` shows them"
        out.print(f"[yellow]{missed:,} {told}[/yellow]", soft_wrap=True)


@authors.command(name="unheard")
def list_unheard(home: Home = None) -> None:
    """Show the messages that name the command to opt out and were not taken as one, for you to decide what was meant."""
    from egregora_assets.authors.commands import unheard
    from egregora_assets.warehouse.files import open_warehouse

    with readable_errors(), open_warehouse(settings_with_warehouse(home)) as connection:
        found = unheard(connection)
    for alias, moment, text in found:
        out.print(f"{alias}  {moment:%Y-%m-%d %H:%M}  {plain(text)}", markup=False, soft_wrap=True)
    if not found:
        out.print("No message names the command to opt out without being one.")


@authors.command(name="opt-out")
def opt_out(names: Names, home: Home = None, later: Later = False) -> None:
    """Let people vanish from everything that is derived and published: puts them on the list in egregora.toml, and runs."""
    from egregora_assets.authors.listing import names_of
    from egregora_assets.settings_file import add_opt_outs

    with readable_errors():
        settings = load_settings(home)
        added = add_opt_outs(settings, names_of(settings, names))
        out.print(f"On the list: {_told(added)}." if added else "All of them are on the list already.", soft_wrap=True)
        ok = later or not added or _run(home)
    raise typer.Exit(0 if ok else 1)


@authors.command(name="opt-in")
def opt_in(names: Names, home: Home = None, later: Later = False) -> None:
    """Take people off the list in egregora.toml, and run. Who opted out in a chat can only opt in there."""
    from egregora_assets.authors.listing import names_of
    from egregora_assets.settings_file import remove_opt_outs

    with readable_errors():
        settings = load_settings(home)
        removed = remove_opt_outs(settings, names_of(settings, names))
        out.print(
            f"No longer on the list: {_told(removed)}." if removed else "None of them is on the list.", soft_wrap=True
        )
        ok = later or not removed or _run(home)
    raise typer.Exit(0 if ok else 1)


def _told(names: list[str]) -> str:
    return ", ".join(plain(name) for name in names)


def _run(home: Path | None) -> bool:
    from egregora_assets.demo import ingest_and_report

    return ingest_and_report(load_settings(home), out, [], None)


@authors.command(name="erasure-report")
def erasure_report(home: Home = None) -> None:
    """Search every byte of what is published for words of people who opted out, and say what was found."""
    from egregora_assets.publish.erasure import REPORT_FILE, search_outputs
    from egregora_assets.warehouse.files import open_warehouse

    with readable_errors():
        settings = settings_with_warehouse(home)
        with open_warehouse(settings) as connection:
            report = search_outputs(connection, settings)
    facts = report.model_dump(include={"people", "messages", "unsearchable", "phrases", "places", "bytes_searched"})
    out.print(
        as_table(["searched", "how many"], [(name.replace("_", " "), f"{fact:,}") for name, fact in facts.items()])
    )
    for remains in report.found:
        out.print(f"[red]{plain(remains.place)}: phrases that are still there: {remains.phrases}[/red]", soft_wrap=True)
    advice = "" if report.is_clean else " Run `egregora ingest`, then search again."
    out.print(f"{report.in_words}.{advice} The report: {settings.home / REPORT_FILE}", soft_wrap=True)
    raise typer.Exit(0 if report.is_clean else 1)


@authors.command(name="rotate-key")
def rotate_key(home: Home = None) -> None:
    """Give everybody a new pseudonym and every message a new id, then publish anew: old files tell nothing about new ones."""
    from egregora_assets.demo import ingest_and_report
    from egregora_assets.privacy.keys import KeyFileError
    from egregora_assets.rotation import rotate
    from egregora_assets.warehouse.files import open_warehouse

    with readable_errors():
        settings = load_settings(home)
        if not settings.warehouse_path.exists():
            raise KeyFileError(f"{settings.home} has no warehouse yet: there is nothing to re-key")
        with open_warehouse(settings) as connection:
            rotated = rotate(connection, settings)
        out.print(
            f"The key is rotated: {rotated.messages:,} messages, {rotated.authors:,} authors and {rotated.chats:,} chats "
            f"without a title have new pseudonyms.\nKeep a new copy of {settings.key_path}: older copies no longer open "
            "this warehouse. What is published shows the old pseudonyms until the run that begins now has ended; "
            "if it is cut short, run `egregora ingest`.",
            soft_wrap=True,
        )
        ok = ingest_and_report(settings, out, [], None)
    raise typer.Exit(0 if ok else 1)


@authors.command()
def suggest(home: Home = None) -> None:
    """List who may be one person, and why, as lines for `identities.toml`, strongest first. Changes nothing."""
    from egregora_assets.authors.suggestions import as_toml, suggested
    from egregora_assets.warehouse.files import open_warehouse

    with readable_errors():
        settings = settings_with_warehouse(home)
        with open_warehouse(settings) as connection:
            found = suggested(connection, settings)
            for line in as_toml(connection, settings, found):
                out.print(line, markup=False, soft_wrap=True)
    if not found:
        out.print("# nobody looks like one person under two names")
