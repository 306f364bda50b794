"""What the rules find in the labelled windows, in the form of their labels, and how well the two agree."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

import duckdb
import pyarrow as pa

from egregora_assets.sidecar.extract import compare, extract, extracting
from egregora_assets.warehouse.connection import settle
from egregora_assets.warehouse.migrate import migrate
from egregora_assets.warehouse.query import changed, rows, temporary, view_of
from tests.sidecar.labelled import Message, Window

_BEGINNING = datetime(2024, 3, 13, 9, 0)
_LETTERS = "ABCD"
KINDS = ("question", "decision", "action")
Place = tuple[str, int]
"""A window's id and the index of a message in it."""


@dataclass
class Found:
    """What is at each place: the text of the item, and what belongs to it."""

    question: dict[Place, tuple[str, int | None, str | None]] = field(default_factory=dict)
    """Its words, the index of the answer, and how that was linked."""
    decision: dict[Place, tuple[str, str]] = field(default_factory=dict)
    """Its words and status."""
    action: dict[Place, tuple[str, str | None, str | None]] = field(default_factory=dict)
    """Its words, the letter of its assignee, and the words for when it is due."""
    done: dict[Place, int] = field(default_factory=dict)
    """For each task that is done the index of the message that says so."""
    taken_back: dict[Place, int] = field(default_factory=dict)
    """For each decision that was taken back the index of the message that does."""
    evidence: dict[tuple[str, str], list[int]] = field(default_factory=dict)
    """By window and kind: how many messages each item cites, in the order of the talk."""
    entities: dict[str, set[tuple[str, str]]] = field(default_factory=dict)
    """By window: kind and name."""


@dataclass(frozen=True)
class Score:
    """How often the rules and the labels of one kind agree."""

    right: int
    surplus: int
    missed: int
    neither: int

    @property
    def precision(self) -> float:
        return self.right / max(1, self.right + self.surplus)

    @property
    def recall(self) -> float:
        return self.right / max(1, self.right + self.missed)

    @property
    def f1(self) -> float:
        return 2 * self.right / max(1, 2 * self.right + self.surplus + self.missed)


def _alias(letter: str) -> str:
    return f"member-{ord(letter):010x}"


def _author_id(letter: str) -> str:
    return str(UUID(int=ord(letter)))


def _message_id(window: int, place: int) -> str:
    return str(UUID(int=(window + 1) * 1000 + place))


@contextmanager
def extracted(windows: Sequence[Window]) -> Iterator[duckdb.DuckDBPyConnection]:
    """A warehouse in memory that holds the windows as documents of a chat each, and what the rules have found in them."""
    with holding(windows) as connection:
        passed_over(connection, range(len(windows)))
        yield connection


def passed_over(connection: duckdb.DuckDBPyConnection, documents: Iterable[int]) -> None:
    """Have the rules look at some of the windows, by their numbers, in one pass."""
    opened = "SELECT slug::INTEGER + 1 AS d_no, document_id FROM documents WHERE slug::INTEGER IN (SELECT unnest(?))"
    outdated = "SELECT document_id FROM open_documents"
    with temporary(connection, "open_documents", opened, [list(documents)]), extracting(connection, outdated):
        extract(connection)
        compare(connection)


@contextmanager
def holding(windows: Sequence[Window], chats: str | Sequence[str] | None = None) -> Iterator[duckdb.DuckDBPyConnection]:
    """A warehouse in memory that holds the windows as documents, a day apart, of one chat, of those named, or of one each."""
    if chats is None or isinstance(chats, str):
        chats = [chats or f"chat-{number}" for number in range(len(windows))]
    with duckdb.connect(config={"threads": 1}) as connection:
        settle(connection)
        migrate(connection)
        messages = [
            {
                "message_id": _message_id(number, place),
                "document": number,
                "source_id": chats[number],
                "local_time": _BEGINNING + timedelta(days=number, minutes=message["minute"]),
                "author_id": _author_id(message["author"]),
                "text": re.sub("@([A-D])", lambda found: "@" + _alias(found[1]), message["text"]),
                "reply_to": _message_id(number, message["reply_to"]) if "reply_to" in message else None,
                "position": place,
            }
            for number, window in enumerate(windows)
            for place, message in enumerate(window["messages"])
        ]
        authors = [{"author_id": _author_id(letter), "alias": _alias(letter)} for letter in _LETTERS]
        with (
            view_of(connection, "given", pa.Table.from_pylist(messages)),
            view_of(connection, "people", pa.Table.from_pylist(authors)),
        ):
            changed(
                connection,
                """
                INSERT INTO clean_messages (message_id, source_id, local_date, local_time, sent_at, author_id, kind, text,
                    is_edited, position, revision, reply_to)
                SELECT message_id, source_id, local_time::DATE, local_time, local_time, author_id, 'text', text, false,
                    position, 1, reply_to FROM given
                """,
            )
            changed(
                connection,
                """
                INSERT INTO authors (author_id, alias, first_seen, last_seen, message_count, opted_out, opted_out_revision,
                    revision) SELECT author_id, alias, now(), now(), 1, false, 0, 1 FROM people
                """,
            )
            changed(
                connection,
                """
                INSERT INTO documents (document_id, kind, source_id, local_date, window_start, window_end, title, slug, text,
                    message_ids, content_hash, revision)
                SELECT min(message_id), 'window', min(source_id), min(local_time)::DATE, min(local_time), max(local_time), '',
                    document::VARCHAR, '', list(message_id::UUID ORDER BY position), '', 1 FROM given GROUP BY document
                """,
            )
            yield connection


def find(windows: Sequence[Window]) -> Found:
    """Return what the rules find."""
    found = Found()
    letter_of = {_alias(letter): letter for letter in _LETTERS}

    def place(message: UUID) -> Place:
        return windows[message.int // 1000 - 1]["id"], message.int % 1000

    with extracted(windows) as connection:
        for text, evidence, answer, linked in rows(
            connection, "SELECT text, evidence, answer_id, linked_by FROM questions"
        ):
            found.question[place(evidence[0])] = (text, answer.int % 1000 if answer else None, linked)
        for text, evidence, status, taker in rows(
            connection, "SELECT text, evidence, status, revoked_by FROM decisions"
        ):
            found.decision[place(evidence[0])] = (text, status)
            if taker:
                found.taken_back[place(evidence[0])] = taker.int % 1000
        for text, evidence, who, due, finisher in rows(
            connection, "SELECT text, evidence, assignee, due, done_by FROM action_items"
        ):
            found.action[place(evidence[0])] = (text, letter_of.get(who), due)
            if finisher:
                found.done[place(evidence[0])] = finisher.int % 1000
        for kind, table in (("question", "questions"), ("decision", "decisions"), ("action", "action_items")):
            for (evidence,) in rows(connection, f"SELECT evidence FROM {table} ORDER BY evidence[1]"):
                found.evidence.setdefault((place(evidence[0])[0], kind), []).append(len(evidence))
        for kind, name, evidence in rows(connection, "SELECT kind, name, evidence FROM entities"):
            found.entities.setdefault(place(evidence[0])[0], set()).add((kind, name))
    return found


def labelled(windows: Sequence[Window], kind: str) -> set[Place]:
    """Return the places that are labelled with a kind."""
    return {place for place, message in _messages(windows) if kind in message}


def _messages(windows: Sequence[Window]) -> Iterator[tuple[Place, Message]]:
    for window in windows:
        for index, message in enumerate(window["messages"]):
            yield (window["id"], index), message


def score(windows: Sequence[Window], found: Found, kind: str) -> Score:
    """Compare places, message by message."""
    wanted, got = labelled(windows, kind), set(getattr(found, kind))
    total = sum(len(window["messages"]) for window in windows)
    return Score(len(wanted & got), len(got - wanted), len(wanted - got), total - len(wanted | got))


def right_answers(windows: Sequence[Window], found: Found) -> tuple[int, int]:
    """Count the labelled questions whose answer was found, or rightly none, and all; a missed question is wrong."""
    right = total = 0
    for place, message in _messages(windows):
        if "question" in message:
            total += 1
            item = found.question.get(place)
            right += item is not None and (
                item[1] in message["question"] if item[1] is not None else not message["question"]
            )
    return right, total


def right_assignees(windows: Sequence[Window], found: Found) -> tuple[int, int]:
    """Count the tasks that were found with the assignee of their label, and all that were found and labelled."""
    both = [
        (message["action"]["assignee"], found.action[place][1])
        for place, message in _messages(windows)
        if "action" in message and place in found.action
    ]
    return sum(wanted == got for wanted, got in both), len(both)
