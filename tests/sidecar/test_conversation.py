"""What a post shows between the lines: what a message replies to, reactions, days. Nothing of it is of people who opted out."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from egregora_assets.authors import sync
from egregora_assets.authors.withdrawal import withdraw
from egregora_assets.chat.ingest import ingest
from egregora_assets.config import Settings
from egregora_assets.publish.snapshot import publish
from egregora_assets.sidecar import posts, verify, verify_pages
from egregora_assets.warehouse.files import open_warehouse
from tests.chats import post_bytes, with_privacy
from tests.homes import copied_home, make_ready_home
from tests.sidecar.test_posts import HOSTILE, rendered

Said = dict[str, Any]
HAND = {"emoji": "👍", "author": "Zedonia Quarx"}
TADA = {"emoji": "🎉", "author": "Rui Costa"}
DAY = 1440
TALK: tuple[Said, ...] = (
    {"at": 0, "author": "Ana Lima", "text": "the ladders are in the shed", "reactions": [HAND, TADA]},
    {"at": 3 * DAY, "author": "May Reed", "text": "which shed?", "reply_to": "m0"},
    {"at": 3 * DAY + 1, "author": "Rui Costa", "text": "the green one", "reply_to": "m1", "reactions": [HAND]},
)


def take_in(settings: Settings, *talk: Said, name: str = "garden") -> None:
    told = [
        {
            "timestamp": f"2024-05-{13 + one['at'] // DAY}T12:{one['at'] % DAY:02}:00Z",
            "id": f"m{place}",
            "chat": "garden",
        }
        | {"chat_title": "Garden Club", "author_name": one["author"]}
        | {name: value for name, value in one.items() if name != "at"}
        for place, one in enumerate(talk)
    ]
    (settings.inbox / f"{name}.jsonl").write_text("".join(json.dumps(one) + "\n" for one in told))
    with open_warehouse(settings) as connection:
        ingest(connection, settings)
        publish(connection, settings)


def written(settings: Settings) -> dict[str, str]:
    """Return the posts by their day."""
    return {path.name[:10]: path.read_text() for path in sorted(settings.posts.glob("*/*.md"))}


def assert_clean(settings: Settings) -> None:
    with open_warehouse(settings) as connection:
        for check in (verify.no_opted_out_text, verify.no_unscrubbed_pii, verify.no_private_names_published):
            assert check(connection, settings).passed, check.__name__
        assert verify_pages.no_private_names_published(connection, settings).passed
        assert verify.sidecars_match_schema(connection, settings).passed


@pytest.fixture(scope="module")
def home_talked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home in which ``TALK`` is published. Tests have copies of it."""
    settings = Settings(home=tmp_path_factory.mktemp("talked") / "home", timezone="UTC")
    make_ready_home(settings)
    take_in(settings, *TALK)
    return settings.home


@pytest.fixture
def talked(settings: Settings, home_talked: Path) -> Settings:
    return copied_home(home_talked, settings)


def test_a_post_shows_what_a_message_replies_to_and_who_reacted_to_it_by_number(talked: Settings) -> None:
    first, later = written(talked).values()
    assert first.endswith("12:00 A: the ladders are in the shed  \n🎉 1 · 👍 1\n")
    assert later.endswith(
        "## Conversation\n\n> 13 May 2024, 12:00: the ladders are in the shed\n\n12:00 A: which shed?  \n\n"
        "> 12:00 A: which shed?\n\n12:01 B: the green one  \n👍 1\n"
    )
    assert_clean(talked)


def test_somebody_who_opts_out_is_neither_quoted_nor_counted_in_posts_of_others(talked: Settings) -> None:
    out = with_privacy(talked, opt_out=("Ana Lima", "Zedonia Quarx"))
    with open_warehouse(out) as connection:
        sync.refresh(connection, out)
        assert withdraw(connection, out) > 0
        assert b"ladders" not in post_bytes(out), "also before anything is made anew"
        assert "👍" not in post_bytes(out).decode()
        publish(connection, out)
    [left] = written(out).values()
    assert left.endswith(
        "## Conversation\n\n12:00 A: which shed?  \n\n> 12:00 A: which shed?\n\n12:01 B: the green one\n"
    )
    assert_clean(out)
    with open_warehouse(talked) as connection:
        publish(connection, talked)
    assert "the ladders are in the shed" in written(talked)["2024-05-16"]


def test_a_quotation_of_somebody_who_opted_out_that_is_left_behind_is_told(talked: Settings) -> None:
    kept = {path: path.read_bytes() for path in talked.posts.glob("*/2024-05-16*")}
    out = with_privacy(talked, opt_out=("Ana Lima",))
    with open_warehouse(out) as connection:
        posts.refresh(connection, out)
        for path, content in kept.items():
            path.write_bytes(content)
        assert not verify.no_opted_out_text(connection, out).passed


def test_a_later_reaction_is_shown_though_nothing_was_said_beside_it(talked: Settings) -> None:
    before = written(talked)
    first, second, third = TALK
    later: Said = {"at": 9 * DAY, "author": "Tom Reed", "text": "a quiet word"}
    take_in(
        talked, first, {**second, "reactions": [HAND, {"emoji": "👍", "author": "Tom"}]}, third, later, name="later"
    )
    after = written(talked)
    assert "12:00 A: which shed?  \n👍 2  \n" in after["2024-05-16"]
    assert after["2024-05-13"] == before["2024-05-13"]
    with open_warehouse(talked) as connection:
        assert posts.refresh(connection, talked) == posts.SidecarChanges()


def test_what_is_quoted_and_how_people_react_is_shown_and_never_rendered(settings: Settings) -> None:
    emoji = ("👍", "<b>", "*", "_", "`", "#", "> x", "- [ ]", "1.", ":party:", "|", "👩‍🚀", "\u202e")
    talk: list[Said] = []
    for place, hostile in enumerate(HOSTILE.values()):
        reacted = [{"emoji": one, "author": f"u{number}"} for number, one in enumerate(emoji)]
        talk.append({"at": place, "author": "Ana Lima", "text": hostile, "reactions": reacted})
        talk.append({"at": place, "author": "Rui Costa", "text": "yes", "reply_to": f"m{2 * place}"})
    take_in(settings, *talk)
    [post] = written(settings).values()
    html = rendered(post)
    assert set(re.findall(r"<([a-z0-9]+)", html)) <= {"h1", "h2", "p", "br", "ul", "li", "blockquote"}
    assert html.count("<blockquote") == len(HOSTILE)
    assert html.count("<h2") == post.count("\n## ")
    assert re.findall(r"<[^>]*\s(?:href|src)=", html) == []
    assert "\u202e" not in post
    assert_clean(settings)


def test_a_talk_over_midnight_says_where_the_next_day_begins(settings: Settings) -> None:
    lines = [
        {"timestamp": moment, "chat": "garden", "chat_title": "Garden Club", "author": author, "text": text}
        for moment, author, text in (
            ("2024-05-03T23:58:00Z", "Ana Lima", "Decided: we meet at ten"),
            ("2024-05-04T00:01:00Z", "April May", "who brings the barley?"),
            ("2024-05-04T00:02:00Z", "Rui Costa", "hm"),
        )
    ]
    (settings.inbox / "night.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    with open_warehouse(settings) as connection:
        ingest(connection, settings)
        publish(connection, settings)
    [post] = written(settings).values()
    assert "\nGarden Club · Friday, 3 May 2024 to Saturday, 4 May 2024 · 3 messages by 3 people\n" in post
    assert "- Decided: we meet at ten (A, 3 May 2024, 23:58)\n" in post
    assert "- who brings the barley? (B, 4 May 2024, 00:01)\n" in post
    assert post.endswith(
        "### Friday, 3 May 2024\n\n23:58 A: Decided: we meet at ten  \n\n"
        "### Saturday, 4 May 2024\n\n00:01 B: who brings the barley?  \n00:02 C: hm\n"
    )
    assert_clean(settings)


def test_a_name_planted_in_a_quotation_fails_the_check(talked: Settings) -> None:
    path = Path(max(talked.posts.glob("*/*.md")))
    path.write_text(path.read_text().replace("> 12:00 A: which", "> 12:00 A: Zedonia which"))
    with open_warehouse(talked) as connection:
        assert not verify.no_private_names_published(connection, talked).passed
