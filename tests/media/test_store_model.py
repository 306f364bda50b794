"""Whatever is added, damaged, named, looked at and collected, in whatever order: the store is what a few lines say it is."""

from __future__ import annotations

import hashlib
import io
import tempfile
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest
from hypothesis import given
from hypothesis import settings as examples
from hypothesis import strategies as st

from egregora_assets.config import Settings
from egregora_assets.media.garbage import collect
from egregora_assets.media.store import MediaStore
from egregora_assets.media.upkeep import verify
from egregora_assets.warehouse.migrate import migrate
from egregora_assets.warehouse.query import changed

CONTENTS = [b"content %d" % number * 20 for number in range(3)]
NAMES = [hashlib.sha256(content).hexdigest() for content in CONTENTS]
ACTIONS = ("add", "cut", "flip", "lose", "name", "unname", "verify", "collect")


@pytest.fixture(scope="module")
def connection() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as opened:
        migrate(opened)
        yield opened


class Model:
    """What should be true: the state of each object on the disk and in the trash, which are named, which are noted."""

    def __init__(self) -> None:
        self.stored: dict[int, str] = {}
        self.trash: dict[int, str] = {}
        self.named: set[int] = set()
        self.noted: set[int] = set()
        self.bad = 0

    def add(self, number: int) -> None:
        if self.stored.get(number) != "flipped":
            self.stored[number] = "whole"
        self.noted.discard(number)

    def damage(self, number: int, state: str) -> None:
        if number in self.stored:
            self.stored[number] = state
            self.noted.discard(number)

    def verify(self) -> None:
        for number in [number for number in self.named & self.stored.keys() if self.stored[number] != "whole"]:
            del self.stored[number]
            self.bad += 1

    def collect(self) -> None:
        for number in self.named & self.trash.keys() - self.stored.keys():
            self.stored[number] = self.trash.pop(number)
        nameless = self.stored.keys() - self.named
        for number in nameless & self.noted:
            self.trash[number] = self.stored.pop(number)
        self.noted = nameless - self.noted


def act(connection: duckdb.DuckDBPyConnection, settings: Settings, model: Model, action: str, number: int) -> None:
    store = MediaStore(settings.media_store)
    path, content = store.path_of(NAMES[number]), CONTENTS[number]
    if action == "add":
        store.add(io.BytesIO(content))
        model.add(number)
    elif action in ("cut", "flip"):
        if path.exists():
            path.unlink()
            path.write_bytes(content[:-1] if action == "cut" else content[::-1])
        model.damage(number, {"cut": "cut", "flip": "flipped"}[action])
    elif action == "lose":
        path.unlink(missing_ok=True)
        model.stored.pop(number, None)
    elif action == "name":
        changed(connection, "DELETE FROM media WHERE media_id = ?", [NAMES[number]])
        changed(connection, "INSERT INTO media VALUES (?, 1, 'image/png', 1)", [NAMES[number]])
        model.named.add(number)
    elif action == "unname":
        changed(connection, "DELETE FROM media WHERE media_id = ?", [NAMES[number]])
        model.named.discard(number)
    elif action == "verify":
        verify(connection, settings, share=1)
        model.verify()
    else:
        collect(connection, settings, days=0, force=True)
        model.collect()


def states(folder: Path) -> dict[int, str]:
    found = {}
    for path in folder.rglob("?" * 64):
        number = NAMES.index(path.name)
        kinds = {CONTENTS[number]: "whole", CONTENTS[number][:-1]: "cut", CONTENTS[number][::-1]: "flipped"}
        found[number] = kinds[path.read_bytes()]
    return found


@examples(max_examples=60)
@given(st.lists(st.tuples(st.sampled_from(ACTIONS), st.integers(0, len(CONTENTS) - 1)), max_size=16))
def test_the_store_is_what_the_model_says(
    connection: duckdb.DuckDBPyConnection, actions: list[tuple[str, int]]
) -> None:
    for table in ("media", "media_checks", "media_garbage"):
        changed(connection, f"DELETE FROM {table}")
    with tempfile.TemporaryDirectory() as home:
        settings, model = Settings(home=Path(home), timezone="UTC"), Model()
        for action, number in actions:
            act(connection, settings, model, action, number)
            assert states(settings.media_store / "objects") == model.stored
            assert states(settings.media_store / "trash") == model.trash
        bad = settings.media_store / "bad"
        assert len(list(bad.iterdir()) if bad.exists() else []) == model.bad
