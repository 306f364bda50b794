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


@dataclass(frozen=True)
class Conversation:
    """``rows`` and ``sources`` are by number: the row of the message, and a number that stands for its chat.

    ``labels`` and ``passages`` are sorted; ``numbers`` are those of the messages of ``labels``, ``first`` and ``last`` those with
    which each passage begins and ends.
    """

    rows: Numbers
    sources: NDArray[np.uint64]
    labels: Numbers
    numbers: Numbers
    passages: Numbers
    first: Numbers
    last: Numbers

    def said(self, labels: Numbers) -> Numbers:
        """Return the number of each message by its label; -1 for what is not in the snapshot."""
        return _looked_up(self.labels, self.numbers, labels)

    def messages_of(self, passages: Numbers) -> tuple[Numbers, Numbers]:
        """Return the numbers of all messages in some passages, and for each how manieth passage it stands in, from 0."""
        begin, end = _looked_up(self.passages, self.first, passages), _looked_up(self.passages, self.last, passages)
        lengths = np.where((begin < 0) | (end < begin), 0, end - begin + 1)
        which = np.repeat(np.arange(len(passages)), lengths)
        within = np.arange(len(which)) - np.repeat(np.cumsum(lengths) - lengths, lengths)
        return begin[which] + within, which

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
    edges = [_looked_up(known, numbers, np.asarray(passages[name])) for name in ("first", "last")]
    return Conversation(
        np.asarray(ordered["row_no"]),
        np.asarray(ordered["source"]),
        known,
        numbers,
        np.asarray(passages["label"]),
        edges[0],
        edges[1],
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
