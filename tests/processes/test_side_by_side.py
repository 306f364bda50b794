"""Several processes on one home: readers are never locked out, and writers take turns or say that they cannot."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

import pytest

from egregora_assets.chat.inbox import copy_into
from egregora_assets.chat.ingest import ingest
from egregora_assets.config import load_settings
from egregora_assets.media import ingest as media
from egregora_assets.publish.snapshot import publish
from egregora_assets.warehouse.connection import open_snapshot
from egregora_assets.warehouse.files import make_home, open_warehouse
from egregora_assets.warehouse.query import scalar
from tests.writers import another_process_writing

Start = Callable[..., "subprocess.Popen[str]"]
WriteExport = Callable[[int], Path]
MESSAGES_PER_EXPORT = 200


class Reader(Protocol):
    def stop(self) -> tuple[list[int], list[str]]: ...


def count(home: Path) -> int:
    with open_snapshot(load_settings(home)) as snapshot:
        assert scalar(snapshot, "SELECT count(*) = count(DISTINCT message_id) FROM messages")
        return int(scalar(snapshot, "SELECT count(*) FROM messages"))


def take_in(home: Path, export: Path) -> None:
    """Do what `egregora ingest` does, in this process: one more that the others have beside them, and sooner done."""
    settings = load_settings(home)
    make_home(settings)
    copy_into(settings.inbox, export)
    with open_warehouse(settings) as connection:
        ingest(connection, settings)
        media.refresh(connection, settings)
        publish(connection, settings)


def test_a_reader_is_never_locked_out_and_never_sees_less_than_before(
    start: Start, reader: Reader, write_export: WriteExport, home: Path
) -> None:
    exports = 3
    for number in range(exports - 1):
        take_in(home, write_export(number))
    ingesting = start("ingest", write_export(exports - 1))
    told, _ = ingesting.communicate(timeout=120)
    assert ingesting.returncode == 0, told

    counts, errors = reader.stop()

    assert errors == []
    assert counts == sorted(counts)
    assert len(set(counts)) > 1, "the reader was there before the last publication"
    assert count(home) == exports * MESSAGES_PER_EXPORT


@pytest.mark.slow
def test_two_processes_take_in_different_exports_at_once(start: Start, write_export: WriteExport, home: Path) -> None:
    both = [start("ingest", write_export(number)) for number in range(2)]
    told = [process.communicate(timeout=120)[0] for process in both]

    for process, text in zip(both, told, strict=True):
        assert "Traceback" not in text
        assert process.returncode == 0 or "is in use by process" in text, text
    assert any(process.returncode == 0 for process in both), told

    last = start("ingest")
    assert last.communicate(timeout=120)[0]
    assert last.returncode == 0
    assert count(home) == 2 * MESSAGES_PER_EXPORT


@pytest.mark.slow
def test_a_writer_that_cannot_get_in_says_who_is_inside(start: Start, write_export: WriteExport, home: Path) -> None:
    take_in(home, write_export(0))
    with another_process_writing(home) as holder:
        shut_out = start("ingest", write_export(1), EGREGORA_WAREHOUSE__LOCK_WAIT_SECONDS="0.2")
        told, _ = shut_out.communicate(timeout=60)

        assert shut_out.returncode == 1
        assert f"in use by process {holder.pid}" in told
        assert "Traceback" not in told
        assert count(home) == MESSAGES_PER_EXPORT, "readers are not shut out"

    later = start("ingest")
    assert later.communicate(timeout=120)[0]
    assert count(home) == 2 * MESSAGES_PER_EXPORT
