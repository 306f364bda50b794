"""All messages of a snapshot in the order in which they were said, as numbers: what labels stand for, and who stands beside whom.

A message's number is its place in this order. It holds for one open snapshot only.
"""

from __future__ import annotations

from dataclasses import dataclass

import duckdb
import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.int64]

_NOBODY = -1
_MOST_PASSAGES = 2
"""A passage begins with the end of the one before, so a message stands in one or in two."""


@dataclass(frozen=True)
class Conversation:
    """``rows``, ``sources`` and ``by_number`` are by number: the row of the message, a number that stands for its chat, and its
    label, which is -1 where it says no word.

    ``labels`` are sorted, and ``numbers`` the messages that they stand for. ``passages`` are labels by where they begin, ``first``
    and ``last`` the numbers of their edges; ``passage_labels`` are the same sorted, ``passage_order`` their places in ``passages``.
    """

    rows: Numbers
    sources: NDArray[np.uint64]
    by_number: Numbers
    labels: Numbers
    numbers: Numbers
    passages: Numbers
    first: Numbers
    last: Numbers
    passage_labels: Numbers
    passage_order: Numbers

    def said(self, labels: Numbers) -> Numbers:
        """Return the number of each message by its label; -1 for what is not in the snapshot."""
        return _looked_up(self.labels, self.numbers, labels)

    def messages_of(self, passages: Numbers) -> Numbers:
        """Return the numbers of all messages with words in some passages, by label, growing."""
        among = _looked_up(self.passage_labels, self.passage_order, passages)
        among = among[among != _NOBODY]
        begin, lengths = self.first[among], self.last[among] - self.first[among] + 1
        within = np.arange(int(lengths.sum())) - np.repeat(np.cumsum(lengths) - lengths, lengths)
        numbers: Numbers = np.unique(np.repeat(begin, lengths) + within)
        with_words: Numbers = numbers[self.by_number[numbers] != _NOBODY]
        return with_words

    def passages_of(self, numbers: Numbers) -> Numbers:
        """Return the labels of the passages that each message stands in, as int64 [messages, 2]; -1 where there are fewer."""
        if not len(self.passages):
            return np.full((len(numbers), _MOST_PASSAGES), _NOBODY, np.int64)
        places = np.searchsorted(self.first, numbers, side="right")[:, None] - np.arange(1, _MOST_PASSAGES + 1)
        within = (places >= 0) & (self.last[places] >= numbers[:, None])
        return np.where(within, self.passages[places], _NOBODY)

    def around(self, number: int, before: int, after: int) -> tuple[Numbers, Numbers]:
        """Return the numbers of the messages before and after one in its chat, in order."""
        earlier = np.arange(max(0, number - before), number)
        later = np.arange(number + 1, min(len(self.rows), number + 1 + after))
        here = self.sources[number]
        return earlier[self.sources[earlier] == here], later[self.sources[later] == here]


def read_conversation(snapshot: duckdb.DuckDBPyConnection) -> Conversation:
    """Read the order of all messages from a snapshot."""
    ordered = snapshot.execute(_ORDERED).fetchnumpy()
    labels = np.asarray(ordered["label"])
    has_label = np.flatnonzero(labels != _NOBODY)
    order = has_label[np.argsort(labels[has_label])]
    known, numbers = labels[order], order.astype(np.int64)
    passages = snapshot.execute(_PASSAGES).fetchnumpy()
    first, last = (_looked_up(known, numbers, np.asarray(passages[name])) for name in ("first", "last"))
    shown = np.flatnonzero((first != _NOBODY) & (last >= first))
    by_place = shown[np.argsort(first[shown], kind="stable")]
    labels_by_place = np.asarray(passages["label"])[by_place]
    by_label = np.argsort(labels_by_place)
    return Conversation(
        np.asarray(ordered["row_no"]),
        np.asarray(ordered["source"]),
        labels,
        known,
        numbers,
        labels_by_place,
        first[by_place],
        last[by_place],
        labels_by_place[by_label],
        by_label,
    )


def _looked_up(keys: Numbers, values: Numbers, wanted: Numbers) -> Numbers:
    """Return the value of each wanted key among sorted ones, -1 where there is none."""
    if not len(keys):
        return np.full(len(wanted), _NOBODY, np.int64)
    places = np.minimum(np.searchsorted(keys, wanted), len(keys) - 1)
    return np.where(keys[places] == wanted, values[places], _NOBODY)


_UNITS = "(SELECT message_id, label FROM search_units WHERE kind = 'message')"
_ORDERED = f"""
    SELECT m.rowid AS row_no, hash(m.source_id) AS source, coalesce(label, {_NOBODY}) AS label
    FROM messages m LEFT JOIN {_UNITS} u USING (message_id)
    ORDER BY m.source_id, local_time, position, message_id
"""
_PASSAGES = f"""
    SELECT p.label, a.label AS first, b.label AS last
    FROM search_units p JOIN {_UNITS} a USING (message_id) JOIN {_UNITS} b ON b.message_id = p.last_message_id
    WHERE p.kind = 'passage' ORDER BY p.label
"""
