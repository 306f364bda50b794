"""How the home and the machine are: facts that help when something is wrong, each with whether it needs mending."""

from __future__ import annotations

import platform
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import version
from importlib.util import find_spec

import duckdb

from egregora_assets.chat.inbox import inbox_files
from egregora_assets.chat.local_time import machine_zone
from egregora_assets.config import SETTINGS_FILE, Settings
from egregora_assets.live.disk import disk_problem, fsync_ms
from egregora_assets.privacy.keys import KeyFileError, load_keys
from egregora_assets.publish.snapshot import snapshot_state
from egregora_assets.search.embedders import NoEmbedder, open_embedder
from egregora_assets.warehouse.connection import WarehouseBusy, open_file, tuning
from egregora_assets.warehouse.migrate import migrations, schema_version
from egregora_assets.warehouse.query import rows

_TUNED = ("threads", "memory_limit", "temp_directory", "checkpoint_threshold")
_LEAST_FREE_BYTES = 1 << 30


@dataclass(frozen=True)
class Finding:
    """One fact. ``ok`` is false where the text says what to mend."""

    subject: str
    text: str
    ok: bool = True


def examine(settings: Settings) -> list[Finding]:
    """Return all findings about a home; changes nothing."""
    return [
        *_machine(settings),
        *_home(settings),
        *_search(settings),
        *_language_model(settings),
        *_warehouse(settings),
        *_published(settings),
    ]


def _machine(settings: Settings) -> Iterator[Finding]:
    yield Finding(
        "versions", f"Python {platform.python_version()}, DuckDB {version('duckdb')}, Dagster {version('dagster')}"
    )
    zone = settings.timezone or f"{machine_zone()} (this machine's; set `timezone` if the phones lived elsewhere)"
    yield Finding("time zone", zone)
    with duckdb.connect(config=dict(tuning(settings.warehouse))) as connection:
        values = rows(connection, f"SELECT {', '.join(f'current_setting({name!r})' for name in _TUNED)}")[0]
    yield Finding("DuckDB tuning", ", ".join(f"{name} = {value}" for name, value in zip(_TUNED, values, strict=True)))


def _home(settings: Settings) -> Iterator[Finding]:
    if not settings.home.is_dir():
        yield Finding("home", f"{settings.home} is missing: run `egregora init`", ok=False)
        return
    named = SETTINGS_FILE if (settings.home / SETTINGS_FILE).exists() else "defaults"
    yield Finding("home", f"{settings.home}, settings from {named}")
    private = not settings.home.stat().st_mode & 0o077
    yield Finding(
        "rights", "only you can read the home" if private else f"others can enter: chmod 700 {settings.home}", private
    )
    free = shutil.disk_usage(settings.home).free
    enough = free > _LEAST_FREE_BYTES
    yield Finding("disk", f"{free / (1 << 30):.1f} GiB free" + ("" if enough else ": make room"), enough)
    yield from _live_disk(settings)
    yield Finding("inbox", f"{len(inbox_files(settings.inbox))} export files")
    if settings.key_path.exists():
        try:
            load_keys(settings.key_path)
            yield Finding("secret.key", "readable by you alone; keep a copy somewhere safe")
        except KeyFileError as error:
            yield Finding("secret.key", str(error), ok=False)


def _live_disk(settings: Settings) -> Iterator[Finding]:
    try:
        taken = fsync_ms(settings.home)
    except OSError as error:
        yield Finding("live messages", f"the home cannot be written to: {error.strerror}", ok=False)
        return
    problem = disk_problem(taken, settings.live.budget_ms)
    yield Finding("live messages", problem or f"this disk makes a commit durable in {taken:.1f} ms", problem is None)


def _search(settings: Settings) -> Iterator[Finding]:
    try:
        embedder = open_embedder(settings)
    except NoEmbedder as error:
        yield Finding("search", str(error))
        return
    sent = " (texts of your chats are sent there)" if settings.search.embedder == "http" else ""
    yield Finding("search", f"by words, and by meaning with {embedder.name}{sent}")


def _language_model(settings: Settings) -> Iterator[Finding]:
    chosen = settings.language_model
    if chosen.model is None:
        yield Finding("language model", "none: decisions, tasks, questions and summaries are found by rules")
        return
    if find_spec("pydantic_ai") is None:
        yield Finding("language model", "its package is not here: pip install 'egregora-assets[llm]'", ok=False)
        return
    sent = f"texts of your chats are sent to {chosen.url or 'its provider'}" if chosen.is_remote else f"at {chosen.url}"
    yield Finding("language model", f"{chosen.model}, {sent}")


def _warehouse(settings: Settings) -> Iterator[Finding]:
    if not settings.warehouse_path.exists():
        yield Finding("warehouse", "none yet: `egregora ingest` makes it")
        return
    try:
        with open_file(settings.warehouse_path, tuning(settings.warehouse), 1.0, read_only=True) as connection:
            present, newest = schema_version(connection), migrations()[-1].version
            counts = rows(connection, "SELECT (SELECT count(*) FROM messages), (SELECT count(*) FROM exports)")[0]
            bound = rows(connection, "SELECT 1 FROM private.key_fingerprint") if present == newest else []
            failed = rows(connection, "SELECT file_name, detail FROM exports WHERE status IN ('failed', 'ambiguous')")
    except WarehouseBusy as error:
        yield Finding("warehouse", f"in use now: {error}")
        return
    except duckdb.Error as error:
        problem = str(error).splitlines()[0]
        yield Finding("warehouse", f"{settings.warehouse_path} cannot be read: {problem}", ok=False)
        return
    size = settings.warehouse_path.stat().st_size / (1 << 20)
    yield Finding("warehouse", f"messages: {counts[0]:,}, exports: {counts[1]}, {size:.1f} MiB")
    yield Finding("schema", f"version {present} of {newest}", ok=present <= newest)
    if bound and not settings.key_path.exists():
        missing = (
            f"{settings.key_path} is missing: put back the key that made this warehouse; no run goes on without it"
        )
        yield Finding("secret.key", missing, ok=False)
    for name, detail in failed:
        yield Finding("export", f"{name}: {detail}", ok=False)


def _published(settings: Settings) -> Iterator[Finding]:
    state = snapshot_state(settings)
    if state is None and settings.snapshot_path.exists():
        yield Finding("snapshot", f"{settings.snapshot_path} cannot be read: `egregora ingest` makes it anew", ok=False)
        return
    if state is None:
        yield Finding("snapshot", "nothing is published yet")
        return
    size = settings.snapshot_path.stat().st_size / (1 << 20)
    yield Finding("snapshot", f"revision {state.revision}, {size:.1f} MiB, {settings.snapshot_path}")
