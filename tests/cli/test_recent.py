"""`egregora recent`: what is published and what a live service answers, and that it says so where none does."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from typer.testing import CliRunner

from egregora_assets.cli import app
from egregora_assets.config import Settings
from tests.chat.test_merge_records import put
from tests.live.test_fresh_reads import FIRST, Hot, run
from tests.live_events import edit, event


@contextmanager
def answering(path: Path, hot: Hot) -> Iterator[None]:
    """Answer one question at a socket, as the service does."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as listening:
        listening.bind(str(path))
        listening.listen()

        def answer() -> None:
            asking, _ = listening.accept()
            with asking, asking.makefile("rwb") as lines:
                assert json.loads(lines.readline()) == {"recent": hot.settings.live.query_rows}
                found = hot.ask("FROM recent_messages")
                rows = [list(row.values()) for row in found]
                lines.write(json.dumps({"names": list(found[0]), "rows": rows}, default=str).encode() + b"\n")

        thread = threading.Thread(target=answer)
        thread.start()
        yield
        thread.join()


def test_recent_unites_what_is_published_and_what_is_hot(settings: Settings) -> None:
    put(settings, "first", *FIRST)
    run(settings)
    asked = ["recent", "--home", str(settings.home), "--json"]
    down = CliRunner().invoke(app, asked)
    assert [json.loads(line)["text"] for line in down.stdout.splitlines()] == [said["text"] for said in FIRST]
    assert "live service does not run" in down.stderr
    hot = Hot(settings)
    hot.add(edit(0, "who brings the water?", 3), event(4, "Rui Costa does"))
    with answering(settings.live_socket, hot):
        up = CliRunner().invoke(app, [*asked, "-n", "4"])
    hot.close()
    assert up.stderr == ""
    assert [json.loads(line)["text"] for line in up.stdout.splitlines()] == [
        "who brings the water?",
        "I do",
        "so do I",
        "[name] does",
    ]
    plain = CliRunner().invoke(app, ["recent", "--home", str(settings.home), "-n", "1"])
    assert plain.stdout.startswith("2024-03-13 12:02 garden-club member-")
    assert plain.stdout.endswith(": so do I\n")


def test_recent_without_anything_says_what_to_do(settings: Settings) -> None:
    found = CliRunner().invoke(app, ["recent", "--home", str(settings.home)])
    assert (found.exit_code, "ingest" in found.stderr) == (1, True)
