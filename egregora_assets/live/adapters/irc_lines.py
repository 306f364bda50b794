"""Lines of the IRC protocol (RFC 1459, https://modern.ircdocs.horse, https://ircv3.net/specs) as they stand on the wire."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime

from egregora_assets.chat.formats.irc import decode_line

MAX_LINE_BYTES = 8_191 + 512
"""Tags and the rest have a bound each."""
_MOST_PARAMETERS = 15
_ESCAPED = {":": ";", "s": " ", "\\": "\\", "r": "\r", "n": "\n"}
_SASL_PIECE = 400
_FOLDED = str.maketrans("[]\\~", "{}|^")


@dataclass(frozen=True)
class Line:
    """One line. ``source`` is the nick or server before the first ``!``; ``has_user`` says that it is a person's."""

    command: str
    parameters: tuple[str, ...] = ()
    source: str = ""
    has_user: bool = False
    tags: dict[str, str] = field(default_factory=dict)

    def parameter(self, place: int) -> str:
        """Return a parameter; empty where there are fewer."""
        return self.parameters[place] if place < len(self.parameters) else ""

    @property
    def text(self) -> str:
        """The last parameter."""
        return self.parameters[-1] if self.parameters else ""


def parse(raw: bytes) -> Line | None:
    """Read a line; ``None`` for one without a command."""
    rest = decode_line(raw).replace("\0", "")
    tags: dict[str, str] = {}
    source = ""
    if rest.startswith("@"):
        written, _, rest = rest[1:].partition(" ")
        tags = dict(_tags(written))
    rest = rest.lstrip(" ")
    if rest.startswith(":"):
        source, _, rest = rest[1:].partition(" ")
    command, *parameters = _words(rest)
    if not command:
        return None
    nick, mark, _ = source.partition("!")
    return Line(command.upper(), tuple(parameters), nick.partition("@")[0], bool(mark), tags)


def _tags(written: str) -> Iterator[tuple[str, str]]:
    for tag in written.split(";"):
        name, _, value = tag.partition("=")
        if name:
            yield name, _unescaped(value)


def _unescaped(value: str) -> str:
    if "\\" not in value:
        return value
    letters = iter(value)
    return "".join(_ESCAPED.get(after := next(letters, ""), after) if letter == "\\" else letter for letter in letters)


def _words(rest: str) -> list[str]:
    words: list[str] = []
    while rest := rest.lstrip(" "):
        if words and (rest.startswith(":") or len(words) == _MOST_PARAMETERS):
            return [*words, rest.removeprefix(":")]
        word, _, rest = rest.partition(" ")
        words.append(word)
    return words or [""]


def folded(name: str) -> str:
    """Return a nick or channel in the form in which two spellings of it are the same."""
    return name.lower().translate(_FOLDED)


def sent_at(line: Line) -> datetime | None:
    """Return what the ``time`` tag says."""
    value = line.tags.get("time", "")
    if len(value) > 40:
        return None
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        return None
    return moment.astimezone(UTC) if moment.tzinfo else None


def plain_login(user: str, password: str) -> Iterator[str]:
    """Yield the AUTHENTICATE lines of SASL PLAIN, in pieces of 400 bytes."""
    response = base64.b64encode(f"\0{user}\0{password}".encode()).decode()
    for start in range(0, len(response), _SASL_PIECE):
        yield f"AUTHENTICATE {response[start : start + _SASL_PIECE]}"
    if len(response) % _SASL_PIECE == 0:
        yield "AUTHENTICATE +"
