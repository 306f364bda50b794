"""What people tell the memory in the chat (`/egregora …`): how a command is recognised, and where it is noted.

Nobody's opt-out may be missed, so it is known in any spelling, and also behind a few words ("please …") where nothing follows.
What lifts privacy, or chooses a name, has to be said at the beginning of a line. Who explains the command to others does not
give it: lines that name it and are none are counted, for somebody to look at them.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from datetime import datetime

import duckdb
import pyarrow as pa

from egregora_assets.warehouse.query import changed, rows, view_of
from egregora_assets.warehouse.revisions import Transaction

COMMANDS_VERSION = "3"
"""Names the commands that are known: with another, everything that was said is looked at again."""
_TABLES = ("private.opt_commands", "private.alias_commands")
_ALL = 1 << 62

_SHOWS_NOTHING = (
    r"\u00ad\u034f\u061c\u115f\u1160\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0"
)
_HIDDEN = re.compile(f"[{_SHOWS_NOTHING}\U000e0000-\U000e01ef]+")
_MARK = "\x01"
"""Stands for marks that show nothing: they may be where a space should be, or inside a word."""
_ISOLATED = re.compile("@\u2068[^\u2068\u2069]{1,80}\u2069")
"""A mention as WhatsApp writes it, however many words the name has."""


def _spelled(word: str) -> str:
    """Return the pattern for a word of a folded text, with marks that show nothing anywhere in it."""
    return f"{_MARK}?".join(word)


_QUOTES = "\"'`“”„‟‘’‚«»‹›*_~"
_GAP = r"[\W_]"
_EGREGORA = _spelled("egregora")
_CALL = rf"[/⁄∕⧸\\][ \t{_MARK}]*{_EGREGORA}(?:@\w+)?"
_OPT = rf"{_spelled('opt')}{_GAP}*({_spelled('out')}|{_spelled('in')})(?!{_MARK}?[^\W_])"
_OPT_COMMAND = re.compile(rf"{_CALL}{_GAP}+{_OPT}")
_ALIAS_COMMAND = re.compile(
    rf"{_CALL}{_GAP}+(?:(?:alias{_GAP}+set|set{_GAP}+alias)[ \t:{_MARK}{_QUOTES}]+(?P<name>[^\n]*)"
    rf"|(?:alias{_GAP}+(?:remove|unset)|(?:remove|unset){_GAP}+alias)(?![^\W_]))",
    re.IGNORECASE,
)
_OUT = rf"{_spelled('opt')}{_GAP}*(?:\w{{1,12}}{_GAP}+)?{_spelled('out')}"
_LIKE_OPT_OUT = re.compile(
    rf"{_EGREGORA}(?:[^\n]{{0,60}}?(?<![^\W_]))?{_OUT}|(?<![^\W_]){_OUT}[^\n]{{0,40}}?{_EGREGORA}"
)
_AT_BEGINNING = re.compile(r"(?:@\w++|[^\w@]|_|@(?!\w)|(?<!\w)(?:\d{1,3}|[A-Za-z])[.):])*+")
_LONGEST_BEFORE = 200
"""Letters before a command on its line that are looked at."""
_WORDS = re.compile(r"[^\W_]+")
_MOST_WORDS_BEFORE = 3
_OPENED = ('"', "`", "“", "«", "„")
_INSIDE_A_PATH = frozenset("/\\.:~_-=?&%@#+$'\"`“„‘‚«‹")
"""What a slash in the middle of a line stands behind where it is part of an address or a path, or is quoted."""


@dataclass(frozen=True)
class Heard:
    """What one text tells: whether its author opts out (or in), the name they choose, and whether it only names the command.

    ``name`` is ``None`` where none is chosen or one is taken back; ``names`` tells whether there is a word about names at all.
    """

    opts_out: bool | None = None
    names: bool = False
    name: str | None = None
    is_unheard: bool = False


def heard(text: str) -> Heard:
    """Return what a text tells the memory. The time it takes is in proportion to its length."""
    plain = _HIDDEN.sub(_MARK, unicodedata.normalize("NFKC", _ISOLATED.sub("@x", "\n".join(text.splitlines()))))
    folded = "".join(
        part for part in unicodedata.normalize("NFKD", plain.casefold()) if not unicodedata.combining(part)
    )
    opts_out = _opted(folded)
    alias = next((found for found in _ALIAS_COMMAND.finditer(plain) if _is_at_beginning(plain, found)), None)
    return Heard(
        opts_out,
        alias is not None,
        _name(alias["name"]) if alias is not None and alias["name"] else None,
        opts_out is None and _LIKE_OPT_OUT.search(folded) is not None,
    )


def _opted(folded: str) -> bool | None:
    """Return whether a folded text opts out, or in, or does neither. Of several words an opt-out counts."""
    decided = None
    for found in _OPT_COMMAND.finditer(folded):
        is_out = found[1].startswith("o")
        begins = _is_at_beginning(folded, found)
        if is_out and (begins or _is_said(folded, found)):
            return True
        if not is_out and begins and not _before(folded, found).lstrip().startswith((">", *_OPENED)):
            decided = False
    return decided


def _before(text: str, found: re.Match[str]) -> str:
    """Return what stands on the same line before a find, the last of it where that is long."""
    since = max(found.start() - _LONGEST_BEFORE, 0)
    return text[max(text.rfind("\n", since, found.start()) + 1, since) : found.start()]


def _after(text: str, found: re.Match[str]) -> str:
    """Return what follows a find on the same line, the first of it where that is long."""
    until = found.end() + _LONGEST_BEFORE
    end = text.find("\n", found.end(), until)
    return text[found.end() : until if end < 0 else end]


def _is_at_beginning(text: str, found: re.Match[str]) -> bool:
    """Return whether nothing but signs, a number of a list or a mention stands before a find."""
    before = _before(text, found)
    return len(before) < _LONGEST_BEFORE and _AT_BEGINNING.fullmatch(before) is not None


def _is_said(text: str, found: re.Match[str]) -> bool:
    """Return whether a find behind a few words is said: it ends its line, and is neither quoted nor a part of a path or address."""
    before = _before(text, found).rstrip(_MARK)
    if len(_WORDS.findall(before)) > _MOST_WORDS_BEFORE or _WORDS.search(_after(text, found)):
        return False
    if before.lstrip().startswith(">") or before[-1] in _INSIDE_A_PATH or before[-1].isalnum():
        return False
    is_open = before.count("“") > before.count("”") or before.count("«") > before.count("»")
    return not (is_open or before.count('"') % 2 or before.count("`") % 2)


def _name(told: str) -> str | None:
    return told.replace(_MARK, "").strip().strip(_QUOTES).strip() or None


_IN_SQL = r"[\x{AD}\x{34F}\x{61C}\x{180B}-\x{180F}\x{200B}-\x{200F}\x{202A}-\x{202E}\x{2060}-\x{206F}\x{FE00}-\x{FE0F}\x{FEFF}]+"
_OTHER_LATIN = (
    r"[\x{1D2C}-\x{1DBF}\x{2090}-\x{209C}\x{210A}\x{211B}-\x{211D}\x{212F}\x{2130}\x{2134}\x{2145}-\x{2149}"
    r"\x{24B6}-\x{24E9}\x{1D400}-\x{1D6A3}\x{1F130}-\x{1F149}\x{FF21}-\x{FF3A}\x{FF41}-\x{FF5A}]"
)
"""Letters of the name once more, for whoever likes them wide or bold: seldom enough to look closer wherever one stands."""
MAY_MENTION = f"""CASE
    WHEN contains(lower(text), 'egregora') THEN true
    WHEN strlen(text) = length(text) THEN false
    ELSE contains(lower(strip_accents(regexp_replace(text, '{_IN_SQL}', '', 'g'))), 'egregora')
        OR regexp_matches(text, '{_OTHER_LATIN}')
END"""
"""What has not the name of this program holds no command: the cheap question, which most texts answer with no."""

_SAID = """(
    SELECT message_id, author_id, sent_at, position, text FROM messages WHERE revision > $seen AND revision <= $until
    UNION ALL
    SELECT message_id, m.author_id, m.sent_at, m.position, before.text
    FROM private.message_versions before JOIN messages m USING (message_id)
    WHERE before.replaced_revision > $seen AND before.replaced_revision <= $until
    UNION ALL
    SELECT message_id, author_id, said_at, 0, text FROM private.live_waiting
    WHERE event = 'edit' AND revision > $seen AND revision <= $until
)"""
"""What was said, also before it was edited away, and in edits of messages that have not come (and may never): commands count."""

_CANDIDATES = f"""
    SELECT message_id::VARCHAR AS message_id, author_id::VARCHAR AS author_id, sent_at, position, text
    FROM {_SAID} WHERE author_id IS NOT NULL AND {MAY_MENTION}
"""
_WHO = "message_id::UUID, author_id::UUID, sent_at, position"
_OPTED = f"INSERT INTO private.opt_commands SELECT {_WHO}, opts_out, $revision FROM heard WHERE opts_out IS NOT NULL"
_NAMED = f"INSERT INTO private.alias_commands SELECT {_WHO}, chosen_name, $revision FROM heard WHERE names"
_UNHEARD = f"""
    SELECT alias, local_time, text FROM messages JOIN authors USING (author_id)
    WHERE NOT opted_out AND kind NOT IN ('system', 'deleted') AND {MAY_MENTION} ORDER BY local_time, position
"""


def note_commands_again(change: Transaction) -> int:
    """Note the commands that a former version has looked at, and perhaps not known; return what ``note_commands`` does."""
    for table in _TABLES:
        change.connection.execute(f"DELETE FROM {table}").fetchall()
    return note_commands(change, 0, change.watermark().revision)


def note_commands(change: Transaction, seen: int, until: int | None = None) -> int:
    """Remember the commands in what is new since revision ``seen``, in ``private.opt_commands`` and ``alias_commands``.

    Returns how many messages name the command to opt out and are none.
    """
    span = {"seen": seen, "until": _ALL if until is None else until}
    said = change.connection.sql(_CANDIDATES, params=span).to_arrow_table()
    told = [heard(text) for text in said["text"].to_pylist()]
    if any(one.names or one.opts_out is not None for one in told):
        columns = {
            "opts_out": pa.array([one.opts_out for one in told], pa.bool_()),
            "names": pa.array([one.names for one in told], pa.bool_()),
            "chosen_name": pa.array([one.name for one in told], pa.string()),
        }
        table = pa.table({**{name: said[name] for name in said.column_names if name != "text"}, **columns})
        with view_of(change.connection, "heard", table):
            for insert in (_OPTED, _NAMED):
                changed(change.connection, insert, {"revision": change.revision})
    return sum(one.is_unheard for one in told)


def unheard(connection: duckdb.DuckDBPyConnection) -> list[tuple[str, datetime, str]]:
    """Return (alias, time of the chat's clock, text) of messages that name the command to opt out and are none, of people who
    have not opted out. For the terminal of the memory's owner only.
    """
    return [row for row in rows(connection, _UNHEARD) if heard(row[2]).is_unheard]
