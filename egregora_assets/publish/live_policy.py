"""What the live service has to know of the warehouse to show what is hot by the rules of the snapshot: one private file.

It says who opted out, which accounts are one person, which names are hidden where, and what chats are called. Whoever publishes
leaves it, before the snapshot that it goes with; without it the service shows no words.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections import defaultdict
from dataclasses import dataclass, field, replace
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from egregora_assets.authors.opt_outs import LINKED
from egregora_assets.authors.policy import Rules, aliases_of_names, author_names, rules_of
from egregora_assets.authors.shown import shown_sources
from egregora_assets.config import Settings
from egregora_assets.privacy.keys import warehouse_keys
from egregora_assets.privacy.scrub import POLICY_VERSION, scrubbing
from egregora_assets.warehouse.durable import force_folder
from egregora_assets.warehouse.query import rows, temporary
from egregora_assets.warehouse.revisions import current_revision, warehouse_id

_FORM = "1"
_MODE = 0o600
_SCHEMA = pa.schema([(name, pa.string()) for name in ("kind", "key", "value", "more")])


@dataclass(frozen=True)
class LiveSource:
    """A chat as the snapshot shows it."""

    source_id: str
    title: str
    timezone: str


@dataclass(frozen=True)
class LivePolicy:
    """The rules as they were at a ``revision`` of one warehouse. Ids are as they are shown, in hexadecimal digits with hyphens.

    ``linked`` has the accounts that an opt-out of somebody reaches, by each of them; ``sources`` are known by platform and the
    platform's id.
    """

    revision: int
    warehouse_id: str
    fingerprint: str
    rules: Rules
    opted_out: frozenset[str] = frozenset()
    hidden_messages: frozenset[str] = frozenset()
    persons: dict[str, str] = field(default_factory=dict)
    linked: dict[str, frozenset[str]] = field(default_factory=dict)
    sources: dict[tuple[str, str], LiveSource] = field(default_factory=dict)
    aliases: dict[str, str] = field(default_factory=dict)


class LivePolicyUnusable(RuntimeError):
    """There is no file with the rules, or not one that goes with this home; the message says why."""


def fingerprint_of(settings: Settings, key_fingerprint: str) -> str:
    """Return a name for all rules that do not come from the warehouse: with others, the file does not hold any more."""
    sources = [source.model_dump(mode="json") for source in settings.sources]
    told = [_FORM, POLICY_VERSION, settings.privacy.model_dump(mode="json"), sources, key_fingerprint]
    return hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()


def _leave(connection: duckdb.DuckDBPyConnection, settings: Settings) -> None:
    path = settings.live_policy_path
    with scrubbing(connection), temporary(connection, "titled", shown_sources(connection, settings)):
        table = _table(connection, settings)
    partial = path.with_name(f".{path.name}.part")
    partial.unlink(missing_ok=True)
    with os.fdopen(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _MODE), "wb") as file:
        pq.write_table(table, file, compression="zstd")
        file.flush()
        os.fsync(file.fileno())
    os.replace(partial, path)
    force_folder(path.parent)


def follow_live_policy(connection: duckdb.DuckDBPyConnection, settings: Settings) -> bool:
    """Write the file where it does not stand for the warehouse as it is now; return whether it was written.

    ``connection`` is the warehouse's writer. Before the first message there is no key, and nothing to know.
    """
    if not settings.key_path.exists():
        return False
    try:
        present = read_live_policy(settings.live_policy_path)
    except LivePolicyUnusable:
        _leave(connection, settings)
        return True
    keys = warehouse_keys(connection, settings.key_path)
    wanted = (current_revision(connection), warehouse_id(connection), fingerprint_of(settings, keys.fingerprint))
    if (present.revision, present.warehouse_id, present.fingerprint) == wanted:
        return False
    _leave(connection, settings)
    return True


def read_live_policy(path: Path) -> LivePolicy:
    """Read the file. Raises ``LivePolicyUnusable``."""
    if not path.exists():
        raise LivePolicyUnusable("no run has left the rules yet")
    if path.stat().st_mode & 0o077:
        raise LivePolicyUnusable(f"{path} can be read by others: run `chmod 600 {path}`")
    table = _read_table(path)
    if table is None:
        raise LivePolicyUnusable(f"{path} cannot be read")
    found: dict[str, list[tuple[str, str, str]]] = defaultdict(list)
    for kind, key, value, more in zip(*(column.to_pylist() for column in table.columns), strict=True):
        found[kind].append((key, value, more))
    try:
        return _policy(found)
    except (KeyError, ValueError) as error:
        raise LivePolicyUnusable(f"{path} is damaged") from error


def _read_table(path: Path) -> pa.Table | None:
    try:
        table = pq.ParquetFile(path).read()
    except (pa.ArrowException, OSError, ValueError):
        return None
    return table if table.schema.equals(_SCHEMA) else None


def _policy(found: dict[str, list[tuple[str, str, str]]]) -> LivePolicy:
    state = {key: value for key, value, _ in found["state"]}
    named: dict[str, list[str]] = {kind: [key for key, _, _ in found[kind]] for kind in _RULES}
    linked: dict[str, set[str]] = defaultdict(set)
    for one, other, _ in found["linked"]:
        linked[one].add(other)
    return LivePolicy(
        revision=int(state["revision"]),
        warehouse_id=state["warehouse_id"],
        fingerprint=state["fingerprint"],
        rules=Rules(*(named[kind] for kind in _RULES)),
        opted_out=frozenset(key for key, _, _ in found["opted_out"]),
        hidden_messages=frozenset(key for key, _, _ in found["hidden_message"]),
        persons={key: value for key, value, _ in found["person"]},
        linked={one: frozenset(others) for one, others in linked.items()},
        sources={_two(key): LiveSource(value, *_two(more)) for key, value, more in found["source"]},
        aliases={key: value for key, value, _ in found["alias"]},
    )


def _two(told: str) -> tuple[str, str]:
    first, second = json.loads(told)
    return str(first), str(second)


def _table(connection: duckdb.DuckDBPyConnection, settings: Settings) -> pa.Table:
    keys = warehouse_keys(connection, settings.key_path)
    told: list[tuple[str, str, str, str]] = [
        ("state", "revision", str(current_revision(connection)), ""),
        ("state", "warehouse_id", warehouse_id(connection), ""),
        ("state", "fingerprint", fingerprint_of(settings, keys.fingerprint), ""),
    ]
    rules = rules_of(connection, settings)
    rules = replace(rules, every_name=[*author_names(connection), *rules.listed])
    for kind in _RULES:
        told += [(kind, value, "", "") for value in getattr(rules, kind)]
    if rules.pseudonymise:
        told += [("alias", key, alias, "") for key, alias in sorted(aliases_of_names(connection).items())]
    for kind, sql in _ASKED.items():
        told += [(kind, *row) for row in rows(connection, sql)]
    for platform, native_id, source_id, title, timezone in rows(connection, _SOURCES):
        told.append(("source", json.dumps([platform, native_id]), source_id, json.dumps([title, timezone])))
    return pa.Table.from_arrays([pa.array(column, pa.string()) for column in zip(*told, strict=True)], schema=_SCHEMA)


_RULES = ("names", "listed", "every_name", "keep", "pseudonymise")
"""The fields of ``Rules``, in order."""
_ASKED = {
    "opted_out": "SELECT author_id::VARCHAR, '', '' FROM authors WHERE opted_out ORDER BY 1",
    "hidden_message": """
        SELECT DISTINCT message_id::VARCHAR, '', ''
        FROM private.other_authors SEMI JOIN (FROM authors WHERE opted_out) USING (author_id) ORDER BY 1
    """,
    "person": "SELECT author_id::VARCHAR, person_id::VARCHAR, '' FROM private.persons ORDER BY ALL",
    "linked": f"SELECT DISTINCT said_by::VARCHAR, author_id::VARCHAR, '' FROM ({LINKED}) ORDER BY ALL",
}
_SOURCES = """
    SELECT k.platform, k.native_id, source_id, shown.title, shown.timezone
    FROM private.source_keys k JOIN titled shown USING (source_id) ORDER BY ALL
"""
"""``titled`` has the titles as they may be shown."""
