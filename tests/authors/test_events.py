"""Notices tell who came, went and has another number, in the app's main languages, and nothing is told on a guess."""

from __future__ import annotations

import duckdb
import pytest

from egregora_assets.authors import gate, notices, sync
from egregora_assets.chat.ingest import ingest
from egregora_assets.config import Settings
from egregora_assets.publish.tables import TABLES
from egregora_assets.warehouse.files import open_warehouse
from egregora_assets.warehouse.query import rows
from tests.chats import Line, chat, line, put_export, with_privacy

OLD, NEW = "+44 7700 900862", "+44 7700 900863"
PEOPLE: tuple[Line, ...] = ((0, "Ana Lima", "hello"), (1, "Bo", "hi"), (2, OLD, "hi there"), (3, NEW, "me again"))

Event = tuple[str, str, str | None]
"""Who, what, and the other one."""


def notice(minute: int, text: str) -> str:
    return line(minute, "", text).replace(" - : ", " - ")


def events_of(settings: Settings, *texts: str) -> set[Event]:
    """Return the events of a chat of ``PEOPLE`` in which these notices stand."""
    put_export(settings, "Garden Club", chat(*PEOPLE) + "".join(notice(9, text) for text in texts))
    with open_warehouse(settings) as connection:
        ingest(connection, settings)
        sync.refresh(connection, settings)
    return noted(settings)


def noted(settings: Settings) -> set[Event]:
    with open_warehouse(settings) as connection:
        found = rows(
            connection,
            """
            WITH named AS (SELECT author_id, min(raw_name) AS name FROM private.author_names GROUP BY author_id)
            SELECT who.name, event, other.name FROM private.author_events e
            JOIN named who USING (author_id) LEFT JOIN named other ON other.author_id = e.other_author_id
            """,
        )
    assert len(set(found)) == len(found)
    return set(found)


WORDINGS: dict[str, tuple[str, ...]] = {
    "joined alone": (
        "Bo joined using this group's invite link", "Bo joined from the community", "Bo was added", "You added Bo",
        "Bo entrou usando o link de convite deste grupo", "Bo foi adicionado(a)", "Você adicionou Bo",
        "Bo se unió usando el enlace de invitación de este grupo", "Añadiste a Bo", "Se añadió a Bo",
        "Bo ist der Gruppe über den Einladungslink beigetreten", "Bo wurde hinzugefügt", "Du hast Bo hinzugefügt",
        "Bo a rejoint le groupe via le lien d'invitation", "Bo a été ajouté(e)", "Vous avez ajouté Bo",
        "Bo è entrato usando il link d'invito", "Bo si è unito al gruppo tramite un link d'invito", "Hai aggiunto Bo",
    ),
    "joined by Ana": (
        "Ana Lima added Bo", "Ana Lima adicionou Bo", "Ana Lima añadió a Bo", "Ana Lima agregó a Bo",
        "Ana Lima hat Bo hinzugefügt", "Ana Lima a ajouté Bo", "Ana Lima ha aggiunto Bo", "Ana Lima added \u2068~\u00a0Bo\u2069",
    ),
    "left alone": (
        "Bo left", "Bo left.", "Bo saiu", "Bo salió del grupo", "Bo hat die Gruppe verlassen", "Bo a quitté le groupe",
        "Bo est parti", "Bo ha abbandonato", "Bo è uscito",
    ),
    "removed alone": (
        "Bo was removed", "You removed Bo", "Bo foi removido(a)", "Eliminaste a Bo", "Bo wurde entfernt",
        "Bo a été retiré(e)", "Hai rimosso Bo",
    ),
    "removed by Ana": (
        "Ana Lima removed Bo", "Ana Lima removeu Bo", "Ana Lima eliminó a Bo", "Ana Lima sacó a Bo",
        "Ana Lima hat Bo entfernt", "Ana Lima a retiré Bo", "Ana Lima ha rimosso Bo",
    ),
    "changed_number alone": (
        "Bo changed their phone number to a new number. Tap to message or add the new number.",
        "Bo changed their phone number. You're currently chatting with their new number. Tap to add it to your contacts.",
        "Bo mudou seu número de telefone para um novo número. Toque para enviar uma mensagem.",
        "Bo cambió su número de teléfono a un nuevo número. Toca para enviar un mensaje.",
        "Bo hat eine neue Telefonnummer. Tippe zum Schreiben.", "Bo a changé de numéro. Appuyez pour l'ajouter.",
        "Bo ha cambiato il suo numero di telefono. Tocca per aggiungerlo.",
    ),
    "changed_number to NEW": (
        "Bo changed to NEW", "Bo mudou para NEW", "Bo cambió a NEW", "Bo hat zu NEW gewechselt", "Bo a changé pour NEW",
        "Bo ha cambiato numero in NEW", "\u200eBo changed to \u202aNEW\u202c.",
    ),
}  # fmt: skip


@pytest.fixture(scope="module")
def told() -> dict[str, tuple[str, str, str | None]]:
    """Return (event, who, other) of every wording, asked of the patterns in one query."""
    texts = [text.replace("NEW", NEW) for wordings in WORDINGS.values() for text in wordings]
    with duckdb.connect() as connection:
        connection.execute("CREATE TABLE said AS SELECT unnest(?::VARCHAR[]) AS text, 'whatsapp' AS platform", [texts])
        sql = f"""
            SELECT text, event, {notices.same_name("who")}, {notices.same_name("other")}
            FROM ({notices.told("SELECT text, platform FROM said")})
        """
        return {text: (event, who, other) for text, event, who, other in rows(connection, sql)}


@pytest.mark.parametrize("meaning", WORDINGS)
def test_notices_are_understood_in_the_main_languages(
    told: dict[str, tuple[str, str, str | None]], meaning: str
) -> None:
    event, _, other = meaning.partition(" ")
    named = {"by Ana": ("ana lima",), "to NEW": ("447700900863",)}.get(other)
    for text in WORDINGS[meaning]:
        found = told[text.replace("NEW", NEW)]
        assert (found[0], found[1].removeprefix("~")) == (event, "bo"), text
        assert named is None or found[2] in named, text
        assert named or found[2] not in ("ana lima", "bo", "447700900862", "447700900863"), text


def test_what_notices_tell_of_known_people_is_noted(settings: Settings) -> None:
    assert events_of(
        settings,
        f"Ana Lima added Bo and {OLD}",
        "Bo left",
        "Ana Lima removed Bo",
        f"\u202a{OLD}\u202c changed to \u202a{NEW}\u202c",
        "Wilhelmina Brandt left",
        "Ana Lima changed the subject to “Bo left”",
    ) == {
        ("Bo", "joined", "Ana Lima"),
        (OLD, "joined", "Ana Lima"),
        ("Bo", "left", None),
        ("Bo", "removed", "Ana Lima"),
        (OLD, "changed_number", NEW),
    }


def test_a_change_of_number_links_both_so_that_an_opt_out_by_either_holds_for_both(settings: Settings) -> None:
    events_of(settings, f"{OLD} changed to {NEW}")
    for number in (OLD, NEW):
        with open_warehouse(settings) as connection:
            gate.refresh(connection, with_privacy(settings, opt_out=(number,)))
            shown = rows(connection, "SELECT text FROM clean_messages WHERE kind = 'text' ORDER BY local_time")
        assert shown == [("hello",), ("hi",)]


@pytest.mark.parametrize(
    "text",
    [
        f"Bo changed to {NEW}",
        f"{OLD} changed to Bo",
        f"{OLD} changed to +44 7700 900999",
        f"{OLD} changed to a new number",
        f"{OLD} changed the subject to {NEW}",
        f"{OLD} added {NEW}",
        f"{OLD} changed to {OLD}",
    ],
)
def test_nobody_is_linked_on_a_guess(settings: Settings, text: str) -> None:
    events_of(settings, text)
    with open_warehouse(settings) as connection:
        assert rows(connection, "FROM private.author_links") == []


def test_a_name_that_two_people_have_tells_of_neither(settings: Settings) -> None:
    events_of(settings, "Bo left")
    with open_warehouse(settings) as connection:
        connection.execute("DELETE FROM private.author_events")
        connection.execute("INSERT INTO private.author_names VALUES (uuid(), 'whatsapp', 'bo', 1000)")
        connection.execute("INSERT INTO revisions VALUES (1000, 'a test', now())")
        connection.execute("UPDATE messages SET revision = 1000 WHERE kind = 'system'")
        sync.refresh(connection, settings)
        assert rows(connection, "FROM private.author_events") == []


def test_whoever_writes_only_later_has_what_was_told_before(settings: Settings) -> None:
    assert events_of(settings, "Ana Lima added Cy") == set()
    put_export(settings, "Garden Club", chat(*PEOPLE, (60, "Cy", "here I am")) + notice(61, "Cy left"), " (1)")
    with open_warehouse(settings) as connection:
        ingest(connection, settings)
        sync.refresh(connection, settings)
    assert noted(settings) == {("Cy", "joined", "Ana Lima"), ("Cy", "left", None)}


def test_the_same_notice_in_two_exports_is_one_event(settings: Settings) -> None:
    first = events_of(settings, "Bo left")
    put_export(settings, "Garden Club", chat(*PEOPLE) + notice(9, "Bo left") + line(30, "Bo", "back"), " (1)")
    with open_warehouse(settings) as connection:
        ingest(connection, settings)
        sync.refresh(connection, settings)
    assert noted(settings) == first == {("Bo", "left", None)}


def test_nothing_of_it_is_published() -> None:
    for table in TABLES:
        for private in ("author_events", "member_notices", "author_name", "author_links"):
            assert private not in table.query + table.changed


IRC = """\
23:10 -!- ana [~ana@host.example] has joined #garden
23:10 <ana> hello
23:11 <bob> hi
23:12 -!- bob is now known as bob_away
23:13 <bob_away> back soon
23:14 -!- ana has kicked bob_away from #garden (spam)
23:15 -!- ana [~ana@host.example] has quit [Ping timeout]
"""


def test_what_other_platforms_tell_is_noted_too(settings: Settings) -> None:
    (settings.inbox / "2024-03-13 #garden.log").write_text("--- Log opened Wed Mar 13 09:00:00 2024\n" + IRC)
    with open_warehouse(settings) as connection:
        outcomes = ingest(connection, settings)
        sync.refresh(connection, settings)
    assert [outcome.problem for outcome in outcomes] == [None]
    assert noted(settings) == {
        ("ana", "joined", None),
        ("bob", "renamed", "bob_away"),
        ("bob_away", "removed", "ana"),
        ("ana", "left", None),
    }


RECORD_NOTICES = {
    ("matrix", "@Bia joined the room"): ("joined", "bia", None),
    ("matrix", "@Bia left the room: bye"): ("left", "bia", None),
    ("matrix", "@Ana removed @Bia: spam"): ("removed", "bia", "ana"),
    ("matrix", "@Bia changed their name to @Beatriz"): ("renamed", "bia", None),
    ("matrix", "@Ana invited @Bia"): None,
    ("matrix", "@Ana changed who can join the room: public"): None,
    ("telegram", "Ada Quill joined"): ("joined", "ada quill", None),
    ("telegram", "Ada Quill joined by a link from Bo"): ("joined", "ada quill", None),
    ("telegram", "Ana invited Ada Quill"): ("joined", "ada quill", "ana"),
    ("telegram", "Ana removed Ada Quill"): ("removed", "ada quill", "ana"),
    ("telegram", "Ana removed the photo"): ("removed", "the photo", "ana"),
    ("telegram", "Ada Quill joined Telegram"): None,
    ("slack", "@Ana has joined, invited by @Bruno Braga"): ("joined", "ana", None),
    ("slack", "@Ana has left the channel"): ("left", "ana", None),
    ("discord", "@ana joined the server."): ("joined", "ana", None),
    ("discord", "@Ana added @Bia to the group."): ("joined", "bia", "ana"),
    ("messenger", "Ana Silva left the group."): ("left", "ana silva", None),
    ("signal", "group member joined: Rui"): ("joined", "rui", None),
}


def test_the_wordings_of_records_are_understood() -> None:
    with duckdb.connect() as connection:
        connection.execute("CREATE TABLE said (platform VARCHAR, text VARCHAR)")
        for key in RECORD_NOTICES:
            connection.execute("INSERT INTO said VALUES (?, ?)", key)
        sql = f"""
            SELECT platform, text, event, {notices.same_name("who")}, {notices.same_name("other")}
            FROM ({notices.told("SELECT text, platform FROM said")})
        """
        found = {(platform, text): told for platform, text, *told in rows(connection, sql)}
    assert {key: tuple(told) for key, told in found.items()} == {
        key: told for key, told in RECORD_NOTICES.items() if told
    }
