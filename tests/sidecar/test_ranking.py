"""Conversations are ranked by what people did in them; whoever opted out counts for nothing."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from egregora_assets.authors import sync
from egregora_assets.authors.withdrawal import withdraw
from egregora_assets.chat.ingest import ingest
from egregora_assets.config import Settings
from egregora_assets.publish.snapshot import publish
from egregora_assets.sidecar import ranking, verify_pages
from egregora_assets.warehouse.connection import open_snapshot
from egregora_assets.warehouse.files import open_warehouse
from egregora_assets.warehouse.query import rows
from tests.chats import with_privacy
from tests.homes import copied_home, make_ready_home

HAND = {"emoji": "👍", "author": "z", "author_name": "Zedonia Quarx"}
TADA = {"emoji": "🎉", "author": "Rui Costa"}
TALK = [
    {"author": "Ana Lima", "text": "Decided: the workshop begins at ten", "reactions": [HAND, TADA]},
    {"author": "Rui Costa", "text": "that suits me", "reply_to": "m0"},
    {"author": "Priya Raman", "text": "and me", "reply_to": "m0", "reactions": [HAND, TADA]},
]
LATER = [{"author": "Tom Reed", "text": "a quiet word"}]


def exported(*days: list[dict[str, object]]) -> str:
    told = [
        {"timestamp": f"2024-03-{13 + day}T12:{minute:02}:00Z", "id": f"m{10 * day + minute}", "chat": "garden"}
        | {"chat_title": "Garden Club", "author_name": said["author"]}
        | said
        for day, lines in enumerate(days)
        for minute, said in enumerate(lines)
    ]
    return "".join(json.dumps(one) + "\n" for one in told)


def take_in(settings: Settings, *days: list[dict[str, object]], name: str = "garden") -> None:
    (settings.inbox / f"{name}.jsonl").write_text(exported(*days))
    with open_warehouse(settings) as connection:
        ingest(connection, settings)
        publish(connection, settings)


@pytest.fixture(scope="module")
def home_ranked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home in which ``TALK`` is published. Tests have copies of it."""
    settings = Settings(home=tmp_path_factory.mktemp("ranked") / "home", timezone="UTC")
    make_ready_home(settings)
    take_in(settings, TALK, LATER)
    return settings.home


@pytest.fixture
def ranked(settings: Settings, home_ranked: Path) -> Settings:
    return copied_home(home_ranked, settings)


def listed(settings: Settings) -> list[tuple[int, int, str]]:
    with open_snapshot(settings) as snapshot:
        return rows(snapshot, "SELECT rank, score, explanation FROM conversations()")


def test_each_rank_is_explained_and_adds_up(ranked: Settings) -> None:
    assert listed(ranked) == [
        (1, 4 + 2 + 2 * 3 + 5, "4 reactions, 2 replies, 3 people, 1 decision"),
        (2, 2, "1 person"),
    ]
    with open_warehouse(ranked) as connection:
        assert verify_pages.ranking_adds_up(connection, ranked).passed
        assert ranking.refresh(connection, ranked) == ranking.RankingChanges()
        connection.execute("UPDATE conversation_ranking SET score = 99")
        assert not verify_pages.ranking_adds_up(connection, ranked).passed
        ranking.refresh(connection, ranked, full=True)
        assert verify_pages.ranking_adds_up(connection, ranked).passed


def test_a_reaction_of_somebody_who_opted_out_counts_for_nothing(ranked: Settings) -> None:
    out = with_privacy(ranked, opt_out=("Zedonia Quarx",))
    with open_warehouse(out) as connection:
        sync.refresh(connection, out)
        assert withdraw(connection, out) > 0
    assert listed(out) == [(1, 2, "1 person")], "until it is counted again nothing tells of it"
    with open_warehouse(out) as connection:
        publish(connection, out)
    assert listed(out)[0] == (1, 15, "2 reactions, 2 replies, 3 people, 1 decision")
    assert "2 reactions, 2 replies" in (out.published / "conversations.md").read_text()


def test_a_later_reaction_is_counted_though_nothing_was_said_beside_it(ranked: Settings) -> None:
    take_in(ranked, TALK, [{**LATER[0], "reactions": [HAND]}], LATER, name="later")
    assert listed(ranked)[1] == (2, 3, "1 reaction, 1 person")


def test_a_conversation_that_has_gone_is_ranked_no_more(ranked: Settings) -> None:
    out = with_privacy(ranked, opt_out=("Tom Reed",))
    with open_warehouse(out) as connection:
        publish(connection, out)
        assert verify_pages.ranking_adds_up(connection, out).passed
    assert [rank for rank, *_ in listed(out)] == [1]
