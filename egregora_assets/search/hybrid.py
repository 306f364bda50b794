"""Search by words and by meaning at once, over one open snapshot: what it does not show is never found, whatever an index has."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Protocol
from uuid import UUID

import duckdb
import numpy as np
from numpy.typing import NDArray

from egregora_assets.search.conversation import Numbers, read_conversation
from egregora_assets.search.embedders import EmbedderFailed
from egregora_assets.search.errors import UnknownMessage
from egregora_assets.search.filters import Filters
from egregora_assets.search.ranking import (
    Place,
    Ranked,
    RankedList,
    first_alike,
    fused,
    nearness,
    share_of_words,
    with_context,
)
from egregora_assets.search.snippets import has_words, snippet
from egregora_assets.search.tokens import Wanted, parse, words_of
from egregora_assets.search.vectors.spec import IndexUnusable
from egregora_assets.search.words import Scores, WordIndex
from egregora_assets.warehouse.query import rows

DEPTH = 100
"""Messages of each list that are ranked."""
_NEAREST = 64
"""Units, which are messages and passages, that are asked for first by meaning: a graph of vectors answers so many at once."""
_NO_PASSAGE = -1
_DEEPER, _DEEPEST = 8, 50_000
_MORE_ROWS = 4
_ABOUT = 12
"""Words of a message that stand for what it is about."""
_NO_FILTERS = Filters()


class Embeds(Protocol):
    """What gives a text its vector."""

    def embed(self, texts: Sequence[str], as_query: bool = False) -> NDArray[np.float32]: ...


class Neighbours(Protocol):
    """What has the labels of the nearest vectors, and how near they are, in ``labels`` and ``scores``."""

    @property
    def labels(self) -> NDArray[np.int64]: ...

    @property
    def scores(self) -> NDArray[np.float32]: ...


class Nearest(Protocol):
    """An index of vectors."""

    def search(self, query: NDArray[np.float32], k: int, allow: NDArray[np.int64] | None = None) -> Neighbours: ...


@dataclass(frozen=True)
class Meaning:
    """Search by meaning: a model, and an index of the vectors that it made."""

    embedder: Embeds
    index: Nearest


@dataclass(frozen=True)
class Line:
    """A message as it is shown beside a hit."""

    message_id: UUID
    local_time: datetime
    author: str | None
    kind: str
    text: str


@dataclass(frozen=True)
class Result:
    """One hit. ``marks`` are where words that were looked for stand in ``snippet``; ``alike`` are messages that say the same.

    ``places`` tell how it was found: its rank and score by ``words`` and by ``meaning``, and those of its ``passage``, which is a
    part of its meaning.
    """

    message_id: UUID
    source_id: str
    local_time: datetime
    sent_at: datetime
    author: str | None
    kind: str
    text: str
    snippet: str
    marks: tuple[tuple[int, int], ...]
    score: float
    places: Mapping[str, Place]
    alike: tuple[UUID, ...] = ()
    before: tuple[Line, ...] = ()
    after: tuple[Line, ...] = ()


@dataclass
class _Shown:
    """A hit on its way: its row of the snapshot, and who says the same."""

    ranked: Ranked
    row: tuple[UUID, str, datetime, datetime, str | None, str, str]
    words: frozenset[str]
    alike: list[UUID] = field(default_factory=list)


class Search:
    """Searches one snapshot, for as long as it is open. ``notes`` say what it has to do without.

    Opening reads the order of all messages; a query then costs about the same however many there are. Threads may share one: they
    take turns.
    """

    def __init__(
        self,
        snapshot: duckdb.DuckDBPyConnection,
        words: WordIndex | None,
        meaning: Meaning | None = None,
        notes: Iterable[str] = (),
    ) -> None:
        self._notes, self._lacking = tuple(notes), ""
        self._snapshot, self._words, self._meaning = snapshot, words, meaning
        self._turn = threading.Lock()
        self._conversation = read_conversation(snapshot)
        missing = 0 if words is None else words.lacks(self._conversation.labels)
        if missing:
            told = f"{missing:,} {'message is' if missing == 1 else 'messages are'} not in the index of words"
            self._notes += (f"{told}: `egregora ingest` brings it up to date.",)
        self._authors: dict[UUID | None, str] = dict(rows(snapshot, _AUTHORS))

    @property
    def notes(self) -> list[str]:
        """What the last search had to do without, and what all have to."""
        return [*self._notes, *([self._lacking] if self._lacking else [])]

    def search(self, query: str, limit: int = 10, filters: Filters = _NO_FILTERS, context: int = 0) -> list[Result]:
        """Return the messages that fit a query best, at most ``limit``, with ``context`` messages before and after each.

        There are ``limit`` results whenever so many different messages fit. No query is an error.
        """
        wanted = parse(query)
        with self._turn:
            return self._results(wanted, wanted.meant, limit, filters, context)

    def more_like(
        self, message_id: UUID, limit: int = 10, filters: Filters = _NO_FILTERS, context: int = 0
    ) -> list[Result]:
        """Return messages that are like one, without it. Raises ``UnknownMessage``."""
        with self._turn:
            found = rows(self._snapshot, "SELECT rowid, text FROM messages WHERE message_id = ?", [message_id])
            if not found:
                raise UnknownMessage(f"no message that is shown has the id {message_id}")
            ((row, text),) = found
            wanted = self._words.rarest(text, _ABOUT) if self._words else Wanted()
            itself = int(np.flatnonzero(self._conversation.rows == row)[0])
            return self._results(wanted, text, limit, filters, context, itself)

    def _results(
        self, wanted: Wanted, meant: str, limit: int, filters: Filters, context: int, but: int | None = None
    ) -> list[Result]:
        if limit < 1 or not (words_of(meant) or not wanted.is_empty):
            return []
        self._lacking = ""
        query = self._vector(meant, is_query=but is None)
        allow = None if filters.is_empty else self._allowed(filters)
        depth = max(DEPTH, 2 * limit)
        while True:
            lists, is_all = self._lists(wanted, query, allow, depth, but)
            ranked = [one for one in fused(lists) if one.item != but]
            shown = self._shown(ranked, wanted, limit)
            if len(shown) == limit or is_all or depth >= _DEEPEST:
                return self._told(shown, wanted, context)
            depth *= _DEEPER

    def _vector(self, meant: str, is_query: bool) -> NDArray[np.float32] | None:
        if self._meaning is None or not words_of(meant):
            return None
        try:
            vectors = self._meaning.embedder.embed([meant], as_query=is_query)
        except EmbedderFailed as error:
            self._do_without_meaning(error)
            return None
        query: NDArray[np.float32] = vectors[0]
        return query if query.any() else None

    def _do_without_meaning(self, error: Exception) -> None:
        """Say so of this search: an index that is made anew, or a service that was away, is there for the next one."""
        self._lacking = f"Search is by words alone: {error}"

    def _allowed(self, filters: Filters) -> _Allowed:
        condition, parameters = filters.condition()
        found = self._snapshot.execute(_ALLOWED.format(condition=condition), parameters).fetchnumpy()
        kinds, labels = np.asarray(found["is_message"]), np.asarray(found["label"])
        return _Allowed(labels, labels[kinds], self._conversation.said(labels[kinds]))

    def _lists(
        self, wanted: Wanted, query: NDArray[np.float32] | None, allow: _Allowed | None, depth: int, but: int | None
    ) -> tuple[dict[str, RankedList], bool]:
        """Return the lists to a depth, and whether they hold all that there is; of ``but`` and its passages they take no notice."""
        lists: dict[str, RankedList] = {}
        is_all = True
        if self._words is not None:
            hits = self._words.search(wanted, depth, None if allow is None else allow.messages)
            strengths = share_of_words(hits.scores, self._words.most(wanted)) if query is not None else None
            lists["words"] = _ranked(self._conversation.said(hits.labels), hits.scores, strengths)
            is_all = len(hits.labels) < depth
        if self._meaning is not None and query is not None:
            try:
                count = _NEAREST if depth == DEPTH else 2 * depth
                near = self._meaning.index.search(query, count, None if allow is None else allow.units)
                has_more = len(near.labels) == count
                near_ones = self._near_ones(near, allow, but)
                lists |= self._by_meaning(self._meaning.index, query, near, near_ones, but, count if has_more else None)
                is_all = is_all and not has_more
            except IndexUnusable as error:
                self._do_without_meaning(error)
        return lists, is_all

    def _near_ones(self, near: Neighbours, allow: _Allowed | None, but: int | None) -> Numbers:
        """Return the numbers of messages that are near or stand in a passage that is."""
        said = self._conversation.said(near.labels)
        numbers = np.union1d(said[said >= 0], self._conversation.messages_of(near.labels[said < 0]))
        if allow is not None:
            numbers = numbers[np.isin(numbers, allow.numbers)]
        return numbers if but is None else numbers[numbers != but]

    def _by_meaning(
        self,
        index: Nearest,
        query: NDArray[np.float32],
        near: Neighbours,
        numbers: Numbers,
        but: int | None,
        most: int | None,
    ) -> dict[str, RankedList]:
        """Return messages by how near they and their passages are together."""
        labels, passages = self._conversation.by_number[numbers], self._conversation.passages_of(numbers)
        if but is not None:  # who stands beside a message is not like it for that
            passages[np.isin(passages, self._conversation.passages_of(np.array([but])))] = _NO_PASSAGE
        asked = np.unique(np.concatenate([labels, passages[passages != _NO_PASSAGE]]))
        scores = _all_scores(index, query, near, asked)
        own, around = _at(asked, scores, labels), np.fmax.reduce(_at(asked, scores, passages), axis=1)
        together = with_context(own, around)
        order = np.argsort(-together, kind="stable")  # what has no vector stands last
        best = order[: int((~np.isnan(own)).sum())][:most]
        numbers, together, around = numbers[best], together[best], around[best]
        in_one = ~np.isnan(around)
        return {
            "meaning": _by_score(numbers, together, nearness(together)),
            "passage": _by_score(numbers[in_one], around[in_one], np.zeros(int(in_one.sum()), np.float32)),
        }

    def _shown(self, ranked: Sequence[Ranked], wanted: Wanted, limit: int) -> list[_Shown]:
        """Return the best different messages, with their rows: those that say the same are shown as one."""
        shown: list[_Shown] = []
        begin, count = 0, limit + _MORE_ROWS
        while begin < len(ranked) and len(shown) < limit:
            some = ranked[begin : begin + count]
            found = self._rows([one.item for one in some])
            for one in some:
                row = found[one.item]
                words = words_of(row[-1])
                if not has_words(words, wanted):
                    continue
                same = first_alike(frozenset(words), [other.words for other in shown])
                if same is not None:
                    shown[same].alike.append(row[0])
                elif len(shown) < limit:
                    shown.append(_Shown(one, row, frozenset(words)))
            begin, count = begin + count, 2 * count
        return shown

    def _rows(self, numbers: Sequence[int]) -> dict[int, tuple[UUID, str, datetime, datetime, str | None, str, str]]:
        by_row = {int(self._conversation.rows[number]): number for number in numbers}
        return {
            by_row[row]: (message_id, source_id, local_time, sent_at, self._authors.get(author_id), kind, text)
            for row, message_id, source_id, local_time, sent_at, author_id, kind, text in rows(
                self._snapshot, _ROWS, [list(by_row)]
            )
        }

    def _told(self, shown: Sequence[_Shown], wanted: Wanted, context: int) -> list[Result]:
        around = [self._conversation.around(one.ranked.item, context, context) for one in shown] if context > 0 else []
        needed = {int(number) for sides in around for side in sides for number in side}
        found = self._rows(sorted(needed)) if needed else {}
        results = []
        for one in shown:
            message_id, source_id, local_time, sent_at, author, kind, text = one.row
            part = snippet(text, wanted)
            results.append(
                Result(
                    message_id,
                    source_id,
                    local_time,
                    sent_at,
                    author,
                    kind,
                    text,
                    part.text,
                    part.marks,
                    one.ranked.score,
                    one.ranked.places,
                    tuple(one.alike),
                )
            )
        for number, sides in enumerate(around):
            before, after = (tuple(_line(found[int(item)]) for item in side) for side in sides)
            results[number] = replace(results[number], before=before, after=after)
        return results


@dataclass(frozen=True)
class _Allowed:
    """The labels that may be found: of all units, and of messages, with their numbers."""

    units: Numbers
    messages: Numbers
    numbers: Numbers


def _ranked(numbers: Numbers, scores: Scores, strengths: Scores | None = None) -> RankedList:
    """Return a list without what the snapshot does not show."""
    known = numbers >= 0
    counting = np.ones(len(numbers), np.float32) if strengths is None else strengths
    return RankedList(numbers[known], np.arange(1, int(known.sum()) + 1), scores[known], counting[known])


def _by_score(numbers: Numbers, scores: Scores, strengths: Scores) -> RankedList:
    """Return a list in the order of its scores; equal ones have the same rank."""
    order = np.argsort(-scores, kind="stable")
    ranks = np.searchsorted(-scores[order], -scores[order]) + 1
    return RankedList(numbers[order], ranks, scores[order], strengths[order])


def _all_scores(index: Nearest, query: NDArray[np.float32], near: Neighbours, labels: Numbers) -> Scores:
    """Return how near some labels are, of which ``near`` has some and the index is asked for the others."""
    scores = _scores(near, labels)
    unknown = np.isnan(scores)
    if unknown.any():
        asked = labels[unknown]
        scores[unknown] = _scores(index.search(query, len(asked), asked), asked)
    return scores


def _scores(near: Neighbours, labels: Numbers) -> Scores:
    """Return how near some labels are (sorted, float32 [labels]); not a number where that was not found."""
    order = np.argsort(near.labels)
    return _at(near.labels[order], near.scores[order], labels)


def _at(keys: Numbers, values: Scores, wanted: Numbers) -> Scores:
    """Return the value of each wanted key among sorted ones; not a number where there is none."""
    if not len(keys):
        return np.full(wanted.shape, np.nan, np.float32)
    places = np.minimum(np.searchsorted(keys, wanted), len(keys) - 1)
    return np.where(keys[places] == wanted, values[places], np.nan).astype(np.float32)


def _line(row: tuple[UUID, str, datetime, datetime, str | None, str, str]) -> Line:
    message_id, _, local_time, _, author, kind, text = row
    return Line(message_id, local_time, author, kind, text)


_ALLOWED = """
    WITH allowed AS (
        SELECT u.label, u.document_id FROM search_units u JOIN messages m USING (message_id)
        WHERE u.kind = 'message' AND {condition}
    )
    SELECT label, true AS is_message FROM allowed
    UNION ALL
    SELECT label, false FROM search_units WHERE kind = 'passage' AND document_id IN (SELECT document_id FROM allowed)
    ORDER BY label
"""
_AUTHORS = "SELECT author_id, coalesce(chosen_name, alias) FROM authors"
_ROWS = """
    SELECT rowid, message_id, source_id, local_time, sent_at, author_id, kind, text
    FROM messages WHERE rowid IN (SELECT unnest(?))
"""
