"""Which chat an export belongs to, under a name that gives nobody away, and in which time zone its phone wrote."""

from __future__ import annotations

import logging
import re
import unicodedata
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from egregora_assets.chat.local_time import machine_zone
from egregora_assets.config import Settings
from egregora_assets.privacy.keys import Keys
from egregora_assets.privacy.pseudonyms import normalised_name, pseudonym
from egregora_assets.privacy.scrub import names_somebody
from egregora_assets.warehouse.query import rows, scalar
from egregora_assets.warehouse.revisions import Transaction

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


def source_of(
    change: Transaction,
    settings: Settings,
    keys: Keys,
    platform: str,
    title: str,
    authors: list[str],
    native_id: str | None = None,
) -> Source:
    """Return the source for a chat, registering it the first time: known by its id on the platform, else by its title.

    The title of a chat between two is the other person's name, so a source is named after its title only when at least
    three people write in it and no word of it is a name of theirs or of anybody known; else it gets a keyed pseudonym.
    """
    if native_id is None:
        known, first_title = _known_by_title(change, platform, title)
        identity, hidden = _hidden(keys, first_title), _hidden(keys, title)
    else:
        known = _known_by_native_id(change, platform, native_id)
        identity = f"{platform}-{pseudonym(keys.author, 'chat', native_id, 32)}"
        hidden = f"chat-{pseudonym(keys.author, 'chat', f'{platform}-{native_id}')}"
    source_id = known or _register(change, settings, platform, title, hidden, authors)
    if native_id is not None and known is None:
        change.connection.execute(
            "INSERT INTO private.source_keys VALUES (?, ?, ?, ?)", [source_id, platform, native_id, change.revision]
        )
    return Source(source_id, ZoneInfo(_zone_of(change, source_id)), identity)


def _known_by_title(change: Transaction, platform: str, title: str) -> tuple[str | None, str]:
    """Return the source with this title, if there is one, and the title under which it was first known."""
    sql = "SELECT source_id, raw_title FROM private.source_titles WHERE platform = ? ORDER BY revision"
    known = rows(change.connection, sql, [platform])
    same = (source_id for source_id, raw_title in known if normalised_name(raw_title) == normalised_name(title))
    source_id = next(same, None)
    return source_id, next((raw_title for known_id, raw_title in known if known_id == source_id), title)


def _known_by_native_id(change: Transaction, platform: str, native_id: str) -> str | None:
    sql = "SELECT source_id FROM private.source_keys WHERE platform = ? AND native_id = ?"
    return next((source_id for (source_id,) in rows(change.connection, sql, [platform, native_id])), None)


def slug(text: str) -> str:
    """Return ``text`` in lower-case ASCII letters, digits and hyphens; empty where nothing of it is left."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:_MAX_SLUG].strip("-")


def _register(
    change: Transaction, settings: Settings, platform: str, title: str, hidden: str, authors: list[str]
) -> str:
    configured = settings.source_named(title)
    elsewhere = [name for (name,) in rows(change.connection, "SELECT DISTINCT raw_name FROM private.author_names")]
    shown = _may_show(title, authors, [*elsewhere, *settings.privacy.opt_out])
    taken = {source_id for (source_id,) in rows(change.connection, "SELECT source_id FROM sources")}
    told = configured.source_id if configured else None
    named = [slug(title), f"{slug(title)}-{platform}"] if shown and slug(title) else []
    source_id = told or next((name for name in named if name not in taken), hidden)
    if source_id not in taken:
        zone = (configured.timezone if configured else None) or settings.timezone or _assumed_zone(title)
        change.connection.execute(
            "INSERT INTO sources VALUES (?, ?, ?, ?, ?)",
            [source_id, platform, title if shown else source_id, zone, change.revision],
        )
    change.connection.execute(
        "INSERT INTO private.source_titles VALUES (?, ?, ?, ?)", [source_id, platform, title, change.revision]
    )
    return source_id


def _hidden(keys: Keys, title: str) -> str:
    return f"chat-{pseudonym(keys.author, 'source', normalised_name(title))}"


def _may_show(title: str, authors: list[str], elsewhere: list[str]) -> bool:
    people = {normalised_name(name) for name in authors}
    return len(people) >= _SMALLEST_GROUP and not names_somebody(title, [*authors, *elsewhere])


def _assumed_zone(title: str) -> str:
    zone = machine_zone()
    log.info("no time zone is set for %r: taking this machine's, %s", title, zone)
    return zone


def _zone_of(change: Transaction, source_id: str) -> str:
    return str(scalar(change.connection, "SELECT timezone FROM sources WHERE source_id = ?", [source_id]))
