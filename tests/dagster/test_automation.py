"""What Dagster does by itself: looks at the inbox, follows new messages, runs at night, and says what to do about failures."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import dagster as dg
import pytest

from egregora_assets.chat.automation import inbox_sensor, nightly
from egregora_assets.chat.ingest import ingest
from egregora_assets.config import Settings
from egregora_assets.definitions import build_definitions
from egregora_assets.documents import windows
from egregora_assets.git_history.automation import git_sensor
from egregora_assets.runs import prepare_home
from egregora_assets.warehouse.automation import killed_runs, run_failure_advice
from egregora_assets.warehouse.files import open_warehouse
from egregora_assets.warehouse.processes import is_gone, this_process
from egregora_assets.warehouse.query import rows
from egregora_assets.warehouse.resource import PROCESS_TAG, Warehouse
from tests.chats import BEGINNING, chat, put_export
from tests.git_history.repositories import grow, history

Tick = Callable[[], dg.SensorResult]
DERIVED = (
    "authors",
    "clean_messages",
    "media",
    "message_media",
    "media_thumbnails",
    "media_duplicates",
    "media_public",
    "documents",
    "sidecars",
    "conversation_ranking",
    "outcome_pages",
    "author_profiles",
    "snapshot",
)


@pytest.fixture
def tick(settings: Settings, instance: dg.DagsterInstance) -> Tick:
    """Let the inbox sensor look once more, with the cursor of its last look."""
    cursor: list[str | None] = [None]

    def look() -> dg.SensorResult:
        with dg.build_sensor_context(
            instance=instance, cursor=cursor[0], resources={"warehouse": Warehouse(home=str(settings.home))}
        ) as context:
            result = inbox_sensor(context)
        assert isinstance(result, dg.SensorResult)
        cursor[0] = result.cursor
        return result

    return look


def requests(result: dg.SensorResult) -> int:
    return len(result.run_requests or [])


def test_an_empty_inbox_asks_for_nothing(tick: Tick) -> None:
    result = tick()

    assert requests(result) == 0
    assert result.skip_reason


def test_a_home_that_is_not_there_yet_asks_for_nothing(home: Path, instance: dg.DagsterInstance) -> None:
    with dg.build_sensor_context(instance=instance, resources={"warehouse": Warehouse(home=str(home))}) as context:
        result = inbox_sensor(context)

    assert isinstance(result, dg.SensorResult)
    assert requests(result) == 0
    assert not home.exists()


def test_a_file_is_asked_for_once_when_its_size_has_settled(tick: Tick, settings: Settings) -> None:
    copying = settings.inbox / "chat.zip"
    looks = []
    for content in (b"half", b"half and more", b"half and more"):
        if not copying.exists() or copying.read_bytes() != content:
            copying.write_bytes(content)
        looks.append(requests(tick()))

    assert looks == [0, 0, 1]
    assert [requests(tick()), requests(tick())] == [0, 0]


def test_several_files_are_one_run(tick: Tick, settings: Settings) -> None:
    for name in ("a.zip", "b.zip", "c.txt"):
        (settings.inbox / name).write_bytes(b"x")

    assert [requests(tick()), requests(tick()), requests(tick())] == [0, 1, 0]


def test_a_changed_file_is_asked_for_again(tick: Tick, settings: Settings) -> None:
    (settings.inbox / "chat.zip").write_bytes(b"first")
    assert [requests(tick()), requests(tick())] == [0, 1]

    (settings.inbox / "chat.zip").write_bytes(b"second, longer")

    assert [requests(tick()), requests(tick()), requests(tick())] == [0, 1, 0]


def test_a_file_that_was_taken_away_and_comes_back_is_asked_for_again(tick: Tick, settings: Settings) -> None:
    path = settings.inbox / "chat.zip"
    path.write_bytes(b"x")
    assert [requests(tick()), requests(tick())] == [0, 1]

    path.rename(settings.home / "elsewhere")
    assert requests(tick()) == 0
    (settings.home / "elsewhere").rename(path)

    assert [requests(tick()), requests(tick()), requests(tick())] == [0, 1, 0]


def test_dagster_is_told_no_name_of_a_file(tick: Tick, settings: Settings) -> None:
    """It keeps the tags of runs and the sensor's cursor; a chat between two is called like one of them."""
    (settings.inbox / "WhatsApp Chat with Zanzibella.zip").write_bytes(b"x")

    told = f"{tick()} {tick()} {tick()}"

    assert "Zanzibella" not in told


def test_a_repository_is_read_when_a_branch_has_moved_and_only_then(
    home: Path, instance: dg.DagsterInstance, tmp_path: Path
) -> None:
    history(tmp_path / "garden", 5, 1)
    home.mkdir()
    (home / "egregora.toml").write_text(f'[[repositories]]\npath = "{tmp_path / "garden"}"\n')
    cursor = None
    asked = []
    for grows in (False, False, True, False):
        if grows:
            grow(tmp_path / "garden", 1, 2)
        resources = {"warehouse": Warehouse(home=str(home))}
        with dg.build_sensor_context(instance=instance, cursor=cursor, resources=resources) as context:
            result = git_sensor(context)
        assert isinstance(result, dg.SensorResult)
        cursor = result.cursor
        asked.append(requests(result))
    assert asked == [1, 0, 1, 0]


def test_a_home_without_repositories_asks_for_no_reading(home: Path, instance: dg.DagsterInstance) -> None:
    with dg.build_sensor_context(instance=instance, resources={"warehouse": Warehouse(home=str(home))}) as context:
        result = git_sensor(context)
    assert isinstance(result, dg.SensorResult)
    assert requests(result) == 0
    assert not home.exists()


def test_what_is_derived_follows_new_messages(settings: Settings, instance: dg.DagsterInstance) -> None:
    definitions = build_definitions(warehouse=Warehouse(home=str(settings.home)))
    before = dg.evaluate_automation_conditions(definitions, instance=instance)
    assert before.total_requested == 0
    for name in ("chat_exports", "messages"):
        instance.report_runless_asset_event(dg.AssetMaterialization(name))

    after = dg.evaluate_automation_conditions(definitions, instance=instance, cursor=before.cursor)

    assert {name: after.get_num_requested(dg.AssetKey(name)) for name in DERIVED} == dict.fromkeys(DERIVED, 1)
    assert after.get_num_requested(dg.AssetKey("messages")) == 0


def test_a_whole_run_leaves_nothing_for_the_conditions_to_do(
    definitions: dg.Definitions, instance: dg.DagsterInstance
) -> None:
    before = dg.evaluate_automation_conditions(definitions, instance=instance)
    assert definitions.resolve_job_def("refresh_all").execute_in_process(instance=instance).success

    after = dg.evaluate_automation_conditions(definitions, instance=instance, cursor=before.cursor)

    assert after.total_requested == 0


def test_every_night_the_whole_graph_is_made(definitions: dg.Definitions) -> None:
    assert nightly.cron_schedule == "0 3 * * *"
    assert nightly.default_status is dg.DefaultScheduleStatus.RUNNING
    assert definitions.resolve_schedule_def("nightly").job_name == "refresh_all"


def test_the_conversations_of_one_month_can_be_made_again(
    settings: Settings, definitions: dg.Definitions, instance: dg.DagsterInstance
) -> None:
    put_export(settings, "Garden Club", chat((0, "Ana Lima", "hello"), (60_000, "Rui Costa", "hi")))
    with open_warehouse(settings) as connection:
        ingest(connection, settings)
        windows.refresh(connection, settings)
        connection.execute("DELETE FROM documents WHERE month = ?", [BEGINNING.date().replace(day=1)])
    job = definitions.resolve_job_def("documents_of_month")
    assert job.execute_in_process(instance=instance, partition_key=f"{BEGINNING:%Y-%m}").success
    with open_warehouse(settings) as connection:
        texts = rows(connection, "SELECT text FROM documents ORDER BY window_start")
    assert texts == [("09:00 A: hello",), ("01:00 A: hi",)]


def test_a_failed_run_is_followed_by_advice(
    settings: Settings, instance: dg.DagsterInstance, capfd: pytest.CaptureFixture[str]
) -> None:
    settings.key_path.write_text("not a key")
    settings.key_path.chmod(0o644)
    (settings.inbox / "chat.txt").write_text("13/02/2024, 10:00 - Ana: hello\n")
    definitions = build_definitions(warehouse=Warehouse(home=str(settings.home)))
    failed = definitions.resolve_job_def("refresh_all").execute_in_process(instance=instance, raise_on_error=False)
    assert not failed.success
    (failure,) = [event for event in failed.all_events if event.event_type_value == "PIPELINE_FAILURE"]
    context = dg.build_run_status_sensor_context(
        sensor_name="run_failure_advice",
        dagster_instance=instance,
        dagster_run=failed.dagster_run,
        dagster_event=failure,
    ).for_run_failure()
    capfd.readouterr()

    run_failure_advice(context)

    told = "".join(capfd.readouterr())
    assert failed.run_id in told
    assert "secret.key" in told


def test_a_run_whose_process_is_gone_is_ended_and_a_living_one_is_not(
    definitions: dg.Definitions, instance: dg.DagsterInstance
) -> None:
    ended = subprocess.run(
        [sys.executable, "-c", "from egregora_assets.warehouse.processes import this_process; print(this_process())"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout.strip()
    job = definitions.resolve_job_def("refresh_all")
    under_way = {
        process: instance.create_run_for_job(
            job, status=dg.DagsterRunStatus.STARTED, tags={PROCESS_TAG: process}
        ).run_id
        for process in (ended, this_process(), ended.replace(":", "-of-another-machine:"))
    }

    killed_runs(dg.build_sensor_context(instance=instance))

    states = {process: instance.get_run_by_id(run_id) for process, run_id in under_way.items()}
    assert is_gone(ended)
    assert [run.status.value for run in states.values() if run] == ["FAILURE", "STARTED", "STARTED"]


def test_the_instance_of_a_home_takes_one_writer_at_a_time_and_tells_nobody(settings: Settings) -> None:
    prepare_home(settings)

    with dg.DagsterInstance.from_config(str(settings.dagster_home)) as instance:
        pools = instance.get_concurrency_config().pool_config
        assert pools.default_pool_limit == 1
        assert pools.pool_granularity
        assert pools.pool_granularity.value == "run"
        assert instance.get_settings("sensors")["use_threads"] is True
        assert instance.telemetry_enabled is False
        assert instance.nux_enabled is False
        assert type(instance.run_coordinator).__name__ == "QueuedRunCoordinator"
