"""What is hot, as it may be shown: folded, cleaned and without who opted out, as the next snapshot will show it.

Events are cleaned in a database in memory, beside the hot store, when somebody asks; what readers are given is what came of it. By
which rules, says ``fresh_rules``. Without rules that go with this home no words are shown, and without its key nothing.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Sequence
from contextlib import AbstractContextManager, ExitStack, nullcontext

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from egregora_assets.authors.policy import FEW_ROWS, Rules, cleaned_now
from egregora_assets.chat.segments import SEGMENT_SCHEMA
from egregora_assets.config import Settings
from egregora_assets.live.fresh_rules import Ground, Shown, Told, ground, state_of
from egregora_assets.privacy.again import NOTHING_SHOWN
from egregora_assets.privacy.folding import fold
from egregora_assets.privacy.names import aliasing
from egregora_assets.privacy.pseudonyms import ALIAS, define_rotated
from egregora_assets.privacy.scrub import hide_names, mentions, quoted, scrub, scrubbed, scrubbing
from egregora_assets.warehouse.connection import settle
from egregora_assets.warehouse.query import arrow, changed, rows, temporary, view_of

_MOST_EVENTS = 200_000
"""The latest events that are shown; what is before them in a longer backlog comes with the next run, and is only heard."""
_EVENTS = ", ".join(SEGMENT_SCHEMA.names)
_MOST_PIECES = 100
_CLOSING_SECONDS = 0.3
_AGAIN_SECONDS = 0.01

log = logging.getLogger(__name__)


class FreshReads:
    """Gives readers of one home's hot store its readable views. Several threads may ask."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._turn = threading.Lock()
        self._opened = ExitStack()
        connection = self._opened.enter_context(duckdb.connect(config={"threads": 1}))
        settle(connection)
        self._aside = connection
        self._opened.enter_context(scrubbing(self._aside))
        self._opened.enter_context(aliasing(self._aside, self._alias))
        self._state: object = None
        self._ground = Ground(None, None, "the rules have not been read yet")
        self._told = Told()
        self._heard = 0
        self._shown: Shown | None = None
        self._span = (0, 0)
        self._folded: pa.Table | None = None
        self._views: dict[str, pa.Table] = {}

    def close(self) -> None:
        """Give the memory back. A question that is being asked is interrupted; where that takes too long, nothing is given back."""
        until = time.monotonic() + _CLOSING_SECONDS
        while not self._turn.acquire(timeout=_AGAIN_SECONDS):
            if time.monotonic() > until:
                return
            self._aside.interrupt()
        try:
            self._opened.close()
        finally:
            self._turn.release()

    @property
    def problem(self) -> str | None:
        """Why no words are shown; ``None`` where they are."""
        return self._ground.problem

    def views(self, cursor: duckdb.DuckDBPyConnection) -> frozenset[str]:
        """Make the readable views on a cursor of the hot store, with what it holds now, and return their names.

        To be called before each question: they do not change under it.
        """
        with self._turn:
            self._look(cursor)
            views = dict(self._views)
        for name, table in views.items():
            cursor.register(name, table)
        for name, sql in _SHOWN.items():
            cursor.execute(f"CREATE OR REPLACE TEMP VIEW {name} AS {sql}").fetchall()
        return frozenset(_SHOWN)

    def _look(self, cursor: duckdb.DuckDBPyConnection) -> None:
        """Bring the views up to what the hot store holds and the rules say."""
        if self._follow_rules():
            self._told, self._heard, self._shown, self._span, self._views = Told(), 0, None, (0, 0), {}
        before = self._span[1]
        sql = "SELECT coalesce(min(sequence), $next), coalesce(max(sequence), $before) FROM hot_events"
        span = rows(cursor, sql, {"before": before, "next": before + 1})[0]
        if span == self._span and self._views:
            return
        oldest, last = span
        first = max(oldest, last - _MOST_EVENTS + 1)
        self._hear_out(cursor, oldest, first - 1)
        fresh = _events(cursor, max(first, before + 1), last)
        self._told.hear(self._aside, fresh, self._settings, self._ground)
        self._heard = last
        shown = self._told.rules(self._settings, self._ground.policy)
        if shown != self._shown:
            fresh = _events(cursor, first, last)
            self._aside.execute("DROP TABLE IF EXISTS events").fetchall()
            self._folded = None
        self._keep(fresh, shown, first)
        self._shown, self._span = shown, span

    def _hear_out(self, cursor: duckdb.DuckDBPyConnection, oldest: int, last: int) -> None:
        """Hear the events up to ``last``, which are not shown: who opted out there stays hidden, and who was named has a name.

        A question that is interrupted meanwhile leaves to the next one what it has not heard.
        """
        while self._heard < last:
            begin = max(oldest, self._heard + 1)
            end = min(begin + _MOST_EVENTS - 1, last)
            self._told.hear(self._aside, _events(cursor, begin, end), self._settings, self._ground)
            self._heard = end

    def _follow_rules(self) -> bool:
        """Read the rules where they may be others than before; return whether they may."""
        state = state_of(self._settings)
        if self._views and state == self._state:
            return False
        self._ground, self._state = ground(self._settings), state
        if self._ground.problem:
            log.warning("fresh reads show no words: %s", self._ground.problem)
        define_rotated(self._aside, self._ground.keys.rotations if self._ground.keys else ())
        return True

    def _alias(self, found: str) -> str:
        policy = self._ground.policy
        return policy.aliases.get(fold(found).strip(), "[name]") if policy is not None else "[name]"

    def _keep(self, fresh: pa.Table, shown: Shown, first: int) -> None:
        """Clean events, add them to those that were cleaned before, and fold them all."""
        aside, policy = self._aside, self._ground.policy
        key = self._ground.keys.message.hex() if self._ground.keys else None
        gone = policy.hidden_messages if policy else frozenset()
        with (
            view_of(aside, "fresh", fresh),
            view_of(aside, "people", self._people(shown)),
            view_of(aside, "chats", _table(_CHAT_COLUMNS, [(*ids, *chat) for ids, chat in self._told.chats.items()])),
            view_of(aside, "message_key", _table(("key",), [(key,)] if key else [])),
            view_of(aside, "hidden_messages", _table(("message_id",), [(one,) for one in gone])),
            view_of(aside, "choosing", pa.table({"sequence": pa.array(self._told.choosing_names, pa.int64())})),
        ):
            _clean(aside, shown)
            self._folded = self._fold(first)
            out = [self._as(one) for one in shown.newly_out]
            self._views = {"fresh_told": _with_opt_outs(self._folded, out), "fresh_sources": arrow(aside, _SOURCES)}

    def _fold(self, first: int) -> pa.Table:
        """Add ``new_events`` and forget events before ``first``; return all folded, of which only what changed is made anew."""
        aside, before = self._aside, self._folded
        if before is None:
            aside.execute("CREATE OR REPLACE TABLE events AS FROM new_events LIMIT 0").fetchall()
        about = f"SELECT message_id FROM new_events UNION SELECT message_id FROM events WHERE sequence < {first}"
        with temporary(aside, "touched", about):
            changed(aside, f"DELETE FROM events WHERE sequence < {first}")
            changed(aside, "INSERT INTO events BY NAME FROM new_events")
            fresh, touched = arrow(aside, _FOLDED), arrow(aside, "FROM touched")
        if before is None:
            return fresh
        others = before.filter(pc.invert(pc.is_in(before["message_id"], touched["message_id"])))
        folded = pa.concat_tables([others, fresh])
        return folded.combine_chunks() if folded["sequence"].num_chunks > _MOST_PIECES else folded

    def _people(self, shown: Shown) -> pa.Table:
        """Return who each person is, as whom they are shown, and who is hidden."""
        told = [
            (platform, person, author, self._as(author), "yes" if author in shown.hidden else None)
            for (platform, person), author in self._told.people.items()
        ]
        return _table(("platform", "person", "author_id", "shown_id", "is_hidden"), told)

    def _as(self, author: str) -> str:
        policy = self._ground.policy
        return policy.persons.get(author, author) if policy is not None else author


def _events(cursor: duckdb.DuckDBPyConnection, first: int, last: int) -> pa.Table:
    sql = f"SELECT {_EVENTS} FROM hot_events WHERE sequence BETWEEN $first AND $last"
    return arrow(cursor, sql, {"first": first, "last": last})


def _table(columns: tuple[str, ...], found: Sequence[tuple[str | None, ...]]) -> pa.Table:
    gathered = zip(*found, strict=True) if found else [()] * len(columns)
    return pa.table({name: pa.array(values, pa.string()) for name, values in zip(columns, gathered, strict=True)})


def _with_opt_outs(folded: pa.Table, authors: Sequence[str]) -> pa.Table:
    """Return ``folded`` with a row for each of ``authors``, who have opted out since the rules were left."""
    last = pc.max(folded["sequence"]).as_py() or 0
    opt_outs = [{"sequence": last, "author_id": author, "event": "opt-out"} for author in authors]
    return pa.concat_tables([folded, pa.Table.from_pylist(opt_outs, folded.schema)]) if opt_outs else folded


def _clean(aside: duckdb.DuckDBPyConnection, shown: Shown) -> None:
    """Keep the fresh events as they may be shown as ``new_events``."""
    rules = shown.texts
    if rules is None:
        _keep_events(aside, "new_events", f"SELECT * REPLACE ('' AS text), true AS is_withheld FROM ({_SAID})")
        return
    with cleaned_now(aside, _SAID, rules) as by_policy:
        _keep_events(aside, "new_events", f"SELECT *, false AS is_withheld FROM ({by_policy})")
    if shown.new_names:
        names = list(shown.new_names)
        with temporary(aside, "naming", _naming(rules, names)) as count:
            if count:
                _hide_new_names(aside, rules, names, count)


def _keep_events(aside: duckdb.DuckDBPyConnection, name: str, sql: str) -> None:
    changed(aside, f"CREATE OR REPLACE TEMP TABLE {name} AS {sql}")


def _naming(rules: Rules, names: list[str]) -> str:
    """Return SQL of the clean events that ``names`` may change, of chats in which names are hidden.

    Where there are aliases, whose digits may come to stand beside others, these are all.
    """
    among = f"source_id IN ({', '.join(map(quoted, rules.keep))})" if rules.keep else "false"
    others = f"SELECT sequence, text, text AS before FROM new_events WHERE NOT {among}"
    return others if rules.pseudonymise else f"FROM ({hide_names(others, 'text', names)}) WHERE text <> before"


def _hide_new_names(aside: duckdb.DuckDBPyConnection, rules: Rules, names: list[str], count: int) -> None:
    """Hide names that the warehouse does not know yet in those of ``new_events`` that are in ``naming``.

    They are looked for in texts that are clean already: a text in which this brings one of the other names to light is not shown.
    """
    relation = "SELECT *, text AS before FROM new_events WHERE sequence IN (SELECT sequence FROM naming)"
    again: AbstractContextManager[str]
    if count > FEW_ROWS or rules.pseudonymise:
        again = nullcontext(scrub(relation, "text", names, aliases=bool(rules.pseudonymise)))
    else:
        again = scrubbed(aside, relation, "text", names)
    shows = f"text <> before AND {mentions('text', rules.names)}"
    with again as sql:
        settled = f"SELECT * EXCLUDE (before) REPLACE (CASE WHEN {shows} THEN '{NOTHING_SHOWN}' ELSE text END AS text) FROM ({sql})"
        others = "FROM new_events WHERE sequence NOT IN (SELECT sequence FROM naming)"
        _keep_events(aside, "settled_events", f"FROM ({settled}) UNION ALL BY NAME ({others})")
    aside.execute("DROP TABLE new_events").fetchall()
    aside.execute("ALTER TABLE settled_events RENAME TO new_events").fetchall()


_CHAT_COLUMNS = ("platform", "source", "source_id", "title", "timezone", "identity")


def _id(native: str) -> str:
    return f"rotated(md5_number(concat_ws(chr(31), k.key, 'native', c.identity, {native}))::UUID)::VARCHAR"


_NO_WORDS = "('system', 'location', 'contact', 'call', 'deleted')"
_SAID = f"""
    SELECT
        sequence, event, message_id, source_id, local_time, sent_at, received_at, author_id, shown_id, kind, base_kind,
        CASE WHEN event IN ('delete', 'reaction') OR coalesce(kind, '') IN {_NO_WORDS} THEN ''
            WHEN sequence IN (SELECT sequence FROM choosing) THEN '/egregora alias'
            ELSE coalesce(text, '') END AS text,
        thread_id, reply_to
    FROM (
        SELECT
            f.sequence, f.event, f.sent_at, f.received_at, f.text, nullif(f.kind, 'deleted') AS kind,
            CASE WHEN coalesce(f.kind, 'text') = 'text' AND len(f.attachments) > 0 THEN 'media'
                ELSE coalesce(f.kind, 'text') END AS base_kind,
            {_id("CASE WHEN f.event = 'message' THEN f.native_id ELSE f.target END")} AS message_id,
            c.source_id, timezone(c.timezone, f.sent_at) AS local_time, p.author_id, p.shown_id, p.is_hidden,
            CASE WHEN f.thread IS NOT NULL THEN {_id("f.thread")} END AS thread_id,
            CASE WHEN f.reply_to IS NOT NULL THEN {_id("f.reply_to")} END AS reply_to
        FROM fresh f CROSS JOIN message_key k
        JOIN chats c ON c.platform = f.platform AND c.source = f.source
        JOIN people p ON p.platform = f.platform AND p.person = f.author
        WHERE f.event <> 'reaction'
    )
    WHERE (is_hidden IS NULL OR event = 'delete') AND message_id NOT IN (SELECT message_id FROM hidden_messages)
"""
"""Events with the ids that they will have in the warehouse, and words only where messages have any. Who is hidden says nothing."""

_FOLDED = f"""
    WITH about AS MATERIALIZED (FROM events SEMI JOIN touched USING (message_id)),
    bases AS (
        FROM about WHERE event = 'message' QUALIFY row_number() OVER (PARTITION BY message_id ORDER BY sequence) = 1
    ),
    deletions AS (
        SELECT message_id, min(sent_at) AS deleted_at, max(sequence) AS sequence, max(received_at) AS received_at
        FROM about WHERE event = 'delete' GROUP BY message_id
    ),
    edits AS (
        SELECT e.* FROM about e LEFT JOIN bases b USING (message_id) ANTI JOIN deletions d USING (message_id)
        WHERE e.event = 'edit' AND (b.author_id IS NULL OR b.author_id = e.author_id)
        QUALIFY row_number() OVER (
            PARTITION BY message_id, e.author_id ORDER BY e.sent_at DESC, e.kind DESC NULLS LAST, e.text DESC, e.sequence
        ) = 1
    )
    SELECT
        coalesce(b.sequence, greatest(e.sequence, d.sequence)) AS sequence, message_id,
        CASE WHEN b.message_id IS NOT NULL THEN 'message' WHEN d.message_id IS NOT NULL THEN 'delete' ELSE 'edit' END AS event,
        b.source_id, b.local_time, b.sent_at, coalesce(b.shown_id, e.shown_id) AS author_id,
        {ALIAS.replace("author_id", "coalesce(b.shown_id, e.shown_id)")} AS author,
        CASE WHEN d.message_id IS NOT NULL THEN 'deleted' ELSE coalesce(e.kind, b.base_kind) END AS kind,
        CASE WHEN d.message_id IS NOT NULL OR b.base_kind IN {_NO_WORDS} THEN '' ELSE coalesce(e.text, b.text) END AS text,
        d.message_id IS NULL AND e.message_id IS NOT NULL AS is_edited, b.thread_id, b.reply_to,
        CASE WHEN d.message_id IS NULL THEN e.sent_at END AS edited_at, d.deleted_at,
        coalesce(b.is_withheld, e.is_withheld, false) AS is_withheld,
        greatest(b.received_at, e.received_at, d.received_at) AS received_at
    FROM bases b FULL JOIN edits e USING (message_id) FULL JOIN deletions d USING (message_id)
"""
"""The messages in ``touched``, each in its newest form, as far as it is hot. Where it is not known here who wrote one, the last
edit of each person is there.
"""
_SOURCES = """
    SELECT DISTINCT source_id, platform, title, timezone FROM chats SEMI JOIN events USING (source_id) ORDER BY source_id
"""
_SHOWN = {
    "messages": "SELECT * EXCLUDE (event) FROM fresh_told WHERE event = 'message'",
    "recent_messages": "FROM fresh_told",
    "sources": "FROM fresh_sources",
}
"""``messages`` are those whose first form is hot. ``recent_messages`` has besides what happened to earlier ones (``edit``,
``delete``: without a time of their own), and the pseudonyms of those whose words the snapshot may still show (``opt-out``).
"""
