"""`egregora authors`: who writes in this memory, and what they decide about it."""

from typing import Annotated

import typer

from egregora_assets.cli_common import Home, as_table, out, readable_errors
from egregora_assets.config import load_settings
from egregora_assets.privacy.keys import KeyFileError
from egregora_assets.warehouse.connection import NothingPublished

authors = typer.Typer(no_args_is_help=True, help="Who writes in this memory, and what they decide about it.")


@authors.command(name="list")
def list_authors(
    home: Home = None,
    names: Annotated[bool, typer.Option("--names", help="Also the private display names.")] = False,
) -> None:
    """Show the authors under their pseudonyms, the most active first."""
    from egregora_assets.authors.listing import COLUMNS, NAME_COLUMNS, listed
    from egregora_assets.warehouse.files import open_warehouse

    with readable_errors(), open_warehouse(load_settings(home)) as connection:
        found = listed(connection, names)
    out.print(as_table([*COLUMNS, *(NAME_COLUMNS if names else ())], found))


@authors.command(name="rotate-key")
def rotate_key(home: Home = None) -> None:
    """Give everybody a new pseudonym and every message a new id, then publish anew: old files tell nothing about new ones."""
    from egregora_assets.demo import ingest_and_report
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
        settings = load_settings(home)
        if not settings.warehouse_path.exists():
            raise NothingPublished(settings.snapshot_path)
        with open_warehouse(settings) as connection:
            found = suggested(connection, settings)
            for line in as_toml(connection, settings, found):
                out.print(line, markup=False, soft_wrap=True)
    if not found:
        out.print("# nobody looks like one person under two names")
