"""Whoever opts out leaves what is published though a check keeps everything else from being made."""

from __future__ import annotations

import json
import shutil

from egregora_assets.authors import sync
from egregora_assets.authors.withdrawal import withdraw
from egregora_assets.chat.ingest import ingest
from egregora_assets.config import Settings
from egregora_assets.publish import verify
from egregora_assets.publish.erasure import search_outputs
from egregora_assets.publish.snapshot import publish
from egregora_assets.warehouse.connection import open_snapshot
from egregora_assets.warehouse.files import open_warehouse
from egregora_assets.warehouse.query import rows
from tests.chats import Line, chat, published_bytes, published_texts, put_export, state_of_home, with_privacy
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


def test_a_copy_that_was_cut_short_goes_with_the_words_that_it_holds(settings: Settings) -> None:
    """Found in review: a process killed while it copied left the words in a file that only the next publication removed."""
    take_in(settings, *LINES)
    partial = settings.snapshot_path.with_name(f".{settings.snapshot_path.name}.part")
    shutil.copyfile(settings.snapshot_path, partial)
    put_export(settings, "Garden Club", chat(*LINES, OUT), " (1)")
    with open_warehouse(settings) as connection:
        ingest(connection, settings)
        sync.refresh(connection, settings)
        withdraw(connection, settings)
        assert not partial.exists()
        shutil.copyfile(settings.snapshot_path, partial)
        withdraw(connection, settings)
        assert not partial.exists(), "also where nobody is to be withdrawn"


REACTING = [
    {"timestamp": f"2024-03-13T12:{number:02}:00Z", "id": f"m{number}", "chat": "garden", "chat_title": "Garden Club"}
    | {"author": author, "author_name": author, "text": f"tulips in bed {number}"}
    | {
        "reactions": [
            {"emoji": "🌷", "author": "z", "author_name": "Zedonia Quarx"},
            {"emoji": "🌷", "author": "Rui Costa"},
        ]
    }
    for number, author in enumerate(["Ana Lima", "Rui Costa", "Priya Raman"])
]


def tulips(settings: Settings) -> list[int]:
    with open_snapshot(settings) as snapshot:
        return [people for (people,) in rows(snapshot, "SELECT people FROM reactions")]


def test_who_only_reacts_can_opt_out_and_is_not_counted(settings: Settings) -> None:
    """Found in review: who has written nothing was no author, and an opt-out changed nothing, without a word about it."""
    (settings.inbox / "garden.jsonl").write_text("".join(json.dumps(one) + "\n" for one in REACTING))
    with open_warehouse(settings) as connection:
        ingest(connection, settings)
        publish(connection, settings)
        assert tulips(settings) == [2, 2, 2]
        out = with_privacy(settings, opt_out=("Zedonia Quarx",))
        changes = sync.refresh(connection, out)
        assert (changes.opted_out, changes.unmatched) == (1, ())
        assert withdraw(connection, out) > 0
        assert 2 not in tulips(out)
        assert publish(connection, out).rebuilt
        assert tulips(out) == [1, 1, 1]
        assert verify.no_opted_out_text(connection, out).passed
        publish(connection, settings)
        assert tulips(settings) == [2, 2, 2]
