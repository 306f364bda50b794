"""What the pages that lead to posts say: the words of people in them, read from disk to see whether anything private is there.

A page shows words of several chats: each line, and each entry of the feed, is of the chat whose post it links to.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime

import duckdb

from egregora_assets.config import Settings
from egregora_assets.documents.windows import APART
from egregora_assets.privacy.scrub import quoted
from egregora_assets.sidecar.dates import DAY
from egregora_assets.sidecar.escapes import unescaped
from egregora_assets.sidecar.feed import TITLE
from egregora_assets.sidecar.files import ID, MOMENT, none_private, without
from egregora_assets.sidecar.markdown import REMARKS
from egregora_assets.sidecar.new_files import File, in_folder, seen_file
from egregora_assets.sidecar.page_texts import EARLIER, INTRODUCTIONS, NEWEST_OF_TOPIC, PARTS, TOPIC_OF
from egregora_assets.sidecar.ranking import WORDS
from egregora_assets.warehouse.verdict import Verdict


def none_in_pages(connection: duckdb.DuckDBPyConnection, settings: Settings, check: str) -> Verdict:
    """Look in the pages that lead to posts as ``none_in_posts`` does. What they show of a post is of its source."""
    return none_private(connection, settings, check, "pages", list(pages(settings)), _WORDS_OF_PAGES)


def pages(settings: Settings) -> Iterator[File]:
    """Yield the files that lead to posts."""
    for place in settings.pages:
        yield from in_folder(place) if place.is_dir() else ([seen_file(place)] if place.is_file() else [])


_POST_LINK = r"(?:[^\\]\]\(|href=\")(?:\.\./)?posts/([a-z0-9-]+)/[0-9a-z-]+\.md(?:\)|\")"
"""A bracket of ours: one that somebody wrote has a backslash before it, and in the feed the link stands before all words."""
_MONTHS = "(?:{})".format("|".join(f"{datetime(2000, month, 1):%B}" for month in range(1, 13)))
_COUNTS_OF_RANKING = "|".join(word for words in WORDS.values() for word in words)
_OURS_IN_PAGE = "|".join(
    (
        rf" · \[|\n *- |(?:{DAY})?\]\((?:\.\./)?posts/[0-9a-z-]+/[0-9a-z-]+\.md\)",
        r"\]\((?:(?:decisions|tasks|questions|topics)/)?[0-9a-z-]+\.md\)",
        rf"(?m)^## (?:{_MONTHS} [0-9]{{4}}|{'|'.join((EARLIER, *PARTS.values()))})$",
        rf"(?m)^(?:# (?:Decisions|Tasks|Questions), |(?:- )?\[){_MONTHS} [0-9]{{4}}",
        rf"(?m)^(?:# (?:{'|'.join(re.escape(title) for title, _ in INTRODUCTIONS.values())})"
        rf"|{'|'.join(re.escape(words) for _, words in INTRODUCTIONS.values())})$",
        rf"(?m)^{re.escape(TOPIC_OF[: -len('{items}.')])}[0-9,]+\.(?:{NEWEST_OF_TOPIC[len(TOPIC_OF) :].format(shown='[0-9]+')})?$",
        REMARKS,
        rf"(?m)(?:[:,] [0-9,]+ (?:{_COUNTS_OF_RANKING}))+ \([0-9,]+\)$",
        rf"<id>urn:uuid:{ID}</id>|<updated>{MOMENT}</updated>|<title>{TITLE}</title>|(?:{DAY})?</(?:title|content)>",
        r"(?m)^(?:<content type=\"text\">)?(?:Summary|Decisions)$|</?(?:feed|entry|id|title|updated|author|name|content)>",
        r"<link rel=\"alternate\" type=\"text/markdown\" href=\"posts/[0-9a-z-]+/[0-9a-z-]+\.md\" />",
        r"<link rel=\"self\" type=\"application/atom\+xml\" href=\"feed\.xml\" />",
        r"<\?xml version='1\.0' encoding='utf-8'\?>|<content type=\"text\">|<feed xmlns=\"http://www\.w3\.org/2005/Atom\">",
    )
)
_PAGE = f"replace({unescaped(without('piece', _OURS_IN_PAGE, APART))}, '&quot;', '\"')"
_WORDS_OF_PAGES = f"""
WITH pieces AS (
    SELECT unnest(string_split(content, CASE WHEN suffix(filename, '.xml') THEN '<entry>' ELSE chr(10) || '- ' END)) AS piece
    FROM read_text(?)
),
shown AS MATERIALIZED (SELECT regexp_extract(piece, {quoted(_POST_LINK)}, 1) AS source_id, {_PAGE} AS words FROM pieces)
"""
