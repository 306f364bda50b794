"""What the hot store promises: each event once, numbers that only grow, segments that share none, rows until they are published."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import duckdb
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import settings as examples
from hypothesis import strategies as st

from egregora_assets.chat import segments
from egregora_assets.config import Settings
from egregora_assets.live.adapters.protocol import Delivery, Outcome
from egregora_assets.live.errors import WriterDied
from egregora_assets.live.hot_reads import plain_views
from egregora_assets.live.incoming import IncomingMessage
from egregora_assets.live.intake import weight
from egregora_assets.live.service import Inputs, Service
from egregora_assets.live.writer import Writer
from egregora_assets.publish.snapshot import publish
from egregora_assets.warehouse.files import open_warehouse
from egregora_assets.warehouse.revisions import current_revision
from tests.homes import make_ready_home
from tests.live.hot import Hot, hot
from tests.live.service import event, stored

DURABLE = Outcome(True)


def quick(home: Path, **live: Any) -> Settings:
    home.mkdir(parents=True, exist_ok=True)
    return Settings.model_validate({"home": home, "live": {"linger_ms": 0.0, **live}})


def in_runs(settings: Settings, *runs: Callable[[Hot], Awaitable[None]]) -> None:
    """Do each with a store that was opened anew."""

    async def one(run: Callable[[Hot], Awaitable[None]]) -> None:
        async with hot(settings) as opened:
            await run(opened)

    for run in runs:
        asyncio.run(one(run))


@examples(max_examples=15)
@given(st.lists(st.lists(st.integers(0, 30), max_size=40), min_size=1, max_size=4), st.sampled_from([0, 40, 1000]))
def test_each_event_is_stored_once_over_restarts_however_often_it_comes(runs: list[list[int]], window: int) -> None:
    with TemporaryDirectory() as folder:
        settings = quick(Path(folder), window_ids=window, batch_rows=7 if window else 40)

        async def send(opened: Hot, numbers: list[int]) -> None:
            assert await opened.put_numbers(*numbers) == [DURABLE] * len(numbers)

        in_runs(settings, *((lambda opened, numbers=numbers: send(opened, numbers)) for numbers in runs))
        in_order = list(dict.fromkeys(f"m{number}" for numbers in runs for number in numbers))
        assert stored(settings.home) == in_order
        assert stored(settings.home, "sequence") == list(range(1, len(in_order) + 1))


def test_cursors_are_stored_with_their_events_and_the_last_one_is_given_back(tmp_path: Path) -> None:
    settings = quick(tmp_path)

    async def first(opened: Hot) -> None:
        for number in range(5):
            await opened.put(event(f"m{number}"), cursor=f"behind {number}")
        await opened.seal()

    async def second(opened: Hot) -> None:
        assert opened.store.last_cursor("test") == "behind 4"
        assert opened.store.last_cursor("other") is None
        await opened.put(event("m4"), cursor="behind the same again")
        assert await opened.put(event("m5"), cursor="behind 5") == [DURABLE]

    async def third(opened: Hot) -> None:
        assert opened.store.last_cursor("test") == "behind 5"

    in_runs(settings, first, second, third)


def test_what_is_sealed_is_what_came_and_no_two_segments_share_a_number(tmp_path: Path) -> None:
    settings = quick(tmp_path)

    async def first(opened: Hot) -> None:
        assert await opened.seal() == []
        await opened.put_numbers(*range(10))
        assert await opened.seal() == [(1, 10)]
        assert await opened.seal() == []
        await opened.put_numbers(*range(5, 12))
        assert await opened.seal() == [(11, 12)]

    in_runs(settings, first)
    table = pq.read_table(settings.segments / "00000000000000000001-00000000000000000010.parquet")
    assert table.schema.equals(segments.SEGMENT_SCHEMA)
    assert table.column("native_id").to_pylist() == [f"m{number}" for number in range(10)]
    assert table.column("text").to_pylist()[3] == "words of m3"


def test_after_a_crash_between_segment_and_note_nothing_is_sealed_twice_and_no_number_comes_again(
    tmp_path: Path,
) -> None:
    settings = quick(tmp_path)

    async def first(opened: Hot) -> None:
        await opened.put_numbers(1, 2, 3)
        await opened.seal()

    async def second(opened: Hot) -> None:
        await opened.put_numbers(4)
        assert await opened.seal() == [(4, 4)]

    async def third(opened: Hot) -> None:
        assert await opened.put_numbers(5) == [DURABLE]

    in_runs(settings, first)
    with duckdb.connect(str(settings.live_path)) as connection:  # as if the process had gone before it was noted
        connection.execute("UPDATE state SET sealed = 0").fetchall()
    (settings.segments / ".00000000000000000001-00000000000000000003.tmp").write_bytes(b"half")
    in_runs(settings, second)
    assert list(settings.segments.glob(".*")) == []
    for segment in segments.waiting(settings.segments):
        segments.acknowledge(settings.segments, segment, 0)
        segments.forget(settings.segments, segment)
    with duckdb.connect(str(settings.live_path)) as connection:
        connection.execute("DELETE FROM hot_lines").fetchall()
    in_runs(settings, third)
    assert stored(settings.home, "sequence") == [5]


def test_rows_stay_until_a_published_snapshot_has_come_as_far_as_their_receipt(tmp_path: Path) -> None:
    settings = quick(tmp_path / "home")
    make_ready_home(settings)

    async def run(opened: Hot) -> None:
        await opened.put_numbers(*range(10))
        (first,) = [segments.Segment(*made) for made in await opened.seal()]
        await opened.put_numbers(10)
        (second,) = [segments.Segment(*made) for made in await opened.seal()]
        assert await opened.prune() == 0
        with open_warehouse(settings) as warehouse:
            revision = current_revision(warehouse)
            segments.acknowledge(settings.segments, first, revision)
            segments.acknowledge(settings.segments, second, revision + 1)
            assert await opened.prune() == 0
            publish(warehouse, settings)
        assert await opened.prune() == 1
        assert list(segments.receipts(settings.segments)) == [second]
        assert await opened.put_numbers(3) == [DURABLE]  # known, though its row is gone

    in_runs(settings, run)
    assert stored(settings.home, "sequence") == [11]


def test_the_store_is_asked_what_is_durable_after_an_error_that_leaves_it_open(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As DuckDB does where a disk is full: the commit has succeeded, and the checkpoint behind it raises."""
    settings = quick(tmp_path)
    committed = Writer._store_group
    failures = iter([True, False, True, True, False])

    def store_and_fail(writer: Writer, group: Any, refused: dict[int, str]) -> bool:
        done = committed(writer, group, refused)
        if next(failures, False):
            raise duckdb.FatalException("COMMIT succeeded and is durable, but the autocheckpoint failed")
        return done

    monkeypatch.setattr(Writer, "_store_group", store_and_fail)

    async def run(opened: Hot) -> None:
        assert await opened.put_numbers(1) == [DURABLE]
        (failed,) = await opened.put_numbers(2)
        assert not failed.durable
        assert "send it again" in str(failed.problem)
        assert await opened.put_numbers(2) == [DURABLE]

    in_runs(settings, run)
    assert stored(settings.home) == ["m1", "m2"]


def test_events_that_nobody_sends_again_are_kept_until_they_are_durable(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = quick(tmp_path)
    stores = Writer._store_group
    failures = iter([True] * 6)

    def fail(writer: Writer, group: Any, refused: dict[int, str]) -> bool:
        if next(failures, False):
            raise duckdb.IOException("no space left on device")
        return stores(writer, group, refused)

    monkeypatch.setattr(Writer, "_store_group", fail)

    async def run(opened: Hot) -> None:
        message = IncomingMessage.model_validate(event("kept"))
        opened.intake.offer("test", "jsonl", Delivery(message, 0, "behind it"))
        while opened.intake.rows:
            await asyncio.sleep(0.01)
        assert opened.store.last_cursor("test") == "behind it"

    in_runs(settings, run)
    assert stored(settings.home) == ["kept"]


WORDS = st.text(min_size=1, max_size=40)


@examples(max_examples=25)
@given(
    st.lists(
        st.fixed_dictionaries(
            {"text": WORDS},
            optional={
                "author_name": WORDS,
                "source_title": WORDS,
                "thread": WORDS,
                "attachments": st.lists(WORDS, max_size=3),
                "mentions": st.lists(
                    WORDS | st.fixed_dictionaries({"id": WORDS}, optional={"name": WORDS}), max_size=3
                ),
                "sent_at": st.datetimes(datetime(2, 1, 1), datetime(9998, 12, 30), timezones=st.just(UTC)),
            },
        ),
        max_size=10,
    )
)
def test_what_is_stored_is_what_was_said(told: list[dict[str, Any]]) -> None:
    events = [event(f"m{number}", **fields) for number, fields in enumerate(told)]
    with TemporaryDirectory() as folder:

        async def put(opened: Hot) -> None:
            await opened.put(*events)

        in_runs(quick(Path(folder)), put)
        for name in ("native_id", "text", "author_name", "source_title", "thread", "attachments", "sent_at"):
            expected = [getattr(IncomingMessage.model_validate(one), name) for one in events]
            assert stored(Path(folder), name) == [list(one) if isinstance(one, tuple) else one for one in expected]
        people = [[dict(person) for person in IncomingMessage.model_validate(one).mentions] for one in events]
        assert stored(Path(folder), "mentions") == people


def test_rows_of_a_file_with_a_column_for_each_field_are_kept(tmp_path: Path) -> None:
    settings = quick(tmp_path)
    said = [
        event("m1", mentions=["u1"], attachments=["a.jpg"]),
        event("e1", event="edit", target="m1", author_name="Ana"),
    ]
    before: list[Any] = []

    async def put(opened: Hot) -> None:
        await opened.put(*said)

    async def again(opened: Hot) -> None:
        assert await opened.put(*said) == [DURABLE, DURABLE]

    in_runs(settings, put)
    with duckdb.connect(str(settings.live_path)) as connection:
        before = connection.execute("FROM hot_events").fetchall()
        connection.execute(
            "CREATE TABLE old AS SELECT *, key FROM hot_events POSITIONAL JOIN (SELECT key FROM hot_lines)"
        )
        connection.execute("DROP VIEW hot_events; DROP TABLE hot_lines; ALTER TABLE old RENAME TO hot_events")
    in_runs(settings, again)
    with duckdb.connect(str(settings.live_path)) as connection:
        assert connection.execute("FROM hot_events").fetchall() == before


def test_an_event_that_cannot_be_a_row_is_refused_and_those_beside_it_are_stored(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = quick(tmp_path, linger_ms=50.0)
    monkeypatch.setattr(
        "egregora_assets.live.writer.as_json", lambda message: object() if message.native_id == "m2" else "{}"
    )

    async def run(opened: Hot) -> None:
        first, second, third = await opened.put_numbers(1, 2, 3)
        assert (first, third) == (DURABLE, DURABLE)
        assert not second.durable
        assert "cannot be stored" in str(second.problem)

    in_runs(settings, run)
    assert stored(settings.home, "sequence") == [1, 2]


def test_the_death_of_the_writer_ends_the_service_with_its_reason(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = quick(tmp_path / "home")
    monkeypatch.setattr(Writer, "_commit", lambda writer, group: 1 / 0)

    class Once:
        name, platform = "once", "test"

        async def listen(self) -> AsyncIterator[Delivery]:
            yield Delivery(IncomingMessage.model_validate(event("m1")), 0)

    async def run() -> None:
        await Service(settings, Inputs(tmp_path / "s.sock", adapters=[Once()]), None, plain_views).run()

    with pytest.raises(WriterDied, match="division by zero"):
        asyncio.run(run())


def test_a_first_look_that_takes_too_long_keeps_no_service_from_beginning(tmp_path: Path) -> None:
    settings = quick(tmp_path / "home", query_seconds=0.05)
    goes_on = threading.Event()

    def slow_views(_: Any) -> frozenset[str]:
        goes_on.wait(20)
        return frozenset()

    async def run() -> None:
        service = Service(settings, Inputs(tmp_path / "s.sock"), None, slow_views)
        running = asyncio.create_task(service.run())
        while not service.socket.is_reachable and not running.done():
            await asyncio.sleep(0.01)
        goes_on.set()
        assert not running.done()
        service._stop.set()
        await running

    asyncio.run(run())


@pytest.mark.parametrize("field", ["text", "author_name", "source_title", "emoji"])
def test_every_text_of_an_event_that_waits_is_counted(field: str) -> None:
    assert weight(IncomingMessage.model_validate(event("m1", **{field: "x" * 500}))) > 500
