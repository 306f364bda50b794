"""Invented chats as Android exports, homes to put them into, and everything that a home shows to others."""

from __future__ import annotations

import tempfile
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path

import duckdb

from egregora_assets.config import PrivacySettings, Settings
from egregora_assets.publish.tables import TABLES
from egregora_assets.sidecar.extract import ITEM_TABLES
from egregora_assets.warehouse.connection import open_snapshot
from egregora_assets.warehouse.query import rows
from tests.homes import make_ready_home

BEGINNING = datetime(2024, 3, 13, 9, 0)
"""A day above twelve: its order of day and month needs no telling."""

DERIVED_TABLES = ("clean_messages", "documents", "search_units", "sidecars", *ITEM_TABLES)

Line = tuple[int, str, str]
"""Minutes since the beginning, author, text."""


def line(minute: int, author: str, text: str) -> str:
    moment = BEGINNING + timedelta(minutes=minute)
    return f"{moment:%d/%m/%Y, %H:%M} - {author}: {text}\n"


def chat(*lines: Line) -> str:
    return "".join(line(*said) for said in lines)


def put_export(
    settings: Settings, title: str, text: str, suffix: str = "", media: dict[str, bytes] | None = None
) -> Path:
    path = settings.inbox / f"WhatsApp Chat with {title}{suffix}.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in {f"WhatsApp Chat with {title}.txt": text, **(media or {})}.items():
            archive.writestr(zipfile.ZipInfo(name), content)
    return path


@contextmanager
def new_home() -> Iterator[Settings]:
    """Give a home of its own to each example of a property, in UTC whatever the environment says."""
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(home=Path(folder) / "home", timezone="UTC")
        make_ready_home(settings)
        yield settings


def with_privacy(settings: Settings, **changes: object) -> Settings:
    """Return the same home under another privacy policy."""
    privacy = PrivacySettings.model_validate({**settings.privacy.model_dump(), **changes})
    return settings.model_copy(update={"privacy": privacy})


def texts_of(connection: duckdb.DuckDBPyConnection, tables: tuple[str, ...]) -> str:
    """Return every value of the tables as text: what a search in them could find."""
    return "\n".join(str(row) for table in tables for row in rows(connection, f"FROM {table}"))


def derived_texts(connection: duckdb.DuckDBPyConnection) -> str:
    return texts_of(connection, DERIVED_TABLES)


def published_texts(settings: Settings) -> str:
    with open_snapshot(settings) as connection:
        return texts_of(connection, tuple(table.name for table in TABLES))


def profile_bytes(settings: Settings) -> bytes:
    return b"\n".join(path.read_bytes() for path in sorted(settings.profiles.glob("*.*")) if path.is_file())


def post_bytes(settings: Settings) -> bytes:
    return b"\n".join(path.read_bytes() for path in sorted(settings.posts.rglob("*")) if path.is_file())


def page_bytes(settings: Settings) -> bytes:
    """Return the bytes of the pages that lead to posts."""
    files = [file for place in settings.pages for file in ([place] if place.is_file() else sorted(place.glob("*.md")))]
    return b"\n".join(file.read_bytes() for file in files)


def published_bytes(settings: Settings) -> bytes:
    """Return the bytes of all that leaves the warehouse: the public file, the snapshot, the posts, pages and profiles."""
    files = (settings.public_path, settings.snapshot_path)
    return (
        b"\n".join(path.read_bytes() for path in files if path.exists())
        + post_bytes(settings)
        + page_bytes(settings)
        + profile_bytes(settings)
    )


def state_of_home(settings: Settings) -> dict[str, tuple[int, bytes]]:
    """Return (mtime in ns, bytes) of every file of the home."""
    return {
        str(path.relative_to(settings.home)): (path.stat().st_mtime_ns, path.read_bytes())
        for path in sorted(settings.home.rglob("*"))
        if path.is_file()
    }
