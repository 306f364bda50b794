"""One process writes at a time and the others are told who; what readers open can do nothing but be read."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import duckdb
import pytest

import egregora_assets
from egregora_assets.config import Settings, WarehouseSettings
from egregora_assets.publish.snapshot import publish
from egregora_assets.warehouse.connection import (
    NothingPublished,
    WarehouseBusy,
    bounded,
    fit_threads,
    open_file,
    open_snapshot,
    settle,
    tuning,
)
from egregora_assets.warehouse.files import make_home, open_warehouse
from egregora_assets.warehouse.query import rows, scalar
from tests.writers import another_process_writing


def waiting(settings: Settings, seconds: float) -> Settings:
    return settings.model_copy(update={"warehouse": WarehouseSettings(lock_wait_seconds=seconds)})


def test_a_held_lock_names_who_holds_it_and_is_waited_for_in_vain_no_longer_than_said(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    slept: list[float] = []
    with another_process_writing(settings.home) as process:
        monkeypatch.setattr("egregora_assets.warehouse.connection.time.monotonic", lambda: sum(slept))
        monkeypatch.setattr("egregora_assets.warehouse.connection.time.sleep", slept.append)
        with pytest.raises(WarehouseBusy) as busy, open_warehouse(waiting(settings, 3.0)):
            pass
    assert (busy.value.path, busy.value.pid) == (settings.warehouse_path, process.pid)
    assert sys.executable in str(busy.value.command)
    assert f"process {process.pid}" in str(busy.value)
    assert 1.5 < sum(slept) <= 3.0
    assert max(slept) <= 0.5


def test_the_lock_is_had_as_soon_as_the_other_lets_go(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    with another_process_writing(settings.home) as process:

        def let_go(_: float) -> None:
            assert process.stdin is not None
            process.stdin.close()
            process.wait()

        monkeypatch.setattr("egregora_assets.warehouse.connection.time.sleep", let_go)
        with open_warehouse(settings) as connection:
            assert scalar(connection, "SELECT count(*) FROM messages") == 0


def test_readers_of_the_snapshot_wait_for_no_writer(settings: Settings) -> None:
    with open_warehouse(settings) as connection:
        publish(connection, settings)
    with another_process_writing(settings.home), open_snapshot(waiting(settings, 0.0)) as connection:
        assert scalar(connection, "SELECT count(*) FROM messages") == 0


def test_the_lock_is_let_go_when_the_work_fails(settings: Settings) -> None:
    with pytest.raises(ZeroDivisionError), open_warehouse(settings):
        raise ZeroDivisionError
    with another_process_writing(settings.home):
        pass


@pytest.mark.parametrize("name", ["damaged.duckdb", "locked block.duckdb"])
def test_a_damaged_file_is_not_taken_for_a_busy_one(tmp_path: Path, name: str) -> None:
    """It would be waited for, and the person be told to end some process."""
    path = tmp_path / name
    path.write_bytes(b"this is no database" * 400)
    with pytest.raises(duckdb.Error, match="not a valid DuckDB"), open_file(path, {}, 60.0):
        pass


def test_times_are_told_in_utc(settings: Settings) -> None:
    with open_warehouse(settings) as connection:
        assert scalar(connection, "SELECT current_setting('TimeZone')") == "UTC"
        publish(connection, settings)
    with open_snapshot(settings) as connection:
        assert scalar(connection, "SELECT current_setting('TimeZone')") == "UTC"


def test_the_settings_reach_the_database(settings: Settings, tmp_path: Path) -> None:
    chosen = WarehouseSettings(
        threads=1, memory_limit="512MiB", temp_directory=tmp_path / "spill", checkpoint_threshold="8MiB"
    )
    settings = settings.model_copy(update={"warehouse": chosen})
    names = ("threads", "memory_limit", "temp_directory", "checkpoint_threshold")
    wanted = [(1, "512.0 MiB", str(tmp_path / "spill"), "8.0 MiB")]
    asked = f"SELECT {', '.join(f'current_setting({name!r})' for name in names)}"
    with open_warehouse(settings) as connection:
        assert rows(connection, asked) == wanted
        publish(connection, settings)
    with open_snapshot(settings) as connection:
        assert rows(connection, asked) == wanted


def test_what_the_settings_leave_open_stays_as_duckdb_has_it() -> None:
    assert set(tuning(WarehouseSettings())).isdisjoint({"threads", "memory_limit", "temp_directory"})


def test_no_connection_loads_an_extension_by_itself(settings: Settings) -> None:
    asked = "SELECT current_setting('autoload_known_extensions'), current_setting('autoinstall_known_extensions')"
    with open_warehouse(settings) as connection:
        assert rows(connection, asked) == [(False, False)]
        publish(connection, settings)
    with open_snapshot(settings) as connection:
        assert rows(connection, asked) == [(False, False)]


FORBIDDEN = {
    "write a row": "INSERT INTO authors SELECT * FROM authors",
    "delete rows": "DELETE FROM messages",
    "drop a table": "DROP TABLE messages",
    "make a table": "CREATE TABLE more (a INTEGER)",
    "read a text": "SELECT * FROM read_text('{secret}')",
    "read bytes": "SELECT * FROM read_blob('{secret}')",
    "read a table of a file": "SELECT * FROM read_csv('{secret}')",
    "read a file by its name": "SELECT * FROM '{secret}'",
    "list a folder": "SELECT * FROM glob('{folder}/*')",
    "write a file": "COPY messages TO '{folder}/out.csv'",
    "export everything": "EXPORT DATABASE '{folder}/out'",
    "open the private file": "ATTACH '{warehouse}' AS private_file",
    "make another file": "ATTACH '{folder}/new.duckdb' AS more",
    "install an extension": "INSTALL httpfs",
    "load an extension": "LOAD '{folder}/evil.duckdb_extension'",
    "turn file access on": "SET enable_external_access = true",
    "unlock the settings": "SET lock_configuration = false",
    "change a setting": "SET threads = 1",
    "change a setting for all": "SET GLOBAL memory_limit = '1TB'",
    "change a setting by pragma": "PRAGMA temp_directory='{folder}'",
    "reset a setting": "RESET threads",
    "log into a file": "CALL enable_logging(storage = 'file', storage_path = '{folder}/log')",
    "profile into a file": "SET profiling_output = '{folder}/profile'",
    "reach the network": "SELECT * FROM read_text('https://example.org')",
    "keep a secret": "CREATE PERSISTENT SECRET mine (TYPE http)",
}


def test_a_reader_can_read_and_nothing_else(settings: Settings, tmp_path: Path) -> None:
    secret = tmp_path / "secret.txt"
    secret.write_text("a,b\n1,2\n")
    with open_warehouse(settings) as connection:
        publish(connection, settings)
    before = settings.snapshot_path.read_bytes()
    folder = tmp_path / "folder"
    folder.mkdir()
    for what, sql in FORBIDDEN.items():
        with open_snapshot(settings) as connection:
            statement = sql.format(secret=secret, folder=folder, warehouse=settings.warehouse_path)
            with pytest.raises(duckdb.Error):
                pytest.fail(f"a reader could {what}: {connection.execute(statement).fetchall()}")
            assert scalar(connection, "SELECT count(*) FROM messages") == 0
    assert settings.snapshot_path.read_bytes() == before
    assert list(folder.iterdir()) == []


def test_several_readers_of_one_process_do_not_disturb_each_other(settings: Settings) -> None:
    with open_warehouse(settings) as connection:
        publish(connection, settings)
    with open_snapshot(settings) as one:
        with open_snapshot(settings) as other:
            assert scalar(other, "SELECT count(*) FROM messages") == 0
        assert scalar(one, "SELECT count(*) FROM messages") == 0


def test_before_the_first_publication_a_reader_is_told_what_to_do(settings: Settings) -> None:
    with pytest.raises(NothingPublished, match="egregora ingest"), open_snapshot(settings):
        pass


def test_a_home_is_for_its_owner_only(settings: Settings) -> None:
    before = os.umask(0)
    try:
        with open_warehouse(settings):
            pass
    finally:
        os.umask(before)
    folders = [settings.home, *(path for path in settings.home.rglob("*") if path.is_dir())]
    assert {path.name: path.stat().st_mode & 0o777 for path in folders} == {path.name: 0o700 for path in folders}


def test_what_a_home_holds_already_is_left_alone(settings: Settings) -> None:
    settings.inbox.chmod(0o755)
    (settings.inbox / "chat.txt").write_text("hello")
    make_home(settings)
    assert settings.inbox.stat().st_mode & 0o777 == 0o755
    assert (settings.inbox / "chat.txt").read_text() == "hello"


def test_memory_and_threads_are_bounded_for_a_while_and_never_beyond_what_the_user_has_set(settings: Settings) -> None:
    asked = "SELECT (current_setting('memory_limit'), current_setting('threads'))"
    with open_warehouse(settings) as connection:
        usual = scalar(connection, asked)
        with bounded(connection, WarehouseSettings(), 1, "200MB"):
            assert scalar(connection, asked) == ("190.7 MiB", 1)
        assert scalar(connection, asked) == usual
        with bounded(connection, WarehouseSettings(memory_limit="1GB", threads=2), 1, "200MB"):
            assert scalar(connection, asked) == usual


MESSAGES = """
    INSERT INTO messages BY NAME
    SELECT uuid() AS message_id, 'garden' AS source_id, now()::TIMESTAMP AS local_time, now() AS sent_at, 'text' AS kind,
        '' AS text, false AS is_edited, range AS position, '1' AS export_id, 1 AS revision
    FROM range(?)
"""


def test_one_thread_does_while_tables_are_small_and_the_number_that_the_user_has_set_stays(settings: Settings) -> None:
    asked = "SELECT current_setting('threads')"
    with duckdb.connect() as connection:
        usual = scalar(connection, asked)
    with open_warehouse(settings) as connection:
        assert scalar(connection, asked) == 1
        connection.execute(MESSAGES, [1_001]).fetchall()
        fit_threads(connection, settings.warehouse)
        assert scalar(connection, asked) == 1
        connection.execute(MESSAGES, [200_000]).fetchall()
        fit_threads(connection, settings.warehouse)
        assert scalar(connection, asked) == usual
        connection.execute("SET threads = 3")
        fit_threads(connection, WarehouseSettings(threads=3))
        assert scalar(connection, asked) == 3


def test_an_error_inside_a_limit_is_told_as_what_it_is_and_the_limit_goes_with_it() -> None:
    asked = "SELECT current_setting('threads'), current_setting('memory_limit')"
    with duckdb.connect() as connection:
        before = rows(connection, asked)
        connection.execute("BEGIN")
        with pytest.raises(duckdb.ConversionException), bounded(connection, WarehouseSettings(), 1, "200MB"):
            connection.execute("SELECT 'no number'::INTEGER")
        connection.execute("ROLLBACK")
        assert rows(connection, asked) == before


def test_no_statement_draws_a_bar_on_the_standard_output(settings: Settings, capfd: pytest.CaptureFixture[str]) -> None:
    """DuckDB does for every statement of more than two seconds; here, at once."""
    with duckdb.connect() as connection:
        connection.execute("SET progress_bar_time = 1")  # which turns it on as well
        settle(connection)
        capfd.readouterr()  # a busy machine may draw one for the statement that turns it off
        rows(connection, "SELECT count(*) FROM range(2000000) t(i), range(6) u(j) WHERE hash(i + j) % 7 = 3")
    assert capfd.readouterr().out == ""
    is_on = "SELECT current_setting('enable_progress_bar')"
    make_home(settings)
    with open_warehouse(settings) as connection:
        assert not scalar(connection, is_on)
        assert not scalar(connection.cursor(), is_on)
        publish(connection, settings)
    with open_snapshot(settings) as snapshot:
        assert not scalar(snapshot, is_on)


def test_whoever_opens_a_connection_settles_it() -> None:
    package = Path(egregora_assets.__file__).parent
    brief = {package / "doctor.py", package / "publish" / "verify.py"}
    openers = {file for file in package.rglob("*.py") if "duckdb.connect(" in file.read_text("utf-8")}
    assert brief < openers
    assert [file for file in openers - brief if "settle(connection)" not in file.read_text("utf-8")] == []
