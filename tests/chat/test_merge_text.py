"""Merging by pieces of time changes nothing but the memory it takes; what is lost on the way is noticed."""

from __future__ import annotations

from types import ModuleType

import hypothesis.strategies as st
import pytest
from hypothesis import given

from egregora_assets.chat import merge_text, pieces, verify
from egregora_assets.chat.ingest import ingest
from egregora_assets.config import Settings
from egregora_assets.warehouse.files import open_warehouse
from egregora_assets.warehouse.query import rows
from tests.chats import Line, chat, new_home, put_export
from tests.properties import dear

TALK: tuple[Line, ...] = (
    (0, "Ana Lima", "hello"),
    (1, "Rui Costa", "hello Ana"),
    (3, "Priya Raman", "good morning"),
    (3, "Priya Raman", "good morning"),
    (8, "Ana Lima", "at noon then"),
)

SAID = st.lists(
    st.tuples(
        st.integers(0, 12),
        st.sampled_from(["Ana Lima", "Rui Costa"]),
        st.sampled_from(["ok", "ok", "yes", "yes <This message was edited>", "This message was deleted"]),
    ),
    min_size=1,
    max_size=24,
)


def take_in(settings: Settings, *talk: Line, suffix: str = "") -> None:
    put_export(settings, "Garden Club", chat(*talk), suffix)
    with open_warehouse(settings) as connection:
        ingest(connection, settings)


def state(settings: Settings) -> list[list[tuple[object, ...]]]:
    with open_warehouse(settings) as connection:
        return [
            rows(connection, "SELECT local_time, kind, text, is_edited, position FROM messages ORDER BY ALL"),
            rows(connection, "SELECT kind, text FROM private.message_versions ORDER BY ALL"),
            rows(connection, "SELECT messages, added, known, updated, removed FROM exports ORDER BY file_name"),
        ]


@given(SAID, SAID)
@dear(12, 4)
def test_pieces_of_any_size_give_what_one_piece_gives_also_where_the_clock_goes_back(
    first: list[Line], second: list[Line]
) -> None:
    found = []
    for size in (250_000, 2):
        with pytest.MonkeyPatch.context() as patch, new_home() as settings:
            patch.setattr(pieces, "_PIECE_MESSAGES", size)
            take_in(settings, *first)
            take_in(settings, *second, suffix=" (2)")
            found.append(state(settings))
    assert found[0] == found[1]


@pytest.mark.parametrize(
    ("module", "statement", "whole", "lossy"),
    [
        (merge_text, "_UNLESS_KNOWN", "WHERE NOT", "WHERE position <> 5 AND NOT"),
        (pieces, "_IDS", "WHERE local_time >= $since", "{} AND position <> 2"),
        (merge_text, "_KNOWN", "FROM identified s WHERE", "{} position <> 0 AND"),
    ],
)
def test_a_message_that_is_lost_on_the_way_is_noticed(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, module: ModuleType, statement: str, whole: str, lossy: str
) -> None:
    take_in(settings, *TALK)
    sql = getattr(module, statement)
    assert whole in sql
    monkeypatch.setattr(module, statement, sql.replace(whole, lossy.format(whole)))
    take_in(settings, *TALK, (9, "Rui Costa", "fine"), suffix=" (2)")
    with open_warehouse(settings) as connection:
        assert not verify.nothing_vanished(connection, settings).passed


@pytest.mark.parametrize("day_first", [True, False])
def test_messages_with_an_impossible_date_have_not_vanished(settings: Settings, day_first: bool) -> None:
    """Also where so many are lost that the other order of day and month is proposed."""
    dates = ["13/01/2024", "02/14/2024", "03/15/2024", "04/16/2024"]
    text = "".join(f"{date}, 10:0{place} - Ana Lima: message {place}\n" for place, date in enumerate(dates))
    put_export(settings, "Garden Club", text)
    with open_warehouse(settings) as connection:
        (outcome,) = ingest(connection, settings, day_first=day_first)
        verdict = verify.nothing_vanished(connection, settings)
    assert (outcome.added, outcome.quarantined) == ((1, 3) if day_first else (3, 1))
    assert verdict.passed, verdict.description


@pytest.mark.parametrize(
    "headers",
    [
        ("[13/03/2024, 9:15:00 AM]", "[13/03/2024, 9:16:00 qqq]", "[13/03/2024, 9:17:00 PM]"),
        ("[12/6/1445, 9:15:00]", "[13/6/1445, 9:15:01]", "[14/6/1445, 9:16:00]"),
    ],
)
def test_messages_whose_time_cannot_be_told_have_not_vanished(settings: Settings, headers: tuple[str, ...]) -> None:
    put_export(settings, "Garden Club", "".join(f"{header} Ana Lima: hello\n" for header in headers))
    with open_warehouse(settings) as connection:
        (outcome,) = ingest(connection, settings, day_first=True)
        verdict = verify.nothing_vanished(connection, settings)
    assert outcome.quarantined
    assert outcome.added + outcome.quarantined == outcome.messages == len(headers)
    assert verdict.passed, verdict.description
