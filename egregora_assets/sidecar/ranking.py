"""``conversation_ranking``: how much came of each conversation, counted from what people did and never from how it sounds."""

from __future__ import annotations

from dataclasses import dataclass

import duckdb

from egregora_assets.authors import gate
from egregora_assets.authors.shown import REACTIONS_CHANGED, shown_reactions
from egregora_assets.config import Settings
from egregora_assets.documents.units import DAYS_OF_DOCUMENTS
from egregora_assets.sidecar import posts
from egregora_assets.warehouse.connection import one_thread_for_few
from egregora_assets.warehouse.query import changed, temporary
from egregora_assets.warehouse.revisions import Transaction, transaction
from egregora_assets.warehouse.settled import is_settled, settle

CONSUMER = "conversation_ranking"
_FEW = 100
_WEIGHTS = {"reactions": 1, "replies": 1, "participants": 2, "decisions": 5, "answers": 3}
SCORE = " + ".join(f"{weight} * {part}" for part, weight in _WEIGHTS.items())
"""The SQL of the score: what takes more people or settles more weighs more."""
WORDS = {
    "reactions": ("reaction", "reactions"),
    "replies": ("reply", "replies"),
    "participants": ("person", "people"),
    "decisions": ("decision", "decisions"),
    "answers": ("answered question", "answered questions"),
}


def _counted(part: str, one: str, many: str) -> str:
    return f"CASE WHEN {part} = 1 THEN '1 {one}' WHEN {part} > 1 THEN format('{{:,}} {many}', {part}) END"


EXPLAINED = f"concat_ws(', ', {', '.join(_counted(part, *words) for part, words in WORDS.items())})"
"""The SQL that tells in words what a score is made of: "12 reactions, 9 replies, 6 people, 2 decisions"."""


@dataclass(frozen=True)
class RankingChanges:
    """Conversations that one pass counted again and removed."""

    counted: int = 0
    removed: int = 0


def refresh(connection: duckdb.DuckDBPyConnection, settings: Settings, full: bool = False) -> RankingChanges:
    """Bring the ranking up to date with sidecars and reactions; ``full`` counts all conversations again."""
    posts.refresh(connection, settings)
    rules = gate.rules_now(connection, settings)
    if not full and is_settled(connection, CONSUMER, rules):
        return RankingChanges()
    with transaction(connection, CONSUMER) as change:
        seen = change.watermark()
        since = 0 if full or seen.fingerprint != SCORE else seen.revision
        removed = _remove_gone(connection, since)
        outcome = RankingChanges(_count_again(change, settings, since), removed)
        change.advance(SCORE)
    settle(connection, CONSUMER, rules)
    return outcome


def _count_again(change: Transaction, settings: Settings, since: int) -> int:
    connection = change.connection
    with temporary(connection, "reacted", REACTIONS_CHANGED, {"since": since}) as reacted:
        touched = _TOUCHED + (_REACTED if reacted else "")
        with (
            temporary(connection, "open_documents", touched, {"since": since}) as count,
            one_thread_for_few(connection, settings.warehouse, count < _FEW),
        ):
            if count:
                changed(connection, "DELETE FROM conversation_ranking WHERE document_id IN (FROM open_documents)")
                with temporary(connection, "placed", _PLACED):
                    changed(connection, _COUNT, [change.revision])
    return count


def _remove_gone(connection: duckdb.DuckDBPyConnection, since: int) -> int:
    gone = "SELECT key FROM tombstones WHERE table_name = 'sidecars' AND revision > ?"
    return changed(connection, f"DELETE FROM conversation_ranking WHERE document_id IN ({gone})", [since])


_TOUCHED = "SELECT document_id FROM sidecars WHERE revision > $since"
_REACTED = """
    UNION SELECT document_id FROM (
        SELECT document_id, unnest(message_ids) AS message_id FROM documents SEMI JOIN sidecars USING (document_id)
    ) SEMI JOIN reacted USING (message_id)
"""
_PLACED = f"""
    WITH days AS (SELECT DISTINCT source_id, local_date FROM ({DAYS_OF_DOCUMENTS}) SEMI JOIN open_documents USING (document_id))
    SELECT document_id, message_id, reply_to IS NOT NULL AS is_reply
    FROM (
        SELECT document_id, source_id, unnest(message_ids) AS message_id
        FROM documents SEMI JOIN open_documents USING (document_id)
    )
    JOIN (FROM clean_messages SEMI JOIN days USING (source_id, local_date)) USING (message_id, source_id)
"""
"""By the days of these documents their messages are found without a look at all ids."""
_REACTIONS = shown_reactions("FROM reactions SEMI JOIN placed USING (message_id)")
_COUNT = f"""
    INSERT INTO conversation_ranking
    SELECT document_id, {SCORE}, reactions, replies, participants, decisions, answers, ?
    FROM (
        SELECT document_id,
            coalesce(reactions, 0)::BIGINT AS reactions, coalesce(replies, 0)::BIGINT AS replies,
            coalesce(participants, 0)::BIGINT AS participants, coalesce(decisions, 0)::BIGINT AS decisions,
            coalesce(answers, 0)::BIGINT AS answers
        FROM open_documents
        LEFT JOIN (
            SELECT document_id, sum(people) AS reactions
            FROM placed JOIN ({_REACTIONS}) USING (message_id) GROUP BY document_id
        ) USING (document_id)
        LEFT JOIN (
            SELECT document_id, count(*) FILTER (is_reply) AS replies FROM placed GROUP BY document_id
        ) USING (document_id)
        LEFT JOIN (SELECT document_id, count(*) AS participants FROM participants GROUP BY document_id) USING (document_id)
        LEFT JOIN (
            SELECT document_id, count(*) FILTER (status = 'agreed') AS decisions FROM decisions GROUP BY document_id
        ) USING (document_id)
        LEFT JOIN (
            SELECT document_id, count(*) FILTER (status = 'answered') AS answers FROM questions GROUP BY document_id
        ) USING (document_id)
    )
"""
