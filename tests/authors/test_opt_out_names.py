"""Who opts out is named by nobody, in whatever way they did and however texts are treated; and persons have one alias."""

from __future__ import annotations

import pytest

from egregora_assets.authors import gate, sync
from egregora_assets.chat.ingest import ingest
from egregora_assets.config import Settings
from egregora_assets.warehouse.files import open_warehouse
from egregora_assets.warehouse.query import rows
from tests.chats import Line, published_bytes, with_privacy
from tests.publish.test_leaks import aliases, failing, take_in, texts, with_policy

LINES: tuple[Line, ...] = (
    (0, "Rui Costa", "Ana Lima has the keys, ask ANA"),
    (1, "Priya Raman", "good morning, the member list is new"),
    (2, "Ana Lima", "quimbaya lanterns drift over the marshland"),
)
OUT: Line = (9, "Ana Lima", "/egregora opt-out")


def test_a_pseudonym_on_the_list_is_the_person(settings: Settings) -> None:
    take_in(settings, *LINES)
    home = with_privacy(settings, opt_out=(aliases(settings)["Ana Lima"].upper(),))
    take_in(home)
    assert b"marshland" not in published_bytes(home)
    assert "the member list" in "".join(texts(home)), "the words of a pseudonym are no names"
    with open_warehouse(home) as connection:
        assert sync.refresh(connection, home).unmatched == ()
        missing = with_privacy(home, opt_out=("member-0000000000",))
        assert sync.refresh(connection, missing).unmatched == ("member-0000000000",)


@pytest.mark.parametrize("way", ["keep", "scrub_names"])
def test_who_opts_out_by_command_is_named_by_nobody_any_more(settings: Settings, way: str) -> None:
    home = with_policy(settings, "keep") if way == "keep" else with_privacy(settings, scrub_names=False)
    take_in(home, *LINES)
    assert "Ana Lima has the keys" in texts(home)[0]
    take_in(home, *LINES, OUT, suffix=" (1)")
    assert texts(home)[0] == "[name] has the keys, ask [name]"
    assert b"Ana" not in published_bytes(home)
    assert failing(home) == set()
    take_in(home, *LINES, OUT, (20, "Ana Lima", "/egregora opt-in"), suffix=" (2)")
    assert "Ana Lima has the keys" in texts(home)[0]
    with open_warehouse(home) as connection:
        assert gate.refresh(connection, home) == gate.GateChanges()


def test_two_identities_of_one_person_have_one_alias_in_texts(settings: Settings) -> None:
    home = with_policy(settings, "pseudonymise")
    lines = (*LINES, (3, "Ana Silva", "hello"), (4, "Rui Costa", "Ana Silva and Ana are here"))
    take_in(home, *lines)
    lima, silva = aliases(home)["Ana Lima"], aliases(home)["Ana Silva"]
    assert texts(home)[4] == f"{silva} and [name] are here", "two people are called Ana"
    settings.identities_path.write_text('[[person]]\nis = ["whatsapp:Ana Lima", "whatsapp:Ana Silva"]\n', "utf-8")
    take_in(home)
    assert texts(home)[4] == f"{lima} and {lima} are here"
    assert failing(home) == set()
    settings.identities_path.unlink()
    take_in(home)
    assert texts(home)[4] == f"{silva} and [name] are here"
    with open_warehouse(home) as connection:
        assert ingest(connection, home) == []
        assert rows(connection, "SELECT count(*) FROM private.persons") == [(0,)]
