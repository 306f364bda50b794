"""Whatever is in the inbox: the right rows and nothing else lost, or one readable sentence; never more work than bytes."""

from __future__ import annotations

import io
import json
import time
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any

import duckdb
import pytest

from egregora_assets.chat import verify
from egregora_assets.chat.archive import ExportUnreadable
from egregora_assets.chat.dry_run import dry_run
from egregora_assets.chat.formats import text_chunks, whatsapp_scan
from egregora_assets.chat.formats.text_chunks import BLOCK_BYTES, MOST_PIECES, read_blocks
from egregora_assets.chat.formats.whatsapp import stage
from egregora_assets.chat.formats.whatsapp_scan import ScanResult, scan
from egregora_assets.chat.ingest import ingest
from egregora_assets.config import Settings
from egregora_assets.warehouse.files import open_warehouse
from egregora_assets.warehouse.query import rows
from tests.chat.hostile import EXPORTS, SLOW, Loaded, Row, bzip2_bomb

LONGEST_SENTENCE = 1000


def _marks(name: str) -> list[pytest.MarkDecorator]:
    return [pytest.mark.slow] if name in SLOW else []


def read(path: Path) -> tuple[list[Row], dict[str, int]]:
    with dry_run(path) as run:
        rows = [(row["timestamp"], row["author"], row["text"]) for row in run.rows()]
        summary = run.summary()
    json.dumps([rows, summary]).encode()
    return rows, summary["reasons"]


def files_in(folder: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


NAMES = [pytest.param(name, marks=_marks(name)) for name in EXPORTS]


@pytest.mark.parametrize("name", NAMES)
def test_it_is_read_right_or_refused_in_one_sentence(tmp_path: Path, name: str) -> None:
    check(tmp_path, name, seed=0)


@pytest.mark.slow
@pytest.mark.parametrize("seed", [1, 2, 3, 4])
@pytest.mark.parametrize("name", NAMES)
def test_it_is_so_with_every_seed(tmp_path: Path, name: str, seed: int) -> None:
    check(tmp_path, name, seed)


def check(tmp_path: Path, name: str, seed: int) -> None:
    inbox = tmp_path / "a" / "b"
    inbox.mkdir(parents=True)
    wanted = EXPORTS[name](inbox, Random(f"{name} {seed}"))
    before = files_in(tmp_path)
    if isinstance(wanted, Loaded):
        rows, reasons = read(wanted.path)
        assert len(rows) == len(wanted.rows)
        assert [(row, right) for row, right in zip(rows, wanted.rows, strict=True) if row != right] == []
        assert reasons == wanted.reasons
    else:
        with pytest.raises(ExportUnreadable) as refusal:
            read(wanted.path)
        assert wanted.words in str(refusal.value)
        assert str(refusal.value).isprintable()
        assert len(str(refusal.value)) < LONGEST_SENTENCE
    assert files_in(tmp_path) == before


def test_the_collection_is_as_large_as_promised() -> None:
    assert len(EXPORTS) >= 44
    assert set(EXPORTS) >= SLOW


@pytest.fixture
def peak(tmp_path: Path) -> Callable[[bytes, str], int]:
    """Return how many bytes Python had at most while it read an export."""

    def measure(data: bytes, name: str) -> int:
        (tmp_path / name).write_bytes(data)
        tracemalloc.start()
        try:
            read(tmp_path / name)
        except ExportUnreadable:
            pass
        finally:
            most = tracemalloc.get_traced_memory()[1]
            tracemalloc.stop()
        return most

    return measure


def test_a_bomb_of_another_method_takes_no_memory(peak: Callable[[bytes, str], int]) -> None:
    assert peak(bzip2_bomb(128 << 20), "export.zip") < 64 << 20


@pytest.mark.parametrize("line", [b"\xff\n", b"\0\n", b"99/99/2024, 10:30 - Ana: never\n"])
def test_of_endless_faults_some_are_kept_and_all_are_counted(settings: Settings, line: bytes) -> None:
    faults = 2 * MOST_PIECES
    (settings.inbox / "broken.txt").write_bytes(b"13/03/2024, 10:30 - Ana: hello\n" + line * faults)
    with open_warehouse(settings) as connection:
        (outcome,) = ingest(connection, settings)
        assert (outcome.problem, outcome.added, outcome.quarantined) == (None, 1, faults)
        ((kept, counted),) = rows(connection, "SELECT count(*), sum(pieces) FROM quarantine")
        assert (kept, counted) == (MOST_PIECES + 1, faults)
        assert verify.nothing_vanished(connection, settings).passed


# Work is counted in bytes that a step is given, not in time


MESSAGE = b"13/03/2024, 10:30 - Ana: "
SHAPES: dict[str, Callable[[int], bytes]] = {
    "messages": lambda size: (MESSAGE + b"hello\n") * (size // 31),
    "one message of many lines": lambda size: MESSAGE + b"and more\n" * (size // 9),
    "one endless line": lambda size: MESSAGE + b"x" * size,
    "no message, many lines": lambda size: b"and more\n" * (size // 9),
    "no message, one line": lambda size: b"x" * size,
    "empty lines": lambda size: MESSAGE + b"\n" * size,
    "lines of a block's length": lambda size: (MESSAGE + b"x" * (BLOCK_BYTES - 60) + b"\n") * (size // BLOCK_BYTES),
    "all but headers": lambda size: MESSAGE + b"13/03/2024, 10:30 x- A\n" * (size // 23),
    "nuls": lambda size: MESSAGE + b"\0" * size,
    "bytes that are no utf-8": lambda size: MESSAGE + b"\xff" * size,
    "carriage returns": lambda size: MESSAGE + b"\r" * size,
    "utf-16": lambda size: (MESSAGE + b"hello\n").decode().encode("utf-16") * (size // 64),
}


@pytest.fixture
def work(monkeypatch: pytest.MonkeyPatch) -> Callable[[bytes], int]:
    """Return how many bytes the steps of the scan were given in all."""

    def measure(data: bytes) -> int:
        given = 0

        def counting(step: Callable[..., Any]) -> Callable[..., Any]:
            def counted(piece: Any, *others: Any) -> Any:
                nonlocal given
                given += len(piece)
                return step(piece, *others)

            return counted

        with monkeypatch.context() as patch:
            patch.setattr(text_chunks, "_mended", counting(text_chunks._mended))
            patch.setattr(text_chunks, "_is_utf8", counting(text_chunks._is_utf8))
            patch.setattr(whatsapp_scan, "_find_headers", counting(whatsapp_scan._find_headers))
            patch.setattr(whatsapp_scan, "_shorten", counting(whatsapp_scan._shorten))
            result = ScanResult()
            for _ in scan(read_blocks(io.BytesIO(data), result.quarantined), result):
                pass
        return given

    return measure


@pytest.mark.parametrize("shape", SHAPES)
def test_twice_the_bytes_are_twice_the_work(work: Callable[[bytes], int], shape: str) -> None:
    size = 6 << 20
    once, twice = work(SHAPES[shape](size)), work(SHAPES[shape](2 * size))
    assert twice <= 2.5 * once
    assert twice <= 12 * 2 * size


BODIES: dict[str, Callable[[int], str]] = {
    "letters": lambda length: "é" * (length // 2),
    "opening angles": lambda length: "<" * length,
    "opening angles and colons": lambda length: "<a: " * (length // 4),
    "files that are none": lambda length: " (a.b" * (length // 5),
    "dots": lambda length: "." * length + " (",
    "marks": lambda length: "\u200e" * (length // 3),
    "attached without an end": lambda length: "\u200e<attached: " * (length // 14),
    "edited without an end": lambda length: " <This message was edited" * (length // 25) + ">",
    "polls": lambda length: "POLL:\n" + "a (1 b" * (length // 6),
    "places": lambda length: "a: https://maps.google.com/?q=" * (length // 30),
    "colons and line ends": lambda length: "a:\n" * (length // 3),
    "carriage returns": lambda length: "\r" * length,
}


def seconds(run: Callable[[], object]) -> float:
    """Return the CPU time of the best of three runs, and a tenth of a second: below that the clock says little."""
    taken = []
    for _ in range(3):
        began = time.process_time()
        run()
        taken.append(time.process_time() - began)
    return min(taken) + 0.1


@pytest.mark.slow
@pytest.mark.parametrize("body", BODIES)
def test_twice_the_length_of_a_message_takes_twice_the_time(body: str) -> None:
    def run(length: int) -> Callable[[], object]:
        data = b"".join(MESSAGE + BODIES[body](length).encode() + b"\n" for _ in range(40))
        return lambda: stage(duckdb.connect(), io.BytesIO(data), "chat.txt")

    assert seconds(run(800_000)) <= 2.5 * seconds(run(400_000))


@pytest.mark.slow
@pytest.mark.parametrize("shape", sorted(set(SHAPES) - {"no message, many lines", "no message, one line"}))
def test_twice_the_file_takes_twice_the_time(shape: str) -> None:
    def run(size: int) -> Callable[[], object]:
        data = SHAPES[shape](size)
        return lambda: stage(duckdb.connect(), io.BytesIO(data), "chat.txt")

    assert seconds(run(64 << 20)) <= 2.5 * seconds(run(32 << 20))


@pytest.mark.slow
@pytest.mark.parametrize("name", ["a changed hat den ", "a changed the ", '"', "x"])
def test_twice_the_authors_take_twice_the_time(name: str) -> None:
    def run(count: int) -> Callable[[], object]:
        longest = (name * 160)[:150]
        data = "".join(f"13/03/2024, 10:30 - {longest}{number}: hi\n" for number in range(count)).encode()
        return lambda: stage(duckdb.connect(), io.BytesIO(data), "chat.txt")

    assert seconds(run(100_000)) <= 2.5 * seconds(run(50_000))
