"""What must be true of the ranking and of the pages that lead to posts, asked of the files that readers open."""

from __future__ import annotations

import hashlib

import duckdb

from egregora_assets.config import Settings
from egregora_assets.privacy.scrub import scrubbing
from egregora_assets.sidecar.files import NAMES, PII, none_showing_pseudonyms
from egregora_assets.sidecar.new_files import File
from egregora_assets.sidecar.page_files import none_in_pages, pages
from egregora_assets.sidecar.pages import rendered
from egregora_assets.sidecar.ranking import SCORE
from egregora_assets.warehouse.query import rows, temporary
from egregora_assets.warehouse.revisions import current_revision, transaction, watermark
from egregora_assets.warehouse.verdict import Verdict, no_rows


def ranking_adds_up(connection: duckdb.DuckDBPyConnection, settings: Settings) -> Verdict:
    """Each conversation is ranked once, and its score is what its parts weigh."""
    return no_rows(
        connection,
        f"""
        SELECT (SELECT count(*) FROM conversation_ranking WHERE score <> {SCORE})
            + (SELECT count(*) FROM sidecars ANTI JOIN conversation_ranking USING (document_id))
            + (SELECT abs(count(*) - (SELECT count(*) FROM sidecars)) FROM conversation_ranking)
        """,
        "conversations whose rank is missing or wrong",
    )


def no_unscrubbed_pii(connection: duckdb.DuckDBPyConnection, settings: Settings) -> Verdict:
    """No page shows an address, a number or a key, unless the source of what it shows keeps them."""
    return none_in_pages(connection, settings, PII)


def no_private_names_published(connection: duckdb.DuckDBPyConnection, settings: Settings) -> Verdict:
    """No page shows a name that the policy of the source of what it shows hides."""
    return none_in_pages(connection, settings, NAMES)


def no_pseudonym_in_pages(connection: duckdb.DuckDBPyConnection, settings: Settings) -> Verdict:
    """No page shows a pseudonym, unless `pseudonyms_in_posts` asks for them."""
    return none_showing_pseudonyms(connection, settings, list(pages(settings)), "no_pseudonym_in_pages")


def pages_match_tables(connection: duckdb.DuckDBPyConnection, settings: Settings) -> Verdict:
    """Each page is there and says what the tables give, and no other file is there. Read are those that were written since."""
    files = {file.path.removeprefix(f"{settings.published}/"): file for file in pages(settings)}
    consumer, state = "check:pages_match_tables", _state(connection, files)
    seen = watermark(connection, consumer).fingerprint
    if seen == state:
        return Verdict(True, "no page has changed since the last look", {"missing": 0, "surplus": 0, "different": 0})
    wanted = {path for (path,) in rows(connection, "SELECT path FROM outcome_pages")}
    missing, surplus = len(wanted - files.keys()), len(files.keys() - wanted)
    since = int(seen.partition(" ")[0] or 0)
    different = _different(connection, settings, {path: file for path, file in files.items() if file.touched >= since})
    passed = not (missing or surplus or different)
    if passed:
        with transaction(connection, consumer) as change:
            change.advance(state, even_unchanged=True)
    return Verdict(
        passed,
        f"{missing} pages are missing, {surplus} too many and {different} are not what they should be "
        "(materialise `outcome_pages` with full_refresh to mend it)",
        {"missing": missing, "surplus": surplus, "different": different},
    )


def _state(connection: duckdb.DuckDBPyConnection, files: dict[str, File]) -> str:
    """Return a name for what pages and tables are, which begins with the time of the newest page."""
    newest = max((file.touched for file in files.values()), default=0)
    told = sorted((path, file.touched, file.bytes) for path, file in files.items())
    return f"{newest} {current_revision(connection)} {hashlib.sha256(repr(told).encode()).hexdigest()[:16]}"


def _different(connection: duckdb.DuckDBPyConnection, settings: Settings, files: dict[str, File]) -> int:
    """Count the files, and pages that lead to all others, which are not what the tables give."""
    wanted = "SELECT * FROM outcome_pages WHERE kind <> ''"
    among = "SELECT *, row_number() OVER (ORDER BY path) AS number FROM wanted_pages WHERE path IN (SELECT unnest(?))"
    with (
        scrubbing(connection),
        temporary(connection, "wanted_pages", wanted),
        temporary(connection, "open_pages", among, [list(files)]),
    ):
        given = dict(rendered(connection, settings))
    expected = {path: content for path, content in given.items() if (settings.published / path).is_file()}
    return sum((settings.published / path).read_bytes() != content for path, content in expected.items())
