"""A log of commits in which single bits are wrong: each is told before anything is lost, and salvage opens what is whole."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner

from egregora_assets.cli import app
from egregora_assets.config import Settings
from egregora_assets.live.commit_log import damage_of, log_of
from egregora_assets.live.errors import HotStoreDamaged
from egregora_assets.live.hot_store import HotStore
from egregora_assets.live.salvage import salvage
from tests.live.service import client, event, running

ROWS = 12
HEAD_BYTES = 60
"""More than the head has: the length of the first record is among them."""


@pytest.fixture(scope="module")
def killed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The home of a service that was killed when all its events stood in the log alone."""
    home = tmp_path_factory.mktemp("killed") / "home"
    with running(home) as service, client(service) as sender:
        for number in range(ROWS):
            assert sender.ask(event(f"m{number}")) == {"ack": f"m{number}"}
        service.kill()
    return home


@pytest.fixture
def settings(killed: Path, tmp_path: Path) -> Settings:
    settings = Settings(home=tmp_path / "home")
    settings.home.mkdir()
    _restore(killed, settings)
    return settings


def _restore(killed: Path, settings: Settings) -> None:
    for name in (settings.live_path.name, log_of(settings.live_path).name):
        shutil.copyfile(killed / name, settings.home / name)


def _rows(settings: Settings) -> list[str]:
    store = HotStore(settings)
    store.open()
    try:
        return [
            name
            for (name,) in store.connection.execute("SELECT native_id FROM hot_events ORDER BY sequence").fetchall()
        ]
    finally:
        store.close()


def _flip(settings: Settings, place: int, bit: int) -> None:
    log = log_of(settings.live_path)
    written = bytearray(log.read_bytes())
    written[place] ^= 1 << bit
    log.write_bytes(written)


WHOLE = [f"m{number}" for number in range(ROWS)]


def test_a_log_that_is_whole_or_torn_by_a_crash_is_no_damage(settings: Settings, killed: Path) -> None:
    written = log_of(settings.live_path).read_bytes()
    for length in [*range(1, 200), *range(len(written) - 200, len(written) + 1)]:
        log_of(settings.live_path).write_bytes(written[:length])
        assert damage_of(settings.live_path) is None, length
    assert _rows(settings) == WHOLE
    log_of(settings.live_path).unlink(missing_ok=True)
    assert damage_of(settings.live_path) is None


@pytest.mark.parametrize("place", [0, 8, 30, 34])
def test_a_head_of_the_log_that_is_damaged_is_told_and_salvage_loses_no_row(settings: Settings, place: int) -> None:
    _flip(settings, place, 7)
    with pytest.raises(HotStoreDamaged, match="egregora live salvage"):
        HotStore(settings).open()
    done = salvage(settings)
    assert done.copy is not None
    assert (done.rows, done.cut_bytes) == (ROWS, 0)
    assert _rows(settings) == WHOLE


@pytest.mark.slow
def test_no_single_bit_of_the_head_and_of_the_lengths_is_wrong_without_a_word(settings: Settings, killed: Path) -> None:
    log = log_of(settings.live_path)
    lengths = [at + number for at in _records(log.read_bytes()) for number in range(8)]
    assert len(lengths) > 8 * 2 * ROWS
    for place in sorted({*range(HEAD_BYTES), *lengths[:: len(lengths) // 15]}):
        for bit in (place % 7, 7):
            _restore(killed, settings)
            _flip(settings, place, bit)
            try:
                found = _rows(settings)
            except HotStoreDamaged:
                _restore(killed, settings)
                _flip(settings, place, bit)
                salvage(settings)
                found = _rows(settings)
                assert found == WHOLE[: len(found)], (place, bit)
            else:
                assert found == WHOLE, (place, bit)


@pytest.mark.slow
def test_a_service_refuses_a_log_with_a_damaged_head_and_names_what_helps(settings: Settings) -> None:
    _flip(settings, 0, 0)
    with running(settings.home) as service:
        assert service.process.wait(20) == 1
        assert "the head of live.duckdb.wal is damaged" in service.log
        assert "egregora live salvage" in service.log
        assert "Traceback" not in service.log
    done = CliRunner().invoke(app, ["live", "salvage", "--home", str(settings.home)])
    assert "nothing was cut off" in done.output


def _records(written: bytes) -> list[int]:
    """Return where the records of a log begin."""
    at = written.index(b"\xff\xff", 30) + 2
    found = []
    while at < len(written):
        found.append(at)
        at += 16 + int.from_bytes(written[at : at + 8], "little")
    return found
