"""Whoever opts out leaves what is published though a check keeps everything else from being made."""

from __future__ import annotations

from egregora_assets.authors import sync
from egregora_assets.authors.withdrawal import withdraw
from egregora_assets.chat.ingest import ingest
from egregora_assets.config import Settings
from egregora_assets.publish import verify
from egregora_assets.publish.erasure import search_outputs
from egregora_assets.publish.snapshot import publish
from egregora_assets.warehouse.files import open_warehouse
from tests.chats import Line, chat, published_bytes, published_texts, put_export, state_of_home
from tests.publish.test_leaks import failing, take_in

SAID = "quimbaya lanterns drift over the whispering marshland"
LINES: tuple[Line, ...] = (
    *((number, "Ana Lima", f"{SAID} number {number}") for number in range(6)),
    (7, "Rui Costa", "the greenhouse needs blue paint"),
    *((3000 + number, "Rui Costa", f"tulips and barley in bed {number}") for number in range(6)),
    (3010, "Priya Raman", "which bed has the barley?"),
)
OUT: Line = (4000, "Ana Lima", "/egregora opt-out")


def test_an_opt_out_leaves_what_is_published_before_anything_is_made_anew(settings: Settings) -> None:
    take_in(settings, *LINES)
    assert b"quimbaya" in published_bytes(settings)
    put_export(settings, "Garden Club", chat(*LINES, OUT), " (1)")
    with open_warehouse(settings) as connection:
        ingest(connection, settings)
        assert withdraw(connection, settings) == 0, "nobody has opted out yet"
        sync.refresh(connection, settings)
        assert withdraw(connection, settings) > 0
        assert verify.no_opted_out_text(connection, settings).passed
        assert verify.only_allowed_tables(connection, settings).passed
        assert search_outputs(connection, settings).is_clean
    assert b"quimbaya" not in published_bytes(settings)
    assert "which bed has the barley?" in published_texts(settings), "what others said elsewhere stays"
    before = state_of_home(settings)
    with open_warehouse(settings) as connection:
        assert withdraw(connection, settings) == 0
    assert state_of_home(settings) == before
    with open_warehouse(settings) as connection:
        assert publish(connection, settings).rebuilt
    assert "the greenhouse needs blue paint" in published_texts(settings)
    assert failing(settings) == set()
    with open_warehouse(settings) as connection:
        assert withdraw(connection, settings) == 0
        assert verify.only_allowed_files(connection, settings).passed
