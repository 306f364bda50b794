"""A segment that is damaged on its way: its rows are hot, so they are sealed once more, and nothing is missing."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from egregora_assets.chat import segments
from egregora_assets.chat.merge_segments import SegmentOutcome, merge_segments
from egregora_assets.config import Settings
from egregora_assets.publish.snapshot import publish
from egregora_assets.warehouse.files import open_warehouse
from egregora_assets.warehouse.query import rows, scalar
from tests.homes import make_ready_home
from tests.live.hot import Hot, hot

FIRST = segments.Segment(1, 5)


def in_a_home(settings: Settings, run: Callable[[Hot], Awaitable[None]]) -> None:
    make_ready_home(settings)

    async def opened() -> None:
        async with hot(settings) as store:
            await store.put_numbers(*range(5))
            await store.seal()
            _damage(settings)
            assert merge(settings).unreadable == 1
            await run(store)

    asyncio.run(opened())


def merge(settings: Settings) -> SegmentOutcome:
    with open_warehouse(settings) as warehouse:
        return merge_segments(warehouse, settings)


def _damage(settings: Settings) -> None:
    path = segments.path_of(settings.segments, FIRST)
    path.write_bytes(path.read_bytes()[:-20])


def test_rows_of_a_damaged_segment_are_sealed_again_and_merged(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path / "home")

    async def run(store: Hot) -> None:
        assert store.sealer.seal_again() == [FIRST]
        assert store.sealer.seal_again() == []
        assert store.sealer.problem is None
        assert merge(settings).added == 5
        with open_warehouse(settings) as warehouse:
            assert rows(warehouse, "FROM quarantine") == []
            assert scalar(warehouse, "SELECT count(*) FROM messages") == 5
            publish(warehouse, settings)
        assert await store.prune() == 1
        assert [path.name for path in settings.segments.iterdir()] == []

    in_a_home(settings, run)


@pytest.mark.parametrize("damaged", ["", "[]", '{"revision": "'])
def test_a_damaged_receipt_ends_no_service_and_comes_anew(tmp_path: Path, damaged: str) -> None:
    settings = Settings(home=tmp_path / "home")

    async def run(store: Hot) -> None:
        store.sealer.seal_again()
        assert merge(settings).added == 5
        receipt = settings.segments / f"{FIRST.stem}.merged"
        whole = receipt.read_text()
        receipt.write_text(damaged)
        (settings.segments / f"{FIRST.stem}.damaged").unlink()
        assert (await store.prune(), store.store.sealed()) == (0, 5)
        assert store.sealer.seal_again() == [FIRST]
        assert merge(settings) == SegmentOutcome()
        assert (receipt.read_text(), store.sealer.problem) == (whole, None)

    in_a_home(settings, run)


@pytest.mark.slow
def test_a_segment_that_is_damaged_again_and_again_is_told_and_not_sealed_for_ever(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path / "home")

    async def run(store: Hot) -> None:
        store.sealer.seal_again()
        _damage(settings)
        assert merge(settings).unreadable == 1
        assert store.sealer.seal_again() == []
        assert "cannot be read a second time" in str(store.sealer.problem)

    in_a_home(settings, run)
