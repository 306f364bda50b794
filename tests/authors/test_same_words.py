"""What an opted-out person said is hidden under whatever name an export gives it to; and nobody else goes with them."""

from __future__ import annotations

import pytest

from egregora_assets.authors import gate, sync
from egregora_assets.chat.ingest import ingest
from egregora_assets.config import Settings
from egregora_assets.publish import verify
from egregora_assets.publish.erasure import search_outputs
from egregora_assets.publish.snapshot import publish
from egregora_assets.warehouse.files import open_warehouse
from egregora_assets.warehouse.query import changed, rows
from tests.chats import Line, chat, post_bytes, published_bytes, put_export, state_of_home, with_privacy
from tests.publish.test_leaks import failing

NUMBER = "+351 912 555 671"
SAID = "my heron sighting yesterday was splendid"
MORE = "and a second longer remark about cranes"
LATER = "later words by the pelican society"
BEFORE: tuple[Line, ...] = (
    (0, "Rui Costa", "good morning everybody in here"),
    (1, NUMBER, SAID),
    (3, "Bo Quist", "third one writes too"),
    (9, NUMBER, MORE),
)


def saved_as(name: str, *lines: Line) -> tuple[Line, ...]:
    return tuple((minute, name if author == NUMBER else author, text) for minute, author, text in lines)


def take_in(settings: Settings, *exports: tuple[Line, ...]) -> None:
    for lines in exports:
        put_export(settings, "Garden Club", chat(*lines), f" ({len(list(settings.inbox.iterdir()))})")
        with open_warehouse(settings) as connection:
            ingest(connection, settings)
            gate.refresh(connection, settings)
    with open_warehouse(settings) as connection:
        publish(connection, settings)


def shown(settings: Settings) -> bytes:
    return published_bytes(settings) + post_bytes(settings)


def hidden(settings: Settings) -> set[str]:
    sql = "SELECT raw_name FROM private.author_names SEMI JOIN (FROM authors WHERE opted_out) USING (author_id)"
    with open_warehouse(settings) as connection:
        return {name for (name,) in rows(connection, sql)}


@pytest.mark.parametrize("is_listed_first", [True, False], ids=["before", "after"])
def test_a_contact_saved_later_brings_nothing_back_of_a_number_that_opted_out(
    settings: Settings, is_listed_first: bool
) -> None:
    out = with_privacy(settings, opt_out=(NUMBER,))
    named = (*saved_as("Ana Lima", *BEFORE), (20, "Ana Lima", LATER))
    if is_listed_first:
        take_in(out, BEFORE, named)
    else:
        take_in(settings, BEFORE, named)
        assert LATER.encode() in shown(settings)
        take_in(out)
    for words in (SAID, MORE, LATER):
        assert words.encode() not in shown(out), words
    assert b"third one writes too" in shown(out)
    assert hidden(out) == {NUMBER, "Ana Lima"}
    assert failing(out) == set()
    before = state_of_home(out)
    with open_warehouse(out) as connection:
        sync.refresh(connection, out)
        publish(connection, out)
    assert state_of_home(out) == before


def test_an_opt_in_brings_back_what_stood_under_both_names(settings: Settings) -> None:
    take_in(with_privacy(settings, opt_out=(NUMBER,)), BEFORE, saved_as("Ana Lima", *BEFORE))
    assert SAID.encode() not in shown(settings)
    take_in(settings)
    assert SAID.encode() in shown(settings)
    assert hidden(settings) == set()


def test_a_word_that_many_say_hides_the_row_and_nobody(settings: Settings) -> None:
    """One short text under a name that no export has beside the other may be anybody's: the row goes, the person stays."""
    out = with_privacy(settings, opt_out=(NUMBER,))
    first = ((0, "Rui Costa", "good morning everybody"), (5, NUMBER, "ok 👍"), (9, "Rui Costa", "fine then"))
    second = ((0, "Rui Costa", "good morning everybody"), (5, "Bo Quist", "ok 👍"), (6, "Bo Quist", LATER))
    take_in(out, first, (*second, (9, "Rui Costa", "fine then")))
    assert hidden(out) == {NUMBER}
    assert LATER.encode() in shown(out)
    assert "ok 👍".encode() not in shown(out)


def test_who_says_the_same_in_one_export_is_another_person(settings: Settings) -> None:
    out = with_privacy(settings, opt_out=(NUMBER,))
    greeting = "Happy birthday to you, dear Priya!"
    lines = ((4, "Bo Quist", greeting), (4, NUMBER, greeting), (5, "Bo Quist", LATER), (5, NUMBER, MORE))
    take_in(out, (*BEFORE, *lines), (*BEFORE, *lines, (30, "Rui Costa", "good night")))
    assert hidden(out) == {NUMBER}
    assert greeting.encode() not in shown(out)
    assert LATER.encode() in shown(out)


def test_one_greeting_in_two_groups_with_one_title_opts_nobody_else_out(settings: Settings) -> None:
    greeting = "Happy New Year everyone!"
    out = with_privacy(settings, opt_out=("Ana Lima",))
    first = ((0, "Rui Costa", "a first line"), (5, "Ana Lima", greeting), (9, "Rui Costa", "a last line"))
    other = ((1, "Otto Weiss", "eine Zeile"), (5, "Zoe Blum", greeting), (8, "Otto Weiss", "noch eine"))
    take_in(out, first, (*other, (12, "Zoe Blum", LATER)))
    assert hidden(out) == {"Ana Lima"}
    assert LATER.encode() in shown(out)


def test_a_message_that_mentions_somebody_is_known_under_whatever_name_each_phone_has_for_them(
    settings: Settings,
) -> None:
    out = with_privacy(settings, opt_out=(NUMBER,))
    said = "@\u2068{}\u2069 shall we look for the herons again"
    first = (*BEFORE[:1], (1, NUMBER, said.format("Bo Quist")), *BEFORE[2:3])
    second = (*BEFORE[:1], (1, "Ana Lima", said.format("Uncle Bo")), (3, "Uncle Bo", "third one writes too"))
    take_in(out, first, second)
    assert b"look for the herons" not in shown(out)


def test_a_photo_without_words_goes_with_the_name_that_no_export_has_beside_the_other(settings: Settings) -> None:
    out = with_privacy(settings, opt_out=(NUMBER,))
    photo = (*BEFORE[:1], (1, NUMBER, "<Media omitted>"), (1, "Bo Quist", "<Media omitted>"), *BEFORE[2:])
    take_in(out, photo, saved_as("Ana Lima", *photo))
    with open_warehouse(out) as connection:
        media = rows(connection, "SELECT count(*) FROM clean_messages WHERE kind = 'media'")
    assert media == [(1,)], "that of Bo, who stands beside both"


def test_the_report_counts_no_words_of_theirs_as_said_by_others(settings: Settings) -> None:
    """Found in review: their message stood in the snapshot under another name, and the report said that nothing was left."""
    out = with_privacy(settings, opt_out=(NUMBER,))
    take_in(out, BEFORE, saved_as("Ana Lima", *BEFORE))
    with open_warehouse(out) as connection:
        assert search_outputs(connection, out).is_clean
        back = "SELECT message_id, source_id, local_time::DATE, local_time, sent_at, author_id, kind, text, false, position, 1"
        columns = "message_id, source_id, local_date, local_time, sent_at, author_id, kind, text, is_edited, position, revision"
        changed(
            connection,
            "UPDATE authors SET opted_out = false WHERE author_id IN "
            "(SELECT author_id FROM private.author_names WHERE raw_name = 'Ana Lima')",
        )
        changed(connection, "DELETE FROM private.other_authors")
        changed(
            connection,
            f"INSERT INTO clean_messages ({columns}) {back} FROM messages WHERE author_id IN "
            "(SELECT author_id FROM private.author_names WHERE raw_name = 'Ana Lima')",
        )
        (out.published / "left.txt").write_text(SAID)
        report = search_outputs(connection, out)
        assert (report.is_clean, report.unsearchable) == (False, 0)
        assert not verify.erasure_is_complete(connection, out).passed


def test_a_search_for_nothing_does_not_say_that_nothing_is_left(settings: Settings) -> None:
    out = with_privacy(settings, opt_out=(NUMBER,))
    take_in(out, ((0, "Rui Costa", "good morning everybody"), (1, NUMBER, "ok"), (2, NUMBER, "yes 👍")))
    with open_warehouse(out) as connection:
        report = search_outputs(connection, out)
    assert (report.is_clean, report.messages, report.unsearchable) == (True, 2, 2)
    assert "Nothing is left" not in report.in_words
    assert "2 of 2 messages" in report.in_words
