"""`python -m benchmarks.run [slice …]`: runs the slices' benchmarks, prints a table, writes results and docs/performance.md."""

from __future__ import annotations

import argparse
import importlib
import json
import os
import platform
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path

from rich.console import Console
from rich.table import Table

from benchmarks.harness import Figure, save

SLICES = (
    "chat",
    "documents",
    "graph",
    "publish",
    "privacy",
    "authors",
    "identity",
    "git",
    "media",
    "sidecar",
    "outcomes",
    "search",
    "search_index",
    "search_words",
    "live_freshness",
)
ON_REQUEST = ("peers", "search_study")
"""These download other programs: they run only when they are named."""
COMMANDS = {"live": "make bench-live OPTIONS='--bounds --seconds 60'"}
RESULTS = Path(__file__).parent / "results"
REPORT = Path(__file__).parent.parent / "docs" / "performance.md"
NOTES = {
    "live": "What is measured and how: [latency.md](latency.md). Sizes are events that were sent; for starts and reads, rows\n"
    "in the store.\n\n",
    "peers": "Each row is what reading one generated Android export costs in a process of its own: ours unpacks, parses,\n"
    "labels, deduplicates and stores it, peers only parse the unpacked text. Starts, which are no parsing, count where a row says\n"
    "`whole process`. Peers run once, like 10M messages, which `EGREGORA_BENCH_LARGE=1` adds; peak memory is the highest of the\n"
    "runs. Here a floor is what a row is compared with: for peers our load of the export, for our load of the text the JavaScript\n"
    "parser, for a whole process its start, for the load only the cheapest smaller size.\n\n",
}
COLUMNS = ("figure", "size", "value", "floor", "ratio", "bound", "holds")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("slices", nargs="*", choices=[*SLICES, *ON_REQUEST, []], default=[])
    chosen = parser.parse_args().slices or SLICES
    out = Console(highlight=False)
    for name in chosen:
        figures: list[Figure] = []
        for one in importlib.import_module(f"benchmarks.bench_{name}").figures():
            figures.append(one)
            out.print(f"  {name}: {one.name} at {one.size:,}: {one.value:g} {one.unit}", style="dim")
        save(name, figures)
        out.print(_table(name, figures))
    REPORT.write_text(report_of_results(), "utf-8")
    out.print(f"written: {RESULTS}/*.jsonl, {REPORT}", soft_wrap=True)


def _cells(one: Figure) -> tuple[str, ...]:
    holds = {None: "", True: "yes", False: "NO"}[one.holds]
    floor = "" if one.floor is None else f"{one.floor:g}"
    ratio = "" if one.ratio is None else f"{one.ratio:g} ×"
    return (one.name, f"{one.size:,}", f"{one.value:g} {one.unit}", floor, ratio, one.bound or "", holds)


def _table(name: str, figures: list[Figure]) -> Table:
    table = Table(title=f"{name} (median of {figures[0].runs} runs)", title_justify="left")
    for column in COLUMNS:
        table.add_column(column, justify="right" if column in COLUMNS[1:5] else "left")
    for one in figures:
        table.add_row(*_cells(one))
    return table


def report_of_results() -> str:
    """Return docs/performance.md, made from all result files that are there."""
    return "".join(_report_lines())


def _report_lines() -> Iterator[str]:
    yield "# Performance\n\n"
    yield "Made by `make bench` from `benchmarks/results/*.jsonl`; do not edit. Values are CPU seconds (user + system, all\n"
    yield "threads) unless another unit is named, the median of several runs after a warm-up. A floor is what the same\n"
    yield "machine needs for the bare work in the same run: reading the bytes, inserting ready Arrow columns into DuckDB, or\n"
    yield "(all assets) only copying the rows and files that the run made.\n\n"
    yield f"Machine: {_machine()}; Python {platform.python_version()}, DuckDB {version('duckdb')}, Dagster {version('dagster')}.\n"
    for path in sorted(RESULTS.glob("*.jsonl")):
        figures = [Figure(**json.loads(line)) for line in path.read_text("utf-8").splitlines()]
        command = COMMANDS.get(path.stem, f"make bench SLICE={path.stem}")
        yield f"\n## {path.stem}\n\n`{command}`\n\n{NOTES.get(path.stem, '')}"
        yield "| " + " | ".join(COLUMNS) + " |\n"
        yield "|" + "---|" * len(COLUMNS) + "\n"
        for one in figures:
            yield "| " + " | ".join(_cells(one)) + " |\n"


def _machine() -> str:
    model = platform.processor() or platform.machine()
    try:
        lines = Path("/proc/cpuinfo").read_text("utf-8").splitlines()
        model = next((line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")), model)
    except OSError:
        pass  # no /proc on this system: the architecture is all there is to say
    return f"{os.cpu_count()} cores, {model}"


if __name__ == "__main__":
    main()
