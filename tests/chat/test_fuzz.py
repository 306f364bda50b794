"""Generated input: no reader raises anything but ``ExportUnreadable``, and no header line is lost without a trace."""

from __future__ import annotations

import io
import json
import re
import time
import zipfile
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import cache
from importlib.resources import files
from itertools import pairwise
from pathlib import Path
from random import Random
from typing import Any

import duckdb
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from egregora_assets.chat.archive import ExportUnreadable, open_export
from egregora_assets.chat.formats import registry, text_chunks
from egregora_assets.chat.formats.records import KINDS, ChatFormat, Reading, Record, batches
from egregora_assets.chat.formats.text_chunks import read_blocks
from egregora_assets.chat.formats.whatsapp import STAGED, stage
from egregora_assets.chat.formats.whatsapp_scan import ScanResult, scan
from egregora_assets.config import LimitSettings
from tests.chat.test_whatsapp_scan import scanned, scanned_in_small_samples, weights

A_MILLION = 1_000_000
slow_too = [pytest.param(12, id="some"), pytest.param(1500, id="many", marks=pytest.mark.slow)]
"""How many examples hypothesis makes in one test."""


def budget(examples: int) -> settings:
    unchecked = [HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large]
    return settings(max_examples=examples, deadline=None, database=None, suppress_health_check=unchecked)


@pytest.fixture(scope="module")
def connection() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as connection:
        yield connection


# WhatsApp: arbitrary bytes, fragments, mutated exports


ANDROID = re.compile(rb"\d\d/\d\d/\d{4}, \d\d:\d\d - ")
IOS = re.compile(rb"\[\d\d/\d\d/\d{4}, \d\d:\d\d:\d\d\] ")
HEADERS = (
    b"25/12/2023, 10:30 - ",
    b"13/03/2024, 00:00 - ",
    b"31/02/2024, 10:30 - ",
    b"99/99/9999, 99:99 - ",
    b"00/00/0000, 00:00 - ",
    b"13/01/1970, 00:00 - ",
    b"31/12/2199, 23:59 - ",
)
MARKS = ("\ufeff", "\u200e", "\u200f", "\u202a", "\u202c", "\u202e", "\u2068", "\u2069", "\u00a0", "\u202f", "\u200b")
BITS = (
    *(mark.encode() for mark in MARKS),
    *(
        b"Ana: ",
        b": ",
        b":",
        b" - ",
        b"] ",
        b"[",
        b"<",
        b">",
        b"(",
        b")",
        b"\0",
        b"\xff",
        b"\xed\xa0\x80",
        b"\xc3",
        b"\r",
    ),
    *(b"Media omitted", b"<attached: a.jpg>", b"a.jpg (file attached)", b"POLL:", b"OPTION: x (", b" votes)"),
    *(
        b"<This message was edited>",
        b"https://maps.google.com/?q=",
        b"hello",
        "olá 👋".encode(),
        b"'; --",
        b"\\",
        b"%s",
    ),
)
LINE_ENDS = (b"\n", b"\r\n", b"\n\n")
FRAGMENTS = st.lists(
    st.sampled_from(LINE_ENDS).flatmap(lambda end: st.sampled_from(HEADERS).map(lambda header: end + header))
    | st.sampled_from(BITS)
    | st.sampled_from(LINE_ENDS),
    max_size=40,
).map(b"".join)


@cache
def samples() -> list[bytes]:
    """Return the texts of the exports that come with the package, each cut to a size that is quickly read."""
    found = sorted(Path(str(files("egregora_assets.samples"))).rglob("*.txt"))
    return [path.read_bytes()[:6000] for path in found]


Change = Callable[[bytes, Random], bytes]
CHANGES: tuple[Change, ...] = (
    lambda data, random: data[: random.randrange(len(data) + 1)],
    lambda data, random: data[random.randrange(len(data) + 1) :],
    lambda data, random: _replaced(data, random, random.randbytes(1)),
    lambda data, random: _replaced(data, random, b""),
    lambda data, random: _inserted(data, random, random.choice(BITS)),
    lambda data, random: _inserted(data, random, random.choice(HEADERS)),
    lambda data, random: _inserted(data, random, random.choice(LINE_ENDS)),
    lambda data, random: _inserted(data, random, random.randbytes(random.randrange(20))),
    lambda data, random: _inserted(data, random, _piece(data, random)),
    lambda data, random: data.replace(b"\n", b"\r\n"),
    lambda data, random: data.swapcase(),
    lambda data, random: data * 2,
)


def _piece(data: bytes, random: Random) -> bytes:
    start = random.randrange(len(data) + 1)
    return data[start : start + random.randrange(200)]


def _replaced(data: bytes, random: Random, by: bytes) -> bytes:
    place = random.randrange(len(data) + 1)
    return data[:place] + by + data[place + random.randrange(1, 4) :]


def _inserted(data: bytes, random: Random, piece: bytes) -> bytes:
    place = random.randrange(len(data) + 1)
    return data[:place] + piece + data[place:]


def mutated(data: bytes, random: Random) -> bytes:
    for change in random.choices(CHANGES, k=random.randrange(1, 12)):
        data = change(data, random)[:8000]
    return data


MUTATED = st.builds(lambda number, seed: mutated(samples()[number], Random(seed)), st.integers(0, 2), st.integers(0))
LEVELS = {"bytes": st.binary(max_size=400), "fragments": FRAGMENTS, "mutated": MUTATED}


def mended(data: bytes) -> bytes:
    return b"".join(read_blocks(io.BytesIO(data), []))


def header_places(text: bytes, header: re.Pattern[bytes]) -> set[int]:
    starts = [0, *(found.end() for found in re.finditer(rb"\n", text))]
    return {start for start in starts if header.match(text, start)}


@pytest.mark.parametrize("examples", slow_too)
@pytest.mark.parametrize("level", LEVELS)
def test_whatever_the_bytes_nothing_is_raised_but_unreadable(
    connection: duckdb.DuckDBPyConnection, level: str, examples: int
) -> None:
    @budget(examples)
    @given(LEVELS[level])
    def check(data: bytes) -> None:
        with suppress(ExportUnreadable):
            stage(connection, io.BytesIO(data), "chat.txt")
            connection.execute(f"SELECT * FROM {STAGED}").fetchall()

    check()


@pytest.mark.parametrize("examples", slow_too)
@pytest.mark.parametrize("header", [ANDROID, IOS], ids=["android", "ios"])
@pytest.mark.parametrize("level", ["fragments", "mutated"])
def test_every_header_line_gives_a_row_or_a_piece(
    connection: duckdb.DuckDBPyConnection, level: str, header: re.Pattern[bytes], examples: int
) -> None:
    """At the place of the line, as it stands in the text after mending; the other system's headers are words."""
    opening = (b"25/12/2023, 10:30 - A: x\n" if header is ANDROID else b"[25/12/2023, 10:30:00] A: x\n") * 150

    @budget(examples)
    @given(LEVELS[level])
    def check(data: bytes) -> None:
        data = opening + (data if header is ANDROID else re.sub(ANDROID, b"[25/12/2023, 10:30:00] ", data))
        staged = stage(connection, io.BytesIO(data), "chat.txt", day_first=True)
        rows = connection.execute(f"SELECT byte_offset FROM {STAGED} WHERE local_time IS NOT NULL").fetchall()
        places = {place for (place,) in rows}
        pieces = {piece.byte_offset for piece in staged.quarantined if "does not exist" in piece.reason}
        assert len(places) == len(rows)
        assert not places & pieces
        assert len(places) + len(pieces) == staged.messages
        assert header_places(mended(data), header) <= places | pieces

    check()


@pytest.mark.parametrize("examples", slow_too)
@pytest.mark.parametrize("level", ["fragments", "mutated"])
def test_nothing_depends_on_how_the_stream_is_read(level: str, examples: int) -> None:
    """Neither on how many bytes are read at once, nor on how many are scanned at once."""

    @budget(examples)
    @given(LEVELS[level], st.integers(4, 200), st.data())
    def check(data: bytes, size: int, drawn: st.DataObject) -> None:
        data = b"25/12/2023, 10:30 - A: x\n" + data
        whole: list[Any] = []
        pieces: list[Any] = []
        text = b"".join(read_blocks(io.BytesIO(data), whole))
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(text_chunks, "BLOCK_BYTES", size)
            blocks = list(read_blocks(io.BytesIO(data), pieces))
        assert b"".join(blocks) == text
        assert Counter((piece.reason, piece.raw) for piece in pieces) == Counter(
            (piece.reason, piece.raw) for piece in whole
        )
        table, result = scanned([text])
        split, in_pieces = scanned_in_small_samples(_cut(text, drawn.draw(st.randoms(use_true_random=False))))
        assert split == table
        assert (in_pieces.authors, in_pieces.quarantined, in_pieces.impossible, weights(in_pieces)) == (
            result.authors,
            result.quarantined,
            result.impossible,
            weights(result),
        )

    check()


def _cut(text: bytes, random: Any) -> list[bytes]:
    """Cut a text at some of its line ends."""
    ends = [found.end() for found in re.finditer(rb"\n", text)]
    cuts = sorted(random.sample(ends, random.randrange(len(ends) + 1)))
    return [text[start:end] for start, end in pairwise([0, *cuts, len(text)]) if start < end]


def test_the_place_of_a_piece_is_where_its_line_stands() -> None:
    pieces: list[Any] = []
    text = b"".join(read_blocks(io.BytesIO(b"25/12/2023, 10:30 - Ana: \xff\nb\0c\n"), pieces))
    assert {text[piece.byte_offset :].split(b"\n")[0] for piece in pieces} == {text.split(b"\n")[0], b"bc"}


OPENINGS = (
    b"",
    b"13/03/2024, 10:30 - ",
    b"[13/03/2024, 10:30:00] ",
    b"3/13/24, 9:00 PM - ",
    b"\xff\xfe",
    b"\xef\xbb\xbf",
)


def generated(random: Random) -> bytes:
    """Return one small input: headers of a few dialects, bits of them, marks, line ends, and now and then noise."""
    pieces = [random.choice(OPENINGS)]
    for _ in range(random.randrange(10)):
        kind = random.random()
        if kind < 0.3:
            pieces += [random.choice(LINE_ENDS), random.choice(HEADERS if kind < 0.25 else OPENINGS)]
        elif kind < 0.9:
            pieces.append(random.choice(BITS))
        else:
            pieces.append(random.randbytes(random.randrange(8)))
    return b"".join(pieces)


@pytest.mark.parametrize(
    "inputs", [pytest.param(4000, id="some"), pytest.param(A_MILLION, id="a million", marks=pytest.mark.slow)]
)
def test_the_scan_raises_nothing_and_counts_what_it_gives(inputs: int) -> None:
    random = Random(20240313)
    began = time.process_time()
    messages = 0
    for number in range(inputs):
        data = generated(random)
        result = ScanResult()
        try:
            found = list(scan(read_blocks(io.BytesIO(data), result.quarantined), result))
        except Exception as error:
            raise AssertionError(f"input {number}: {data!r}") from error
        assert sum(batch.num_rows for batch in found) == result.messages, data
        messages += result.messages
    assert messages > inputs // 2
    print(f"{inputs:,} inputs, {messages:,} messages, {time.process_time() - began:.0f} CPU seconds")


# Every structured format: whatever is in the file, it is a row, a piece, or refused


INSTALLED = [pytest.param(known, id=type(known).__name__) for known in registry.formats()] or [
    pytest.param(None, marks=pytest.mark.skip(reason="no format is installed: the package names none"))
]
Files = dict[str, bytes]
"""The bytes of an export's files by name."""

_TELEGRAM = {
    "name": "Garden",
    "type": "private_group",
    "id": 7,
    "messages": [
        {"id": 1, "type": "service", "date": "2024-03-13T09:00:00", "date_unixtime": "1710320400", "actor": "Ana",
         "actor_id": "user1", "action": "create_group", "title": "Garden", "members": ["Ana", "Bruno"], "text": ""},
        {"id": 2, "type": "message", "date": "2024-03-13T09:01:00", "date_unixtime": "1710320460", "from": "Ana",
         "from_id": "user1", "text": ["hi ", {"type": "mention", "text": "@bruno"}], "reply_to_message_id": 1,
         "edited": "2024-03-13T09:02:00", "edited_unixtime": "1710320520",
         "reactions": [{"type": "emoji", "count": 1, "emoji": "x", "recent": [{"from": "Bruno", "from_id": "user2"}]}]},
        {"id": 3, "type": "message", "date": "2024-03-13T09:01:00", "date_unixtime": "1710320460", "from": "Bruno",
         "from_id": "user2", "text": "", "photo": "photos/a.jpg", "text_entities": [],
         "poll": {"question": "?", "closed": False, "answers": [{"text": "a", "voters": 1}]},
         "location_information": {"latitude": 1.5, "longitude": 2.5}, "contact_information": {"first_name": "Rui"}},
    ],
}  # fmt: skip
_DISCORD = {
    "guild": {"id": "1", "name": "Garden"},
    "channel": {"id": "2", "type": "GuildTextChat", "categoryId": "3", "category": "x", "name": "general", "topic": None},
    "dateRange": {"after": None, "before": None},
    "exportedAt": "2024-03-14T00:00:00+00:00",
    "messages": [
        {"id": "10", "type": "Default", "timestamp": "2024-03-13T09:00:00.123+00:00",
         "timestampEdited": "2024-03-13T09:01:00+00:00", "callEndedTimestamp": None, "isPinned": False,
         "content": "hi @Bruno", "author": {"id": "1", "name": "ana", "nickname": "Ana", "isBot": False},
         "attachments": [{"id": "5", "url": "a_Files/a.jpg", "fileName": "a.jpg", "fileSizeBytes": 3}],
         "embeds": [], "stickers": [{"id": "6", "name": "s", "format": "Png", "sourceUrl": "x"}],
         "reactions": [{"emoji": {"id": "", "name": "x"}, "count": 1, "users": [{"id": "2", "name": "bruno"}]}],
         "mentions": [{"id": "2", "name": "bruno", "nickname": "Bruno"}],
         "reference": {"messageId": "9", "channelId": "2", "guildId": "1"}},
    ],
    "messageCount": 1,
}  # fmt: skip
_SLACK_USERS = [{"id": "U1", "name": "ana", "real_name": "Ana", "profile": {"display_name": "ana", "real_name": "Ana"}}]
_SLACK_CHANNELS = [{"id": "C1", "name": "general", "created": 1710320400, "creator": "U1", "members": ["U1"]}]
_SLACK_DAY = [
    {"type": "message", "user": "U1", "text": "hi <@U1> &amp; <#C1|general>", "ts": "1710320400.000100",
     "edited": {"user": "U1", "ts": "1710320401.000000"}, "thread_ts": "1710320400.000100",
     "reactions": [{"name": "x", "users": ["U1"], "count": 1}], "files": [{"id": "F1", "name": "a.jpg"}],
     "blocks": [{"type": "rich_text", "elements": [{"type": "rich_text_section", "elements": []}]}]},
    {"type": "message", "subtype": "channel_join", "user": "U1", "text": "<@U1> has joined", "ts": "1710320402.0001"},
]  # fmt: skip
_MATRIX = {
    "room_name": "Garden",
    "room_creator": "@ana:example.org",
    "topic": "",
    "export_date": "2024-03-14",
    "exported_by": "@ana:example.org",
    "messages": [
        {"type": "m.room.message", "event_id": "$1", "room_id": "!r:example.org", "sender": "@ana:example.org",
         "origin_server_ts": 1710320400000, "unsigned": {"age": 1},
         "content": {"msgtype": "m.text", "body": "hi", "format": "org.matrix.custom.html", "formatted_body": "<b>hi</b>",
                     "m.mentions": {"user_ids": ["@b:example.org"]},
                     "m.relates_to": {"m.in_reply_to": {"event_id": "$0"}}}},
        {"type": "m.reaction", "event_id": "$2", "sender": "@b:example.org", "origin_server_ts": 1710320401000,
         "content": {"m.relates_to": {"rel_type": "m.annotation", "event_id": "$1", "key": "x"}}},
        {"type": "m.room.member", "event_id": "$3", "sender": "@b:example.org", "state_key": "@b:example.org",
         "origin_server_ts": 1710320402000, "content": {"membership": "join", "displayname": "Bruno"}},
        {"type": "m.room.redaction", "event_id": "$4", "redacts": "$1", "sender": "@b:example.org",
         "origin_server_ts": 1710320403000, "content": {"reason": "x"}},
    ],
}  # fmt: skip
_MESSENGER = {
    "participants": [{"name": "Ana"}, {"name": "Bruno"}],
    "messages": [
        {"sender_name": "Ana", "timestamp_ms": 1710320400000, "content": "ol\u00c3\u00a1", "type": "Generic",
         "is_unsent": False, "is_geoblocked_for_viewer": False,
         "reactions": [{"reaction": "\u00e2\u009d\u00a4", "actor": "Bruno"}], "share": {"link": "https://example.org"},
         "photos": [{"uri": "messages/inbox/x/photos/a.jpg", "creation_timestamp": 1710320400}]},
        {"sender_name": "Bruno", "timestamp_ms": 1710320401000, "sticker": {"uri": "a.png"}, "call_duration": 3},
    ],
    "title": "Garden",
    "is_still_participant": True,
    "thread_type": "RegularGroup",
    "thread_path": "inbox/garden_1",
    "magic_words": [],
}  # fmt: skip
_SIGNAL = [
    {"version": 1, "backupTimeMs": "1710320400000"},
    {"recipient": {"id": "1", "contact": {"e164": "351911111111", "profileGivenName": "Ana"}}},
    {"chat": {"id": "1", "recipientId": "1"}},
    {"chatItem": {"chatId": "1", "authorId": "1", "dateSent": "1710320400000", "incoming": {"dateReceived": "1710320400001"},
                  "standardMessage": {"text": {"body": "hi"}, "reactions": [{"emoji": "x", "authorId": "1"}],
                                      "quote": {"targetSentTimestamp": "1710320300000", "authorId": "1"}}}},
]  # fmt: skip
_SIGEXPORT = {"date": "2024-03-13 09:00:00", "sender": "Ana", "body": "hi", "quote": "", "sticker": "", "reactions": [],
              "attachments": []}  # fmt: skip
_SIGNAL_ROWS = [
    {"id": "1", "type": "incoming", "conversationId": "c", "sourceServiceId": "a", "sent_at": 1710320400000, "body": "hi",
     "attachments": [{"fileName": "a.jpg"}], "reactions": [{"emoji": "x", "fromId": "a"}], "bodyRanges": [],
     "quote": {"id": 1710320300000, "authorAci": "a", "text": "x"}},
]  # fmt: skip
_DISCORD_TEXT = (
    f"{'=' * 62}\nGuild: Garden\nChannel: Talk / general\n{'=' * 62}\n\n"
    "[3/25/2024 7:05 PM] ana\nhi\n\n{Attachments}\na_Files/a.jpg\n\n\n[3/26/2024 12:00 AM] bo#4321 (pinned)\nhi\n\n\n"
    f"{'=' * 62}\nExported 2 message(s)\n{'=' * 62}\n"
).encode()
_PLAIN = {"id": "1", "timestamp": "2024-03-13T09:00:00Z", "sent_at": "2024-03-13T09:00:00Z", "author": "Ana",
          "chat": "Garden", "text": "hi", "kind": "text", "reply_to": None, "reactions": []}  # fmt: skip
_IRC = {
    "irssi.log": b"--- Log opened Wed Mar 13 09:00:00 2024\n09:00 -!- Ana [a@b] has joined #x\n09:01 <@Ana> hi\n"
    b"09:02 * Ana waves\n--- Day changed Thu Mar 14 2024\n00:00 < Bo> hi\n",
    "weechat.log": b"2024-03-13 09:00:00\t-->\tAna (a@b) has joined #x\n2024-03-13 09:01:00\t@Ana\thi\n",
    "znc.log": b"[09:00:00] *** Joins: Ana (a@b)\n[09:01:00] <Ana> hi\n[09:02:00] * Ana waves\n",
    "2024-03-13.log": b"2024-03-13T09:00:00  <Ana> hi\n2024-03-13T09:00:01  *** Bo has quit IRC\n",
}


def _json(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False).encode()


def _lines(values: list[Any]) -> bytes:
    return b"".join(_json(value) + b"\n" for value in values)


SEEDS: list[dict[str, Any]] = [
    {"result.json": _TELEGRAM},
    {
        "result.json": {
            "about": "x",
            "personal_information": {"user_id": 1},
            "chats": {"about": "x", "list": [_TELEGRAM]},
        }
    },
    {"Garden - general [2].json": _DISCORD},
    {"users.json": _SLACK_USERS, "channels.json": _SLACK_CHANNELS, "general/2024-03-13.json": _SLACK_DAY},
    {"Garden - general [2].txt": _DISCORD_TEXT},
    {"export.json": _MATRIX},
    {"Ana.json": _SIGNAL_ROWS},
    {"your_activity_across_facebook/messages/inbox/garden_1/message_1.json": _MESSENGER},
    {"message_1.json": _MESSENGER},
    {"your_instagram_activity/messages/inbox/garden_1/message_1.json": _MESSENGER},
    {"main.jsonl": _SIGNAL},
    {"Garden/data.json": _SIGEXPORT, "Garden/chat.md": b"[2024-03-13 09:00] Ana: hi\n[2024-03-13 09:01] Me: hi\n"},
    {"messages.jsonl": [_PLAIN, {**_PLAIN, "id": "2"}]},
    *({name: text} for name, text in _IRC.items()),
]
"""Small exports of every platform: JSON values, lists of them (one a line) for ``.jsonl``, or bytes, by file name."""

HOSTILE_VALUES: tuple[Any, ...] = (
    *(None, True, 0, -1, 1.5, 1e308, 10**30, -(10**18), 2**63, 99999999999999),
    *("", " ", "x", "\0", "\ud800", "\u202e", "0", "-1", "1e999", "nan", "9" * 5000, "x" * 20_000, "../../etc/passwd"),
    *("0000-00-00T00:00:00", "99999-01-01T00:00:00Z", "2024-02-31T10:00:00", "2024-03-13T09:00:00+99:99", "now"),
    *([], {}, [[]], {"": None}, [None], [{}], {"type": {}}, [1, "a", {"text": 7}], {"id": []}),
)


def hostile_value(random: Random) -> Any:
    value = random.choice(HOSTILE_VALUES)
    if random.random() < 0.05:
        for _ in range(random.choice([3, 600])):
            value = [value] if random.random() < 0.5 else {"text": value}
    return value


def altered(value: Any, random: Random, rate: float) -> Any:
    """Return a JSON value in which some values are replaced, left out, repeated or put under another's key."""
    if random.random() < rate:
        return hostile_value(random)
    if isinstance(value, list):
        kept = [altered(one, random, rate) for one in value if random.random() > rate / 2]
        return kept * random.choice([1, 1, 1, 2])
    if isinstance(value, dict):
        kept = {key: altered(one, random, rate) for key, one in value.items() if random.random() > rate / 2}
        if kept and random.random() < rate:
            one, other = random.choice(list(kept)), random.choice(list(kept))
            kept[one], kept[other] = kept[other], kept[one]
        return kept
    return value


def export_files(seed: dict[str, Any], random: Random) -> Files:
    """Return the files of a seed: some as they are, some with altered values, some with broken bytes."""
    rate = random.choice([0, 0.02, 0.1, 0.3])
    found: Files = {}
    for name, value in seed.items():
        data = value
        if not isinstance(value, bytes):
            value = altered(value, random, rate)
            is_lines = name.endswith(".jsonl") and isinstance(value, list)
            data = _escaped_lines(value) if is_lines else json.dumps(value).encode()
        found[name] = mutated(data, random) if rate == 0 or random.random() < 0.2 else data
    return found


def _escaped_lines(values: list[Any]) -> bytes:
    return b"".join(json.dumps(value).encode() + b"\n" for value in values)


def write_export(folder: Path, found: Files, as_zip: bool) -> Path:
    """Write an export as a ZIP, or its first file alone."""
    if as_zip:
        path = folder / "export.zip"
        with zipfile.ZipFile(path, "w") as archive:
            for name, data in found.items():
                archive.writestr(zipfile.ZipInfo(name), data)
        return path
    name, data = next(iter(found.items()))
    path = folder / name.rsplit("/", 1)[-1]
    path.write_bytes(data)
    return path


def read_with(chat_format: ChatFormat, path: Path) -> list[Record] | None:
    """Return the records, ``None`` where the export is refused or not recognised; they fit what a record promises."""
    reading = Reading()
    with suppress(ExportUnreadable), open_export(path, LimitSettings()) as export:
        if not chat_format.recognises(export):
            return None
        records = list(chat_format.records(export, reading))
        assert sum(batch.num_rows for batch in batches(records)) == len(records)
        for record in records:
            assert (record.sent_at is None) != (record.local_time is None)
            assert record.kind in KINDS
            assert record.chat in reading.chats
            assert {record.author, *record.mentions} - {None} <= set(reading.people)
        json.dumps([reading.chats, reading.people], ensure_ascii=False).encode()
        for piece in reading.quarantined:
            assert piece.reason.isprintable()
            assert len(piece.raw) <= text_chunks.MAX_RAW_BYTES
        return records
    return None


def own_seeds(chat_format: ChatFormat, folder: Path) -> list[dict[str, Any]]:
    """Return the seeds that the format reads as they are."""
    found = []
    for number, seed in enumerate(SEEDS):
        (folder / str(number)).mkdir()
        unaltered = {name: _as_file(name, value) for name, value in seed.items()}
        if read_with(chat_format, write_export(folder / str(number), unaltered, as_zip=True)):
            found.append(seed)
    return found


def _as_file(name: str, value: Any) -> bytes:
    if isinstance(value, bytes):
        return value
    return _lines(value) if name.endswith(".jsonl") else _json(value)


@pytest.mark.parametrize("examples", slow_too)
@pytest.mark.parametrize("chat_format", INSTALLED)
def test_no_bytes_make_a_format_raise(tmp_path: Path, chat_format: ChatFormat, examples: int) -> None:
    @budget(examples)
    @given(st.binary(max_size=300), st.sampled_from([name for seed in SEEDS for name in seed]), st.booleans())
    def check(data: bytes, name: str, as_zip: bool) -> None:
        read_with(chat_format, write_export(tmp_path, {name: data}, as_zip))

    check()


@pytest.mark.parametrize(
    "exports", [pytest.param(500, id="some"), pytest.param(50_000, id="many", marks=pytest.mark.slow)]
)
@pytest.mark.parametrize("chat_format", INSTALLED)
def test_no_altered_export_makes_a_format_raise(tmp_path: Path, chat_format: ChatFormat, exports: int) -> None:
    own = own_seeds(chat_format, tmp_path)
    assert own, "no seed is an export of this format: add one"
    read = 0
    for number in range(exports):
        random = Random(number)
        found = export_files(random.choice(own if random.random() < 0.9 else SEEDS), random)
        path = write_export(tmp_path, found, as_zip=random.random() < 0.5)
        try:
            read += bool(read_with(chat_format, path))
        except Exception as error:
            raise AssertionError(f"export {number}: {found}") from error
    assert read > exports // 20


ENDLESS = (
    "<",
    "<@",
    "<@U1",
    "<b>",
    "&",
    "&amp",
    "[",
    "](",
    "*",
    "**a",
    "`",
    "```",
    "_a ",
    "> ",
    "@",
    "#",
    ":a",
    "\n",
    "\x03",
    "\\",
    " ",
)
_TEXT_KEYS = {"text", "content", "body", "formatted_body", "name", "display_name", "displayname", "title", "sender"}


def with_long_texts(value: Any, text: str, is_whole: bool = True) -> Any:
    """Return a JSON value in which every text of a message is ``text``; names are left as they are."""
    if isinstance(value, dict):
        return {
            key: text
            if key in _TEXT_KEYS and isinstance(inner, str) and not is_whole
            else with_long_texts(inner, text, False)
            for key, inner in value.items()
        }
    if isinstance(value, list):
        return [with_long_texts(inner, text, False) for inner in value]
    return value


@pytest.mark.slow
@pytest.mark.parametrize("words", ENDLESS)
@pytest.mark.parametrize("chat_format", INSTALLED)
def test_twice_the_text_takes_a_format_twice_the_time(tmp_path: Path, chat_format: ChatFormat, words: str) -> None:
    seeds = own_seeds(chat_format, tmp_path)

    def seconds(length: int) -> float:
        text = words * (length // len(words))
        taken = 0.0
        for seed in seeds:
            found = {
                name: value.replace(b"hi", text.replace("\n", " ").encode())
                if isinstance(value, bytes)
                else _as_file(name, with_long_texts(value, text))
                for name, value in seed.items()
            }
            path = write_export(tmp_path, found, as_zip=True)
            began = time.process_time()
            read_with(chat_format, path)
            taken += time.process_time() - began
        return taken

    assert seconds(400_000) <= 2.5 * seconds(200_000) + 0.2
