"""Chats from the test suites of other WhatsApp parsers, read with ours; they lie beside the repository, if at all."""

from __future__ import annotations

import io
import json
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

import duckdb
import pytest

from egregora_assets.chat.archive import ExportUnreadable, open_chat_text
from egregora_assets.chat.formats.whatsapp import STAGED, AmbiguousDates, stage, title_of
from egregora_assets.chat.formats.whatsapp_header import MARKS
from egregora_assets.config import LimitSettings

FIXTURES = Path(__file__).resolve().parents[2].parent / "shared" / "fixtures" / "chat"

PEERS = (
    "chat-analytics",
    "chat-miner",
    "egregora-upstream",
    "pustur-whatsapp-chat-parser",
    "rwhatsapp",
    "whats-reader",
    "whatsapp-archive",
)
"""The folders with WhatsApp cases."""

NOT_GATING = {
    "pustur-format6": "no mark at all ends the header, as no phone writes today",
    "whatsreader-dot-time-klo-format-test": "three dialects in one file, as no phone writes",
    "whatsreader-bracketed-year-first-test": "12- and 24-hour clock in one file, as no phone writes",
}
IOS_NOTICES = {("whatsreader-ios-format-test", 0)}
"""Notices (case, row) whose name, which iOS prints before them, the peer keeps; ours have no author, as on Android."""

Case = dict[str, Any]

pytestmark = pytest.mark.skipif(not FIXTURES.is_dir(), reason="the shared chat fixtures are not on this machine")


@dataclass(frozen=True)
class Row:
    """One message as the fixtures speak of it."""

    timestamp: datetime | None
    author: str | None
    kind: str
    text: str
    attachment: str | None


def plain(text: str | None) -> str | None:
    return text and text.translate(dict.fromkeys(map(ord, MARKS))).replace("\u00a0", " ").replace("\u202f", " ")


@cache
def warehouse() -> duckdb.DuckDBPyConnection:
    return duckdb.connect()


def read(case: Case, peer: Path, day_first: bool | None) -> list[Row]:
    connection = warehouse()
    if "file" in case:
        with open_chat_text(peer / case["file"], LimitSettings()) as stream:
            authors = stage(connection, stream, case["id"], day_first).authors
    else:
        authors = stage(connection, io.BytesIO(case["input"].encode()), case["id"], day_first).authors
    found = connection.execute(
        f"SELECT local_time, author_no, kind, text, attachment FROM {STAGED} ORDER BY position"
    ).fetchall()
    return [
        Row(time, plain(None if number is None else authors[number]), kind, plain(text) or "", attachment)
        for time, number, kind, text, attachment in found
    ]


def readings(case: Case, peer: Path) -> list[list[Row]]:
    """Return the rows; under both orders of day and month where the file is ambiguous and the case asserts no time."""
    day_first = case.get("options", {}).get("day_first")
    try:
        return [read(case, peer, day_first)]
    except AmbiguousDates:
        if any("timestamp" in row for row in case["expected"]):
            raise
        return [read(case, peer, True), read(case, peer, False)]


def differences(row: Row, wanted: Case, policy: Case) -> list[str]:
    """Return the names of the asserted fields that differ."""
    wrong = []
    if "timestamp" in wanted and row.timestamp != datetime.fromisoformat(wanted["timestamp"]):
        wrong.append("timestamp")
    if "author" in wanted and row.author != plain(wanted["author"]):
        wrong.append("author")
    if "text" in wanted and not same_text(row.text, plain(wanted["text"]) or "", policy):
        wrong.append("text")
    if wanted.get("kind") is not None and not same_kind(row, wanted):
        wrong.append("kind")
    if "attachment" in wanted and row.attachment != wanted["attachment"]:
        wrong.append("attachment")
    return wrong


def same_text(ours: str, theirs: str, policy: Case) -> bool:
    if "join_continuation_with" in policy:
        return ours.split() == theirs.split()
    return ours == theirs


def same_kind(row: Row, wanted: Case) -> bool:
    known = {wanted["kind"]}
    if wanted["kind"] == "media":
        known |= {"sticker", "contact"}
    if wanted["kind"] == "text" and wanted.get("text") == "":
        known |= {"view_once"}
    return row.kind in known


def load(name: str) -> Any:
    path = FIXTURES / name
    return json.loads(path.read_text()) if path.is_file() else []


def cases() -> list[Any]:
    return [
        pytest.param(FIXTURES / peer, case, id=case["id"], marks=marks(case))
        for peer in PEERS
        for case in load(f"{peer}/cases.json")
        if case.get("platform", "whatsapp") == "whatsapp"
    ]


def marks(case: Case) -> list[pytest.MarkDecorator]:
    reason = NOT_GATING.get(case["id"])
    if case.get("optional") or case.get("realistic") is False:
        reason = "optional or unrealistic by its own word"
    return [pytest.mark.xfail(reason=reason, strict=False)] if reason else []


@pytest.mark.parametrize(("peer", "case"), cases())
def test_reads_what_the_peer_reads(peer: Path, case: Case) -> None:
    if case.get("expect_ambiguous"):
        with pytest.raises(AmbiguousDates):
            read(case, peer, None)
        return
    if case.get("input") == "":
        with pytest.raises(ExportUnreadable):
            read(case, peer, None)
        return
    for found in readings(case, peer):
        compare(found, case)


def compare(found: list[Row], case: Case) -> None:
    policy, expected = case.get("policy", {}), case["expected"]
    if "order" in policy:
        found = sorted(found, key=lambda row: row.timestamp or datetime.min)
    optional = [row for row in expected if row.get("kind") in case.get("optional_rows", ())]
    if case.get("exact_count"):
        assert len(expected) - len(optional) <= len(found) <= len(expected)
    if optional and len(found) < len(expected):
        expected = [row for row in expected if row not in optional]
    if policy.get("subset"):
        for wanted in expected:
            assert any(not differences(row, wanted, policy) for row in found), wanted
    else:
        for number, (row, wanted) in enumerate(zip(found, expected, strict=bool(expected))):
            if (case["id"], number) in IOS_NOTICES:
                wanted = {**wanted, "author": None}
            if wanted not in optional:
                assert not differences(row, wanted, policy), (row, wanted)
    check_counts(found, case)


def check_counts(found: list[Row], case: Case) -> None:
    authors = {row.author for row in found if row.author is not None}
    assert authors >= set(case.get("authors", ()))
    assert not authors & set(case.get("not_authors", ()))
    people = [row for row in found if row.kind != "system"]
    ours = {
        "user_messages": len(people),
        "authors": len(authors),
        "user_messages_empty": sum(row.kind == "view_once" for row in people),
        "user_messages_nonempty": sum(row.kind != "view_once" for row in people),
        "media_attached": sum(row.attachment is not None for row in people),
        "system": len(found) - len(people),
    }
    counts = case.get("expected_counts", {})
    assert {name: ours[name] for name in counts} == counts


@pytest.mark.parametrize("case_no", range(2))
def test_impossible_times_become_no_message(case_no: int) -> None:
    wanted = [case for case in load("egregora-upstream/cases.json") if case["id"].startswith("egregora-bad-time")][
        case_no
    ]
    found = read(wanted, FIXTURES, None)
    assert [row.timestamp is None for row in found] == [False, True]


def params(name: str) -> list[Any]:
    return [pytest.param(case, id=case["id"]) for case in load(name)]


@pytest.mark.parametrize("case", params("pustur-whatsapp-chat-parser/date_order.json"))
def test_decides_the_order_of_day_and_month_or_asks(case: Case) -> None:
    lines = (f"{a:02}/{b:02}/{year}, 10:00 - A: x" for a, b, year in case["numeric_dates"])
    parsed = {"id": case["id"], "input": "\n".join(lines)}
    try:
        found = read(parsed, FIXTURES, None)
    except AmbiguousDates:
        # The peer guesses from how often day and month change; ours asks rather than guess.
        assert case["day_first"] is None or case["heuristic"] == "changeFrequencyAnalysis"
        return
    by_this_heuristic_alone = case["day_first"] is None
    assert by_this_heuristic_alone or found == read(parsed, FIXTURES, case["day_first"])


def test_knows_the_peers_clock_forms() -> None:
    tokens = load("pustur-whatsapp-chat-parser/time_tokens.json")
    asked = [
        *tokens["12h_to_24h"],
        *(["1:00", token, "13:00" if word == "PM" else "01:00"] for token, word in tokens["ampm"]),
    ]
    for clock, meridiem, wanted in asked + [[clock, "", wanted] for clock, wanted in tokens["normalize"]]:
        line = f"25/12/2023, {clock} {meridiem}".rstrip() + " - A: x"
        [row] = read({"id": line, "input": line}, FIXTURES, None)
        assert row.timestamp is not None, line
        assert f"{row.timestamp:%H:%M:%S}".startswith(wanted), line


@pytest.mark.parametrize("case", params("chat-analytics/media_omitted_locales.json"))
def test_knows_omitted_media_in_every_language(case: Case) -> None:
    [row] = read(case, FIXTURES, None)
    assert row.kind in {"media", "sticker", "contact"}
    assert row.text == ""
    assert row.attachment is None


@pytest.mark.parametrize("prefix", load("chat-analytics/chat_name_prefixes.json"))
def test_knows_the_file_names_of_exports(prefix: str) -> None:
    assert title_of(Path(f"{prefix}Ana & Bruno (2).zip")) == "Ana & Bruno"
