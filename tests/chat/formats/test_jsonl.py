"""The generic JSON Lines form: what each field becomes, that bad lines cost only themselves, and that schema and page are true."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from importlib import resources
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from egregora_assets.chat.archive import ExportUnreadable, open_export
from egregora_assets.chat.formats.jsonl import FORMAT, MAX_LINE_BYTES, Message, json_schema
from egregora_assets.chat.formats.records import KINDS, Reaction, Reading, Record, chat_of_file
from egregora_assets.config import LimitSettings
from tests.chat.formats.reading import SHARED, needs_shared, read, recognises, write_zip

PAGE = (Path(__file__).parents[3] / "docs" / "jsonl.md").read_text("utf-8")
EXAMPLE = re.findall(r"```json\n(.*?)```", PAGE, re.DOTALL)[0]
GOOD: dict[str, Any] = {"timestamp": "2024-03-13T18:02:11Z", "text": "hello"}


def write(tmp_path: Path, *lines: object, name: str = "Garden Club.jsonl") -> Path:
    path = tmp_path / name
    path.write_bytes(b"".join(line if isinstance(line, bytes) else json.dumps(line).encode() + b"\n" for line in lines))
    return path


def one(tmp_path: Path, **fields: Any) -> Record:
    [record], reading = read(FORMAT, write(tmp_path, {**GOOD, **fields}))
    assert reading.quarantined == []
    return record


def test_the_packaged_schema_is_the_models() -> None:
    found = (resources.files("egregora_assets.chat.formats") / "jsonl.schema.json").read_text("utf-8")
    assert found == json_schema()
    Draft202012Validator.check_schema(json.loads(found))


def test_the_pages_example_is_read_whole_and_fits_the_schema(tmp_path: Path) -> None:
    path = tmp_path / "example.jsonl"
    path.write_text(EXAMPLE, "utf-8")
    records, reading = read(FORMAT, path)
    assert reading.quarantined == []
    assert reading.chats == {"garden": "Garden Club"}
    assert reading.people == {"u7": ["Ana Lima"], "u9": ["Rui Costa"]}
    assert [record.kind for record in records] == ["text", "text", "media", "system", "deleted"]
    assert records[1].reply_to == "m1"
    assert records[1].mentions == ("u7",)
    assert records[1].reactions == (Reaction("👍", "u7"), Reaction("🌱", None, 3))
    assert (records[2].attachments, records[2].is_edited) == (("beds.jpg",), True)
    assert records[3].local_time == datetime(2024, 3, 13, 18, 9)
    validator = Draft202012Validator(json.loads(json_schema()))
    assert [error.message for line in EXAMPLE.splitlines() for error in validator.iter_errors(json.loads(line))] == []


def test_the_pages_table_has_every_field_and_every_kind() -> None:
    assert set(re.findall(r"^\| `(\w+)` \|", PAGE, re.MULTILINE)) == set(Message.model_fields)
    assert all(f"`{kind}`" in PAGE for kind in KINDS)


@pytest.mark.parametrize(
    ("written", "instant"),
    [
        ("2024-03-13T19:02:11+01:00", datetime(2024, 3, 13, 18, 2, 11, tzinfo=UTC)),
        ("2024-03-13T18:02:11.250Z", datetime(2024, 3, 13, 18, 2, 11, 250_000, tzinfo=UTC)),
        (1710352931, datetime(2024, 3, 13, 18, 2, 11, tzinfo=UTC)),
        (1710352931.5, datetime(2024, 3, 13, 18, 2, 11, 500_000, tzinfo=UTC)),
        (1710352931250, datetime(2024, 3, 13, 18, 2, 11, 250_000, tzinfo=UTC)),
    ],
)
def test_times_with_an_offset_and_numbers_are_instants(tmp_path: Path, written: object, instant: datetime) -> None:
    record = one(tmp_path, timestamp=written)
    assert (record.sent_at, record.local_time) == (instant, None)


def test_a_time_without_an_offset_is_a_wall_clock(tmp_path: Path) -> None:
    record = one(tmp_path, timestamp="2024-03-13T18:02:11", edited_at="2024-03-13T18:05:00")
    assert (record.sent_at, record.local_time) == (None, datetime(2024, 3, 13, 18, 2, 11))
    assert (record.is_edited, record.edited_at) == (True, None)


def test_what_is_left_out_comes_from_the_file_or_from_other_fields(tmp_path: Path) -> None:
    records, reading = read(
        FORMAT, write(tmp_path, {**GOOD, "author_name": "Ana Lima"}, {**GOOD, "text": None, "kind": "call"})
    )
    assert reading.chats == {"Garden Club": "Garden Club"}
    assert [(record.chat, record.native_id, record.author, record.kind) for record in records] == [
        ("Garden Club", None, "Ana Lima", "text"),
        ("Garden Club", None, None, "call"),
    ]


@pytest.mark.parametrize(
    "name",
    [
        "name.jsonl",
        "name (2).jsonl",
        "name (10)",
        "name (999).json",
        "in a folder (3)/name (1).jsonl",
        "name (1) (2).jsonl",
    ],
)
def test_a_numbered_copy_of_a_file_is_the_same_chat(name: str) -> None:
    assert chat_of_file(name) == "name"


@pytest.mark.parametrize(
    ("name", "chat"),
    [
        ("Class (2024).jsonl", "Class (2024)"),
        ("(2).jsonl", "(2)"),
        (" (2).jsonl", " (2)"),
        ("a(2).jsonl", "a(2)"),
        ("", ""),
    ],
)
def test_what_is_no_number_of_a_copy_stays(name: str, chat: str) -> None:
    assert chat_of_file(name) == chat


def test_lines_without_a_chat_are_of_the_same_chat_in_a_numbered_copy(tmp_path: Path) -> None:
    names = ("Garden Club.jsonl", "Garden Club (2).jsonl")
    assert {read(FORMAT, write(tmp_path, GOOD, name=name))[0][0].chat for name in names} == {"Garden Club"}


def test_numbers_and_texts_name_the_same_message_and_person(tmp_path: Path) -> None:
    record = one(tmp_path, id=7, author=9, reply_to="6", chat=12)
    assert (record.native_id, record.author, record.reply_to, record.chat) == ("7", "9", "6", "12")


def test_unknown_fields_are_ignored_and_null_is_left_out(tmp_path: Path) -> None:
    nothing = dict.fromkeys(set(Message.model_fields) - {"timestamp", "text"})
    assert one(tmp_path, likes=4, **nothing) == one(tmp_path)


def test_a_deleted_message_keeps_no_words(tmp_path: Path) -> None:
    record = one(tmp_path, deleted_at="2024-03-13T18:10:00Z", attachments=["x.jpg"])
    assert (record.kind, record.text, record.attachments) == ("deleted", "", ())
    assert record.deleted_at == datetime(2024, 3, 13, 18, 10, tzinfo=UTC)


def test_the_title_may_come_with_a_later_line(tmp_path: Path) -> None:
    _, reading = read(
        FORMAT,
        write(tmp_path, {**GOOD, "chat": "c"}, {**GOOD, "chat": "c", "chat_title": "Club"}, {**GOOD, "chat": "c"}),
    )
    assert reading.chats == {"c": "Club"}


BAD: dict[bytes, str] = {
    b'{"timestamp": 1, "text": 5}\n': "text: ",
    b'{"timestamp": "yesterday", "text": "x"}\n': "timestamp: ",
    b'{"timestamp": "0000-01-01T00:00:00Z", "text": "x"}\n': "timestamp: ",
    b'{"timestamp": "9999-12-31T23:59:59-12:00", "text": "x"}\n': "timestamp: ",
    b'{"timestamp": 1e400, "text": "x"}\n': "timestamp: ",
    b'{"timestamp": true, "text": "x"}\n': "timestamp: ",
    b'{"text": "x"}\n': "timestamp: ",
    b'{"timestamp": 1}\n': "one of text, kind and attachments",
    b'{"timestamp": 1, "kind": "song"}\n': "kind: ",
    b'{"timestamp": 1, "text": "x", "author": {"id": 1}}\n': "author: ",
    b'{"timestamp": 1, "text": "x", "reactions": [{"emoji": "", "count": 0}]}\n': "reactions: ",
    b'{"timestamp": 1, "text": "x", "id": ' + b"7" * 5000 + b"}\n": "number",
    b'{"timestamp": 1, "text": "\\ud800"}\n': "Invalid JSON",
    b'{"timestamp": 1, "text": "\xff"}\n': "Invalid JSON",
    b'{"timestamp": 1, "text": "x"\n': "Invalid JSON",
    b'{"x":' * 5000 + b"\n": "Invalid JSON",
    b"[1, 2]\n": "object",
    b"hello\n": "Invalid JSON",
}


@pytest.mark.parametrize("bad", BAD, ids=BAD.values())
def test_a_bad_line_is_refused_in_words_with_its_place_and_the_rest_is_read(tmp_path: Path, bad: bytes) -> None:
    records, reading = read(FORMAT, write(tmp_path, GOOD, bad, GOOD))
    assert len(records) == 2
    [refused] = reading.quarantined
    assert refused.byte_offset == len(json.dumps(GOOD)) + 1
    assert BAD[bad] in refused.reason
    assert refused.raw == bad[:4096]


def test_the_offset_of_a_message_is_where_its_line_begins(tmp_path: Path) -> None:
    path = write(tmp_path, b"\xef\xbb\xbf", GOOD, b"\r\n  \n", {**GOOD, "text": "é"}, GOOD)
    records, _ = read(FORMAT, path)
    content = path.read_bytes()
    assert [json.loads(content[r.byte_offset :].lstrip(b"\xef\xbb\xbf").splitlines()[0])["text"] for r in records] == [
        "hello",
        "é",
        "hello",
    ]


def test_an_endless_line_is_refused_and_not_held(tmp_path: Path) -> None:
    long = b'{"timestamp": 1, "text": "' + b"x" * (3 * MAX_LINE_BYTES) + b'"}\n'
    records, reading = read(FORMAT, write(tmp_path, GOOD, long, GOOD, long[:-1]))
    assert [record.text for record in records] == ["hello", "hello"]
    assert ["longer than" in refused.reason for refused in reading.quarantined] == [True, True]
    assert all(len(refused.raw) == 4096 for refused in reading.quarantined)


def test_a_line_of_the_largest_size_is_read(tmp_path: Path) -> None:
    frame = len(json.dumps({**GOOD, "text": ""}))
    records, _ = read(FORMAT, write(tmp_path, {**GOOD, "text": "x" * (MAX_LINE_BYTES - frame)}))
    assert len(records[0].text) == MAX_LINE_BYTES - frame


def test_a_zip_and_a_folder_hold_one_chat_per_file(tmp_path: Path) -> None:
    line = json.dumps(GOOD)
    records, _ = read(FORMAT, write_zip(tmp_path / "chats.zip", {"a.jsonl": line, "deep/b.ndjson": line + "\n" + line}))
    assert [record.chat for record in records] == ["a", "b", "b"]
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "c.json").write_text(line)
    (folder / ".DS_Store").write_bytes(b"\0")
    assert [record.chat for record in read(FORMAT, folder)[0]] == ["c"]


@pytest.mark.parametrize(
    "content",
    [
        "",
        "\n\n",
        "hello",
        "[]",
        '[{"timestamp": 1, "text": "x"}]',
        '{"timestamp": 1}',
        '{"text": "x"}',
        '{"timestamp": 1, "attachments": []}',
        '{"timestamp": 1, "attachments": [{"name": "x"}], "conversationId": "c", "sent_at": 1}',
        '{"timestamp": null, "text": "x"}',
        '{\n  "timestamp": 1,\n  "text": "x"\n}',
        '{"messages": [{"timestamp": 1, "text": "x"}]}',
        "13/03/24, 18:02 - Ana: hi",
        '{"x":' * 50_000,
    ],
)
def test_other_content_is_not_claimed(tmp_path: Path, content: str) -> None:
    path = tmp_path / "x.json"
    path.write_text(content)
    assert not recognises(FORMAT, path)


def test_an_archive_with_anything_else_is_not_claimed(tmp_path: Path) -> None:
    line = json.dumps(GOOD)
    assert not recognises(FORMAT, write_zip(tmp_path / "a.zip", {"_chat.txt": "hello", "a.jsonl": line}))
    assert not recognises(FORMAT, write_zip(tmp_path / "b.zip", {"a.jsonl": line, "b.json": '{"a": 1}'}))
    assert not recognises(FORMAT, write_zip(tmp_path / "c.zip", {}))


def test_an_export_without_one_message_says_what_to_do(tmp_path: Path) -> None:
    path = write(tmp_path, {"timestamp": "soon", "text": "x"})
    with (
        open_export(path, LimitSettings()) as export,
        pytest.raises(ExportUnreadable, match=r"timestamp: .*docs/jsonl\.md"),
    ):
        list(FORMAT.records(export, Reading()))


@needs_shared
def test_no_export_of_another_platform_is_claimed() -> None:
    for path in sorted(SHARED.rglob("*")):
        assert not recognises(FORMAT, path) if path.is_file() else True, path


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)


@given(lines=st.lists(st.dictionaries(st.sampled_from(sorted(Message.model_fields)), JSON, max_size=6), max_size=8))
def test_any_value_in_any_field_is_read_or_refused(
    tmp_path_factory: pytest.TempPathFactory, lines: list[object]
) -> None:
    path = write(tmp_path_factory.mktemp("any"), GOOD, *lines)
    records, reading = read(FORMAT, path)
    assert len(records) + len(reading.quarantined) == 1 + len(lines)


@given(lines=st.lists(st.binary(max_size=40).map(lambda raw: raw.replace(b"\n", b"") + b"\n"), max_size=8))
def test_any_bytes_are_refused_line_by_line(tmp_path_factory: pytest.TempPathFactory, lines: list[bytes]) -> None:
    records, reading = read(FORMAT, write(tmp_path_factory.mktemp("any"), GOOD, *lines))
    assert len(records) == 1
    assert len(reading.quarantined) == sum(not line.isspace() for line in lines)
