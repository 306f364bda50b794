"""Which chat an export belongs to, under a name that gives nobody away, and in which time zone its phone wrote."""

from __future__ import annotations

import logging
import re
import unicodedata
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from zoneinfo import ZoneInfo

import pyarrow as pa

from egregora_assets.chat.local_time import machine_zone
from egregora_assets.config import Settings
from egregora_assets.privacy.keys import Keys
from egregora_assets.privacy.names import KnownNames
from egregora_assets.privacy.pseudonyms import normalised_name, pseudonym, rotated_name
from egregora_assets.privacy.scrub import private_among
from egregora_assets.warehouse.query import rows
from egregora_assets.warehouse.revisions import Transaction
from egregora_assets.warehouse.upsert import insert_new

_MAX_SLUG = 40
_SMALLEST_GROUP = 3

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Source:
    """One chat: the name it has in all tables, its clock, and what its message ids are made with.

    ``identity`` does not depend on how many people wrote in the export that came first, as ``source_id`` does.
    """

    source_id: str
    zone: ZoneInfo
    identity: str


class Sources:
    """The sources of one platform, as a change of the warehouse finds and extends them.

    The title of a chat between two is the other person's name, so a source is named after its title only when at least
    three people write in it, no word of it is a name of anybody known, and nothing of it would be scrubbed; else it gets a
    keyed pseudonym. ``names`` are the names that are not yet in the warehouse. New sources are written by ``save``.
    """

    def __init__(
        self, change: Transaction, settings: Settings, keys: Keys, platform: str, names: Iterable[str]
    ) -> None:
        self._change, self._settings, self._keys, self._platform = change, settings, keys, platform
        connection = change.connection
        known = rows(connection, "SELECT DISTINCT raw_name FROM private.author_names")
        self._names = KnownNames([*(name for (name,) in known), *names, *settings.privacy.opt_out_names])
        self._zones = dict(rows(connection, "SELECT source_id, timezone FROM sources"))
        titles = "SELECT source_id, raw_title FROM private.source_titles WHERE platform = ? ORDER BY revision"
        self._titles: list[tuple[str, str]] = rows(connection, titles, [platform])
        native = "SELECT native_id, source_id FROM private.source_keys WHERE platform = ?"
        self._by_native_id: dict[str, str] = dict(rows(connection, native, [platform]))
        self._new: dict[str, list[tuple[str, ...]]] = {table: [] for table in _TABLES}
        self._unset: list[str] = []

    def with_title(self, title: str, people: Collection[str]) -> Source:
        """Return the source with this title, of a platform that has no ids; ``people`` are those who wrote in it."""
        same = (
            source_id for source_id, raw_title in self._titles if normalised_name(raw_title) == normalised_name(title)
        )
        source_id = next(same, None)
        first_title = next((raw_title for known_id, raw_title in self._titles if known_id == source_id), title)
        source_id = source_id or self._register(title, hidden_name(self._keys, self._platform, title, None), people)
        return self._source(source_id, _hidden(self._keys, first_title))

    def with_native_id(self, native_id: str, title: str, people: Collection[str]) -> Source:
        """Return the source with this id on the platform, whatever it is called now."""
        source_id = self._by_native_id.get(native_id)
        if source_id is None:
            hidden = hidden_name(self._keys, self._platform, title, native_id)
            source_id = self._by_native_id[native_id] = self._register(title, hidden, people)
            self._new["private.source_keys"].append((source_id, self._platform, native_id))
        return self._source(source_id, native_identity(self._keys, self._platform, native_id))

    def save(self, has_wall_clocks: bool = True) -> None:
        """Write what is new, and tell which zone was taken where none is set: for reading wall clocks, if there are any."""
        if self._unset:
            _tell_zone(self._unset, has_wall_clocks)
        for table, columns in _TABLES.items():
            if self._new[table]:
                found = pa.table(dict(zip(columns, map(list, zip(*self._new[table], strict=True)), strict=True)))
                insert_new(self._change.connection, table, found, columns, {"revision": self._change.revision})

    def _register(self, title: str, hidden: str, people: Collection[str]) -> str:
        configured = self._settings.source_named(title)
        shown = len(people) >= _SMALLEST_GROUP and not may_name(self._names, title)
        shown = shown and not private_among(self._change.connection, [title, spoken(slug(title))])
        told = configured.source_id if configured else None
        named = [slug(title), f"{slug(title)}-{self._platform}"] if shown and slug(title) else []
        named = [name for name in named if not self._names.may_be_in(spoken(name))]
        source_id = told or next((name for name in named if name not in self._zones), hidden)
        if source_id not in self._zones:
            zone = (configured.timezone if configured else None) or self._settings.timezone
            if zone is None:
                self._unset.append(title)
            zone = self._zones[source_id] = zone or machine_zone()
            self._new["sources"].append((source_id, self._platform, title if shown else source_id, zone))
        self._new["private.source_titles"].append((source_id, self._platform, title))
        return source_id

    def _source(self, source_id: str, identity: str) -> Source:
        return Source(source_id, ZoneInfo(self._zones[source_id]), identity)


_TABLES = {
    "sources": ["source_id", "platform", "title", "timezone"],
    "private.source_titles": ["source_id", "platform", "raw_title"],
    "private.source_keys": ["source_id", "platform", "native_id"],
}


def may_name(names: KnownNames, title: str) -> bool:
    """Return whether a title, or the id that is made of it without signs and accents, may name somebody."""
    return names.may_be_in(title) or names.may_be_in(spoken(slug(title)))


def slug(text: str) -> str:
    """Return ``text`` in lower-case ASCII letters, digits and hyphens; empty where nothing of it is left."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:_MAX_SLUG].strip("-")


def spoken(source_id: str) -> str:
    """Return the words of which a source id is made."""
    return source_id.replace("-", " ")


def hidden_name(keys: Keys, platform: str, title: str, native_id: str | None) -> str:
    """Return the source id of a chat whose title is not shown; ``native_id`` is ``None`` on a platform without ids."""
    hidden = _hidden(keys, title) if native_id is None else _hidden_native(keys, platform, native_id)
    return rotated_name(hidden, keys.rotations)


def native_identity(keys: Keys, platform: str, native_id: str) -> str:
    """Return what the ids of messages are made with in a chat that has an id on its platform."""
    return f"{platform}-{pseudonym(keys.author, 'chat', native_id, 32)}"


def _hidden_native(keys: Keys, platform: str, native_id: str) -> str:
    return f"chat-{pseudonym(keys.author, 'chat', f'{platform}-{native_id}', 12)}"


def _hidden(keys: Keys, title: str) -> str:
    return f"chat-{pseudonym(keys.author, 'source', normalised_name(title))}"


def _tell_zone(titles: list[str], has_wall_clocks: bool) -> None:
    chats = repr(titles[0]) if len(titles) == 1 else f"{len(titles):,} chats"
    if has_wall_clocks:
        log.info("no time zone is set for %s: taking this machine's, %s", chats, machine_zone())
    else:
        log.info(
            "no time zone is set for %s: days and local times are shown in this machine's, %s", chats, machine_zone()
        )
