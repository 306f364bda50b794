"""A profile as a page: Markdown that people read in any editor. What the author wrote is shown and never rendered."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date

from egregora_assets.profiles.models import Profile, Quotation
from egregora_assets.sidecar.escapes import plain

HONEST = (
    "This page is counted by a program from {messages} messages of one memory: those that have passed its privacy gate, and "
    "nothing else. It says when and of what somebody wrote there. It is no judgement of a person, and it misses all that was "
    "said elsewhere."
)
LISTED = "Who has written five messages or more that have passed the privacy gate, and has not opted out."
ANSWERS = (
    "Told by the platform's replies where it marks them, and else by who wrote directly before, within ten minutes: "
    "that somebody wrote after somebody does not always mean that they answered."
)


def page(profile: Profile) -> str:
    """Return the page of a profile: front matter (YAML), what it is, then what was counted."""
    return "".join(
        (
            _front_matter(profile),
            f"# {profile.author}\n\n{HONEST.format(messages=f'{profile.messages:,}')}\n\n",
            f"- {profile.messages:,} messages on {profile.days:,} days, in {profile.conversations:,} conversations\n",
            f"- from {profile.first_day} to {profile.last_day}\n\n",
            f"## When\n\n![Messages by hour and by weekday]({profile.author}.svg)\n\n",
            _section("Topics over time", "", _months(profile)),
            _section("Whom they answer", ANSWERS, _answers(profile)),
            _section("First words", "", _quoted(profile.first_words)),
            _section("Last words", "", _quoted(profile.last_words)),
        )
    )


def index(authors: Iterable[tuple[str, int, date, date]]) -> str:
    """Return the page that lists all profiles: alias, messages, and the days (UTC) of the first and the last of them."""
    listed = "".join(
        f"| [{alias}]({alias}.md) | {messages:,} | {first_day} | {last_day} |\n"
        for alias, messages, first_day, last_day in authors
    )
    return f"# Authors\n\n{LISTED}\n\n| author | messages | first | last |\n|---|---:|---|---|\n{listed}"


def _front_matter(profile: Profile) -> str:
    return (
        "---\n"
        f"title: {profile.author}\n"
        f"messages: {profile.messages}\n"
        f"first_day: {profile.first_day}\n"
        f"last_day: {profile.last_day}\n"
        "---\n\n"
    )


def _section(title: str, explanation: str, lines: Iterable[str]) -> str:
    bullets = "".join(lines)
    return f"## {title}\n\n{explanation}{chr(10) * 2 if explanation else ''}{bullets}\n" if bullets else ""


def _months(profile: Profile) -> Iterator[str]:
    for month in profile.topics:
        topics = ", ".join(f"{topic.label} ({topic.messages})" for topic in month.topics)
        yield f"- {month.month}: {plain(topics)}\n"


def _answers(profile: Profile) -> Iterator[str]:
    for answered in profile.answers:
        replies = f"{answered.replies:,} {'reply' if answered.replies == 1 else 'replies'}" if answered.replies else ""
        follows = f"{answered.follows:,} directly after" if answered.follows else ""
        yield f"- {answered.author}: {', '.join(filter(None, (replies, follows)))}\n"


def _quoted(words: Quotation | None) -> Iterator[str]:
    if words is not None:
        yield f"- {words.day}: {plain(words.text)}\n"
