"""Files that hold words are their owner's alone, whatever rights the home has and the process gives."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from egregora_assets.config import Settings
from egregora_assets.publish.snapshot import publish
from egregora_assets.warehouse.files import open_warehouse


@pytest.fixture(autouse=True)
def open_to_all() -> Iterator[None]:
    before = os.umask(0o022)
    yield
    os.umask(before)


def _open_to_others(home: Path) -> list[str]:
    return [path.name for path in home.rglob("*") if path.is_file() and path.stat().st_mode & 0o077]


def test_no_file_of_the_home_is_open_to_others(settings: Settings) -> None:
    settings.home.chmod(0o755)
    with open_warehouse(settings) as warehouse:
        publish(warehouse, settings)
        warehouse.execute("CREATE TABLE more AS SELECT 1").fetchall()
        assert _open_to_others(settings.home) == []  # the log of commits is there now
    assert _open_to_others(settings.home) == []


def test_files_that_were_open_before_are_closed(settings: Settings) -> None:
    with open_warehouse(settings) as warehouse:
        publish(warehouse, settings)
    for path in (settings.warehouse_path, settings.public_path, settings.snapshot_path):
        path.chmod(0o644)
    with open_warehouse(settings):
        pass
    assert _open_to_others(settings.home) == []


def test_a_process_gives_its_own_files_the_rights_it_gave_before(settings: Settings, tmp_path: Path) -> None:
    with open_warehouse(settings):
        pass
    (tmp_path / "mine").write_text("")
    assert (tmp_path / "mine").stat().st_mode & 0o777 == 0o644
