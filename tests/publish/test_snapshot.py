"""The snapshot shows what is allowed, all of it, and follows the warehouse through crashes and damage."""

from __future__ import annotations

import json
import os
import resource
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest
from hypothesis import HealthCheck, given
from hypothesis import strategies as st

from egregora_assets.authors.shown import has_to_go_since
from egregora_assets.chat.ingest import ingest
from egregora_assets.config import RepositorySettings, Settings, load_settings
from egregora_assets.git_history.sync import refresh_configured
from egregora_assets.media import ingest as media
from egregora_assets.publish import snapshot, verify
from egregora_assets.publish.pending import pending
from egregora_assets.publish.snapshot import PublishOutcome, publish, publish_for_search
from egregora_assets.publish.tables import TABLES
from egregora_assets.samples.repository import write_sample_repository
from egregora_assets.search import words
from egregora_assets.warehouse.connection import NothingPublished, open_snapshot
from egregora_assets.warehouse.durable import StoreFull
from egregora_assets.warehouse.files import make_home, open_warehouse
from egregora_assets.warehouse.query import rows
from egregora_assets.warehouse.revisions import erased_since, transaction
from tests.chats import Line, chat, new_home, published_bytes, published_texts, put_export, state_of_home, with_privacy
from tests.pictures import jpeg
from tests.properties import dear, some_of

FIRST: tuple[Line, ...] = (
    (0, "Rui Costa", "hello everybody in the greenhouse"),
    (1, "Priya Raman", "IMG-0001.jpg (file attached)"),
    (2, "Ana Lima", "saffron kites tangle around ancient lighthouses"),
    (3, "Rui Costa", "Decided: we paint the greenhouse blue. Is that fine with the greenhouse?"),
)
LATER: tuple[Line, ...] = (*FIRST, (400, "Priya Raman", "the paint has come"), (3000, "Rui Costa", "all done"))
PICTURE = jpeg()


def take_in(settings: Settings, *lines: Line, suffix: str = "") -> None:
    put_export(settings, "Garden Club", chat(*lines), suffix, {"IMG-0001.jpg": PICTURE})
    with open_warehouse(settings) as connection:
        ingest(connection, settings)
        media.refresh(connection, settings)


def publish_now(settings: Settings, full: bool = False) -> PublishOutcome:
    with open_warehouse(settings) as connection:
        return publish(connection, settings, full)


def publish_for_search_now(settings: Settings) -> PublishOutcome | None:
    with open_warehouse(settings) as connection:
        return publish_for_search(connection, settings)


@pytest.fixture(scope="module")
def home_with_first(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home in which ``FIRST`` is taken in and published. Tests have copies of it."""
    home = tmp_path_factory.mktemp("first") / "home"
    settings = Settings(home=home, timezone="UTC")
    make_home(settings)
    take_in(settings, *FIRST)
    publish_now(settings)
    return home


@pytest.fixture
def published(settings: Settings, home_with_first: Path) -> Settings:
    """The test's own home, in which ``FIRST`` is taken in and published."""
    shutil.copytree(home_with_first, settings.home, dirs_exist_ok=True)
    return settings


def contents(path: Path) -> dict[str, list[str]]:
    """Return the rows of every table in a database file, sorted."""
    with duckdb.connect() as connection:
        connection.execute(f"ATTACH '{path}' AS shown (READ_ONLY)")
        names = [
            name for (name,) in rows(connection, "SELECT table_name FROM duckdb_tables() WHERE database_name = 'shown'")
        ]
        return {name: sorted(map(str, rows(connection, f"FROM shown.{name}"))) for name in names}


def test_there_is_nothing_to_read_before_the_first_publication(settings: Settings) -> None:
    with pytest.raises(NothingPublished), open_snapshot(settings):
        pass


def test_only_tables_and_columns_of_the_allow_list_are_published(published: Settings) -> None:
    with open_snapshot(published) as connection:
        found = rows(
            connection,
            "SELECT table_name, list(column_name) FROM duckdb_columns() WHERE database_name = 'snapshot' GROUP BY ALL",
        )
    assert {name: set(columns) for name, columns in found} == {
        "sources": {"source_id", "platform", "title", "timezone"},
        "exports": {
            "export_id",
            "source_id",
            "messages",
            "added",
            "known",
            "quarantined",
            "first_local_time",
            "last_local_time",
        },
        "authors": {"author_id", "alias", "chosen_name", "first_seen", "last_seen", "message_count"},
        "author_activity": {"author_id", "weekday", "hour", "messages"},
        "messages": {
            "message_id",
            "source_id",
            "local_time",
            "sent_at",
            "author_id",
            "kind",
            "text",
            "is_edited",
            "position",
            "thread_id",
            "reply_to",
            "edited_at",
            "deleted_at",
        },
        "reactions": {"message_id", "emoji", "people"},
        "message_media": {"message_id", "media_id"},
        "media": {"media_id", "bytes", "mime", "copies", "width", "height", "duration_seconds"},
        "documents": {
            "document_id",
            "kind",
            "source_id",
            "window_start",
            "window_end",
            "title",
            "slug",
            "text",
            "message_ids",
            "overlap",
        },
        "search_units": {
            "label",
            "kind",
            "message_id",
            "document_id",
            "last_message_id",
            "source_id",
            "content_hash",
        },
        "sidecars": {"document_id", "source_id", "slug", "title", "message_count", "extracted_by"},
        "conversation_ranking": {
            "document_id",
            "score",
            "reactions",
            "replies",
            "participants",
            "decisions",
            "answers",
        },
        "topics": {"document_id", "label", "score", "evidence"},
        "summaries": {"document_id", "place", "text", "evidence"},
        "decisions": {"document_id", "text", "author", "decided_at", "status", "revoked_by", "evidence"},
        "action_items": {
            "document_id",
            "text",
            "assignee",
            "author",
            "due",
            "due_on",
            "status",
            "done_by",
            "said_at",
            "evidence",
        },
        "questions": {
            "document_id",
            "text",
            "author",
            "asked_at",
            "status",
            "answer",
            "answer_id",
            "answered_by",
            "answered_at",
            "linked_by",
            "evidence",
        },
        "entities": {"document_id", "kind", "name", "mentions", "evidence"},
        "participants": {"document_id", "author", "message_count", "evidence"},
        "code_references": {
            "message_id",
            "place",
            "kind",
            "raw",
            "repo",
            "path",
            "line_from",
            "line_to",
            "sha",
            "number",
            "state",
            "permalink",
        },
        "publication": {"revision", "fingerprint", "warehouse_id"},
    }


def test_every_allowed_table_has_rows_after_a_talk_about_everything(settings: Settings) -> None:
    liked = {
        "timestamp": "2024-03-13T09:00:00Z",
        "id": "1",
        "text": "hello",
        "reactions": [{"emoji": "👍", "count": 2}],
    }
    (settings.inbox / "books.jsonl").write_text(json.dumps(liked) + "\n")
    take_in(
        settings,
        *FIRST,
        (9, "Rui Costa", "I'll send notes.md and https://example.org, and src/door/schedule.py of the bot"),
    )
    sample = write_sample_repository(settings.home / "repositories")
    assert sample is not None
    with_code = settings.model_copy(update={"repositories": (RepositorySettings(path=sample),)})
    with open_warehouse(with_code) as connection:
        refresh_configured(connection, with_code)
    publish_now(with_code)
    shown = contents(settings.snapshot_path)
    assert [table.name for table in TABLES if not shown[table.name]] == []


def test_names_of_people_and_files_are_in_no_byte_of_what_is_published(published: Settings) -> None:
    for private in ("Rui Costa", "Priya Raman", "Ana Lima", "IMG-0001", "WhatsApp Chat"):
        assert private not in published_texts(published)
        assert private.encode() not in published_bytes(published)


def test_nothing_to_do_changes_no_byte_of_the_home(published: Settings) -> None:
    publish_now(published)  # the home is a copy: that its published media were touched is noted once
    before = state_of_home(published)
    take_in(published, *FIRST)
    assert not publish_now(published).published
    assert pending(published) == []
    after = state_of_home(published)
    changed = [name for name in before.keys() | after.keys() if before.get(name) != after.get(name)]
    assert [name for name in changed if not name.startswith("inbox/")] == []


events = st.lists(
    st.one_of(
        st.tuples(
            st.just("say"), st.sampled_from(["Rui Costa", "Priya Raman", "Ana Lima", "Tom Reed"]), st.integers(0, 4000)
        ),
        st.tuples(st.just("photo"), st.sampled_from(["Rui Costa", "Ana Lima"]), st.integers(0, 4000)),
        st.tuples(st.just("opt"), st.sampled_from(["in", "out"]), st.integers(0, 4000)),
        st.tuples(st.just("publish"), st.none(), st.none()),
    ),
    min_size=3,
    max_size=9,
)


@dear(4, 2, suppress_health_check=list(HealthCheck))
@given(events)
def test_following_row_by_row_equals_making_the_file_anew(steps: list[tuple[str, str, int]]) -> None:
    with new_home() as home:
        lines = list(FIRST)
        for number, (step, what, minute) in enumerate([*steps, ("publish", "", 0)]):
            if step == "say":
                lines.append((minute, what, f"Is number {number} of the greenhouse decided: yes, by Ana"))
            elif step == "photo":
                lines.append((minute, what, "IMG-0001.jpg (file attached)"))
            elif step == "opt":
                lines.append((minute, "Ana Lima", f"/egregora opt-{what}"))
            else:
                take_in(home, *sorted(lines, key=lambda said: said[0]), suffix=f" ({number})")
                publish_for_search_now(home)
                publish_now(home)
        followed = contents(home.snapshot_path)
        publish_now(home, full=True)
        assert followed == contents(home.snapshot_path)


def test_what_is_new_is_followed_and_not_written_anew(settings: Settings) -> None:
    take_in(settings, *FIRST)
    assert publish_now(settings).rebuilt
    take_in(settings, *LATER, suffix=" (1)")
    outcome = publish_now(settings)
    assert (outcome.published, outcome.rebuilt) == (True, False)
    assert "the paint has come" in published_texts(settings)


def test_what_is_new_is_there_to_be_found_before_posts_are_made_of_it(published: Settings) -> None:
    of_posts = ("sidecars", "decisions", "questions", "participants", "conversation_ranking")
    before = contents(published.snapshot_path)
    take_in(published, *LATER, suffix=" (1)")
    soon = publish_for_search_now(published)
    assert soon is not None
    assert (soon.published, soon.rebuilt) == (True, False)
    shown = contents(published.snapshot_path)
    assert "the paint has come" in published_texts(published)
    assert len(shown["search_units"]) > len(before["search_units"])
    assert [shown[table] for table in of_posts] == [before[table] for table in of_posts]
    again = publish_for_search_now(published)
    assert again is not None
    assert not again.published
    later = publish_now(published)
    assert (later.published, later.rebuilt) == (True, False)
    assert contents(published.snapshot_path)["sidecars"] != before["sidecars"]


def test_what_has_to_go_is_for_no_publication_that_leaves_posts_as_they_were(published: Settings) -> None:
    shown = published.snapshot_path.read_bytes()
    settings = with_privacy(published, opt_out=("Ana Lima",))
    take_in(settings, *LATER, suffix=" (1)")
    assert publish_for_search_now(settings) is None
    assert settings.snapshot_path.read_bytes() == shown
    assert publish_now(settings).rebuilt
    assert "saffron" not in published_texts(settings)


def test_neither_is_an_opt_out_of_somebody_without_a_message_that_would_be_erased(published: Settings) -> None:
    with open_warehouse(published) as connection, transaction(connection, "test") as change:
        out = "UPDATE authors SET opted_out = true, opted_out_revision = ? WHERE author_id = (SELECT min(author_id) FROM authors)"
        connection.execute(out, [change.revision])
        assert not erased_since(connection, change.revision - 1)
        assert has_to_go_since(connection, change.revision - 1)
        assert not has_to_go_since(connection, change.revision)


def test_before_the_first_publication_nothing_is_published_for_search(settings: Settings) -> None:
    take_in(settings, *FIRST)
    assert publish_for_search_now(settings) is None
    assert not settings.snapshot_path.exists()


def test_a_reader_keeps_its_snapshot_while_a_newer_one_is_published(published: Settings) -> None:
    with open_snapshot(published) as old:
        [(before,)] = rows(old, "SELECT count(*) FROM messages")
        take_in(published, *LATER, suffix=" (1)")
        publish_now(published)
        assert rows(old, "SELECT count(*), max(length(text)) > 0 FROM messages") == [(before, True)]
        with open_snapshot(published) as new:
            assert rows(new, "SELECT count(*) FROM messages") == [(before + 2,)]
    assert not publish_now(published).published


def test_a_crash_before_the_snapshot_is_in_place_leaves_the_old_one_and_is_mended(
    published: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = contents(published.snapshot_path)
    take_in(published, *LATER, suffix=" (1)")
    real = os.replace
    failures = iter([OSError("no power")])

    def replace(source: Path, target: Path) -> None:
        if Path(target) == published.snapshot_path and (failure := next(failures, None)):
            raise failure
        real(source, target)

    monkeypatch.setattr(snapshot.os, "replace", replace)
    with pytest.raises(OSError, match="no power"):
        publish_now(published)
    assert contents(published.snapshot_path) == before
    publish_now(published)
    assert "the paint has come" in published_texts(published)
    assert contents(published.snapshot_path) == contents(published.public_path)


def test_a_disk_that_is_full_says_so_keeps_the_snapshot_and_no_part_of_the_new_one(tmp_path: Path) -> None:
    source, target = tmp_path / "public.duckdb", tmp_path / "published" / "snapshot.duckdb"
    source.write_bytes(b"first")
    snapshot.copy_durably(source, target)
    source.write_bytes(bytes(100_000))
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, hard))
    try:
        with pytest.raises(StoreFull, match="make room and run again"):
            snapshot.copy_durably(source, target)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert [path.read_bytes() for path in target.parent.iterdir()] == [b"first"]


def test_a_crash_between_the_public_file_and_the_snapshot_does_not_keep_an_erasure_back(
    published: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    listed = with_privacy(published, opt_out=("Ana Lima",))
    with monkeypatch.context() as patched:
        patched.setattr(snapshot, "copy_durably", lambda *_: (_ for _ in ()).throw(OSError("no power")))
        with pytest.raises(OSError, match="no power"):
            publish_now(listed)
    publish_now(listed)
    assert "saffron kites" not in published_texts(published)
    assert b"saffron kites" not in published_bytes(published)


STEPS = {
    "while the public file is made": "snapshot.force_folder",
    "while the snapshot is copied": "snapshot.shutil.copyfile",
    "while posts are written": "posts.write_if_changed",
}


@pytest.mark.parametrize("step", some_of(list(STEPS), "while posts are written"))
def test_a_killed_publication_is_completed_by_the_next(published: Settings, step: str) -> None:
    before = contents(published.snapshot_path)
    take_in(published, *LATER, (5000, "Ana Lima", "/egregora opt-out"), suffix=" (1)")
    program = f"""
import os, signal, sys
from egregora_assets.config import Settings
from egregora_assets.publish import snapshot
from egregora_assets.sidecar import posts
from egregora_assets.warehouse.files import open_warehouse
settings = Settings(home=sys.argv[1], timezone="UTC")
{STEPS[step]} = lambda *_: os.kill(os.getpid(), signal.SIGKILL)
snapshot.fcntl.ioctl = lambda *_: (_ for _ in ()).throw(OSError())
with open_warehouse(settings) as connection:
    snapshot.publish(connection, settings)
"""
    ended = subprocess.run([sys.executable, "-c", program, str(published.home)], check=False, capture_output=True)
    assert ended.returncode == -signal.SIGKILL, ended.stderr.decode()
    assert contents(published.snapshot_path) == before
    publish_now(published)
    assert "the paint has come" in published_texts(published)
    assert b"saffron kites" not in published_bytes(published)
    assert pending(published) == []


def test_a_post_from_before_a_crash_does_not_outlive_an_opt_out(settings: Settings) -> None:
    """Files are written before the rows that tell of them: a crash in between leaves posts that no row names."""
    take_in(settings, *FIRST, (5000, "Ana Lima", "velveteen orchards hum beneath thunderclouds"))
    program = """
import os, signal, sys
from egregora_assets.config import Settings
from egregora_assets.sidecar import posts
from egregora_assets.warehouse.files import open_warehouse
settings = Settings(home=sys.argv[1], timezone="UTC")
posts._note = lambda *_: os.kill(os.getpid(), signal.SIGKILL)
with open_warehouse(settings) as connection:
    posts.refresh(connection, settings)
"""
    ended = subprocess.run([sys.executable, "-c", program, str(settings.home)], check=False, capture_output=True)
    assert ended.returncode == -signal.SIGKILL, ended.stderr.decode()
    assert any(b"velveteen" in path.read_bytes() for path in settings.posts.rglob("*.md"))
    publish_now(with_privacy(settings, opt_out=("Ana Lima",)))
    assert b"velveteen" not in published_bytes(settings)


def no_file(path: Path) -> None:
    path.unlink()


def empty(path: Path) -> None:
    path.write_bytes(b"")


def garbage(path: Path) -> None:
    path.write_bytes(b"this is no database" * 400)


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: 16 << 10])


def damaged(path: Path) -> None:
    content = bytearray(path.read_bytes())
    for place in range(12 << 10, len(content), 4096):
        content[place : place + 32] = b"\xa5" * 32
    path.write_bytes(content)


DAMAGE = (no_file, empty, garbage, cut, damaged)


@pytest.mark.parametrize("damage", some_of(DAMAGE, no_file, damaged))
def test_a_damaged_public_file_is_made_anew(published: Settings, damage: Callable[[Path], None]) -> None:
    damage(published.public_path)
    take_in(published, *LATER, suffix=" (1)")
    assert publish_now(published).rebuilt
    followed = contents(published.snapshot_path)
    publish_now(published, full=True)
    assert followed == contents(published.snapshot_path)


@pytest.mark.parametrize("damage", [no_file, garbage, damaged])
def test_a_damaged_snapshot_is_put_in_place_again(published: Settings, damage: Callable[[Path], None]) -> None:
    before = contents(published.snapshot_path)
    damage(published.snapshot_path)
    publish_now(published)
    assert contents(published.snapshot_path) == before


def test_the_home_may_have_any_name(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path / "Ana's locked ; home", timezone="UTC")
    settings.inbox.mkdir(parents=True)
    take_in(settings, *FIRST)
    publish_now(settings)
    assert "greenhouse" in published_texts(settings)


def test_the_checks_see_what_must_not_be_published(published: Settings) -> None:
    checks = (
        verify.only_allowed_tables,
        verify.no_opted_out_text,
        verify.no_private_names_published,
        verify.snapshot_is_current,
    )
    with open_warehouse(published) as connection:
        assert [check(connection, published).passed for check in checks] == [True] * 4
        connection.execute("INSERT INTO revisions VALUES (1000, 'a fault', now())")
        connection.execute("UPDATE authors SET opted_out = true, revision = 1000")
        connection.execute("DELETE FROM watermarks WHERE consumer LIKE 'check:%'")
        with duckdb.connect(str(published.snapshot_path)) as fault:
            fault.execute("CREATE TABLE extra (a INTEGER)")
            fault.execute("UPDATE messages SET text = 'ask Ana Lima'")
        assert [check(connection, published).passed for check in checks] == [False] * 4


def test_ambiguous_dates_are_pending_once_the_settings_tell_their_order(settings: Settings) -> None:
    put_export(settings, "Book Club", "05/03/2024, 10:00 - Ana Lima: hello\n")
    with open_warehouse(settings) as connection:
        ingest(connection, settings)
        publish(connection, settings)
    assert pending(settings) == []
    (settings.home / "egregora.toml").write_text('[[sources]]\ntitle = "Book Club"\nday_first = true\n')
    told = load_settings(settings.home)
    assert pending(told) != []
    with open_warehouse(told) as connection:
        ingest(connection, told)
        publish(connection, told)
        words.refresh(connection, told)
    assert pending(told) == []


def test_a_publication_leaves_the_index_of_words_to_its_asset_unless_something_was_erased(published: Settings) -> None:
    def index() -> dict[str, bytes]:
        return {
            path.name: path.read_bytes() for path in sorted(words.folder_of(published).rglob("*")) if path.is_file()
        }

    before = index()
    take_in(published, *LATER, suffix=" (1)")
    publish_now(published)
    assert index() == before
    publish_now(with_privacy(published, opt_out=("Ana Lima",)))
    assert index() != before
