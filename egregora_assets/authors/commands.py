"""What people tell the memory in the chat (`/egregora …`): how a command is recognised, and where it is noted."""

from __future__ import annotations

from egregora_assets.privacy.scrub import INVISIBLE, quoted
from egregora_assets.warehouse.query import scalar
from egregora_assets.warehouse.revisions import Transaction

COMMANDS_VERSION = "2"
"""Names the commands that are known: with another, everything that was said is looked at again."""
_TABLES = ("private.opt_commands", "private.alias_commands")
_SPACE = r"\s\x{00A0}\x{2000}-\x{200A}\x{202F}\x{205F}\x{3000}"
_DASH = r"\-_\x{2010}-\x{2015}\x{2043}\x{2212}\x{FE58}\x{FE63}\x{FF0D}"
_QUOTES = r"*_~`\x{0022}\x{0027}“”‘’«»"
_BEGIN = rf"(?im)^[{_SPACE}{_QUOTES}>(\[•\-]*[/／]+[{_SPACE}]*egregora(?:@[A-Za-z0-9_]+)?[{_SPACE}{_QUOTES}{_DASH}:,_]+"
OPT_COMMAND = rf"{_BEGIN}opt[{_SPACE}{_DASH}{_QUOTES}.,/~]*(out|in)(?:[^\p{{L}}\p{{N}}]|$)"
"""``/egregora opt-out`` and ``opt-in``, however a phone spells or hyphenates it."""
_CHOOSE = rf"{_BEGIN}(?:alias[{_SPACE}{_DASH}]+set|set[{_SPACE}{_DASH}]+alias)[{_SPACE}:{_QUOTES}]+([^\n]*)"
_TAKE_BACK = rf"{_BEGIN}(?:alias[{_SPACE}{_DASH}]+(?:remove|unset)|(?:remove|unset)[{_SPACE}{_DASH}]+alias)(?:[^\p{{L}}\p{{N}}]|$)"
_ALL = 1 << 62
_LONGEST_COMMAND = 80
"""Letters from the beginning of a message that are looked at: reasons may follow the command at any length."""
_BEGINNING = f"regexp_replace(left(text, {_LONGEST_COMMAND}), '{INVISIBLE}', '', 'g')"

_SAID = """(
    SELECT message_id, author_id, sent_at, position, text FROM messages WHERE revision > $seen AND revision <= $until
    UNION ALL
    SELECT message_id, m.author_id, m.sent_at, m.position, before.text
    FROM private.message_versions before JOIN messages m USING (message_id)
    WHERE before.replaced_revision > $seen AND before.replaced_revision <= $until
)"""
"""What was said, and what messages said before they were edited: a command counts even where it was edited away."""


_LIKE_COMMAND = f"(contains(text, '/') OR contains(text, '／')) AND contains(lower({_BEGINNING}), 'egregora')"
_ANY_COMMAND = f"""
    SELECT EXISTS (FROM messages WHERE revision > $seen AND revision <= $until AND {_LIKE_COMMAND}) OR EXISTS (
        FROM private.message_versions
        WHERE replaced_revision > $seen AND replaced_revision <= $until AND {_LIKE_COMMAND}
    )
"""
"""Most passes have none, and asking for the name alone costs a fifth of the patterns."""


def note_commands_again(change: Transaction) -> None:
    """Note the commands that a former version has looked at, and perhaps not known."""
    for table in _TABLES:
        change.connection.execute(f"DELETE FROM {table}").fetchall()
    note_commands(change, 0, change.watermark().revision)


def note_commands(change: Transaction, seen: int, until: int | None = None) -> None:
    """Remember the commands in what is new since revision ``seen``, in ``private.opt_commands`` and ``alias_commands``."""
    span = {"seen": seen, "until": _ALL if until is None else until}
    if not scalar(change.connection, _ANY_COMMAND, span):
        return
    decisions = (f"lower(regexp_extract({_BEGINNING}, {quoted(OPT_COMMAND)}, 1)) = 'out'", _CHOSEN)
    for table, decision, pattern in zip(_TABLES, decisions, (OPT_COMMAND, f"{_CHOOSE}|{_TAKE_BACK}"), strict=True):
        change.connection.execute(
            f"""
            INSERT INTO {table}
            SELECT message_id, author_id, sent_at, position, {decision}, $revision
            FROM {_SAID}
            WHERE author_id IS NOT NULL AND (contains(text, '/') OR contains(text, '／'))
                AND regexp_matches({_BEGINNING}, {quoted(pattern)})
            """,
            {**span, "revision": change.revision},
        ).fetchall()


_CHOSEN = f"nullif(trim(regexp_replace(regexp_extract({_BEGINNING}, {quoted(_CHOOSE)}, 1), '[{_QUOTES}]+$', '')), '')"
