"""`egregora live`: the service that takes in messages as they come, and questions to it."""

import json
import logging
import os
import threading
import time
from contextlib import closing
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Group
from rich.live import Live
from rich.table import Table

from egregora_assets.cli_common import Home, out, print_result, readable_errors
from egregora_assets.config import Settings, load_settings
from egregora_assets.terminal import plain

live = typer.Typer(help="Messages as they come: run the service, ask it, see how it does.")

_EVERY_SECONDS = 1.0
_LEFT_BEHIND = ("reader_", "live-writer")
Address = Annotated[
    str | None, typer.Option("--listen", metavar="unix:PATH", help="The socket; default: live.sock in the home.")
]


@live.callback(invoke_without_command=True)
def run(
    context: typer.Context,
    listen: Address = None,
    stdin: Annotated[bool, typer.Option("--stdin", help="Take lines from the standard input too.")] = False,
    home: Home = None,
) -> None:
    """Take in messages as they come: one JSON object per line, each answered once it is durable."""
    context.obj = home
    if context.invoked_subcommand is not None:
        return
    from egregora_assets.live.late_reads import LateReads
    from egregora_assets.live.reporter import Reporter
    from egregora_assets.live.service import Inputs, run_service

    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    with readable_errors():
        settings = load_settings(home)
        alone = stdin and listen is None and not settings.live.adapters
        inputs = Inputs(_socket(settings, listen), stdin, ends_with_input=alone)
        with closing(Reporter(settings)) as reporter, closing(LateReads(settings)) as reads:
            run_service(settings, inputs, reporter.put, reads.views)
    _end_where_threads_do_not()


@live.command()
def status(
    context: typer.Context,
    once: Annotated[bool, typer.Option("--once", help="Show it once and end.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object, once.")] = False,
    socket: Address = None,
    home: Home = None,
) -> None:
    """Show how the live service does: how long events take, what waits, what is wrong."""
    from egregora_assets.live.asking import ask

    with readable_errors():
        path = _socket(load_settings(home or context.obj), socket)
        found = ask(path, {"status": True})["status"]
        if as_json:
            print(json.dumps(found, ensure_ascii=False))
        elif once or not out.is_terminal:
            out.print(_view(found))
        else:
            with Live(_view(found), console=out, auto_refresh=False) as view:
                while True:
                    time.sleep(_EVERY_SECONDS)
                    view.update(_view(ask(path, {"status": True})["status"]), refresh=True)


@live.command()
def query(
    context: typer.Context,
    sql: Annotated[str, typer.Argument(help="DuckDB SQL over messages, sources and recent_messages.")],
    as_json: Annotated[bool, typer.Option("--json", help="JSON lines.")] = False,
    socket: Address = None,
    home: Home = None,
) -> None:
    """Ask for what has come in and is not yet published. Read-only."""
    from egregora_assets.live.asking import ask

    with readable_errors():
        answer = ask(_socket(load_settings(home or context.obj), socket), {"query": sql})
    if as_json:
        for row in answer["rows"]:
            print(json.dumps(dict(zip(answer["names"], row, strict=True)), ensure_ascii=False))
    else:
        print_result(answer["names"], answer["rows"])
    if answer["is_cut"]:
        out.print("[dim]… and more: ask for fewer rows, or raise query_rows in \\[live][/dim]")


@live.command()
def salvage(context: typer.Context, home: Home = None) -> None:
    """Open a hot store that DuckDB refuses to open, up to where it is damaged. The damaged files are kept."""
    from egregora_assets.live.salvage import salvage as open_again

    with readable_errors():
        done = open_again(load_settings(home or context.obj))
    if done.copy is None:
        out.print(f"Nothing is damaged: {done.rows:,} rows.")
        return
    out.print(f"The damaged files are kept in {plain(str(done.copy))}.", soft_wrap=True)
    if not done.cut_bytes:
        out.print(f"The head of the log of commits was mended, and nothing was cut off: {done.rows:,} rows are whole.")
        return
    out.print(f"{done.cut_bytes:,} bytes of the log of commits were cut off; {done.rows:,} rows are whole.")
    out.print(
        "Events that came in last may be lost, also some that were acknowledged: let senders send again what they sent "
        "since the last segment was sealed. What is known is stored once."
    )


def _end_where_threads_do_not() -> None:
    """End the process at once where a question is still being asked: the end of Python would abort a thread that is in DuckDB."""
    if any(thread.name.startswith(_LEFT_BEHIND) for thread in threading.enumerate()):
        logging.shutdown()
        os._exit(0)


def _socket(settings: Settings, address: str | None) -> Path:
    from egregora_assets.live.adapters.jsonl import socket_path

    return settings.live_socket if address is None else socket_path(address)


def _view(status: dict[str, Any]) -> Group:
    """Return the state as a person reads it."""
    lanes = Table(header_style="bold")
    for name in ("lane", "stage", "events", "p50 ms", "p95 ms", "p99 ms", "max ms", ""):
        lanes.add_column(name, justify="left" if name in ("lane", "stage", "") else "right")
    for name, lane in status["lanes"].items():
        for stage, figures in lane["stages"].items() or {"": None}.items():
            lanes.add_row(plain(name), stage, *_figures(figures), _mark(stage, figures, status["budget_ms"]))
        if lane["refused"]:
            lanes.add_row(plain(name), "refused", f"{lane['refused']:,}", *[""] * 4, "in quarantine after the next run")
        if lane["state"] != "listening":
            lanes.add_row(plain(name), lane["state"], *[""] * 5, plain(lane["problem"] or ""))
    lag = status["loop_lag"]
    told = [
        f"up {status['up_seconds']:,.0f} s, process {status['pid']}; last event {status['sequence']:,}, "
        f"sealed {status['sealed']:,}",
        f"waiting: {status['rows_waiting']:,} events ({status['bytes_waiting']:,} bytes); segments: "
        f"{status['segments_waiting']} for a run, {status['segments_merged']} merged and not yet pruned",
        f"event loop late by p99 {lag['p99_ms']:.1f} ms; a commit's disk {status['fsync_ms']:.1f} ms",
    ]
    if lag["culprit"]:
        told.append(f"last held for {lag['held_ms']:.0f} ms by {plain(lag['culprit'])}")
    if status["disk_problem"]:
        told.append(f"[yellow]{plain(status['disk_problem'])}[/yellow]")
    if status["failed_commits"]:
        told.append(f"{status['failed_commits']:,} commits have failed since the start: the log says why")
    if status["readers_held"]:
        told.append(f"[yellow]{status['readers_held']} of the readers are held by queries that do not end[/yellow]")
    if status["socket_losses"]:
        told.append(f"the socket was removed or replaced {status['socket_losses']:,} times, and made anew")
    if status["problem"]:
        told.append(f"[red]{plain(status['problem'])}[/red]")
    return Group(lanes, *told)


def _figures(figures: dict[str, float] | None) -> list[str]:
    if figures is None:
        return ["0", *[""] * 4]
    return [f"{figures['count']:,}", *(f"{figures[f'{name}_ms']:.1f}" for name in ("p50", "p95", "p99", "max"))]


def _mark(stage: str, figures: dict[str, float] | None, budget: float) -> str:
    if stage != "commit" or not figures or not figures["count"]:
        return ""
    return "[green]in budget[/green]" if figures["p99_ms"] < budget else f"[red]over {budget:g} ms[/red]"
