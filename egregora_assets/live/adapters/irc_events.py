"""What lines of IRC tell of the channels that are listened to: events with the words and ids of IRC logs.

Only a server that sends the tag ``msgid`` names its messages. Elsewhere an event is known by its time, its author, its channel,
what it says, and how often that was said in the same second.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime

from egregora_assets.chat.formats.irc import without_codes
from egregora_assets.live.adapters.irc_lines import Line, folded, sent_at
from egregora_assets.live.incoming import IncomingMessage, Refused, make_event

_CTCP = "\x01"
_RIGHTS = "~&@%+"
"""Rights in a channel, written before a nick: https://modern.ircdocs.horse/#channel-membership-prefixes."""
_ID_BYTES = 16


class Channels:
    """Who is in which channel, which decides whom a change of nick or a farewell is told to; and what they say there."""

    def __init__(self, channels: tuple[str, ...], now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._titles = {folded(channel): channel for channel in channels}
        self._people: dict[str, dict[str, str]] = {channel: {} for channel in self._titles}
        self._now = now
        self._second = ""
        self._said: Counter[str] = Counter()

    def events(self, line: Line) -> Iterator[IncomingMessage]:
        """Yield what a line tells; nothing where it is about other things. What cannot be an event is left out."""
        told = _TELLING.get(line.command)
        if told is not None:
            yield from told(self, line)

    def _message(self, line: Line) -> Iterator[IncomingMessage]:
        channel, text = self._channel(line.parameter(0)), line.parameter(1)
        if channel is None:
            return
        if text.startswith(_CTCP):
            command, _, rest = text.strip(_CTCP).partition(" ")
            if command != "ACTION":
                return
            text = f"{line.source} {rest}"
        is_person = line.has_user or line.command == "PRIVMSG"
        said = without_codes(text)
        if said:
            yield from self._event(line, channel, said, "text" if is_person else "system", reply_to=_reply(line))

    def _tag_message(self, line: Line) -> Iterator[IncomingMessage]:
        channel, emoji = (
            self._channel(line.parameter(0)),
            line.tags.get("+draft/react") or line.tags.get("+draft/unreact"),
        )
        target = _reply(line)
        if channel is not None and emoji and target:
            removed = "+draft/react" not in line.tags
            yield from self._event(
                line, channel, "", None, event="reaction", target=target, emoji=emoji, removed=removed
            )

    def _redaction(self, line: Line) -> Iterator[IncomingMessage]:
        channel, target = self._channel(line.parameter(0)), line.parameter(1)
        if channel is not None and target:
            yield from self._event(line, channel, "", None, event="delete", target=target)

    def _join(self, line: Line) -> Iterator[IncomingMessage]:
        # A server may join several channels in one line.
        for name in line.parameter(0).split(","):
            channel = self._channel(name)
            if channel is not None:
                self._people[channel][folded(line.source)] = line.source
                yield from self._event(line, channel, f"{line.source} has joined {self._titles[channel]}", "system")

    def _part(self, line: Line) -> Iterator[IncomingMessage]:
        for name in line.parameter(0).split(","):
            channel = self._channel(name)
            if channel is not None:
                self._people[channel].pop(folded(line.source), None)
                text = f"{line.source} has left {self._titles[channel]}{_reason(line.parameter(1))}"
                yield from self._event(line, channel, text, "system")

    def _kick(self, line: Line) -> Iterator[IncomingMessage]:
        channel, nick = self._channel(line.parameter(0)), line.parameter(1)
        if channel is not None:
            self._people[channel].pop(folded(nick), None)
            text = f"{line.source} has kicked {nick} from {self._titles[channel]}{_reason(line.parameter(2))}"
            yield from self._event(line, channel, text, "system")

    def _quit(self, line: Line) -> Iterator[IncomingMessage]:
        for channel, people in self._people.items():
            if people.pop(folded(line.source), None) is not None:
                text = f"{line.source} has quit{_reason(line.parameter(0))}"
                yield from self._event(line, channel, text, "system")

    def _nick(self, line: Line) -> Iterator[IncomingMessage]:
        nick = line.parameter(0)
        for channel, people in self._people.items():
            if people.pop(folded(line.source), None) is not None:
                people[folded(nick)] = nick
                yield from self._event(line, channel, f"{line.source} is now known as {nick}", "system")

    def _topic(self, line: Line) -> Iterator[IncomingMessage]:
        channel = self._channel(line.parameter(0))
        if channel is not None:
            text = f"{line.source} has changed the topic to: {without_codes(line.parameter(1))}"
            yield from self._event(line, channel, text, "system")

    def _names(self, line: Line) -> Iterator[IncomingMessage]:
        channel = self._channel(line.parameter(2))
        if channel is not None:
            for name in line.parameter(3).split():
                nick = name.lstrip(_RIGHTS).partition("!")[0]
                self._people[channel][folded(nick)] = nick
        yield from ()

    def _channel(self, name: str) -> str | None:
        known = folded(name)
        return known if known in self._titles else None

    def _event(
        self, line: Line, channel: str, text: str, kind: str | None, **more: object
    ) -> Iterator[IncomingMessage]:
        moment = sent_at(line)
        now = moment or self._now().replace(microsecond=0)
        native_id = line.tags.get("msgid") or self._own_id(now, line, channel, text, more)
        try:
            yield make_event(
                native_id=native_id,
                source=self._titles[channel].lower(),
                source_title=self._titles[channel],
                author=line.source or "server",
                sent_at=now,
                text=text,
                kind=kind,
                **more,
            )
        except Refused:
            return

    def _own_id(self, moment: datetime, line: Line, channel: str, text: str, more: dict[str, object]) -> str:
        second = moment.isoformat(timespec="seconds")
        if second != self._second:
            self._second, self._said = second, Counter()
        told = "\0".join(
            (moment.isoformat(), line.command, folded(line.source), channel, text, *map(str, more.values()))
        )
        self._said[told] += 1
        return hashlib.blake2b(
            f"{told}\0{self._said[told]}".encode("utf-8", "replace"), digest_size=_ID_BYTES
        ).hexdigest()


def _reply(line: Line) -> str | None:
    return line.tags.get("+reply") or line.tags.get("+draft/reply") or None


def _reason(text: str) -> str:
    said = without_codes(text)
    return f" ({said})" if said else ""


_TELLING: dict[str, Callable[[Channels, Line], Iterator[IncomingMessage]]] = {
    "PRIVMSG": Channels._message,
    "NOTICE": Channels._message,
    "TAGMSG": Channels._tag_message,
    "REDACT": Channels._redaction,
    "JOIN": Channels._join,
    "PART": Channels._part,
    "KICK": Channels._kick,
    "QUIT": Channels._quit,
    "NICK": Channels._nick,
    "TOPIC": Channels._topic,
    "353": Channels._names,
}
