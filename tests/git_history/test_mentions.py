"""What people say about code is found in their messages, and little else is taken for it."""

from __future__ import annotations

import atexit
import time
from collections import Counter
from collections.abc import Iterable

import duckdb
import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from egregora_assets.git_history.detection import detect
from egregora_assets.git_history.forge_links import Mention
from egregora_assets.git_history.mentions import detecting, mentions
from egregora_assets.warehouse.query import rows
from tests.git_history.labelled_messages import TRAPS, WITH_CODE

CONNECTION = duckdb.connect()
atexit.register(CONNECTION.close)


def found(texts: Iterable[str]) -> list[list[Mention]]:
    """Return the mentions of each text, in their order, as SQL gives them."""
    listed = list(texts)
    relation = """
        SELECT printf('00000000-0000-0000-0000-%012d', generate_subscripts($texts, 1))::UUID AS message_id,
               unnest($texts)::VARCHAR AS text
    """
    with detecting(CONNECTION):
        result = rows(CONNECTION, f"FROM ({mentions(relation)}) ORDER BY message_id, place", {"texts": listed})
    by_text: list[list[Mention]] = [[] for _ in listed]
    for message_id, place, *columns in result:
        mentioned = by_text[int(str(message_id)[-12:]) - 1]
        mentioned.append(Mention(*columns))
        assert place == len(mentioned)
    return by_text


def target(mention: Mention) -> str:
    """Return the kind of a mention and what it points to, as labels write it."""
    project = "/".join(part for part in (mention.host, mention.owner, mention.repository) if part)
    if mention.kind == "path":
        where = f"{project}@{mention.ref}:" if project else ""
        lines = "" if mention.line_from is None else f":{mention.line_from}"
        until = "" if mention.line_from == mention.line_to else f"-{mention.line_to}"
        return f"path {where}{mention.path}{lines}{until}"
    if mention.kind == "commit":
        return f"commit {project}{'@' if project else ''}{mention.sha}"
    return f"{mention.kind} {project}{'#' if mention.kind == 'issue' else '!'}{mention.number}"


def agreement(cases: Iterable[tuple[str, ...]]) -> tuple[float, float, list[str]]:
    """Return precision and recall over labelled messages, and the messages in which something differs."""
    listed = list(cases)
    right = wanted = given_ = 0
    differing = []
    for (text, *labels), mentioned in zip(listed, found(text for text, *_ in listed), strict=True):
        expected, detected = Counter(labels), Counter(map(target, mentioned))
        right += (expected & detected).total()
        wanted += expected.total()
        given_ += detected.total()
        if expected != detected:
            differing.append(f"{text!r}: {sorted(detected)}, not {sorted(expected)}")
    return right / given_, right / wanted, differing


def test_of_what_people_write_about_code_most_is_found_and_little_else() -> None:
    cases = WITH_CODE + [(text,) for text in TRAPS]
    assert len(cases) >= 240
    assert len(TRAPS) >= len(cases) / 2
    precision, recall, differing = agreement(cases)
    assert precision >= 0.98, differing
    assert recall >= 0.95, differing


@pytest.mark.parametrize("kind", ["path", "commit", "issue", "merge_request"])
def test_each_kind_is_found_by_itself(kind: str) -> None:
    with_it = [case for case in WITH_CODE if any(label.startswith(f"{kind} ") for label in case[1:])]
    precision, recall, differing = agreement(with_it)
    assert precision >= 0.95, differing
    assert recall >= 0.95, differing


def one(text: str) -> Mention:
    [mention] = detect(text)
    return mention


@pytest.mark.parametrize(
    ("behind", "first", "last"),
    [
        (":42", 42, 42),
        (":42:7", 42, 42),
        (":10-20", 10, 20),
        (":20-10", 10, 20),
        ("#L10", 10, 10),
        ("#L10-L20", 10, 20),
        ("#L10C3-L20C5", 10, 20),
        (" (line 10)", 10, 10),
        (", line 42", 42, 42),
        ('", line 42, in run', 42, 42),
        (" (linhas 3 a 9)", 3, 9),
        (", Zeile 8", 8, 8),
        (" línea 8", 8, 8),
        ("の8行目", 8, 8),
        (" L8", 8, 8),
        ("+42", 42, 42),
        ("(12,5): error", 12, 12),
        (".", None, None),
        (": 3 errors", None, None),
        (":0", None, None),
    ],
)
def test_lines_behind_a_path_are_read(behind: str, first: int | None, last: int | None) -> None:
    for path in ("src/app.py", "main.py"):
        mention = one(f'"{path}{behind}')
        assert (mention.path, mention.line_from, mention.line_to) == (path, first, last)


def test_lines_in_front_of_a_path_are_read() -> None:
    mention = one("na linha 42 do src/app.py")
    assert (mention.raw, mention.line_from, mention.line_to) == ("src/app.py", 42, 42)


def test_what_stands_in_a_link_is_nothing_by_itself() -> None:
    for link in (
        "https://example.org/src/app.py?c=3f2a91c#42",
        "https://news.example.com/acme/tool#42",
        "example.com/src/app.py:42",
        "ftp://files.example.org/3f2a91c/main.py",
    ):
        assert detect(f"see {link}, ok") == [], link


def test_a_link_on_an_unknown_host_needs_a_form_that_only_forges_have() -> None:
    assert detect("https://example.org/acme/tool/issues/42") == []
    assert one("https://example.org/acme/tool/-/issues/42").number == 42
    assert one("https://example.org/acme/tool/src/branch/main/a.py").path == "a.py"
    assert one("https://gitea.example.org/acme/tool/issues/42").host == "gitea.example.org"


@given(st.integers(2, 10**6), st.sampled_from(["", "fixes ", "Closes: ", "(", "see\n"]))
def test_the_number_of_a_pull_request_is_read_whole(number: int, before: str) -> None:
    assert one(f"{before}PR #{number}!").number == number


@given(st.binary(min_size=20, max_size=20), st.integers(7, 40), st.sampled_from(["", "(", "`", "x..", "in "]))
def test_a_commit_has_a_digit_and_a_letter_unless_it_is_whole(whole: bytes, length: int, before: str) -> None:
    sha = whole.hex()[:length]
    found_shas = [mention.sha for mention in detect(f"{before}{sha}.")]
    assert found_shas in ([], [sha])
    if sha.isdigit() or sha.isalpha():
        assert bool(found_shas) == (length == 40)
    elif length == 40:
        assert found_shas == [sha]


PIECES = st.sampled_from(
    "src/app.py main.py Makefile .env `docs/a b.md` src\\a.js : #L10 , line 42 ( ) [ ] ` \" ' #42 PR issue !7 GH-9 3f2a91c . .. / "
    "\\ https://github.com/a/b/blob/main/x.py#L1-L2 https:// github.com/a/b/pull/1 a@b.py %2F * ** _ - + @ ~ を 修正 ا é \u200b 😀 "
    "member-0123456789 [email] 12 0 \x00 \n Node.js".split(" ")
)
TEXTS = st.one_of(st.text(), st.lists(st.one_of(PIECES, st.just(" "), st.text(max_size=3)), max_size=30).map("".join))


@hypothesis_settings(max_examples=300, deadline=None)
@given(TEXTS)
def test_any_text_is_read_from_left_to_right(text: str) -> None:
    place = 0
    for mention in detect(text):
        at = text.find(mention.raw, place)
        assert mention.raw
        assert at >= 0
        place = at + len(mention.raw)
        assert (mention.line_from is None) == (mention.line_to is None)
        assert (mention.line_from or 0) <= (mention.line_to or 0)
        named = {"path": mention.path, "commit": mention.sha, "issue": mention.number, "merge_request": mention.number}
        assert named[mention.kind]


@hypothesis_settings(max_examples=60, deadline=None)
@given(st.lists(TEXTS, min_size=1, max_size=20))
def test_the_question_asked_first_loses_nothing(texts: list[str]) -> None:
    texts = [text.replace("\x00", "") for text in texts]
    assert found(texts) == [detect(text) for text in texts]


def test_texts_that_are_not_there_mention_nothing() -> None:
    with detecting(CONNECTION):
        assert rows(CONNECTION, mentions("SELECT uuid() AS message_id, NULL::VARCHAR AS text")) == []
        assert rows(CONNECTION, mentions("SELECT uuid() AS message_id, 'x' AS text WHERE false")) == []


HOSTILE = [
    "a/",
    "a.py:",
    "a.py/",
    "a.",
    "#1",
    "#42 ",
    "!42",
    "0a",
    "0a1b2c3 ",
    "0a1b2c3..",
    "https://github.com/",
    "https://github.com/a/b/blob/",
    "github.com/",
    "`",
    "``a",
    "`a/b",
    '"a/b ',
    "'a/ ",
    "PR ",
    "PR 4",
    "issue 42 ",
    "issues 4, ",
    "a" * 50,
    "a.py-",
    "-a.py",
    "((a",
    "/(a)",
    "/[a]",
    "..",
    "\\",
    "@a",
    "a@b/",
    "a/b#1",
    "a/b@1a2b3c4 ",
    "line 4 of a.py ",
    "a.py, line 4",
    "a.py (",
    "vim +4 ",
    "https://x)))",
    "%2F",
    "C:\\a",
    " ",
    "を",
]


def test_the_cost_grows_with_the_text_and_not_with_its_square() -> None:
    """Eight times the text costs eight times the work; a quadratic pattern would cost sixty-four times."""

    def cost(length: int) -> float:
        texts = [piece * (length // len(piece)) for piece in HOSTILE]
        began = time.process_time()
        found(texts)
        for text in texts:
            detect(f"#42 {text}")
        return time.process_time() - began

    small = min(cost(4_000) for _ in range(3))
    assert cost(32_000) < 14 * small + 0.2


@pytest.mark.parametrize(
    ("text", "raw"),
    [
        ("see README.md#install, please", "README.md#install"),
        ("(docs/a.rst#two-words).", "docs/a.rst#two-words"),
        ("`README.md#install`", "README.md#install"),
        ("src/app.py#foo", "src/app.py"),
    ],
)
def test_a_heading_behind_a_document_belongs_to_it(text: str, raw: str) -> None:
    [mention] = detect(text)
    assert (mention.kind, mention.raw, mention.line_from) == ("path", raw, None)
    assert mention.path == raw.partition("#")[0]
