"""`egregora authors`: who writes in this memory, and what they decide about it."""

from typing import Annotated

import typer

from egregora_assets.cli_common import Home, as_table, out, readable_errors
from egregora_assets.config import load_settings

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
