"""What must be true of profiles, asked of the files that readers open."""

from __future__ import annotations

import hashlib
from pathlib import Path

import duckdb
import pyarrow as pa
from pydantic import ValidationError

from egregora_assets.authors import gate
from egregora_assets.authors.verify import names_fingerprint
from egregora_assets.config import Settings
from egregora_assets.privacy.kinds import PSEUDONYM
from egregora_assets.privacy.scrub import leaks, scrubbing
from egregora_assets.profiles.chart import activity_chart
from egregora_assets.profiles.files import INDEX_FILE, SCHEMA_FILE, SUFFIXES, index_page
from egregora_assets.profiles.models import Profile
from egregora_assets.profiles.page import page
from egregora_assets.warehouse.query import rows, scalar, view_of
from egregora_assets.warehouse.revisions import transaction, watermark
from egregora_assets.warehouse.verdict import Verdict


def no_profile_of_opted_out_authors(connection: duckdb.DuckDBPyConnection, settings: Settings) -> Verdict:
    """No file and no row is about a person who opted out."""
    opted_out = {alias for (alias,) in rows(connection, "SELECT alias FROM authors WHERE opted_out")}
    noted = {alias for (alias,) in rows(connection, "SELECT alias FROM author_profiles")}
    index = settings.profiles / INDEX_FILE
    listed = set(PSEUDONYM.findall(index.read_text("utf-8", "replace"))) if index.exists() else set()
    found = len(opted_out & ({path.stem for path in _files(settings.profiles)} | noted | listed))
    return Verdict(found == 0, f"{found} people who opted out have a profile", {"profiles": found})


def profiles_match_authors(connection: duckdb.DuckDBPyConnection, settings: Settings) -> Verdict:
    """Each profile has its three files, and no other file is there."""
    aliases = [alias for (alias,) in rows(connection, "SELECT alias FROM author_profiles")]
    wanted = {f"{alias}{suffix}" for alias in aliases for suffix in SUFFIXES} | ({INDEX_FILE} if aliases else set())
    present = {path.name for path in _files(settings.profiles)}
    missing, surplus = len(wanted - present), len(present - wanted)
    return Verdict(
        not missing and not surplus,
        f"{missing} files are missing and {surplus} too many (materialise `author_profiles` with full_refresh to mend it)",
        {"missing": missing, "surplus": surplus},
    )


def no_private_text_in_profiles(connection: duckdb.DuckDBPyConnection, settings: Settings) -> Verdict:
    """No file of a profile shows an e-mail address, a phone number or a known name. All are read when any has changed."""
    consumer = "check:no_private_text_in_profiles"
    state = f"{names_fingerprint(connection, settings)} {_state(settings.profiles)}"
    if watermark(connection, consumer).fingerprint == state:
        return Verdict(True, "nothing has changed since the last look", {"rows": 0})
    texts = [text for path in _files(settings.profiles) if path.suffix == ".json" for text in _words_of_people(path)]
    texts += [
        path.read_text("utf-8", "replace")
        for path in _files(settings.profiles)
        if path.suffix != ".json" and not path.with_suffix(".json").exists() and not _is_index(connection, path)
    ]
    found = 0
    if texts:
        names = gate.known_names(connection, settings)
        shown = pa.table({"words": pa.array(texts, pa.string())})
        with scrubbing(connection), view_of(connection, "profile_texts", shown):
            found = int(
                scalar(connection, f"SELECT count(*) FROM profile_texts WHERE {leaks('words', names, aliases=True)}")
            )
    if not found:
        with transaction(connection, consumer) as change:
            change.advance(state, even_unchanged=True)
    return Verdict(found == 0, f"{found} texts that show an address, a number or a name", {"rows": found})


def _is_index(connection: duckdb.DuckDBPyConnection, path: Path) -> bool:
    """Return whether a file is the list of profiles as we write it, which has no words of people."""
    return path.name == INDEX_FILE and path.read_text("utf-8", "replace") == index_page(connection)


def _state(folder: Path) -> str:
    """Return a name for what the files are: their names, sizes and times."""
    files = sorted((path.name, path.stat().st_size, path.stat().st_mtime_ns) for path in _files(folder))
    return hashlib.sha256(repr(files).encode()).hexdigest()[:16]


def _words_of_people(path: Path) -> list[str]:
    """Return the words of people in a profile; all of a file that is none, so that nothing passes unseen.

    The page and the chart are made from the profile alone: one that is not what the profile gives is taken as a whole.
    """
    try:
        profile = Profile.model_validate_json(path.read_bytes())
    except ValidationError:
        return [path.read_text("utf-8", "replace")]
    words = [topic.label for month in profile.topics for topic in month.topics]
    words += [quotation.text for quotation in (profile.first_words, profile.last_words) if quotation]
    for suffix, made in ((".md", page(profile)), (".svg", activity_chart(profile.by_hour, profile.by_weekday))):
        beside = path.with_suffix(suffix)
        if beside.exists() and (shown := beside.read_text("utf-8", "replace")) != made:
            words.append(shown)
    return words


def _files(folder: Path) -> list[Path]:
    if not folder.exists():
        return []
    return [path for path in folder.iterdir() if path.suffix in SUFFIXES and path.name != SCHEMA_FILE]
