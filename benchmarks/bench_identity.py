"""Identity: a new key for all that a home holds, and candidates for one person among ten thousand authors."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from pathlib import Path

from benchmarks.generate import FIRST_NAMES, LAST_NAMES
from benchmarks.harness import Figure, figure, home_with, median_cpu, scratch
from egregora_assets.authors import sync
from egregora_assets.authors.suggestions import suggested
from egregora_assets.chat.ingest import ingest
from egregora_assets.config import load_settings
from egregora_assets.publish.snapshot import publish
from egregora_assets.rotation import rotate
from egregora_assets.warehouse.files import make_home, open_warehouse

SIZES = (10_000, 100_000, 1_000_000)
BOUND_SECONDS = 10.0
PEOPLE, CHATS = 5_000, 4


def figures() -> Iterator[Figure]:
    for size in SIZES:
        with home_with(size) as settings, open_warehouse(settings) as connection:
            ingest(connection, settings)
            publish(connection, settings)
            seconds = median_cpu(lambda: rotate(connection, settings))
        bound = BOUND_SECONDS if size == max(SIZES) else None
        yield figure("a new key for all that a published home holds", seconds, size, at_most=bound)
    with scratch() as folder:
        settings = load_settings(folder / "home")
        make_home(settings)
        for number in range(CHATS):
            _write_chat(settings.inbox / f"chat{number}.jsonl", number)
        with open_warehouse(settings) as connection:
            ingest(connection, settings)
            authors = sync.refresh(connection, settings).touched
            yield figure("who may be one person", median_cpu(lambda: suggested(connection, settings)), authors)


def _write_chat(path: Path, number: int) -> None:
    """Write a chat in which each of ``PEOPLE`` says five things; every two chats have the same accounts."""
    rng = random.Random(number // 2)
    names = [_name(rng) for _ in range(PEOPLE)]
    lines = (
        {
            "timestamp": 1_700_000_000 + said * 60 + number,
            "id": f"m{said}",
            "chat": f"chat{number}",
            "text": f"hello {said}",
        }
        | {"author": f"{number // 2}-{said % PEOPLE}", "author_name": names[said % PEOPLE]}
        for said in range(PEOPLE * 5)
    )
    path.write_text("".join(json.dumps(line) + "\n" for line in lines), "utf-8")


def _name(rng: random.Random) -> str:
    kind = rng.random()
    if kind < 0.3:
        return f"+55 11 9{rng.randrange(10**8):08}"
    first = rng.choice(FIRST_NAMES)
    return first if kind < 0.4 else f"{first} {rng.choice(LAST_NAMES)} {rng.choice(LAST_NAMES)}"
