"""Which messages may be found at all: conditions that become SQL over the snapshot."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime


@dataclass(frozen=True)
class Filters:
    """Conditions that a message has to meet; of each, any of the values.

    ``authors`` are pseudonyms, chosen names or ids. ``since`` and ``until`` are by the clock of the chat where they have no
    zone; a day is meant whole. ``kinds`` are those of messages (``text``, ``media`` …).
    """

    sources: tuple[str, ...] = ()
    authors: tuple[str, ...] = ()
    since: date | datetime | None = None
    until: date | datetime | None = None
    kinds: tuple[str, ...] = ()
    has_media: bool | None = None
    has_code: bool | None = None

    @property
    def is_empty(self) -> bool:
        return self == Filters()

    def condition(self) -> tuple[str, dict[str, object]]:
        """Return the SQL for whether a message ``m`` may be found, with its parameters."""
        told: list[tuple[str, dict[str, object]]] = []
        if self.sources:
            told.append(("m.source_id IN (SELECT unnest($sources))", {"sources": _whole(self.sources)}))
        if self.authors:
            told.append((_BY_AUTHOR, {"authors": _whole(self.authors)}))
        if self.kinds:
            told.append(("m.kind IN (SELECT unnest($kinds))", {"kinds": _whole(self.kinds)}))
        if self.since is not None:
            told.append((f"{_clock(self.since)} >= $since", {"since": self.since}))
        if self.until is not None:
            told.append((f"{_clock(self.until)} <= $until", {"until": self.until}))
        for wanted, table in ((self.has_media, "message_media"), (self.has_code, "code_references")):
            if wanted is not None:
                told.append((f"{'' if wanted else 'NOT '}m.message_id IN (SELECT message_id FROM {table})", {}))
        parameters = {name: value for _, more in told for name, value in more.items()}
        return " AND ".join(condition for condition, _ in told) or "true", parameters


def _whole(values: tuple[str, ...]) -> list[str]:
    """Return values that can be asked for: bytes that a terminal could not read come as halves of letters, which nothing has."""
    return [value.encode("utf-8", "replace").decode() for value in values]


def _clock(limit: date | datetime) -> str:
    if not isinstance(limit, datetime):
        return "m.local_time::DATE"
    return "m.sent_at" if limit.tzinfo else "m.local_time"


_BY_AUTHOR = """
    m.author_id IN (
        SELECT author_id FROM authors
        WHERE list_contains($authors, alias) OR list_contains($authors, chosen_name)
            OR list_contains($authors, author_id::VARCHAR)
    )
"""
