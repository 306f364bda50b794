"""What the files of posts say: the words of people in them, read from disk to see whether anything private is there."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import duckdb

from egregora_assets.authors.policy import naming_somebody, rules_of, unscrubbed
from egregora_assets.authors.verify import names_fingerprint
from egregora_assets.config import MODEL_NAME, Settings
from egregora_assets.documents.windows import APART
from egregora_assets.privacy.kinds import ALIAS
from egregora_assets.privacy.scrub import quoted, scrubbing
from egregora_assets.sidecar.conversation import BEGINS, OURS
from egregora_assets.sidecar.dates import DAY
from egregora_assets.sidecar.escapes import unescaped
from egregora_assets.sidecar.markdown import HEADING, REMARKS, SECTIONS
from egregora_assets.sidecar.new_files import (
    File,
    counting,
    counting_each,
    files_of_posts,
    none_among_new,
    none_of_each,
)
from egregora_assets.warehouse.query import rows
from egregora_assets.warehouse.verdict import Verdict

ID = r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
MOMENT = r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z"
_COPY = r"media/[0-9a-f]{2}/[0-9a-f]{64}\.[0-9a-z]{3,4}"
_OURS_IN_POST = (
    rf"(?m)^(?:date: {MOMENT}|messages: [0-9]+|participants: [0-9]+|extracted_by: \"{MODEL_NAME}\")$"
    r"|^authors: \[(?:member-[0-9a-f]{10}(?:, )?)*\]$"
    r"|/(?:[0-9a-f]{64}|[0-9a-f]{40})\b"
    rf"|^- !?\[(?:picture|film|recording)\]\(\.\./\.\./{_COPY}\)$"
    rf"|^(?:title|chat|tags): |^## (?:{'|'.join(SECTIONS)})$|^- [A-Z]{{1,2}}: {ALIAS}$|{OURS}|{HEADING}|{REMARKS}"
)
_OURS_IN_RECORD = "|".join(
    (
        rf"\"(?:evidence|message_ids|quoted_ids)\":\[(?:\"{ID}\",?)*\]",
        rf"\"(?:document_id|message_id|revoked_by|done_by)\":\"{ID}\"",
        r"\"(?:due_on|first_day|last_day)\":\"[0-9]{4}-[0-9]{2}-[0-9]{2}\"",
        rf"\"(?:window_start|window_end|decided_at|asked_at|answered_at|said_at)\":\"{MOMENT}\"",
        r"\"(?:author|assignee)\":\"member-[0-9a-f]{10}\"",
        r"\"commit\":\"(?:[0-9a-f]{64}|[0-9a-f]{40})\"",
        r"/(?:[0-9a-f]{64}|[0-9a-f]{40})\b",
        rf"\"extracted_by\":\"{MODEL_NAME}\"",
        r"\"media_id\":\"[0-9a-f]{64}\"",
        rf"\"path\":\"{_COPY}\"",
        r"\"mime\":\"(?:image|video|audio)/[0-9a-z]+\"",
        r"\"(?:width|height)\":(?:[0-9]{1,6}|null)",
        r"\"(?:kind|state|status|linked_by)\":\"[a-z_]+\"",
        r"\"(?:score|mentions|message_count|messages|words|participants|replies|minutes)\":[0-9.]+",
        r"\"(?:line_from|line_to|number)\":(?:[0-9]{1,6}|null)",
        r"\"[a-z_]+\":",
    )
)
"""What stands in the files that nobody has said: ids, times, counts and names of fields, each only in the form we give it."""


PII, NAMES = "no_unscrubbed_pii", "no_private_names_published"


def none_in_posts(connection: duckdb.DuckDBPyConnection, settings: Settings, check: str) -> Verdict:
    """Look in files of posts for what the policy of their source hides: ``check`` is ``PII`` or ``NAMES``.

    Reads the files that were written since it last passed, or all where the names or the policy have changed. One reading
    answers both.
    """
    return none_private(connection, settings, check, "posts", files_of_posts(settings), _WORDS)


def none_private(
    connection: duckdb.DuckDBPyConnection, settings: Settings, check: str, where: str, files: Sequence[File], words: str
) -> Verdict:
    """Look in ``files`` as ``none_in_posts`` does; SQL ``words`` gives of them, as ``shown``, (words, source_id) of people."""
    rules = rules_of(connection, settings)
    private = (unscrubbed("words", "source_id", rules), naming_somebody("words", "source_id", rules))
    counted = ", ".join(f"count(*) FILTER ({condition})" for condition in private)
    checks = [f"{name}:{where}" for name in (PII, NAMES)]
    with scrubbing(connection):
        count, known = (
            counting_each(connection, f"{words} SELECT {counted} FROM shown"),
            names_fingerprint(connection, settings),
        )
        return none_of_each(connection, files, f"{check}:{where}", checks, count, known)


def none_cited_in_posts(connection: duckdb.DuckDBPyConnection, settings: Settings, hidden: str) -> Verdict:
    """Look in files of posts for ids of the messages that SQL ``hidden`` gives, as ``none_in_posts`` looks for words."""
    decided = rows(connection, "SELECT count(*) FILTER (opted_out), max(opted_out_revision) FROM authors")
    rules = hashlib.sha256(repr(decided).encode()).hexdigest()[:16]
    cited = counting(connection, f"{_CITED} SEMI JOIN ({hidden}) USING (message_id)")
    return none_among_new(connection, files_of_posts(settings), "no_opted_out_text:posts", cited, rules)


def none_showing_pseudonyms(
    connection: duckdb.DuckDBPyConnection, settings: Settings, files: list[File], check: str
) -> Verdict:
    """Look in files for pseudonyms of people, unless ``pseudonyms_in_posts`` asks for them."""
    if settings.sidecar.pseudonyms_in_posts:
        return Verdict(True, "pseudonyms are asked for", {"files": 0})
    shown = counting(connection, f"SELECT count(*) FROM read_text(?) WHERE regexp_matches(content, {quoted(ALIAS)})")
    return none_among_new(connection, files, check, shown, "1")


def without(text: str, pattern: str, kept: str = "") -> str:
    """Return SQL for ``text`` with ``kept`` in the place of whatever ``pattern`` matches."""
    return f"regexp_replace({text}, {quoted(pattern)}, {quoted(kept)}, 'g')"


def _plain_record(text: str) -> str:
    """Return SQL for the values of a sidecar, each as it was before JSON wrote it, and what else is there, set apart."""
    plain = f"list_transform(regexp_extract_all({text}, {quoted(_STRING)}), lambda value: {_VALUE})"
    return f"concat(array_to_string({plain}, '{APART}'), '{APART}', {without(text, _STRING, APART)})"


def _without_path(slug: str, source: str) -> str:
    """Return SQL that takes a file's own slug and source from it, written as ``{}``; where a file may be, another check asks."""
    slug_sql, source_sql = (
        f"replace({quoted(form)}, '{{}}', {named})"
        for form, named in ((slug, "parse_filename(filename, true)"), (source, "parse_path(filename)[-2]"))
    )
    return f"replace(replace(content, {slug_sql}, ''), {source_sql}, '')"


_STRING = r"\"(?:[^\"\\]|\\.)*\""
_VALUE = "coalesce(try_cast(value AS JSON) ->> '$', value)"
_POST = _without_path("slug: {}\n", "source: {}\n")
_BARE_POST = without(without(_POST, _OURS_IN_POST), rf"(?m)^((?:\"|# ).*?){DAY}(\"?)$", r"\1\2")
_RECORD = _without_path('"slug":"{}"', '"source_id":"{}"')
_BARE_RECORD = without(without(_RECORD, rf"(\"title\":\"(?:[^\"\\]|\\.)*?){DAY}\"", r'\1"'), _OURS_IN_RECORD)
_WORDS = f"""
WITH bare AS (
    SELECT
        parse_path(filename)[-2] AS source_id, suffix(filename, '.md') AS is_post,
        CASE WHEN suffix(filename, '.md') THEN {_BARE_POST} ELSE {_BARE_RECORD} END AS text
    FROM read_text(?)
),
plain AS (SELECT source_id, CASE WHEN is_post THEN {unescaped("text")} ELSE {_plain_record("text")} END AS text FROM bare),
shown AS MATERIALIZED (SELECT source_id, {without("text", BEGINS, APART)} AS words FROM plain)
"""
_CITED = f"""
SELECT count(DISTINCT filename) FROM (
    SELECT filename, unnest(regexp_extract_all(content, {quoted(ID)}))::UUID AS message_id FROM read_text(?)
)
"""
