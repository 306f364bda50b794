"""`identities.toml`: people are one, or two, exactly as long as the file says so, and an opt-out by one name holds for all."""

from __future__ import annotations

import json
import shutil
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from egregora_assets.authors import gate, sync, verify
from egregora_assets.authors.identities import IdentitiesError, read_identities
from egregora_assets.chat.ingest import ingest
from egregora_assets.config import Settings
from egregora_assets.publish.pending import pending
from egregora_assets.publish.snapshot import publish
from egregora_assets.publish.verify import no_opted_out_text
from egregora_assets.rotation import rotate
from egregora_assets.warehouse.connection import open_snapshot
from egregora_assets.warehouse.files import make_home, open_warehouse
from egregora_assets.warehouse.query import rows
from tests.chats import (
    Line,
    chat,
    new_home,
    post_bytes,
    published_bytes,
    published_texts,
    put_export,
    state_of_home,
    texts_of,
    with_privacy,
)
from tests.properties import dear

GROUP: tuple[Line, ...] = (
    (0, "Ana Lima", "quimbaya lanterns drift over the marshland"),
    (1, "Rui Costa", "velveteen orchards hum"),
    (2, "+351 912 000 000", "decided: copper thunderclouds on Friday"),
    (3, "Priya Raman", "saffron kites tangle"),
    (2000, "+351 912 000 000", "which lighthouse do you mean?"),
)
ELSEWHERE = (
    ("U123", "Ana", "gravel paths wind uphill"),
    ("U9", "Tom Reed", "barley fields ripple"),
    ("U7", "Tom Reed", "ok"),
)
ANA = ("whatsapp:Ana Lima", "whatsapp:+351 912-000-000", "jsonl:U123")
WORDS = {"Ana Lima": "quimbaya", "+351 912 000 000": "thunderclouds", "U123": "gravel", "Rui Costa": "velveteen"}


def people(*persons: tuple[str, ...], splits: tuple[tuple[str, str], ...] = ()) -> str:
    return "".join(
        [f'[[person]]\nname = "Secret Label"\nis = {json.dumps(identities)}\n' for identities in persons]
        + [f"[[split]]\nbetween = {json.dumps(pair)}\n" for pair in splits]
    )


def say(settings: Settings, text: str) -> None:
    settings.identities_path.write_text(text)


def put_elsewhere(settings: Settings, *said: tuple[str, str, str]) -> None:
    lines = [
        {"timestamp": f"2024-03-14T12:{number:02}:00Z", "id": f"m{number}", "chat": "beds", "chat_title": "Beds"}
        | {"author": author, "author_name": name, "text": text, "reactions": [{"emoji": "👍", "author": "U123"}]}
        for number, (author, name, text) in enumerate(said)
    ]
    (settings.inbox / "beds.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))


def fill(settings: Settings) -> None:
    put_export(settings, "Lake", chat(*GROUP))
    put_elsewhere(settings, *ELSEWHERE)
    with open_warehouse(settings) as connection:
        ingest(connection, settings)
        publish(connection, settings)


@pytest.fixture(scope="module")
def filled_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    settings = Settings(home=tmp_path_factory.mktemp("filled") / "home", timezone="UTC")
    make_home(settings)
    fill(settings)
    return settings.home


@pytest.fixture
def filled(settings: Settings, filled_home: Path) -> Settings:
    shutil.copytree(filled_home, settings.home, dirs_exist_ok=True)
    return settings


def refresh(settings: Settings) -> tuple[str, ...]:
    with open_warehouse(settings) as connection:
        publish(connection, settings)
        return sync.refresh(connection, settings).unknown


def shown(settings: Settings) -> dict[str, list[str]]:
    """Who is shown to have said what: the first words of each published author's messages, by alias."""
    sql = """
        SELECT alias, list(split_part(text, ' ', 1) ORDER BY local_time), any_value(message_count)
        FROM messages JOIN authors USING (author_id) GROUP BY alias
    """
    with open_snapshot(settings) as snapshot:
        found = rows(snapshot, sql)
    assert all(len(texts) == count for _, texts, count in found)
    return {alias: texts for alias, texts, _ in found}


def private(settings: Settings) -> dict[str, str]:
    """Return the alias of each author by a name or a first word."""
    with open_warehouse(settings) as connection:
        return dict(rows(connection, "SELECT raw_name, alias FROM authors JOIN private.author_names USING (author_id)"))


def everything_shown(settings: Settings) -> list[str]:
    """All that readers see but the number of its revision, without an order."""
    return [*sorted(line for line in published_texts(settings).splitlines() if line), post_bytes(settings).decode()]


def test_one_person_of_two_platforms_is_one_author_everywhere(filled: Settings) -> None:
    aliases, before = private(filled), everything_shown(filled)
    say(filled, people(ANA))
    assert refresh(filled) == ()
    assert shown(filled)[aliases["Ana Lima"]] == ["quimbaya", "decided:", "gravel", "which"]
    told = published_bytes(filled)
    for gone in (aliases["+351 912 000 000"], aliases["Ana"], "Secret Label"):
        assert gone.encode() not in told
    assert len({*shown(filled)}) == 5
    with open_snapshot(filled) as snapshot:
        sql = "SELECT author, p.message_count FROM participants p JOIN authors ON alias = author WHERE first_seen < last_seen"
        assert {(aliases["Ana Lima"], count) for count in (1, 2)} <= set(rows(snapshot, sql))
        assert rows(snapshot, "SELECT author FROM decisions") == [(aliases["Ana Lima"],)]
    posts = [json.loads(path.read_text()) for path in filled.posts.glob("*/*.json")]
    assert sum(aliases["Ana Lima"] in {p["author"] for p in post["participants"]} for post in posts) == 3

    filled.identities_path.unlink()
    refresh(filled)
    assert everything_shown(filled) == before


def test_the_label_stands_in_no_table(filled: Settings) -> None:
    say(filled, people(ANA))
    refresh(filled)
    with open_warehouse(filled) as connection:
        tables = rows(
            connection, "SELECT format('{}.{}', schema_name, table_name) FROM duckdb_tables() WHERE NOT internal"
        )
        assert "Secret Label" not in texts_of(connection, tuple(name for (name,) in tables))


def test_an_unchanged_file_changes_no_byte(filled: Settings) -> None:
    say(filled, people(ANA, ("whatsapp:Rui Costa", "jsonl:U9"), splits=(("jsonl:U9", "jsonl:U7"),)))
    assert pending(filled) == ["the rules of authors have changed"]
    refresh(filled)
    before = state_of_home(filled)
    assert pending(filled) == []
    refresh(filled)
    assert state_of_home(filled) == before
    say(filled, "# who is who\n" + filled.identities_path.read_text())
    assert pending(filled) == []


def test_the_file_takes_effect_with_a_run_and_not_before(filled: Settings) -> None:
    before = everything_shown(filled)
    say(filled, people(ANA))
    assert everything_shown(filled) == before


@pytest.mark.parametrize("order", ["merged first", "opted out first"])
def test_an_opt_out_by_any_identity_holds_for_all(filled: Settings, order: str) -> None:
    out = with_privacy(filled, opt_out=("+351 912 000 000",))
    if order == "merged first":
        say(filled, people(ANA))
        refresh(filled)
        refresh(out)
    else:
        refresh(out)
        say(filled, people(ANA))
        refresh(out)
    told = published_bytes(out)
    for words in ("quimbaya", "thunderclouds", "lighthouse", "gravel"):
        assert words.encode() not in told
    assert b"velveteen" in told
    with open_warehouse(out) as connection:
        assert verify.no_opted_out_messages(connection, out).passed
        assert no_opted_out_text(connection, out).passed
    filled.identities_path.unlink()
    refresh(out)
    told = published_bytes(out)
    assert b"thunderclouds" not in told
    assert b"quimbaya" in told
    assert b"gravel" in told


IDENTITIES = {"Ana Lima": ANA[0], "+351 912 000 000": ANA[1], "U123": ANA[2], "Rui Costa": "whatsapp:Rui Costa"}
groupings = st.lists(st.sampled_from([0, 1, 2]), min_size=4, max_size=4)
outs = st.sets(st.sampled_from(["Ana Lima", "+351 912 000 000", "Rui Costa"]), max_size=2)


@dear(3, 2)
@given(st.lists(st.tuples(groupings, outs), min_size=2, max_size=3))
def test_whatever_the_file_said_before_what_it_says_now_is_shown(filled_home: Path, steps: list[Any]) -> None:
    """Identities with one number are one person; 0 stands for a person of their own."""
    with new_home() as settings:
        shutil.copytree(filled_home, settings.home, dirs_exist_ok=True)
        for grouping, out in steps:
            numbers = dict(zip(IDENTITIES, grouping, strict=True))
            grouped = [[name for name in numbers if numbers[name] == number] for number in (1, 2)]
            persons = [tuple(IDENTITIES[name] for name in names) for names in grouped if names]
            say(settings, people(*persons))
            listed = with_privacy(settings, opt_out=tuple(out))
            refresh(listed)
            units = [{name} for name in numbers if not numbers[name]] + [set(names) for names in grouped if names]
            expected = {frozenset(WORDS[name] for name in unit) for unit in units if not unit & out}
            with open_snapshot(listed) as snapshot:
                said = rows(
                    snapshot, "SELECT list(text) FROM messages JOIN authors USING (author_id) GROUP BY author_id"
                )
            found = {
                frozenset(word for word in WORDS.values() if any(word in text for text in texts)) for (texts,) in said
            }
            assert found - {frozenset()} == expected
            with open_warehouse(listed) as connection:
                assert verify.no_opted_out_messages(connection, listed).passed


ON_OTHER_PHONE = {"Ana Lima": "Mum", "Priya Raman": "P. Raman"}
LONG: tuple[Line, ...] = tuple(
    (2 * place, ("Ana Lima", "Rui Costa", "Priya Raman")[place % 3], f"this is what I say, number {place}")
    for place in range(12)
)


def opted_out(settings: Settings) -> set[str]:
    with open_warehouse(settings) as connection:
        sync.refresh(connection, settings)
        return {
            name
            for (name,) in rows(
                connection, "SELECT raw_name FROM authors JOIN private.author_names USING (author_id) WHERE opted_out"
            )
        }


def test_a_split_overrides_a_link_that_was_found(settings: Settings) -> None:
    put_export(settings, "Lake", chat(*LONG[:9]), " (1)")
    put_export(
        settings, "Lake", chat(*((minute, ON_OTHER_PHONE.get(name, name), text) for minute, name, text in LONG)), " (2)"
    )
    out = with_privacy(settings, opt_out=("Ana Lima",))
    with open_warehouse(settings) as connection:
        ingest(connection, settings)
    assert opted_out(out) == {"Ana Lima", "Mum"}
    say(settings, people(splits=(("whatsapp:Mum", "whatsapp:Ana Lima"),)))
    assert opted_out(out) == {"Ana Lima"}
    put_export(settings, "Lake", chat(*LONG[:9], (90, "Mum", "one more"), (92, "Rui Costa", "well")), " (3)")
    with open_warehouse(settings) as connection:
        assert [outcome.added for outcome in ingest(connection, settings)] == [2]
    settings.identities_path.unlink()
    assert opted_out(out) == {"Ana Lima", "Mum"}


def test_a_split_keeps_whole_persons_apart_also_over_a_third_name(filled: Settings) -> None:
    """Ana and the number are one, so the link from the number leads no opt-out of Ana's to whom she is split from."""
    refresh(filled)
    with open_warehouse(filled) as connection:
        ids = dict(rows(connection, "SELECT raw_name, author_id FROM private.author_names"))
        links = [("+351 912 000 000", "Priya Raman"), ("Priya Raman", "Rui Costa")]
        for one, other in links:
            connection.execute(
                "INSERT INTO private.author_links VALUES ('lake', ?, ?, 1)", [ids[one], ids[other]]
            ).fetchall()
    everybody = {"Ana Lima", "+351 912 000 000", "Priya Raman", "Rui Costa"}
    say(filled, people(ANA[:2]))
    assert opted_out(with_privacy(filled, opt_out=("Ana Lima",))) == everybody
    say(filled, people(ANA[:2], splits=(("whatsapp:Ana Lima", "whatsapp:Rui Costa"),)))
    assert opted_out(with_privacy(filled, opt_out=("Ana Lima",))) == everybody - {"Rui Costa"}
    assert opted_out(with_privacy(filled, opt_out=("+351 912 000 000",))) == everybody - {"Rui Costa"}
    assert opted_out(with_privacy(filled, opt_out=("Rui Costa",))) == {"Rui Costa", "Priya Raman"}


def test_identities_that_are_not_known_are_told_by_their_place_and_not_guessed(filled: Settings) -> None:
    before = everything_shown(filled)
    say(filled, people(("whatsapp:Ana", "jsonl:U9"), ("telegram:Ana Lima", "member-0000000000", "jsonl:Tom Reed")))
    assert refresh(filled) == (
        "[[person]] 1, `is` item 1",
        "[[person]] 2, `is` item 1",
        "[[person]] 2, `is` item 2",
        "[[person]] 2, `is` item 3 is a name of 2 people: say which by `member-…`",
    )
    assert everything_shown(filled) == before
    with open_warehouse(filled) as connection:
        told = verify.identities_match(connection, filled)
    assert not told.passed
    assert "Ana" not in told.description
    assert "Tom" not in told.description


def test_an_identity_that_becomes_known_later_joins_then(filled: Settings) -> None:
    say(filled, people(("whatsapp:Zeca", "whatsapp:Rui Costa")))
    assert len(refresh(filled)) == 1
    put_export(filled, "Lake", chat(*GROUP, (3000, "Zeca", "amber")), " (2)")
    with open_warehouse(filled) as connection:
        ingest(connection, filled)
    assert refresh(filled) == ()
    assert ["velveteen", "amber"] in shown(filled).values()


def test_a_pseudonym_names_an_identity_and_follows_a_rotation(filled: Settings) -> None:
    aliases = private(filled)
    say(filled, people((aliases["Rui Costa"], "jsonl:U123")))
    assert refresh(filled) == ()
    assert shown(filled)[aliases["Rui Costa"]] == ["velveteen", "gravel"]
    with open_warehouse(filled) as connection:
        rotate(connection, filled)
    assert refresh(filled) == ()
    assert shown(filled)[private(filled)["Rui Costa"]] == ["velveteen", "gravel"]
    assert aliases["Rui Costa"] not in filled.identities_path.read_text()


def test_reactions_of_one_person_under_two_names_count_once(settings: Settings) -> None:
    lines = [
        {
            "timestamp": "2024-03-14T12:00:00Z",
            "id": "m1",
            "chat": "c",
            "author": "a",
            "author_name": "Ana",
            "text": "hello",
        }
        | {"reactions": [{"emoji": "👍", "author": "b"}, {"emoji": "👍", "author": "c"}, {"emoji": "🌱", "count": 3}]},
        {
            "timestamp": "2024-03-14T12:01:00Z",
            "id": "m2",
            "chat": "c",
            "author": "b",
            "author_name": "Bo",
            "text": "hi",
        },
        {
            "timestamp": "2024-03-14T12:02:00Z",
            "id": "m3",
            "chat": "c",
            "author": "c",
            "author_name": "Cy",
            "text": "hey",
        },
    ]
    (settings.inbox / "c.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    with open_warehouse(settings) as connection:
        ingest(connection, settings)
    for said, count in ((people(), 2), (people(("jsonl:b", "jsonl:c")), 1), (people(), 2)):
        say(settings, said)
        refresh(settings)
        with open_snapshot(settings) as snapshot:
            assert rows(snapshot, "SELECT people FROM reactions ORDER BY emoji") == [(3,), (count,)]


WRONG = {
    "no TOML": ("[[person]]\nis = ['jsonl:a' 'jsonl:b']", "not valid TOML.*line 2"),
    "another table": ("[['Ana Lima']]\nis = ['whatsapp:Ana Lima']", "nothing but .*person.* and .*split"),
    "no identity": ("[[person]]\nname = 'Ana'", r"\[\[person\]\] 1, `is`: it is missing"),
    "another key": ("[[person]]\nis = ['a:b']\n'Ana Lima' = 1", r"\[\[person\]\] 1: nothing but `name` and `is`"),
    "no list": ("person = 1", "person: write its entries below"),
    "no platform": (
        people(ANA, ("Ana Lima", "jsonl:U9")),
        r"\[\[person\]\] 2, `is` item 1: write it as `platform:name`",
    ),
    "a name without words": (people(("whatsapp: ",)), r"\[\[person\]\] 1, `is` item 1: write it"),
    "nobody": ("[[person]]\nis = []", r"\[\[person\]\] 1, `is`: .*at least 1"),
    "a number": ("[[person]]\nis = [7]", r"\[\[person\]\] 1, `is` item 1: write it as a text"),
    "three apart": ("[[split]]\nbetween = ['a:b', 'a:c', 'a:d']", r"\[\[split\]\] 1, `between`"),
    "in two persons": (
        people(ANA, ("whatsapp:Rui Costa", "whatsapp:ANA LIMA")),
        r"\[\[person\]\] 2, `is` item 2 is the same author as \[\[person\]\] 1, `is` item 1",
    ),
    "joined and split": (people(ANA, splits=((ANA[0], ANA[2]),)), r"\[\[split\]\] 1 keeps apart"),
    "split from itself": (people(splits=((ANA[0], "whatsapp:~ANA lima"),)), r"\[\[split\]\] 1 keeps apart"),
}


@pytest.mark.parametrize("wrong", WRONG)
def test_a_wrong_entry_is_told_by_its_place_and_names_nobody(filled: Settings, wrong: str) -> None:
    text, message = WRONG[wrong]
    before = everything_shown(filled)
    say(filled, text)
    with open_warehouse(filled) as connection, pytest.raises(IdentitiesError, match=message) as told:
        gate.refresh(connection, filled)
    assert "identities.toml" in str(told.value)
    assert not any(name in str(told.value) for name in ("Ana", "ANA", "Rui"))
    assert everything_shown(filled) == before


@given(st.text(max_size=200))
def test_any_text_is_read_or_refused_with_a_reason(tmp_path_factory: pytest.TempPathFactory, text: str) -> None:
    file = tmp_path_factory.getbasetemp() / "identities.toml"
    file.write_bytes(text.encode("utf-8", "surrogatepass"))
    with suppress(IdentitiesError):
        read_identities(file)


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ('[[person]]\nis = "whatsapp:Ana"', '[[person]] 1, `is`: write it as a list, such as ["one", "two"]'),
        ('[[person]]\nname = "Ana"', "[[person]] 1, `is`: it is missing, and has to be there"),
        ('[person]\nis = ["whatsapp:Ana"]', "person: write its entries below `[[person]]`, with two brackets"),
    ],
)
def test_an_entry_of_another_kind_is_told_in_plain_words(tmp_path: Path, text: str, wanted: str) -> None:
    (tmp_path / "identities.toml").write_text(text, "utf-8")
    with pytest.raises(IdentitiesError) as told:
        read_identities(tmp_path / "identities.toml")
    assert wanted in str(told.value)
    assert "Ana" not in str(told.value)
