"""Whoever asks to be called by a name is, as long as the name gives nobody away."""

from __future__ import annotations

from egregora_assets.authors import sync
from egregora_assets.chat.ingest import ingest
from egregora_assets.config import Settings
from egregora_assets.publish.snapshot import publish
from egregora_assets.warehouse.files import open_warehouse
from egregora_assets.warehouse.query import rows
from tests.chats import Line, chat, published_bytes, put_export

OTHERS: tuple[Line, ...] = ((0, "Rui Costa", "good morning all of you"), (1, "Priya Raman", "hello"))


def called(settings: Settings, *exports: tuple[Line, ...], is_published: bool = False) -> dict[str, str]:
    """Take in the exports and return the chosen names by display name."""
    for number, lines in enumerate(exports, start=1):
        put_export(settings, "Garden Club", chat(*OTHERS, *lines), f" ({number})")
    with open_warehouse(settings) as connection:
        ingest(connection, settings)
        sync.refresh(connection, settings)
        if is_published:
            publish(connection, settings)
        return dict(
            rows(
                connection,
                "SELECT raw_name, chosen_name FROM authors JOIN private.author_names USING (author_id) "
                "WHERE chosen_name IS NOT NULL",
            )
        )


ASKED = {
    "/egregora alias set Captain Nemo": "Captain Nemo",
    "/Egregora Alias Set Captain Ahab": "Captain Ahab",
    '/egregora alias set "Captain Hook"': "Captain Hook",
    "/egregora alias set “Captain Vimes”": "Captain Vimes",
    "/egregora set alias Captain Flint": "Captain Flint",
    "\u200e/egregora alias  set   Captain  Haddock ": "Captain Haddock",
    "thank you\n/egregora alias set Captain Silver\nbye": "Captain Silver",
}


def test_a_name_that_somebody_asks_for_is_shown(settings: Settings) -> None:
    said = tuple((3, f"Member {chr(65 + n)}", command) for n, command in enumerate(ASKED))
    assert called(settings, said, is_published=True) == {
        f"Member {chr(65 + n)}": name for n, name in enumerate(ASKED.values())
    }
    shown = published_bytes(settings)
    assert [name for name in ASKED.values() if name.encode() not in shown] == []


SECRETS = ("10.0.0.1", "AKIAABCDEFGHIJKLMNOP", "ghp_" + "a1" * 12, "sk-" + "a1" * 12, "password  is abc1")
SECRETS += ("Bearer abcdefghijklmnopq", "DE89 3704 0044 0532 0130 00", "10\u00a0000\u00a0000")


def test_a_secret_is_not_shown_as_a_name(settings: Settings) -> None:
    asked = tuple((3, f"Member {chr(65 + n)}", f"/egregora alias set {secret}") for n, secret in enumerate(SECRETS))
    assert called(settings, (*asked, (4, "Ana Lima", "/egregora alias set Captain Nemo"))) == {
        "Ana Lima": "Captain Nemo"
    }


NOT_SHOWN = (
    "Rui Costa",
    "rui",
    "Ana Lima",
    "RuiCosta",
    "Analima",
    "captain@nemo.example.org",
    "+351 912 345 678",
    "member-0123456789",
    "<b>Nemo</b>",
    "[Nemo](http://x.example.org)",
    "\x1b[31mNemo",
    "N" * 41,
    "",
)

OWN_NAMES = {"Ana Lima": "Analima", "Rui Costa": "Rui Costa"}


def test_a_name_that_names_somebody_or_is_no_name_is_not_shown(settings: Settings) -> None:
    asked = tuple((3, f"Member {chr(65 + n)}", f"/egregora alias set {name}") for n, name in enumerate(NOT_SHOWN))
    own = tuple((2, name, f"/egregora alias set {asked}") for name, asked in OWN_NAMES.items())
    good = (4, "Tom Reed", "/egregora alias set Captain Nemo")
    assert called(settings, (*asked, *own, good)) == {"Tom Reed": "Captain Nemo"}


def test_the_last_word_wins_and_a_name_can_be_taken_back(settings: Settings) -> None:
    first = (3, "Ana Lima", "/egregora alias set Captain Nemo")
    second = (9, "Ana Lima", "/egregora alias set Lighthouse")
    last = (12, "Ana Lima", "/egregora alias remove")
    assert called(settings, (first, second)) == {"Ana Lima": "Lighthouse"}
    assert called(settings, (first, second), (first, second, last)) == {}


def test_two_people_are_never_called_alike(settings: Settings) -> None:
    lines = ((3, "Ana Lima", "/egregora alias set Nemo"), (4, "Rui Costa", "/egregora alias set NEMO"))
    assert called(settings, lines) == {"Ana Lima": "Nemo"}


def test_a_name_that_turns_out_to_be_somebody_elses_leaves_no_byte(settings: Settings) -> None:
    asked: Line = (3, "Ana Lima", "/egregora alias set Quimbaya")
    assert called(settings, (asked,), is_published=True) == {"Ana Lima": "Quimbaya"}
    assert b"Quimbaya" in published_bytes(settings), "the search below would see nothing"
    assert called(settings, (asked,), (asked, (9, "Quimbaya Torres", "hello, I am new")), is_published=True) == {}
    assert b"Quimbaya" not in published_bytes(settings)


def test_who_has_opted_out_is_not_called_anything(settings: Settings) -> None:
    lines = ((3, "Ana Lima", "/egregora alias set Quimbaya"), (4, "Ana Lima", "/egregora opt-out"))
    called(settings, lines, is_published=True)
    assert b"Quimbaya" not in published_bytes(settings)


def test_commands_that_a_former_version_did_not_know_are_found(settings: Settings) -> None:
    called(settings, ((3, "Ana Lima", "/egregora alias set Nemo"), (4, "Rui Costa", "/egregora opt-out")))
    with open_warehouse(settings) as connection:
        connection.execute("DELETE FROM private.alias_commands")
        connection.execute("UPDATE authors SET chosen_name = NULL")
        connection.execute("UPDATE watermarks SET fingerprint = '' WHERE consumer = 'authors'")
        sync.refresh(connection, settings)
        assert rows(connection, "SELECT chosen_name FROM authors WHERE chosen_name IS NOT NULL") == [("Nemo",)]
        assert rows(connection, "SELECT count(*) FROM private.opt_commands") == [(1,)]
