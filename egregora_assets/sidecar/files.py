"""What the files of posts, and the pages that lead to them, say: the words of people in them, read from disk to see whether
anything private is there.
"""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

import duckdb

from egregora_assets.authors.verify import names_fingerprint
from egregora_assets.config import MODEL_NAME, Settings
from egregora_assets.documents.windows import APART, SPOKEN
from egregora_assets.privacy.scrub import quoted, scrubbing
from egregora_assets.sidecar.feed import TITLE
from egregora_assets.sidecar.page_texts import EARLIER, INTRODUCTIONS, NEWEST_OF_TOPIC, PARTS, TOPIC_OF
from egregora_assets.sidecar.ranking import WORDS
from egregora_assets.warehouse.query import rows, scalar
from egregora_assets.warehouse.revisions import transaction, watermark
from egregora_assets.warehouse.verdict import Verdict

_DAY = r"[0-9]{1,2} [A-Z][a-z]+ [0-9]{4}"
_ID = r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
_MOMENT = r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z"
_COPY = r"media/[0-9a-f]{2}/[0-9a-f]{64}\.[0-9a-z]{3,4}"
_OURS_IN_POST = (
    rf"(?m)^(?:date: {_MOMENT}|messages: [0-9]+|participants: [0-9]+|extracted_by: \"{MODEL_NAME}\")$"
    r"|/(?:[0-9a-f]{64}|[0-9a-f]{40})\b"
    rf"|^- !?\[(?:picture|film|recording)\]\(\.\./\.\./{_COPY}\)$"
    r"|^(?:title|tags): |^## (?:Summary|Decisions|Tasks|Open questions|Answered questions|Participants|Media|Conversation)$|"
    r"^- [A-Z]{1,2}: member-[0-9a-f]{10}$"
)
_OURS_IN_RECORD = "|".join(
    (
        rf"\"(?:evidence|message_ids)\":\[(?:\"{_ID}\",?)*\]",
        rf"\"(?:document_id|message_id)\":\"{_ID}\"",
        r"\"due_on\":\"[0-9]{4}-[0-9]{2}-[0-9]{2}\"",
        rf"\"(?:window_start|window_end|decided_at|asked_at|answered_at|said_at)\":\"{_MOMENT}\"",
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


class File(NamedTuple):
    touched: int
    bytes: int
    path: str


def none_in_posts(connection: duckdb.DuckDBPyConnection, settings: Settings, check: str, condition: str) -> Verdict:
    """Look in files of posts for words that meet ``condition``, SQL over (words, source_id).

    Reads the files that were written since it last passed, or all where the names or the policy have changed.
    """
    sql, files = f"{_WORDS} SELECT count(*) FROM shown WHERE {condition}", list(_posts(settings))
    with scrubbing(connection):
        return _none_in_files(connection, files, f"{check}:posts", sql, names_fingerprint(connection, settings))


def none_in_pages(connection: duckdb.DuckDBPyConnection, settings: Settings, check: str, condition: str) -> Verdict:
    """Look in the pages that lead to posts as ``none_in_posts`` does. What they show of a post is of its source."""
    sql, files = f"{_WORDS_OF_PAGES} SELECT count(*) FROM shown WHERE {condition}", list(pages(settings))
    with scrubbing(connection):
        return _none_in_files(connection, files, f"{check}:pages", sql, names_fingerprint(connection, settings))


def none_cited_in_posts(connection: duckdb.DuckDBPyConnection, settings: Settings, hidden: str) -> Verdict:
    """Look in files of posts for ids of the messages that SQL ``hidden`` gives, as ``none_in_posts`` looks for words."""
    decided = rows(connection, "SELECT count(*) FILTER (opted_out), max(opted_out_revision) FROM authors")
    rules = hashlib.sha256(repr(decided).encode()).hexdigest()[:16]
    cited, files = f"{_CITED} SEMI JOIN ({hidden}) USING (message_id)", list(_posts(settings))
    return _none_in_files(connection, files, "no_opted_out_text:posts", cited, rules)


def _none_in_files(
    connection: duckdb.DuckDBPyConnection, files: Sequence[File], check: str, sql: str, rules: str
) -> Verdict:
    """Count by ``sql`` in the files, whose paths are its parameter; all are read again under other ``rules``."""
    consumer = f"check:{check}"
    newest = max((file.touched for file in files), default=0)
    state = f"{rules} {newest} {len(files)} {sum(file.touched + file.bytes for file in files)}"
    seen = watermark(connection, consumer).fingerprint
    if seen == state:
        return Verdict(True, "no file has changed since the last look", {"files": 0})
    since = int(seen.split()[1]) if seen.startswith(rules) else 0
    paths = [file.path for file in files if file.touched >= since]
    found = int(scalar(connection, sql, [paths])) if paths else 0
    if not found:
        with transaction(connection, consumer) as change:
            change.advance(state, even_unchanged=True)
    return Verdict(found == 0, f"shown {found} times in {len(paths)} files that have changed", {"files": found})


def pages(settings: Settings) -> Iterator[File]:
    """Yield the files that lead to posts."""
    for place in settings.pages:
        yield from _in_folder(place) if place.is_dir() else ([_seen(place)] if place.is_file() else [])


def _posts(settings: Settings) -> Iterator[File]:
    folders = [entry for entry in os.scandir(settings.posts) if entry.is_dir()] if settings.posts.exists() else []
    for folder in folders:
        yield from _in_folder(folder)


def _in_folder(folder: os.PathLike[str]) -> Iterator[File]:
    for entry in os.scandir(folder):
        if entry.name.endswith((".md", ".json", ".xml")):
            yield _seen(entry)


def _seen(file: os.DirEntry[str] | Path) -> File:
    found = file.stat()
    return File(found.st_mtime_ns, found.st_size, os.fspath(file))


def _without(text: str, pattern: str, kept: str = "") -> str:
    return f"regexp_replace({text}, {quoted(pattern)}, {quoted(kept)}, 'g')"


def _plain_post(text: str) -> str:
    """Return SQL that takes Markdown's escapes from a post."""
    entities = f"replace(replace(replace({text}, '&lt;', '<'), '&gt;', '>'), '&amp;', '&')"
    return _without(entities, r"\\([\\\[\]*_~`#+=.)\-])", r"\1")


def _plain_record(text: str) -> str:
    """Return SQL for the values of a sidecar, each as it was before JSON wrote it, and what else is there, set apart."""
    plain = f"list_transform(regexp_extract_all({text}, {quoted(_STRING)}), lambda value: {_VALUE})"
    return f"concat(array_to_string({plain}, '{APART}'), '{APART}', {_without(text, _STRING, APART)})"


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
_BARE_POST = _without(_without(_POST, _OURS_IN_POST), rf"(?m)^((?:\"|# ).*?){_DAY}(\"?)$", r"\1\2")
_RECORD = _without_path('"slug":"{}"', '"source_id":"{}"')
_BARE_RECORD = _without(_without(_RECORD, rf"(\"title\":\"(?:[^\"\\]|\\.)*?){_DAY}\"", r'\1"'), _OURS_IN_RECORD)
_WORDS = f"""
WITH bare AS (
    SELECT
        parse_path(filename)[-2] AS source_id, suffix(filename, '.md') AS is_post,
        CASE WHEN suffix(filename, '.md') THEN {_BARE_POST} ELSE {_BARE_RECORD} END AS text
    FROM read_text(?)
),
plain AS (SELECT source_id, CASE WHEN is_post THEN {_plain_post("text")} ELSE {_plain_record("text")} END AS text FROM bare),
shown AS MATERIALIZED (SELECT source_id, {SPOKEN} AS words FROM plain)
"""
_CITED = f"""
SELECT count(DISTINCT filename) FROM (
    SELECT filename, unnest(regexp_extract_all(content, {quoted(_ID)}))::UUID AS message_id FROM read_text(?)
)
"""

_POST_LINK = r"(?:[^\\]\]\(|href=\")(?:\.\./)?posts/([a-z0-9-]+)/[0-9a-z-]+\.md(?:\)|\")"
"""A bracket of ours: one that somebody wrote has a backslash before it, and in the feed the link stands before all words."""
_MONTHS = "(?:{})".format("|".join(f"{datetime(2000, month, 1):%B}" for month in range(1, 13)))
_COUNTS_OF_RANKING = "|".join(word for words in WORDS.values() for word in words)
_OURS_IN_PAGE = "|".join(
    (
        rf" · \[|\n *- |(?:{_DAY})?\]\((?:\.\./)?posts/[0-9a-z-]+/[0-9a-z-]+\.md\)",
        r"\]\((?:(?:decisions|questions|topics)/)?[0-9a-z-]+\.md\)",
        rf"(?m)^## (?:{_MONTHS} [0-9]{{4}}|{'|'.join((EARLIER, *PARTS.values()))})$",
        rf"(?m)^(?:# (?:Decisions|Questions), |(?:- )?\[){_MONTHS} [0-9]{{4}}",
        rf"(?m)^(?:# (?:{'|'.join(re.escape(title) for title, _ in INTRODUCTIONS.values())})"
        rf"|{'|'.join(re.escape(words) for _, words in INTRODUCTIONS.values())})$",
        rf"(?m)^{re.escape(TOPIC_OF[: -len('{items}.')])}[0-9,]+\.(?:{NEWEST_OF_TOPIC[len(TOPIC_OF) :].format(shown='[0-9]+')})?$",
        r" \((?:(?:proposed|revoked|open)(?:, )?)?(?:member-[0-9a-f]{10})?\)",
        rf"(?m)(?:[:,] [0-9,]+ (?:{_COUNTS_OF_RANKING}))+ \([0-9,]+\)$",
        rf"<id>urn:uuid:{_ID}</id>|<updated>{_MOMENT}</updated>|<title>{TITLE}</title>|(?:{_DAY})?</title>",
        r"(?m)^(?:<content type=\"text\">)?(?:Summary|Decisions)$|</?(?:feed|entry|id|title|updated|author|name|content)>",
        r"<link rel=\"alternate\" type=\"text/markdown\" href=\"posts/[0-9a-z-]+/[0-9a-z-]+\.md\" />",
        r"<link rel=\"self\" type=\"application/atom\+xml\" href=\"feed\.xml\" />",
        r"<\?xml version='1\.0' encoding='utf-8'\?>|<content type=\"text\">|<feed xmlns=\"http://www\.w3\.org/2005/Atom\">",
    )
)
_PAGE = f"replace({_plain_post(_without('piece', _OURS_IN_PAGE, APART))}, '&quot;', '\"')"
_WORDS_OF_PAGES = f"""
WITH pieces AS (
    SELECT unnest(string_split(content, CASE WHEN suffix(filename, '.xml') THEN '<entry>' ELSE chr(10) || '- ' END)) AS piece
    FROM read_text(?)
),
shown AS MATERIALIZED (SELECT regexp_extract(piece, {quoted(_POST_LINK)}, 1) AS source_id, {_PAGE} AS words FROM pieces)
"""
