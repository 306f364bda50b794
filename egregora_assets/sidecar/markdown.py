"""A sidecar and the text of its document as a post: Markdown that people read in any editor.

People are the letters of the conversation, unless pseudonyms are asked for.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from ahocorasick_rs import AhoCorasick, MatchKind

from egregora_assets.privacy.kinds import ALIAS
from egregora_assets.sidecar.conversation import Note, with_notes
from egregora_assets.sidecar.dates import CLOCK, DAY, LONG_DAY, day, long_day
from egregora_assets.sidecar.escapes import in_line, one_item, plain, quoted_in_yaml, without_pseudonyms
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
from egregora_assets.sidecar.unseen import visible

SECTIONS = (
    *("Summary", "Decisions", "Tasks", "Open questions", "Answered questions", "Participants", "Media", "Conversation"),
)
TAKES_BACK = "takes back"
STATUS = {
    "proposed": "proposed",
    "revoked": "taken back",
    TAKES_BACK: "takes something back",
    "open": "open",
    "done": "done",
}
"""What is told of an item; that a decision was agreed on goes without saying. What takes another back is not taken back itself."""
_REMARK = rf"(?:for )?(?:[A-Z]{{1,2}}|{ALIAS})|(?:{DAY}, )?{CLOCK}|due {DAY}|{'|'.join(STATUS.values())}"
REMARKS = (
    rf" \((?:{_REMARK})(?:, (?:{_REMARK}))*(?:\)|, due “)| \(due “|”(?:, (?:{STATUS['open']}|{STATUS['done']}))?\)"
)
"""The pattern of what stands in brackets behind an item, up to the words for a time in it, and after them."""
HEADING = rf" · {LONG_DAY}(?: to {LONG_DAY})? · [0-9,]+ messages?(?: by [0-9]+ (?:person|people))?$"
"""The pattern of what stands below the title behind the chat's."""


@dataclass(frozen=True)
class Context:
    """What a post shows besides its sidecar.

    ``speakers`` are the authors whose the letters A, B, … of the conversation are, by these; ``moments`` say of messages when
    they were said; ``notes`` stand between the lines. ``pseudonyms`` says whether people are named by them.
    """

    speakers: Mapping[str, str] = field(default_factory=dict)
    moments: Mapping[str, str] = field(default_factory=dict)
    notes: Sequence[Note] = ()
    pseudonyms: bool = False


def post(sidecar: Sidecar, text: str, context: Context) -> str:
    """Return the post of a document: front matter (YAML), what it is, its summary, decisions, tasks, questions, media and
    the conversation ``text``."""
    told = _Items(context)
    open_questions = (told.question(item) for item in sidecar.questions if item.answer is None)
    body = "".join(
        (
            f"{_heading(sidecar)}\n\n",
            _list("Summary", (one_item(item.text) for item in sidecar.summary)),
            _list("Decisions", map(told.decision, sidecar.decisions)),
            _list("Tasks", map(told.task, sidecar.action_items)),
            _list("Open questions", open_questions),
            _list(
                "Answered questions", (told.answered(item, item.answer) for item in sidecar.questions if item.answer)
            ),
            _list("Participants", told.participants()),
            _list("Media", map(_shown, sidecar.media)),
            f"## Conversation\n\n{with_notes(plain(text), context.notes)}\n",
        )
    )
    front = _front_matter(sidecar, context.pseudonyms)
    written = f"{front}# {plain(sidecar.title)}\n\n{linked(body, sidecar.code_references)}"
    return written if context.pseudonyms else without_pseudonyms(written)


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


class _Items:
    """What was found in a conversation, as lines with who said it and when."""

    def __init__(self, context: Context) -> None:
        self._context = context

    def decision(self, item: Decision) -> str:
        status = TAKES_BACK if item.status == "revoked" and item.revoked_by is None else item.status
        return self._told(item.text, self._who(item.author), self._when(item.evidence[0]), STATUS.get(status))

    def task(self, item: ActionItem) -> str:
        who = self._who(item.assignee)
        due = f"due {day(item.due_on)}" if item.due_on else f"due “{plain(in_line(item.due))}”" if item.due else None
        return self._told(item.text, who and f"for {who}", due, STATUS[item.status])

    def question(self, item: Question) -> str:
        return self._told(item.text, self._who(item.author), self._when(item.evidence[0]))

    def answered(self, question: Question, answer: Answer) -> str:
        """Return a question, and in a list below it what answers it; a picture or a recording that answers has no words."""
        asked = self.question(question)
        if not answer.text.strip():
            return asked
        return f"{asked}\n  - {self._told(answer.text, self._who(answer.author), self._when(answer.message_id))}"

    def participants(self) -> Iterable[str]:
        if self._context.pseudonyms:
            yield from (f"{letter}: {author}" for author, letter in self._context.speakers.items())

    def _who(self, author: str | None) -> str | None:
        if author is None:
            return None
        return self._context.speakers.get(author) or (author if self._context.pseudonyms else None)

    def _when(self, message_id: str) -> str | None:
        return self._context.moments.get(message_id)

    def _told(self, text: str, *remarks: str | None) -> str:
        told = ", ".join(filter(None, remarks))
        return f"{one_item(in_line(text))} ({told})" if told else one_item(in_line(text))


def _heading(sidecar: Sidecar) -> str:
    """Return which chat a conversation is of, its days, and how many took part."""
    days = " to ".join(dict.fromkeys(map(long_day, (sidecar.first_day, sidecar.last_day))))
    people = len(sidecar.participants)
    by = f" by {people} {'person' if people == 1 else 'people'}" if people else ""
    count = f"{sidecar.message_count:,} {'message' if sidecar.message_count == 1 else 'messages'}"
    return f"{one_item(in_line(sidecar.chat))} · {days} · {count}{by}"


def _front_matter(sidecar: Sidecar, tells_authors: bool) -> str:
    authors = f"authors: [{', '.join(person.author for person in sidecar.participants)}]\n" if tells_authors else ""
    by_model = "" if sidecar.extracted_by == BY_RULES else f'extracted_by: "{sidecar.extracted_by}"\n'
    return (
        "---\n"
        f"title: {quoted_in_yaml(visible(sidecar.title))}\n"
        f"date: {sidecar.window_start:%Y-%m-%dT%H:%M:%SZ}\n"
        f"slug: {sidecar.slug}\n"
        f"source: {sidecar.source_id}\n"
        f"chat: {quoted_in_yaml(visible(in_line(sidecar.chat)))}\n"
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


def _shown(media: Media) -> str:
    """Return a picture, or a link to what is none, as seen from the folder of the post."""
    kind = media.mime.partition("/")[0]
    return f"{'!' if kind == 'image' else ''}[{_KINDS[kind]}](../../{media.path})"


_KINDS = {"image": "picture", "video": "film", "audio": "recording"}


def _list(title: str, items: Iterable[str]) -> str:
    bullets = "".join(f"- {item}\n" for item in items)
    return f"## {title}\n\n{bullets}\n" if bullets else ""
