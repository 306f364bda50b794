"""A new key: every pseudonym and id is another one, and nothing else has changed. Killed at any moment, it is done or it is not."""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any
from uuid import UUID

import duckdb
import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from egregora_assets.authors import gate, sync
from egregora_assets.chat.ingest import ExportOutcome, ingest
from egregora_assets.config import Settings, SourceSettings, load_settings
from egregora_assets.documents import verify as documents_verify
from egregora_assets.privacy.keys import KeyFileError, begin_rotation, load_keys, warehouse_keys, with_new_rotation
from egregora_assets.privacy.pseudonyms import define_rotated, rotated
from egregora_assets.publish.snapshot import publish
from egregora_assets.rotation import rotate
from egregora_assets.sidecar import verify as sidecar_verify
from egregora_assets.warehouse.connection import open_snapshot
from egregora_assets.warehouse.files import make_home, open_warehouse
from egregora_assets.warehouse.query import rows, scalar
from tests.chats import Line, chat, new_home, post_bytes, published_bytes, put_export, state_of_home, with_privacy
from tests.properties import some_of

TALK: tuple[Line, ...] = (
    (0, "Ana Lima", "who brings the tent to the lake"),
    (1, "Ana Lima", "IMG-1.jpg (file attached)"),
    (2, "Rui Costa", "I have one for four people"),
    (2, "Rui Costa", "ok"),
    (2, "Rui Costa", "ok"),
    (4, "+44 7700 900123", "I can only come on Sunday"),
    (9, "Priya Raman", "decided: we meet at the station at nine"),
    (12, "Rui Costa", "/egregora opt-out"),
)
LATER: tuple[Line, ...] = ((20, "Ana Lima", "see you there"), (21, "Rui Costa", "and one more secret"))
ON_OTHER_PHONE = {"Ana Lima": "Mum", "+44 7700 900123": "Tom Reed"}
BETWEEN_TWO: tuple[Line, ...] = ((0, "Ana Lima", "only you and me"), (3, "Me", "yes, decided"))
PEOPLE = {"u1": "Ana Lima", "u2": "Rui Costa", "u3": "Priya Raman"}


def native(number: int, text: str, author: str = "u1", **more: Any) -> dict[str, Any]:
    told = {"timestamp": f"2024-03-13T12:{number:02}:00Z", "id": f"m{number}", "chat": "garden", "chat_title": "Beds"}
    return {**told, "author": author, "author_name": PEOPLE[author], "text": text, **more}


NATIVE = (
    native(0, "who waters the beds"),
    native(1, "I do", "u2", reply_to="m0", reactions=[{"emoji": "👍", "author": "u1"}]),
    native(2, "thank you @Rui Costa", "u3", thread="m0", mentions=["u2"]),
    {"timestamp": "2024-03-13T12:30:00Z", "chat": "garden", "author": "u1", "text": "a note without an id"},
)
NATIVE_LATER = (
    native(2, "thank you both", "u3", thread="m0", edited_at="2024-03-13T13:00:00Z"),
    native(5, "welcome", "u2", reply_to="m2"),
)


def put_native(settings: Settings, name: str, *messages: dict[str, Any]) -> None:
    (settings.inbox / f"{name}.jsonl").write_text("".join(json.dumps(message) + "\n" for message in messages))


def put(settings: Settings, what: str) -> None:
    """Write one of the exports ``EXPORTS`` into the inbox."""
    if what == "native":
        put_native(settings, "beds", *NATIVE)
    elif what == "native grown":
        put_native(settings, "beds 2", *NATIVE, *NATIVE_LATER)
    elif what == "between two":
        put_export(settings, "Ana Lima", chat(*BETWEEN_TWO))
    else:
        talk = (*TALK, *LATER) if what == "group grown" else TALK
        if what == "other phone":
            talk = tuple((minute, ON_OTHER_PHONE.get(name, name), text) for minute, name, text in talk)
        put_export(settings, "Lake", chat(*talk), f" ({what})", {"IMG-1.jpg": b"\xff\xd8\xff picture"})


EXPORTS = ("group", "group grown", "other phone", "between two", "native", "native grown")


def take_in(settings: Settings, *exports: str, reread: bool = False) -> list[ExportOutcome]:
    for what in exports:
        put(settings, what)
    with open_warehouse(settings) as connection:
        outcomes = ingest(connection, settings, reread=reread)
        publish(connection, settings)
    return outcomes


def rotate_home(settings: Settings) -> None:
    with open_warehouse(settings) as connection:
        rotate(connection, settings)
        publish(connection, settings)


NAMED = "LEFT JOIN (SELECT author_id, min(raw_name) AS name FROM private.author_names GROUP BY ALL) {0} ON {0}.author_id = {1}"
MEANING = {
    "messages": f"""
        SELECT m.text, m.kind, m.local_time, a.name, answered.text, thread.text, m.native_id, m.text = c.text, c.message_id IS NULL
        FROM messages m {NAMED.format("a", "m.author_id")} LEFT JOIN clean_messages c ON c.message_id = m.message_id
        LEFT JOIN messages answered ON answered.message_id = m.reply_to
        LEFT JOIN messages thread ON thread.message_id = m.thread_id
    """,
    "authors": f"SELECT name, message_count, opted_out, first_seen FROM authors {NAMED.format('a', 'authors.author_id')}",
    "reactions": f"SELECT text, emoji, name FROM reactions r JOIN messages USING (message_id) {NAMED.format('a', 'r.author_id')}",
    "mentions": f"SELECT text, name FROM mentions r JOIN messages USING (message_id) {NAMED.format('a', 'r.author_id')}",
    "media": "SELECT text, media_id FROM message_media JOIN messages USING (message_id)",
    "attachments": "SELECT text, file_name FROM message_attachments JOIN messages USING (message_id)",
    "versions": "SELECT m.text, v.text FROM private.message_versions v JOIN messages m USING (message_id)",
    "links": f"""
        SELECT a.name, b.name FROM private.author_links l
        {NAMED.format("a", "l.author_id")} {NAMED.format("b", "l.other_id")}
    """,
    "documents": "SELECT title, text, len(message_ids) FROM documents",
    "evidence": """
        SELECT d.text, m.text FROM decisions d JOIN documents USING (document_id) JOIN messages m ON m.message_id = evidence[1]
    """,
    "participants": """
        SELECT title, p.message_count, a.first_seen
        FROM participants p JOIN authors a ON a.alias = p.author JOIN documents USING (document_id)
    """,
}


def meaning(connection: duckdb.DuckDBPyConnection) -> dict[str, list[str]]:
    """What a memory holds, told without a single id."""
    return {name: sorted(str(row) for row in rows(connection, sql)) for name, sql in MEANING.items()}


def pseudonyms(connection: duckdb.DuckDBPyConnection) -> set[str]:
    """Every id, alias and pseudonym of a chat that stands in any table; hashes are of texts, and stay as these do."""
    sql = """
        SELECT format('{}.{}', schema_name, table_name), column_name, data_type FROM duckdb_columns()
        WHERE database_name = current_database() AND NOT internal AND table_name <> 'warehouse_identity'
            AND column_name <> 'content_hash'
    """
    found: set[str] = set()
    for table, column, type_ in rows(connection, sql):
        if type_ == "UUID":
            found |= {str(value) for (value,) in rows(connection, f"SELECT {column} FROM {table}") if value}
        elif type_ == "UUID[]":
            found |= {str(value) for (value,) in rows(connection, f"SELECT unnest({column}) FROM {table}")}
        elif type_ in ("VARCHAR", "VARCHAR[]"):
            shaped = r"\b(?:member-[0-9a-f]{10}|chat-(?:[0-9a-f]{12}|[0-9a-f]{8})|[0-9a-f]{8}$)"
            sql = f"SELECT unnest(regexp_extract_all({column}::VARCHAR, '{shaped}')) FROM {table}"
            found |= {str(value) for (value,) in rows(connection, sql)}
    return found


@pytest.fixture(scope="module")
def full_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home in which all kinds of exports are published, with one more person on the opt-out list. Tests have copies."""
    settings = Settings(home=tmp_path_factory.mktemp("full") / "home", timezone="UTC")
    make_home(settings)
    take_in(settings, *EXPORTS)
    return settings.home


@pytest.fixture
def full(settings: Settings, full_home: Path) -> Settings:
    shutil.copytree(full_home, settings.home, dirs_exist_ok=True)
    return settings


@given(st.uuids(), st.lists(st.binary(min_size=32, max_size=32), max_size=3))
def test_sql_and_python_rotate_alike(identity: UUID, keys: list[bytes]) -> None:
    define_rotated(duckdb.default_connection(), keys)
    found = rows(duckdb.default_connection(), "SELECT rotated(?::UUID), rotated(NULL::UUID)", [identity])
    assert found == [(rotated(identity, keys), None)]


def test_a_rotation_changes_every_pseudonym_and_nothing_else(full: Settings) -> None:
    with open_warehouse(full) as connection:
        before, names = meaning(connection), pseudonyms(connection)
        assert {name[:5] for name in names} >= {"chat-", "membe"}, "the search below would see nothing"
        rotate(connection, full)
        assert meaning(connection) == before
        assert not names & pseudonyms(connection)
        publish(connection, full)
        assert meaning(connection) == before
        assert not names & pseudonyms(connection)
        for check in (documents_verify.every_message_in_one_window, sidecar_verify.posts_match_documents):
            assert check(connection, full).passed
        assert sidecar_verify.evidence_is_inside(connection, full).passed


def test_nothing_published_shows_an_old_pseudonym(full: Settings) -> None:
    with open_warehouse(full) as connection:
        names = pseudonyms(connection)
    before = published_bytes(full)
    assert sum(name.encode() in before for name in names) > 10, "the search below would see nothing"
    rotate_home(full)
    after = published_bytes(full) + b"".join(str(path).encode() for path in full.published.rglob("*"))
    assert [name for name in names if name.encode() in after] == []
    assert [name for name in names if "-" in name and len(name) == 36 and UUID(name).bytes in after] == []
    with open_snapshot(full) as snapshot:
        assert scalar(snapshot, "SELECT count(*) FROM messages JOIN authors USING (author_id)") > 0


def test_a_rotation_is_done_once_and_a_run_after_it_writes_no_byte(full: Settings) -> None:
    rotate_home(full)
    with open_warehouse(full) as connection:
        publish(connection, full)
    before = state_of_home(full)
    with open_warehouse(full) as connection:
        publish(connection, full)
    assert state_of_home(full) == before


def test_known_exports_are_known_after_a_rotation(full: Settings) -> None:
    with open_warehouse(full) as connection:
        before = meaning(connection)
    for _ in range(2):
        rotate_home(full)
        outcomes = take_in(full, *EXPORTS, reread=True)
        assert [(outcome.file_name, outcome.added) for outcome in outcomes if outcome.added] == []
    with open_warehouse(full) as connection:
        assert meaning(connection) == before


orders = st.permutations(EXPORTS).map(lambda order: order[:4])
moments = st.sets(st.integers(0, 4), min_size=1, max_size=2)


@hypothesis_settings(max_examples=2, deadline=None)
@given(orders, moments)
def test_a_rotation_at_any_moment_makes_no_difference_to_what_is_held(order: list[str], rotations: set[int]) -> None:
    """Grown exports, other phones, edits, replies and opt-outs find what they belong to under the ids of a new key."""
    with new_home() as plain, new_home() as rotating:
        for number, what in enumerate(order):
            for settings in (plain, rotating):
                put(settings, what)
                with open_warehouse(settings) as connection:
                    if settings is rotating and number in rotations:
                        rotate(connection, settings)
                    ingest(connection, settings)
        listed = [with_privacy(settings, opt_out=("Priya Raman",)) for settings in (plain, rotating)]
        found = []
        for settings in listed:
            with open_warehouse(settings) as connection:
                if settings.home == rotating.home and len(order) in rotations:
                    rotate(connection, settings)
                publish(connection, settings)
                found.append(meaning(connection))
        assert found[0] == found[1]


def test_the_key_file_of_before_and_the_warehouse_of_after_refuse_each_other(full: Settings, tmp_path: Path) -> None:
    old = tmp_path / "old"
    old.mkdir()
    for file in (full.key_path, full.warehouse_path):
        shutil.copy2(file, old / file.name)
    rotate_home(full)
    new_key, new_warehouse = full.key_path.read_bytes(), full.warehouse_path.read_bytes()

    shutil.copy2(old / full.key_path.name, full.key_path)
    with open_warehouse(full) as connection, pytest.raises(KeyFileError, match="copy from before its last rotation"):
        publish(connection, full)

    full.key_path.write_bytes(new_key)
    shutil.copy2(old / full.warehouse_path.name, full.warehouse_path)
    steps: tuple[Callable[..., object], ...] = (partial(ingest, reread=True), publish, rotate)
    for step in steps:
        with open_warehouse(full) as connection, pytest.raises(KeyFileError, match="before the last rotation"):
            step(connection, full)

    full.warehouse_path.write_bytes(new_warehouse)
    with open_warehouse(full) as connection:
        publish(connection, full)


def test_a_missing_key_file_is_told_not_made_anew(full: Settings) -> None:
    full.key_path.unlink()
    with open_warehouse(full) as connection, pytest.raises(KeyFileError, match="missing"):
        gate.refresh(connection, full)
    assert not full.key_path.exists()


def test_the_owners_own_files_follow(full: Settings) -> None:
    with open_warehouse(full) as connection:
        (alias,) = rows(connection, "SELECT alias FROM authors ORDER BY message_count DESC LIMIT 1")[0]
    file = full.home / "egregora.toml"
    written = f'# {alias} and member-0000000000, José\r\n[privacy]\nopt_out = ["{alias}"]\n'.encode("latin-1")
    file.write_bytes(written)
    rotate_home(full)
    with open_warehouse(full) as connection:
        (new,) = rows(connection, "SELECT alias FROM authors ORDER BY message_count DESC LIMIT 1")[0]
    assert new != alias
    assert file.read_bytes() == written.replace(alias.encode(), new.encode()), "and no other byte is changed"


def held(settings: Settings) -> tuple[dict[str, list[str]], set[str]]:
    with open_warehouse(settings) as connection:
        warehouse_keys(connection, settings.key_path)
        return meaning(connection), pseudonyms(connection)


def test_a_pending_key_without_its_transaction_is_dropped(full: Settings) -> None:
    before, file = held(full), full.key_path.read_bytes()
    begin_rotation(full.key_path, with_new_rotation(load_keys(full.key_path)))
    (full.home / ".identities.toml.rekeyed").write_text("of a rotation that did not happen")
    assert full.key_path.read_bytes() != file
    assert held(full) == before
    assert full.key_path.read_bytes() == file
    assert not list(full.home.glob(".*.rekeyed"))


def test_a_pending_key_whose_transaction_is_committed_becomes_final(full: Settings) -> None:
    before = held(full)
    rotate_home(full)
    after, file = held(full), full.key_path.read_bytes()
    full.key_path.write_bytes(file.replace(b"rotation", b"pending"))
    (full.home / ".identities.toml.rekeyed").write_text("# as it is after the rotation")
    outcomes = take_in(full, *EXPORTS, reread=True)
    assert sum(outcome.added for outcome in outcomes) == 0
    assert held(full) == after != before
    assert full.key_path.read_bytes() == file
    assert (full.home / "identities.toml").read_text() == "# as it is after the rotation"


KILLED = """
import os, signal, sys
from egregora_assets.config import Settings, SourceSettings, load_settings
from egregora_assets.rotation import rotate
from egregora_assets.warehouse.files import open_warehouse

settings, left = Settings(home=sys.argv[1], timezone="UTC"), int(sys.argv[2])

def count(event, arguments):
    global left
    if event == "os.rename":
        left -= 1
        if left < 0:
            os.kill(os.getpid(), signal.SIGKILL)

with open_warehouse(settings) as connection:
    sys.addaudithook(count)
    rotate(connection, settings)
"""
"""Each file of a rotation takes its place by being renamed: before that of number ``left`` the process is killed."""


@pytest.mark.parametrize("renamed", some_of(range(5), 1, 2))
def test_a_killed_rotation_is_done_or_it_is_not(full: Settings, renamed: int) -> None:
    is_rotated = renamed >= 2
    (meant, names), key = held(full), full.key_path.read_bytes()
    alias = min(name for name in names if name.startswith("member-"))
    own = full.home / "egregora.toml"
    own.write_text(f"# {alias}\n")

    killed = subprocess.run([sys.executable, "-c", KILLED, str(full.home), str(renamed)], check=False, timeout=60)

    assert killed.returncode == (-signal.SIGKILL if renamed < 4 else 0)
    outcomes = take_in(full, *EXPORTS, reread=True)
    assert sum(outcome.added for outcome in outcomes) == 0
    again, new_names = held(full)
    assert again == meant
    assert (full.key_path.read_bytes() != key) == is_rotated
    assert (own.read_text() != f"# {alias}\n") == is_rotated
    assert names.isdisjoint(new_names) if is_rotated else names == new_names
    shown = published_bytes(full)
    assert (alias.encode() in shown) == (alias in new_names and alias.encode() in post_bytes(full))
    assert not [path for path in full.home.glob(".*") if path.is_file()], "no leftovers"
    with open_warehouse(full) as connection:
        rotate(connection, full)


@pytest.mark.slow
@pytest.mark.parametrize("part", [0.2, 0.4, 0.6, 0.8, 0.95])
def test_a_rotation_killed_in_the_middle_of_its_transaction(settings: Settings, part: float) -> None:
    """The tables are large enough that the process is inside its transaction, or at its end, for most of its time."""
    talk = [(minute, f"Person {minute % 7}", f"note {minute} about the garden") for minute in range(60_000)]
    put_export(settings, "Lake", chat(*talk))
    with open_warehouse(settings) as connection:
        ingest(connection, settings)
        publish(connection, settings)
    meant, names = held(settings)
    command = [sys.executable, "-c", KILLED, str(settings.home), "99"]
    spare = settings.model_copy(update={"home": settings.home.with_name("spare")})
    shutil.copytree(settings.home, spare.home)
    began = time.monotonic()
    subprocess.run([*command[:3], str(spare.home), "99"], check=True, timeout=120)
    usual = time.monotonic() - began
    with suppress(subprocess.TimeoutExpired):
        subprocess.run(command, check=False, timeout=usual * part)
    again, new_names = held(settings)
    assert again == meant
    assert names == new_names or names.isdisjoint(new_names)
    with open_warehouse(settings) as connection:
        assert sum(outcome.added for outcome in ingest(connection, settings, reread=True)) == 0
        rotate(connection, settings)


def test_no_text_shows_an_old_pseudonym_after_a_rotation(settings: Settings) -> None:
    """Under the policy ``pseudonymise`` pseudonyms stand in texts."""
    source = SourceSettings(title="Garden Club", privacy="pseudonymise")
    settings = settings.model_copy(update={"sources": (source,)})
    lines: list[Line] = [
        (0, "Ana Lima", "hello"),
        (1, "Rui Costa", "Ana Lima should decide"),
        (2, "Priya Raman", "yes"),
    ]
    put_export(settings, "Garden Club", chat(*lines))
    with open_warehouse(settings) as connection:
        ingest(connection, settings)
        publish(connection, settings)
        ((old,),) = rows(
            connection,
            "SELECT alias FROM authors JOIN private.author_names USING (author_id) WHERE raw_name = 'Ana Lima'",
        )
        assert f"{old} should decide".encode() in published_bytes(settings)
        rotate(connection, settings)
        publish(connection, settings)
    assert old.encode() not in published_bytes(settings)
    assert b"member-" in published_bytes(settings)


def alias_of(settings: Settings, name: str) -> str:
    sql = "SELECT alias FROM authors JOIN private.author_names USING (author_id) WHERE raw_name = ?"
    with open_warehouse(settings) as connection:
        return str(scalar(connection, sql, [name]))


FULL_WIDTH = str.maketrans({number: chr(number + 0xFEE0) for number in range(0x21, 0x7F)})


SPELLED: dict[str, Callable[[str], str]] = {
    "Ana Lima": str.upper,
    "Rui Costa": str.title,
    "Priya Raman": lambda alias: alias.translate(FULL_WIDTH),
    "+44 7700 900123": lambda alias: f"  {alias}\u200b ",
}
"""How the pseudonym of each person is spelled."""
WORDS = {"Ana Lima": b"the tent", "Rui Costa": b"four people", "Priya Raman": b"station", "+44 7700 900123": b"Sunday"}


def test_a_pseudonym_on_the_list_is_known_after_a_rotation_in_any_spelling(settings: Settings) -> None:
    """Found in review: one in capital letters was on the list, stayed as it was, and the person was published again."""
    put_export(settings, "Lake", chat(*TALK[:-1], (30, "Tom Reed", "is anybody there?")))
    take_in(settings)
    shown = published_bytes(settings)
    assert [name for name, words in WORDS.items() if words not in shown] == []
    file = settings.home / "egregora.toml"
    listed = [spelled(alias_of(settings, name)) for name, spelled in SPELLED.items()]
    file.write_text(f"# mine\n[privacy]\nopt_out = {json.dumps(listed, ensure_ascii=False)}\n")
    before = load_settings(settings.home)
    with open_warehouse(before) as connection:
        publish(connection, before)
        shown = published_bytes(before)
        assert [name for name, words in WORDS.items() if words in shown] == []
        rotate(connection, before)
    after = load_settings(settings.home)
    assert after.privacy.opt_out == tuple(alias_of(after, name) for name in SPELLED)
    with open_warehouse(after) as connection:
        publish(connection, after)
        assert sync.refresh(connection, after).unmatched == ()
    shown = published_bytes(after)
    assert [name for name, words in WORDS.items() if words in shown] == []
    assert b"is anybody there" in shown
    assert file.read_text().startswith("# mine\n")


def test_a_rotation_is_refused_while_a_pseudonym_stands_where_it_cannot_be_replaced(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    take_in(settings, "group")
    alias, file = alias_of(settings, "Ana Lima"), settings.home / "egregora.toml"
    file.write_text(f'[privacy]\nopt_out = ["{alias}"]\n')
    monkeypatch.setenv("EGREGORA_PRIVACY__OPT_OUT", json.dumps([alias.upper(), "Somebody"]))
    with open_warehouse(settings) as connection:
        with pytest.raises(KeyFileError, match="EGREGORA_PRIVACY"):
            rotate(connection, load_settings(settings.home))
        monkeypatch.delenv("EGREGORA_PRIVACY__OPT_OUT")
        file.write_text(f'[privacy]\nopt_out = ["\\u006d{alias[1:]}"]\n')
        assert load_settings(settings.home).privacy.opt_out == (alias,)
        with pytest.raises(KeyFileError, match="escapes"):
            rotate(connection, load_settings(settings.home))
    assert alias_of(settings, "Ana Lima") == alias
