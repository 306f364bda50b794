"""One run of the whole graph from a terminal, in the home's own Dagster instance, with progress and a summary of it."""

import fcntl
import logging
import os
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from importlib import resources
from pathlib import Path
from typing import Protocol

import dagster as dg
import duckdb

from egregora_assets.authors.posts import problems
from egregora_assets.chat.assets import IngestConfig
from egregora_assets.config import Settings
from egregora_assets.definitions import build_definitions
from egregora_assets.progress import Share, share_told_by
from egregora_assets.summary import AssetSummary, RunSummary, save_summary
from egregora_assets.warehouse.automation import end_killed_runs
from egregora_assets.warehouse.connection import WarehouseBusy, open_file, tuning
from egregora_assets.warehouse.files import make_home
from egregora_assets.warehouse.query import rows as rows_of
from egregora_assets.warehouse.resource import Warehouse


class Progress(Protocol):
    """Whoever is told what a run is at."""

    def line(self, text: str) -> None:
        """Take a line about what is going on: each step is one."""

    def share(self, share: Share) -> None:
        """Take how far long work is."""


def prepare_home(settings: Settings) -> None:
    """Make the home's folders and its Dagster instance; what exists is left alone."""
    make_home(settings)
    instance_file = settings.dagster_home / "dagster.yaml"
    if not instance_file.exists():
        partial = instance_file.with_name(f".{instance_file.name}.{os.getpid()}.part")
        partial.write_text(_dagster_yaml(), "utf-8")
        partial.replace(instance_file)


def refresh_all(settings: Settings, progress: Progress, day_first: bool | None = None) -> RunSummary:
    """Run the job ``refresh_all`` in this process, as a run of the home's persistent Dagster instance.

    ``progress`` is told what is going on, in words and in shares. The summary is kept in the home for the next time.
    """
    prepare_home(settings)
    definitions = build_definitions(
        loggers={"console": _progress_logger(progress)}, warehouse=Warehouse(home=str(settings.home))
    )
    config = dg.RunConfig(ops={"messages": IngestConfig(day_first=day_first)}, loggers={"console": {}})
    with _package_log(progress), _open_instance(settings) as instance:
        end_killed_runs(instance)
        job = definitions.resolve_job_def("refresh_all")
        result = job.execute_in_process(instance=instance, run_config=config, raise_on_error=False)
        summary = _summary(result)
    summary = replace(summary, warnings=[*summary.warnings, *_unread_files(settings)])
    save_summary(settings, summary)
    return summary


def _open_instance(settings: Settings) -> dg.DagsterInstance:
    """Open the home's Dagster instance; one process at a time, because the first one makes its tables."""
    os.environ["DAGSTER_HOME"] = str(settings.dagster_home)
    with (settings.dagster_home / ".opening").open("w") as turn:
        fcntl.flock(turn, fcntl.LOCK_EX)
        return dg.DagsterInstance.get()


def _unread_files(settings: Settings) -> list[str]:
    """Return which files could not be read, and why: for the terminal only, because names of files name people."""
    unread: list[tuple[str, str]] = []
    with (
        suppress(WarehouseBusy, duckdb.Error),
        open_file(settings.warehouse_path, tuning(settings.warehouse), 1.0, read_only=True) as connection,
    ):
        unread = rows_of(
            connection, "SELECT file_name, detail FROM exports WHERE status IN ('failed', 'ambiguous') ORDER BY 1"
        ) + problems(connection)
    return [f"{name}: {detail}" for name, detail in unread]


def _dagster_yaml() -> str:
    packaged = resources.files("egregora_assets") / "dagster.yaml"
    if packaged.is_file():
        return packaged.read_text("utf-8")
    return (Path(__file__).parent.parent / "dagster.yaml").read_text("utf-8")


class _package_log:
    """Sends the package's own log lines to ``progress`` for the length of a ``with`` block."""

    def __init__(self, progress: Progress) -> None:
        self._handler = _ProgressHandler(progress)
        self._logger = logging.getLogger("egregora_assets")

    def __enter__(self) -> None:
        self._level = self._logger.level
        self._logger.addHandler(self._handler)
        self._logger.setLevel(logging.DEBUG)

    def __exit__(self, *_: object) -> None:
        self._logger.removeHandler(self._handler)
        self._logger.setLevel(self._level)


class _ProgressHandler(logging.Handler):
    """Turns Dagster's step events and the package's log lines into progress lines."""

    def __init__(self, progress: Progress) -> None:
        super().__init__()
        self._progress = progress

    def emit(self, record: logging.LogRecord) -> None:
        meta = getattr(record, "dagster_meta", None)
        if meta is None:
            if share := share_told_by(record):
                self._progress.share(share)
            elif record.levelno >= logging.INFO:
                self._progress.line(record.getMessage())
            return
        event = meta.get("dagster_event")
        if event is not None and event.event_type_value == "STEP_START":
            self._progress.line(f"step {event.step_key}")


def _progress_logger(progress: Progress) -> dg.LoggerDefinition:
    @dg.logger
    def console(_context: dg.InitLoggerContext) -> logging.Logger:
        logger = logging.Logger("egregora-run", logging.DEBUG)
        logger.addHandler(_ProgressHandler(progress))
        return logger

    return console


def _summary(result: dg.ExecuteInProcessResult) -> RunSummary:
    rows: dict[str, int | None] = {}
    first_of_step: dict[str, str] = {}
    exports = {"exports_read": 0, "unreadable": 0}
    seconds: dict[str, float] = {}
    problems: dict[str, str] = {}
    for event in result.all_events:
        key = event.asset_key.to_user_string() if event.asset_key else event.step_key or ""
        if event.is_step_materialization:
            metadata = event.step_materialization_data.materialization.metadata
            count = metadata.get("dagster/row_count")
            rows[key] = int(str(count.value)) if count is not None else None
            first_of_step.setdefault(event.step_key or key, key)
            exports.update({name: int(str(metadata[name].value)) for name in exports if name in metadata})
        elif event.is_step_success and event.step_key:
            made_first = first_of_step.get(event.step_key, event.step_key)
            seconds[made_first] = event.step_success_data.duration_ms / 1000
        elif event.is_step_failure and event.step_key:
            problems[event.step_key] = _cause(event)
    checks = result.get_asset_check_evaluations()
    assets = [
        _asset_summary(name, rows.get(name), seconds.get(name, 0.0), checks, problems.get(name))
        for name in [*rows, *(name for name in problems if name not in rows and ":" not in name)]
    ]
    failed = [check for check in checks if not check.passed and check.severity is dg.AssetCheckSeverity.ERROR]
    warned = [check for check in checks if not check.passed and check.severity is dg.AssetCheckSeverity.WARN]
    return RunSummary(
        run_id=result.run_id,
        finished_at=datetime.now(UTC).isoformat(timespec="seconds"),
        success=result.success and not failed,
        assets=assets,
        failures=[f"{step}: {cause}" for step, cause in problems.items()] + [_told(check) for check in failed],
        warnings=[_told(check) for check in warned],
        **exports,
    )


def _asset_summary(
    name: str, rows: int | None, seconds: float, checks: Sequence[dg.AssetCheckEvaluation], problem: str | None
) -> AssetSummary:
    mine = [check for check in checks if check.asset_key.to_user_string() == name]
    failed = sum(not check.passed and check.severity is dg.AssetCheckSeverity.ERROR for check in mine)
    warned = sum(not check.passed and check.severity is dg.AssetCheckSeverity.WARN for check in mine)
    return AssetSummary(name, rows, seconds, len(mine) - failed - warned, warned, failed, problem)


def _told(check: dg.AssetCheckEvaluation) -> str:
    details = "".join(
        f"\n    {name}: {value.value}" for name, value in check.metadata.items() if isinstance(value.value, str)
    )
    return f"{check.asset_key.to_user_string()} · {check.check_name}: {check.description}{details}"


def _cause(event: dg.DagsterEvent) -> str:
    """Return the words of the error that a step raised: Dagster wraps it, and what led to it is no word for the reader."""
    error = event.step_failure_data.error
    while error is not None and error.cause is not None and (error.cls_name or "").startswith("Dagster"):
        error = error.cause
    return error.message.strip() if error is not None else event.message or "failed"
