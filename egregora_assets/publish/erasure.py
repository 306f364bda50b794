"""The erasure report: searches the bytes of everything that is published for words of people who opted out.

It asks nothing of the code that took the words out. What it looks for are stretches of letters from their messages, as they
were written and as the gate shows such texts, that nobody else has said; it reads every file that may be shown, and the texts
in the snapshot also as DuckDB reads them, because columns may be compressed.
"""

from __future__ import annotations

import mmap
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from importlib import resources
from pathlib import Path

import duckdb
from ahocorasick_rs import BytesAhoCorasick
from pydantic import BaseModel

from egregora_assets.authors.policy import cleaned, cleaning, rules_of
from egregora_assets.authors.verify import HIDDEN_MESSAGES
from egregora_assets.config import Settings
from egregora_assets.profiles.page import ANSWERS, HONEST
from egregora_assets.warehouse.connection import open_snapshot
from egregora_assets.warehouse.query import rows, scalar, temporary

REPORT_FILE = "erasure-report.json"
_LEAST_LETTERS = 12
"""Shorter stretches are said by too many to be anybody's words."""
_MOST_LETTERS = 60
_MOST_PHRASES = 100_000
_WINDOW_BYTES = 64 << 20
_OWN_FILES = (".py", ".json")


class Remains(BaseModel):
    """Where words of people who opted out still stand, and how many of the phrases do. The words themselves are not told."""

    place: str
    phrases: int


class ErasureReport(BaseModel):
    """What was searched and what was found.

    ``messages`` are those of the ``people`` who opted out; ``unsearchable`` ones of these hold no phrase that only they
    have said. ``places`` counts files and columns of the snapshot, ``bytes_searched`` what was read of both.
    """

    searched_at: datetime
    people: int
    messages: int
    unsearchable: int
    phrases: int
    places: int
    bytes_searched: int
    found: list[Remains]

    @property
    def is_clean(self) -> bool:
        return not self.found

    @property
    def in_words(self) -> str:
        """What the search tells, and how many messages it tells nothing of."""
        if self.found:
            return f"Words of people who opted out are left in {len(self.found):,} places"
        if not self.messages:
            return "Nobody who opted out has said anything: there was nothing to search for"
        unknown = f"{self.unsearchable:,} of {self.messages:,} messages hold no phrase that only they have said"
        if not self.phrases:
            return f"Nothing could be searched for: {unknown}"
        return f"Nothing is left of what can be searched for; {unknown}" if self.unsearchable else "Nothing is left"


def search_outputs(connection: duckdb.DuckDBPyConnection, settings: Settings) -> ErasureReport:
    """Search all outputs for words of people who opted out, and write the report into the home."""
    people = int(scalar(connection, "SELECT count(*) FROM authors WHERE opted_out"))
    with _their_texts(connection, settings):
        phrases = _phrases(connection)
        messages, unsearchable = rows(connection, _COUNTS, {"phrases": phrases})[0]
    found, places, searched = [], 0, 0
    if phrases:
        search = BytesAhoCorasick([phrase.encode() for phrase in phrases])
        for place, pieces in _outputs(connection, settings):
            hits: set[int] = set()
            for piece in pieces:
                searched += len(piece)
                hits.update(number for number, _, _ in search.find_matches_as_indexes(piece, overlapping=True))
            places += 1
            if hits:
                found.append(Remains(place=place, phrases=len(hits)))
    report = ErasureReport(
        searched_at=datetime.now(UTC),
        people=people,
        messages=messages,
        unsearchable=unsearchable,
        phrases=len(phrases),
        places=places,
        bytes_searched=searched,
        found=found,
    )
    (settings.home / REPORT_FILE).write_text(report.model_dump_json(indent=2) + "\n", "utf-8")
    return report


@contextmanager
def _their_texts(connection: duckdb.DuckDBPyConnection, settings: Settings) -> Iterator[None]:
    """Have all texts of people who opted out as ``their_texts`` for the block: as written, and as the gate had shown them."""
    as_shown = cleaned(_THEIRS, rules_of(connection, settings))
    both = f"FROM ({_THEIRS}) UNION FROM ({as_shown})"
    with cleaning(connection, settings), temporary(connection, "their_texts", both):
        yield


def _phrases(connection: duckdb.DuckDBPyConnection) -> list[str]:
    """Return phrases of people who opted out that nobody else has said."""
    theirs = [
        phrase for (phrase,) in rows(connection, f"SELECT DISTINCT phrase FROM ({_PHRASES}) LIMIT {_MOST_PHRASES}")
    ]
    if not theirs:
        return []
    search = BytesAhoCorasick([phrase.encode() for phrase in theirs])
    said_by_others: set[int] = set()
    for piece in (memoryview(_own_words()), *_column(connection, _SAID_BY_OTHERS)):
        said_by_others.update(number for number, _, _ in search.find_matches_as_indexes(piece, overlapping=True))
    return [phrase for number, phrase in enumerate(theirs) if number not in said_by_others]


def _own_words() -> bytes:
    """Return what this program writes itself: its pages, headings and schemas stand in its own files."""
    files = resources.files("egregora_assets")
    folders = [files / name for name in ("profiles", "sidecar")]
    texts = [
        path.read_text("utf-8") for folder in folders for path in folder.iterdir() if path.name.endswith(_OWN_FILES)
    ]
    return "\n".join((HONEST, ANSWERS, *texts)).encode()


def _outputs(
    connection: duckdb.DuckDBPyConnection, settings: Settings
) -> Iterator[tuple[str, Iterable[bytes | memoryview]]]:
    """Yield each place that may be shown with its bytes, in pieces, and what a language model has answered."""
    published = sorted(path for path in settings.published.rglob("*") if path.is_file())
    files = [settings.public_path, settings.language_model_journal, *published]
    for path in files:
        if path.exists() and path.stat().st_size:
            yield str(path.relative_to(settings.home)), _windows(path)
    yield "answers of the language model", _column(connection, _ANSWERS)
    if settings.snapshot_path.exists():
        with open_snapshot(settings) as snapshot:
            for table, column in rows(snapshot, _TEXT_COLUMNS):
                yield f"snapshot, {table}.{column}", _column(snapshot, f'SELECT "{column}"::VARCHAR FROM "{table}"')


def _windows(path: Path) -> Iterator[memoryview]:
    """Yield the bytes of a file in pieces that overlap by more than the longest phrase."""
    step = _WINDOW_BYTES - 4 * _MOST_LETTERS
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as mapped:
        for start in range(0, len(mapped), step):
            with memoryview(mapped) as whole, whole[start : start + _WINDOW_BYTES] as piece:
                yield piece


def _column(connection: duckdb.DuckDBPyConnection, query: str) -> Iterator[memoryview]:
    """Yield the texts of a query's only column, as their bytes stand one behind the other."""
    for batch in connection.sql(query).to_arrow_reader():
        data = batch.column(0).buffers()[2]
        if data is not None and data.size:
            yield memoryview(data).cast("B")


_THEIRS = f"""
    SELECT message_id, source_id, date_trunc('minute', local_time) AS minute, text
    FROM messages SEMI JOIN ({HIDDEN_MESSAGES}) USING (message_id)
    UNION ALL
    SELECT message_id, source_id, date_trunc('minute', local_time), before.text
    FROM private.message_versions before JOIN messages USING (message_id) SEMI JOIN ({HIDDEN_MESSAGES}) USING (message_id)
"""
_PHRASES = f"""
    SELECT message_id, left(trim(unnest(
        regexp_extract_all(text, '\\p{{L}}[\\p{{L}}\\p{{M}} ]{{{_LEAST_LETTERS - 2},}}\\p{{L}}')
    )), {_MOST_LETTERS}) AS phrase
    FROM their_texts
"""
"""Letters and spaces only: nothing that Markdown or JSON would write in another way, no number and no address."""
_SAID_BY_OTHERS = f"""
    WITH others AS (
        SELECT text FROM clean_messages ANTI JOIN ({HIDDEN_MESSAGES}) USING (message_id)
        WHERE (source_id, date_trunc('minute', local_time), text) NOT IN (SELECT (source_id, minute, text) FROM their_texts)
    )
    SELECT text FROM others
    UNION ALL SELECT replace(text, chr(10), ' ') FROM others WHERE contains(text, chr(10))
    UNION ALL SELECT title FROM sources
"""
"""Also with lines that are joined, as in a quotation. What stands in the same chat and minute in the same words is what they
said, whoever it stands under. A title is the group's: whoever once repeated it has not said it.
"""
_COUNTS = f"""
    SELECT
        (SELECT count(DISTINCT message_id) FROM their_texts),
        (SELECT count(DISTINCT message_id) FROM their_texts) - (
            SELECT count(DISTINCT message_id) FROM ({_PHRASES}) WHERE phrase IN (SELECT unnest($phrases))
        )
"""
_ANSWERS = "SELECT findings FROM private.language_model_answers WHERE findings IS NOT NULL"
_TEXT_COLUMNS = """
    SELECT table_name, column_name FROM duckdb_columns()
    WHERE data_type LIKE 'VARCHAR%' AND NOT internal ORDER BY ALL
"""
