"""Signs that nobody sees are in no post and on no page, whatever a chat brings."""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Iterator

import duckdb
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from egregora_assets.chat.ingest import ingest
from egregora_assets.config import Settings, SourceSettings
from egregora_assets.sidecar import pages, verify_pages
from egregora_assets.sidecar.unseen import as_said, visible
from egregora_assets.warehouse.files import open_warehouse
from egregora_assets.warehouse.query import scalar
from tests.chats import page_bytes

BIDI = "\u061c\u200e\u200f" + "".join(map(chr, (*range(0x202A, 0x202F), *range(0x2066, 0x206A))))
BREAKS = "\x0b\x0c\x85\u2028\u2029"
HIDDEN = "\0\x01\x7f\x9b\u00ad\u034f\u115f\u180e\u200b\u2060\u2063\u3164\ufeff\ufff9\U0001d173\U000e0041"
JOINED = "A\u200cB\u200dC\u200d"


def test_no_sign_that_nobody_sees_is_in_a_post_or_on_a_page(settings: Settings) -> None:
    source = SourceSettings.model_validate({"title": "Garden Club", "privacy": "keep"})
    kept = settings.model_copy(update={"sources": (source,)})
    unseen = BIDI + BREAKS + HIDDEN + JOINED
    said = [
        "Decided: the shed{} gets paint",
        "I'll paint{} the shed by Friday",
        "which paint{} is it?",
        "the{} blue one",
    ]
    lines = [
        {"timestamp": 1710320400 + place, "author": f"u{place % 3}", "chat": "g", "chat_title": "Garden Club"}
        | {"text": text.replace("{}", unseen)}
        for place, text in enumerate(said)
    ]
    (kept.inbox / "garden.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    with open_warehouse(kept) as connection:
        ingest(connection, kept)
        pages.refresh(connection, kept)
        assert verify_pages.pages_match_tables(connection, kept).passed
    posts = "".join(path.read_text() for path in kept.posts.glob("*/*.md"))
    for shown in (posts, page_bytes(kept).decode()):
        assert "gets paint" in shown
        assert "\n- # " not in shown, "nothing that shows nothing hides the beginning of a heading"
        assert not set(shown) & set(BIDI + BREAKS + HIDDEN + "\u200c\u200d")


@pytest.fixture(scope="module")
def connection() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as opened:
        yield opened


@given(text=st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0")))
@example(text="a\r\nb\tc\x0bd")
@example(text="👩‍🚀 می‌خواهم \u200d a\u200d\u200cb")
@example(text=BIDI + BREAKS + HIDDEN[1:] + JOINED)
def test_what_is_seen_stays_as_it_is_and_checks_know_breaks_again(
    connection: duckdb.DuckDBPyConnection, text: str
) -> None:
    shown = visible(text)
    back = scalar(connection, f"SELECT {as_said('$text')}", {"text": shown})
    assert not [sign for sign in shown if unicodedata.category(sign) in ("Cc", "Zl", "Zp") and sign != "\n"]
    assert visible(shown) == shown
    assert back.count("\t") >= text.count("\t")


def test_emoji_and_scripts_that_need_joiners_keep_them() -> None:
    for text in ("👩‍🚀", "👨‍👩‍👧 and 🏳️‍🌈", "می‌خواهم", "क्‍ष", "3️⃣ ©️"):
        assert visible(text) == text
    assert visible(JOINED) == "ABC"
