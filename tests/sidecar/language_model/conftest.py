"""A home with some documents, and a service that reads them."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from egregora_assets.chat.ingest import ingest
from egregora_assets.config import Settings
from egregora_assets.documents import windows
from egregora_assets.warehouse.files import make_home, open_warehouse
from tests.chats import Line, chat, put_export
from tests.sidecar.language_model.service import Service, served

DAY = 24 * 60
DOCUMENTS = 9


def conversation(day: int) -> tuple[Line, ...]:
    return (
        (day * DAY, "Ana Lima", f"where do we put ladder number {day}?"),
        (day * DAY + 1, "Rui Costa", f"into shed {day}, decided: shed {day}"),
        (day * DAY + 2, "Rui Costa", f"I will paint it {'blue ' * (day + 1)}tomorrow"),
    )


@pytest.fixture(scope="module")
def home_with_talk(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with nine conversations of three messages by two people. Tests have copies of it."""
    settings = Settings(home=tmp_path_factory.mktemp("talk") / "home", timezone="UTC")
    make_home(settings)
    lines = [line for day in range(DOCUMENTS) for line in conversation(day)]
    put_export(settings, "Garden Club", chat(*lines))
    with open_warehouse(settings) as connection:
        ingest(connection, settings)
        windows.refresh(connection, settings)
    return settings.home


@pytest.fixture
def talk(settings: Settings, home_with_talk: Path) -> Settings:
    """The test's own home with these conversations."""
    shutil.copytree(home_with_talk, settings.home, dirs_exist_ok=True)
    return settings


@pytest.fixture
def service(monkeypatch: pytest.MonkeyPatch) -> Iterator[Service]:
    monkeypatch.delenv("EGREGORA_LANGUAGE_MODEL_KEY", raising=False)
    for proxy in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.setenv(proxy, "http://127.0.0.1:9")
    with served() as service:
        yield service
