"""Processes that write an index, to be killed: what is true after each of their steps follows from the number of the step."""

from __future__ import annotations

import multiprocessing
import os
import random
from collections.abc import Callable
from functools import cache
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from egregora_assets.search.vectors import block_files, manifest
from egregora_assets.search.vectors.writer import bring_up_to_date
from egregora_assets.warehouse import durable
from tests.search.vector_truth import Truth, some_vectors, spec_with

SPEC = spec_with(block_rows=16, graph_from=96)
"""Blocks so small that a few steps fill some, and a graph over them."""


def prepared_start() -> Any:
    """Return what starts processes that have everything imported: starting one takes moments."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["tests.search.index_writers"])
    return context


@cache
def truth_after(step: int) -> Truth:
    """What is true after so many steps: rows come, go, must leave no trace, and are asked for anew."""
    truth = Truth()
    for number in range(step + 1):
        chance = random.Random(number)
        truth.add(some_vectors(chance.randrange(1, 30), part=number))
        there = sorted(truth.vectors)
        if number % 3 == 1:
            truth.take(chance.sample(there, min(5, len(there) // 2)))
        if number % 5 == 2:
            truth.take([chance.choice(sorted(truth.vectors))], "erase")
        if len(truth.vectors) > 250:
            truth.take(sorted(truth.vectors)[:100])
    return truth


def write_steps(folder: Path, first: int, end: int, told: Connection) -> None:
    """Write step after step, and tell each number when its rows are there for readers."""
    for step in range(first, end):
        bring_up_to_date(folder, SPEC, truth_after(step), full=step % 7 == 6, threads=1)
        told.send(step)


def write_one_and_end_at(folder: Path, step: int, moment: int) -> None:
    """Write one step, and be gone at the so manieth thing that is asked of the file system."""
    left = [moment]

    def counted(real: Callable[..., Any]) -> Callable[..., Any]:
        def call(*arguments: Any, **named: Any) -> Any:
            if not left[0]:
                os._exit(9)
            left[0] -= 1
            return real(*arguments, **named)

        return call

    block_files.write_all = counted(block_files.write_all)  # type: ignore[attr-defined]
    durable.write_all = counted(durable.write_all)  # type: ignore[attr-defined]
    for name in ("force", "cut", "reserve", "force_file", "force_folder"):
        setattr(durable, name, counted(getattr(durable, name)))
    os.replace = counted(os.replace)
    manifest.write_whole = counted(manifest.write_whole)  # type: ignore[attr-defined]
    bring_up_to_date(folder, SPEC, truth_after(step), full=step % 7 == 6, threads=1)
    os._exit(0)
