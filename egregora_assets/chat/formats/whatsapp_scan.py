"""Bytes of a WhatsApp text export → Arrow record batches, one row per message, without a Python loop over messages.

Line starts are found with numpy, the first bytes of every line that may be a header are gathered into a matrix, lines
are grouped by header shape (see ``whatsapp_header``), and times and bodies are cut out of whole groups at once. Bodies
are Arrow string views into the bytes read: nothing is copied. Memory is bounded by the block size, not by the file.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from egregora_assets.chat.formats.text_chunks import MAX_RAW_BYTES, MOST_PIECES, Quarantine, Quarantined
from egregora_assets.chat.formats.whatsapp_header import (
    MIN_DIGITS,
    MIN_HEADER_BYTES,
    MOST_WIDTH,
    TERMINATORS,
    WIDTH,
    DayPart,
    Dialect,
    HeaderLayout,
    looks_like_header,
    read_layout,
)

MAX_BODY_BYTES = 1 << 20
"""A body longer than this is cut and reported; WhatsApp itself allows 65,536 characters."""
MAX_AUTHOR_BYTES = 160
_USUAL_AUTHOR_BYTES = 24
OTHER_DIALECT = "looks like a message of another dialect"
UNKNOWN_WORD = "a word beside the time is unknown: nothing tells morning from afternoon"
HIJRI = (
    "the date is of the Islamic (Hijri) calendar, which cannot be converted to the day: only observers know the months"
)
_MOST_OTHER_SHAPES = 32
"""Header shapes of other dialects that are reported, each with its first line: a chat quotes few, a hostile file many."""
_KEPT_BYTES = MAX_BODY_BYTES + WIDTH + MAX_AUTHOR_BYTES + 64
"""How much of a growing message is carried to the next block: more than the body and what stands before it."""

SCAN_SCHEMA = pa.schema(
    [
        ("position", pa.int64()),
        ("byte_offset", pa.int64()),
        ("time_day_first", pa.timestamp("us")),
        ("time_month_first", pa.timestamp("us")),
        ("author_no", pa.int32()),
        ("body", pa.string_view()),
    ]
)

Bytes = npt.NDArray[np.uint8]
Ints = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]
_COLON, _LINE_FEED = 58, 10
_NOTHING = bytes(MAX_AUTHOR_BYTES + MOST_WIDTH)
_NO_TIME = int(np.iinfo(np.int64).min)
_SECOND = 1_000_000
_WHATSAPP_BEGAN = int(np.datetime64("2009-01-01", "us").astype(np.int64))
_SAMPLE_BYTES = 1 << 20
_MAY_START_HEADER = np.isin(np.arange(256), [*b"0123456789[RH", *b"\xe2\xef", *b"\xd9\xdb\xe0", *b"\xe4\xe5"])
"""ASCII digits, the bracket and short Japanese eras; the first bytes of marks (MARKS), of other digits and of eras."""
_WIDE_ZEROS = ((b"\xd9", 0xA0), (b"\xdb", 0xB0), (b"\xe0\xa5", 0xA6), (b"\xe0\xa7", 0xA6))
_MIXERS = np.random.default_rng(20240101).integers(1, 2**63, MOST_WIDTH // 8, dtype=np.uint64) * np.uint64(
    2
) + np.uint64(1)


class TwoDigitYears:
    """The evidence for each order of day, month and year in dates such as ``24/1/13``.

    ``explained`` counts the dates that are days of WhatsApp's time (2009 until now) when read day first, month first and
    year first; ``backward`` the steps back in time when read year first; ``changes`` how often the first and the last
    field differ from the message before, and ``times`` has the year-first reading of every message.
    """

    def __init__(self) -> None:
        self.explained = [0, 0, 0]
        self.changes = [0, 0]
        self.backward = 0
        self.times: list[Ints] = []
        self._last: Ints = np.zeros((3, 0), dtype=np.int64)

    def weigh(self, headers: _Headers, complete: int) -> None:
        """Add the evidence of a block."""
        readings = (headers.time_day_first, headers.time_month_first, headers.time_year_first)
        latest = int((time.time() + 2 * 86_400) * _SECOND)
        for order, times in enumerate(readings):
            self.explained[order] += int(((times[:complete] >= _WHATSAPP_BEGAN) & (times[:complete] <= latest)).sum())
        year_first = headers.time_year_first[:complete]
        self.times.append(year_first)
        fields = np.stack((headers.first[:complete], headers.last[:complete], year_first))
        fields = np.concatenate((self._last, fields), axis=1)
        self.changes[0] += int((np.diff(fields[0]) != 0).sum())
        self.changes[1] += int((np.diff(fields[1]) != 0).sum())
        self.backward += int((np.diff(fields[2][fields[2] != _NO_TIME]) < 0).sum())
        self._last = fields[:, -1:]

    def lead(self, backward: int) -> bool | None:
        """Return whether the year comes first, against the other orders' steps ``backward``; ``None``: nothing tells."""
        others = max(self.explained[:2])
        varies = self.changes[1] - self.changes[0]
        if not self.explained[2] or self.explained[2] < others or varies < 0:
            return False
        if self.explained[2] > others or (varies > 1 and self.backward <= backward):
            return True
        return None if varies > 0 and self.backward <= backward else False


@dataclass
class ScanResult:
    """What a scan learns on its way; complete when its batches are exhausted.

    ``first_above_12`` and ``second_above_12`` count dates that only one day/month order can explain;
    ``backward_day_first`` and ``backward_month_first`` count the steps back in time under each order, and
    ``order_matters`` the dates that the two orders read differently. ``impossible`` has, by byte offset, the beginning
    of messages with a date or time that neither order can explain, and ``headers`` the headers of messages with one
    that not every order can. ``two_digit_years`` weighs whether dates such as ``24/1/13`` begin with the year.
    ``other_dialects`` has the first line of each shape that looks like a header but is none of this file, and ``reasons``
    why, by byte offset, a message has no time where there is more to say than that it does not exist.
    """

    terminator: bytes | None = None
    dialect: Dialect | None = None
    messages: int = 0
    authors: dict[bytes, int] = field(default_factory=dict)
    first_above_12: int = 0
    second_above_12: int = 0
    backward_day_first: int = 0
    backward_month_first: int = 0
    order_matters: int = 0
    quarantined: Quarantine = field(default_factory=Quarantine)
    impossible: dict[int, bytes] = field(default_factory=dict)
    headers: dict[int, bytes] = field(default_factory=dict)
    kept_headers: list[int] = field(default_factory=lambda: [0, 0, 0])
    two_digit_years: TwoDigitYears | None = None
    other_dialects: dict[bytes, Quarantined] = field(default_factory=dict)
    reasons: dict[int, str] = field(default_factory=dict)
    counts_from_buddha: bool = False

    @property
    def year_first(self) -> bool:
        return self.dialect is not None and self.dialect.year_first

    def author_names(self) -> list[str]:
        """Return the raw author names, in the order of ``author_no``."""
        return [name.decode("utf-8", "replace") for name in self.authors]


def scan(blocks: Iterable[bytes], result: ScanResult) -> Iterator[pa.RecordBatch]:
    """Yield record batches of ``SCAN_SCHEMA`` from valid UTF-8 ``blocks`` that end at line ends; fills ``result``.

    ``body`` is everything after the author (or after the header where there is none: then ``author_no`` is null) up to
    the next header, without its last line break. A time is null where the header names an impossible moment.
    ``byte_offset`` counts bytes of the blocks. How the text is cut into blocks makes no difference to the rows.
    """
    carry, carry_offset, block_offset = b"", 0, 0
    last_times = (_NO_TIME, _NO_TIME)
    preamble = _Preamble(result)
    for block, is_last in _with_last(_with_sample(blocks)):
        text = _Text(carry, block)
        shift = _Shift(len(carry), carry_offset, block_offset - len(carry))
        headers = _find_headers(text, result, shift)
        offsets = shift.apply(headers.start)
        complete = len(headers.start) if is_last else max(len(headers.start) - 1, 0)
        preamble.take(text, headers.start)
        if complete:
            last_times = _weigh_order(headers, complete, last_times, result)
            yield _batch(text, headers, offsets, complete, result)
        if len(headers.start) > complete:
            carry_offset = int(offsets[complete])
            carry = _shorten(text.cut(int(headers.start[complete]), len(text)))
        else:
            carry = b""
        block_offset += len(block)
    for piece in sorted(result.other_dialects.values(), key=lambda piece: piece.byte_offset):
        result.quarantined.append(piece)


class _Text:
    """A block behind what was carried into it: its bytes as they are (``data``), and as numbers (``bytes``).

    Behind them stand zeros (``padded``), so that every place can be looked at with what follows it: no text has any.
    """

    def __init__(self, carry: bytes, block: bytes) -> None:
        self.data = b"".join((carry, block, _NOTHING))
        self.padded = np.frombuffer(self.data, dtype=np.uint8)
        self.bytes = self.padded[: len(carry) + len(block)]

    def __len__(self) -> int:
        return len(self.bytes)

    def windows(self, width: int) -> Bytes:
        """Return the ``width`` bytes from each place on, one row per place."""
        return np.lib.stride_tricks.sliding_window_view(self.padded, width)

    def cut(self, start: int, end: int) -> bytes:
        return self.data[start : min(end, len(self))]


@dataclass(frozen=True)
class _Shift:
    """How far places in a block with what was carried into it are from places in the file."""

    carried: int
    of_carried: int
    of_block: int

    def apply(self, places: Ints) -> Ints:
        return places + np.where(places < self.carried, self.of_carried, self.of_block)


class _Preamble:
    """What stands before the first message, which is reported once it is known that there is one."""

    def __init__(self, result: ScanResult) -> None:
        self._result, self._text, self._is_over = result, b"", False

    def take(self, text: _Text, starts: Ints) -> None:
        if self._is_over:
            return
        self._is_over = len(starts) > 0
        self._text += text.cut(0, min(int(starts[0]) if self._is_over else len(text), MAX_RAW_BYTES))
        if self._is_over and self._text.strip():
            self._result.quarantined.append(Quarantined(0, "text before the first message", self._text[:MAX_RAW_BYTES]))
        elif len(self._text) > MAX_RAW_BYTES:
            self._text = self._text[:MAX_RAW_BYTES]


@dataclass(frozen=True)
class _Headers:
    """The headers of one block as columns: byte places in the block, the readings of the time, and the date's fields."""

    start: Ints
    end: Ints
    time_day_first: Ints
    time_month_first: Ints
    time_year_first: Ints
    first: Ints
    last: Ints

    def take(self, rows: Mask) -> _Headers:
        return _Headers(*(getattr(self, name)[rows] for name in self.__dataclass_fields__))


def _with_sample(blocks: Iterable[bytes]) -> Iterator[bytes]:
    """Join the first blocks until they hold all from which the dialect is told."""
    sample, size = [], 0
    rest = iter(blocks)
    for block in rest:
        sample.append(block)
        size += len(block)
        if size >= _SAMPLE_BYTES:
            break
    yield b"".join(sample)
    yield from rest


def _with_last(blocks: Iterable[bytes]) -> Iterator[tuple[bytes, bool]]:
    previous = b""
    for block in blocks:
        if previous:
            yield previous, False
        previous = block
    yield previous, True


def _find_headers(text: _Text, result: ScanResult, shift: _Shift) -> _Headers:
    starts = np.concatenate(([0], np.flatnonzero(text.bytes == _LINE_FEED) + 1))
    starts = starts[starts < len(text)]
    starts = starts[_MAY_START_HEADER[text.bytes[starts]]]
    lines = text.windows(MOST_WIDTH)
    if result.terminator is None:
        result.terminator, result.dialect = _infer_dialect(lines[starts])
        if result.terminator is not None and result.dialect is not None:
            result.counts_from_buddha = _counts_from_buddha(lines[starts], result.terminator, result.dialect)
    if result.terminator is None or result.dialect is None:
        return _no_headers()
    window = lines[:, : MOST_WIDTH if result.dialect.digit_bytes > 2 else WIDTH][starts]
    read = _read_headers(starts, window, result.terminator, result.dialect, result.counts_from_buddha)
    headers, others = _without_typed_times(text, read, is_bracket=result.terminator == b"] ")
    _note_others(others, text, shift, result)
    _note_reasons(headers, read, shift, result)
    return headers


@dataclass(frozen=True)
class _Read:
    """The headers of a block; where one line each of the other shapes that look like headers begins; where the headers
    with an unknown word beside the time and those with a year of the Hijri calendar do."""

    headers: _Headers
    others: Ints
    unsaid: Ints
    hijri: Ints


def _without_typed_times(text: _Text, read: _Read, is_bracket: bool) -> tuple[_Headers, Ints]:
    """Return the headers without those that have an unknown word beside the time and name no author: people type them."""
    headers = read.headers
    if not len(read.unsaid):
        return headers, read.others
    suspect = np.flatnonzero(np.isin(headers.start, read.unsaid))
    start = headers.end[suspect]
    typed = suspect[_author_ends(text, start, np.full(len(start), len(text)), is_bracket) < 0]
    kept = np.ones(len(headers.start), dtype=np.bool_)
    kept[typed] = False
    return headers.take(kept), np.sort(np.concatenate((read.others, headers.start[typed])))


def _note_reasons(headers: _Headers, read: _Read, shift: _Shift, result: ScanResult) -> None:
    for starts, reason in ((read.unsaid, UNKNOWN_WORD), (read.hijri, HIJRI)):
        starts = np.sort(starts[np.isin(starts, headers.start)])[:MOST_PIECES] if len(starts) else starts
        for offset in shift.apply(starts).tolist():
            if len(result.reasons) < MOST_PIECES:
                result.reasons[offset] = reason


def _note_others(others: Ints, text: _Text, shift: _Shift, result: ScanResult) -> None:
    """Note the first line of each shape that looks like a header but has unknown words around its time.

    A whole header of another dialect is a quotation, as people paste them: text.
    """
    for start, offset in zip(others.tolist(), shift.apply(others).tolist(), strict=True):
        if len(result.other_dialects) == _MOST_OTHER_SHAPES:
            break
        line = text.cut(start, start + MAX_RAW_BYTES).partition(b"\n")[0]
        shape = _without_digits(np.frombuffer(line[:MOST_WIDTH].ljust(MOST_WIDTH, b"\0"), dtype=np.uint8)[None, :])
        shape_text = shape.tobytes().partition(result.terminator or b"")[0]
        result.other_dialects.setdefault(shape_text, Quarantined(offset, OTHER_DIALECT, line))


def _infer_dialect(window: Bytes) -> tuple[bytes | None, Dialect | None]:
    """Return the terminator and dialect that most lines of the first block share: a pasted log has fewer than the chat."""
    votes: Counter[tuple[bytes, Dialect]] = Counter()
    for terminator in TERMINATORS:
        for _, layout, rows, _ in _shapes(window, terminator):
            if layout is not None and layout.day_part != "unknown":
                votes[terminator, layout.dialect] += len(rows)
    return max(votes, key=lambda key: votes[key], default=(None, None))


def _counts_from_buddha(window: Bytes, terminator: bytes, dialect: Dialect) -> bool:
    """Return whether most years of two digits are from 52 to 75: far in the future, but for those after Buddha (2552).

    The first block tells for the whole file, so that no year of it is read in another way than the others.
    """
    if dialect.year_digits != 2:
        return False
    late = total = 0
    for _, layout, rows, lines in _shapes(window, terminator):
        if layout is not None and layout.dialect == dialect:
            fields = [_number(lines, span, layout) for span in (layout.year, layout.first)]
            late += int(np.logical_or.reduce([(years >= 52) & (years <= 75) for years in fields]).sum())
            total += len(rows)
    return late * 2 > total


def _shapes(window: Bytes, terminator: bytes) -> Iterator[tuple[int, HeaderLayout | None, Ints, Bytes]]:
    """Yield (header length, layout, row numbers, rows) for every header shape among the lines of ``window``.

    The layout is ``None`` for a shape that only looks like a header.
    """
    length = _terminated_at(window, terminator)
    words = np.where(length >= MIN_HEADER_BYTES, -(-length // 8), 0)
    for width in range(1, int(words.max(initial=0)) + 1):
        rows = np.flatnonzero(words == width)
        if len(rows):
            yield from _shapes_of_width(window[rows, : width * 8], rows, length[rows], terminator)


def _shapes_of_width(
    lines: Bytes, rows: Ints, length: Ints, terminator: bytes
) -> Iterator[tuple[int, HeaderLayout | None, Ints, Bytes]]:
    """Yield the same for the lines whose headers, if they are any, have the same number of eight-byte words."""
    lines = np.ascontiguousarray(lines)
    shape = _without_digits(lines)
    shape *= np.arange(lines.shape[1], dtype=np.uint8) < length[:, None].astype(np.uint8)
    words = shape.view(np.uint64)
    signature = words @ _MIXERS[: words.shape[1]]
    _, example, group = np.unique(signature, return_index=True, return_inverse=True)
    digits = np.isin(shape[example], (0x30, 0xA0, 0xB0, 0xA6))
    layouts: dict[int, HeaderLayout | None] = {}
    for number in np.flatnonzero(digits.sum(axis=1) >= MIN_DIGITS).tolist():
        text = shape[example[number]][: length[example[number]]].tobytes()
        layout = read_layout(text, terminator)
        if layout or looks_like_header(text, terminator):
            layouts[number] = layout
    order = np.argsort(group, kind="stable")
    first = np.concatenate(([0], np.cumsum(np.bincount(group))))
    for number, layout in layouts.items():
        members = order[first[number] : first[number + 1]]
        same = members[(words[members] == words[example[number]]).all(axis=1)]
        yield int(length[example[number]]), layout, rows[same], lines[same]


def _without_digits(lines: Bytes) -> Bytes:
    shape = lines.copy()
    np.putmask(shape, lines - np.uint8(48) < 10, 48)
    for lead, zero in _WIDE_ZEROS:
        is_digit = lines[:, : -len(lead)] == lead[0]
        if is_digit.any():
            for place, byte in enumerate(lead[1:], start=1):
                is_digit = is_digit & (lines[:, place : place - len(lead)] == byte)
            is_digit &= lines[:, len(lead) :] - np.uint8(zero) < 10
            shape[:, len(lead) :][is_digit] = zero
    return shape


def _terminated_at(window: Bytes, terminator: bytes) -> Ints:
    """Return where in each line the first ``terminator`` stands, 0 where there is none."""
    places = window.shape[1] - len(terminator) + 1
    found = window[:, :places] == terminator[0]
    for place, byte in enumerate(terminator[1:], start=1):
        found &= window[:, place : places + place] == byte
    return found.argmax(axis=1).astype(np.int64) if found.size else np.zeros(len(window), dtype=np.int64)


def _no_headers() -> _Headers:
    nothing = np.zeros(0, dtype=np.int64)
    return _Headers(*[nothing] * 7)


def _read_headers(starts: Ints, window: Bytes, terminator: bytes, dialect: Dialect, counts_from_buddha: bool) -> _Read:
    size = len(starts)
    end, times = np.zeros(size, dtype=np.int64), np.full((3, size), _NO_TIME)
    fields = np.zeros((2, size), dtype=np.int64)
    others, unsaid, hijri = [], [starts[:0]], [starts[:0]]
    for length, layout, rows, lines in _shapes(window, terminator):
        if layout is None or (layout.day_part == "unknown" and layout.dialect != dialect):
            others.append(int(np.min(starts[rows])))
            continue
        if layout.dialect != dialect:
            continue
        end[rows] = starts[rows] + length + len(terminator)
        if layout.day_part == "unknown":
            unsaid.append(starts[rows])
            continue
        year, first, second = (_number(lines, span, layout) for span in (layout.year, layout.first, layout.second))
        clock, possible = _clock(lines, layout)
        if dialect.year_digits == 2 and not dialect.year_first:
            fields[:, rows] = first, year
            years = _completed(first, counts_from_buddha), _completed(year, counts_from_buddha)
            times[2, rows] = _instant(years[0], second, year, clock, possible & (_digits(layout.first, layout) == 2))
            possible &= _digits(layout.year, layout) == 2
            year = years[1]
        elif dialect.year_digits == 2:
            year = _completed(year, counts_from_buddha)
        else:
            year = _gregorian(year, layout)
            hijri.append(starts[rows][(year >= _HIJRI[0]) & (year <= _HIJRI[1])])
        month_day = _instant(year, first, second, clock, possible)
        times[1, rows] = month_day
        times[0, rows] = month_day if dialect.year_first else _instant(year, second, first, clock, possible)
    headers = _Headers(starts, end, *times, *fields).take(end > 0)
    return _Read(headers, np.array(sorted(others), dtype=np.int64), np.concatenate(unsaid), np.concatenate(hijri))


def _digits(span: tuple[int, int], layout: HeaderLayout) -> int:
    return (span[1] - span[0]) // layout.dialect.digit_bytes


def _number(lines: Bytes, span: tuple[int, int], layout: HeaderLayout) -> Ints:
    value = np.zeros(len(lines), dtype=np.int64)
    step = layout.dialect.digit_bytes
    for column in range(span[0] + step - 1, span[1], step):
        value = value * 10 + (lines[:, column] & 15) - (6 if step == 3 else 0)
    return value


def _completed(year: Ints, counts_from_buddha: bool) -> Ints:
    """Return years of two digits with their century."""
    return year + np.where((year >= 52) & (year <= 75) & counts_from_buddha, 1957, 2000)


def _gregorian(year: Ints, layout: HeaderLayout) -> Ints:
    """Return years of four digits after Christ: Japanese eras and years after Buddha (Thailand) counted on."""
    return year + layout.year_zero - 543 * (year >= 2513)


def _clock(lines: Bytes, layout: HeaderLayout) -> tuple[Ints, Mask]:
    """Return the time of day in µs, and whether it exists on a clock of the layout's kind."""
    hour, minute = _number(lines, layout.hour, layout), _number(lines, layout.minute, layout)
    seconds = _number(lines, layout.seconds, layout) if layout.seconds else np.zeros_like(hour)
    possible = (minute < 60) & (seconds < 60)
    if layout.day_part is None:
        possible &= hour < 24
    else:
        possible &= hour <= 12
        hour = _hour_of_day(hour, layout.day_part)
    return ((hour * 60 + minute) * 60 + seconds) * _SECOND, possible


def _hour_of_day(hour: Ints, part: DayPart) -> Ints:
    """Return the hour from 0 to 23: noon is from ten to two, a night from six to five."""
    if part == "noon":
        return np.where(hour >= 10, hour, hour + 12)
    hour = hour % 12
    if part == "night":
        return np.where(hour >= 6, hour + 12, hour)
    return hour + 12 if part == "afternoon" else hour


def _instant(year: Ints, month: Ints, day: Ints, clock: Ints, possible: Mask) -> Ints:
    """Return µs since 1970 on the wall clock, ``_NO_TIME`` where the date does not exist (years 1970 to 2199 do).

    Years of WhatsApp's time in the Persian calendar are read in that.
    """
    months = np.clip((year - 1970) * 12 + month - 1, 0, 230 * 12).astype("M8[M]")
    days = months.astype("M8[D]") + np.clip(day - 1, 0, 99)
    exists = (month >= 1) & (month <= 12) & (day >= 1) & (year >= 1970) & (year < 2200)
    exists &= days.astype("M8[M]") == months
    number = days.astype(np.int64)
    if (year < _HIJRI[0]).any():
        persian, is_persian = _persian_days(year, month, day)
        number, exists = np.where(is_persian, persian, number), exists | is_persian
    return np.where(possible & exists, number * 86_400 * _SECOND + clock, _NO_TIME)


_PERSIAN = (1388, 1420)
"""The years of the Persian (Jalali) calendar that are read: from 21 March 2009 to March 2042."""
_HIJRI = (1430, 1465)
"""The years of the Hijri calendar in the same time."""
_PERSIAN_NEW_YEAR_1388 = int(np.datetime64("2009-03-21").astype(np.int64))


def _persian_days(year: Ints, month: Ints, day: Ints) -> tuple[Ints, Mask]:
    """Return the days since 1970 of dates of the Persian calendar, and which of them exist.

    Eight years of 33 are leap years, which agrees with the observed equinox from 1206 to 1498.
    """
    years = np.arange(_PERSIAN[0], _PERSIAN[1] + 1)
    is_leap = np.isin(years % 33, (1, 5, 9, 13, 17, 22, 26, 30))
    new_year = _PERSIAN_NEW_YEAR_1388 + 365 * np.arange(len(years)) + np.cumsum(is_leap) - is_leap
    exists = (year >= _PERSIAN[0]) & (year <= _PERSIAN[1]) & (month >= 1) & (month <= 12) & (day >= 1)
    place = np.where(exists, year - _PERSIAN[0], 0)
    exists &= day <= np.where(month <= 6, 31, np.where(month <= 11, 30, 29 + is_leap[place]))
    return new_year[place] + (month - 1) * 31 - np.maximum(month - 7, 0) + day - 1, exists


def _weigh_order(headers: _Headers, complete: int, last: tuple[int, int], result: ScanResult) -> tuple[int, int]:
    """Add this block's evidence for day-first against month-first dates; return the last time of each reading."""
    day_first, month_first = headers.time_day_first[:complete], headers.time_month_first[:complete]
    result.first_above_12 += int(((day_first != _NO_TIME) & (month_first == _NO_TIME)).sum())
    result.second_above_12 += int(((day_first == _NO_TIME) & (month_first != _NO_TIME)).sum())
    result.order_matters += int((day_first != month_first).sum())
    if result.dialect is not None and result.dialect.year_digits == 2 and not result.dialect.year_first:
        result.two_digit_years = result.two_digit_years or TwoDigitYears()
        result.two_digit_years.weigh(headers, complete)
    day_first = np.concatenate(([last[0]], day_first[day_first != _NO_TIME]))
    month_first = np.concatenate(([last[1]], month_first[month_first != _NO_TIME]))
    result.backward_day_first += int((np.diff(day_first) < 0)[int(last[0] == _NO_TIME) :].sum())
    result.backward_month_first += int((np.diff(month_first) < 0)[int(last[1] == _NO_TIME) :].sum())
    return int(day_first[-1]), int(month_first[-1])


def _batch(text: _Text, headers: _Headers, offsets: Ints, complete: int, result: ScanResult) -> pa.RecordBatch:
    start, end = headers.end[:complete], np.append(headers.start[1:], len(text))[:complete]
    author_end = _author_ends(text, start, end, result.terminator == b"] ")
    author_no = _number_authors(text, start, author_end, result)
    body_start = np.where(author_end >= 0, author_end + 1, start)
    body_start += (author_end >= 0) & (body_start < end) & (text.padded[body_start] == 32)
    body_end = _without_line_break(text.bytes, body_start, end)
    for row in np.flatnonzero(body_end - body_start > MAX_BODY_BYTES).tolist():
        body_end[row] = _character_boundary(text.data, int(body_start[row]) + MAX_BODY_BYTES)
        raw = _raw(text, headers.start, end, row)
        result.quarantined.append(Quarantined(int(offsets[row]), f"message cut after {MAX_BODY_BYTES} bytes", raw))
    is_lost = (headers.time_day_first[:complete] == _NO_TIME) & (headers.time_month_first[:complete] == _NO_TIME)
    _keep_headers(text, headers, offsets, complete, result)
    for row in np.flatnonzero(is_lost)[: MOST_PIECES - len(result.impossible)].tolist():
        result.impossible[int(offsets[row])] = _raw(text, headers.start, end, row)
    position = np.arange(result.messages, result.messages + complete)
    result.messages += complete
    return pa.record_batch(
        [
            pa.array(position),
            pa.array(offsets[:complete]),
            timestamps(headers.time_day_first[:complete]),
            timestamps(headers.time_month_first[:complete]),
            pa.array(author_no, mask=author_no < 0),
            _views(text, body_start, body_end),
        ],
        schema=SCAN_SCHEMA,
    )


def _keep_headers(text: _Text, headers: _Headers, offsets: Ints, complete: int, result: ScanResult) -> None:
    """Keep headers whose date one order reads and another cannot: which of them it is, only the whole file tells."""
    day_first, month_first, year_first = (
        times[:complete] != _NO_TIME
        for times in (headers.time_day_first, headers.time_month_first, headers.time_year_first)
    )
    for order, lost in enumerate((month_first & ~day_first, day_first & ~month_first, day_first & ~year_first)):
        if order == 2 and result.two_digit_years is None:
            continue
        room = MOST_PIECES - result.kept_headers[order]
        rows = np.flatnonzero(lost)[: max(room, 0)]
        result.kept_headers[order] += len(rows)
        for offset, start, end in zip(
            offsets[rows].tolist(), headers.start[rows].tolist(), headers.end[rows].tolist(), strict=True
        ):
            result.headers[offset] = text.cut(start, end)


def timestamps(times: Ints) -> pa.Array:
    """Return µs since 1970 as an Arrow column, null where there is no such moment."""
    return pa.array(times, mask=times == _NO_TIME).cast(pa.timestamp("us"))


def _author_ends(text: _Text, start: Ints, end: Ints, is_bracket: bool) -> Ints:
    """Return the place of the colon that ends the author, -1 where the line names none."""
    near = text.windows(_USUAL_AUTHOR_BYTES)[start]
    stop = start + ((near == _COLON) | (near == _LINE_FEED)).argmax(axis=1)
    is_told = (text.padded[stop] == _LINE_FEED) | ((text.padded[stop] == _COLON) & _ends_name(text.padded[stop + 1]))
    others = np.flatnonzero(~is_told)
    stop[others] = _far_author_ends(text, start[others], is_bracket)
    named = (text.padded[stop] == _COLON) & (stop < end) & (stop > start)
    return np.where(named, stop, -1)


def _ends_name(after: Bytes) -> Mask:
    """Return whether a colon ends a name, by what stands behind it; behind the text are zeros."""
    found: Mask = (after == 32) | (after == _LINE_FEED) | (after == 13) | (after == 0)
    return found


def _far_author_ends(text: _Text, start: Ints, is_bracket: bool) -> Ints:
    """Return the same for names of any length, or another place where the line names none."""
    far = text.windows(MAX_AUTHOR_BYTES + 6)[start]
    stops, after = far[:, : MAX_AUTHOR_BYTES + 1], far[:, 1 : MAX_AUTHOR_BYTES + 2]
    ends = _ends_name(after)
    if is_bracket:
        ends |= _begins_attachment(far)
    place: Ints = start + (((stops == _COLON) & ends) | (stops == _LINE_FEED)).argmax(axis=1)
    return place


def _begins_attachment(lines: Bytes) -> Mask:
    """Return whether an attachment follows each place without a space, as Chinese iPhones write: ``Ana:<附件：1.jpg>``.

    The bracket comes after a mark, is the narrow one (``‹``), or has a word of another script behind it.
    """
    first, second, third, fourth = (lines[:, place : place + MAX_AUTHOR_BYTES + 1] for place in range(1, 5))
    wide = (first == 0xE2) & (second == 0x80)
    bracket = (fourth == 60) | (fourth == 0xE2)
    found: Mask = (
        (wide & (third == 0xB9))
        | (wide & ((third == 0x8E) | (third == 0x8F)) & bracket)
        | ((first == 60) & (second >= 0x80))
    )
    return found


def _number_authors(text: _Text, start: Ints, author_end: Ints, result: ScanResult) -> npt.NDArray[np.int32]:
    named = np.flatnonzero(author_end >= 0)
    bounds = np.empty(2 * len(named) + 1, dtype=np.int64)
    bounds[:-1:2], bounds[1::2], bounds[-1] = start[named], author_end[named], len(text)
    pieces = pa.LargeBinaryArray.from_buffers(
        pa.large_binary(), 2 * len(named), [None, pa.py_buffer(bounds), pa.py_buffer(text.data)]
    )
    encoded = pieces.take(pa.array(np.arange(0, 2 * len(named), 2))).dictionary_encode()
    known = result.authors
    numbers = np.array([known.setdefault(name.as_py(), len(known)) for name in encoded.dictionary], dtype=np.int32)
    author_no = np.full(len(start), -1, dtype=np.int32)
    if len(named):
        author_no[named] = numbers[encoded.indices.to_numpy()]
    return author_no


def _without_line_break(data: Bytes, start: Ints, end: Ints) -> Ints:
    for line_break in (10, 13):
        end = end - ((end > start) & (data[np.maximum(end - 1, 0)] == line_break))
    return end


def _views(text: _Text, start: Ints, end: Ints) -> pa.Array:
    """Cut ``text`` into an Arrow string-view array: up to 12 bytes stand in the view, more are referred to.

    Layout: https://arrow.apache.org/docs/format/Columnar.html#variable-size-binary-view-layout
    """
    length = (end - start).astype(np.int32)
    inline = text.windows(12)[start]
    short = np.flatnonzero(length < 12)
    inline[short] *= np.arange(12) < length[short, None]
    views = np.empty((len(start), 4), dtype=np.int32)
    views[:, 0] = length
    views[:, 1:] = inline.view(np.int32)
    long = length > 12
    views[long, 2] = 0
    views[long, 3] = start[long]
    return pa.Array.from_buffers(pa.string_view(), len(start), [None, pa.py_buffer(views), pa.py_buffer(text.data)])


def _raw(text: _Text, starts: Ints, ends: Ints, row: int) -> bytes:
    start = int(starts[row])
    return text.cut(start, min(int(ends[row]), start + MAX_RAW_BYTES))


def _shorten(carry: bytes) -> bytes:
    """Bound a message that is still growing, so that memory and time stay linear."""
    return carry if len(carry) <= _KEPT_BYTES else carry[: _character_boundary(carry, _KEPT_BYTES)] + b"\n"


def _character_boundary(data: bytes, place: int) -> int:
    while place > 0 and data[place] & 0xC0 == 0x80:
        place -= 1
    return place
