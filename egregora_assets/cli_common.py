"""What all commands share: where the home is, and how results and errors are shown."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import duckdb
import typer
from rich.console import Console
from rich.table import Table

from egregora_assets.authors.listing import UnknownPseudonym
from egregora_assets.chat.archive import ExportUnreadable
from egregora_assets.config import SettingsError
from egregora_assets.privacy.keys import KeyFileError
from egregora_assets.terminal import plain
from egregora_assets.warehouse.connection import NothingPublished, WarehouseBusy
from egregora_assets.warehouse.migrate import SchemaMismatch

out = Console(highlight=False)
err = Console(stderr=True, highlight=False)

Home = Annotated[Path | None, typer.Option("--home", help="EGREGORA_HOME; default: the variable, else ./.egregora.")]


@contextmanager
def readable_errors() -> Iterator[None]:
    """Turn the errors that a user can do something about into one line and exit code 1."""
    try:
        yield
    except BrokenPipeError:
        raise  # the reader has seen enough (`| head`): the command ends without a word
    except (
        ExportUnreadable,
        SettingsError,
        KeyFileError,
        WarehouseBusy,
        NothingPublished,
        SchemaMismatch,
        UnknownPseudonym,
        OSError,
    ) as error:
        err.print(f"[red]error:[/red] {plain(str(error))}", soft_wrap=True)
        raise typer.Exit(1) from error
    except duckdb.Error as error:
        err.print(f"[red]error:[/red] {plain(str(error).splitlines()[0])}", soft_wrap=True)
        raise typer.Exit(1) from error


def as_table(names: list[str], rows: list[tuple[object, ...]]) -> Table:
    """Return a result as a table for the terminal."""
    table = Table(header_style="bold")
    for name in names:
        table.add_column(plain(name), overflow="fold")
    for row in rows:
        table.add_row(*(plain("" if value is None else str(value)) for value in row))
    return table
