"""Shared fixtures: a home in a temporary folder, and exports written into its inbox."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import hypothesis
import pytest
import sqlalchemy

from egregora_assets.config import Settings, load_settings
from tests.chats import put_export
from tests.homes import make_ready_home
from tests.properties import PLAIN, THOROUGH

AddExport = Callable[..., Path]

for profile in (PLAIN, THOROUGH):
    hypothesis.settings.register_profile(
        profile, deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow]
    )
hypothesis.settings.load_profile(PLAIN)
"""How long an example takes says something of the machine, and nothing of the product."""


@pytest.fixture(scope="session", autouse=True)
def words_alone() -> Iterator[None]:
    """Let no test depend on whether this machine has a model; those of search say which they want."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("EGREGORA_SEARCH__EMBEDDER", "none")
        yield


@pytest.fixture(scope="session", autouse=True)
def events_forced_to_no_disk() -> Iterator[None]:
    """Let Dagster's event log wait for no disk in this process: a run tells a thousand events, and no test cuts the power."""

    def settle(connection: sqlite3.Connection, _: object) -> None:
        connection.execute("PRAGMA synchronous = OFF")

    sqlalchemy.event.listen(sqlalchemy.Engine, "connect", settle)
    yield
    sqlalchemy.event.remove(sqlalchemy.Engine, "connect", settle)


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty home whose settings no variable of the environment changes, in UTC."""
    for name in ("EGREGORA_HOME", "DAGSTER_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("EGREGORA_TIMEZONE", "UTC")
    return tmp_path / "home"


@pytest.fixture
def settings(home: Path) -> Settings:
    """The settings of a home with an empty warehouse."""
    settings = load_settings(home)
    make_ready_home(settings)
    return settings


@pytest.fixture
def add_export(settings: Settings) -> AddExport:
    """Write an Android export into the inbox: ``add_export("Garden Club", text, media={"a.jpg": b"…"})``."""
    return partial(put_export, settings)
