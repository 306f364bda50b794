"""By which rules hot events are shown: those of the last publication, and what events themselves have told since."""

from __future__ import annotations

import os
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path

import duckdb
import pyarrow as pa

from egregora_assets.authors.commands import MAY_MENTION, heard
from egregora_assets.authors.policy import Rules
from egregora_assets.chat.local_time import machine_zone
from egregora_assets.chat.merge_records import names_said
from egregora_assets.chat.sources import hidden_name, native_identity
from egregora_assets.config import Settings
from egregora_assets.privacy.keys import KeyFileError, Keys, load_keys
from egregora_assets.privacy.pseudonyms import native_author_id, rotated
from egregora_assets.publish.live_policy import LivePolicy, LivePolicyUnusable, fingerprint_of, read_live_policy
from egregora_assets.warehouse.connection import NothingPublished, open_snapshot
from egregora_assets.warehouse.query import rows, view_of


@dataclass(frozen=True)
class Ground:
    """What is known without any event. Without ``keys`` nothing is shown, without a ``policy`` no words; ``problem`` says why."""

    keys: Keys | None
    policy: LivePolicy | None
    problem: str | None = None


def ground(settings: Settings) -> Ground:
    """Read the keys of a home and the rules that its last publication has left; never raises on what is wrong with them."""
    if not settings.key_path.exists():
        return Ground(None, None, "there is no key yet: nothing has been taken in")
    try:
        keys = load_keys(settings.key_path)
    except KeyFileError as error:
        return Ground(None, None, str(error))
    if keys.pending is not None:
        return Ground(None, None, "a rotation of the key is not complete: the next run settles it")
    if _knows_nobody(settings):
        return Ground(keys, _without_warehouse(settings, keys))
    try:
        policy = read_live_policy(settings.live_policy_path)
    except LivePolicyUnusable as error:
        return Ground(keys, None, str(error))
    problem = _doubt(settings, keys, policy)
    return Ground(keys, None if problem else policy, problem)


def _knows_nobody(settings: Settings) -> bool:
    """Return whether there is nothing that a run could have left: no warehouse, no rules of one, and nobody on the opt-out list."""
    paths = (settings.warehouse_path, settings.live_policy_path, settings.snapshot_path)
    return not settings.privacy.opt_out and not any(map(os.path.lexists, paths))


def _without_warehouse(settings: Settings, keys: Keys) -> LivePolicy:
    """Return the rules of a home before its first run: the strictest, for all that hot events tell of."""
    return LivePolicy(0, "", fingerprint_of(settings, keys.fingerprint), Rules([], [], [], [], []))


def _doubt(settings: Settings, keys: Keys, policy: LivePolicy) -> str | None:
    if policy.fingerprint != fingerprint_of(settings, keys.fingerprint):
        return "the settings or the key are others than at the last run: the next one leaves new rules"
    try:
        with open_snapshot(settings) as snapshot:
            found = rows(snapshot, "SELECT revision, warehouse_id::VARCHAR FROM publication")
    except NothingPublished:
        return None
    except duckdb.Error:
        return "the snapshot cannot be read: the next run makes it anew"
    if not found or found[0][1] != policy.warehouse_id or found[0][0] > policy.revision:
        return "the rules are older than the snapshot: the next run leaves new ones"
    return None


def state_of(settings: Settings) -> tuple[tuple[int, ...] | None, ...]:
    """Return what changes whenever ``ground`` may: which files are there, and since when."""
    first_run = (int(settings.warehouse_path.exists()),)
    return (*map(_state, (settings.live_policy_path, settings.key_path, settings.snapshot_path)), first_run)


def _state(path: Path) -> tuple[int, ...] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_ino, found.st_mode, found.st_mtime_ns, found.st_size


@dataclass(frozen=True)
class Shown:
    """The rules in force for a while: for texts, names that only live events have told, and who is hidden.

    Without ``texts`` no words are shown.
    """

    texts: Rules | None
    new_names: tuple[str, ...]
    hidden: frozenset[str]
    newly_out: frozenset[str]


@dataclass
class Told:
    """What events have told, from the first that was looked at: people, names, chats and commands, by platform and id."""

    people: dict[tuple[str, str], str] = field(default_factory=dict)
    names: set[str] = field(default_factory=set)
    chats: dict[tuple[str, str], tuple[str, str, str, str]] = field(default_factory=dict)
    commands: dict[str, tuple[datetime, bool]] = field(default_factory=dict)
    choosing_names: set[int] = field(default_factory=set)

    def hear(self, aside: duckdb.DuckDBPyConnection, events: pa.Table, settings: Settings, ground: Ground) -> None:
        """Note what events tell. ``aside`` is a database that is asked for it."""
        if ground.keys is None:
            return
        with view_of(aside, "fresh", events):
            people, chats, commands = (rows(aside, sql) for sql in (_PEOPLE, _CHATS, _COMMANDS))
        for platform, person, name in people:
            if (platform, person) not in self.people:
                identity = native_author_id(ground.keys.author, platform, person)
                self.people[platform, person] = str(rotated(identity, ground.keys.rotations))
            self.names.update(names_said(person, [name] if name else []))
        for platform, chat, title in chats:
            if (platform, chat) not in self.chats:
                self.chats[platform, chat] = _chat(settings, ground.keys, ground.policy, platform, chat, title)
        for sequence, platform, person, minute, text in commands:
            said = heard(text)
            if said.names:
                self.choosing_names.add(sequence)
            if said.opts_out is not None:
                author = self.people[platform, person]
                self.commands[author] = max(self.commands.get(author, (minute, False)), (minute, said.opts_out))

    def rules(self, settings: Settings, policy: LivePolicy | None) -> Shown:
        """Return the rules in force.

        Where somebody has opted out since the policy was left, every name is hidden everywhere: which of them are whose is not
        known here. Who opts in again waits for the next run.
        """
        said = frozenset(author for author, (_, is_out) in self.commands.items() if is_out)
        if policy is None:
            return Shown(None, (), said, said)
        out = said - policy.opted_out
        hidden = out | policy.opted_out | {other for one in out for other in policy.linked.get(one, ())}
        rules = policy.rules
        if out:
            rules = replace(rules, names=rules.every_name, listed=rules.every_name, keep=[], pseudonymise=[])
        hides_names = bool(out or rules.pseudonymise or settings.privacy.scrub_names)
        new = self.names.difference(rules.every_name) if hides_names else set()
        return Shown(rules, tuple(sorted(new)), hidden, hidden - policy.opted_out)


def _chat(
    settings: Settings, keys: Keys, policy: LivePolicy | None, platform: str, chat: str, title: str
) -> tuple[str, str, str, str]:
    """Return the id and title under which a chat is shown, its time zone, and what ids of its messages are made with."""
    identity = native_identity(keys, platform, chat)
    known = policy.sources.get((platform, chat)) if policy is not None else None
    if known is not None:
        return known.source_id, known.title, known.timezone, identity
    configured = settings.source_named(title)
    zone = (configured.timezone if configured else None) or settings.timezone or machine_zone()
    source_id = (configured.source_id if configured else None) or hidden_name(keys, platform, title, chat)
    return source_id, source_id, zone, identity


_PEOPLE = """
    SELECT DISTINCT platform, person, name
    FROM (
        SELECT platform, author AS person, author_name AS name FROM fresh
        UNION ALL SELECT platform, mention.id, mention.name FROM (SELECT platform, unnest(mentions) AS mention FROM fresh)
    )
    WHERE person IS NOT NULL
"""
_CHATS = (
    "SELECT platform, source, coalesce(arg_max(source_title, sequence), source) FROM fresh GROUP BY platform, source"
)
_COMMANDS = f"""
    SELECT sequence, platform, author, date_trunc('minute', sent_at), text FROM fresh
    WHERE text IS NOT NULL AND {MAY_MENTION}
"""
