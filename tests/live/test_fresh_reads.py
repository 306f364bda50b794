"""Fresh reads keep the rules of the snapshot: attacked by what is planted in hot rows, and by rules that do not hold."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pytest

from egregora_assets.authors import gate
from egregora_assets.authors.policy import FEW_ROWS
from egregora_assets.chat.ingest import ingest
from egregora_assets.chat.merge_segments import merge_segments
from egregora_assets.config import Settings, SourceSettings
from egregora_assets.live import fresh_reads
from egregora_assets.live.fresh_reads import FreshReads
from egregora_assets.live.recent import as_hot_rows, recent
from egregora_assets.privacy.keys import load_keys
from egregora_assets.publish.live_policy import read_live_policy
from egregora_assets.publish.snapshot import publish
from egregora_assets.rotation import rotate
from egregora_assets.warehouse.connection import NothingPublished, open_snapshot
from egregora_assets.warehouse.files import make_home, open_warehouse
from egregora_assets.warehouse.query import arrow, rows
from tests.chat.test_merge_records import put, said
from tests.chats import with_privacy
from tests.homes import copied_home
from tests.live_events import Event, deletion, edit, event, put_segment, table_of

Row = dict[str, Any]


class Hot:
    """A hot store with some events, and the fresh reads of a home on it."""

    def __init__(self, settings: Settings) -> None:
        self.connection = duckdb.connect()
        self.connection.execute("SET TimeZone = 'UTC'")
        self.settings, self.reads, self.events = settings, FreshReads(settings), 0

    def add(self, *events: Event) -> pa.Table:
        table = table_of(events, self.events + 1)
        self.events += len(events)
        self.connection.register("given", table)
        self.connection.execute("CREATE TABLE IF NOT EXISTS hot_events AS FROM given LIMIT 0").fetchall()
        self.connection.execute("INSERT INTO hot_events FROM given").fetchall()
        return table

    def close(self) -> None:
        self.reads.close()
        self.connection.close()

    def ask(self, sql: str) -> list[Row]:
        with self.connection.cursor() as cursor:
            self.reads.views(cursor)
            found: list[Row] = arrow(cursor, sql).to_pylist()
        return found

    def texts(self) -> list[str]:
        return [row["text"] for row in self.ask("FROM messages ORDER BY sequence")]

    def everything(self) -> str:
        views = ("messages", "recent_messages", "sources")
        return "\n".join(str(row) for view in views for row in self.ask(f"FROM {view}"))

    def recent(self, limit: int = 50, source: str | None = None) -> list[Row]:
        shown = as_hot_rows(self.ask("FROM recent_messages"))
        found: list[Row] = recent(self.settings, shown, limit, source).to_pylist()
        return found


Opened = Callable[[Settings], Hot]


@pytest.fixture
def hot_store() -> Iterator[Opened]:
    """Open hot stores, and close them when the test is over."""
    with ExitStack() as opened:
        yield lambda settings: opened.enter_context(closing(Hot(settings)))


def run(settings: Settings) -> None:
    """Do what a run does for fresh reads: merge, clean and publish."""
    with open_warehouse(settings) as connection:
        ingest(connection, settings)
        merge_segments(connection, settings)
        gate.refresh(connection, settings)
        publish(connection, settings)


COLUMNS = """
    message_id, source_id, local_time, strftime(sent_at, '%c') AS sent_at, author_id, kind, text, is_edited, thread_id, reply_to,
    edited_at, deleted_at
"""
FIRST = (said(0, "who brings the seeds?"), said(1, "I do", "u2"), said(2, "so do I", "u3"))


@pytest.fixture(scope="module")
def home_with_first(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home in which ``FIRST`` is published. Tests have copies of it."""
    settings = Settings(home=tmp_path_factory.mktemp("first") / "home", timezone="UTC")
    make_home(settings)
    put(settings, "first", *FIRST)
    run(settings)
    return settings.home


@pytest.fixture
def published(settings: Settings, home_with_first: Path) -> Settings:
    return copied_home(home_with_first, settings)


def test_hot_messages_are_shown_as_the_next_snapshot_shows_them(published: Settings, hot_store: Opened) -> None:
    hot = hot_store(published)
    events = (event(3, "Rui Costa has my number: +44 7700 900123", "u1"), event(4, "fine", "u2", reply_to="m3"))
    hot.add(*events)
    shown = [tuple(map(str, row.values())) for row in hot.ask(f"SELECT {COLUMNS} FROM messages ORDER BY sent_at")]
    put_segment(published, *events)
    run(published)
    with open_snapshot(published) as snapshot:
        newest = "(FROM messages ORDER BY sent_at DESC LIMIT 2)"
        later = [tuple(map(str, row)) for row in rows(snapshot, f"SELECT {COLUMNS} FROM {newest} ORDER BY sent_at")]
    assert shown == later
    assert shown[0][6] == "[name] has my number: [phone]"


def by_yolanda(number: int, text: str, **more: Any) -> Event:
    """A message of somebody of whom no run has heard."""
    return event(number, text, **more) | {"author": "u9", "author_name": "Yolanda Prim"}


SECRETS = {
    "a known name": ("did Priya Raman call?", "priya"),
    "a name in another spelling": ("P\u00adriya r\u200baman!", "raman"),
    "an address": ("write to ana.lima@example.org", "example.org"),
    "a number": ("call +55 11 98765-4321 today", "98765"),
    "a key": ("the key is sk-proj-abcdefghijklmnopqrstuvwxyz0123456789ABCDEF", "abcdefghijklmnop"),
    "somebody new who is mentioned": ("ask @Zebedee Quill", "zebedee"),
    "somebody new who has only written": ("Yolanda knows", "yolanda"),
    "a new name in disguise": ("Y\u00adolanda again", "olanda"),
}


@pytest.mark.parametrize("secret", SECRETS)
def test_what_is_private_never_comes_out(published: Settings, secret: str, hot_store: Opened) -> None:
    text, planted = SECRETS[secret]
    hot = hot_store(published)
    hot.add(event(3, text), by_yolanda(4, "before", source_title="Yolanda Prim"))
    hot.add(event(5, "x", mentions=[{"id": "u8", "name": "Zebedee Quill"}]), edit(3, f"again: {text}", 6))
    hot.add(event(7, text, source="other", source_title="Yolanda and Zebedee"), event(8, f"{text} {text}", kind="poll"))
    hot.add(event(9, text, kind="location"), event(10, text, kind="system"), event(11, text), deletion(11, 12))
    shown = hot.everything().casefold() + str(hot.recent()).casefold()
    assert planted not in shown
    assert "yolanda" not in shown
    assert "zebedee" not in shown


def test_many_new_events_are_cleaned_as_few_are(published: Settings, hot_store: Opened) -> None:
    said = [*(text for text, _ in SECRETS.values()), "Yolanda is late", "nothing of the kind"]
    shown = []
    for times in (1, FEW_ROWS // len(said) + 1):
        hot = hot_store(published)
        hot.add(by_yolanda(3, "sorry"), *(event(number, text) for number, text in enumerate(said * times, start=4)))
        shown.append(hot.texts()[1 : len(said) + 1])
    assert shown[0] == shown[1]
    assert shown[0][-2:] == ["[name] is late", "nothing of the kind"]


def test_a_name_that_becomes_known_live_is_hidden_in_what_was_hot_before(
    published: Settings, hot_store: Opened
) -> None:
    hot = hot_store(published)
    hot.add(event(3, "Yolanda is late"))
    assert hot.texts() == ["Yolanda is late"]
    hot.add(by_yolanda(4, "sorry"))
    assert hot.texts() == ["[name] is late", "sorry"]


def test_who_opted_out_before_says_nothing(settings: Settings, hot_store: Opened) -> None:
    put(settings, "first", *FIRST, said(5, "/egregora opt-out", "u2"))
    run(settings)
    hot = hot_store(settings)
    hot.add(event(6, "the orchid", "u2"), event(7, "Rui Costa?", "u1"), edit(6, "the orchids", 8, "u2"))
    assert hot.texts() == ["[name]?"]
    assert "orchid" not in hot.everything()
    assert {row["text"] for row in hot.recent()} == {"who brings the seeds?", "so do I", "[name]?"}


def test_who_opted_out_or_was_named_before_the_latest_events_stays_hidden_after_a_restart(
    published: Settings, hot_store: Opened, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fresh_reads, "_MOST_EVENTS", 3)
    hot = hot_store(published)
    hot.add(event(3, "/egregora opt-out", "u2"), by_yolanda(4, "sorry"), *(event(number) for number in range(5, 9)))
    hot.add(event(9, "the orchid", "u2"), event(10, "Yolanda is late"), event(11))
    assert hot.texts() == ["[name] is late", "hello"]
    assert "orchid" not in hot.everything()


def test_a_later_edit_by_somebody_else_keeps_nobodys_own_edit_from_being_shown(
    published: Settings, hot_store: Opened
) -> None:
    hot = hot_store(published)
    hot.add(edit(0, "who brings the pots?", 5, "u1"), edit(0, "nobody", 6, "u2"), edit(1, "I do not", 5, "u2"))
    hot.add(edit(1, "he lies", 6, "u3"), deletion(1, 7, "u2"), edit(2, "so does he", 8, "u1"))
    assert [row["text"] for row in hot.recent()] == ["who brings the pots?", "", "so do I"]


def test_an_opt_out_said_live_counts_at_once_and_for_what_was_said_before(
    published: Settings, hot_store: Opened
) -> None:
    hot = hot_store(published)
    hot.add(event(3, "the orchid", "u2"), event(4, "whose orchid?", "u1"))
    assert hot.texts() == ["the orchid", "whose orchid?"]
    assert len(hot.recent()) == 5
    hot.add(event(5, "/egregora opt-out", "u2"))
    assert hot.texts() == ["whose orchid?"]
    assert {row["text"] for row in hot.recent()} == {"who brings the seeds?", "so do I", "whose orchid?"}
    assert "/egregora" not in hot.everything()


def test_an_opt_out_said_live_reaches_the_other_accounts_of_the_person(settings: Settings, hot_store: Opened) -> None:
    put(settings, "first", *FIRST)
    settings.identities_path.write_text('[[person]]\nis = ["jsonl:u2", "jsonl:u3"]\n')
    run(settings)
    hot = hot_store(settings)
    hot.add(event(3, "the orchid", "u3"), event(4, "/egregora opt-out", "u2"), event(5, "hm", "u1"))
    assert hot.texts() == ["hm"]
    assert {row["text"] for row in hot.recent()} == {"who brings the seeds?", "hm"}


def test_the_name_of_who_opts_out_live_is_hidden_also_where_names_are_kept(
    settings: Settings, hot_store: Opened
) -> None:
    kept = settings.model_copy(update={"sources": (SourceSettings(title="Garden Club", privacy="keep"),)})
    put(kept, "first", *FIRST)
    run(kept)
    hot = hot_store(kept)
    hot.add(event(3, "Rui Costa knows", "u1"))
    assert hot.texts() == ["Rui Costa knows"]
    hot.add(event(4, "/egregora opt-out", "u2"))
    assert hot.texts() == ["[name] knows"]


def test_edits_and_deletions_are_folded(published: Settings, hot_store: Opened) -> None:
    hot = hot_store(published)
    hot.add(event(3, "one"), event(4, "swordfish"), edit(3, "two", 5), edit(3, "not mine", 6, "u2"), deletion(4, 7))
    found = [(row["kind"], row["text"], row["is_edited"]) for row in hot.ask("FROM messages ORDER BY sequence")]
    assert found == [("text", "two", True), ("deleted", "", False)]
    assert "swordfish" not in hot.everything()


def test_what_happens_live_to_a_message_of_the_snapshot_is_shown_on_it(published: Settings, hot_store: Opened) -> None:
    hot = hot_store(published)
    hot.add(edit(0, "who brings the water?", 10), edit(1, "spoken by another", 10, "u3"), deletion(2, 11))
    found = [(row["kind"], row["text"]) for row in hot.recent()]
    assert found == [("text", "who brings the water?"), ("text", "I do"), ("deleted", "")]


def test_what_is_pruned_is_forgotten_and_what_came_after_it_is_not(published: Settings, hot_store: Opened) -> None:
    hot = hot_store(published)
    events = (event(3, "one"), event(4, "swordfish"))
    hot.add(*events, edit(3, "two", 5))
    assert hot.texts() == ["two", "swordfish"]
    put_segment(published, *events)
    run(published)
    hot.connection.execute("DELETE FROM hot_events WHERE sequence <= 2").fetchall()
    assert hot.texts() == []
    assert [row["text"] for row in hot.recent(limit=2)] == ["two", "swordfish"]
    hot.connection.execute("DELETE FROM hot_events").fetchall()
    assert [row["text"] for row in hot.recent(limit=2)] == ["one", "swordfish"]


def test_snapshot_and_hot_rows_are_one_order_without_doubles(published: Settings, hot_store: Opened) -> None:
    hot = hot_store(published)
    hot.add(event(1, "I do", "u2"), event(8, "late"), event(9, "newest"))
    assert [(row["text"], row["is_hot"]) for row in hot.recent()] == [
        ("who brings the seeds?", False),
        ("I do", False),
        ("so do I", False),
        ("late", True),
        ("newest", True),
    ]
    assert [row["text"] for row in hot.recent(limit=2)] == ["late", "newest"]
    assert [row["text"] for row in hot.recent(source="elsewhere")] == []
    assert len(recent(published, None, 50)) == 3


def test_without_a_snapshot_there_is_only_what_is_hot(settings: Settings) -> None:
    with pytest.raises(NothingPublished):
        recent(settings, None, 10)
    assert recent(settings, as_hot_rows([]), 10).num_rows == 0


def no_rules(settings: Settings) -> Settings:
    settings.live_policy_path.unlink()
    return settings


def rules_for_all_to_read(settings: Settings) -> Settings:
    settings.live_policy_path.chmod(0o644)
    return settings


def damaged_rules(settings: Settings) -> Settings:
    settings.live_policy_path.write_bytes(b"PAR1" + os.urandom(64))
    return settings


def rules_from_before(settings: Settings) -> Settings:
    old = settings.live_policy_path.read_bytes()
    put(settings, "second", said(6, "a second export", "u2"))
    run(settings)
    settings.live_policy_path.write_bytes(old)
    return settings


def other_settings(settings: Settings) -> Settings:
    return with_privacy(settings, opt_out=("Ana Lima",))


def rotated_key(settings: Settings) -> Settings:
    with open_warehouse(settings) as connection:
        rotate(connection, settings)
    return settings


@pytest.mark.parametrize(
    "break_rules",
    [no_rules, rules_for_all_to_read, damaged_rules, rules_from_before, other_settings, rotated_key],
)
def test_without_rules_that_hold_no_words_are_shown(
    published: Settings, break_rules: Callable[[Settings], Settings], hot_store: Opened
) -> None:
    before = hot_store(published)
    before.add(event(3, "the orchid"))
    assert before.texts() == ["the orchid"]
    settings = break_rules(published)
    hot = hot_store(settings)
    hot.add(event(3, "the orchid", source_title="Orchids"), edit(0, "orchids", 4))
    assert hot.reads.problem is not None
    ((author, withheld),) = [(row["author"], row["is_withheld"]) for row in hot.ask("FROM messages")]
    assert (author[:7], withheld) == ("member-", True)
    assert "orchid" not in (hot.everything() + str(hot.recent())).casefold()
    if break_rules is not other_settings:
        assert before.texts() == [""]


def test_without_a_key_nothing_is_shown(settings: Settings, hot_store: Opened) -> None:
    hot = hot_store(settings)
    hot.add(event(3, "the orchid"))
    assert (hot.texts(), hot.reads.problem is not None) == ([], True)
    assert not settings.key_path.exists()


def test_the_rules_are_private_and_written_only_when_the_warehouse_has_changed(published: Settings) -> None:
    path = published.live_policy_path
    assert path.stat().st_mode & 0o777 == 0o600
    before = path.stat().st_mtime_ns
    run(published)
    assert path.stat().st_mtime_ns == before
    put(published, "second", said(6, "a second export", "u2"))
    run(published)
    assert path.stat().st_mtime_ns > before
    assert "Rui Costa" in read_live_policy(path).rules.names


def test_before_the_first_run_what_comes_in_is_shown_by_the_strictest_rules(tmp_path: Path, hot_store: Opened) -> None:
    """There is nothing yet that a run could know and this does not: nobody has opted out before, and no name was known."""
    settings = Settings(home=tmp_path / "fresh", timezone="UTC")
    make_home(settings)
    load_keys(settings.key_path)
    hot = hot_store(settings)
    hot.add(
        event(3, "the orchid of Rui Costa, rui@example.org", author="u2"),
        event(4, "a secret", author="u4"),
        event(5, "/egregora opt-out", author="u4"),
    )
    assert hot.texts() == ["the orchid of [name], [email]"]
    with_list = hot_store(with_privacy(settings, opt_out=("Ana Lima",)))
    with_list.add(event(3, "the orchid"))
    assert with_list.texts() == [""], "who is on the list is not known by account before a run"
