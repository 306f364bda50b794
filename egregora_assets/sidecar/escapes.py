"""What people wrote, so that Markdown shows it as they wrote it: none of it becomes markup, HTML, or a picture that calls home."""

from __future__ import annotations

import re

from egregora_assets.privacy.kinds import PSEUDONYM
from egregora_assets.privacy.scrub import quoted
from egregora_assets.sidecar.unseen import NOTHING, as_said, visible

_ESCAPES = (
    ("\\", r"\\"),
    ("&", "&amp;"),
    ("<", "&lt;"),
    (">", "&gt;"),
    ("[", r"\["),
    ("]", r"\]"),
    ("*", r"\*"),
    ("_", r"\_"),
    ("~", r"\~"),
    ("`", r"\`"),
)
_TO_ESCAPE = re.compile(f"[{re.escape(''.join(raw for raw, _ in _ESCAPES))}]")
_BLOCK_MARKER = re.compile(r"^(\d*)([#+=.)\-])")
"""What makes the beginning of a line a heading, a list or a rule."""
_ESCAPED_MARKER = r"\1\\\2"
_AROUND = rf"^[\s{NOTHING}]+|[\s{NOTHING}]+$"
_BEGINS_BLOCK = rf"^([0-9{NOTHING}]*)([#+=.)\-])"
"""Both of RE2, for texts that have not passed ``visible``."""
_LINE_BREAKS = re.compile(r"\s*[\r\n]+\s*")


def plain(text: str) -> str:
    """Return ``text`` so that Markdown shows it as it is, line for line."""
    text = visible(text)
    if _TO_ESCAPE.search(text) is not None:
        for raw, escaped in _ESCAPES:
            text = text.replace(raw, escaped)
    return text.replace("\n", "  \n")


def one_item(text: str) -> str:
    """Return ``text`` as ``plain`` does, for the beginning of a line."""
    shown = plain(text).strip()
    return shown if shown[:1].isalpha() else _BLOCK_MARKER.sub(_ESCAPED_MARKER, shown)


def in_line(text: str) -> str:
    """Return ``text`` on one line. Lines are put far enough apart: years in a row, brought together, would read as a number."""
    text = text.strip()
    return _LINE_BREAKS.sub(" — ", text) if "\n" in text or "\r" in text else text


def in_line_in_sql(text: str) -> str:
    """Return the SQL for SQL ``text`` as ``in_line`` gives it."""
    trimmed = f"regexp_replace({text}, {quoted(_AROUND)}, '', 'g')"
    return f"regexp_replace({trimmed}, '\\s*[\\r\\n]+\\s*', ' — ', 'g')"


def in_one_line(text: str) -> str:
    """Return the SQL for ``text`` in one line that Markdown shows as it is, also at the beginning of a line.

    What is put together of such lines has to pass ``visible``, which costs less than the patterns of RE2 for it would.
    """
    sql = in_line_in_sql(text)
    for raw, escaped in _ESCAPES:
        sql = f"replace({sql}, {quoted(raw)}, {quoted(escaped)})"
    return f"regexp_replace({sql}, {quoted(_BEGINS_BLOCK)}, {quoted(_ESCAPED_MARKER)})"


def quoted_in_yaml(text: str) -> str:
    """Return a line of text as YAML in quotes."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def without_pseudonyms(written: str, nobody: str = r"\[name\]") -> str:
    """Return Markdown with ``nobody`` in place of the pseudonyms in it."""
    return PSEUDONYM.sub(lambda _: nobody, written) if "member-" in written else written


def unescaped(text: str) -> str:
    """Return SQL that takes the escapes from SQL ``text``, a file of Markdown: what is left is what was said."""
    entities = f"replace(replace(replace({as_said(text)}, '&lt;', '<'), '&gt;', '>'), '&amp;', '&')"
    return f"regexp_replace({entities}, {quoted(_ESCAPED)}, '\\1', 'g')"


_ESCAPED = r"\\([\\\[\]*_~`#+=.)\-\"])"
