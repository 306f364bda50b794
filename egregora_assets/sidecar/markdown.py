"""A sidecar and the text of its document as a post: Markdown that people read in any editor.

What people wrote is shown as they wrote it: none of it becomes markup, HTML, or a picture that calls home.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from ahocorasick_rs import AhoCorasick, MatchKind

from egregora_assets.privacy.kinds import ALIAS
from egregora_assets.privacy.scrub import quoted
from egregora_assets.sidecar.models import (
    BY_RULES,
    ActionItem,
    Answer,
    CodeReference,
    Decision,
    Media,
    Question,
    Sidecar,
)

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
    ("\r", "\u2000"),
    ("\t", "\u2001"),
    ("\x1b", "\ufffd"),
    ("\x9b", "\ufffd"),
)
"""Also what Markdown takes for the end of a line, or for the depth of a block, and what begins a command to a terminal.

Signs that show as space, and that hardly anybody writes, stand for these. Checks read what was said: years in columns are no
number.
"""
_PSEUDONYM = re.compile(ALIAS)
_BLOCK_MARKER = re.compile(r"^(\d*)([#+=.)\-])")
"""What makes the beginning of a line a heading, a list or a rule."""
_ESCAPED_MARKER = r"\1\\\2"
_LINE_BREAKS = re.compile(r"\s*[\r\n]+\s*")


def post(sidecar: Sidecar, text: str, speakers: Iterable[str] | None = None) -> str:
    """Return the post of a document: front matter (YAML),
    its summary, decisions, tasks, questions, media and the conversation ``text``.

    ``speakers`` tell whose the letters in the conversation are, for those who ask for pseudonyms; without them there are none.
    """
    body = "".join(
        (
            _section("Summary", (item.text for item in sidecar.summary)),
            _section("Decisions", map(_decided, sidecar.decisions)),
            _section("Tasks", map(_taken_on, sidecar.action_items)),
            _section("Open questions", (item.text for item in sidecar.questions if item.answer is None)),
            _list("Answered questions", (_answered(item, item.answer) for item in sidecar.questions if item.answer)),
            _list("Participants", speakers or ()),
            _list("Media", map(_shown, sidecar.media)),
            f"## Conversation\n\n{plain(text)}\n",
        )
    )
    written = (
        f"{_front_matter(sidecar, speakers is not None)}# {sidecar.title}\n\n{linked(body, sidecar.code_references)}"
    )
    return without_pseudonyms(written) if speakers is None else written


def without_pseudonyms(written: str, nobody: str = r"\[name\]") -> str:
    """Return Markdown with ``nobody`` in place of the pseudonyms in it."""
    return _PSEUDONYM.sub(lambda _: nobody, written) if "member-" in written else written


def linked(markdown: str, references: Iterable[CodeReference]) -> str:
    """Return ``markdown`` with links on what refers to code, where it can be looked at and each mention means the same."""
    urls: dict[str, set[str | None]] = {}
    for reference in references:
        if not reference.text.isdecimal():
            urls.setdefault(plain(reference.text), set()).add(reference.url)
    links = [(text, next(iter(found))) for text, found in urls.items() if len(found) == 1 and None not in found]
    if not links:
        return markdown
    search = AhoCorasick([text for text, _ in links], matchkind=MatchKind.LeftmostLongest)
    parts, done = [], 0
    for which, start, end in search.find_matches_as_indexes(markdown):
        if (
            _GOES_ON.match(markdown[end : end + 1]) is None
            and _BEGAN.match(markdown[max(0, start - 1) : start]) is None
        ):
            parts += [markdown[done:start], f"[{markdown[start:end]}]({links[which][1]})"]
            done = end
    return "".join((*parts, markdown[done:]))


_BEGAN, _GOES_ON = re.compile(r"[\w/.:!\-]"), re.compile(r"[\w/]")
"""What a mention does not begin or end beside: a longer word, a clock, or the mark that would make a picture of a link."""


def plain(text: str) -> str:
    """Return ``text`` so that Markdown shows it as it is, line for line."""
    for raw, escaped in _ESCAPES:
        text = text.replace(raw, escaped)
    return text.replace("\n", "  \n")


def in_one_line(text: str) -> str:
    """Return the SQL for ``text`` in one line that Markdown shows as it is, also at the beginning of a line.

    Spaces stay as they are, and lines are put far enough apart: years in a row, brought together, would read as a number.
    """
    trimmed = f"regexp_replace({text}, '^\\s+|\\s+$', '', 'g')"
    sql = f"regexp_replace({trimmed}, '\\s*[\\r\\n]+\\s*', ' — ', 'g')"
    for raw, escaped in _ESCAPES:
        sql = f"replace({sql}, {quoted(raw)}, {quoted(escaped)})"
    return f"regexp_replace({sql}, {quoted(_BLOCK_MARKER.pattern)}, {quoted(_ESCAPED_MARKER)})"


def _front_matter(sidecar: Sidecar, tells_authors: bool) -> str:
    authors = f"authors: [{', '.join(person.author for person in sidecar.participants)}]\n" if tells_authors else ""
    by_model = "" if sidecar.extracted_by == BY_RULES else f'extracted_by: "{sidecar.extracted_by}"\n'
    return (
        "---\n"
        f'title: "{sidecar.title}"\n'
        f"date: {sidecar.window_start:%Y-%m-%dT%H:%M:%SZ}\n"
        f"slug: {sidecar.slug}\n"
        f"source: {sidecar.source_id}\n"
        f"tags: [{', '.join(_tag(topic.label) for topic in sidecar.topics)}]\n"
        f"messages: {sidecar.message_count}\n"
        f"participants: {len(sidecar.participants)}\n"
        f"{authors}"
        f"{by_model}"
        "---\n\n"
    )


def _tag(label: str) -> str:
    """Return a label as YAML that is a text, also where its word means nothing, yes or no there."""
    return f'"{label}"' if label in ("null", "true", "false") else label


def _section(title: str, texts: Iterable[str]) -> str:
    return _list(title, map(_one_item, texts))


def _one_item(text: str) -> str:
    return _BLOCK_MARKER.sub(_ESCAPED_MARKER, plain(text).strip())


def _decided(item: Decision) -> str:
    return item.text if item.status == "agreed" else f"{item.text} ({item.status})"


def _taken_on(item: ActionItem) -> str:
    return item.text if item.status == "open" else f"{item.text} ({item.status})"


def _answered(question: Question, answer: Answer) -> str:
    """Return a question, and in a list below it what answers it; a picture or a recording that answers has no words."""
    said = _LINE_BREAKS.sub(" — ", answer.text.strip())
    return f"{_one_item(question.text)}\n  - {_one_item(said)}" if said else _one_item(question.text)


def _shown(media: Media) -> str:
    """Return a picture, or a link to what is none, as seen from the folder of the post."""
    kind = media.mime.partition("/")[0]
    return f"{'!' if kind == 'image' else ''}[{_KINDS[kind]}](../../{media.path})"


_KINDS = {"image": "picture", "video": "film", "audio": "recording"}


def _list(title: str, items: Iterable[str]) -> str:
    bullets = "".join(f"- {item}\n" for item in items)
    return f"## {title}\n\n{bullets}\n" if bullets else ""
