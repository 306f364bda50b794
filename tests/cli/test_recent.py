"""`egregora recent`: what is published and what a live service answers, and that it says so where none does."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from typer.testing import CliRunner

from egregora_assets.cli import app
from egregora_assets.cli_recent import told
from egregora_assets.config import Settings
from egregora_assets.live.recent import News
from tests.chat.test_merge_records import put
from tests.live.test_fresh_reads import FIRST, Hot, run
from tests.live_events import edit, event


@contextmanager
def answering(path: Path, hot: Hot, questions: int = 1) -> Iterator[None]:
    """Answer so many questions at a socket, as the service does."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as listening:
        listening.bind(str(path))
        listening.listen()

        def answer() -> None:
            for _ in range(questions):
                asking, _ = listening.accept()
                with asking, asking.makefile("rwb") as lines:
                    assert json.loads(lines.readline()) == {"recent": hot.settings.live.query_rows}
                    found = hot.ask("FROM recent_messages")
                    names, rows = list(found[0]), [list(row.values()) for row in found]
                    lines.write(json.dumps({"names": names, "rows": rows}, default=str).encode() + b"\n")

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


def test_whoever_follows_sees_all_that_comes_however_much_that_is_at_once(settings: Settings) -> None:
    put(settings, "first", *FIRST)
    run(settings)
    hot = Hot(settings)
    hot.add(event(3, "good"))
    first, *others = [*(said["text"] for said in FIRST), "good"]
    burst = [f"of a burst, {number}" for number in range(60)]
    with answering(settings.live_socket, hot, 2):
        following = told(settings, len(others), None, follow=True)
        assert [next(following)[0]["text"] for _ in others] == others
        hot.add(*(event(10 + number, text) for number, text in enumerate(burst)), edit(0, f"{first}!", 4))
        news = [next(following) for _ in range(61)]
    hot.close()
    assert [(message["text"], is_again) for message, is_again in news] == [
        (f"{first}!", True),
        *((text, False) for text in burst),
    ]


def test_what_comes_into_sight_or_is_withheld_for_a_while_is_no_news() -> None:
    def said(number: int, text: str = "words", is_withheld: bool = False) -> dict[str, object]:
        at = datetime(2024, 3, 13, 18, number, tzinfo=UTC)
        return {"message_id": str(number), "sent_at": at, "kind": "text", "text": text, "is_withheld": is_withheld}

    news = News(1, 3)
    assert news.of([said(2), said(4), said(5)]) == [(said(5), False)]
    assert news.of([said(1), said(2, "", True), said(5)]) == []
    assert news.of([said(2), said(3), said(5, "other words")]) == [(said(3), False), (said(5, "other words"), True)]


def test_recent_without_anything_says_what_to_do(settings: Settings) -> None:
    found = CliRunner().invoke(app, ["recent", "--home", str(settings.home)])
    assert (found.exit_code, "ingest" in found.stderr) == (1, True)
