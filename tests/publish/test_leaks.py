"""A leak of any kind in any output makes a check fail that stops what is built on it; what a source keeps is no leak."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest

from egregora_assets.authors import gate, sync
from egregora_assets.authors import verify as authors_verify
from egregora_assets.authors.withdrawal import withdraw
from egregora_assets.chat.ingest import ingest
from egregora_assets.config import Settings, SourceSettings
from egregora_assets.documents import verify as documents_verify
from egregora_assets.publish import verify as publish_verify
from egregora_assets.publish.pending import pending
from egregora_assets.publish.snapshot import PublicationRefused, publish
from egregora_assets.sidecar import verify as sidecar_verify
from egregora_assets.sidecar import verify_pages
from egregora_assets.sidecar.extract import TEXT_COLUMNS
from egregora_assets.warehouse.files import make_home, open_warehouse
from egregora_assets.warehouse.query import rows
from egregora_assets.warehouse.verdict import Verdict
from tests.chats import (
    Line,
    chat,
    derived_texts,
    post_bytes,
    profile_bytes,
    published_bytes,
    published_texts,
    put_export,
    with_privacy,
)
from tests.privacy.test_scrub import ADDRESSES, KEPT, NUMBERS
from tests.properties import some_of

TITLE = "Garden Club"
LINES: tuple[Line, ...] = (
    (0, "Rui Costa", "the greenhouse needs paint, I'll order it by Friday, see src/greenhouse.py"),
    (1, "Priya Raman", "which paint does the greenhouse need?"),
    (2, "April Reed", "Decided: the greenhouse gets blue paint"),
)
SECRETS = {
    "email": "ana@example.org",
    "phone": "07700900862",
    "card": "4111 1111 1111 1111",
    "iban": "DE89 3704 0044 0532 0130 00",
    "ip": "192.168.0.1",
    "id": "529.982.247-25",
    "link": "https://x.example/?token=abc",
    "key": "sk-" + "a1" * 20,
}
PII = {
    "authors": authors_verify,
    "documents": documents_verify,
    "sidecar": sidecar_verify,
    "pages": verify_pages,
    "publish": publish_verify,
}
ITEMS = sorted({table for table, _ in TEXT_COLUMNS})


def with_policy(settings: Settings, policy: str, title: str = TITLE) -> Settings:
    source = SourceSettings.model_validate({"title": title, "privacy": policy})
    return settings.model_copy(update={"sources": (source,)})


def take_in(settings: Settings, *lines: Line, suffix: str = "", title: str = TITLE) -> None:
    if lines:
        put_export(settings, title, chat(*lines), suffix)
    with open_warehouse(settings) as connection:
        ingest(connection, settings)
        publish(connection, settings)


def verdicts(settings: Settings) -> dict[str, Verdict]:
    """Return the verdict of each privacy check, by slice and name."""
    with open_warehouse(settings) as connection:
        found = {
            f"{where} {name}": getattr(module, name)(connection, settings)
            for where, module in PII.items()
            for name in ("no_unscrubbed_pii", "no_private_names_published")
        }
        gone = {
            f"{module.__name__.split('.')[1]} no_opted_out_text": module.no_opted_out_text(connection, settings)
            for module in (sidecar_verify, publish_verify)
        }
        return found | gone


def showing(settings: Settings) -> set[str]:
    """Return the slices in which a check sees an address, a number or a key."""
    with open_warehouse(settings) as connection:
        found = {where: module.no_unscrubbed_pii(connection, settings).passed for where, module in PII.items()}
    return {where for where, passed in found.items() if not passed}


def failing(settings: Settings) -> set[str]:
    return {name for name, verdict in verdicts(settings).items() if not verdict.passed}


@pytest.fixture(scope="module")
def clean_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("clean") / "home"
    settings = Settings(home=home, timezone="UTC")
    make_home(settings)
    take_in(settings, *LINES)
    assert failing(settings) == set(), "the checks have seen all before anything leaks"
    return home


@pytest.fixture
def published(clean_home: Path, tmp_path: Path) -> Settings:
    shutil.copytree(clean_home, tmp_path / "home")
    return Settings(home=tmp_path / "home", timezone="UTC")


def in_table(table: str, column: str, revision_of: str) -> Callable[[Settings, str], None]:
    def plant(settings: Settings, secret: str) -> None:
        with open_warehouse(settings) as connection:
            connection.execute("INSERT INTO revisions VALUES (1000, 'a fault', now())")
            connection.execute(f"UPDATE {table} SET {column} = concat({column}, ' ', ?)", [secret])
            connection.execute(f"UPDATE {revision_of} SET revision = 1000")

    return plant


def in_files(pattern: str) -> Callable[[Settings, str], None]:
    def plant(settings: Settings, secret: str) -> None:
        [path, *_] = settings.posts.glob(f"*/{pattern}")
        text = path.read_text("utf-8")
        path.write_text(text.replace("blue paint", f"blue paint {secret}"), "utf-8")
        assert path.read_text("utf-8") != text

    return plant


def in_snapshot(settings: Settings, secret: str) -> None:
    with duckdb.connect(str(settings.snapshot_path)) as fault:
        fault.execute("UPDATE messages SET text = concat(text, ' ', ?)", [secret])


OUTPUTS: dict[str, tuple[str, Callable[[Settings, str], None]]] = {
    "clean_messages": ("authors", in_table("clean_messages", "text", "clean_messages")),
    "documents": ("documents", in_table("documents", "text", "documents")),
    **{f"{table}.{column}": ("sidecar", in_table(table, column, "sidecars")) for table, column in TEXT_COLUMNS},
    "post file": ("sidecar", in_files("*.md")),
    "sidecar file": ("sidecar", in_files("*.json")),
    "snapshot": ("publish", in_snapshot),
}


FORMS = {
    "documents.title": "Priya Raman",
    "documents.slug": "2024-03-13-0900-priya-raman-abcdef12",
    "sidecars.slug": "2024-03-13-0900-priya-raman-abcdef12",
    "sources.source_id": "priya-raman",
    "messages.source_id": "priya-raman",
    "sources.timezone": "Europe/PriyaRaman",
    "sources.platform": "priya",
    "reactions.emoji": "Priya",
    "media.mime": "priya/raman",
    "media.media_id": "priya",
    "messages.kind": "priya",
    "entities.kind": "priya",
    "decisions.author": "Priya Raman",
    "participants.author": "member-priyaraman",
    "authors.alias": "Priya Raman",
    "exports.export_id": "priya",
}


@pytest.mark.parametrize("place", FORMS)
def test_a_value_that_has_not_the_form_of_its_column_is_seen(published: Settings, place: str) -> None:
    table, column = place.split(".")
    with duckdb.connect(str(published.snapshot_path)) as fault:
        fault.execute(f"INSERT INTO {table} ({column}) VALUES (?)", [FORMS[place]])
    with open_warehouse(published) as connection:
        assert not publish_verify.every_value_has_its_form(connection, published).passed or (
            not publish_verify.no_private_names_published(connection, published).passed
        )


def rename_folder(home: Settings) -> None:
    (home.posts / "garden-club").rename(home.posts / "priya-raman")


def rename_post(home: Settings) -> None:
    [post, *_] = home.posts.glob("*/*.md")
    post.rename(post.with_name("2024-03-13-0900-priya-raman-abcdef12.md"))


def text_in_folder(home: Settings) -> None:
    (home.posts / "garden-club" / "priya.txt").write_text("Priya Raman")


def file_beside_the_snapshot(home: Settings) -> None:
    (home.published / "notes.md").write_text("Priya Raman")


@pytest.mark.parametrize("plant", [rename_folder, rename_post, text_in_folder, file_beside_the_snapshot])
def test_a_file_or_folder_that_is_not_ours_is_seen(published: Settings, plant: Callable[[Settings], None]) -> None:
    with open_warehouse(published) as connection:
        assert publish_verify.only_allowed_files(connection, published).passed
        plant(published)
        assert not publish_verify.only_allowed_files(connection, published).passed


@pytest.mark.parametrize("statement", ["CREATE TABLE more (text VARCHAR)", "ALTER TABLE messages ADD COLUMN more JSON"])
def test_a_text_that_is_not_on_the_allow_list_is_seen_in_both_public_files(published: Settings, statement: str) -> None:
    for path in (published.public_path, published.snapshot_path):
        with open_warehouse(published) as connection:
            assert publish_verify.only_allowed_tables(connection, published).passed
        before = path.read_bytes()
        with duckdb.connect(str(path)) as fault:
            fault.execute(statement)
        with open_warehouse(published) as connection:
            assert not publish_verify.only_allowed_tables(connection, published).passed
        path.write_bytes(before)


PLANTED = {
    "messages": in_table("clean_messages", "text", "clean_messages"),
    "documents": in_table("documents", "text", "documents"),
    "decisions": in_table("decisions", "text", "sidecars"),
}


REFUSED = [f"{table}{how}" for how in ("", " of a file that is made anew") for table in PLANTED]


@pytest.mark.parametrize("what", some_of(REFUSED, "documents", "decisions", "messages of a file that is made anew"))
def test_a_publication_that_would_show_something_private_is_refused(published: Settings, what: str) -> None:
    """Found in review: checks ran after publication, and the snapshot alone put a secret before readers and kept it there."""
    table, _, anew = what.partition(" ")
    before = published.snapshot_path.read_bytes()
    PLANTED[table](published, "ask Priya Raman or ghp_abcdefghijklmnop1234")
    with open_warehouse(published) as connection:
        if anew:
            connection.execute("INSERT INTO erasures VALUES ('a fault', 1, 1000)")
        with pytest.raises(PublicationRefused, match=table) as refused:
            publish(connection, published)
        assert "Priya" not in str(refused.value)
        assert "ghp_" not in str(refused.value)
    assert published.snapshot_path.read_bytes() == before
    assert b"ghp_" not in published.public_path.read_bytes()
    assert not list(published.home.glob(".public*"))
    with open_warehouse(published) as connection, pytest.raises(PublicationRefused):
        publish(connection, published)


def test_an_opt_out_takes_effect_though_publishing_is_refused(published: Settings) -> None:
    PLANTED["messages"](published, "ghp_abcdefghijklmnop1234")
    gone = with_privacy(published, opt_out=("Priya Raman",))
    with open_warehouse(gone) as connection:
        sync.refresh(connection, gone)
        assert withdraw(connection, gone) > 0
    assert b"which paint does" not in published.snapshot_path.read_bytes()


def test_each_text_that_is_published_is_asked_for(published: Settings) -> None:
    with open_warehouse(published) as connection:
        for check in ("only_allowed_tables", "every_value_has_its_form", "only_allowed_files"):
            verdict = getattr(publish_verify, check)(connection, published)
            assert verdict.passed, verdict
            assert getattr(publish_verify, check)(connection, published).passed


def test_all_items_are_there_to_leak(published: Settings) -> None:
    with open_warehouse(published) as connection:
        assert {table for table in ITEMS if rows(connection, f"SELECT 1 FROM {table} LIMIT 1")} == set(ITEMS)


OF_EACH_KIND = ("clean_messages", "documents", "decisions.text", "post file", "sidecar file", "snapshot")


@pytest.mark.parametrize("output", some_of(list(OUTPUTS), *OF_EACH_KIND))
def test_a_name_and_an_address_planted_in_an_output_fail_its_checks(published: Settings, output: str) -> None:
    where, plant = OUTPUTS[output]
    plant(published, "Priya Raman ana@example.org")
    assert failing(published) == {f"{where} no_unscrubbed_pii", f"{where} no_private_names_published"}
    assert showing(published) == {where}, "a failure is not forgotten"


@pytest.mark.parametrize("kind", SECRETS)
def test_each_kind_is_seen_in_a_table_and_in_files(published: Settings, kind: str) -> None:
    for output in ("clean_messages", "post file", "sidecar file", "snapshot"):
        OUTPUTS[output][1](published, SECRETS[kind])
    assert showing(published) == {"authors", "sidecar", "publish"}


def test_a_message_of_somebody_who_opted_out_is_seen_wherever_it_is_cited(published: Settings) -> None:
    with open_warehouse(published) as connection:
        connection.execute("UPDATE authors SET opted_out = true WHERE message_count = 1")
    assert failing(published) >= {"sidecar no_opted_out_text", "publish no_opted_out_text"}
    with open_warehouse(published) as connection:
        for table in ("documents", "decisions", "questions", "topics", "entities", "participants"):
            connection.execute(f"DELETE FROM {table}")
    assert "sidecar no_opted_out_text" in failing(published), "a file still cites it"
    with duckdb.connect(str(published.snapshot_path)) as fault:
        for table in ("messages", "authors", "decisions", "questions", "topics", "entities", "participants"):
            fault.execute(f"DELETE FROM {table}")
    assert "publish no_opted_out_text" in failing(published), "a document still rests on it"


def test_a_second_look_reads_nothing_and_writes_nothing(published: Settings) -> None:
    verdicts(published)
    before = published.warehouse_path.read_bytes()
    assert all(verdict.passed for verdict in verdicts(published).values())
    assert published.warehouse_path.read_bytes() == before


SAID: tuple[Line, ...] = (
    *LINES,
    (3, "Rui Costa", "Decided: Priya Raman pays by 4111 1111 1111 1111, ask ana@example.org"),
    (4, "Priya Raman", "does April know DE89 3704 0044 0532 0130 00?"),
)
PRIVATE = ("4111 1111 1111 1111", "ana@example.org", "Priya Raman", "0532 0130")


def test_a_source_keeps_its_texts_only_as_long_as_it_may(settings: Settings) -> None:
    open_ = with_policy(settings, "keep")
    take_in(open_, *SAID)
    assert all(secret in published_texts(settings) for secret in PRIVATE)
    assert failing(open_) == set()
    assert pending(open_) == []
    assert pending(settings) != []
    take_in(settings)
    for secret in PRIVATE:
        assert secret not in published_texts(settings)
        assert secret.encode() not in published_bytes(settings)
    assert failing(settings) == set()


def test_another_source_is_scrubbed_though_one_is_kept(settings: Settings) -> None:
    loose = with_policy(settings, "keep")
    take_in(loose, *LINES)
    take_in(loose, *SAID, title="Book Club")
    assert not any(secret.encode() in published_bytes(settings) for secret in PRIVATE)
    assert failing(loose) == set()


def test_what_is_kept_is_a_leak_in_any_other_source(settings: Settings) -> None:
    loose = with_policy(settings, "keep")
    take_in(loose, *SAID)
    assert failing(settings) >= {
        "authors no_unscrubbed_pii",
        "documents no_unscrubbed_pii",
        "publish no_unscrubbed_pii",
    }


def test_a_name_that_becomes_known_later_leaves_the_profiles_of_a_source_that_keeps_its_texts(
    settings: Settings,
) -> None:
    """Found in review: profiles did not follow names, so their check stopped every later run, and with it every opt-out."""
    loose = with_policy(settings, "keep")
    tulips = [(10 + number, "Rui Costa", f"the tulip is number {number} this spring, a tulip") for number in range(6)]
    take_in(loose, *LINES, *tulips)
    assert b"ulip" in profile_bytes(settings)
    take_in(loose, *LINES, (1, "Tulip Jones", "here I am, as new as can be"), title="Book Club")
    assert b"ulip" not in profile_bytes(settings)
    assert failing(loose) == set()


def test_opt_outs_hold_where_texts_are_kept(settings: Settings) -> None:
    loose = with_policy(with_privacy(settings, opt_out=("Priya Raman",)), "keep")
    take_in(loose, *SAID)
    assert "ana@example.org" in published_texts(settings)
    assert "DE89" not in published_texts(settings), "it was said by somebody who opted out"
    assert b"Priya" not in published_bytes(settings)
    assert failing(loose) == set()


def aliases(settings: Settings) -> dict[str, str]:
    with open_warehouse(settings) as connection:
        sql = "SELECT raw_name, alias FROM private.author_names JOIN authors USING (author_id)"
        return dict(rows(connection, sql))


def texts(settings: Settings) -> list[str]:
    with open_warehouse(settings) as connection:
        return [text for (text,) in rows(connection, "SELECT text FROM clean_messages ORDER BY local_time, position")]


NAMED: tuple[Line, ...] = (
    *LINES,
    (3, "Rui Costa", "ask PRIYA, Rui Costa,Rui and april or 07700 900862"),
    (4, "Rui Costa", "April Reed knows"),
)


def test_a_name_becomes_the_alias_of_the_one_who_has_it(settings: Settings) -> None:
    under = with_policy(settings, "pseudonymise")
    take_in(under, *NAMED)
    called = aliases(settings)
    priya, rui, april = called["Priya Raman"], called["Rui Costa"], called["April Reed"]
    assert texts(settings)[3:] == [f"ask {priya}, {rui},{rui} and {april} or [phone]", f"{april} knows"]
    assert failing(under) == set()
    take_in(under, *NAMED, (9, "Priya Lund", "hello"), suffix=" (1)")
    assert texts(settings)[3] == f"ask [name], {rui},{rui} and {april} or [phone]", "two are called so"
    gone = with_privacy(under, opt_out=("Rui Costa",))
    take_in(gone, *NAMED)
    assert rui not in derived_texts_of(settings)
    assert rui.encode() not in published_bytes(settings)
    take_in(settings, *NAMED)
    assert april not in "".join(texts(settings))
    assert failing(settings) == set()


def derived_texts_of(settings: Settings) -> str:
    with open_warehouse(settings) as connection:
        return derived_texts(connection)


def test_an_alias_opens_no_way_for_names_like_it(settings: Settings) -> None:
    under = with_policy(settings, "pseudonymise")
    lines = (
        *LINES,
        (3, "Member", "hi"),
        (4, "Rui Costa", "Priya Raman saw the member, and Name too"),
        (5, "Name", "hi"),
    )
    take_in(under, *lines)
    called = aliases(settings)
    assert texts(settings)[4] == f"{called['Priya Raman']} saw the {called['Member']}, and {called['Name']} too"
    assert failing(under) == set()
    assert gate_changes(under) == gate.GateChanges()


def gate_changes(settings: Settings) -> gate.GateChanges:
    with open_warehouse(settings) as connection:
        return gate.refresh(connection, settings)


def test_aliases_are_no_topics_and_no_commits(settings: Settings) -> None:
    under = with_policy(settings, "pseudonymise")
    take_in(under, *LINES, *((n, "Rui Costa", f"Priya Raman waters {n} and Priya waters") for n in range(3, 12)))
    with open_warehouse(settings) as connection:
        labels = {label for (label,) in rows(connection, "SELECT label FROM topics")}
        assert "member" not in labels
        assert not rows(connection, "SELECT 1 FROM entities WHERE kind = 'commit'")
    assert b"Priya" not in post_bytes(settings)


def test_what_we_write_ourselves_is_no_leak(settings: Settings) -> None:
    """Headings, fields, days and ids stand in every file, and people may be called like any of them."""
    called = ("April Reed", "Title", "Evidence", "Decisions", "Conversation", "Link", "March", "Name", "Tags", "Media")
    marked = "*1\\. [x](y) _z_ `k` <b> & 12 | 3.5 \"quoted\" 'n' \\n C:\\new"
    said = [*NUMBERS, *ADDRESSES, *KEPT, *(f"{text}, does April or Title know?" for text in KEPT), marked]
    lines = tuple((n, called[n % len(called)], f"Decided: {text}" if n % 3 else text) for n, text in enumerate(said))
    take_in(settings, *lines)
    assert failing(settings) == set()


@pytest.mark.parametrize("pattern", ["*.md", "*.json"])
def test_a_name_in_the_slug_that_a_file_tells_is_seen(published: Settings, pattern: str) -> None:
    [path, *_] = published.posts.glob(f"*/{pattern}")
    path.write_text(path.read_text("utf-8").replace(path.stem, "2024-03-13-0900-priya-raman-abcdef12"), "utf-8")
    assert failing(published) == {"sidecar no_private_names_published"}
