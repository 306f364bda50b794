"""The live service: adapters listen, the writer stores and answers, rows are sealed and pruned, and questions are answered.

All of it runs in one event loop, one thread that writes, and threads that read. It ends when it is told to, when all that it
listens to has ended, or when nothing can be stored any more.
"""

from __future__ import annotations

import asyncio
import gc
import logging
import math
import os
import signal
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa

from egregora_assets.chat.refused_lines import REFUSED_SCHEMA, leave_refused
from egregora_assets.config import Settings
from egregora_assets.live.adapters import registry
from egregora_assets.live.adapters.jsonl import JsonSocket, SocketTaken, StandardInput
from egregora_assets.live.adapters.protocol import RetryExhausted, StreamingAdapter
from egregora_assets.live.disk import disk_problem, fsync_ms
from egregora_assets.live.errors import AdapterUnusable, AlreadyRunning, WriterDied
from egregora_assets.live.hot_reads import HotReads, QueryFailed, Views, plain_views, told
from egregora_assets.live.hot_store import HotStore
from egregora_assets.live.intake import Intake
from egregora_assets.live.latency import LatencyMonitor, LatencyWindow
from egregora_assets.live.loop_lag import LoopLag
from egregora_assets.live.metrics import serve_metrics
from egregora_assets.live.refusals import Refusals
from egregora_assets.live.reporting import Reporting
from egregora_assets.live.sealing import Sealer
from egregora_assets.live.status import status_of
from egregora_assets.live.writer import Settled, Writer
from egregora_assets.privacy.keys import load_keys
from egregora_assets.warehouse.async_reader import AsyncReader, NotReadOnly, QueryTooLong
from egregora_assets.warehouse.connection import WarehouseBusy
from egregora_assets.warehouse.durable import locked
from egregora_assets.warehouse.files import make_home

_DRAIN_SECONDS = 0.6
_END_SECONDS = 0.2
_POLL_SECONDS = 0.005
_SOCKET_SECONDS = 1.0
"""How often it is looked whether the socket is still there."""
_SWITCH_SECONDS = 0.001
"""How long a thread of Python runs before another one may: the loop waits no longer than this for the writer's."""
_PRIVATE = 0o077

log = logging.getLogger(__name__)

Report = Callable[[LatencyWindow], None]


@dataclass
class Lane:
    """One adapter that listens, and how it does."""

    adapter: StreamingAdapter
    state: str = "listening"
    problem: str | None = None
    received: int = 0

    @property
    def refusals(self) -> Refusals | None:
        """Lines that nobody is answered for, of an adapter that keeps them."""
        found = getattr(self.adapter, "refusals", None)
        return found if isinstance(found, Refusals) else None


@dataclass
class Inputs:
    """What to listen to besides the adapters of the settings; ``ends_with_input`` where nothing else is expected."""

    socket: Path
    stdin: bool = False
    ends_with_input: bool = False
    adapters: Sequence[StreamingAdapter] = field(default_factory=tuple)


def run_service(settings: Settings, inputs: Inputs, report: Report | None = None, views: Views = plain_views) -> None:
    """Run the service in this process until it ends; SIGTERM and SIGINT end it within a second.

    Raises ``AlreadyRunning``, ``SocketTaken``, ``HotStoreDamaged``, ``AdapterUnusable``, ``KeyFileError`` or ``WriterDied``.
    """
    os.umask(_PRIVATE)
    make_home(settings)
    if not settings.warehouse_path.exists():
        load_keys(settings.key_path)  # what comes before the first run has the ids that the run will give it
    with locked(
        settings.live_lock,
        exclusive=True,
        wait_seconds=0,
        busy=lambda: AlreadyRunning(f"another live service runs in {settings.home}: there is one for each home"),
    ):
        sys.setswitchinterval(_SWITCH_SECONDS)
        gc.freeze()  # what is loaded stays: to look through it for garbage held everything for 40 ms
        try:
            asyncio.run(Service(settings, inputs, report, views).run())
        finally:
            gc.unfreeze()


class Service:
    """One run of the service."""

    def __init__(self, settings: Settings, inputs: Inputs, report: Report | None, views: Views) -> None:
        self.settings, self.live = settings, settings.live
        self.started = time.monotonic()
        self.fsync_ms = 0.0
        self.disk_problem: str | None = None
        self.sealing_problem: str | None = None
        self.socket_problem: str | None = None
        self.socket_losses = 0
        self.monitor = LatencyMonitor(settings.live.budget_ms)
        self.loop_lag = LoopLag(self.monitor)
        self.intake = Intake(settings.live.queue_rows)
        self.store = HotStore(settings)
        self.lanes: dict[str, Lane] = {}
        self.metrics: asyncio.Server | None = None
        self.socket = JsonSocket("socket", inputs.socket)
        self._inputs, self._report, self._views = inputs, report, views
        self._stop = asyncio.Event()

    @property
    def problem(self) -> str | None:
        """What keeps the service from its work now."""
        return self.writer.problem or self.sealing_problem or self.sealer.problem or self.socket_problem

    async def run(self) -> None:
        """Run until the end, whatever brings it."""
        loop = asyncio.get_running_loop()
        self.writer = Writer(self.store, self.intake, self.live, loop, self._settled)
        self.sealer = Sealer(self.settings, self.store, self.writer)
        self.reader = AsyncReader(self.store.cursor, seconds=self.live.query_seconds, most_rows=self.live.query_rows)
        self.reads = HotReads(self.reader, self._views)
        self.reporting = Reporting(self.writer, self._report)
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._stop.set)
        try:
            try:
                await self._open()
            except BaseException:
                self.reader.close()
                self.store.close()  # no thread that writes has begun: nobody else closes it
                raise
            await self._work()
        except* WriterDied as died:
            raise died.exceptions[0] from None
        finally:
            self.reader.close()
            self.reporting.close()
            self.socket.deafen()
            if self.metrics is not None:
                self.metrics.close()

    async def _open(self) -> None:
        self.writer.open()
        self.sealer.open()
        self._measure_disk()
        for adapter in self._adapters():
            if adapter.name in self.lanes:
                raise AdapterUnusable(f"two adapters are called {adapter.name!r}: give one of them another name")
            self.lanes[adapter.name] = Lane(adapter)
        self.socket.respond = self.respond
        if self.live.metrics_port is not None:
            self.metrics = await serve_metrics(self.live.metrics_port, self)
        await self.socket.open()
        self.writer.start()
        log.info("listening on %s", self.socket.path)

    def _measure_disk(self) -> None:
        """Learn what each commit costs here at least, and say so where that endangers the budget."""
        self.fsync_ms = fsync_ms(self.settings.home)
        self.disk_problem = disk_problem(self.fsync_ms, self.live.budget_ms)
        if self.disk_problem:
            log.warning("%s", self.disk_problem)

    def _adapters(self) -> list[StreamingAdapter]:
        made = [registry.create(adapter, self.store.last_cursor(adapter.name)) for adapter in self.live.adapters]
        stdin = [StandardInput("stdin")] if self._inputs.stdin else []
        return [*made, *self._inputs.adapters, *stdin, self.socket]

    async def _work(self) -> None:
        async with asyncio.TaskGroup() as tasks:
            background = [
                tasks.create_task(work)
                for work in (
                    self._watch_writer(),
                    self._hand_over(),
                    self._report_windows(),
                    self._keep_socket(),
                    self.loop_lag.run(),
                    self._prepare_reads(),
                )
            ]
            pumps = {name: tasks.create_task(self._pump(lane)) for name, lane in self.lanes.items()}
            await self._until_end(pumps)
            await self._drain(pumps)
            for task in background:
                task.cancel()

    async def _until_end(self, pumps: dict[str, asyncio.Task[None]]) -> None:
        """Wait until the service is told to end, or all that it was started for has ended."""
        ends: list[asyncio.Task[Any]] = [asyncio.create_task(self._stop.wait())]
        if self._inputs.ends_with_input:
            ends.append(
                asyncio.create_task(_all_of([task for name, task in pumps.items() if name != self.socket.name]))
            )
        try:
            await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for end in ends:
                end.cancel()

    async def _drain(self, pumps: dict[str, asyncio.Task[None]]) -> None:
        """Take no more, store all that was taken, answer, seal, and let the writer end."""
        self.socket.deafen()
        for task in pumps.values():
            task.cancel()
        self.intake.hurry()
        if not self._stop.is_set():  # its input has ended, and nobody is in a hurry
            await self._emptied()
        with suppress(TimeoutError):
            async with asyncio.timeout(_DRAIN_SECONDS):
                await self._emptied()
        await self.socket.close()
        if self.writer.problem is None:
            await asyncio.to_thread(self._hand_over_once, _DRAIN_SECONDS / 2)
        self.writer.stop()
        await asyncio.to_thread(self.writer.join, _END_SECONDS)
        if self.intake.rows:
            log.error("ended with %s events that were not stored: %s", self.intake.rows, self.writer.problem)

    async def _emptied(self) -> None:
        """Wait until the outcome of all events is known; one who is told to end waits for no disk that has no room."""
        while self.intake.rows and not (self._stop.is_set() and self.writer.problem):
            await asyncio.sleep(_POLL_SECONDS)

    async def _pump(self, lane: Lane) -> None:
        """Bring what an adapter hears to the writer; a full queue makes the adapter wait."""
        name, platform = lane.adapter.name, lane.adapter.platform
        try:
            async for delivery in lane.adapter.listen():
                while not self.intake.offer(name, platform, delivery):
                    await self.intake.room()
                lane.received += 1
            lane.state = "ended"
        except RetryExhausted as error:
            lane.state, lane.problem = "failed", str(error)
            log.error("the adapter %s listens no more: %s", name, error)
        except Exception as fault:  # an adapter may be somebody else's: the others go on
            lane.state, lane.problem = "failed", f"{type(fault).__name__}: {fault}"
            log.exception("the adapter %s listens no more", name)

    def _settled(self, settled: Settled) -> None:
        """Answer a group, on the loop."""
        self.intake.release(settled.group)
        received: dict[str, list[int]] = defaultdict(list)
        for (adapter, _, delivery, _), outcome in zip(settled.group, settled.outcomes, strict=True):
            if outcome.durable:
                received[adapter].append(delivery.received_ns)
            if delivery.answer is not None:
                delivery.answer(outcome)
            elif outcome.problem is not None:
                log.error("an event of %s was left out: %s", adapter, outcome.problem)
        for adapter, times in received.items():
            moments = np.array(times, np.int64)
            self.monitor.add(adapter, "queue", settled.taken_ns - moments)
            self.monitor.add(adapter, "commit", settled.committed_ns - moments)

    async def _prepare_reads(self) -> None:
        """Ask once before anybody does: the first question takes as long as there are rows. Events are taken in meanwhile."""
        with suppress(NotReadOnly, QueryFailed, QueryTooLong):  # where nothing may be read yet, nothing is slow
            await self.reads.recent(1)
        gc.freeze()

    async def _watch_writer(self) -> None:
        await self.writer.died

    async def _keep_socket(self) -> None:
        """Make the socket anew where somebody has removed or replaced it: nobody could connect any more, and nothing said so."""
        while True:
            await asyncio.sleep(_SOCKET_SECONDS)
            if not self.socket.is_lost:
                continue
            try:
                await self.socket.open_again()
            except SocketTaken as problem:
                if self.socket_problem != str(problem):
                    self.socket_problem = str(problem)
                    log.error("the socket is gone, and cannot be made anew: %s", problem)
            else:
                self.socket_problem = None
                self.socket_losses += 1
                log.warning("somebody has removed or replaced %s: it was made anew", self.socket.path)

    async def _hand_over(self) -> None:
        while True:
            await asyncio.sleep(self.live.seal_seconds)
            await asyncio.to_thread(self._hand_over_once)

    def _hand_over_once(self, seconds: float = math.inf) -> None:
        try:
            self.sealer.seal(seconds)
            self.sealer.seal_again()
            self.sealer.prune()
            self._leave_refused()
            self.store.check_place()
            self.sealing_problem = None
        except (OSError, duckdb.Error, WarehouseBusy) as fault:  # a full disk may have room again the next time
            self.sealing_problem = str(fault).partition("\n")[0]
            log.error("rows could not be handed over: %s", self.sealing_problem)

    def _leave_refused(self) -> None:
        """Leave the lines that were no events for the next run. Raises ``OSError``; they are tried again then."""
        for name, lane in self.lanes.items():
            refusals = lane.refusals
            if refusals is None or not (lines := refusals.take()):
                continue
            told = pa.Table.from_pylist([{"lane": name, **line._asdict()} for line in lines], REFUSED_SCHEMA)
            try:
                leave_refused(self.settings.segments, told)
            except OSError:
                refusals.put_back(lines)
                raise

    async def _report_windows(self) -> None:
        while True:
            await asyncio.sleep(self.live.report_seconds)
            for lane, times in self.sealer.taken_times().items():
                self.monitor.add(lane, "seal", times)
            self.reporting.put(self.monitor.turn(list(self.lanes), self.intake.rows, self.intake.size))

    async def respond(self, request: dict[str, Any]) -> dict[str, Any]:
        """Answer a line of the socket that asks for something."""
        if "status" in request:
            return {"status": status_of(self)}
        try:
            if "query" in request:
                answer = await self.reads.query(str(request["query"]))
            else:
                answer = await self.reads.recent(min(int(request["recent"]), self.live.query_rows))
        except (NotReadOnly, QueryTooLong, QueryFailed, ValueError, TypeError, OverflowError) as error:
            why = f"; the store has a problem: {self.problem}" if self.problem else ""
            return {"error": f"{error}{why}"}
        return told(answer)


async def _all_of(tasks: Sequence[asyncio.Task[None]]) -> None:
    await asyncio.wait(tasks) if tasks else None
