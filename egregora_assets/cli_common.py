"""What all commands share: where the home is, and how results and errors are shown."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import date, datetime
from pathlib import Path
from typing import Annotated, Any

import duckdb
import typer
from rich.console import Console
from rich.table import Table
from typer.core import TyperCommand

from egregora_assets.config import Settings, load_settings
from egregora_assets.terminal import plain

out = Console(highlight=False)
err = Console(stderr=True, highlight=False)

Home = Annotated[Path | None, typer.Option("--home", help="EGREGORA_HOME; default: the variable, else ./.egregora.")]


class Command(TyperCommand):
    """A command whose words have to be text; what names a file may be any bytes."""

    def invoke(self, ctx: Any) -> Any:
        """Refuse bytes that are no UTF-8, which Python shows as lone surrogates, before anybody is asked for them."""
        for name, told in ctx.params.items():
            for text in [told] if isinstance(told, str) else told if isinstance(told, list | tuple) else ():
                if name != "home" and not _is_text(text):
                    raise typer.BadParameter(f"{name}: {text!a} is no text in UTF-8")
        return super().invoke(ctx)


def _is_text(told: object) -> bool:
    try:
        str(told).encode()
    except UnicodeEncodeError:
        return False
    return True


@contextmanager
def readable_errors() -> Iterator[None]:
    """Turn the errors that a user can do something about into one line and exit code 1."""
    try:
        yield
    except BrokenPipeError:
        raise  # the reader has seen enough (`| head`): the command ends without a word
    except _expected() as error:
        err.print(f"[red]error:[/red] {plain(_told(error))}", soft_wrap=True)
        raise typer.Exit(1) from error
    except duckdb.Error as error:
        err.print(f"[red]error:[/red] {plain(str(error).splitlines()[0])}", soft_wrap=True)
        raise typer.Exit(1) from error


def _expected() -> tuple[type[Exception], ...]:
    """Return these errors. They are only looked up where one has come: their modules are half of what a command needs to start."""
    from egregora_assets.cli_errors import EXPECTED

    return EXPECTED


def _told(error: Exception) -> str:
    """Return what an error says; of one of the system which file and why, without its number."""
    if isinstance(error, OSError) and error.strerror and error.filename is not None:
        return f"{error.filename}: {error.strerror}"
    return str(error)


def settings_with_warehouse(home: Path | None) -> Settings:
    """Return the settings of a home that has a warehouse: asking must not make one where a path is mistyped."""
    from egregora_assets.warehouse.connection import NothingPublished

    settings = load_settings(home)
    if not settings.warehouse_path.exists():
        raise NothingPublished(settings.snapshot_path)
    return settings


def moment(option: str, told: str | None) -> date | datetime | None:
    """Return the day or time that an option tells."""
    if told is None:
        return None
    try:
        return date.fromisoformat(told) if len(told) <= len("2024-03-13") else datetime.fromisoformat(told)
    except ValueError as error:
        raise typer.BadParameter(
            f"{option}: {told!r} is no day or time such as 2024-03-13 or 2024-03-13T09:00"
        ) from error


def as_table(names: list[str], rows: Sequence[tuple[object, ...]]) -> Table:
    """Return a result as a table for the terminal."""
    table = Table(header_style="bold")
    for name in names:
        table.add_column(plain(name), overflow="fold")
    for row in rows:
        table.add_row(*map(_shown, row))
    return table


def print_result(names: list[str], rows: Sequence[tuple[object, ...]]) -> None:
    """Print a result as a table, or, where that is wider than the terminal, each row as a block of its columns.

    Of a result without rows that is wider only the names of its columns are told.
    """
    table = as_table(names, rows)
    if out.measure(table, options=out.options.update(width=_NO_END)).maximum <= out.width:
        out.print(table)
        return
    if not rows:
        out.print(f"No rows of {plain(', '.join(names))}")
        return
    width = max(map(len, names))
    for number, row in enumerate(rows, 1):
        block = Table.grid(padding=(0, 2), expand=True)
        block.add_column(width=width, style="bold", no_wrap=True)
        block.add_column(overflow="fold", ratio=1)
        for name, value in zip(names, row, strict=True):
            block.add_row(plain(name), _shown(value))
        out.print(f"[dim]{f'── {number:,} ':─<{out.width}}[/dim]", block)


def _shown(value: object) -> str:
    if isinstance(value, list):
        return ", ".join(map(_shown, value))
    return plain("" if value is None else str(value))


_NO_END = 1_000_000
"""Columns of a terminal in which any row has room."""
