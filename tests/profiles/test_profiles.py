"""Profiles count what passed the gate and nothing else, follow what is new, and are gone with their author."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable
from importlib import resources
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import duckdb
import pytest
from hypothesis import Phase, given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from markdown_it import MarkdownIt

from egregora_assets.chat.ingest import ingest
from egregora_assets.config import Settings
from egregora_assets.profiles import files, verify
from egregora_assets.profiles.chart import activity_chart
from egregora_assets.profiles.models import json_schema
from egregora_assets.warehouse.files import make_home, open_warehouse
from egregora_assets.warehouse.query import rows
from tests.chats import Line, chat, new_home, profile_bytes, put_export, state_of_home, with_privacy
from tests.properties import dear

DAY = 24 * 60
TALK: tuple[Line, ...] = (
    (0, "Rui Costa", "Where do we put the greenhouse this year?"),
    (1, "Priya Raman", "the greenhouse stays, the compost moves"),
    (2, "Rui Costa", "yes"),
    (3, "Tom Reed", "hello all of you"),
    (20, "Rui Costa", "compost is fine by me"),
    (21, "Priya Raman", "good"),
    (22, "Priya Raman", "so that is settled"),
    (DAY, "Rui Costa", "Decided: seeds on Friday"),
    (DAY + 1, "Priya Raman", "and the seeds are here now"),
    (40 * DAY, "Rui Costa", "thank you all for the seeds"),
    (40 * DAY + 1, "Priya Raman", "see you at the next meeting"),
)


def write(settings: Settings, *lines: Line, suffix: str = "", full: bool = False) -> files.ProfileChanges:
    put_export(settings, "Garden Club", chat(*lines), suffix)
    return again(settings, full)


def again(settings: Settings, full: bool = False) -> files.ProfileChanges:
    with open_warehouse(settings) as connection:
        ingest(connection, settings)
        return files.refresh(connection, settings, full)


@pytest.fixture(scope="module")
def home_with_talk(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home in which the profiles of ``TALK`` are written. Tests have copies of it."""
    settings = Settings(home=tmp_path_factory.mktemp("talk") / "home", timezone="UTC")
    make_home(settings)
    write(settings, *TALK)
    return settings.home


@pytest.fixture
def written(settings: Settings, home_with_talk: Path) -> Settings:
    shutil.copytree(home_with_talk, settings.home, dirs_exist_ok=True)
    return settings


def alias_of(settings: Settings, name: str) -> str:
    with open_warehouse(settings) as connection:
        return alias_of_open(connection, name)


def alias_of_open(connection: duckdb.DuckDBPyConnection, name: str) -> str:
    sql = "SELECT DISTINCT alias FROM authors JOIN private.author_names USING (author_id) WHERE raw_name = ?"
    ((alias,),) = rows(connection, sql, [name])
    return str(alias)


def profile(settings: Settings, name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((settings.profiles / f"{alias_of(settings, name)}.json").read_text())
    return found


def page(settings: Settings, name: str) -> str:
    return (settings.profiles / f"{alias_of(settings, name)}.md").read_text()


def contents(settings: Settings) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in settings.profiles.iterdir()}


def test_the_packaged_schema_is_the_models() -> None:
    assert (resources.files("egregora_assets.profiles") / "profile.schema.json").read_text("utf-8") == json_schema()


def test_every_profile_is_what_the_schema_beside_it_says(written: Settings) -> None:
    schema = json.loads((written.profiles / files.SCHEMA_FILE).read_text())
    Draft202012Validator.check_schema(schema)
    validator = Draft202012Validator(schema, format_checker=Draft202012Validator.FORMAT_CHECKER)
    found = [json.loads(path.read_text()) for path in written.profiles.glob("member-*.json")]
    assert len(found) == 2, "Tom Reed has written too little"
    assert [error.message for one in found for error in validator.iter_errors(one)] == []


def test_what_is_counted(written: Settings) -> None:
    rui, priya = profile(written, "Rui Costa"), alias_of(written, "Priya Raman")
    assert (rui["messages"], rui["days"], rui["conversations"]) == (5, 3, 3)
    assert (rui["first_day"], rui["last_day"]) == ("2024-03-13", "2024-04-22")
    assert rui["by_hour"] == [5 if hour == 9 else 0 for hour in range(24)]
    assert rui["by_weekday"] == [1, 0, 3, 1, 0, 0, 0]
    assert rui["answers"] == [{"author": priya, "replies": 0, "follows": 1}], "seventeen minutes after is no answer"
    assert rui["first_words"] == {"day": "2024-03-13", "text": "Where do we put the greenhouse this year?"}
    assert rui["last_words"] == {"day": "2024-04-22", "text": "thank you all for the seeds"}


def test_topics_are_those_that_the_author_used(written: Settings) -> None:
    with open_warehouse(written) as connection:
        assert {label for (label,) in rows(connection, "SELECT label FROM topics")} >= {
            "greenhouse",
            "compost",
            "seeds",
        }
    assert profile(written, "Rui Costa")["topics"] == [
        {"month": "2024-03", "topics": [{"label": word, "messages": 1} for word in ("compost", "greenhouse", "seeds")]}
    ]


def test_first_and_last_words_are_of_three_words_and_no_command(settings: Settings) -> None:
    said = (
        "hm",
        "https://example.org/a b c",
        "ok then",
        "here are four words",
        "/egregora opt in",
        "yes, no",
        "👍 👍 👍",
    )
    write(settings, *((number, "Ana Lima", text) for number, text in enumerate(said)))
    found = profile(settings, "Ana Lima")
    assert found["first_words"]["text"] == found["last_words"]["text"] == "here are four words"


def test_long_words_are_cut_at_the_end_of_a_word(settings: Settings) -> None:
    write(settings, *((number, "Ana Lima", "marmalade " * 80) for number in range(5)))
    text = profile(settings, "Ana Lima")["first_words"]["text"]
    assert text.endswith("marmalade …")
    assert len(text) < 250


def test_a_page_says_what_it_is_and_names_nobody(written: Settings) -> None:
    text = page(written, "Rui Costa")
    assert "counted by a program from 5 messages of one memory" in text
    assert "no judgement" in text
    for name in ("Rui", "Costa", "Priya", "Raman", "Tom", "Reed"):
        assert name.encode() not in profile_bytes(written)


HOSTILE = (
    "<script>alert(1)</script> and two words more",
    "![x](http://tracker.example.org/p.png) and two words more",
    "[click](javascript:alert) and two words more",
    "# Heading of three words",
    "hello there\n\n# Heading\n\n---\n- one\n> quoted words",
    "`code` and **loud** words <!-- hidden",
)


def test_what_people_write_is_shown_and_never_rendered(settings: Settings) -> None:
    authors = {f"Author {chr(65 + number)}": hostile for number, hostile in enumerate(HOSTILE)}
    write(settings, *((number, name, hostile) for number in range(5) for name, hostile in authors.items()))
    for name, hostile in authors.items():
        text = re.sub(r"\A---\n.*?\n---\n", "", page(settings, name), flags=re.DOTALL)
        html = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"]).render(text)
        assert set(re.findall(r"<([a-z0-9]+)", html)) <= {"h1", "h2", "p", "ul", "li", "img"}, hostile
        assert re.findall(r'<[^>]*\s(?:href|src)="([^"]*)"', html) == [f"{alias_of(settings, name)}.svg"], hostile
        assert "<!--" not in html, hostile
        assert html.count("<h1") == 1, hostile


def test_a_chart_is_a_picture_without_script_or_link() -> None:
    chart = activity_chart([*range(23), 10_000], [0] * 7)
    root = ElementTree.fromstring(chart)
    assert {element.tag.rpartition("}")[2] for element in root.iter()} == {"svg", "title", "rect", "text"}
    titles = [element.text for element in root.iter() if element.tag.endswith("title")]
    assert titles[1:3] == ["00: 0", "01: 1"]
    assert titles[24:26] == ["23: 10000", "Mon: 0"]
    assert all(float(element.get("height", "0")) <= 90 for element in root.iter() if element.tag.endswith("rect"))
    assert "href" not in chart


def test_an_unchanged_refresh_touches_no_file(written: Settings) -> None:
    before = state_of_home(written)
    assert again(written) == files.ProfileChanges()
    assert state_of_home(written) == before


def test_only_authors_whose_messages_changed_are_written_again(written: Settings) -> None:
    before = {path: path.stat().st_mtime_ns for path in written.profiles.iterdir()}
    more = [(50 * DAY + number, "Tom Reed", f"now I write number {number}") for number in range(4)]
    assert write(written, *TALK, *more, suffix=" (1)") == files.ProfileChanges(written=1)
    assert {path.name for path, moment in before.items() if path.stat().st_mtime_ns != moment} == {files.INDEX_FILE}
    assert profile(written, "Tom Reed")["messages"] == 5


def test_only_conversations_that_changed_are_counted_again(written: Settings) -> None:
    """What is counted of a conversation that stayed as it was is not touched: cost follows what is new."""
    with open_warehouse(written) as connection:
        connection.execute("UPDATE profile_hours SET messages = 1000 WHERE local_date = '2024-03-13'")
    write(written, *TALK, (50 * DAY, "Rui Costa", "and one more for the seeds"), suffix=" (1)")
    assert profile(written, "Rui Costa")["messages"] == 1000 + 2 + 1
    again(written, full=True)
    assert profile(written, "Rui Costa")["messages"] == 6


def test_conversations_of_people_without_a_profile_are_counted_once(settings: Settings) -> None:
    """Found while building: nobody had a profile, so the pass did not remember how far it had read."""
    write(settings, (0, "Ana Lima", "here are some words"))
    before = state_of_home(settings)
    assert again(settings) == files.ProfileChanges()
    assert state_of_home(settings) == before


def test_an_author_who_opts_out_has_no_profile_and_is_in_nobody_elses(written: Settings) -> None:
    priya = alias_of(written, "Priya Raman")
    assert priya.encode() in profile_bytes(written)
    changes = again(with_privacy(written, opt_out=("Priya Raman",)))
    assert changes.removed == 1
    assert priya.encode() not in profile_bytes(written)
    assert [path for path in written.profiles.iterdir() if priya in path.name] == []
    with open_warehouse(written) as connection:
        assert verify.no_profile_of_opted_out_authors(connection, written).passed
        assert verify.profiles_match_authors(connection, written).passed


def test_a_command_in_the_chat_removes_the_profile(written: Settings) -> None:
    priya = alias_of(written, "Priya Raman")
    write(written, *TALK, (50 * DAY, "Priya Raman", "/egregora opt-out"), suffix=" (1)")
    assert priya.encode() not in profile_bytes(written)
    assert b"next meeting" not in profile_bytes(written)


def test_last_words_that_were_deleted_are_gone(settings: Settings) -> None:
    last = (40 * DAY, "Rui Costa", "thank you all for the velveteen seeds")
    other = [(41 * DAY, "Priya Raman", "hello again to you")]
    write(settings, *TALK[:9], last, *other)
    assert "velveteen" in profile(settings, "Rui Costa")["last_words"]["text"]
    deleted = (40 * DAY, "Rui Costa", "This message was deleted")
    write(settings, *TALK[:9], (30 * DAY, "Rui Costa", "some more words here"), deleted, *other, suffix=" (1)")
    assert b"velveteen" not in profile_bytes(settings)
    assert profile(settings, "Rui Costa")["last_words"]["text"] == "some more words here"


def test_a_name_that_becomes_known_later_is_hidden_in_profiles(settings: Settings) -> None:
    lines = (*TALK, (60 * DAY, "Rui Costa", "I have met Zebulonia today"))
    write(settings, *lines)
    assert b"Zebulonia" in profile_bytes(settings)
    write(settings, *lines, (61 * DAY, "Zebulonia", "here I am"), suffix=" (1)")
    assert b"ebulonia" not in profile_bytes(settings)
    assert profile(settings, "Rui Costa")["last_words"]["text"] == "I have met [name] today"


def test_whoever_falls_below_five_messages_has_no_profile(settings: Settings) -> None:
    five = [(number, "Ana Lima", f"these are words number {number}") for number in range(5)]
    write(settings, *five, (9, "Bo", "bye"))
    ana = alias_of(settings, "Ana Lima")
    with open_warehouse(settings) as connection:
        connection.execute("BEGIN")
        connection.execute("INSERT INTO revisions VALUES (1000, 'a test', now())")
        gone = "FROM messages WHERE text LIKE '%number 3'"
        connection.execute(f"INSERT INTO tombstones SELECT 'messages', message_id, 1000 {gone}")
        connection.execute(f"DELETE {gone}")
        connection.execute("COMMIT")
    assert again(settings).removed == 1
    assert [path for path in settings.profiles.iterdir() if ana in path.name] == []


def test_what_a_pass_that_was_cut_short_left_is_removed(written: Settings) -> None:
    """Files are written before their rows: after a crash those of somebody who opts out then must not stay."""
    priya = alias_of(written, "Priya Raman")
    with open_warehouse(written) as connection:
        connection.execute("DELETE FROM author_profiles")
        connection.execute("DELETE FROM watermarks WHERE consumer = 'author_profiles'")
    (written.profiles / ".unfinished").touch()
    (written.profiles / f"{priya}.md.part").write_text("half")
    again(with_privacy(written, opt_out=("Priya Raman",)))
    assert [path for path in written.profiles.iterdir() if priya in path.name] == []
    assert not (written.profiles / ".unfinished").exists()


def test_profiles_of_another_warehouse_are_swept(written: Settings) -> None:
    written.warehouse_path.unlink()
    for export in written.inbox.iterdir():
        export.unlink()
    again(written)
    assert list(written.profiles.glob("member-*")) == []


def test_a_folder_that_was_deleted_is_made_again(written: Settings) -> None:
    before = contents(written)
    shutil.rmtree(written.profiles)
    again(written)
    assert contents(written) == before


def test_a_full_refresh_mends_missing_changed_and_surplus_files(written: Settings) -> None:
    before = contents(written)
    one, other = sorted(written.profiles.glob("member-*.md"))
    one.unlink()
    other.write_text("something else")
    (written.profiles / "member-0000000000.json").write_text("{}")
    with open_warehouse(written) as connection:
        assert verify.profiles_match_authors(connection, written).figures == {"missing": 1, "surplus": 1}
        files.refresh(connection, written, full=True)
        assert verify.profiles_match_authors(connection, written).passed
    assert contents(written) == before


def test_the_checks_see_what_must_not_be_there(written: Settings) -> None:
    tom = alias_of(written, "Tom Reed")
    with open_warehouse(written) as connection:
        assert verify.no_private_text_in_profiles(connection, written).passed
        connection.execute("UPDATE authors SET opted_out = true WHERE alias = ?", [tom])
        (written.profiles / f"{tom}.svg").write_text("<svg/>")
        assert verify.no_profile_of_opted_out_authors(connection, written).figures == {"profiles": 1}
        path = next(written.profiles.glob("member-*.json"))
        path.write_text(
            path.read_text().replace("thank you all", "thank you Tom Reed").replace("see you", "see Tom Reed")
        )
        connection.execute("UPDATE author_profiles SET revision = 1000")
        connection.execute("INSERT INTO revisions VALUES (1000, 'a fault', now())")
        assert not verify.no_private_text_in_profiles(connection, written).passed
        assert not verify.no_private_text_in_profiles(connection, written).passed, "a failure is not forgotten"


@pytest.mark.parametrize("suffix", [".md", ".json", ".svg", "-other.md"])
def test_the_check_reads_every_file_of_a_profile(written: Settings, suffix: str) -> None:
    with open_warehouse(written) as connection:
        assert verify.no_private_text_in_profiles(connection, written).passed
        path = next(written.profiles.glob("member-*.json"))
        planted = path.with_name(path.stem + suffix)
        planted.write_text((planted.read_text() if planted.exists() else "") + "ask Tom Reed, tom@example.org")
        assert not verify.no_private_text_in_profiles(connection, written).passed


def test_the_list_of_profiles_has_whoever_has_one(written: Settings) -> None:
    rui, priya = alias_of(written, "Rui Costa"), alias_of(written, "Priya Raman")
    listed = (written.profiles / files.INDEX_FILE).read_text()
    assert f"| [{rui}]({rui}.md) | 5 | 2024-03-13 | 2024-04-22 |" in listed
    assert listed.count("](member-") == 2
    again(with_privacy(written, opt_out=("Priya Raman",)))
    assert priya not in (written.profiles / files.INDEX_FILE).read_text()
    again(with_privacy(written, opt_out=("Priya Raman", "Rui Costa")))
    assert not (written.profiles / files.INDEX_FILE).exists()


def test_the_checks_read_the_list_of_profiles(written: Settings) -> None:
    index = written.profiles / files.INDEX_FILE
    with open_warehouse(written) as connection:
        connection.execute(
            "UPDATE authors SET opted_out = true WHERE alias = ?", [alias_of_open(connection, "Rui Costa")]
        )
        connection.execute("DELETE FROM author_profiles")
        for path in written.profiles.glob("member-*"):
            path.unlink()
        assert verify.no_profile_of_opted_out_authors(connection, written).figures == {"profiles": 1}
        assert verify.profiles_match_authors(connection, written).figures == {"missing": 0, "surplus": 1}
        index.write_text("ask Tom Reed")
        assert not verify.no_private_text_in_profiles(connection, written).passed


def test_answers_are_told_without_what_did_not_happen(written: Settings) -> None:
    priya = alias_of(written, "Priya Raman")
    assert f"- {priya}: 1 directly after\n" in page(written, "Rui Costa")


def test_profiles_are_readable_by_their_owner_only(written: Settings) -> None:
    assert {path.stat().st_mode & 0o077 for path in written.profiles.iterdir()} == {0}


def answering(reply_to: str | None) -> Callable[[int, str, str], str]:
    def record(number: int, author: str, text: str) -> str:
        told = {
            "chat": "c",
            "id": str(number),
            "author": author,
            "timestamp": f"2024-03-13T09:{number:02}:00Z",
            "text": text,
        }
        return json.dumps({**told, **({"reply_to": reply_to} if reply_to else {})}) + "\n"

    return record


def test_replies_that_the_platform_marks_count_instead_of_who_wrote_before(settings: Settings) -> None:
    plain, reply = answering(None), answering("1")
    lines = [plain(1, "ana", "what do you all think?"), plain(2, "bo", "hm")]
    lines += [reply(number, "cy", f"this is answer {number}") for number in range(3, 8)]
    (settings.inbox / "club.jsonl").write_text("".join(lines))
    again(settings)
    assert profile(settings, "cy")["answers"] == [{"author": alias_of(settings, "ana"), "replies": 5, "follows": 0}]
    again(with_privacy(settings, opt_out=("ana",)))
    assert profile(settings, "cy")["answers"] == []


NAMES = ("Ana Lima", "Bo Green", "Cy Young")
TEXTS = ("the greenhouse is ready now", "greenhouse", "Where is the compost heap?", "ask Cy Young about it", "/egregora opt-out",
         "/egregora opt-in", "This message was deleted")  # fmt: skip
LINES = st.lists(
    st.tuples(st.integers(0, 60), st.sampled_from(NAMES), st.sampled_from(TEXTS)), min_size=12, max_size=24
)


@dear(4, 2, phases=[Phase.explicit, Phase.reuse, Phase.generate])
@given(st.lists(st.tuples(LINES, st.sampled_from((0, 0, 700, 4 * DAY))), min_size=2, max_size=3))
def test_profiles_that_followed_are_those_made_from_nothing(exports: list[tuple[list[Line], int]]) -> None:
    with new_home() as settings:
        for number, (lines, later) in enumerate(exports):
            moved = sorted(((minute * 9 + later, name, text) for minute, name, text in lines), key=lambda line: line[0])
            write(settings, *moved, suffix=f" ({number})")
        followed = contents(settings)
        shutil.rmtree(settings.profiles)
        again(settings, full=True)
        made = contents(settings)
        for found in (followed, made):
            found.pop(files.SCHEMA_FILE, None)  # stays where there have once been profiles
        assert made == followed
