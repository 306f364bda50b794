"""The scan of whole columns agrees with a plain line-by-line reader, however the text is cut into blocks."""

from __future__ import annotations

import io
import re
import time
from collections.abc import Iterator
from datetime import datetime
from itertools import pairwise
from typing import Any

import duckdb
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from benchmarks.generate import lines
from egregora_assets.chat.archive import ExportUnreadable
from egregora_assets.chat.formats import text_chunks, whatsapp_scan
from egregora_assets.chat.formats.text_chunks import read_blocks
from egregora_assets.chat.formats.whatsapp import STAGED, stage
from egregora_assets.chat.formats.whatsapp_scan import MAX_BODY_BYTES, ScanResult, scan
from tests.properties import dear

Rows = list[tuple[Any, ...]]

HEADER = re.compile(r"(\d\d)/(\d\d)/(\d{4}), (\d\d):(\d\d) - (?:([^\n]{1,60}?):(?: |(?=\n)|$))?")


def plain_reader(text: str) -> Rows:
    """Read a day-first 24-hour Android export one line at a time."""
    found: list[tuple[datetime, str | None, str]] = []
    for line in text.split("\n"):
        header = HEADER.match(line)
        if header:
            day, month, year, hour, minute = map(int, header.groups()[:5])
            found.append((datetime(year, month, day, hour, minute), header[6], line[header.end() :]))
        elif found:
            moment, author, body = found[-1]
            found[-1] = (moment, author, f"{body}\n{line}")
    if found:
        found[-1] = (*found[-1][:2], found[-1][2].removesuffix("\n"))
    return list(found)


def scanned(blocks: list[bytes]) -> tuple[Rows, ScanResult]:
    result = ScanResult()
    table: Rows = []
    for batch in scan(blocks, result):
        table += [tuple(row.values()) for row in batch.to_pylist()]
    return table, result


def with_names(table: Rows, result: ScanResult) -> Rows:
    names = result.author_names()
    return [(moment, None if no is None else names[no], body) for _, _, moment, _, no, body in table]


WORDS = st.sampled_from(
    ["hi", "olá", "10:30", "a: b", " - ", "👋🏽", "", "x" * 70, "25/12/2023", "שלום", "\u200e", "tail "]
)
BODIES = st.lists(st.lists(WORDS, max_size=4).map(" ".join), min_size=1, max_size=4).map("\n".join)
AUTHORS = st.sampled_from(["Ana", "Bruno Reis", "+55 11 91234-5678", "~ C", "名前"])
MOMENTS = st.datetimes(datetime(1970, 1, 1), datetime(2199, 12, 31))
NAMED = st.builds(
    lambda moment, author, body: f"{moment:%d/%m/%Y, %H:%M} - {author}: {body}\n", MOMENTS, AUTHORS, BODIES
)
NOTICES = st.builds(lambda moment, author: f"{moment:%d/%m/%Y, %H:%M} - {author} left\n", MOMENTS, AUTHORS)
CHATS = st.lists(NAMED | NOTICES, min_size=1, max_size=12).map("".join)
QUOTES = st.sampled_from(
    ["[25.12.23, 09:00:00] B: hi\n", "12/25/23, 9:00 AM - B: hi\n", "2023-12-25 - x\n", "before\n", "\n"]
)
MIXED = st.lists(NAMED | NOTICES | QUOTES, max_size=12).map("".join)


@given(CHATS)
def test_agrees_with_a_line_by_line_reader(chat: str) -> None:
    table, result = scanned([chat.encode()])
    assert with_names(table, result) == plain_reader(chat)


def test_agrees_with_a_line_by_line_reader_on_a_large_chat() -> None:
    chat = "".join(lines(20_000, seed=3))
    table, result = scanned(list(read_blocks(io.BytesIO(chat.encode()), [])))
    assert with_names(table, result) == plain_reader(chat)


def test_byte_offsets_point_at_the_headers() -> None:
    chat = ("preamble\n" + "".join(lines(500, seed=5))).encode()
    table, _ = scanned([line + b"\n" for line in chat.split(b"\n")[:-1]])
    for offset, following in pairwise([*(row[1] for row in table), len(chat)]):
        assert HEADER.match(chat[offset:following].decode())


@dear(200, 80)
@given(MIXED, st.data())
def test_the_cut_into_blocks_makes_no_difference(chat: str, data: st.DataObject) -> None:
    text = chat.encode()
    ends = [place + 1 for place, byte in enumerate(text) if byte == 10]
    cuts = sorted(data.draw(st.sets(st.sampled_from(ends)))) if ends else []
    pieces = [text[start:end] for start, end in pairwise([0, *cuts, len(text)]) if start < end]
    whole, split = scanned([text]), scanned_in_small_samples(pieces)
    assert split[0] == whole[0]
    assert (split[1].authors, split[1].quarantined, split[1].impossible) == (
        whole[1].authors,
        whole[1].quarantined,
        whole[1].impossible,
    )
    assert weights(split[1]) == weights(whole[1])


def scanned_in_small_samples(pieces: list[bytes]) -> tuple[Rows, ScanResult]:
    """Scan with the dialect known beforehand, so that the pieces really are scanned one by one."""
    known, result = scanned([b"".join(pieces)])[1], ScanResult()
    table: Rows = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(whatsapp_scan, "_SAMPLE_BYTES", 1)
        result.terminator, result.dialect = known.terminator, known.dialect
        for batch in scan(pieces, result):
            table += [tuple(row.values()) for row in batch.to_pylist()]
    return table, result


def weights(result: ScanResult) -> tuple[int, ...]:
    return (
        result.messages,
        result.first_above_12,
        result.second_above_12,
        result.backward_day_first,
        result.backward_month_first,
        result.order_matters,
    )


@settings(max_examples=50)
@given(st.lists(NAMED | QUOTES, min_size=1, max_size=8).map("".join), st.integers(1, 40))
def test_the_size_of_what_is_read_at_once_makes_no_difference(chat: str, size: int) -> None:
    whole = scanned(list(read_blocks(io.BytesIO(chat.encode()), [])))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(text_chunks, "BLOCK_BYTES", size)
        assert scanned(list(read_blocks(io.BytesIO(chat.encode()), [])))[0] == whole[0]


@pytest.fixture(scope="module")
def connection() -> duckdb.DuckDBPyConnection:
    return duckdb.connect()


NOISE = st.sampled_from(
    [*"0123456789/.,:-[]<>() \n\r\0\t'\"%_\\", "\u200e", "\ufeff", "AM", "25/12/2023, 10:30 - A: ", "POLL:\n"]
)


@settings(max_examples=150, deadline=None)
@given(
    st.lists(NOISE | st.text(max_size=3), max_size=60).map("".join).map(lambda text: text.encode("utf-8", "replace"))
    | st.binary(max_size=200)
)
@example(b"\xff\xfe")
@example(b"25/12/2023, 10:30 - \xff: \xff")
@example(b"25/12/2023, 10:30 - ")
@example(b"[25/12/2023, 10:30:00] \xe2\x80\x8e")
def test_nothing_makes_it_raise_but_unreadable(connection: duckdb.DuckDBPyConnection, data: bytes) -> None:
    try:
        stage(connection, io.BytesIO(data), "noise.txt")
    except ExportUnreadable:
        return
    connection.execute(f"SELECT * FROM {STAGED}").fetchall()


ANDROID = "25/12/2023, 10:30 - Ana: "


def staged(connection: duckdb.DuckDBPyConnection, data: bytes) -> tuple[list[str], list[str]]:
    result = stage(connection, io.BytesIO(data), "chat.txt")
    texts = connection.execute(f"SELECT text FROM {STAGED} ORDER BY position").fetchall()
    return [text for (text,) in texts], [piece.reason for piece in result.quarantined]


def test_text_before_the_first_message_is_quarantined_once(connection: duckdb.DuckDBPyConnection) -> None:
    texts, reasons = staged(connection, f"exported by me\n\n{ANDROID}one\n{ANDROID}two\n".encode())
    assert (texts, reasons) == (["one", "two"], ["text before the first message"])


def test_text_before_the_first_message_may_be_longer_than_a_block(connection: duckdb.DuckDBPyConnection) -> None:
    texts, reasons = staged(connection, b"no message here\n" * 200_000 + f"{ANDROID}one".encode())
    assert (texts, reasons) == (["one"], ["text before the first message"])


def test_broken_bytes_lose_nothing_else(connection: duckdb.DuckDBPyConnection) -> None:
    header = ANDROID.encode()
    texts, reasons = staged(connection, header + b"a\xffb\n" + header + b"n\0ul\n" + header + b"sound\n")
    assert texts == ["a\ufffdb", "nul", "sound"]
    assert len(reasons) == 2


def test_an_endless_line_is_cut_and_the_other_messages_are_whole(connection: duckdb.DuckDBPyConnection) -> None:
    texts, reasons = staged(connection, f"{ANDROID}one\n{ANDROID}{'x' * 10_000_000}\n{ANDROID}two\n".encode())
    assert (texts[0], texts[2]) == ("one", "two")
    assert MAX_BODY_BYTES - 100 <= len(texts[1]) <= MAX_BODY_BYTES
    assert len(reasons) == 1


def test_a_million_continuation_lines_cost_linear_time_and_are_cut_once(connection: duckdb.DuckDBPyConnection) -> None:
    def seconds(count: int) -> float:
        body = "start\n" + "more and more\n" * count
        data = f"{ANDROID}{body}{ANDROID}end\n".encode()
        began = time.process_time()
        texts, reasons = staged(connection, data)
        assert [text[:5] for text in texts] == ["start", "end"]
        assert len(reasons) == 1
        assert texts[0] == body[:MAX_BODY_BYTES]
        return time.process_time() - began

    assert seconds(1_000_000) < 30 * max(seconds(100_000), 0.05)


def test_many_lines_that_nearly_are_headers_cost_linear_time(connection: duckdb.DuckDBPyConnection) -> None:
    def nearly() -> Iterator[str]:
        for number in range(30_000):
            letters = f"{number:b}".translate({48: "a", 49: "b"})
            yield f"25/12/2023, 10:30 {letters} - x\n2 kg of {letters} - and more\n"

    began = time.process_time()
    texts, _ = staged(connection, "".join([ANDROID, "start\n", *nearly(), ANDROID, "end"]).encode())
    assert len(texts) == 2
    assert time.process_time() - began < 3


def test_many_unknown_words_beside_a_time_cost_linear_time_and_are_no_text(
    connection: duckdb.DuckDBPyConnection,
) -> None:
    def unknown() -> Iterator[str]:
        for number in range(20_000):
            word = f"zz{number:o}".translate(str.maketrans("01234567", "klnopqrs"))
            yield f"12/25/23, 10:30 {word} - Ana: x\n"

    known = "12/25/23, 10:30 PM - Ana: start\n"
    began = time.process_time()
    export = "".join([known, *unknown(), known])
    result = stage(connection, io.BytesIO(export.encode()), "chat.txt")
    found = connection.execute(f"SELECT text FROM {STAGED} WHERE local_time IS NOT NULL").fetchall()
    assert found == [("start",), ("start",)]
    assert {piece.reason for piece in result.quarantined} == {whatsapp_scan.UNKNOWN_WORD}
    assert time.process_time() - began < 10


def test_two_hundred_thousand_authors_are_told_apart(connection: duckdb.DuckDBPyConnection) -> None:
    export = "".join(f"25/12/2023, 10:30 - Person {number}: hi\n" for number in range(200_000))
    assert len(stage(connection, io.BytesIO(export.encode()), "chat.txt").authors) == 200_000


def test_the_evidence_for_two_digit_years_does_not_depend_on_the_cut_into_blocks() -> None:
    lines = [f"24/{day % 12 + 1}/{day}, 10:00 - Ana: x\n".encode() for day in (*range(1, 29), 3, 2, 9)]
    results = [scanned([b"".join(lines)])[1], scanned_in_small_samples(lines)[1]]
    evidence = [result.two_digit_years for result in results]
    assert evidence[0] is not None
    assert evidence[1] is not None
    assert [(found.explained, found.changes, found.backward) for found in evidence if found] == [
        (evidence[0].explained, evidence[0].changes, evidence[0].backward)
    ] * 2
    assert [int(time) for block in evidence[0].times for time in block] == [
        int(time) for block in evidence[1].times for time in block
    ]


def test_shapes_of_other_dialects_are_reported_once_and_not_without_bound() -> None:
    others = "".join(f"25/12/2023, 10:30 {'a' * (number % 9)}{'b' * (number // 9)} - x\n" for number in range(81))
    _, result = scanned([f"{ANDROID}one\n{others}{others}{ANDROID}two\n".encode()])
    reasons = [piece.reason for piece in result.quarantined]
    assert 10 < len(reasons) <= 32
    assert set(reasons) == {whatsapp_scan.OTHER_DIALECT}
