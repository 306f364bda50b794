"""Sidecars are what the published schema says and cite what they rest on; posts are plain text whatever people wrote."""

from __future__ import annotations

import json
import re
import shutil
from importlib import resources
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from markdown_it import MarkdownIt
from ruamel.yaml import YAML

from egregora_assets.chat.ingest import ingest
from egregora_assets.config import Settings, SidecarSettings, SourceSettings
from egregora_assets.documents import windows
from egregora_assets.publish.pending import pending
from egregora_assets.sidecar import pages, posts, verify
from egregora_assets.sidecar.models import json_schema
from egregora_assets.warehouse.files import make_home, open_warehouse
from egregora_assets.warehouse.made_files import PlaceTaken
from egregora_assets.warehouse.query import rows
from tests.chats import Line, chat, put_export, state_of_home, with_privacy

TALK: tuple[Line, ...] = (
    (0, "Ana Lima", "Where do we meet for the workshop?"),
    (1, "Rui Costa", "The workshop is at the library, see https://example.org/map and notes.md #workshop"),
    (2, "Priya Raman", "Decided: the workshop begins at ten"),
    (3, "Rui Costa", "fixed in 9fceb02a and #42"),
    (2000, "Ana Lima", "Vamos com a tinta azul. Combinado, a tinta azul?"),
)


def write(
    settings: Settings, *lines: Line, title: str = "Garden Club", suffix: str = "", full: bool = False
) -> posts.SidecarChanges:
    put_export(settings, title, chat(*lines), suffix)
    with open_warehouse(settings) as connection:
        ingest(connection, settings)
        return posts.refresh(connection, settings, full)


@pytest.fixture(scope="module")
def home_with_talk(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home in which ``TALK`` is taken in and its posts are written. Tests have copies of it."""
    settings = Settings(home=tmp_path_factory.mktemp("talk") / "home", timezone="UTC")
    make_home(settings)
    write(settings, *TALK)
    return settings.home


@pytest.fixture
def written(settings: Settings, home_with_talk: Path) -> Settings:
    """The test's own home, in which the posts of ``TALK`` are written."""
    shutil.copytree(home_with_talk, settings.home, dirs_exist_ok=True)
    return settings


def test_why_a_post_cannot_be_written_is_told_also_when_many_others_wait(settings: Settings) -> None:
    days = [(1440 * day, "Ana Lima", "Shall we meet today?") for day in range(120)]
    put_export(settings, "Garden Club", chat(*days))
    with open_warehouse(settings) as connection:
        ingest(connection, settings)
        windows.refresh(connection, settings)
        (first,) = rows(connection, "SELECT source_id, slug FROM documents ORDER BY slug LIMIT 1")
        in_the_way = posts.post_path(settings.posts, *first, ".json")
        (in_the_way / "mine").mkdir(parents=True)
        with pytest.raises(PlaceTaken, match="has to be a file, and a folder stands there: move it away"):
            posts.refresh(connection, settings)
        shutil.rmtree(in_the_way)
        assert posts.refresh(connection, settings).written > 100


def test_a_question_is_shown_with_its_answer_as_one_plain_item(settings: Settings) -> None:
    write(
        settings,
        (0, "Ana Lima", "Where do we meet for the workshop?"),
        (1, "Rui Costa", "# the library\n\n- <b>upstairs</b>"),
    )
    [path] = post_files(settings)
    assert (
        "- Where do we meet for the workshop? (A, 09:00)\n"
        "  - \\# the library — - &lt;b&gt;upstairs&lt;/b&gt; (B, 09:01)\n\n## Conversation" in path.read_text()
    )


def post_files(settings: Settings) -> list[Path]:
    return sorted(settings.posts.glob("*/*.md"))


def sidecars(settings: Settings) -> list[dict[str, Any]]:
    return [json.loads(path.read_text()) for path in sorted(settings.posts.glob("*/*.json"))]


def markdown(settings: Settings) -> str:
    return "\n".join(path.read_text() for path in sorted(settings.posts.glob("*/*.md")))


def rendered(post: str) -> str:
    """Return a post as HTML, made by a reader that knows HTML, tables and struck text."""
    text = re.sub(r"\A---\n.*?\n---\n", "", post, flags=re.DOTALL)
    return MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"]).render(text)


def test_the_packaged_schema_is_the_models() -> None:
    assert (resources.files("egregora_assets.sidecar") / "sidecar.schema.json").read_text("utf-8") == json_schema()


def test_every_sidecar_is_what_the_schema_beside_it_says(written: Settings) -> None:
    schema = json.loads((written.posts / posts.SCHEMA_FILE).read_text())
    Draft202012Validator.check_schema(schema)
    validator = Draft202012Validator(schema, format_checker=Draft202012Validator.FORMAT_CHECKER)
    found = sidecars(written)
    assert len(found) == 2
    assert [error.message for sidecar in found for error in validator.iter_errors(sidecar)] == []
    with pytest.raises(Exception, match="evidence"):
        validator.validate({**found[0], "topics": [{"label": "x", "score": 1.0}]})


def test_what_a_talk_holds_is_found(written: Settings) -> None:
    first, second = sidecars(written)
    assert [topic["label"] for topic in first["topics"]] == ["workshop"]
    assert [item["text"] for item in first["decisions"]] == ["Decided: the workshop begins at ten"]
    assert [item["text"] for item in first["questions"]] == ["Where do we meet for the workshop?"]
    assert {(item["kind"], item["name"]) for item in first["entities"]} == {
        ("link", "https://example.org/map"),
        ("file", "notes.md"),
        ("tag", "#workshop"),
        ("commit", "9fceb02a"),
        ("issue", "#42"),
    }
    assert len(second["decisions"]) == 1


SENTENCES = (
    ("Have you seen https://x.example.org/a?b=1#c yet?", "Have you seen https://x.example.org/a?b=1#c yet?", None),
    ("Yes. Is notes.md the right file? Ask", "Is notes.md the right file?", None),
    ("do we meet at 3.30pm?!", "do we meet at 3.30pm?", None),
    ("who comes? me", "who comes?", None),
    ("Coming? yes", None, None),
    ("Decided: see https://x.example.org/a?b=1#c. Bye", None, "Decided: see https://x.example.org/a?b=1#c"),
    ("Good! We agreed: 3.30pm! Bye", None, "We agreed: 3.30pm"),
)


def test_a_sentence_is_not_cut_inside_a_link_or_a_number(settings: Settings) -> None:
    write(settings, *((day * 24 * 60, "Ana Lima", text) for day, (text, _, _) in enumerate(SENTENCES)))
    for sidecar, (text, question, decision) in zip(sidecars(settings), SENTENCES, strict=True):
        assert [item["text"] for item in sidecar["questions"]] == [one for one in (question,) if one], text
        assert [item["text"] for item in sidecar["decisions"]] == [one for one in (decision,) if one], text


def test_every_item_cites_messages_inside_its_document(written: Settings) -> None:
    cited = 0
    for sidecar in sidecars(written):
        for kind in ("topics", "decisions", "questions", "entities", "participants"):
            for item in sidecar[kind]:
                cited += 1
                assert item["evidence"]
                assert set(item["evidence"]) <= set(sidecar["message_ids"])
    assert cited > 10
    with open_warehouse(written) as connection:
        assert verify.evidence_is_inside(connection, written).passed
        connection.execute("UPDATE topics SET evidence = [uuid()]")
        connection.execute("UPDATE documents SET revision = 1000")
        connection.execute("INSERT INTO revisions VALUES (1000, 'a fault', now())")
        assert not verify.evidence_is_inside(connection, written).passed


def test_no_pseudonym_and_no_name_stands_in_a_post(settings: Settings) -> None:
    write(settings, *TALK, (3000, "Rui Costa", "ask Ana Lima"))
    assert "member-" not in markdown(settings)
    for name in ("Ana", "Lima", "Rui", "Costa", "Priya", "Raman"):
        assert name not in markdown(settings)
    assert "member-" in json.dumps(sidecars(settings)), "the sidecar tells participants apart, under pseudonyms"


def test_a_pseudonym_beside_letters_of_another_script_is_in_no_post(settings: Settings) -> None:
    told = {"sources": (SourceSettings.model_validate({"title": "Garden Club", "privacy": "pseudonymise"}),)}
    asked = settings.model_copy(update=told)
    write(asked, (0, "佐藤花子", "Decided: the tent"), (1, "Rui Costa", "佐藤花子さん?"))
    assert "\\[name\\]さん?" in markdown(asked)
    with open_warehouse(asked) as connection:
        assert re.search("member-[0-9a-f]{10}さん", str(rows(connection, "SELECT text FROM clean_messages")))
        assert verify.no_pseudonym_in_posts(connection, asked).passed


def test_posts_say_whose_the_letters_are_when_they_are_asked_to(settings: Settings) -> None:
    write(settings, *TALK)
    asked = settings.model_copy(update={"sidecar": SidecarSettings(pseudonyms_in_posts=True)})
    assert "the rules of sidecars have changed" in pending(asked)
    with open_warehouse(asked) as connection:
        posts.refresh(connection, asked)
        assert verify.no_unscrubbed_pii(connection, asked).passed
        assert verify.no_private_names_published(connection, asked).passed
        alias_of = dict(
            rows(connection, "SELECT raw_name, alias FROM authors JOIN private.author_names USING (author_id)")
        )
        spoken = rows(connection, "SELECT text FROM documents ORDER BY slug")
    first = f"## Participants\n\n- A: {alias_of['Ana Lima']}\n- B: {alias_of['Rui Costa']}\n- C: {alias_of['Priya Raman']}\n"
    assert first in markdown(asked)
    told = re.findall(r"(?m)^authors: \[(.*)\]$", markdown(asked))
    assert {alias for line in told for alias in line.split(", ")} == set(alias_of.values())
    assert [line[6] for line in spoken[0][0].splitlines()[:3]] == ["A", "B", "C"], "in the order in which they began"
    with open_warehouse(settings) as connection:
        posts.refresh(connection, settings)
    assert "member-" not in markdown(settings)


HOSTILE = {
    "a script": "<script>alert(1)</script>",
    "a picture": "![x](http://tracker.example.org/pixel.png)",
    "a picture in HTML": '<img src="http://tracker.example.org/pixel.png">',
    "a link": "[click](javascript:alert)",
    "a link behind backslashes": r"\[click\](javascript:alert)",
    "a picture behind backslashes": r"!\[x\](http://tracker.example.org/pixel.png)",
    "a link by reference": "[a][b]\n[b]: http://tracker.example.org",
    "an automatic link": "<http://tracker.example.org>",
    "code": "`rm -rf`",
    "code behind a backslash": r"\`rm -rf\`",
    "a fence": "```\nrm -rf\n```",
    "another fence": "~~~\nrm -rf\n~~~",
    "emphasis": "**loud** *loud* \\*\\*loud\\*\\* _loud_ ~~no~~",
    "a heading at once": "# Heading",
    "a list at once": "1. one",
    "another list at once": "- one",
    "a rule at once": "---",
    "a heading": "hello\n# Heading\nHeading\n=====\n\nx\n---",
    "a list": "hello\n- one\n1. two\n+ three",
    "a quotation": "hello\n> quoted",
    "front matter": "hello\n---\ntitle: stolen\n---",
    "an entity": "&lt;script&gt; &#60;script&#62;",
    "a table": "a | b\n--- | ---\n1 | 2",
    "a comment": "<!-- hidden",
    "deep indentation": "hello\n\n    code",
}
ALLOWED_TAGS = {"h1", "h2", "p", "br", "ul", "li", "strong"}


def test_what_people_write_is_shown_and_never_rendered(settings: Settings) -> None:
    lines: list[Line] = []
    for day, hostile in enumerate(HOSTILE.values()):
        first_line, minute = hostile.split("\n")[0], day * 1440
        lines += [
            (minute, "Ana Lima", hostile),
            (minute + 1, "Rui Costa", f"Decided: {first_line}"),
            (minute + 2, "Ana Lima", f"{first_line} decided"),
            (minute + 3, "Rui Costa", f"{first_line} is that so?"),
            (minute + 4, "Rui Costa", f"IMG-20240313-WA0001.jpg (file attached)\n{hostile}"),
        ]
    write(settings, *lines)
    written = sorted(settings.posts.glob("*/*.md"))
    assert len(written) == len(HOSTILE)
    for name, path in zip(HOSTILE, written, strict=True):
        text = path.read_text()
        html = rendered(text)
        assert set(re.findall(r"<([a-z0-9]+)", html)) <= ALLOWED_TAGS, name
        assert "<!--" not in html, name
        assert html.count("<h1") == 1, name
        assert html.count("<h2") == text.count("\n## "), name
        assert re.findall(r"<[^>]*\s(?:href|src)=", html) == [], name


def test_a_caption_cannot_pass_for_a_line_of_somebody_else(settings: Settings) -> None:
    write(
        settings,
        (0, "Ana Lima", "IMG-20240313-WA0001.jpg (file attached)\n09:00 B: I owe you a cake"),
        (0, "Rui Costa", "hm"),
    )
    with open_warehouse(settings) as connection:
        [(text,)] = rows(connection, "SELECT text FROM documents")
    assert [line for line in text.split("\n") if line.startswith("09:00 B")] == ["09:00 B: hm"]


TITLES = ('Quote "Club"', "Colon: Club\\n- x", "Club\u2028title: stolen", "[Club](x)", "{Club}", "Club' or 1=1 --")


def test_a_chats_title_cannot_break_the_front_matter(settings: Settings) -> None:
    talk = chat(*TALK, (5, "Tom Reed", "hello"))
    for title in TITLES:
        put_export(settings, title, talk)
    write(settings, *TALK)
    found = []
    for path in settings.posts.glob("*/*.md"):
        lines = path.read_text().split("\n")
        assert lines[0] == lines[9] == "---"
        assert [line.partition(":")[0] for line in lines[1:9]] == [
            "title", "date", "slug", "source", "chat", "tags", "messages", "participants",
        ]  # fmt: skip
        told = YAML(typ="safe").load("\n".join(lines[1:9]))
        found.append(told["chat"])
        assert told["title"].endswith(" March 2024")
        assert re.fullmatch(r"[a-z0-9-]+", path.parent.name)
    assert {*found} == {"Garden Club", *(title.replace("\u2028", "\u2002") for title in TITLES)}


def test_an_unchanged_refresh_touches_no_file(written: Settings) -> None:
    before = state_of_home(written)
    assert write(written, *TALK) == posts.SidecarChanges()
    after = state_of_home(written)
    assert {name: state for name, state in after.items() if not name.startswith("inbox")} == {
        name: state for name, state in before.items() if not name.startswith("inbox")
    }


def test_a_full_refresh_writes_the_same_bytes_and_touches_no_post(written: Settings) -> None:
    before = {path: (path.stat().st_mtime_ns, path.read_bytes()) for path in written.posts.rglob("*") if path.is_file()}
    assert write(written, *TALK, full=True).written == 2
    after = {path: (path.stat().st_mtime_ns, path.read_bytes()) for path in written.posts.rglob("*") if path.is_file()}
    assert after == before


def test_how_many_are_made_at_once_makes_no_difference(written: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    before = {path: path.read_bytes() for path in written.posts.glob("*/*")}
    monkeypatch.setattr(posts, "_AT_ONCE", 1)
    assert write(written, *TALK, full=True).written == 2
    assert {path: path.read_bytes() for path in written.posts.glob("*/*")} == before


def test_a_new_message_writes_the_post_of_its_conversation_only(written: Settings) -> None:
    before = {path: path.stat().st_mtime_ns for path in written.posts.glob("*/*.md")}
    assert write(written, *TALK, (2005, "Rui Costa", "tudo bem"), suffix=" (1)") == posts.SidecarChanges(written=1)
    changed = [path for path, moment in before.items() if path.stat().st_mtime_ns != moment]
    assert len(changed) == 1
    assert "tudo bem" in changed[0].read_text()


def test_posts_and_sidecars_go_with_their_document(written: Settings) -> None:
    with open_warehouse(written) as connection:
        changes = posts.refresh(connection, with_privacy(written, opt_out=("Ana Lima",)))
        assert verify.posts_match_documents(connection, written).passed
        [(left,)] = rows(connection, "SELECT count(*) FROM sidecars")
    assert changes.removed >= 1
    assert left == len(list(written.posts.glob("*/*.md"))) == len(list(written.posts.glob("*/*.json"))) == 1


def test_a_full_refresh_mends_missing_changed_and_surplus_files(written: Settings) -> None:
    before = {path: path.read_bytes() for path in written.posts.glob("*/*")}
    one, other = sorted(written.posts.glob("*/*.md"))
    one.unlink()
    other.write_text("something else")
    (other.parent / "surplus.md").write_text("old words")
    (other.parent / "half.md.part").write_text("old words")
    with open_warehouse(written) as connection:
        assert verify.posts_match_documents(connection, written).figures == {"missing": 1, "surplus": 1}
        posts.refresh(connection, written, full=True)
        assert verify.posts_match_documents(connection, written).passed
    assert {path: path.read_bytes() for path in written.posts.glob("*/*")} == before


def test_what_a_link_among_the_posts_leads_to_is_never_removed(written: Settings, tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "letter.md").write_text("dear diary")
    (written.posts / "my-posts").symlink_to(tmp_path / "mine")
    write(written, *TALK, full=True)
    assert (tmp_path / "mine" / "letter.md").exists()


def test_posts_are_readable_by_their_owner_only(written: Settings) -> None:
    assert {path.stat().st_mode & 0o077 for path in Path(written.posts).rglob("*.md")} == {0}
    assert written.published.stat().st_mode & 0o077 == 0


def test_a_carriage_return_or_a_tab_makes_no_line_heading_or_code_of_a_post(settings: Settings) -> None:
    """Formats other than WhatsApp's may bring them: Markdown takes one for the end of a line, the other for depth."""
    said = (
        "hello\r# Heading\r1. one\r\r    code\r09:00 B: I owe you a cake",
        "Decided: we take\r# the tent",
        "\t# Heading of a list",
        "\t\tcode, is it not?",
        "a\x1b]0;title\x07 b\x9b31m",
    )
    lines = (
        {"timestamp": 1710320400 + place, "author": f"u{place % 2}", "text": text} for place, text in enumerate(said)
    )
    (settings.inbox / "Garden Club.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    with open_warehouse(settings) as connection:
        ingest(connection, settings)
        pages.refresh(connection, settings)
    written = [*settings.posts.glob("*/*.md"), *settings.published.glob("*.md")]
    assert len(written) >= 3
    for path in written:
        text = path.read_bytes().decode()
        assert not set(text) & set("\r\t\x1b\x9b"), path.name
        html = rendered(text)
        assert set(re.findall(r"<([a-z0-9]+)", html)) <= {*ALLOWED_TAGS, "a"}, path.name
        assert (html.count("<h1"), html.count("<h2")) == (1, text.count("\n## ")), path.name


def test_a_tag_that_means_nothing_or_yes_to_yaml_is_a_text(settings: Settings) -> None:
    write(
        settings, (0, "Ana Lima", "null null true true"), (1, "Rui Costa", "null true library"), (2, "Tom", "library")
    )
    [tags] = [line for line in markdown(settings).splitlines() if line.startswith("tags: ")]
    assert re.findall(r'"null"|"true"|library', tags) == ['"null"', '"true"', "library"]


def test_posts_of_a_warehouse_that_was_replaced_go_also_when_the_first_pass_fails(
    written: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = Settings(home=tmp_path / "other", timezone="UTC")
    make_home(other)
    write(other, (0, "Ana Lima", "the tulips are in bloom"), title="Another Club")
    shutil.copyfile(other.warehouse_path, written.warehouse_path)
    shutil.copyfile(other.key_path, written.key_path)
    with monkeypatch.context() as failing, open_warehouse(written) as connection:
        failing.setattr(posts.windows, "refresh", _fail)
        with pytest.raises(RuntimeError, match="the machine went down"):
            posts.refresh(connection, written)
    with open_warehouse(written) as connection:
        posts.refresh(connection, written)
    names = {path.name for path in written.posts.glob("*/*")}
    assert names == {path.name for path in other.posts.glob("*/*")}


def _fail(*_: object) -> None:
    raise RuntimeError("the machine went down")


def test_a_folder_that_somebody_made_among_the_posts_stops_no_pass(written: Settings) -> None:
    folder = next(written.posts.glob("*/")) / "notes"
    folder.mkdir()
    (folder / "mine.md").write_text("mine")
    with open_warehouse(written) as connection:
        posts.refresh(connection, written, full=True)
    assert (folder / "mine.md").read_text() == "mine"
