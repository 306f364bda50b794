"""The allow-list: every table and column that leaves the warehouse. What is not named here is not published.

Read this file to know what a reader of ``published/snapshot.duckdb`` can see.
"""

from __future__ import annotations

from dataclasses import dataclass

from egregora_assets.authors.shown import REACTIONS_CHANGED, shown_reactions


@dataclass(frozen=True)
class PublishedTable:
    """One table of the snapshot.

    ``query`` gives its rows from the warehouse; ``changed`` the keys whose rows may differ since revision ``$since``;
    ``tombstones`` names the warehouse table whose deletions delete rows here. ``dated`` says that rows which may differ have a
    newer revision themselves, by which they are found without looking at all. ``compression`` names a column and how it is kept,
    where DuckDB would choose worse: of messages a search reads a few at a time, each of which would be read with two thousand
    others; texts of documents are compressed anew with up to two thousand earlier ones, for which its own choice is slow.
    """

    name: str
    key: str
    query: str
    changed: str
    tombstones: str | None = None
    dated: bool = False
    compression: tuple[str, str] | None = None


_NEW_MESSAGES = "SELECT message_id FROM clean_messages WHERE revision > $since"
_NEW_SIDECARS = "SELECT document_id FROM sidecars WHERE revision > $since"
_SHOWN_MEDIA = (
    "SELECT DISTINCT m.message_id, p.public_id AS media_id FROM message_media m "
    "JOIN (SELECT media_id, public_id FROM media_public WHERE is_shown AND public_id IS NOT NULL) p USING (media_id) "
    "SEMI JOIN (FROM clean_messages WHERE kind <> 'deleted') c USING (message_id)"
)
"""A file is known by its sanitised copy: nobody can ask whether the memory holds an original."""
_NEW_COPIES = " UNION ".join(
    f"SELECT media_id FROM {table} WHERE revision > $since" for table in ("media_public", "pictures")
)
_PEOPLE = """
    SELECT coalesce(person_id, author_id) AS person_id, authors.*
    FROM authors LEFT JOIN (SELECT author_id, person_id FROM private.persons) USING (author_id)
"""
"""Authors with the id under which each is shown: several identities of one person have one."""


def _of_document(name: str, columns: str) -> PublishedTable:
    return PublishedTable(name, "document_id", f"SELECT document_id, {columns} FROM {name}", _NEW_SIDECARS, "sidecars")


TABLES = (
    PublishedTable(
        "sources",
        "source_id",
        "SELECT source_id, platform, title, timezone FROM shown_sources",
        "SELECT source_id FROM sources",
    ),
    PublishedTable(
        "exports",
        "export_id",
        "SELECT export_id, source_id, messages, added, known, quarantined, first_local_time, last_local_time "
        "FROM exports WHERE status = 'loaded'",
        "SELECT export_id FROM exports WHERE revision > $since",
    ),
    PublishedTable(
        "authors",
        "author_id",
        "SELECT person_id AS author_id, any_value(alias) FILTER (author_id = person_id) AS alias, "
        "first(chosen_name ORDER BY author_id <> person_id) FILTER (chosen_name IS NOT NULL) AS chosen_name, "
        "min(first_seen) AS first_seen, max(last_seen) AS last_seen, sum(message_count)::BIGINT AS message_count "
        f"FROM ({_PEOPLE}) WHERE NOT opted_out GROUP BY person_id",
        f"SELECT person_id FROM ({_PEOPLE}) WHERE revision > $since",
    ),
    PublishedTable(
        "author_activity",
        "author_id",
        "SELECT person_id AS author_id, weekday, hour, sum(messages)::BIGINT AS messages "
        f"FROM author_activity JOIN (SELECT author_id, person_id FROM ({_PEOPLE}) WHERE NOT opted_out) USING (author_id) "
        "GROUP BY ALL",
        f"SELECT person_id FROM ({_PEOPLE}) WHERE revision > $since",
    ),
    PublishedTable(
        "messages",
        "message_id",
        "SELECT message_id, source_id, local_time, sent_at, author_id, kind, text, is_edited, position, thread_id, reply_to, "
        "edited_at, deleted_at FROM clean_messages",
        _NEW_MESSAGES,
        "clean_messages",
        dated=True,
        compression=("text", "uncompressed"),
    ),
    PublishedTable(
        "reactions",
        "message_id",
        f"SELECT message_id, emoji, sum(people)::BIGINT AS people FROM ({shown_reactions()}) GROUP BY message_id, emoji",
        f"{_NEW_MESSAGES} UNION {REACTIONS_CHANGED}",
        "clean_messages",
    ),
    PublishedTable(
        "message_media",
        "message_id",
        _SHOWN_MEDIA,
        f"{_NEW_MESSAGES} UNION SELECT message_id FROM message_media WHERE revision > $since OR media_id IN ({_NEW_COPIES})",
        "clean_messages",
    ),
    PublishedTable(
        "media",
        "media_id",
        "SELECT public_id AS media_id, any_value(bytes) AS bytes, any_value(mime) AS mime, any_value(copies) AS copies, "
        "any_value(width) AS width, any_value(height) AS height, any_value(duration_seconds) AS duration_seconds "
        "FROM media_public LEFT JOIN (SELECT media_id, width, height, duration_seconds FROM pictures) USING (media_id) JOIN "
        f"(SELECT media_id AS public_id, count(*) AS copies FROM ({_SHOWN_MEDIA}) GROUP BY media_id) USING (public_id) "
        "WHERE is_shown GROUP BY public_id",
        f"SELECT public_id FROM media_public WHERE public_id IS NOT NULL AND (media_id IN ({_NEW_COPIES}) OR media_id IN "
        f"(SELECT media_id FROM message_media WHERE revision > $since OR message_id IN ({_NEW_MESSAGES})))",
    ),
    PublishedTable(
        "code_references",
        "message_id",
        "SELECT message_id, place, kind, raw, repo, path, line_from, line_to, sha, number, state, permalink "
        "FROM code_references SEMI JOIN clean_messages USING (message_id)",
        f"{_NEW_MESSAGES} UNION SELECT message_id FROM code_references WHERE revision > $since "
        "UNION SELECT key FROM tombstones WHERE table_name = 'code_references' AND revision > $since",
        "clean_messages",
    ),
    PublishedTable(
        "documents",
        "document_id",
        "SELECT document_id, kind, source_id, window_start, window_end, title, slug, text, message_ids, overlap FROM documents",
        "SELECT document_id FROM documents WHERE revision > $since",
        "documents",
        dated=True,
        compression=("text", "zstd"),
    ),
    PublishedTable(
        "search_units",
        "label",
        "SELECT label, kind, message_id, document_id, last_message_id, source_id, content_hash FROM search_units",
        "SELECT label FROM search_units WHERE revision > $since UNION "
        "SELECT key::UHUGEINT::BIGINT FROM tombstones WHERE table_name = 'search_units' AND revision > $since",
        dated=True,
    ),
    PublishedTable(
        "sidecars",
        "document_id",
        "SELECT document_id, source_id, slug, title, message_count, extracted_by FROM sidecars",
        _NEW_SIDECARS,
        "sidecars",
        dated=True,
    ),
    PublishedTable(
        "conversation_ranking",
        "document_id",
        "SELECT document_id, score, reactions, replies, participants, decisions, answers FROM conversation_ranking",
        "SELECT document_id FROM conversation_ranking WHERE revision > $since",
        "sidecars",
        dated=True,
    ),
    _of_document("topics", "label, score, evidence"),
    _of_document("summaries", "place, text, evidence"),
    _of_document("decisions", "text, author, decided_at, status, revoked_by, evidence"),
    _of_document("action_items", "text, assignee, author, due, due_on, status, done_by, said_at, evidence"),
    _of_document(
        "questions",
        "text, author, asked_at, status, answer, answer_id, answered_by, answered_at, linked_by, evidence",
    ),
    _of_document("entities", "kind, name, mentions, evidence"),
    _of_document("participants", "author, message_count, evidence"),
)
