"""Lost connections are tried again after waits that grow by chance, and not for ever."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from egregora_assets.live.adapters.backoff import Backoff, Retries, reconnecting
from egregora_assets.live.adapters.protocol import ConnectionLost, Delivery, RetryExhausted
from egregora_assets.live.incoming import make_event

_LOST = ConnectionLost("the cable is out")


class _Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


@given(first=st.floats(0.01, 10), longest=st.floats(0.01, 100), failures=st.integers(1, 200))
def test_waits_stay_below_a_bound_that_doubles_up_to_the_longest(first: float, longest: float, failures: int) -> None:
    backoff = Backoff("x", Retries(first_seconds=first, longest_seconds=longest), _Clock())
    waits = [backoff.next_wait(_LOST) for _ in range(failures)]
    assert all(0 <= wait <= min(longest, first * 2**number) for number, wait in enumerate(waits))


def test_waits_of_many_are_not_the_same() -> None:
    waits = {Backoff("x", Retries(), _Clock()).next_wait(_LOST) for _ in range(20)}
    assert len(waits) > 1


def test_it_gives_up_after_so_many_failures_and_names_the_last() -> None:
    backoff = Backoff("the server", Retries(tries=3), _Clock())
    assert [backoff.next_wait(_LOST) >= 0 for _ in range(2)]
    with pytest.raises(RetryExhausted, match=r"the server: given up after 3 failures .*the cable is out"):
        backoff.next_wait(_LOST)


def test_it_gives_up_after_so_much_time() -> None:
    clock = _Clock()
    backoff = Backoff("x", Retries(give_up_seconds=60), clock)
    backoff.next_wait(_LOST)
    clock.now = 59
    backoff.next_wait(_LOST)
    clock.now = 60
    with pytest.raises(RetryExhausted):
        backoff.next_wait(_LOST)


def test_a_connection_that_held_begins_the_count_anew_and_one_that_broke_at_once_does_not() -> None:
    clock = _Clock()
    backoff = Backoff("x", Retries(tries=2, holds_seconds=30), clock)
    backoff.next_wait(_LOST)
    backoff.connected()
    clock.now = 31
    backoff.next_wait(_LOST)
    backoff.connected()
    clock.now = 32
    with pytest.raises(RetryExhausted):
        backoff.next_wait(_LOST)


def test_a_connection_that_held_once_does_not_count_for_the_failures_after_the_next() -> None:
    clock = _Clock()
    backoff = Backoff("x", Retries(tries=3), clock)
    backoff.connected()
    clock.now = 1000
    backoff.next_wait(_LOST)
    backoff.next_wait(_LOST)
    with pytest.raises(RetryExhausted):
        backoff.next_wait(_LOST)


def _delivery(native_id: str) -> Delivery:
    return Delivery(make_event(native_id=native_id, source="s", author="a", sent_at=0, text="t"), 0)


def test_sessions_follow_one_another_and_each_is_closed_before_the_next() -> None:
    opened: list[int] = []
    is_open = False

    async def session() -> AsyncGenerator[Delivery, None]:
        nonlocal is_open
        assert not is_open
        is_open = True
        opened.append(len(opened))
        try:
            yield _delivery(str(opened[-1]))
            if len(opened) < 3:
                raise ConnectionLost("gone")
        finally:
            is_open = False

    async def run() -> list[str]:
        backoff = Backoff("x", Retries(first_seconds=0.001))
        return [delivery.message.native_id async for delivery in reconnecting(session, backoff)]

    assert asyncio.run(run()) == ["0", "1", "2"]
    assert not is_open


def test_what_is_no_lost_connection_is_not_tried_again() -> None:
    async def session() -> AsyncGenerator[Delivery, None]:
        yield _delivery("1")
        raise ZeroDivisionError

    async def run() -> None:
        async for _ in reconnecting(session, Backoff("x", Retries())):
            pass

    with pytest.raises(ZeroDivisionError):
        asyncio.run(run())
