"""What Dagster shows and does: the graph as it is drawn, each asset alone and all together, and checks that stop a run."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
import textwrap
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
from dagster_duckdb import DuckDBResource
from typer.testing import CliRunner

from egregora_assets import runs
from egregora_assets.cli import app
from egregora_assets.config import Settings
from egregora_assets.definitions import build_definitions, defs
from egregora_assets.warehouse.connection import WarehouseBusy, open_snapshot
from egregora_assets.warehouse.files import make_home, open_warehouse
from egregora_assets.warehouse.query import changed, rows, scalar
from egregora_assets.warehouse.resource import Warehouse
from egregora_assets.warehouse.revisions import transaction
from tests.chats import put_export
from tests.homes import make_ready_home
from tests.pictures import png
from tests.writers import another_process_writing

Materialize = Callable[..., dg.ExecuteInProcessResult]
AddExport = Callable[..., Path]

GRAPH = Path(__file__).with_name("graph.json")
MATERIALIZABLE = (
    "chat_exports",
    "messages",
    "authors",
    "clean_messages",
    "media",
    "message_media",
    "media_thumbnails",
    "media_duplicates",
    "media_public",
    "media_verification",
    "documents",
    "search_units",
    "lexical_index",
    "embeddings",
    "hnsw_index",
    "language_model_answers",
    "sidecars",
    "conversation_ranking",
    "outcome_pages",
    "author_profiles",
    "search_snapshot",
    "snapshot",
    "git_repos",
    "git_refs",
    "git_commits",
    "git_file_changes",
    "git_timeline",
    "git_line_counts",
    "code_references",
)
ON_DEMAND = {"git_line_counts", "media_verification"}
"""What ``refresh_all`` does not make."""
OF_SEVERAL = {
    **dict.fromkeys(("git_repos", "git_refs", "git_commits", "git_file_changes", "git_timeline"), "git_history"),
    **dict.fromkeys(("media", "message_media"), "media_files"),
}
"""Which step makes those assets that are made together."""
CHAT = """\
13/02/2024, 10:00 - Ana: hello
13/02/2024, 10:01 - Bo: hi, shall we meet?
13/02/2024, 10:02 - Cy: Decided: we meet on Friday
13/02/2024, 10:03 - Dee: /egregora opt-out
"""
MESSAGES = 4


def tamper(settings: Settings, insertion: str) -> None:
    """Put rows into the warehouse that no asset would, as a change with a revision of its own: ``?`` in ``insertion``."""
    with open_warehouse(settings) as connection, transaction(connection, "test") as change:
        changed(connection, insertion, [change.revision])


@dataclass(frozen=True)
class FirstRun:
    """A home in which the whole graph was made once, from one export, and what Dagster told of it."""

    settings: Settings
    result: dg.ExecuteInProcessResult
    told_to_another_writer: str
    """The error of a process that wrote the warehouse as soon as the run had ended, nothing that it made staying there."""


@pytest.fixture(scope="module")
def first_run(tmp_path_factory: pytest.TempPathFactory) -> FirstRun:
    """No test may change this home; ``made_before`` is a copy for those that do."""
    settings = Settings(home=tmp_path_factory.mktemp("first_run") / "home", timezone="UTC")
    make_home(settings)
    put_export(settings, "Garden Club", CHAT)
    job = build_definitions(warehouse=Warehouse(home=str(settings.home))).resolve_job_def("refresh_all")
    with pytest.MonkeyPatch.context() as patch, dg.DagsterInstance.ephemeral() as instance:
        patch.setenv("EGREGORA_TIMEZONE", "UTC")
        result = job.execute_in_process(instance=instance)
        code = "import duckdb, sys; duckdb.connect(sys.argv[1]).execute('BEGIN; CREATE TABLE mine (i INT); ROLLBACK')"
        written = subprocess.run(
            [sys.executable, "-c", code, str(settings.warehouse_path)], capture_output=True, text=True, check=False
        )
    return FirstRun(settings, result, written.stderr)


@pytest.fixture
def made_before(settings: Settings, first_run: FirstRun) -> Settings:
    """The test's own home, in which the whole graph was made once."""
    shutil.copytree(first_run.settings.home, settings.home, dirs_exist_ok=True)
    return settings


def graph_of(definitions: dg.Definitions) -> dict[str, Any]:
    """Return all that a reader of the graph can see, in plain values."""
    graph = definitions.resolve_asset_graph()
    keys = sorted(graph.get_all_asset_keys(), key=lambda key: key.to_user_string())
    nodes = {key.to_user_string(): graph.get(key) for key in keys}
    checks = {key: graph.get_check_spec(key) for key in sorted(graph.asset_check_keys, key=str)}
    return {
        "assets": {
            name: {
                "deps": sorted(parent.to_user_string() for parent in node.parent_keys),
                "group": node.group_name,
                "kinds": sorted(node.kinds),
                "owners": list(node.owners),
                "pools": sorted(node.pools or []),
                "code_version": node.code_version,
                "automation": node.automation_condition.get_label() if node.automation_condition else None,
                "checks": {
                    key.name: "blocking" if spec.blocking else "reports"
                    for key, spec in checks.items()
                    if key.asset_key == node.key
                },
            }
            for name, node in nodes.items()
        },
        "jobs": sorted(job.name for job in definitions.jobs or []),
        "schedules": sorted(schedule.name for schedule in definitions.schedules or []),
        "sensors": sorted(sensor.name for sensor in definitions.sensors or []),
    }


def metadata_of(result: dg.ExecuteInProcessResult, asset: str) -> dict[str, Any]:
    return {name: value.value for name, value in materialization_of(result, asset).metadata.items()}


def version_of(result: dg.ExecuteInProcessResult, asset: str) -> str | None:
    return (materialization_of(result, asset).tags or {}).get("dagster/data_version")


def materialization_of(result: dg.ExecuteInProcessResult, asset: str) -> dg.AssetMaterialization:
    node = OF_SEVERAL.get(asset, asset)
    (found,) = [one for one in result.asset_materializations_for_node(node) if one.asset_key == dg.AssetKey(asset)]
    return found


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def made(result: dg.ExecuteInProcessResult) -> set[str]:
    return {
        event.asset_key.to_user_string()
        for event in result.all_events
        if event.is_step_materialization and event.asset_key
    }


def test_the_code_location_loads_in_a_fresh_interpreter_and_reads_neither_environment_nor_disk(tmp_path: Path) -> None:
    code = """
        import os, sys
        import dagster, dagster_duckdb, duckdb, pyarrow, pydantic_settings, tzlocal  # what those read is their affair

        touched = []

        class Watched(type(os.environ)):
            def __getitem__(self, key):
                if key.startswith(("EGREGORA", "DAGSTER_HOME")):
                    touched.append(f"variable {key}")
                return super().__getitem__(key)

        def watch(event, arguments):
            if event == "open" and isinstance(arguments[0], str) and not arguments[0].endswith((".py", ".pyc", ".so")):
                touched.append(f"file {arguments[0]}")

        os.environ.__class__ = Watched
        sys.addaudithook(watch)
        from egregora_assets.definitions import defs
        dagster.Definitions.validate_loadable(defs())
        print(touched)
    """
    environment = {
        "PATH": os.environ["PATH"],
        "EGREGORA_HOME": "/nowhere",
        "EGREGORA_TIMEZONE": "nonsense",
        "PYTHONDONTWRITEBYTECODE": "1",
    }

    loaded = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code)],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )

    assert loaded.returncode == 0, loaded.stderr
    assert loaded.stdout.strip() == "[]"
    assert list(tmp_path.iterdir()) == []


def test_the_graph_is_the_one_agreed_upon() -> None:
    """A changed graph is a change for everybody who has a memory: look at it, then EGREGORA_UPDATE_GRAPH=1 accepts it."""
    graph = graph_of(defs())
    if os.environ.get("EGREGORA_UPDATE_GRAPH"):
        GRAPH.write_text(json.dumps(graph, indent=1) + "\n")

    assert graph == json.loads(GRAPH.read_text())


def test_every_asset_and_check_says_what_it_is() -> None:
    definitions = defs()
    graph = definitions.resolve_asset_graph()

    for node in (graph.get(key) for key in graph.get_all_asset_keys()):
        assert node.description, node.key
        assert node.owners, node.key
        assert node.kinds, node.key
        assert node.group_name != "default", node.key
    for key in graph.asset_check_keys:
        assert graph.get_check_spec(key).description, key
    for named in (*(definitions.jobs or []), *(definitions.schedules or []), *(definitions.sensors or [])):
        assert getattr(named, "description", None) or named.name == "automation", named.name


@pytest.mark.parametrize("asset", MATERIALIZABLE)
def test_each_asset_can_be_made_alone_even_on_an_empty_home(
    materialize: Materialize, settings: Settings, add_export: AddExport, asset: str
) -> None:
    make_ready_home(settings)
    add_export("Garden Club", CHAT)

    result = materialize(asset)

    assert result.success
    assert made(result) == {asset}


def test_making_messages_alone_takes_in_what_is_new_without_any_config(
    materialize: Materialize, add_export: AddExport
) -> None:
    add_export("Garden Club", CHAT)

    metadata = metadata_of(materialize("messages"), "messages")

    assert metadata["dagster/row_count"] == metadata["added"] == MESSAGES


def test_nothing_that_dagster_keeps_tells_the_title_of_a_chat(first_run: FirstRun) -> None:
    """Found in review: previews showed ids made of titles, and the event log outlives the day on which one names somebody."""
    kept = " ".join(
        str(value.value)
        for name in MATERIALIZABLE
        if name not in ON_DEMAND
        for key, value in materialization_of(first_run.result, name).metadata.items()
    )
    kept += " ".join(
        f"{check.description} {check.metadata}" for check in first_run.result.get_asset_check_evaluations()
    )
    assert "| text |" in kept, "there are previews"
    assert "garden" not in kept.lower()


def test_a_run_makes_what_leads_to_search_before_all_else(first_run: FirstRun) -> None:
    begun = [event.step_key for event in first_run.result.all_events if event.event_type_value == "STEP_START"]
    before = set(begun[: begun.index("search_snapshot")])
    assert {"clean_messages_blocking_checks", "documents", "embeddings", "lexical_index", "hnsw_index"} <= before
    assert before.isdisjoint({"git_history", "media_files", "code_references", "sidecars", "snapshot"})


def test_the_whole_graph_again_adds_nothing(
    materialize: Materialize, first_run: FirstRun, made_before: Settings
) -> None:
    first, settings = first_run.result, made_before
    shown = contents(settings.published)

    second = materialize()
    kept = contents(settings.home)
    third = materialize()

    assert all(run.success for run in (first, second, third))
    assert made(first) == made(second) == made(third) == set(MATERIALIZABLE) - ON_DEMAND
    assert all(check.passed for check in third.get_asset_check_evaluations())
    assert metadata_of(second, "messages")["added"] == 0
    for name in made(first):
        assert metadata_of(second, name)["dagster/row_count"] == metadata_of(first, name)["dagster/row_count"], name
        assert version_of(third, name) == version_of(second, name), name
    assert contents(settings.published) == shown
    assert contents(settings.home) == kept, (
        "from the second time on, when all checks have seen all, not a byte is written"
    )


def test_a_message_id_that_stands_twice_stops_everything_after_it(
    materialize: Materialize, made_before: Settings
) -> None:
    shown = made_before.snapshot_path.read_bytes()
    tamper(made_before, "INSERT INTO messages SELECT * REPLACE (? AS revision) FROM messages LIMIT 1")

    result = materialize()

    (failed,) = [check for check in result.get_asset_check_evaluations() if not check.passed and check.blocking]
    assert failed.check_name == "unique_message_ids"
    assert not result.success
    assert made(result) - OF_SEVERAL.keys() == {"chat_exports", "messages"}
    assert made_before.snapshot_path.read_bytes() == shown


def test_an_opt_out_reaches_the_snapshot_though_a_check_stops_all_else(
    materialize: Materialize, made_before: Settings
) -> None:
    with open_snapshot(made_before) as snapshot:
        assert rows(snapshot, "SELECT 1 FROM messages WHERE text = 'hello'")
    (made_before.home / "egregora.toml").write_text('[privacy]\nopt_out = ["Ana"]\n')
    (made_before.posts / "stray").mkdir()
    (made_before.posts / "stray" / "leak.md").write_text("write to somebody@example.org")

    result = materialize()

    assert "no_unscrubbed_pii" in {
        check.check_name for check in result.get_asset_check_evaluations() if not check.passed
    }
    assert "snapshot" not in made(result)
    with open_snapshot(made_before) as snapshot:
        assert not rows(snapshot, "SELECT 1 FROM messages WHERE text = 'hello'")


def test_a_message_of_somebody_who_opted_out_stops_everything_after_the_gate(
    materialize: Materialize, made_before: Settings
) -> None:
    shown = made_before.snapshot_path.read_bytes()
    tamper(
        made_before,
        "INSERT INTO clean_messages BY NAME SELECT message_id, source_id, local_time::DATE AS local_date, local_time, sent_at, "
        "author_id, kind, text, is_edited, position, ? AS revision "
        "FROM messages SEMI JOIN (FROM authors WHERE opted_out) USING (author_id) LIMIT 1",
    )

    result = materialize()

    assert [check.check_name for check in result.get_asset_check_evaluations() if not check.passed] == [
        "no_opted_out_messages"
    ]
    assert not result.success
    assert not made(result) & {"documents", "sidecars", "snapshot"}
    assert made_before.snapshot_path.read_bytes() == shown


def test_what_is_told_to_dagster_has_no_word_and_no_name(settings: Settings, tmp_path: Path) -> None:
    """Dagster's event log outlives an opt-out, so nothing may be in it that would have to be taken back."""
    secrets = [
        "Zanzibella",
        "Fiddlesworth",
        "xylophone",
        "marmalade",
        "passport",
        "Nightshade",
        "Wolfram",
        "quicksilver",
    ]
    lines = [
        "13/02/2024, 10:00 - Zanzibella Quux: the xylophone is at zq@marmalade.example",
        "13/02/2024, 10:01 - Orlando Fiddlesworth: quicksilver? Decided: xylophone on Friday",
        "13/02/2024, 10:02 - Zanzibella Quux: passport of Zanzibella.jpg (file attached)",
        "13/02/2024, 10:03 - Orlando Fiddlesworth: \ufffd xylophone\x00",
    ]
    with zipfile.ZipFile(settings.inbox / "WhatsApp Chat with Zanzibella Quux.zip", "w") as archive:
        archive.writestr("WhatsApp Chat with Zanzibella Quux.txt", "\n".join(lines).encode() + b"\nmarmalade \xff\n")
        archive.writestr("passport of Zanzibella.jpg", b"\xff\xd8\xff")
        archive.writestr("../passport of Fiddlesworth.jpg", b"\xff\xd8\xff")
    (settings.inbox / "WhatsApp Chat with Perpetua Nightshade.zip").write_bytes(b"PK\x03\x04 broken")
    (settings.inbox / "WhatsApp Chat with Wolfram.txt").write_text("01/02/2024, 10:00 - Wolfram: marmalade\n")
    (settings.home / "egregora.toml").write_text('[privacy]\nopt_out = ["Wolfram Unmatched"]\n')

    run = CliRunner().invoke(app, ["ingest", "--home", str(settings.home)], env={"DAGSTER_HOME": None})

    assert run.exit_code == 0, run.output
    held = {path: path.read_bytes() for path in settings.dagster_home.rglob("*") if path.is_file()}
    assert any(b"row_count" in content for content in held.values()), "the events are in these files"
    found = {
        f"{secret} in {path.relative_to(settings.home)}"
        for path, content in held.items()
        for secret in secrets
        if secret.encode() in content
    }
    assert found == set()


def test_a_step_that_fails_lets_go_of_the_warehouse(settings: Settings, instance: dg.DagsterInstance) -> None:
    @dg.asset
    def failing(warehouse: Warehouse) -> None:
        with warehouse.writer() as connection:
            connection.execute("BEGIN")
            connection.execute("SELECT no_such_column FROM messages")

    resource = Warehouse(home=str(settings.home))
    result = dg.materialize([failing], instance=instance, resources={"warehouse": resource}, raise_on_error=False)

    assert not result.success
    code = "import duckdb, sys; duckdb.connect(sys.argv[1]).execute('CREATE TABLE mine (i INT)')"
    subprocess.run([sys.executable, "-c", code, str(settings.warehouse_path)], check=True)


def test_a_run_lets_go_of_the_warehouse_when_it_ends(first_run: FirstRun) -> None:
    assert first_run.result.success
    assert first_run.told_to_another_writer == ""


def test_the_warehouse_serves_where_a_duckdb_resource_is_asked_for(
    settings: Settings, instance: dg.DagsterInstance
) -> None:
    @dg.asset
    def counted(warehouse: DuckDBResource) -> dg.MaterializeResult[Any]:
        with warehouse.get_connection() as connection:
            return dg.MaterializeResult(metadata={"rows": scalar(connection, "SELECT count(*) FROM messages")})

    result = dg.materialize([counted], instance=instance, resources={"warehouse": Warehouse(home=str(settings.home))})

    assert metadata_of(result, "counted") == {"rows": 0}


def test_a_busy_warehouse_fails_the_step_with_the_holder(
    settings: Settings, instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EGREGORA_WAREHOUSE__LOCK_WAIT_SECONDS", "0.1")
    with another_process_writing(settings.home) as holder, pytest.raises(WarehouseBusy) as busy:
        build_definitions(warehouse=Warehouse(home=str(settings.home))).resolve_job_def(
            "refresh_all"
        ).execute_in_process(instance=instance)
    assert busy.value.pid == holder.pid


def test_a_run_that_finds_the_warehouse_busy_on_its_way_says_so_in_words(
    settings: Settings, instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EGREGORA_WAREHOUSE__LOCK_WAIT_SECONDS", "0.1")
    job = build_definitions(warehouse=Warehouse(home=str(settings.home))).resolve_job_def("refresh_all")
    with another_process_writing(settings.home) as holder:
        summary = runs._summary(job.execute_in_process(instance=instance, raise_on_error=False))
    assert summary.failures
    assert all(f"is in use by process {holder.pid}" in told for told in summary.failures)
    assert not any("IOException" in told for told in summary.failures)


def test_the_snapshot_shows_what_the_graph_has_made(first_run: FirstRun) -> None:
    metadata = metadata_of(first_run.result, "snapshot")

    assert metadata["path"] == str(first_run.settings.snapshot_path)
    with open_snapshot(first_run.settings) as snapshot:
        assert {kind for (kind,) in rows(snapshot, "SELECT DISTINCT kind FROM messages")} == {"text"}
        assert scalar(snapshot, "SELECT count(*) FROM messages") == MESSAGES - 1


@pytest.mark.slow
def test_thumbnails_go_with_an_opt_out_and_come_back_with_an_opt_in(
    materialize: Materialize, settings: Settings
) -> None:
    talk = (
        "13/02/2024, 10:00 - Ana: IMG-1.png (file attached)\n13/02/2024, 10:01 - Ana: IMG-2.png (file attached)\n"
        "13/02/2024, 10:02 - Bo: IMG-2.png (file attached)\n"
    )
    pictures = {f"IMG-{number}.png": png(number) for number in (1, 2)}
    alone, both = (hashlib.sha256(content).hexdigest() for content in pictures.values())
    put_export(settings, "Garden Club", talk, media=pictures)
    for opted_out, expected in (("", {alone, both}), ('"Ana"', {both}), ("", {alone, both})):
        (settings.home / "egregora.toml").write_text(f"[privacy]\nopt_out = [{opted_out}]\n")
        result = materialize()
        assert result.success
        assert all(check.passed for check in result.get_asset_check_evaluations())
        derived = (settings.media_store / "derived").rglob("*")
        assert {path.name for path in derived if path.is_file()} == expected
