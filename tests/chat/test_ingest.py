"""Exports come in any number, order and state of damage; each message is in the memory once, under the same id."""

from __future__ import annotations

import itertools
import json
import os
import signal
import subprocess
import sys
import zipfile
from datetime import UTC, datetime
from pathlib import Path

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st

from egregora_assets.authors import gate
from egregora_assets.chat import inbox, verify
from egregora_assets.chat import ingest as of_exports
from egregora_assets.chat.ingest import ExportOutcome, ingest
from egregora_assets.config import Settings, SourceSettings
from egregora_assets.media import ingest as media
from egregora_assets.privacy.keys import KeyFileError
from egregora_assets.warehouse.files import open_warehouse
from egregora_assets.warehouse.query import rows
from tests.chats import Line, chat, new_home, put_export, state_of_home
from tests.properties import dear

TALK: tuple[Line, ...] = (
    (0, "Ana Lima", "hello"),
    (1, "Rui Costa", "hi"),
    (1, "Priya Raman", "ok"),
    (1, "Priya Raman", "ok"),
    (5, "Ana Lima", "first line\nsecond line"),
    (9, "Rui Costa", "bye"),
)


SMALL = chat((0, "Ana Lima", "first"), (1, "Rui Costa", "second"))
STRUCTURED = "".join(
    json.dumps({"chat": "Garden Club", "timestamp": f"2024-03-13T09:0{number}:00Z", "author": author, "text": text})
    + "\n"
    for number, (author, text) in enumerate((("Ana Lima", "first"), ("Rui Costa", "second")))
)


def take_in(settings: Settings, day_first: bool | None = None, reread: bool = False) -> list[ExportOutcome]:
    with open_warehouse(settings) as connection:
        return ingest(connection, settings, day_first, reread)


def ids(settings: Settings) -> list[object]:
    return query(settings, "SELECT message_id FROM messages ORDER BY ALL")


def query(settings: Settings, sql: str) -> list[tuple[object, ...]]:
    with open_warehouse(settings) as connection:
        return rows(connection, sql)


def texts(settings: Settings) -> list[str]:
    return [str(text) for (text,) in query(settings, "SELECT text FROM messages ORDER BY local_time, position")]


def load(settings: Settings, *exports: str, title: str = "Garden Club") -> list[ExportOutcome]:
    """Take in exports one after the other, as they would come over the months."""
    outcomes = []
    for number, text in enumerate(exports, start=1):
        put_export(settings, title, text, f" ({number})")
        outcomes += take_in(settings)
    return outcomes


def test_the_same_export_twice_changes_nothing(settings: Settings) -> None:
    path = put_export(settings, "Garden Club", chat(*TALK))
    [outcome] = take_in(settings)
    assert (outcome.messages, outcome.added, outcome.known) == (6, 6, 0)
    (settings.inbox / "copy of it.zip").write_bytes(path.read_bytes())
    before = state_of_home(settings)
    assert take_in(settings) == []
    assert state_of_home(settings) == before


def test_a_grown_export_adds_only_what_is_new(settings: Settings) -> None:
    _, grown = load(settings, chat(*TALK), chat(*TALK, (60, "Ana Lima", "and again"), (61, "Rui Costa", "yes")))
    assert (grown.added, grown.known) == (2, 6)
    assert len(ids(settings)) == 8


def test_an_export_read_again_adds_nothing(settings: Settings) -> None:
    load(settings, chat(*TALK))
    before = ids(settings)
    [again] = take_in(settings, reread=True)
    assert (again.added, again.known) == (0, 6)
    assert ids(settings) == before


@pytest.mark.parametrize("becomes", ["another", "broken", None])
@pytest.mark.parametrize("read", [SMALL, STRUCTURED])
def test_a_file_that_changes_while_it_is_read_is_taken_in_as_what_it_is_then(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, read: str, becomes: str | None
) -> None:
    """Its bytes would be known under the name of others, and these never come in."""
    path = settings.inbox / ("talk.jsonl" if read is STRUCTURED else "WhatsApp Chat with Garden Club.txt")
    path.write_text(read)
    hashed = of_exports.read_inbox

    def hashed_before(folder: Path) -> list[inbox.InboxFile]:
        files = hashed(folder)
        path.unlink()
        if becomes is not None:
            path.write_text(read.replace("first", "third") if becomes == "another" else "no chat")
        return files

    with monkeypatch.context() as patch:
        patch.setattr(of_exports, "read_inbox", hashed_before)
        (outcome,) = take_in(settings)
    assert "changed while it was read" in (outcome.problem or "")
    assert texts(settings) == []
    assert query(settings, "SELECT status, detail FROM exports") == [("waiting", None)]

    path.write_text(read)
    assert [outcome.added for outcome in take_in(settings)] == [2]
    assert texts(settings) == ["first", "second"]


def test_equal_messages_within_a_minute_are_all_kept(settings: Settings) -> None:
    load(settings, chat(*TALK))
    assert texts(settings).count("ok") == 2


def test_lines_of_one_message_stay_together(settings: Settings) -> None:
    load(settings, chat(*TALK))
    assert "first line\nsecond line" in texts(settings)


words = st.sampled_from(["ok", "yes", "no", "ok then", "hello"])
talks = st.lists(
    st.tuples(st.integers(0, 3), st.sampled_from(["Ana Lima", "Rui Costa", "Priya Raman"]), words),
    min_size=2,
    max_size=10,
)


@dear(6, 3)
@given(talks, st.data())
def test_overlapping_exports_give_the_same_messages_in_any_order(talk: list[Line], data: st.DataObject) -> None:
    talk.sort(key=lambda said: said[0])
    first, last = sorted(data.draw(st.tuples(st.integers(0, len(talk)), st.integers(0, len(talk)))))
    parts = [chat(*talk[:last]), chat(*talk[first:])]
    found = []
    with new_home() as one, new_home() as other:
        for home, order in ((one, parts), (other, parts[::-1])):
            (home.key_path).write_text(f"author {'a' * 64}\nmessage {'b' * 64}\n")
            home.key_path.chmod(0o600)
            load(home, *(part for part in order if part))
            found.append((ids(home), sorted(texts(home))))
    assert found[0] == found[1]
    boundary_minutes = {talk[place][0] for place in (first, last) if place < len(talk)} | {talk[-1][0]}
    inside = [text for minute, _, text in talk if minute not in boundary_minutes]
    assert not list(itertools.filterfalse(found[0][1].__contains__, inside))


def test_ids_depend_neither_on_the_file_nor_on_how_many_wrote_in_the_first_export(
    settings: Settings, tmp_path: Path
) -> None:
    """The chat's shown name does depend on that: with two people it could be the name of one of them."""
    load(settings, chat(*TALK[:2]), chat(*TALK))
    with new_home() as other:
        other.key_path.write_bytes(settings.key_path.read_bytes())
        other.key_path.chmod(0o600)
        text = other.inbox / "WhatsApp Chat with Garden Club.txt"
        text.write_text(chat(*TALK))
        take_in(other)
        assert ids(other) == ids(settings)
        assert query(other, "SELECT source_id FROM sources") == [("garden-club",)]
    assert "garden" not in str(query(settings, "SELECT source_id, title FROM sources"))


def test_ids_differ_between_homes(settings: Settings) -> None:
    load(settings, chat(*TALK))
    with new_home() as other:
        load(other, chat(*TALK))
        assert not set(ids(settings)) & set(ids(other))


CUT = [
    (chat(*TALK)[:-3], chat(*TALK, (60, "Ana Lima", "later"))),
    (
        chat(*TALK, (10, "Ana Lima", "a long story that was cut off")).removesuffix("that was cut off\n"),
        chat(*TALK, (10, "Ana Lima", "a long story that was cut off")),
    ),
]


@pytest.mark.parametrize(("cut", "whole"), CUT)
@pytest.mark.parametrize("is_cut_first", [True, False])
def test_a_message_cut_at_the_end_of_an_export_gives_way_to_the_whole_one(
    settings: Settings, cut: str, whole: str, is_cut_first: bool
) -> None:
    load(settings, *((cut, whole) if is_cut_first else (whole, cut)))
    with open_warehouse(settings) as connection:
        gate.refresh(connection, settings)
        clean = rows(connection, "SELECT count(*) FROM clean_messages")
    with new_home() as other:
        load(other, whole)
        assert sorted(texts(settings)) == sorted(texts(other))
    assert clean == [(len(texts(settings)),)]


GOING_ON = chat(*TALK, (9, "Priya Raman", "later"))


@pytest.mark.parametrize("seen", ["1", "13/03/2024, 09:09", "13/03/2024, 09:09 - ", "13/03/2024, 09:09 - Priya R"])
@pytest.mark.parametrize("is_cut_first", [True, False])
def test_an_export_cut_in_the_header_of_its_last_message_leaves_nothing_of_that(
    settings: Settings, seen: str, is_cut_first: bool
) -> None:
    cut = GOING_ON[: GOING_ON.index(seen, len(chat(*TALK))) + len(seen)]
    outcomes = load(settings, *((cut, GOING_ON) if is_cut_first else (GOING_ON, cut)))
    assert texts(settings) == [text for _, _, text in TALK] + ["later"]
    with open_warehouse(settings) as connection:
        assert verify.nothing_vanished(connection, settings).passed, outcomes


@pytest.mark.parametrize("is_cut_first", [True, False])
def test_an_export_cut_in_the_middle_of_a_letter_leaves_no_half_message(settings: Settings, is_cut_first: bool) -> None:
    whole = chat(*TALK, (10, "Ana Lima", "olá 👋")).encode()
    for number, text in enumerate((whole[:-3], whole)[:: 1 if is_cut_first else -1]):
        (settings.inbox / f"WhatsApp Chat with Garden Club ({number}).txt").write_bytes(text)
        take_in(settings)
    assert texts(settings) == [text for _, _, text in TALK] + ["olá 👋"]


SHORT, LONGER = (10, "Ana Lima", "oh"), (10, "Ana Lima", "oh well")


@pytest.mark.parametrize(
    "exports",
    [
        ([SHORT], [SHORT, LONGER]),
        ([SHORT, LONGER], [SHORT]),
        ([LONGER, SHORT], [LONGER]),
        ([LONGER], [LONGER, SHORT]),
        ([LONGER, SHORT, (11, "Ana Lima", "so")], [LONGER, SHORT]),
        ([LONGER, SHORT], [LONGER, SHORT, (10, "Rui Costa", "so")]),
    ],
)
def test_a_short_last_message_is_not_taken_for_a_cut_one_when_the_longer_is_another(
    settings: Settings, exports: tuple[list[Line], ...]
) -> None:
    load(settings, *(chat(*TALK, *lines) for lines in exports))
    assert {"oh", "oh well"} <= set(texts(settings))
    assert query(settings, "SELECT * FROM tombstones") == []


UNREADABLE = {
    "no chat.txt": b"nothing but a note",
    "empty.txt": b"",
    "broken.zip": b"PK\x03\x04 and no more",
    "bytes.txt": bytes(range(256)) * 8,
}


def test_files_that_cannot_be_read_are_marked_and_the_others_load(settings: Settings) -> None:
    for name, content in UNREADABLE.items():
        (settings.inbox / name).write_bytes(content)
    put_export(settings, "Garden Club", chat(*TALK))
    outcomes = take_in(settings)
    assert {outcome.file_name for outcome in outcomes if outcome.problem} == set(UNREADABLE)
    assert all(outcome.problem for outcome in outcomes if outcome.file_name in UNREADABLE)
    assert not [outcome for outcome in outcomes if outcome.problem and outcome.file_name in outcome.problem], (
        "named twice"
    )
    assert len(ids(settings)) == 6
    assert query(settings, "SELECT count(*), count(detail) FROM exports WHERE status = 'failed'") == [(4, 4)]
    assert take_in(settings) == []
    with open_warehouse(settings) as connection:
        assert not verify.exports_are_readable(connection, settings).passed
        assert verify.nothing_vanished(connection, settings).passed


def test_a_file_that_leaves_while_the_inbox_is_read_is_left_out(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    put_export(settings, "Garden Club", chat(*TALK))
    present = inbox.inbox_files(settings.inbox)
    monkeypatch.setattr(inbox, "inbox_files", lambda _: [settings.inbox / "gone.zip", *present])
    assert [outcome.problem for outcome in take_in(settings)] == [None]


def test_hidden_and_unfinished_files_are_not_read(settings: Settings) -> None:
    for name in (".hidden.txt", "half.zip.part", "picture.jpg", ".egregora.zip.123.part"):
        (settings.inbox / name).write_text(chat(*TALK))
    assert take_in(settings) == []


AMBIGUOUS = "05/03/2024, 10:00 - Ana Lima: hello\n05/03/2024, 10:01 - Rui Costa: hi\n"


def test_dates_that_nobody_can_tell_wait_until_somebody_does(settings: Settings) -> None:
    put_export(settings, "Garden Club", AMBIGUOUS)
    [outcome] = take_in(settings)
    assert "day_first" in str(outcome.problem)
    assert (ids(settings), take_in(settings)) == ([], [])
    take_in(settings, day_first=True)
    assert query(settings, "SELECT min(local_time) FROM messages") == [(datetime(2024, 3, 5, 10, 0),)]


def test_the_settings_may_tell_the_order_of_dates(settings: Settings) -> None:
    put_export(settings, "Garden Club", AMBIGUOUS)
    told = settings.model_copy(update={"sources": (SourceSettings(title="garden club ", day_first=False),)})
    assert [outcome.problem for outcome in take_in(told)] == [None]
    assert query(settings, "SELECT min(local_time) FROM messages") == [(datetime(2024, 5, 3, 10, 0),)]


PRIVATE_TITLES = ["Ana Lima", "ana lima", "~Ana Lima", "Ana", "Lima family", "+351 912 345 678", "ana@example.org"]


@pytest.mark.parametrize("title", PRIVATE_TITLES)
def test_the_name_of_a_person_never_becomes_the_name_of_a_chat(settings: Settings, title: str) -> None:
    load(settings, chat(*TALK), title=title)
    [(source_id, shown)] = query(settings, "SELECT source_id, title FROM sources")
    assert str(source_id).startswith("chat-")
    assert shown == source_id
    assert query(settings, "SELECT DISTINCT source_id FROM messages") == [(source_id,)]


def test_a_chat_between_two_is_never_called_by_its_title(settings: Settings) -> None:
    """Its title is how this phone calls the other person, under whatever name that person writes."""
    load(settings, chat(*TALK[:2]), title="My dear one")
    assert "dear" not in str(query(settings, "SELECT source_id, title FROM sources"))


def test_somebody_known_from_another_chat_is_not_named_by_a_title(settings: Settings) -> None:
    load(settings, chat(*TALK, (20, "Zebulon Quist", "hello")))
    load(
        settings,
        chat((0, "Ana Lima", "cake?"), (1, "Rui Costa", "cake!"), (2, "Tom Reed", "cake")),
        title="Party for Zebulon",
    )
    assert "zebulon" not in str(query(settings, "SELECT source_id, title FROM sources")).lower()


def test_in_a_chat_between_two_both_are_authors(settings: Settings) -> None:
    load(settings, chat(*TALK[:2]), title="Ana Lima")
    assert query(settings, "SELECT count(*), count(DISTINCT author_id) FROM messages") == [(2, 2)]
    assert query(settings, "SELECT raw_name FROM private.author_names ORDER BY 1") == [("Ana Lima",), ("Rui Costa",)]


def test_the_title_that_heads_notices_is_no_author(settings: Settings) -> None:
    notice = "[13/03/2024, 09:00:00] Garden Club: \u200eMessages and calls are end-to-end encrypted.\n"
    said = "".join(f"[13/03/2024, 09:01:00] {name}: hello\n" for name in ("Ana Lima", "Rui Costa", "Priya Raman"))
    with zipfile.ZipFile(settings.inbox / "WhatsApp Chat - Garden Club.zip", "w") as archive:
        archive.writestr("_chat.txt", notice + said)
    take_in(settings)
    assert query(settings, "SELECT source_id FROM sources") == [("garden-club",)]
    assert "Garden Club" not in str(query(settings, "SELECT raw_name FROM private.author_names"))


ZONES = {
    "Europe/Lisbon": [
        ("30/03/2024, 12:00", datetime(2024, 3, 30, 12, tzinfo=UTC)),
        ("31/03/2024, 12:00", datetime(2024, 3, 31, 11, tzinfo=UTC)),
        ("27/10/2024, 12:00", datetime(2024, 10, 27, 12, tzinfo=UTC)),
    ],
    "America/Sao_Paulo": [("13/03/2024, 12:00", datetime(2024, 3, 13, 15, tzinfo=UTC))],
    "Asia/Kolkata": [("13/03/2024, 12:00", datetime(2024, 3, 13, 6, 30, tzinfo=UTC))],
}


@pytest.mark.parametrize("zone", ZONES)
def test_a_phones_clock_is_turned_into_utc_with_its_zones_summer_time(settings: Settings, zone: str) -> None:
    put_export(settings, "Garden Club", "".join(f"{moment} - Ana Lima: hello\n" for moment, _ in ZONES[zone]))
    take_in(settings.model_copy(update={"sources": (SourceSettings(title="Garden Club", timezone=zone),)}))
    found = query(settings, "SELECT sent_at FROM messages ORDER BY position")
    assert found == [(moment,) for _, moment in ZONES[zone]]


def test_in_an_hour_that_comes_twice_the_order_of_the_file_decides(settings: Settings) -> None:
    clock = ("00:50", "01:20", "01:50", "01:49", "01:10", "01:40", "02:10")
    put_export(settings, "Garden Club", "".join(f"27/10/2024, {shown} - Ana Lima: {shown}\n" for shown in clock))
    lisbon = SourceSettings(title="Garden Club", timezone="Europe/Lisbon")
    take_in(settings.model_copy(update={"sources": (lisbon,)}))
    found = query(settings, "SELECT strftime(sent_at, '%H:%M'), clock_change FROM messages ORDER BY position")
    assert found == [
        ("23:50", None),
        ("00:20", "repeated"),
        ("00:50", "repeated"),
        ("00:49", "repeated"),
        ("01:10", "repeated"),
        ("01:40", "repeated"),
        ("02:10", None),
    ]


def test_a_source_keeps_its_zone_when_the_settings_change(settings: Settings) -> None:
    load(settings, chat(*TALK))
    put_export(settings, "Garden Club", chat(*TALK, (60, "Ana Lima", "more")), " (9)")
    take_in(settings.model_copy(update={"timezone": "Asia/Tokyo"}))
    assert query(settings, "SELECT count(*) FROM messages WHERE epoch_us(sent_at) <> epoch_us(local_time)") == [(0,)]


def test_a_killed_ingest_is_completed_by_the_next(settings: Settings) -> None:
    put_export(settings, "Book Club", chat(*TALK))
    put_export(settings, "Garden Club", chat(*TALK))
    program = """
import os, signal, sys
from egregora_assets.chat import ingest
from egregora_assets.config import Settings
from egregora_assets.warehouse.files import open_warehouse
settings = Settings(home=sys.argv[1], timezone="UTC")
calls = []
real = ingest._note_quarantine
def note(*arguments):
    calls.append(arguments)
    real(*arguments)
    if len(calls) == 2:
        os.kill(os.getpid(), signal.SIGKILL)
ingest._note_quarantine = note
with open_warehouse(settings) as connection:
    ingest.ingest(connection, settings)
"""
    ended = subprocess.run([sys.executable, "-c", program, str(settings.home)], check=False, capture_output=True)
    assert ended.returncode == -signal.SIGKILL, ended.stderr.decode()
    assert query(settings, "SELECT status, count(*) FROM exports GROUP BY ALL ORDER BY ALL") == [
        ("loaded", 1),
        ("waiting", 1),
    ]
    assert len(ids(settings)) == 6
    assert [outcome.added for outcome in take_in(settings)] == [6]
    with new_home() as other:
        other.key_path.write_bytes(settings.key_path.read_bytes())
        other.key_path.chmod(0o600)
        for title in ("Book Club", "Garden Club"):
            put_export(other, title, chat(*TALK))
        take_in(other)
        everything = "SELECT * EXCLUDE (revision) FROM messages ORDER BY ALL"
        assert query(other, everything) == query(settings, everything)


def test_another_key_is_refused(settings: Settings) -> None:
    load(settings, chat(*TALK))
    settings.key_path.unlink()
    put_export(settings, "Garden Club", chat(*TALK, (60, "Ana Lima", "more")), " (9)")
    with pytest.raises(KeyFileError):
        take_in(settings)
    assert len(ids(settings)) == 6


def test_the_checks_see_double_ids_and_messages_that_vanished(settings: Settings) -> None:
    load(settings, chat(*TALK))
    with open_warehouse(settings) as connection:
        assert verify.unique_message_ids(connection, settings).passed
        assert verify.plausible_times(connection, settings).passed
        connection.execute("INSERT INTO messages SELECT * REPLACE (1000 AS revision) FROM messages LIMIT 1")
        connection.execute("INSERT INTO revisions VALUES (1000, 'a fault', now())")
        connection.execute("UPDATE exports SET added = 5")
        connection.execute("UPDATE messages SET sent_at = TIMESTAMPTZ '1970-01-01 00:00:00+00' WHERE revision = 1000")
        assert not verify.unique_message_ids(connection, settings).passed
        assert not verify.nothing_vanished(connection, settings).passed
        assert not verify.plausible_times(connection, settings).passed


PICTURE = b"\xff\xd8\xff" + b"picture" * 9
WITH_PHOTO: tuple[Line, ...] = (*TALK, (7, "Ana Lima", "IMG-20240313-WA0001.jpg (file attached)"))


def linked(connection: duckdb.DuckDBPyConnection) -> list[tuple[object, ...]]:
    return rows(connection, "SELECT kind FROM message_media JOIN messages USING (message_id)")


def test_a_photo_is_linked_to_its_message(settings: Settings) -> None:
    put_export(settings, "Garden Club", chat(*WITH_PHOTO), media={"IMG-20240313-WA0001.jpg": PICTURE})
    with open_warehouse(settings) as connection:
        ingest(connection, settings)
        media.refresh(connection, settings)
        assert linked(connection) == [("media",)]


def test_a_photo_that_only_the_second_export_brings_is_linked_to_the_known_message(settings: Settings) -> None:
    put_export(settings, "Garden Club", chat(*WITH_PHOTO))
    with open_warehouse(settings) as connection:
        ingest(connection, settings)
        media.refresh(connection, settings)
        assert linked(connection) == []
        put_export(settings, "Garden Club", chat(*WITH_PHOTO), " (1)", {"IMG-20240313-WA0001.jpg": PICTURE})
        [outcome] = ingest(connection, settings)
        assert outcome.added == 0
        media.refresh(connection, settings)
        assert linked(connection) == [("media",)]


@pytest.mark.parametrize("content", ["no chat\n", chat(*TALK)])
def test_a_file_whose_name_is_no_utf8_keeps_no_other_from_loading(settings: Settings, content: str) -> None:
    strange = os.fsencode(settings.inbox) + b"/WhatsApp Chat with caf\xe9.txt"
    with open(strange, "w") as file:
        file.write(content)
    put_export(settings, "Garden Club", chat(*TALK))
    assert sum(outcome.problem is None for outcome in take_in(settings)) == 1 + (content != "no chat\n")
    assert ("WhatsApp Chat with caf\ufffd.txt",) in query(settings, "SELECT file_name FROM exports")


def test_exports_too_large_for_memory_give_the_same_rows_and_leave_no_file(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Large and small ones come by turns, one of them cannot be read, and a killed run has left its file."""
    (settings.home / ".reading-killed").mkdir()
    (settings.home / ".reading-killed" / "staged.duckdb").write_bytes(b"left")
    shown = "SELECT local_time, kind, text, position FROM messages ORDER BY ALL"
    with new_home() as of_memory:
        for number in range(4):
            lines = [(minute * 7 + number, name, text) for minute, (_, name, text) in enumerate(TALK * 3)]
            for home in (settings, of_memory):
                put_export(home, f"Chat {number}", chat(*lines))
                (home.inbox / f"broken {number}.txt").write_text(f"no chat at all {number}\n")
                monkeypatch.setattr(of_exports, "_LARGE_BYTES", 0 if home is settings and number % 2 else 1 << 40)
                assert len(take_in(home)) == 2
        assert query(settings, shown) == query(of_memory, shown) != []
    assert list(settings.home.glob(".reading-*")) == []
