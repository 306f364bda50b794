"""What each scanned message of a WhatsApp export is: its kind, text and attachment, as SQL.

Nine rows in ten are plain text: the first look tells them by a few cheap comparisons, and only what it leaves open meets
regular expressions. Whole texts that WhatsApp writes are looked up in a table, which is many times cheaper than patterns.
"""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable
from functools import cache, reduce

import pyarrow as pa

from egregora_assets.chat.formats import whatsapp_phrases as phrases
from egregora_assets.chat.formats.whatsapp_header import MARKS

_LRM, _RLM = "chr(8206)", "chr(8207)"
"""The marks that iOS puts before what nobody typed, in SQL: the second where the app is in Arabic, Hebrew, Persian, Urdu."""
_MARKED = f"(starts_with(body, {_LRM}) OR starts_with(body, {_RLM}))"
_LONGEST_NOTICE = 400
_STOPS = ".。।۔"
_FILE_LINE = r"[^\n]*\.[a-z0-9]{1,5}(?: • [^\n]*)?"
"""A document's name, with its pages: what iOS writes beside a document, with or without it."""
_VOTES = r" \(\p{Nd}+[^()\n]*\)(\n|$)"


def notice_identity(kind: str, text: str) -> str:
    """Return the SQL for what of a notice both systems write alike."""
    return f"concat({kind}, ':', lower(rtrim(replace({text}, {_LRM}, ''), '. ' || chr(10))))"


def _unmarked(text: str) -> str:
    return f"replace(replace({text}, {_LRM}, ''), {_RLM}, '')"


def _without_marks(text: str) -> str:
    return f"regexp_replace({text}, '[{MARKS}]', '', 'g')"


def _plain(text: str) -> str:
    """Return the SQL for a text without marks, brackets and full stops, in lower case."""
    return f"lower(trim({_without_marks(text)}, '<>‹ {_STOPS}' || chr(10)))"


def _alternatives(words: Iterable[str]) -> str:
    """Return texts as alternatives of a pattern in an SQL string; ``@`` stands for a name.

    A name is any bytes: a class of characters in each alternative would make the pattern many times larger.
    """
    return "|".join(re.escape(word).replace("@", r"\C+").replace("'", "''") for word in words)


def _lower(words: Iterable[str]) -> list[str]:
    return [word.lower() for word in words]


_DELETED = (*phrases.DELETED, *(text for text in phrases.DELETED_BY_ADMIN if "@" not in text))
_BY_NAMED_ADMIN = [text for text in phrases.DELETED_BY_ADMIN if "@" in text]
_BY_ADMIN = rf"(?:{_alternatives(text.lower() for text in _BY_NAMED_ADMIN)})"
_STARTS_BY_ADMIN = sorted({text.partition("@")[0][:14] for text in _BY_NAMED_ADMIN})
_BEGINS_BY_ADMIN = rf"^(?:{_alternatives(_STARTS_BY_ADMIN)})"
"""The first letters are enough for a first look, and the pattern is a third as large."""
_LETTERS_BY_ADMIN = ", ".join(map(str, sorted({ord(start[0]) for start in _STARTS_BY_ADMIN})))
"""The first of them, as numbers: comparing those costs next to nothing."""
_WHOLE_TEXTS = (*_DELETED, *phrases.MISSED_CALLS, *phrases.LIVE_LOCATIONS, *phrases.OMITTED_PLAIN)
_NULL = "null"
"""What Android writes for a message that it has lost: mostly media that could be viewed once."""
_MEANINGS: dict[str, Iterable[str]] = {
    "whole": [_NULL, *(text + stop for text in _WHOLE_TEXTS for stop in ("", *_STOPS))],
    "android": [f"<{words}>" for words in phrases.OMITTED_ANDROID],
    "deleted": _lower(_DELETED),
    "missed": _lower(phrases.MISSED_CALLS),
    "call": _lower(phrases.CALLS),
    "live": _lower(phrases.LIVE_LOCATIONS),
    "omitted_plain": _lower(phrases.OMITTED_PLAIN),
    "omitted": _lower((*phrases.OMITTED_ANDROID, *phrases.OMITTED_KNOWN)),
    "view_once": _lower((*phrases.VIEW_ONCE_OMITTED, *phrases.VIEW_ONCE_RECEIVED)),
    "waiting": phrases.WAITING,
    "edited": _lower(phrases.EDITED),
    "attached": _lower(phrases.ATTACHED.split("|")),
    "poll": _lower(phrases.POLL.split("|")),
    "location": _lower(phrases.LOCATION.split("|")),
}
_ONE_OR_TWO = {"\u09df": "\u09af\u09bc", "\u09dc": "\u09a1\u09bc", "\u095e": "\u092b\u093c", "\u095c": "\u0921\u093c"}
"""Bengali and Devanagari letters with a dot, as one character and as the two that Unicode prefers."""
_DOTS = ("\u09bc", "\u093c")


def _spellings(text: str) -> set[str]:
    if text.isascii():
        return {text}
    composed = unicodedata.normalize("NFC", text)
    if not any(dot in composed for dot in _DOTS):
        return {text, composed}
    return {text, composed, reduce(lambda text, pair: text.replace(*pair[::-1]), _ONE_OR_TWO.items(), composed)}


@cache
def known_texts() -> pa.Table:
    """Return (text, meanings) of what WhatsApp itself writes, which the SQL of this module reads as ``known_texts``."""
    meanings: dict[str, set[str]] = defaultdict(set)
    for meaning, texts in _MEANINGS.items():
        for text in texts:
            for spelling in _spellings(text):
                meanings[spelling].add(meaning)
    return pa.table({"text": list(meanings), "meanings": [sorted(of_text) for of_text in meanings.values()]})


_QUOTES = ".:\"“”„«»'"
_PLAIN_WORDS = dict.fromkeys(map(ord, _QUOTES)) | dict.fromkeys(map(ord, "\u00a0\u202f"), " ")


@cache
def notice_starts() -> pa.Table:
    """Return what notices of iOS begin with, which the SQL of ``closer_look`` reads as ``notice_starts``."""
    return pa.table({"start": [start.translate(_PLAIN_WORDS) for start in phrases.NOTICE_STARTS]})


_BEFORE_BRACKET = r"\.[A-Za-z0-9]* \("
"""The ending of a file's name, and what Android writes behind it."""
_MAY_BE_SPECIAL = f"""(
    unicode(body) IN (-1, unicode('<'), unicode({_RLM})) OR contains(body, {_LRM}) OR ends_with(body, '>')
    OR (contains(body, '(') AND regexp_matches(body, '{_BEFORE_BRACKET}'))
    OR (contains(body, '//') AND (contains(body, 'maps') OR contains(body, 'foursquare')))
    OR (contains(body, chr(10)) AND contains(body, ':' || chr(10))) OR contains(body, chr(13))
    OR is_known OR (unicode(body) IN ({_LETTERS_BY_ADMIN}) AND regexp_matches(body, '{_BEGINS_BY_ADMIN}'))
)"""
"""``unicode`` gives the first letter's number, -1 where there is none."""
FIRST_LOOK = f"""
SELECT * EXCLUDE is_known, CASE
    WHEN author_no IS NULL AND NOT contains(body, chr(13)) THEN 'system'
    WHEN is_known AND starts_with(body, '<') THEN 'media'
    WHEN {_MAY_BE_SPECIAL} THEN 'special'
    ELSE 'text' END::ENUM ('system', 'media', 'special', 'text') AS kind
FROM (
    SELECT *, body IN (SELECT text FROM known_texts WHERE list_has_any(meanings, ['whole', 'android'])) AS is_known
    FROM parsed
)
"""
"""The scanned rows with a kind: system, media (of which nothing is known), special (open) or text."""

_MARKED_EDIT = r"[^\x{200E}\x{200F}\s]\s?[\x{200E}\x{200F}]<\x{200E}?[^<>:\n0-9]+>$"
"""Any words in angle brackets behind the mark that iOS puts before them."""
_EDIT_MARK = r"\s?[\x{200E}\x{200F}]*<[^<>\n]*>$"
_EDIT_BEFORE_MEDIUM = (
    r"(\S)\s?[\x{200E}\x{200F}]<[\x{200E}\x{200F}]?[^<>:：\n0-9]+> ?([\x{200E}\x{200F}](?:<[^<>\n]+>|[^<>\n]+))$"
)
"""The mark of an edit between a caption and its medium."""
_IN_BRACKETS = r"^[\x{200E}\x{200F}]*[<‹][^<>\n]+>(?:\n|$)"
_BEHIND_MARK = r"(?:^|[ \n])[\x{200E}\x{200F}]+[^\x{200E}\x{200F}<>\n]+(?:\n|$)"
"""Where words for a medium that was left out stand: in angle brackets on Android, behind a mark on iOS, perhaps with a
caption before or after."""
_IS_OMISSION = f"""CASE
    WHEN length(words) >= 80 OR regexp_matches(omitted, '{phrases.VIEW_ONCE}') THEN false
    WHEN ltrim(words, {_LRM} || {_RLM})[1] NOT IN ('<', '‹') THEN regexp_matches(omitted, '{phrases.OMITTED}')
    WHEN regexp_full_match(omitted, '[^ ]+(?: [^ ]+){{1,2}}') OR unicode(omitted) > 1423
        THEN regexp_matches(omitted, '{phrases.MEDIA_IN_BRACKETS}')
    ELSE false
END"""
"""Whether two or three words in angle brackets speak of media, or words behind a mark end as those for one left out do."""
_HEADING = r"^[\x{200E}\x{200F}]*([^\n:：]+)[:：]"
"""The word before a poll's question or a place's link."""
_FILE = r"[^\n/\\<>:]*\.[A-Za-z0-9]*"
_ATTACHED_IOS = (
    rf"(?:[\x{{200E}}\x{{200F}}][<‹]|[<‹]\x{{200E}}|[<‹] ?(?:{phrases.ATTACHED_IOS}))[^<>:：\n]*[:：] ?({_FILE}) ?>"
)
_ATTACHED_NUMBERED = rf"[<‹](?:[^<>:：\n]+[:：] ?)?(\d{{8}}-{_FILE})(?: [^<>:\n]*)?>"
"""The word for attachment of any language, even without a mark, around a file that iOS numbered."""
_ATTACHED_OLD_IOS = rf"^\x{{200E}}?({_FILE}) <\x{{200E}}?(?:{phrases.ATTACHED_IOS})>"
_ATTACHED = r"^\x{200E}?([^\n/\\<>]*) \(([^()\n]+)\)"
_ATTACHED_MARKED = rf"^\x{{200E}}({_FILE}) \([^()\n]+\)(?:\n|$)"
_ATTACHED_NAMED = r"^((?:(?:IMG|VID|AUD|PTT|DOC|STK)-\d+-WA\d+)?\.[A-Za-z0-9]+) \([^()\n]+\)"
_BRACKETS = rf"[<‹](?:[^<>:：\n]+[:：] ?{_FILE} ?|\d{{8}}-{_FILE} [^<>:\n]+)>"
_MARKER_IN_BRACKETS = rf"(?:^[^\n]* • [^\n]*)?{_BRACKETS}"
_MARKER_AFTER_NAME = r"^[^\n/\\<>]* (?:\([^()\n]+\)|<[^<>\n]+>)"
_UNMARKED = _unmarked("body")
_WITHOUT_MARKER = f"""CASE
    WHEN regexp_matches(body, '{_BRACKETS}')
        THEN regexp_replace({_UNMARKED}, '{_MARKER_IN_BRACKETS}', '')
    ELSE regexp_replace({_UNMARKED}, '{_MARKER_AFTER_NAME}', '')
END"""
"""What is no caption: the marker, and before it on iOS a document's name with its pages (``Plan.pdf • 2 pages``)."""
_RIGHT_TO_LEFT = r"^[\x{200E}\x{200F}][^\p{L}]*[\p{Hebrew}\p{Arabic}]"


def _means(meaning: str, known: str) -> str:
    """Return the SQL for whether the text that was looked up as ``known`` means something."""
    return f"coalesce(list_contains({known}.meanings, '{meaning}'), false)"


def _extracted(patterns: Iterable[str]) -> str:
    return ", ".join(f"nullif(regexp_extract(body, '{pattern}', 1, 'i'), '')" for pattern in patterns)


_ATTACHMENT = f"""CASE WHEN author_no IS NOT NULL THEN translate(CASE
    WHEN contains(body, '<') OR contains(body, '‹')
        THEN coalesce({_extracted([_ATTACHED_IOS, _ATTACHED_OLD_IOS, _ATTACHED_NUMBERED])})
    WHEN contains(body, ' (') THEN coalesce(
        CASE WHEN {_means("attached", "f")} THEN named.file END, {_extracted([_ATTACHED_MARKED, _ATTACHED_NAMED])}
    )
END, {_LRM} || {_RLM}, '') END"""
_VOTED = r"(?: \([\x{200E}\x{200F}]?\p{Nd}+ ?[^()\n]+\)|（\p{Nd}+ ?[^（）\n]+）|[:：][^\n]* \([\p{Arabic} ]+\))(?:\n|$)"
"""The votes behind an option: Arabic has words for one and for two."""
_POLL = rf"""CASE WHEN heading IS NOT NULL THEN (
    ({_means("poll", "h")} AND regexp_matches(body, '^[^\n:：]+[:：]\n'))
    OR ({_MARKED} AND regexp_matches(body, '^[\x{{200E}}\x{{200F}}][^\s:]+\s?:\n[^\n]*\n[\x{{200E}}\x{{200F}}][^\n:]+: '))
) AND regexp_matches(body, '{_VOTED}') ELSE false END"""
"""The word for poll, the question, and options with their votes; with the marks of iOS in any language."""
_PLACE = (
    r"^[^\n:：]+[:：] ?https://maps\.google\.com/\?q=[-0-9.,]+$"
    r"|^https://maps\.google\.com/\?q=|^[^\n]+ \([^\n]+\): https://foursquare\.com/v/[0-9a-z]+$"
)
_LOCATION = rf"""CASE WHEN heading IS NOT NULL THEN (
    ({_means("location", "h")} AND regexp_matches(short, '^[^\n:：]+[:：] ?[^\n]*https?://')) OR regexp_matches(short, '{_PLACE}')
) ELSE false END"""


_OWN_NAME = """(
    starts_with(plain, lower(name))
    AND (length(plain) = length(name) OR unicode(plain[length(name) + 1]) IN (32, 44) OR unicode(plain[length(name) + 1]) >= 2304)
)"""
"""Whether a notice begins with the name of the person above it: with a space, a comma or a particle after it."""


def _kind(is_bracket: bool) -> str:
    """Return the SQL for the kind. Only iOS marks what it says itself, and only there words of a notice are looked for.

    iOS puts the mark before a notice, and before it the chat's title or a person's name. A person may have typed the mark:
    what is no known notice and does not begin with that person's own name is ``unknown``: see ``settle_unknown``.
    """
    medium = f"""CASE
        WHEN regexp_matches(medium, '{phrases.CONTACT.lower()}') THEN 'contact'
        WHEN regexp_matches(medium, '{phrases.STICKER.lower()}') THEN 'sticker'
        ELSE 'media' END"""
    told_by_mark = f"""
    WHEN is_placeholder AND (is_view_once OR regexp_matches(short, '{phrases.VIEW_ONCE}')) THEN 'view_once'
    WHEN is_placeholder AND length(short) < 80 AND regexp_matches(short, '{phrases.OMITTED}') THEN {medium}
    WHEN is_placeholder AND (is_missed OR is_call) THEN 'call'
    WHEN is_placeholder AND regexp_matches(short, '^[^\\p{{L}}\\p{{N}}]*[/／]') THEN 'text'"""
    notice = f"""
    WHEN is_placeholder AND (
        is_waiting OR position IN (FROM begun) OR {_OWN_NAME}
        OR regexp_matches(short, '{phrases.NOTICE_IOS.replace("'", "''")}')
    ) THEN 'system'
    WHEN is_placeholder THEN 'unknown'"""
    null = "" if is_bracket else f"WHEN body = '{_NULL}' THEN 'media'"
    return f"""CASE
    WHEN author_no IS NULL THEN 'system'
    WHEN body = '' OR omits_view_once THEN 'view_once'
    {null}
    WHEN ends_with(lower(attachment), '.vcf') THEN 'contact'
    WHEN regexp_matches(attachment, '(?i)^STK-|-STICKER-|\\.webp$') THEN 'sticker'
    WHEN attachment IS NOT NULL THEN 'media'
    WHEN is_deleted OR (regexp_full_match(short, '{_BY_ADMIN}') AND NOT contains(short, chr(10))) THEN 'deleted'
    WHEN omission <> '' OR is_omitted_plain THEN {medium}
    {told_by_mark if is_bracket else ""}
    WHEN is_missed_alone THEN 'call'
    WHEN is_live OR is_location THEN 'location'
    WHEN is_poll THEN 'poll'
    {notice if is_bracket else ""}
    ELSE 'text'
END"""


_BEGUN = f"""
split AS (
    SELECT position, plain, string_split(translate(plain, '{_QUOTES.replace("'", "''")}', ''), ' ') AS parts
    FROM cut WHERE is_placeholder
),
begun AS (
    SELECT position FROM (
        SELECT position, unnest([
            parts[1], parts[1] || ' ' || parts[2], concat_ws(' ', parts[1], parts[2], parts[3]), left(plain, 4), left(plain, 8)
        ]) AS start
        FROM split
    ) SEMI JOIN notice_starts USING (start)
    UNION ALL
    SELECT position FROM split
    WHERE list_contains(string_split('{phrases.NOTICE_VERBS.replace("'", "''")}', ' '), parts[1])
        AND (left(parts[2], 1) IN ('+', '~') OR parts[2] IN (SELECT lower(split_part(name, ' ', 1)) FROM named_authors))
),"""
"""The placeholders that begin as a notice does: with its first words, or with its verb and the name of somebody."""


def _same_text(text: str, kind: str) -> str:
    """Return the SQL for what of a message's text all exports of it have, of either system, with or without media."""
    return f"""CASE
        WHEN {kind} IN ('text', 'unknown') THEN NULL
        WHEN {kind} IN ('media', 'sticker', 'contact', 'view_once')
            THEN concat('media:', CASE WHEN NOT regexp_full_match({text}, '{_FILE_LINE}', 'i') THEN {text} END)
        WHEN {kind} = 'call' AND is_missed THEN 'call:missed'
        WHEN {kind} = 'poll' THEN concat('poll:', lower(rtrim(regexp_replace({text}, '{_VOTES}', '\\1', 'g'), chr(10))))
        ELSE {notice_identity(kind, text)}
    END"""


def closer_look(is_bracket: bool) -> str:
    """Return the SQL that tells kind, text and attachment of the rows which the first look left open.

    It reads ``scanned_messages`` and ``named_authors``, and of iOS ``notice_starts``; each step works on a few words that
    the step before cut out.
    """
    placeholder = f"{_MARKED} AND length(body) < {_LONGEST_NOTICE}" if is_bracket else "false"
    return f"""
WITH left_open AS (
    SELECT
        position, name,
        CASE WHEN notice IS NULL THEN m.author_no END AS author_no,
        concat(notice || ': ', replace(body, chr(13), '')) AS body,
        CASE WHEN ends_with(body, '>') THEN regexp_extract(body, '<[^<>\n]+>$') ELSE '' END AS last_words
    FROM scanned_messages m LEFT JOIN named_authors n ON n.author_no = m.author_no
    WHERE kind = 'special' OR notice IS NOT NULL
),
edited AS (
    SELECT * EXCLUDE (text, meanings), {_means("edited", "k")}
        OR CASE WHEN last_words <> '' THEN regexp_matches(body, '{_MARKED_EDIT}') ELSE false END AS ends_edited,
        CASE
            WHEN contains(body, '> ' || {_LRM}) THEN regexp_matches(body, '{_EDIT_BEFORE_MEDIUM}') ELSE false
        END AS is_caption_edited
    FROM left_open LEFT JOIN known_texts k ON k.text = {_plain("last_words")}
),
unmarked AS (
    SELECT * REPLACE (CASE
        WHEN ends_edited THEN regexp_replace(body, '{_EDIT_MARK}', '')
        WHEN is_caption_edited THEN regexp_replace(body, '{_EDIT_BEFORE_MEDIUM}', '\\1 \\2')
        ELSE body END AS body),
        ends_edited OR is_caption_edited AS is_edited
    FROM edited
),
worded AS (
    SELECT
        *, {placeholder} AS is_placeholder,
        CASE
            WHEN length(body) < {_LONGEST_NOTICE} THEN lower(rtrim(trim({_without_marks("body")}), '{_STOPS}')) ELSE ''
        END AS short,
        CASE
            WHEN ltrim(body, {_LRM} || chr(8207))[1] IN ('<', '‹') THEN regexp_extract(body, '{_IN_BRACKETS}')
            WHEN contains(body, {_LRM}) OR contains(body, {_RLM}) THEN regexp_extract(body, '{_BEHIND_MARK}')
            ELSE ''
        END AS words,
        CASE WHEN contains(body, ' (') THEN regexp_extract(body, '{_ATTACHED}', ['file', 'words']) END AS named,
        CASE
            WHEN contains(body, ':' || chr(10)) OR contains(body, '：') OR contains(body, '://')
                THEN lower(rtrim(regexp_extract(body, '{_HEADING}', 1)))
        END AS heading
    FROM unmarked
),
cut AS (
    SELECT
        *, translate(short, chr(160) || chr(8239), '  ') AS plain,
        split_part(split_part(translate(short, '，、،。।', ',,,,,'), ',', 1), '. ', 1) AS call_words,
        {_plain("words")} AS omitted
    FROM worded
),{_BEGUN if is_bracket else ""}
looked_up AS (
    SELECT
        cut.*,
        CASE
            WHEN words = '' THEN '' WHEN {_means("omitted", "o")} THEN words WHEN {_IS_OMISSION} THEN words ELSE ''
        END AS omission,
        {_means("missed", "s")} AS is_missed_alone,
        {_means("missed", "s")} OR {_means("missed", "c")} AS is_missed,
        {_means("call", "c")} AS is_call, {_means("live", "s")} OR {_means("live", "c")} AS is_live,
        {_means("deleted", "s")} AS is_deleted,
        {_means("omitted_plain", "s")} AS is_omitted_plain, {_means("waiting", "s")} AS is_waiting,
        {_means("view_once", "c")} AS is_view_once, {_means("view_once", "o")} AS omits_view_once,
        {_LOCATION} AS is_location,
        {_POLL} AS is_poll,
        {_ATTACHMENT} AS attachment
    FROM cut
    LEFT JOIN known_texts s ON s.text = short LEFT JOIN known_texts c ON c.text = call_words
    LEFT JOIN known_texts o ON o.text = omitted LEFT JOIN known_texts h ON h.text = heading
    LEFT JOIN known_texts f ON f.text = lower(named.words)
),
told AS (
    SELECT *, {_kind(is_bracket)} AS kind
    FROM (SELECT *, CASE WHEN omission <> '' THEN omitted ELSE short END AS medium FROM looked_up)
),
written AS (
    SELECT
        * REPLACE (CASE WHEN kind <> 'system' THEN author_no END AS author_no),
        CASE
            WHEN kind IN ('text', 'unknown') THEN body
            WHEN attachment IS NOT NULL THEN trim({_WITHOUT_MARKER}, chr(10) || ' ')
            WHEN kind IN ('media', 'sticker', 'contact') AND omission <> ''
                THEN trim(replace(replace(body, omission, chr(10)), {_LRM}, ''), chr(10) || ' ')
            WHEN kind IN ('media', 'sticker', 'contact', 'deleted', 'view_once') THEN ''
            ELSE {_UNMARKED}
        END AS text
    FROM told
)
SELECT position, author_no, kind, text, attachment, is_edited, {_same_text("text", "kind")} AS same_text FROM written
"""


def settle_unknown() -> list[str]:
    """Return the SQL that settles what the ``unknown`` rows of ``special_messages`` are: marked lines without known words.

    One that begins with the name of somebody else is a notice about that person. Who also writes without the mark has
    typed it; a chat's title never does. Phones may put marks before all that is typed in Hebrew or Arabic: not in a chat
    where somebody writes it without any, if what stands there heads a known notice.
    """
    texts = "FROM scanned_messages WHERE kind = 'text'"
    becomes_notice = f"""
UPDATE special_messages
SET kind = 'system', author_no = NULL, text = {_unmarked("text")}, same_text = {notice_identity("'system'", "text")}
WHERE kind = 'unknown'"""
    return [
        f"""
{becomes_notice} AND position IN (
    SELECT position FROM (
        SELECT position, unnest([
            parts[1], concat_ws(' ', parts[1], parts[2]), concat_ws(' ', parts[1], parts[2], parts[3]),
            concat_ws(' ', parts[1], parts[2], parts[3], parts[4])
        ]) AS start, plain
        FROM (
            SELECT position, translate(lower({_without_marks("text")}), chr(160) || chr(8239), '  ') AS plain,
                string_split(plain, ' ') AS parts
            FROM special_messages WHERE kind = 'unknown' AND NOT regexp_matches(text, '{_RIGHT_TO_LEFT}')
        )
    )
    WHERE length(plain) > length(start)
        AND (start = '~' OR start IN (SELECT lower(name) FROM named_authors WHERE name IS NOT NULL))
)""",
        f"""
{becomes_notice} AND author_no NOT IN (SELECT author_no {texts}) AND (
    (starts_with(text, {_LRM}) AND NOT regexp_matches(text, '{_RIGHT_TO_LEFT}'))
    OR (
        (SELECT bool_or(body >= chr(1424) AND body < chr(2304)) {texts})
        AND author_no IN (
            SELECT m.author_no FROM special_messages s JOIN scanned_messages m USING (position) WHERE s.kind = 'system'
        )
    )
)""",
        "UPDATE special_messages SET kind = 'text' WHERE kind = 'unknown'",
    ]
