"""What windows show, put together column by column in Arrow: texts with letters for speakers, ids, times."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from egregora_assets.documents.cutting import Places, Windows

_MINUTES_OF_DAY = 24 * 60
_MICROS_OF_MINUTE = 60_000_000
_MICROS_OF_DAY = _MINUTES_OF_DAY * _MICROS_OF_MINUTE
_NOTHING, _NEW_LINE = pa.scalar("", pa.large_string()), pa.scalar("\n", pa.large_string())
_NO_BYTES = pa.scalar(b"", pa.large_binary())
_CLOCK = pa.array([f"{minute // 60:02}:{minute % 60:02} " for minute in range(_MINUTES_OF_DAY)], pa.large_string())


def assemble(messages: pa.Table, windows: Windows) -> pa.Table:
    """Return one row for each window of ``messages`` (columns in one chunk, in order), with the columns below.

    ``source_id``, ``thread_id``, ``period``; ``window_start``, ``window_end``, ``local_start``, ``local_end`` of its own messages;
    ``local_date`` and ``local_until``, the first and the last day of the clock among them, which may be set back in between;
    ``text`` and ``message_ids`` of those it repeats as well, and ``overlap``, how many these are; ``id_bytes`` are the ids as one
    value, ``voice_bytes`` those of the authors whose the letters are, in their order. In ``text`` each line is ``HH:MM A: words``;
    the letters stand for the speakers of this window only, in order of appearance, so that a conversation can be followed
    without saying who is who anywhere else.
    """
    begins = pa.array(windows.begins)
    ends = np.append(windows.begins[1:], messages.num_rows)
    last = pa.array(ends - 1)
    days = _micros(messages.column("local_time").chunk(0)) // _MICROS_OF_DAY
    counts = ends - windows.begins + windows.repeats
    offsets = _offsets(counts)
    said = _said(messages, windows, counts, offsets)
    window = np.repeat(np.arange(len(counts)), counts)
    speaker, voices, firsts = _speakers(said.column("author_id").chunk(0), window, len(counts))
    return pa.table(
        {
            "source_id": messages.column("source_id").take(begins),
            "thread_id": messages.column("thread_id").take(begins),
            "period": messages.column("period").take(begins),
            "window_start": messages.column("sent_at").take(begins),
            "window_end": messages.column("sent_at").take(last),
            "local_start": messages.column("local_time").take(begins),
            "local_end": messages.column("local_time").take(last),
            "local_date": _days(np.minimum.reduceat(days, windows.begins)),
            "local_until": _days(np.maximum.reduceat(days, windows.begins)),
            "text": _texts(said, speaker, offsets),
            "message_ids": _lists(offsets, said.column("message_id").chunk(0)),
            "id_bytes": _bytes(offsets, said.column("message_id").chunk(0)),
            "voice_bytes": _bytes(firsts, voices),
            "overlap": pa.array(windows.repeats, pa.int32()),
        }
    )


def letter(speaker: int) -> str:
    """Return A, B … Z, AA, AB … for a speaker counted from 0."""
    return chr(65 + speaker) if speaker < 26 else chr(64 + speaker // 26) + chr(65 + speaker % 26)


def _offsets(counts: Places) -> Places:
    return np.concatenate([np.zeros(1, np.int64), np.cumsum(counts)])


def _lists(offsets: Places, values: pa.Array) -> pa.LargeListArray:
    return pa.LargeListArray.from_arrays(pa.array(offsets), values)


def _bytes(offsets: Places, ids: pa.Array) -> pa.Array:
    return pc.binary_join(_lists(offsets, ids.storage.cast(pa.large_binary())), _NO_BYTES)


def _said(messages: pa.Table, windows: Windows, counts: Places, offsets: Places) -> pa.Table:
    """Return the messages of all windows, those that are repeated more than once."""
    if not windows.repeats.any():
        return messages
    chosen = np.repeat(windows.begins - windows.repeats - offsets[:-1], counts) + np.arange(offsets[-1])
    return messages.take(pa.array(chosen)).combine_chunks()


def _speakers(authors: pa.Array, window: Places, count: int) -> tuple[pa.Array, pa.Array, Places]:
    """Return for each message which speaker of its window wrote it, from 0, and the author ids of all windows' speakers.

    The third is where those of each window begin among the ids. Speakers are numbered by appearance, as a dictionary is: it is
    made of (window, author), and windows follow one another.
    """
    encoded = authors.storage.dictionary_encode()
    people = max(1, len(encoded.dictionary))
    by_nobody = np.asarray(pc.is_null(encoded.indices))
    keys = window * people + np.asarray(encoded.indices.fill_null(0))
    pairs = pa.array(keys, pa.int64(), mask=by_nobody).dictionary_encode()
    known = np.asarray(pairs.dictionary)
    firsts = np.searchsorted(known // people, np.arange(count + 1))
    speaker = np.asarray(pairs.indices.fill_null(0)) - firsts[window]
    voices = authors.type.wrap_array(encoded.dictionary.take(pa.array(known % people)))
    return pa.array(speaker, pa.int64(), mask=by_nobody), voices, firsts


def _texts(said: pa.Table, speaker: pa.Array, offsets: Places) -> pa.Array:
    minute = _micros(said.column("local_time").chunk(0)) // _MICROS_OF_MINUTE % _MINUTES_OF_DAY
    most = pc.max(speaker).as_py()
    letters = pa.array([f"{letter(number)}: " for number in range((most or 0) + 1)], pa.large_string())
    lines = pc.binary_join_element_wise(
        _CLOCK.take(pa.array(minute)), letters.take(speaker), said.column("body").chunk(0), _NOTHING
    )
    spoken = _offsets(np.asarray(lines.is_valid()).astype(np.int64))
    return pc.binary_join(_lists(spoken[offsets], lines.drop_null()), _NEW_LINE)


def _micros(local_time: pa.Array) -> NDArray[np.int64]:
    return np.asarray(local_time.cast(pa.int64()))


def _days(days: NDArray[np.int64]) -> pa.Array:
    return pa.array(days.astype(np.int32)).cast(pa.date32())
