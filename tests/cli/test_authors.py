"""`egregora authors`: who is in the memory, and how its owner takes people out of what is published."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import Result

from egregora_assets.authors import sync
from egregora_assets.chat.ingest import ingest
from egregora_assets.config import load_settings
from egregora_assets.publish.snapshot import publish
from egregora_assets.warehouse.files import open_warehouse
from egregora_assets.warehouse.query import rows
from tests.chats import published_bytes
from tests.cli.conftest import TAKEN_IN
from tests.cli.exports import export

Cli = Callable[..., Result]
SAID = b"quotes"
LONG = "lanterns drift over the whispering marsh"
SETTINGS = "# mine\ntimezone = 'UTC'   # where the phone lived\n\n[privacy]\nscrub_names = true # yes\n"


@pytest.fixture
def settings_file(home_taken_in: Path) -> Path:
    path = home_taken_in / "egregora.toml"
    path.write_text(SETTINGS)
    return path


def publish_again(home: Path) -> bytes:
    settings = load_settings(home)
    with open_warehouse(settings) as connection:
        publish(connection, settings)
    return published_bytes(settings)


def test_authors_are_listed_under_pseudonyms_and_by_name_only_where_asked(cli: Cli, home_taken_in: Path) -> None:
    listed, named = cli("authors", "list"), cli("authors", "list", "--names")
    assert listed.exit_code == named.exit_code == 0
    assert listed.stdout.count("member-") == 3
    assert "Ana" not in listed.stdout
    assert "Ana" in named.stdout


def test_who_is_put_on_the_list_vanishes_and_comes_back(cli: Cli, settings_file: Path) -> None:
    home = settings_file.parent
    assert SAID in publish_again(home)

    out = cli("authors", "opt-out", "  cY ", "--later")
    assert (out.exit_code, "cY" in out.stdout) == (0, True)
    assert settings_file.read_text().startswith("# mine\ntimezone = 'UTC'   # where the phone lived\n")
    assert "scrub_names = true # yes" in settings_file.read_text()
    assert SAID not in publish_again(home)
    assert "already" in cli("authors", "opt-out", "Cy", "--later").stdout

    assert cli("authors", "opt-in", "Cy", "--later").exit_code == 0
    assert SAID in publish_again(home)
    assert "None of them" in cli("authors", "opt-in", "Cy", "--later").stdout


def test_a_pseudonym_stands_for_all_names_of_the_person(cli: Cli, settings_file: Path) -> None:
    with open_warehouse(load_settings(settings_file.parent)) as connection:
        ((pseudonym,),) = rows(
            connection, "SELECT alias FROM authors JOIN private.author_names USING (author_id) WHERE raw_name = 'Cy'"
        )
    assert cli("authors", "opt-out", pseudonym.upper(), "--later").exit_code == 0
    assert load_settings(settings_file.parent).privacy.opt_out == ("Cy",)
    assert "already" in cli("authors", "opt-out", pseudonym, "--later").stdout

    unknown = cli("authors", "opt-out", "member-0000000000", "--later")
    assert unknown.exit_code == 1
    assert "member-0000000000" in unknown.stderr


def test_an_opt_out_runs_the_graph_unless_told_to_wait(cli: Cli, home_taken_in: Path) -> None:
    assert SAID in published_bytes(load_settings(home_taken_in))
    result = cli("authors", "opt-out", "Cy")
    assert result.exit_code == 0, result.output
    assert SAID not in published_bytes(load_settings(home_taken_in))


def test_without_a_settings_file_one_is_made(cli: Cli, home_taken_in: Path) -> None:
    path = home_taken_in / "egregora.toml"
    path.unlink(missing_ok=True)
    assert cli("authors", "opt-out", 'Q"uote', "--later").exit_code == 0
    assert path.stat().st_mode & 0o077 == 0
    assert load_settings(home_taken_in).privacy.opt_out == ('Q"uote',)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("[privacy\n", "not valid TOML"),
        ("[privacy]\nopt_out = 7\n", "opt_out"),
        ("privacy = 3\n", "privacy"),
    ],
)
def test_a_settings_file_that_cannot_be_changed_is_left_alone(
    cli: Cli, settings_file: Path, text: str, told: str
) -> None:
    settings_file.write_text(text)
    result = cli("authors", "opt-out", "Cy", "--later")
    assert (result.exit_code, told in result.stderr) == (1, True)
    assert settings_file.read_text() == text


def test_a_list_in_the_environment_is_not_changed_behind_its_back(
    cli: Cli, settings_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EGREGORA_PRIVACY__OPT_OUT", '["Bo"]')
    result = cli("authors", "opt-out", "Cy", "--later")
    assert (result.exit_code, "environment" in result.stderr) == (1, True)
    assert settings_file.read_text() == SETTINGS


def test_the_erasure_report_tells_what_was_searched_and_what_is_left(cli: Cli, settings_file: Path) -> None:
    home, settings = settings_file.parent, load_settings(settings_file.parent)
    export(settings.inbox / "WhatsApp Chat with Garden Club (1).zip", f"{TAKEN_IN}13/02/2024, 10:03 - Cy: {LONG}\n")
    with open_warehouse(settings) as connection:
        ingest(connection, settings)
        publish(connection, settings)
    assert cli("authors", "opt-out", "Cy", "--later").exit_code == 0
    before = cli("authors", "erasure-report")
    assert before.exit_code == 0, "nobody has opted out yet as far as the warehouse knows"
    with open_warehouse(load_settings(home)) as connection:
        sync.refresh(connection, load_settings(home))
    left = cli("authors", "erasure-report")
    assert (left.exit_code, "published/snapshot.duckdb" in left.stdout) == (1, True)
    publish_again(home)
    gone = cli("authors", "erasure-report")
    assert (gone.exit_code, "Nothing is left" in gone.stdout) == (0, True)
