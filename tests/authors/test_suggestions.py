"""`egregora authors suggest`: candidates with reasons, as lines that can be pasted, and nothing is applied by it."""

from __future__ import annotations

import json
import tomllib

import pytest

from egregora_assets.authors import sync
from egregora_assets.authors.suggestions import as_toml, suggested
from egregora_assets.chat.ingest import ingest
from egregora_assets.config import Settings
from egregora_assets.publish.snapshot import publish
from egregora_assets.warehouse.files import open_warehouse
from egregora_assets.warehouse.query import rows
from tests.chats import Line, chat, put_export, state_of_home

Said = tuple[str, str]
"""Native id and name."""


def put_native(settings: Settings, *people: Said) -> None:
    lines = [
        {"timestamp": f"2024-03-14T12:{number:02}:00Z", "id": f"m{number}", "chat": "beds", "chat_title": "Beds"}
        | {"author": author, "author_name": name, "text": f"barley {number}"}
        for number, (author, name) in enumerate(people)
    ]
    (settings.inbox / "beds.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))


def fill(settings: Settings, *names: str, native: tuple[Said, ...] = ()) -> None:
    put_export(settings, "Lake", chat(*((number, name, f"kites tangle {number}") for number, name in enumerate(names))))
    if native:
        put_native(settings, *native)
    with open_warehouse(settings) as connection:
        ingest(connection, settings)
        sync.refresh(connection, settings)


def suggestions(settings: Settings) -> list[tuple[int, set[str], list[str]]]:
    with open_warehouse(settings) as connection:
        names = dict(rows(connection, "SELECT author_id, concat(platform, ':', raw_name) FROM private.author_names"))
        return [
            (found.strength, {names[author] for author in found.authors}, found.reasons)
            for found in suggested(connection, settings)
        ]


def pasted(settings: Settings) -> str:
    with open_warehouse(settings) as connection:
        return "\n".join(as_toml(connection, settings, suggested(connection, settings)))


def test_each_reason_is_told_and_the_strongest_comes_first(settings: Settings) -> None:
    fill(
        settings,
        *("Ana Lima", "Rui", "Rui Costa", "+351 912 000 000", "Zeca", "Priya Raman"),
        native=(("u1", "ANA LIMA"), ("u2", "912000000"), ("u3", "zeca"), ("u4", "Somebody Else")),
    )
    assert suggestions(settings) == [
        (90, {"whatsapp:+351 912 000 000", "jsonl:912000000"}, ["the same number on jsonl and whatsapp"]),
        (70, {"whatsapp:Ana Lima", "jsonl:ANA LIMA"}, ["the same name on jsonl and whatsapp"]),
        (50, {"whatsapp:Zeca", "jsonl:zeca"}, ["the same name on jsonl and whatsapp"]),
        (
            30,
            {"whatsapp:Rui", "whatsapp:Rui Costa"},
            ["in 1 chat one name contains the other, and no other name there does"],
        ),
    ]


LONG: tuple[Line, ...] = tuple(
    (2 * place, ("Ana Lima", "Rui Costa", "Priya Raman")[place % 3], f"this is what I say, number {place}")
    for place in range(12)
)


def test_a_link_between_two_phones_is_the_strongest_reason(settings: Settings) -> None:
    put_export(settings, "Lake", chat(*LONG), " (1)")
    put_export(
        settings,
        "Lake",
        chat(*((minute, name.replace("Ana Lima", "Mum"), text) for minute, name, text in LONG)),
        " (2)",
    )
    with open_warehouse(settings) as connection:
        ingest(connection, settings)
        sync.refresh(connection, settings)
    assert suggestions(settings) == []  # nobody has written under the other name yet
    put_export(settings, "Lake", chat(*LONG, (99, "Ana Lima", "x"), (99, "Mum", "y")), " (3)")
    with open_warehouse(settings) as connection:
        ingest(connection, settings)
        sync.refresh(connection, settings)
    ((strength, who, _),) = suggestions(settings)
    assert (strength, who) == (100, {"whatsapp:Ana Lima", "whatsapp:Mum"})


def test_what_is_pasted_is_what_was_meant_and_is_suggested_no_more(settings: Settings) -> None:
    fill(
        settings,
        *("Ana Lima", '~ José "Zé" \\ Brandão\u202e', "Tom Reed"),
        native=(("u1", "Ana Lima"), ("u2", 'josé "zé" brandao'), ("u3", "Tom Reed"), ("u4", "Tom Reed")),
    )
    text = pasted(settings)
    assert "\u202e" not in text
    assert len(tomllib.loads(text)["person"]) == 3
    settings.identities_path.write_text(text)
    assert suggestions(settings) == []
    with open_warehouse(settings) as connection:
        assert sync.refresh(connection, settings).unknown == ()
        people = "SELECT count(*), count(DISTINCT person_id) FROM private.persons"
        assert rows(connection, people) == [(7, 3)]


def test_who_stands_in_the_file_is_to_be_added_there(settings: Settings) -> None:
    fill(settings, "Ana Lima", "Rui Costa", native=(("u1", "Ana Lima"), ("u2", "rui costa")))
    before = '[[person]]\nis = ["whatsapp:Ana Lima"]\n[[split]]\nbetween = ["whatsapp:Rui Costa", "jsonl:u2"]\n'
    settings.identities_path.write_text(before)
    text = pasted(settings)
    assert "[[person]] 1" in text
    assert "Rui" not in text, "the owner has said that those are two"
    assert tomllib.loads(before + text) == tomllib.loads(before)


@pytest.mark.parametrize("names", [("Ana", "Ana Lima", "Ana Costa"), ("Anabel", "Ana Lima"), ("Ana Lima", "Rui Lima")])
def test_a_name_that_may_be_of_several_people_suggests_nobody(settings: Settings, names: tuple[str, ...]) -> None:
    fill(settings, *names)
    assert suggestions(settings) == []


def test_names_of_everybody_are_left_out(settings: Settings) -> None:
    fill(settings, "Ana", "Rui Costa", native=tuple((f"u{number}", "Ana") for number in range(20)))
    assert suggestions(settings) == []


def test_suggesting_changes_no_byte(settings: Settings) -> None:
    fill(settings, "Ana Lima", "Rui", "Rui Costa", native=(("u1", "Ana Lima"),))
    with open_warehouse(settings) as connection:
        publish(connection, settings)
    before = state_of_home(settings)
    assert pasted(settings)
    assert state_of_home(settings) == before


def test_a_change_of_number_is_told_as_what_it_is(settings: Settings) -> None:
    old, new = "+351 912 000 111", "+44 7700 900862"
    said = chat((0, old, "hello"), (1, new, "hi"), (2, "Rui Costa", "good morning"))
    put_export(settings, "Garden Club", f"13/03/2024, 08:59 - {old} changed to {new}\n{said}")
    with open_warehouse(settings) as connection:
        ingest(connection, settings)
        sync.refresh(connection, settings)
    found = suggestions(settings)
    assert found == [
        (100, {f"whatsapp:{old}", f"whatsapp:{new}"}, ["a notice tells that one number was changed to the other"])
    ]
