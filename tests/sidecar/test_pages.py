"""The pages that lead to posts show what the posts do, go with it, and are rewritten only where something has changed."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID
from xml.etree import ElementTree as ET

import pytest
from hypothesis import HealthCheck, example, given
from hypothesis import strategies as st

from egregora_assets.authors import sync
from egregora_assets.authors.withdrawal import withdraw
from egregora_assets.chat.ingest import ingest
from egregora_assets.config import DocumentSettings, Settings, SidecarSettings, SourceSettings
from egregora_assets.privacy.scrub import scrubbing
from egregora_assets.publish.pending import pending
from egregora_assets.publish.snapshot import publish
from egregora_assets.publish.verify import only_allowed_files
from egregora_assets.sidecar import page_texts, pages, posts, verify, verify_pages
from egregora_assets.sidecar.feed import feed
from egregora_assets.sidecar.unseen import visible
from egregora_assets.warehouse.files import make_home, open_warehouse
from egregora_assets.warehouse.made_files import UNFINISHED, PlaceTaken
from egregora_assets.warehouse.query import rows
from tests.chats import Line, chat, page_bytes, put_export, state_of_home, with_privacy
from tests.homes import empty_warehouse
from tests.properties import dear, some_of
from tests.sidecar.test_posts import HOSTILE, rendered

DAY = 1440
TALK: tuple[Line, ...] = (
    (0, "Ana Lima", "Where do we meet for the workshop?"),
    (1, "Rui Costa", "The workshop is at the library, says Tom"),
    (2, "Priya Raman", "Decided: the workshop begins at ten"),
    (40 * DAY, "Ana Lima", "the workshop needs ladders, which ladders are sturdy?"),
    (40 * DAY + 1, "Rui Costa", "I propose we buy ladders for the workshop in May"),
    (80 * DAY, "Priya Raman", "the barley stands beside the tulips"),
    (80 * DAY + 1, "Priya Raman", "which tulips like barley beside them?"),
)
NAMES = ("decisions.md", "questions.md", "topics/index.md", "topics/workshop.md", "conversations.md", "feed.xml")


def write(settings: Settings, *lines: Line, suffix: str = "", title: str = "Garden Club") -> pages.PageChanges:
    put_export(settings, title, chat(*lines), suffix)
    with open_warehouse(settings) as connection:
        ingest(connection, settings)
        return pages.refresh(connection, settings)


@pytest.fixture(scope="module")
def home_with_talk(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home in which the pages of ``TALK`` are written and looked at. Tests have copies of it."""
    settings = Settings(home=tmp_path_factory.mktemp("pages") / "home", timezone="UTC")
    make_home(settings)
    write(settings, *TALK)
    assert failing(settings) == set()
    return settings.home


@pytest.fixture
def written(settings: Settings, home_with_talk: Path) -> Settings:
    """The test's own home, in which the pages of ``TALK`` are written."""
    shutil.copytree(home_with_talk, settings.home, dirs_exist_ok=True)
    return settings


CHECKS = (verify_pages.no_unscrubbed_pii, verify_pages.no_private_names_published, verify_pages.pages_match_tables)


def failing(settings: Settings) -> set[str]:
    with open_warehouse(settings) as connection:
        return {check.__name__ for check in CHECKS if not check(connection, settings).passed}


def page(settings: Settings, name: str) -> str:
    return (settings.published / name).read_text("utf-8")


def all_pages(settings: Settings) -> dict[str, str]:
    files = [file for place in settings.pages for file in (sorted(place.glob("*.md")) if place.is_dir() else [place])]
    return {str(file.relative_to(settings.published)): file.read_text("utf-8") for file in files if file.exists()}


def test_decisions_stand_by_month_the_newest_first_with_their_status_and_post(written: Settings) -> None:
    shown = page(written, "decisions.md")
    lines = [line.partition(" · ")[0] for line in shown.splitlines() if line.startswith(("#", "-"))]
    assert lines == [
        "# Decisions",
        "## April 2024",
        "- I propose we buy ladders for the workshop in May (B, proposed)",
        "## March 2024",
        "- Decided: the workshop begins at ten (C)",
    ]
    assert "(C) · [Garden Club, 13 March 2024](posts/garden-club/2024-03-13-0900-garden-club-" in shown


def test_what_takes_a_decision_back_is_not_told_as_taken_back_itself(settings: Settings) -> None:
    write(
        settings, (0, "Ana Lima", "Decided: we meet on Friday"), (1, "Rui Costa", "we won't meet on Friday after all")
    )
    shown = page(settings, "decisions.md")
    told = read_feed((settings.published / "feed.xml").read_bytes()).findtext(f"{ATOM}entry/{ATOM}content") or ""
    assert "on Friday (A, taken back)" in shown
    assert "after all (B, takes something back)" in shown
    assert "on Friday (taken back)\n" in told
    assert "after all (takes something back)" in told
    assert failing(settings) == set()


def test_open_questions_stand_first_and_then_those_with_an_answer(written: Settings) -> None:
    shown = page(written, "questions.md")
    assert shown.index("## Open") < shown.index("which tulips like barley") < shown.index("## Answered")
    _, _, answered = shown.partition("## Answered")
    assert re.search(r"- Where do we meet for the workshop\? \(A\) · .*\n  - \w.* workshop .* \([BC]\)\n", answered)


def test_open_tasks_stand_by_the_day_on_which_they_are_due_before_those_that_are_done(settings: Settings) -> None:
    write(
        settings,
        (0, "Ana Lima", "I'll sow the clover"),
        (1, "Rui Costa", "I'll paint the shed by Friday"),
        (2, "Priya Raman", "I'll fix the pump tomorrow"),
        (3, "Tom Reed", "I'll bring the ladder"),
        (90, "Tom Reed", "done, I brought the ladder"),
    )
    lines = [
        line.partition(" · ")[0] for line in page(settings, "tasks.md").splitlines() if line.startswith(("#", "-"))
    ]
    assert lines == [
        "# Tasks",
        "## Open",
        "- I'll fix the pump tomorrow (for C, due 14 March 2024)",
        "- I'll paint the shed by Friday (for B, due 15 March 2024)",
        "- I'll sow the clover (for A)",
        "## Done",
        "- I'll bring the ladder (for D)",
    ]
    [post] = settings.posts.glob("*/*.md")
    assert "- I'll fix the pump tomorrow (for C, due 14 March 2024, open)\n" in post.read_text()
    assert failing(settings) == set()
    asked = settings.model_copy(update={"sidecar": SidecarSettings(pseudonyms_in_posts=True)})
    with open_warehouse(asked) as connection:
        pages.refresh(connection, asked)
    assert re.search(r"tomorrow \(for member-[0-9a-f]{10}, due 14 March 2024\) · ", page(asked, "tasks.md"))
    assert failing(asked) == set()


def test_a_topic_of_several_conversations_has_a_page_and_one_of_a_single_one_has_none(written: Settings) -> None:
    assert page(written, "topics/index.md").splitlines()[-1] == "- [workshop](workshop.md): 2"
    assert page(written, "topics/workshop.md").count("\n- ") == 2
    assert not (written.topics / "tulips.md").exists()


def test_conversations_are_ranked_and_each_rank_is_explained(written: Settings) -> None:
    listed = [line for line in page(written, "conversations.md").splitlines() if line.startswith("- ")]
    assert listed[0].endswith(": 3 people, 1 decision, 1 answered question (14)")
    points = [int(line.rpartition("(")[2].rstrip(")")) for line in listed]
    assert points == sorted(points, reverse=True)


def test_every_link_leads_to_a_file(written: Settings) -> None:
    found = 0
    for name, text in all_pages(written).items():
        for target in re.findall(r'(?:\]\(|rel="alternate"[^>]* href=")([^)"]+)', text):
            found += 1
            assert (written.published / name).parent.joinpath(target).resolve().is_file(), (name, target)
    assert found >= 12


def test_a_pseudonym_that_somebody_writes_is_shown_on_no_page_and_one_that_is_shown_is_found(
    settings: Settings,
) -> None:
    write(settings, (0, "Ana Lima", "Decided: member-0a1b2c3d4e brings the ladders"), (1, "Rui", "ladders are heavy"))
    assert "- Decided: \\[name\\] brings the ladders" in page(settings, "decisions.md")
    assert b"member-" not in page_bytes(settings)
    with open_warehouse(settings) as connection:
        assert verify_pages.no_pseudonym_in_pages(connection, settings).passed
        with (settings.published / "feed.xml").open("a") as feed:
            feed.write("<!-- member-0a1b2c3d4e -->")
        assert not verify_pages.no_pseudonym_in_pages(connection, settings).passed


def test_no_page_tells_a_pseudonym_unless_posts_do(written: Settings) -> None:
    assert b"member-" not in page_bytes(written)
    asked = written.model_copy(update={"sidecar": SidecarSettings(pseudonyms_in_posts=True)})
    assert "the rules of outcome_pages have changed" in pending(asked)
    with open_warehouse(asked) as connection:
        pages.refresh(connection, asked)
    assert re.search(r"in May \(member-[0-9a-f]{10}, proposed\) · ", page(asked, "decisions.md"))
    assert re.search(r"\n  - .* workshop .* \(member-[0-9a-f]{10}\)\n", page(asked, "questions.md"))
    assert failing(asked) == set()


def test_an_unchanged_pass_touches_no_file(written: Settings) -> None:
    before = state_of_home(written)
    assert write(written, *TALK) == pages.PageChanges()
    after = {name: state for name, state in state_of_home(written).items() if not name.startswith("inbox")}
    assert after == {name: state for name, state in before.items() if not name.startswith("inbox")}


def test_a_full_refresh_writes_the_same_bytes_and_touches_no_page(written: Settings) -> None:
    before = state_of_home(written)
    with open_warehouse(written) as connection:
        assert pages.refresh(connection, written, full=True) == pages.PageChanges()
    after = state_of_home(written)
    assert {name: after[f"published/{name}"] for name in NAMES} == {name: before[f"published/{name}"] for name in NAMES}
    shutil.rmtree(written.topics)
    with open_warehouse(written) as connection:
        pages.refresh(connection, written, full=True)
    assert failing(written) == set()


def test_new_messages_rewrite_only_the_pages_that_show_them(written: Settings) -> None:
    more: tuple[Line, ...] = (
        (100 * DAY, "Rui Costa", "tulips? tulips and barley"),
        (100 * DAY + 1, "Ana Lima", "hm, tulips"),
    )
    before = state_of_home(written)
    write(written, *TALK, *more, suffix=" (1)")
    changed = {name for name, state in state_of_home(written).items() if before.get(name) != state}
    shown = {name.removeprefix("published/") for name in changed if name.startswith("published/")}
    assert "topics/tulips.md" in shown
    assert {"topics/index.md", "conversations.md", "feed.xml"} <= shown
    assert not {"topics/workshop.md", "decisions.md"} & shown


def test_pages_that_followed_are_those_that_are_made_anew(written: Settings) -> None:
    late: Line = (3, "Tom Reed", "the workshop needs barley, says the barley workshop")
    more: Line = (100 * DAY, "Tom Reed", "Decided: tulips, tulips and barley for the workshop")
    without_ana = with_privacy(written, opt_out=("Ana Lima",))
    steps: tuple[tuple[Settings, tuple[Line, ...]], ...] = (
        (written, (*TALK, more)),
        (without_ana, (*TALK, more)),
        (without_ana, (*TALK[:3], late, *TALK[3:], more)),
        (written, ()),
        (with_privacy(written, opt_out=("Rui Costa", "Tom Reed")), ()),
    )
    seen = set()
    for number, (settings, said) in enumerate(steps):
        if said:
            write(settings, *said, suffix=f" ({number})")
        with open_warehouse(settings) as connection:
            pages.refresh(connection, settings)
            followed = all_pages(settings)
            assert pages.refresh(connection, settings, full=True) == pages.PageChanges(), number
            assert verify_pages.ranking_adds_up(connection, settings).passed, number
        assert all_pages(settings) == followed, number
        seen.add(page_bytes(settings))
    assert len(seen) == len(steps), "each step changes something"


def test_what_has_gone_leaves_every_page(written: Settings) -> None:
    out = with_privacy(written, opt_out=("Ana Lima", "Priya Raman"))
    with open_warehouse(out) as connection:
        pages.refresh(connection, out)
    left = page_bytes(out).decode()
    for words in ("Where do we meet", "which ladders are sturdy", "begins at ten", "tulips"):
        assert words not in left, words
    assert "we buy ladders" in left
    assert not (out.published / "questions.md").exists()
    assert failing(out) == set()


def test_an_opt_out_takes_the_pages_along_before_anything_is_made_anew(written: Settings) -> None:
    with open_warehouse(written) as connection:
        publish(connection, written)
        out = with_privacy(written, opt_out=("Ana Lima",))
        sync.refresh(connection, out)
        assert withdraw(connection, out) > 0
        assert page_bytes(out) == b""
        publish(connection, out)
        assert only_allowed_files(connection, out).passed
    assert b"begins at ten" in page_bytes(out)
    assert b"Where do we meet" not in page_bytes(out)
    assert failing(out) == set()


OUR_LINK = re.compile(r"(?:\.\./)?(?:posts/[0-9a-z-]+/)?[0-9a-z-]+\.md")


def assert_plain(name: str, text: str) -> None:
    """Hold a page against what it may become: one title, sections, lists, and links to our own files."""
    html = rendered(text)
    assert set(re.findall(r"<([a-z0-9]+)", html)) <= {"h1", "h2", "p", "ul", "li", "a"}, name
    links = re.findall(r'<[^>]*\s(?:href|src)="([^"]*)"', html)
    assert [link for link in links if not OUR_LINK.fullmatch(link)] == [], name
    assert html.count("<h1") == 1, name


def test_a_publication_alone_leaves_nothing_on_pages_that_has_to_go(written: Settings) -> None:
    out = with_privacy(written, opt_out=("Ana Lima",))
    with open_warehouse(out) as connection:
        publish(connection, out)
        assert not pages.must_follow(connection, out)
    assert b"Where do we meet" not in page_bytes(out)
    assert failing(out) == set()


def test_what_people_write_is_shown_on_pages_and_never_rendered(settings: Settings) -> None:
    lines: list[Line] = []
    for day, hostile in enumerate(HOSTILE.values()):
        first_line, minute = hostile.split("\n")[0], day * DAY
        lines += [
            (minute, "Rui Costa", f"Decided: {first_line}"),
            (minute + 1, "Ana Lima", f"{first_line} decided"),
            (minute + 2, "Rui Costa", f"{first_line} is that so?"),
            (minute + 3, "Ana Lima", f"{first_line} yes"),
        ]
    write(settings, *lines)
    for name, text in all_pages(settings).items():
        if name.endswith(".md"):
            assert_plain(name, text)
    assert failing(settings) == set()


PLAIN = ("index", "con", "nul", "café", "cafe", "CAFÉ", "日本語", "x" * 300)
LABELS = (*PLAIN, "../../../etc/passwd", "a/b", "<b>", ".", "", "a\nb", "-rf")


def test_hostile_topics_have_safe_files_of_their_own(written: Settings) -> None:
    outside = {path for path in written.home.rglob("*") if written.topics not in path.parents}
    with open_warehouse(written) as connection:
        connection.execute("DELETE FROM topics")
        connection.execute(
            "INSERT INTO topics SELECT document_id, unnest(?), 1.0, message_ids[:1] FROM documents", [list(LABELS)]
        )
        pages.refresh(connection, written, full=True)
        assert verify_pages.pages_match_tables(connection, written).passed
        connection.execute("UPDATE sidecars SET title = '](http://evil.example) <b> ' || title")
        pages.refresh(connection, written, full=True)
    for name, text in all_pages(written).items():
        if name.endswith(".md"):
            assert_plain(name, text)
    files = [path.name for path in written.topics.glob("*.md") if path.name != "index.md"]
    assert len(files) == len(LABELS)
    assert all(re.fullmatch(r"[a-z0-9][a-z0-9-]{0,60}\.md", name) for name in files)
    assert not {"con.md", "nul.md"} & set(files)
    assert page(written, "topics/index.md").count("\n- [") == len(LABELS)
    assert {path for path in written.home.rglob("*") if written.topics not in path.parents} == outside


def test_every_item_stands_on_a_page_however_many_there_are(settings: Settings) -> None:
    count = page_texts.MOST_ITEMS + 20
    said = [
        (
            day * DAY // 4,
            "Rui Costa",
            f"Decided: bed {day} gets barley. Which barley is for bed {day}? I'll weed bed {day} then",
        )
        for day in range(count)
    ]
    write(settings, *said)
    for kind in ("decisions", "tasks", "questions"):
        main, months = page(settings, f"{kind}.md"), sorted((settings.published / kind).glob("*.md"))
        assert f"\n## Earlier\n\n- [March 2024]({kind}/2024-03.md): " in main
        everything = "\n".join([main, *(path.read_text() for path in months)])
        assert {int(number) for number in re.findall(r"bed (\d+)", everything)} == set(range(count))
        assert main.count("\n- ") <= 2 * page_texts.MOST_ITEMS
    assert failing(settings) == set()
    before = {path: path.stat().st_mtime_ns for path in (settings.published / "decisions").glob("*.md")}
    write(settings, *said, (count * DAY, "Rui Costa", "Decided: the last bed gets tulips"), suffix=" (1)")
    assert {path: path.stat().st_mtime_ns for path in before} == before, "months that are over are left alone"
    with open_warehouse(settings) as connection:
        pages.refresh(connection, with_privacy(settings, opt_out=("Rui Costa",)))
    assert page_bytes(settings) == b""
    assert not (settings.published / "decisions").exists()


def edit(name: str, text: str) -> Callable[[Settings], None]:
    def plant(settings: Settings) -> None:
        path = settings.published / name
        path.write_text(path.read_text("utf-8").replace("workshop", f"workshop {text}", 1), "utf-8")

    return plant


@pytest.mark.parametrize("name", some_of(NAMES, "decisions.md", "topics/workshop.md", "feed.xml"))
def test_a_name_or_an_address_planted_in_a_page_fails_its_check(written: Settings, name: str) -> None:
    edit(name, "Priya Raman")(written)
    assert failing(written) == {"no_private_names_published", "pages_match_tables"}
    edit(name, "ana@example.org")(written)
    assert failing(written) == {check.__name__ for check in CHECKS}
    assert failing(written) == {check.__name__ for check in CHECKS}, "a failure is not forgotten"
    with open_warehouse(written) as connection:
        pages.refresh(connection, written, full=True)
    assert failing(written) == set()


def test_a_page_that_is_changed_missing_or_not_ours_is_seen_and_mended(written: Settings) -> None:
    before = all_pages(written)
    (written.published / "questions.md").unlink()
    (written.topics / "workshop.md").write_text("something else")
    (written.topics / "old.md").write_text("old words")
    (written.topics / "half.md.part").write_text("old words")
    with open_warehouse(written) as connection:
        found = verify_pages.pages_match_tables(connection, written).figures
        assert found == {"missing": 1, "surplus": 1, "different": 1}
        pages.refresh(connection, written, full=True)
        assert verify_pages.pages_match_tables(connection, written).passed
    assert all_pages(written) == before
    assert not (written.topics / "half.md.part").exists()


def test_a_pass_that_was_cut_short_is_made_again(written: Settings) -> None:
    before = all_pages(written)
    (written.topics / UNFINISHED).touch()
    (written.published / "decisions.md").write_text("half")
    (written.published / "feed.xml.part").write_text("half")
    with open_warehouse(written) as connection:
        pages.refresh(connection, written)
    assert all_pages(written) == before
    assert not (written.published / "feed.xml.part").exists()
    assert not (written.topics / UNFINISHED).exists()


def test_a_name_that_only_a_kept_chat_may_show_is_on_no_page_of_all_chats(settings: Settings) -> None:
    source = SourceSettings.model_validate({"title": "Garden Club", "privacy": "keep"})
    kept = settings.model_copy(update={"sources": (source,)})
    talk = [(day * DAY, "Rui Costa", f"ask Priya, priya has barley. Decided: Priya pays {day}") for day in range(3)]
    talk += [(day * DAY + 1, "Priya Raman", "priya has barley, ask priya at priya@example.org") for day in range(3)]
    write(kept, *talk)
    assert "Priya pays" in page(kept, "decisions.md"), "what a chat keeps stands beside its posts"
    assert "priya" not in page(kept, "topics/index.md")
    assert "barley" in page(kept, "topics/index.md")
    assert failing(kept) == set()
    path = kept.published / "decisions.md"
    path.write_text(path.read_text() + "\n- Priya Raman\n")
    assert "no_private_names_published" in failing(kept), "what is of no post is of no chat that keeps it"


def test_the_sweep_of_posts_and_its_check_leave_pages_alone(written: Settings) -> None:
    before = all_pages(written)
    with open_warehouse(written) as connection:
        assert verify.posts_match_documents(connection, written).passed
        publish(connection, written, full=True)
        assert only_allowed_files(connection, written).passed
    assert all_pages(written) == before
    assert {
        path.stat().st_mode & 0o077 for place in written.pages for path in [place, *place.glob("*")] if path.exists()
    } == {0}


ATOM = "{http://www.w3.org/2005/Atom}"


def read_feed(content: bytes) -> ET.Element:
    """Parse a feed and hold it against what RFC 4287 asks of every feed and entry."""
    root = ET.fromstring(content)
    assert root.tag == f"{ATOM}feed"
    for element in (root, *root.findall(f"{ATOM}entry")):
        for name in ("id", "title", "updated"):
            assert len(element.findall(f"{ATOM}{name}")) == 1, name
        UUID((element.findtext(f"{ATOM}id") or "").removeprefix("urn:uuid:"))
        moment = datetime.strptime(element.findtext(f"{ATOM}updated") or "", "%Y-%m-%dT%H:%M:%SZ")
        assert moment.replace(tzinfo=UTC) <= datetime.now(UTC)
    for entry in root.findall(f"{ATOM}entry"):
        assert [author.findtext(f"{ATOM}name") for author in entry.findall(f"{ATOM}author")] != []
        assert len(entry.findall(f"{ATOM}link[@rel='alternate']")) == 1
        assert len(entry.findall(f"{ATOM}content")) == 1
    ids = [entry.findtext(f"{ATOM}id") for entry in root.findall(f"{ATOM}entry")]
    assert len(ids) == len(set(ids))
    moments = [entry.findtext(f"{ATOM}updated") or "" for entry in root.findall(f"{ATOM}entry")]
    assert moments == sorted(moments, reverse=True)
    assert not moments or root.findtext(f"{ATOM}updated") == moments[0]
    return root


def test_the_feed_is_valid_and_tells_what_the_posts_do(written: Settings) -> None:
    root = read_feed((written.published / "feed.xml").read_bytes())
    newest, *_, oldest = root.findall(f"{ATOM}entry")
    assert newest.findtext(f"{ATOM}author/{ATOM}name") == "Garden Club"
    assert "Decisions\n- Decided: the workshop begins at ten" in (oldest.findtext(f"{ATOM}content") or "")
    assert oldest.findtext(f"{ATOM}updated") == "2024-03-13T09:02:00Z"
    assert "library" in (oldest.findtext(f"{ATOM}content") or "")


def test_an_empty_memory_has_no_pages(settings: Settings) -> None:
    with open_warehouse(settings) as connection:
        assert pages.refresh(connection, settings, full=True) == pages.PageChanges()
        assert pages.refresh(connection, settings) == pages.PageChanges()
        assert verify_pages.pages_match_tables(connection, settings).passed
    assert all_pages(settings) == {}


_ONE_CONVERSATION = """
    INSERT INTO sources BY NAME
        SELECT 'club' AS source_id, 'whatsapp' AS platform, $title AS title, 'UTC' AS timezone, 1 AS revision;
    INSERT INTO documents BY NAME SELECT $id::UUID AS document_id, 'window' AS kind, 'club' AS source_id, 'slug' AS slug,
        TIMESTAMPTZ '2024-03-13 09:00:00Z' AS window_start, TIMESTAMPTZ '2024-03-13 10:00:00Z' AS window_end, '' AS text,
        DATE '2024-03-13' AS local_date, '' AS title, [] AS message_ids, '' AS content_hash, 1 AS revision;
    INSERT INTO sidecars BY NAME SELECT $id::UUID AS document_id, 'club' AS source_id, 'slug' AS slug, $title AS title,
        1 AS message_count, '' AS content_hash, 1 AS revision;
    INSERT INTO summaries SELECT $id, 1, unnest($said), [uuid()];
"""


@dear(15, 5, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(
        st.text(alphabet=st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1), min_size=1
    )
)
@example(["]]>", "<![CDATA[", "&amp; <b>\x0b\x1f</b>", "\ufffe\uffff\r\n"])
@example(["\x1f"])
def test_whatever_is_said_the_feed_is_xml_and_gives_it_back(settings: Settings, said: list[str]) -> None:
    given_ = {"id": "448982a3-d8cf-83ab-0f16-7ab13a5207fb", "title": said[0], "said": said}
    with empty_warehouse() as connection, scrubbing(connection):
        for statement in filter(str.strip, _ONE_CONVERSATION.split(";")):
            connection.execute(statement, {name: given_[name] for name in given_ if f"${name}" in statement})
        made, again = (feed(connection, settings) for _ in range(2))
    assert made is not None
    assert made == again
    content = read_feed(made).findtext(f"{ATOM}entry/{ATOM}content") or ""
    for text in said:
        assert visible(text).strip() in content


def test_the_warehouse_knows_each_page(written: Settings) -> None:
    with open_warehouse(written) as connection:
        listed = {path for (path,) in rows(connection, "SELECT path FROM outcome_pages")}
        assert listed == set(all_pages(written))


def test_what_stands_in_two_windows_that_overlap_has_one_order(settings: Settings) -> None:
    """Both cite the same message, of the same time."""
    several = settings.model_copy(
        update={"documents": DocumentSettings(window="count", max_messages=3, overlap_messages=2)}
    )
    said = tuple((n, "Ana Lima", f"Decided: the library gets ladder {n}") for n in range(90))
    write(several, *said)
    shown = [line for line in page(several, "decisions.md").splitlines() if line.startswith("- ")]
    pairs = [(line.partition(" (")[0], line.rpartition("](")[2]) for line in shown]
    assert len(pairs) > len({text for text, _ in pairs}), "some stand in two"
    assert pairs == sorted(pairs, key=lambda pair: (-int(pair[0].rpartition(" ")[2]), pair[1]))


@pytest.mark.parametrize(
    "name", some_of(["topics", "posts", "posts/garden-club", "decisions"], "topics", "posts/garden-club")
)
def test_nothing_is_written_or_removed_through_a_link(written: Settings, tmp_path: Path, name: str) -> None:
    before, mine = all_pages(written), tmp_path / "mine"
    mine.mkdir()
    for letter in ("index.md", "2024-03.md", "letter.md"):
        (mine / letter).write_text("dear diary")
    shutil.rmtree(written.published / name, ignore_errors=True)
    (written.published / name).symlink_to(mine)
    with open_warehouse(written) as connection:
        posts.refresh(connection, written, full=True)
        pages.refresh(connection, written, full=True)
        assert verify.posts_match_documents(connection, written).passed
        assert verify_pages.pages_match_tables(connection, written).passed
        pages.refresh(connection, with_privacy(written, opt_out=("Ana Lima", "Rui Costa", "Priya Raman")))
    assert not (written.published / name).is_symlink()
    assert {path.name: path.read_text() for path in mine.iterdir()} == dict.fromkeys(
        ("index.md", "2024-03.md", "letter.md"), "dear diary"
    )
    assert before


@pytest.mark.parametrize("name", ["decisions.md", "topics/workshop.md", "topics/index.md.part"])
def test_a_folder_in_the_place_of_a_page_is_told_with_what_to_do(written: Settings, name: str) -> None:
    (written.published / name).unlink(missing_ok=True)
    (written.published / name / "mine").mkdir(parents=True)
    (written.topics / "index.md").write_text("changed")
    told = f"{re.escape(str(written.published / name))} has to be a file, and a folder stands there: move it away"
    with open_warehouse(written) as connection, pytest.raises(PlaceTaken, match=told):
        pages.refresh(connection, written, full=True)
    shutil.rmtree(written.published / name)
    shutil.rmtree(written.topics)
    written.topics.write_text("a file")
    with open_warehouse(written) as connection, pytest.raises(PlaceTaken, match="has to be a folder"):
        pages.refresh(connection, written)
