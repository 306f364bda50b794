"""IRC logs of clients, bouncers and bots (irssi, WeeChat, HexChat, mIRC, ZNC, eggdrop, supybot …), read line by line.

No standard says how a log looks, but all dialects write one event a line: a time, then ``<nick> text``, ``* nick acts``,
``-nick- notice`` or a marker and a sentence about the channel. So the time and the event are read apart from each other.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta, timezone
from itertools import islice
from pathlib import PurePosixPath
from typing import BinaryIO, NamedTuple

from egregora_assets.chat.archive import Export, ExportUnreadable
from egregora_assets.chat.formats.records import Reading, Record, chat_of_file, without_copy_number
from egregora_assets.chat.formats.text_chunks import MAX_RAW_BYTES

MAX_LINE_BYTES = 1 << 16
"""A message has at most 512 bytes (8,191 with tags, https://ircv3.net); a longer line is no log line."""
_HEAD_BYTES = 1 << 14
_LOOK_MEMBERS = 20
"""So much is looked at to recognise logs and to learn the habits of one."""
_ROLLOVER = timedelta(hours=2)
"""A clock that jumps back by more than a change of summer time has passed midnight."""
_HALF_A_YEAR = timedelta(days=183)
_FIRST_YEAR = 1988
"""IRC was invented in August 1988; an older year in a file name is some other number."""
_PREFIXES = "@+%&~"
"""Rights in a channel, written before a nick: https://modern.ircdocs.horse/#channel-membership-prefixes."""


class Stamp(NamedTuple):
    """What one line says of its time. The date, or its year, may be left to a headline or to the file's name."""

    year: int | None
    month: int | None
    day: int | None
    hour: int
    minute: int
    second: int = 0
    microsecond: int = 0
    offset: timezone | None = None


class Event(NamedTuple):
    """What one line says after its time. ``nick`` wrote it; ``named`` are the nicks that a sentence is about.

    ``is_known`` is false for a sentence without any mark of an IRC log, ``has_host`` says that the nick came with its
    user and host, as bouncers write it.
    """

    kind: str
    nick: str | None
    text: str
    named: tuple[str, ...] = ()
    is_known: bool = True
    has_host: bool = False


class IrcLogs:
    """One log or many of them. Nicks are the ids of people; the lower-case channel name is the id of a chat.

    An action (``* ana waves``) is text by its author with the nick in it, as readers see it: ``ana waves``. A NOTICE of a
    person is text, one of a server a system line; so are joins, parts, quits, kicks, modes, topics and changes of nick.
    """

    platform = "irc"
    exact_times = False

    def recognises(self, export: Export) -> bool:
        """Return whether most of the first files are logs: of three lines of one dialect, or of two and nothing else."""
        looked = [_dialects(export.head(member, _HEAD_BYTES)) for member in islice(_logs(export), _LOOK_MEMBERS)]
        logs = [lines for lines in looked if lines.total() - lines[""] >= 0.6 * lines[""] > 0]
        if 2 * len(logs) <= len(looked):
            return False
        found = sum(logs, Counter())
        lines, headlines, bare = found.pop("", 0), found.pop("headline", 0), found.pop("bare", 0)
        best = max(found.values(), default=bare if headlines else 0)
        fitting = best + headlines + (bare if found else 0)
        return best >= 1 and (fitting >= 3 or fitting == lines == 2)

    def records(self, export: Export, reading: Reading) -> Iterator[Record]:
        """Yield the events of all logs, channel by channel and day by day.

        Lines without any date are refused. Raises ``ExportUnreadable`` when not one line can be read.
        """
        problem = f"{export.path.name} holds no line of an IRC log that can be read: is it a chat log?"
        found = False
        for log in sorted((_Log(export, member) for member in _logs(export)), key=_Log.place):
            try:
                for record in log.records(reading):
                    found = True
                    yield record
            except ExportUnreadable as error:
                reading.refuse(0, str(error), b"")
                problem = str(error)
            if log.calendar.is_undated:
                problem = (
                    f"{export.path.name} has times but nowhere a date with its year: put the day into its name "
                    "(as in #channel_2020-01-02.log) and import it again"
                )
        if not found:
            raise ExportUnreadable(problem)


FORMAT = IrcLogs()


class _Log:
    """One file: its chat, its calendar and its habits."""

    def __init__(self, export: Export, member: str) -> None:
        self._export, self._member = export, member
        self._where = f"{member}: " if len(export.members) > 1 else ""
        head = export.head(member, _HEAD_BYTES)
        self._is_log = not head or _dialects(head).keys() > {""}
        self._title = _channel_of(export.path.name, member, head)
        self._has_marked_text = _has_marked_text(head)
        self._first_day = _day_in_name(member)
        self.calendar = _Calendar(self._first_day, _year_in_name(member))

    def place(self) -> tuple[str, date, str]:
        return self._title.lower(), self._first_day or date.min, self._member

    def records(self, reading: Reading) -> Iterator[Record]:
        if not self._is_log:
            reading.refuse(0, f"{self._where}this is no IRC log", self._export.head(self._member, MAX_RAW_BYTES))
            return
        chat = self._title.lower()
        reading.chats.setdefault(chat, self._title)
        with self._export.open(self._member) as stream:
            for offset, raw in _lines(stream, reading):
                line = _decoded(raw)
                if line and not self.calendar.takes_headline(line):
                    yield from self._read(line, chat, offset, raw, reading)

    def _read(self, line: str, chat: str, offset: int, raw: bytes, reading: Reading) -> Iterator[Record]:
        stamp, event = read_line(line)
        if stamp is None and not event.is_known:
            reading.refuse(offset, f"{self._where}the line has no time and no form of an IRC log", raw)
            return
        moment = None if self.calendar.takes_midnight(event) else self._moment(stamp, offset, raw, reading)
        if moment is None:
            return
        for nick in (event.nick, *event.named):
            if nick is not None:
                reading.name(nick, nick)
        yield Record(
            chat=chat,
            native_id=None,
            author=event.nick,
            kind=event.kind,
            text=event.text[1:] if self._has_marked_text and _is_marked(event) else event.text,
            sent_at=moment if moment.tzinfo else None,
            local_time=None if moment.tzinfo else moment,
            byte_offset=offset,
        )

    def _moment(self, stamp: Stamp | None, offset: int, raw: bytes, reading: Reading) -> datetime | None:
        was_undated = self.calendar.is_undated
        try:
            moment = self.calendar.moment(stamp)
        except (ValueError, OverflowError):
            reading.refuse(offset, f"{self._where}the date or time does not exist", raw)
            return None
        if moment is None and not was_undated:
            reason = "from here to the next line with a date, nothing says on which day it was"
            reading.refuse(offset, self._where + reason, raw)
        return moment


class _Calendar:
    """The date while a log is read: from the file's name, from headlines, from the lines, and on past midnight."""

    def __init__(self, day: date | None, year: int | None) -> None:
        self._day, self._year = day, year
        self._last: datetime | None = None
        self.is_undated = False

    def takes_headline(self, line: str) -> bool:
        """Return whether a line opens, closes or dates a log; its date is then the date of what follows."""
        if _HEADLINE.match(line) is not None:
            self._start(_moment_in(line))
            return True
        return _DAY_IN_BRACKETS.fullmatch(line) is not None and self._start(_moment_in(line))

    def takes_midnight(self, event: Event) -> bool:
        """Return whether an event says only that a new day begins (eggdrop: ``[00:00] --- Thu Jan  2 2020``)."""
        return (
            event.kind == "system"
            and _MIDNIGHT.fullmatch(event.text) is not None
            and self._start(_moment_in(event.text))
        )

    def _start(self, moment: datetime | None) -> bool:
        if moment is None:
            return False
        self._day, self._year, self._last = moment.date(), moment.year, moment
        return True

    def moment(self, stamp: Stamp | None) -> datetime | None:
        """Return when a line was written; one without a time counts with the one before. ``None``: no date is known.

        Raises ``ValueError`` or ``OverflowError`` for dates and times that do not exist.
        """
        found = self._before() if stamp is None else self._dated(stamp)
        if found is None:
            self.is_undated = True
            return None
        if stamp is not None and stamp.offset is not None:
            found = found.replace(tzinfo=stamp.offset).astimezone(UTC)
        self._last, self._day, self._year = found, found.date(), found.year
        return found

    def _before(self) -> datetime | None:
        if self._last is None and self._day is not None:
            return datetime(self._day.year, self._day.month, self._day.day)
        return self._last

    def _dated(self, stamp: Stamp) -> datetime | None:
        clock = (stamp.hour, stamp.minute, stamp.second, stamp.microsecond)
        if stamp.month is None or stamp.day is None:
            if self._day is None:
                return None
            found = datetime(self._day.year, self._day.month, self._day.day, *clock)
            return found + timedelta(days=1) if self._is_before_last(found, _ROLLOVER) else found
        if stamp.year is not None:
            return datetime(stamp.year, stamp.month, stamp.day, *clock)
        if self._year is None:
            return None
        found = datetime(self._year, stamp.month, stamp.day, *clock)
        return found.replace(year=found.year + 1) if self._is_before_last(found, _HALF_A_YEAR) else found

    def _is_before_last(self, moment: datetime, by: timedelta) -> bool:
        """Return whether a wall clock jumps back by more than ``by`` from the line before."""
        last = self._last
        if last is None:
            return False
        return (last if last.tzinfo is None else last.replace(tzinfo=None)) - moment > by


def read_line(line: str) -> tuple[Stamp | None, Event]:
    """Return the time and the event of one decoded line; lines without a time are events, too."""
    _, stamp, rest = _stamped(line)
    return stamp, (_weechat_event(rest) if stamp is not None else None) or _event(rest.lstrip(" \t"))


# ---------------------------------------------------------------------------------------------------------------- time

_CLOCK = (
    r"(?P<hour>\d{1,2}):(?P<minute>\d\d)(?::(?P<second>\d\d)(?:[.,](?P<fraction>\d{1,9}))?)?"
    r"(?: ?(?P<half>[AaPp])\.?[Mm]\.?)?"
)
_OFFSET = r"(?: ?(?P<offset>Z|UTC|[+-]\d\d:?\d\d))?"
_WEEKDAY = r"(?:[^\W\d_]{2,4}\.?,? )?"
_NAME = r"(?P<name>[^\W\d_]{3,9})\.?"
_STAMPS = {
    name: re.compile(rf"{pattern}(?=[ \t]|$)")
    for name, pattern in {
        "clock": rf"[\[(]?{_CLOCK}[\])]?",
        "iso": rf"\[?(?P<year>\d{{4}})[-/.](?P<month>\d\d)[-/.](?P<day>\d\d)(?:T|[ _]{{1,2}}){_CLOCK}{_OFFSET}\]?",
        "month first": (
            rf"[\[(]?{_WEEKDAY}{_NAME} {{1,2}}(?P<day>\d{{1,2}}),? (?:(?P<year>\d{{4}}) )?{_CLOCK}"
            r"(?: (?P<last_year>\d{4}))?[\])]?"
        ),
        "day first": (
            rf"[\[(]?{_WEEKDAY}(?P<day>\d{{1,2}})[- /.]{_NAME}[- /](?:(?P<year>\d{{4}})[- /T])?{_CLOCK}{_OFFSET}[\])]?"
        ),
        "epoch": r"@?(?P<epoch>\d{9,10})",
        "two brackets": rf"\[(?P<date>[^\[\]]{{6,40}})\] \[{_CLOCK}\]",
    }.items()
}
"""The times of all dialects, by how they write them; a log has one, so the cheap and common ones stand first."""

_MONTHS = {
    spelling: month
    for month, spellings in enumerate(
        "jan ene gen,feb fev fév,mar mär mrz,apr abr avr,may mai maj mag,jun giu juin,jul lug juil,aug ago aoû,"
        "sep set,oct okt out ott,nov,dec dez dic déc".split(","),
        start=1,
    )
    for spelling in spellings.split()
}
"""Beginnings of month names as the locales of common European languages write them."""


def _stamped(line: str) -> tuple[str, Stamp | None, str]:
    """Split a line into the name of its kind of time, its time, and the rest with the space before it."""
    if line[:1] in "[(@" or line[:1].isalnum():
        for name, pattern in _STAMPS.items():
            found = pattern.match(line)
            stamp = _stamp(found) if found is not None else None
            if found is not None and stamp is not None:
                return name, stamp, line[found.end() :]
    return "bare", None, line


def _stamp(found: re.Match[str]) -> Stamp | None:
    """Return the time in a match of one of ``_STAMPS``; ``None`` where a word or number turns out to be none."""
    parts = found.groupdict()
    if "epoch" in parts:
        moment = datetime.fromtimestamp(int(parts["epoch"]), UTC)
        return Stamp(moment.year, moment.month, moment.day, moment.hour, moment.minute, moment.second, offset=UTC)
    year, month, day = parts.get("year") or parts.get("last_year"), parts.get("month"), parts.get("day")
    if "name" in parts:
        month = _month(parts["name"])
        if month is None:
            return None
    if "date" in parts:
        moment_of_day = _moment_in(parts["date"])
        if moment_of_day is None:
            return None
        year, month, day = moment_of_day.year, moment_of_day.month, moment_of_day.day
    return Stamp(
        int(year) if year else None,
        int(month) if month else None,
        int(day) if day else None,
        _hour(int(parts["hour"]), parts["half"]),
        int(parts["minute"]),
        int(parts["second"] or 0),
        int((parts["fraction"] or "").ljust(6, "0")[:6]),
        _zone(parts.get("offset")),
    )


def _hour(hour: int, half: str | None) -> int:
    if half is None:
        return hour
    return hour % 12 + (12 if half in "Pp" else 0)


def _zone(offset: str | None) -> timezone | None:
    if offset is None:
        return None
    if offset in ("Z", "UTC"):
        return UTC
    span = timedelta(hours=int(offset[1:3]), minutes=int(offset[-2:]))
    return timezone(-span if offset[0] == "-" else span) if span < timedelta(days=1) else None


def _month(word: str) -> int | None:
    lower = word.lower()
    return _MONTHS.get(lower[:4]) or _MONTHS.get(lower[:3])


_LONGEST_HEADLINE = 160
_HEADLINE = re.compile(
    r"(?:[-*#=;]{1,6} ?)?(?:Log (?:opened|closed|started|ended)|Day changed|(?:BEGIN|ENDING) LOGGING"
    r"|(?:Begin|End) Session|Session (?:Start|Time|Close|End|Ident)\b"
    r"|(?:Log session|IRC log|Logging) (?:started|terminated|ended|stopped))",
    re.IGNORECASE,
)
"""What irssi, HexChat, mIRC, KVIrc, ircII and Textual write into a log about the log itself."""
_DAY_IN_BRACKETS = re.compile(r"\[[^\[\]<>:]{8,40}\]")
"""ERC's ``[Thu Jan  2 2020]`` before the first line of a day."""
_MIDNIGHT = re.compile(r"(?:Day changed (?:to )?)?[A-Z][a-z]{2} [A-Z][a-z]{2} {1,2}\d{1,2} \d{4}")
_ISO_DATE = re.compile(r"(?<!\d)(\d{4})-(\d\d)-(\d\d)(?!\d)")
_YEAR = re.compile(r"(?<!\d)\d{4}(?!\d)")
_DAY = re.compile(r"(?<![\d:])\d{1,2}(?![\d:])")
_WORD = re.compile(r"[^\W\d_]{3,12}")
_TIME = re.compile(r"(?<!\d)(\d{1,2}):(\d\d)(?::(\d\d))?(?!\d)")


def _moment_in(line: str) -> datetime | None:
    """Return the date in a headline in whatever order it is written, with the time if there is one."""
    text = line[:_LONGEST_HEADLINE]
    time = _TIME.search(text)
    hour, minute, second = (int(part or 0) for part in time.groups()) if time else (0, 0, 0)
    iso = _ISO_DATE.search(text)
    if iso:
        year, month, day = (int(part) for part in iso.groups())
    else:
        found_year, found_day = _YEAR.search(text), _DAY.search(text)
        months = [named for word in _WORD.findall(text) if (named := _month_of_headline(word))]
        if not (found_year and months and found_day):
            return None
        # A weekday may look like a month (French "mar."), but stands first.
        year, month, day = int(found_year[0]), months[-1], int(found_day[0])
    try:
        return datetime(year, month, day, hour, minute, second)
    except ValueError:
        return None


def _month_of_headline(word: str) -> int | None:
    """Return the month that a word of a headline names; headlines have words that only begin like one (``Session``)."""
    return _month(word) if len(word) == 3 or word.lower() in _WHOLE_MONTHS else None


_WHOLE_MONTHS = frozenset(
    "january february march april june july august september october november december januar februar märz mai juni "
    "juli oktober dezember enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre "
    "janvier février mars avril juin juillet août septembre octobre novembre décembre janv févr juil janeiro fevereiro "
    "março maio junho julho setembro outubro novembro dezembro sept".split()
)


# -------------------------------------------------------------------------------------------------------------- events

_SPEECH = re.compile(rf"<([ {_PREFIXES}]{{0,4}}[^<>!\s][^<>!]{{0,99}})(![^<>]{{0,300}})?>(?:[ \t]|$)")
_NOTICE = re.compile(r"-(\S{1,300})-(?:[ \t]|$)")
_ACTION_MARKS = frozenset(("*", "**", "-*-", "•"))
_DASH = "—"
"""What IRCCloud puts before an action. People begin lines of notes with it too, so it does not make a file a log."""
_SENTENCE_MARKS = frozenset(
    "*** **** -!- --> <-- <-> -- --- -=- === == =-= =!= >>> <<< -->| |<-- -> <- → ← ↔ !!! ### !".split()
)
_HOST = r"(?: (?:\([^()\s]{1,200}\)|\[[^\[\]\s]{1,200}\]|<[^<>\s]{1,200}>)){0,2}"
_SENTENCE = re.compile(
    r"(?:Joins|Parts|Quits): \S|(?:You are )?[Nn]ow talking (?:in|on) |Topic (?:is|for) |Set by \S+ on |Disconnected\b"
    rf"|\S{{1,100}}{_HOST} (?:"
    r"has (?:joined|left|parted) (?:the )?(?:channel|[#&])|has (?:joined|left|quit)(?: [(\[\"]|$)|has kicked \S+ from "
    r"|is now known as \S+$|(?:was|has been) kicked (?:by|from) |sets? (?:mode|ban|exempt|invite|the channel)"
    r"|(?:gives|removes) (?:channel|half|voice)|(?:changes|has changed|changed) (?:the )?topic)"
    r"|\S{1,100} (?:\(\S{1,200}\)|\[\S{1,200}\]) (?:join(?:ed)?|quit|part(?:ed)?|left)\b"
)
"""A sentence about the channel where the dialect marks it like an action (mIRC 6, HexChat, The Lounge)."""
_BARE_SENTENCE = re.compile(
    r"\S{1,100} \([^()\s]{1,200}\) (?:joined [#t]|left [#i]|got (?:netsplit|lost in)|returned to #)"
    r"|(?:Nick change: |Topic changed on |[#&]\S{1,100}: mode change )|\S{1,100} kicked from #"
    r"|(?:Joins|Parts|Quits|Join|Part|Quit|Nick|Mode|Kick|Topic)(?::|\t)"
)
"""What eggdrop, energymech, Textual and Konversation write without any mark."""
_NAMING = (
    re.compile(r"(?:Joins|Parts|Quits|Nick change|Nick|Join|Part|Quit|Kick)(?::|\t) ?(\S+)"),
    re.compile(
        rf"(\S{{1,100}}){_HOST} (?:has|is|are|was|sets?|gives|removes|changes|changed|joined|left|quit|kicked|got|returned)\b"
    ),
    re.compile(r".{1,400}?(?:(?:are|is) now known as|Nick change: \S+ ->|has kicked) (\S+)"),
    re.compile(
        r"(?:mode/|Mode |\S{1,100}: mode change |Topic |\S{1,100} (?:was |has been )?kicked ).{0,300}?\bby (\S+)"
    ),
)
_NOT_NICKS = frozenset(("You", "Your", "Topic", "Mode", "Now", "Set", "Channel", "Server", "IRC"))


def _event(body: str) -> Event:
    mark, _, rest = body.partition(" ") if "\t" not in body[:6] else body.partition("\t")
    if mark in _SENTENCE_MARKS:
        return _sentence(rest.strip())
    if mark in _ACTION_MARKS and rest.strip():
        return _action(rest.strip())
    if mark == _DASH and rest.strip():
        return _action(rest.strip())._replace(is_known=False)
    if body.startswith("Action: "):
        return _action(body[8:].strip())
    spoken = _SPEECH.match(body)
    if spoken is not None:
        nick = _nick(spoken[1])
        return Event("text", nick, body[spoken.end() :], has_host=spoken[2] is not None)
    notice = _NOTICE.match(body)
    if notice is not None and not notice[1].startswith(("-", "!", "=", "*")):
        return _notice(notice[1], body[notice.end() :])
    return _sentence(body, is_known=_BARE_SENTENCE.match(body) is not None)


def _weechat_event(rest: str) -> Event | None:
    """Read ``⇥prefix⇥text``, where the prefix is a nick or an arrow; ``None`` for any other dialect."""
    if not rest.startswith("\t"):
        return None
    prefix, tab, text = rest[1:].partition("\t")
    if not tab or ("<" in prefix and ">" in prefix):
        return None
    mark = prefix.strip()
    if mark in _ACTION_MARKS:
        return _action(text.strip())
    if not any(character.isalnum() or character in "[]\\`_^{}|" for character in mark):
        return _sentence(text.strip())
    return Event("text", _nick(mark), text)


def _action(rest: str) -> Event:
    if _SENTENCE.match(rest) is not None:
        return _sentence(rest)
    nick, _, words = rest.partition(" ")
    nick = _nick(nick)
    return Event("text", nick, f"{nick} {words.strip()}".strip())


def _notice(sender: str, text: str) -> Event:
    """Read ``-nick- text``; the sender may come with a target or host (``nick:#channel``, ``nick(user@host)``)."""
    nick = _nick(re.split(r"[:/(]", sender, maxsplit=1)[0])
    return Event("system", None, text) if "." in nick or not nick else Event("text", nick, text)


def _sentence(text: str, is_known: bool = True) -> Event:
    found = (pattern.match(text) for pattern in _NAMING)
    nicks = (_nick(match[1]).rstrip(":.,)\"'") for match in found if match is not None)
    named = tuple(dict.fromkeys(nick for nick in nicks if nick and nick not in _NOT_NICKS))
    return Event("system", None, text, named, is_known)


def _nick(written: str) -> str:
    """Return a nick without rights and host. A Matrix id (``@ana:example.org``) is kept as it is."""
    bare = written.strip()
    if bare.startswith("@") and ":" in bare:
        return bare
    return bare.partition("!")[0].lstrip(_PREFIXES) or bare


def _is_marked(event: Event) -> bool:
    return event.has_host and event.text[:1] in ("+", "-")


# --------------------------------------------------------------------------------------------------------------- files

_CODES = re.compile(
    r"\x03(?:\d{1,2}(?:,\d{1,2})?)?|\x04(?:[0-9A-Fa-f]{6}(?:,[0-9A-Fa-f]{6})?)?|[\x00-\x08\x0a-\x1f\x7f]"
)
"""Colours and other formatting (https://modern.ircdocs.horse/formatting), and what else is no text."""
_LOG_ENDINGS = ("", ".log", ".txt", ".irc", ".weechatlog")
_NAME_DATES = (
    re.compile(r"(?<!\d)(?P<year>\d{4})[-_./]?(?P<month>\d\d)[-_./]?(?P<day>\d\d)(?!\d)"),
    re.compile(r"(?<!\d)(?P<day>\d{1,2})(?P<name>[A-Z][a-z]{2})(?P<year>\d{4})(?!\d)"),
)
_NAME_YEAR = re.compile(r"(?<!\d)(?:19|20)\d\d(?!\d)")
_CHANNEL_MARK = re.compile(r"#|(?:^|(?<=[._]))&")
_IDENT = re.compile(r"Session Ident: (\S{1,200})")
_OWN_CHANNEL = re.compile(
    r"(?:now talking (?:in|on)|has joined(?: channel)?|joined) ([#&][^\s,:()\[\]]{1,200})", re.IGNORECASE
)
_JOINTS = " ._-+"


def _logs(export: Export) -> Iterator[str]:
    """Yield the members that may be logs by their names; a file by itself is always one."""
    for member in export.members:
        name = PurePosixPath(member).name
        suffix = PurePosixPath(name).suffix.lower()
        is_named_so = suffix in _LOG_ENDINGS or ".log." in name.lower() or name[:1] in ("#", "&")
        if len(export.members) == 1 or (is_named_so and not name.startswith(".")):
            yield member


def _dialects(head: bytes) -> Counter[str]:
    """Count the lines of a file's beginning by dialect; "" counts all of them."""
    counts: Counter[str] = Counter()
    lines = head.removeprefix(b"\xef\xbb\xbf").split(b"\n")
    for raw in lines if len(head) < _HEAD_BYTES else lines[:-1]:
        line = _decoded(raw)
        if not line:
            continue
        counts[""] += 1
        name, _, rest = _stamped(line)
        if name == "bare" and _Calendar(None, None).takes_headline(line):
            counts["headline"] += 1
        elif (_weechat_event(rest) if name == "iso" else None) is not None:
            counts["weechat"] += 1
        elif _event(rest.lstrip(" \t")).is_known:
            counts[name if name == "bare" else f"{name} {line[:1] in '[('}"] += 1
    return counts


def _has_marked_text(head: bytes) -> bool:
    """Return whether a bouncer put + or - before each text, to tell registered nicks from others (dircproxy)."""
    events = (read_line(_decoded(raw))[1] for raw in head.split(b"\n")[:-1] if b"!" in raw)
    counts = Counter(_is_marked(event) for event in events if event.has_host)
    return counts[True] >= 3 and counts[True] > counts[False]


def _lines(stream: BinaryIO, reading: Reading) -> Iterator[tuple[int, bytes]]:
    """Yield (byte offset, line); lines that never seem to end are refused."""
    offset = 0
    while raw := stream.readline(MAX_LINE_BYTES):
        start, offset = offset, offset + len(raw)
        if len(raw) < MAX_LINE_BYTES or raw.endswith(b"\n"):
            yield start, raw.removeprefix(b"\xef\xbb\xbf") if start == 0 else raw
            continue
        reading.refuse(start, f"a line of more than {MAX_LINE_BYTES:,} bytes is no IRC message", raw)
        while (more := stream.readline(MAX_LINE_BYTES)) and not more.endswith(b"\n"):
            offset += len(more)
        offset += len(more)


def _decoded(raw: bytes) -> str:
    return without_codes(decode_line(raw))


def decode_line(raw: bytes) -> str:
    """Decode one line: UTF-8, else Windows-1252, because the people in a channel used different clients."""
    raw = raw.rstrip(b"\r\n")
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return raw.decode("cp1252", "replace")


def without_codes(text: str) -> str:
    """Return a text without colours, emphasis and other characters that are not shown."""
    return _CODES.sub("", text).rstrip()


def _day_in_name(member: str) -> date | None:
    """Return the day that a file's path names last: ``#a_2020-01-02.log``, ``2020/01/02/#a.txt``, ``a.log.02Jan2020``."""
    days = [day for pattern in _NAME_DATES for found in pattern.finditer(member) if (day := _valid_day(found))]
    return days[-1] if days else None


def _valid_day(found: re.Match[str]) -> date | None:
    parts = found.groupdict()
    month = _month(parts["name"]) if "name" in parts else int(parts["month"])
    try:
        day = date(int(parts["year"]), month or 0, int(parts["day"]))
    except ValueError:
        return None
    return day if day.year >= _FIRST_YEAR else None


def _year_in_name(member: str) -> int | None:
    day, years = _day_in_name(member), _NAME_YEAR.findall(member)
    if day is not None:
        return day.year
    return int(years[-1]) if years and int(years[-1]) >= _FIRST_YEAR else None


def _channel_of(export_name: str, member: str, head: bytes) -> str:
    """Return the channel (or person) of a log: as a path says, else as the log says, else the file's or folder's name."""
    whole = PurePosixPath(export_name)
    parts = [_without_date(part) for part in PurePosixPath(member).parts]
    parts[-1] = _without_ending(without_copy_number(parts[-1]))
    is_zip = whole.suffix.lower() == ".zip"
    folder = chat_of_file(export_name) if is_zip else without_copy_number(export_name)
    places = (*reversed(parts), folder if member != export_name else "")
    marked = (part[found.start() :] for part in places if (found := _CHANNEL_MARK.search(part)))
    named = (part for part in places if part and not part.isdigit())
    return next(marked, None) or _channel_in_log(head) or next(named, None) or chat_of_file(export_name)


def _channel_in_log(head: bytes) -> str | None:
    for raw in head.split(b"\n"):
        line = _decoded(raw)
        ident = _IDENT.match(line)
        if ident is not None:
            return ident[1]
        event = read_line(line)[1]
        found = _OWN_CHANNEL.search(event.text) if event.kind == "system" else None
        if found is not None:
            return found[1].rstrip(".")
    return None


def _without_date(part: str) -> str:
    for pattern in _NAME_DATES:
        found = [match for match in pattern.finditer(part) if _valid_day(match)]
        if found:
            part = part[: found[-1].start()].rstrip(_JOINTS) + part[found[-1].end() :]
    return part


def _without_ending(name: str) -> str:
    """Return a file name without what says that it is a log, and without the server that WeeChat puts before it."""
    for ending in (*_LOG_ENDINGS[1:], *_LOG_ENDINGS[1:]):
        name = name[: -len(ending)] if name.lower().endswith(ending) else name
    server = re.match(r"irc\.[^.]{1,100}\.(?=.)", name)
    return (name[server.end() :] if server else name).strip(_JOINTS)
