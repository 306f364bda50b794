"""`egregora authors rotate-key`: new pseudonyms, published at once."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from typer.testing import Result

from egregora_assets.config import load_settings
from egregora_assets.warehouse.connection import open_snapshot
from egregora_assets.warehouse.query import rows

Cli = Callable[..., Result]


def published(home: Path) -> tuple[set[str], list[str]]:
    with open_snapshot(load_settings(home)) as snapshot:
        texts = [text for (text,) in rows(snapshot, "SELECT text FROM messages ORDER BY local_time")]
        return {alias for (alias,) in rows(snapshot, "SELECT alias FROM authors")}, texts


def test_the_command_publishes_under_new_pseudonyms_and_says_to_keep_the_key(cli: Cli, home_taken_in: Path) -> None:
    before, texts = published(home_taken_in)
    result = cli("authors", "rotate-key")
    after, texts_after = published(home_taken_in)
    assert result.exit_code == 0, result.output
    assert "secret.key" in result.stdout
    assert (len(after), texts_after) == (3, texts)
    assert before.isdisjoint(after)


def test_without_a_warehouse_there_is_nothing_to_rotate(cli: Cli, home: Path) -> None:
    result = cli("authors", "rotate-key")
    assert result.exit_code == 1
    assert "nothing to re-key" in result.stderr
    assert not home.exists()
