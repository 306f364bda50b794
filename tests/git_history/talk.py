"""A repository whose files change by the hour, and a chat that talks of them in between, in a home of their own."""

from __future__ import annotations

from datetime import UTC
from pathlib import Path

from egregora_assets.chat.ingest import ingest
from egregora_assets.config import Settings, load_settings
from egregora_assets.documents import windows
from egregora_assets.git_history import references, sync
from egregora_assets.warehouse.files import make_home, open_warehouse
from tests.chats import BEGINNING, chat, put_export
from tests.git_history.git_streams import HOUR, Stream, lines, new_repository

NINE = int(BEGINNING.replace(tzinfo=UTC).timestamp())
"""When the chat begins; the first commit comes an hour later."""
WEB = "https://github.com/org/app"
SAID = (
    (30, "Ana", "`plan.txt` will come"),
    (90, "Ana", "see plan.txt:5"),
    (150, "Bo", "plan.txt#L10-L20 is wrong, and so is main.py"),
    (210, "Bo", "where has `plan.txt` gone?"),
    (270, "Cy", "docs/plan.md:12 is better, docs/plan.md:14 is not"),
    (330, "Cy", "`plan.txt` is another list now"),
)
"""Minutes since the chat began, who, what: one hour after another, each half an hour after a commit."""


def write_repository(path: Path) -> list[str]:
    """Make the repository; return its commits by number, the first is 1: plan.txt moves with 3, another one comes with 5."""
    stream = Stream()
    plan, better = lines("plan"), lines("plan") + "better\n"
    for number, changes in enumerate(
        (
            {"plan.txt": plan, "src/main.py": lines("main"), "notes.bin": b"\0\1\2"},
            {"plan.txt": better},
            {"plan.txt": None, "docs/plan.md": better + "moved\n"},
            {"docs/plan.md": better + "moved and changed\n"},
            {"plan.txt": lines("list")},
            {"src/main.py": None},
        ),
        1,
    ):
        stream.commit(changes, time=NINE + number * HOUR, message=f"Step {number}\n\nMore of it.\n")
    new_repository(path)
    return stream.write(path)


def write_memory(home: Path, said: tuple[tuple[int, str, str], ...] = SAID) -> tuple[Settings, list[str]]:
    """Make a home in UTC with the repository ``app`` and the chat, all read; return its settings and the commits."""
    settings = load_settings(home)
    make_home(settings)
    shas = write_repository(home / "repositories" / "app")
    (home / "egregora.toml").write_text(
        f'timezone = "UTC"\n[[repositories]]\npath = "repositories/app"\nweb = "{WEB}"\n'
    )
    settings = load_settings(home)
    put_export(settings, "Garden Club", chat(*said))
    with open_warehouse(settings) as connection:
        ingest(connection, settings)
        sync.refresh_configured(connection, settings)
        references.refresh(connection, settings)
        windows.refresh(connection, settings)
    return settings, shas
