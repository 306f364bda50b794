"""Activity and names over time are what a count from nothing would give, whatever came in which order, and hide who opted out."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

import duckdb
from hypothesis import given
from hypothesis import strategies as st

from egregora_assets.authors import sync
from egregora_assets.chat.ingest import ingest
from egregora_assets.config import Settings
from egregora_assets.publish.snapshot import publish
from egregora_assets.warehouse.connection import open_snapshot
from egregora_assets.warehouse.files import open_warehouse
from egregora_assets.warehouse.query import rows
from tests.chats import BEGINNING, Line, chat, new_home, put_export, with_privacy
from tests.properties import dear

COUNTED = """
    SELECT author_id, isodow(local_time) - 1, hour(local_time), count(*) FROM messages WHERE author_id IS NOT NULL GROUP BY ALL
"""
TALK: tuple[Line, ...] = (
    (0, "Rui Costa", "morning all"),
    (1, "Priya Raman", "hello"),
    (62, "Rui Costa", "an hour later"),
    (24 * 60, "Rui Costa", "a day later"),
)


def synced(settings: Settings, text: str, suffix: str = "") -> None:
    put_export(settings, "Garden Club", text, suffix)
    with open_warehouse(settings) as connection:
        ingest(connection, settings)
        sync.refresh(connection, settings)


def activity_of(connection: duckdb.DuckDBPyConnection, name: str) -> list[tuple[Any, ...]]:
    return rows(
        connection,
        "SELECT weekday, hour, sum(messages)::INTEGER FROM author_activity JOIN private.author_names USING (author_id) "
        "WHERE raw_name = ? GROUP BY ALL ORDER BY ALL",
        [name],
    )


def test_activity_counts_weekdays_from_monday_and_hours_of_the_chats_clock(settings: Settings) -> None:
    synced(settings, chat(*TALK))
    assert BEGINNING.weekday() == 2
    with open_warehouse(settings) as connection:
        assert activity_of(connection, "Rui Costa") == [(2, 9, 1), (2, 10, 1), (3, 9, 1)]


def test_the_hour_is_that_of_the_chats_zone_not_of_utc(settings: Settings) -> None:
    lisbon = settings.model_copy(update={"timezone": "Asia/Tokyo"})
    synced(lisbon, chat(*TALK))
    with open_warehouse(lisbon) as connection:
        assert activity_of(connection, "Priya Raman") == [(2, 9, 1)]
        assert rows(connection, "SELECT DISTINCT hour(sent_at) FROM messages WHERE text = 'hello'") == [(0,)]


def test_activity_is_published_for_those_who_did_not_opt_out_only(settings: Settings) -> None:
    synced(settings, chat(*TALK))
    with open_warehouse(settings) as connection:
        publish(connection, settings)
        assert published(settings) == {("Rui Costa", 3), ("Priya Raman", 1)}
        publish(connection, with_privacy(settings, opt_out=("Rui Costa",)))
        assert published(settings) == {("Priya Raman", 1)}
        publish(connection, settings)
        assert published(settings) == {("Rui Costa", 3), ("Priya Raman", 1)}


def published(settings: Settings) -> set[tuple[str, int]]:
    """Return (name, messages) of those whose activity the snapshot shows."""
    with open_snapshot(settings) as snapshot:
        shown = dict(
            rows(snapshot, "SELECT author_id::VARCHAR, sum(messages)::BIGINT FROM author_activity GROUP BY ALL")
        )
    with open_warehouse(settings) as connection:
        names = dict(rows(connection, "SELECT author_id::VARCHAR, raw_name FROM private.author_names"))
    return {(names[author], messages) for author, messages in shown.items()}


WORDS = st.sampled_from(["hello", "Where do we meet?", "This message was deleted", "<Media omitted>", "yes"])
LINES = st.lists(st.tuples(st.integers(0, 300), st.sampled_from(["Ana", "Bo", "~ Cy"]), WORDS), min_size=1, max_size=8)


@dear(6, 3)
@given(st.lists(st.tuples(LINES, st.integers(0, 12)), min_size=1, max_size=3))
def test_the_sum_of_activity_is_the_count_of_messages_after_every_export(exports: list[tuple[list[Line], int]]) -> None:
    """Exports overlap, are cut in the middle of a text, and show what was deleted since."""
    with new_home() as settings:
        for number, (lines, cut) in enumerate(exports):
            text = chat(*sorted(lines, key=lambda line: line[0]))
            put_export(settings, "Garden Club", text[: len(text) - cut] + "\n", f" ({number})")
            with open_warehouse(settings) as connection:
                ingest(connection, settings)
                sync.refresh(connection, settings)
                assert_counted(connection)


def assert_counted(connection: duckdb.DuckDBPyConnection) -> None:
    summed = "SELECT author_id, weekday, hour, sum(messages)::BIGINT FROM author_activity GROUP BY ALL"
    assert set(rows(connection, summed)) == set(rows(connection, COUNTED))
    assert not rows(
        connection,
        "SELECT author_id FROM authors LEFT JOIN (SELECT author_id, sum(messages) AS messages FROM author_activity GROUP BY ALL) "
        "USING (author_id) WHERE message_count <> coalesce(messages, 0)",
    )
    spans = rows(connection, "SELECT author_id, raw_name, first_seen, last_seen FROM private.author_name_spans")
    assert len({row[:2] for row in spans}) == len(spans)
    assert not rows(
        connection,
        "SELECT 1 FROM private.author_name_spans s JOIN authors a USING (author_id) "
        "WHERE message_count > 0 AND (s.first_seen < a.first_seen OR s.last_seen > a.last_seen OR s.first_seen > s.last_seen)",
    )


def test_what_is_taken_away_is_counted_no_more(settings: Settings) -> None:
    synced(settings, chat(*TALK))
    with open_warehouse(settings) as connection:
        connection.execute("BEGIN")
        connection.execute("INSERT INTO revisions VALUES (1000, 'a test', now())")
        connection.execute(
            "INSERT INTO tombstones SELECT 'messages', message_id, 1000 FROM messages WHERE text <> 'a day later'"
        )
        connection.execute("DELETE FROM messages WHERE text <> 'a day later'")
        connection.execute("COMMIT")
        sync.refresh(connection, settings)
        assert_counted(connection)
        assert rows(connection, "SELECT message_count FROM authors ORDER BY ALL") == [(0,), (1,)]


def telegram(settings: Settings, name: str, *ids: int) -> None:
    """Take in an export in which the account ``user7`` goes by ``name`` and has written messages with these ids."""
    messages = [
        {
            "id": number, "type": "message", "date": f"{datetime(2024, 3, 13 + number):%Y-%m-%dT%H:%M:%S}",
            "date_unixtime": str(int(datetime(2024, 3, 13 + number).timestamp())), "from": name, "from_id": "user7",
            "text": f"words {number}", "text_entities": [{"type": "plain", "text": f"words {number}"}],
        }
        for number in ids
    ]  # fmt: skip
    export = {"name": "Tools", "type": "private_group", "id": 9, "messages": messages}
    (settings.inbox / f"result {len(ids)}.json").write_text(json.dumps(export))
    with open_warehouse(settings) as connection:
        ingest(connection, settings)
        sync.refresh(connection, settings)


def test_an_account_that_changes_its_name_has_both_over_time(settings: Settings) -> None:
    telegram(settings, "Ana Lima", 1, 2)
    telegram(settings, "Ana of the Garden", 1, 2, 3, 4)
    with open_warehouse(settings) as connection:
        found = rows(
            connection,
            "SELECT raw_name, day(first_seen), day(last_seen), count(*) OVER (PARTITION BY author_id) "
            "FROM private.author_name_spans ORDER BY first_seen",
        )
    assert found == [("Ana Lima", 14, 15, 2), ("Ana of the Garden", 16, 17, 2)]


def test_a_warehouse_from_before_has_its_activity_counted(settings: Settings) -> None:
    """The migration counts what ``authors`` had counted before, so that what comes later is added to it."""
    from egregora_assets.warehouse.migrate import migrations

    synced(settings, chat(*TALK))
    (migration,) = [one for one in migrations() if one.name == "0010_author_activity"]
    with open_warehouse(settings) as connection:
        for created in ("author_activity", "private.author_name_uses", "private.author_name_spans", "private.member_notices",
                        "private.author_events", "private.notice_names"):  # fmt: skip
            connection.execute(f"DROP TABLE {created}")
        connection.execute(migration.sql)
        assert_counted(connection)
        assert len(rows(connection, "FROM private.author_name_spans")) == 2
    synced(settings, chat(*TALK, (3000, "Rui Costa", "two days later")), " (1)")
    with open_warehouse(settings) as connection:
        assert_counted(connection)
