"""Who may be one person: candidates for ``identities.toml`` with their reasons, strongest first. Nothing here is applied.

Names are compared in Python once each and joined by equal values in SQL, so that the work grows with the number of authors
and not with that of pairs: a name or word that many people have tells nobody from anybody, and is left out.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from uuid import UUID

import duckdb
import pyarrow as pa

from egregora_assets.authors.identities import Known, read_identities, resolve
from egregora_assets.chat.formats.records import SELF_WORDS
from egregora_assets.config import Settings
from egregora_assets.privacy.pseudonyms import normalised_name
from egregora_assets.warehouse.query import rows, view_of

_LEAST_NUMBER = 7
_NATIONAL_NUMBER = 9
"""Last digits by which numbers are compared: one phone writes the country and another does not."""
_MOST_NAMESAKES = 4
_MOST_IN_CHAT = 20
"""People of a chat who may share a word for it to be looked at."""
_STRONG = 60
"""From here on a reason may join two groups of candidates; a weaker one only adds somebody to a group."""


@dataclass
class Suggestion:
    """Authors who may be one person. ``reasons`` are told strongest first; ``strength`` is that of the first."""

    authors: list[UUID]
    strength: int
    reasons: list[str] = field(default_factory=list)


def suggested(connection: duckdb.DuckDBPyConnection, settings: Settings) -> list[Suggestion]:
    """Return candidates for one person, strongest first, without what ``identities.toml`` joins or splits already.

    Raises ``IdentitiesError`` and ``KeyFileError``.
    """
    said = resolve(connection, settings, read_identities(settings.identities_path))
    persons = pa.table(
        {
            "author_id": pa.array([str(member) for member in said.persons], pa.string()),
            "person_id": pa.array([str(person) for person in said.persons.values()], pa.string()),
        }
    )
    splits = pa.table(
        {
            "author_id": pa.array([str(one) for pair in said.splits for one in pair], pa.string()),
            "other_id": pa.array([str(other) for pair in said.splits for other in reversed(pair)], pa.string()),
        }
    )
    named = rows(connection, _NAMES, [sorted(SELF_WORDS)])
    with (
        view_of(connection, "told_persons", persons),
        view_of(connection, "told_splits", splits),
        view_of(connection, "names", _names(named)),
        view_of(connection, "words", _words(named)),
    ):
        return _grouped(rows(connection, _PAIRS))


def as_toml(connection: duckdb.DuckDBPyConnection, settings: Settings, found: Iterable[Suggestion]) -> Iterator[str]:
    """Yield lines to paste into ``identities.toml``: a ``[[person]]`` for each suggestion, with its reasons as comments.

    Where the file has a person for one of them, only comments say what to add there.
    """
    known = Known(connection, settings)
    said = resolve(connection, settings, read_identities(settings.identities_path))
    names = {author: (platform, name) for author, platform, name in rows(connection, _ONE_NAME)}
    counts = dict(rows(connection, "SELECT author_id, message_count FROM authors"))
    for suggestion in found:
        yield from (f"# {reason}" for reason in suggestion.reasons)
        told = sorted({said.places[author] for author in suggestion.authors if author in said.places})
        mark = "# " if told else ""
        if told:
            yield f"# add to `is` of {told[0].split(',')[0]} the lines that are not there yet:"
        else:
            yield "[[person]]"
            yield "is = ["
        for author in suggestion.authors:
            identity = known.said_as(author, *names.get(author, (None, None)))
            yield f"{mark}    {_quoted(identity)},  # {counts.get(author, 0):,} messages, {known.alias(author)}"
        yield "" if told else "]\n"


def _names(named: list[tuple[UUID, str, str]]) -> pa.Table:
    """Return (author_id, platform, form, kind) of all names: ``kind`` tells numbers from names of one word and of several."""
    forms = [(str(author), platform, *_form(name)) for author, platform, name in named]
    columns = list(zip(*forms, strict=True)) or [(), (), (), ()]
    return pa.table(
        dict(
            zip(
                ("author_id", "platform", "form", "kind"),
                (pa.array(column, pa.string()) for column in columns),
                strict=True,
            )
        )
    )


def _form(name: str) -> tuple[str, str]:
    normalised = normalised_name(name)
    if normalised.isdecimal() and len(normalised) >= _LEAST_NUMBER:
        return normalised[-_NATIONAL_NUMBER:], "number"
    words = _words_of(normalised)
    return " ".join(words) or normalised, "name" if len(words) > 1 else "word"


def _words(named: list[tuple[UUID, str, str]]) -> pa.Table:
    """Return (author_id, form, word, words): each word of each name, and how many the name has."""
    found = [
        (str(author), " ".join(words), word, len(words))
        for author, _, name in named
        for words in [sorted(set(_words_of(normalised_name(name))))]
        for word in words
    ]
    columns = list(zip(*found, strict=True)) or [(), (), (), ()]
    types = {"author_id": pa.string(), "form": pa.string(), "word": pa.string(), "words": pa.int32()}
    return pa.table({name: pa.array(column, types[name]) for name, column in zip(types, columns, strict=True)})


def _words_of(text: str) -> list[str]:
    """Return the words of a name without accents, digits and signs."""
    apart = unicodedata.normalize("NFKD", text)
    return re.findall(r"[^\W\d_]+", "".join(character for character in apart if not unicodedata.combining(character)))


def _grouped(pairs: list[tuple[UUID, UUID, int, str]]) -> list[Suggestion]:
    """Put pairs, strongest first, together where they share somebody."""
    groups: dict[UUID, Suggestion] = {}
    for one, other, strength, reason in pairs:
        first, second = groups.get(one), groups.get(other)
        if first and second and first is not second:
            if strength < _STRONG:
                continue
            first.authors += second.authors
            first.reasons += second.reasons
            groups |= dict.fromkeys(second.authors, first)
        group = first or second or Suggestion([], strength)
        for author in (one, other):
            if author not in group.authors:
                group.authors.append(author)
            groups[author] = group
        if reason not in group.reasons:
            group.reasons.append(reason)
    return list({id(group): group for group in groups.values()}.values())


def _quoted(text: str) -> str:
    """Return a TOML string in which everything that is not shown, or turns the order of letters round, is escaped."""
    return "".join(
        f"\\U{ord(character):08X}" if unicodedata.category(character)[0] == "C" else character
        for character in json.dumps(text, ensure_ascii=False)
    )


_NAMES = """
SELECT DISTINCT author_id, platform, raw_name
FROM private.author_names SEMI JOIN authors USING (author_id) WHERE NOT list_contains(?, raw_name) ORDER BY ALL
"""
_ONE_NAME = "SELECT author_id, min(platform), min_by(raw_name, (revision, raw_name)) FROM private.author_names GROUP BY author_id"
_PAIRS = f"""
WITH linked AS (
    SELECT author_id, other_id, 100 AS strength,
        CASE WHEN list_sort([author_id, other_id]) IN (
            SELECT list_sort([author_id, other_author_id]) FROM private.author_events WHERE event = 'changed_number'
        ) THEN 'a notice tells that one number was changed to the other'
        ELSE 'two exports of one chat show what was said under both names' END AS reason
    FROM private.author_links
),
forms AS (
    SELECT author_id::UUID AS author_id, platform, form, kind FROM (SELECT DISTINCT * FROM names)
    WHERE form IN (SELECT form FROM names GROUP BY form HAVING count(DISTINCT author_id) BETWEEN 2 AND {_MOST_NAMESAKES})
),
same AS (
    SELECT
        a.author_id, b.author_id AS other_id,
        CASE WHEN kind = 'number' THEN 90
            WHEN kind = 'name' THEN CASE WHEN a.platform <> b.platform THEN 70 ELSE 35 END
            ELSE CASE WHEN a.platform <> b.platform THEN 50 ELSE 25 END END AS strength,
        concat_ws(
            ' ',
            CASE WHEN kind = 'number' THEN 'the same number' ELSE 'the same name' END,
            CASE WHEN a.platform = b.platform THEN concat('twice on ', a.platform)
                ELSE concat('on ', least(a.platform, b.platform), ' and ', greatest(a.platform, b.platform)) END
        ) AS reason
    FROM forms a JOIN forms b USING (form, kind) WHERE a.author_id < b.author_id
),
present AS (SELECT DISTINCT source_id, author_id FROM messages WHERE author_id IS NOT NULL),
heard AS (
    SELECT source_id, author_id, form, word, words
    FROM (SELECT DISTINCT author_id::UUID AS author_id, form, word, words FROM words) JOIN present USING (author_id)
    QUALIFY count(*) OVER (PARTITION BY source_id, word) <= {_MOST_IN_CHAT}
),
contained AS (
    SELECT source_id, short.author_id, long.author_id AS other_id, short.words
    FROM heard short JOIN heard long USING (source_id, word)
    WHERE short.author_id <> long.author_id AND short.words < long.words
    GROUP BY source_id, short.author_id, long.author_id, short.form, long.form, short.words
    HAVING count(*) = short.words
    QUALIFY count(*) OVER (PARTITION BY source_id, short.author_id, short.form) = 1
),
within AS (
    SELECT
        author_id, other_id, CASE WHEN max(words) > 1 THEN 45 ELSE 30 END AS strength,
        concat('in ', count(DISTINCT source_id), CASE WHEN count(DISTINCT source_id) = 1 THEN ' chat' ELSE ' chats' END,
            ' one name contains the other, and no other name there does') AS reason
    FROM contained GROUP BY author_id, other_id
),
shown AS (
    SELECT a.author_id, coalesce(p.person_id::UUID, a.author_id) AS person_id
    FROM authors a LEFT JOIN told_persons p ON p.author_id::UUID = a.author_id
),
pairs AS (
    SELECT least(author_id, other_id) AS one, greatest(author_id, other_id) AS other, strength, reason
    FROM (FROM linked UNION ALL FROM same UNION ALL FROM within)
)
SELECT DISTINCT one, other, strength, reason
FROM pairs JOIN shown a ON a.author_id = one JOIN shown b ON b.author_id = other
WHERE a.person_id <> b.person_id AND (one, other) NOT IN (SELECT (author_id::UUID, other_id::UUID) FROM told_splits)
ORDER BY strength DESC, one, other, reason
"""
