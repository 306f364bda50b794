"""Every warehouse file has the newest schema, made by the migrations it says it was made by."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from egregora_assets.warehouse import migrate as migrate_module
from egregora_assets.warehouse.migrate import Migration, SchemaMismatch, migrate, migrations, schema_version
from egregora_assets.warehouse.query import rows


@pytest.fixture
def connection() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as opened:
        yield opened


def known(monkeypatch: pytest.MonkeyPatch, *listed: Migration) -> None:
    monkeypatch.setattr(migrate_module, "migrations", lambda: list(listed))


FIRST, SECOND = (
    Migration(1, "0001_one", "CREATE TABLE one (a INTEGER)"),
    Migration(2, "0002_two", "CREATE TABLE two (b INTEGER)"),
)


def test_migrations_are_numbered_from_one_without_a_gap() -> None:
    assert [migration.version for migration in migrations()] == list(range(1, len(migrations()) + 1))


def test_a_fresh_file_reaches_the_newest_schema(connection: duckdb.DuckDBPyConnection) -> None:
    assert schema_version(connection) == 0
    assert migrate(connection) == migrations()[-1].version == schema_version(connection)
    recorded = rows(connection, "SELECT version, name, sha256 FROM schema_migrations ORDER BY version")
    assert recorded == [(migration.version, migration.name, migration.sha256) for migration in migrations()]


def test_a_second_time_changes_no_byte(tmp_path: Path) -> None:
    path = tmp_path / "warehouse.duckdb"
    with duckdb.connect(str(path)) as connection:
        migrate(connection)
    before = path.read_bytes()
    with duckdb.connect(str(path)) as connection:
        migrate(connection)
    assert path.read_bytes() == before


def test_an_older_file_gets_what_it_lacks(
    connection: duckdb.DuckDBPyConnection, monkeypatch: pytest.MonkeyPatch
) -> None:
    known(monkeypatch, FIRST)
    assert migrate(connection) == 1
    connection.execute("INSERT INTO one VALUES (7)")
    known(monkeypatch, FIRST, SECOND)
    assert migrate(connection) == 2
    assert rows(connection, "SELECT a, (SELECT count(*) FROM two) FROM one") == [(7, 0)]


def test_a_changed_migration_is_refused(connection: duckdb.DuckDBPyConnection, monkeypatch: pytest.MonkeyPatch) -> None:
    known(monkeypatch, FIRST)
    migrate(connection)
    known(monkeypatch, Migration(1, FIRST.name, FIRST.sql + " -- a word more"), SECOND)
    with pytest.raises(SchemaMismatch, match="0001_one"):
        migrate(connection)
    assert schema_version(connection) == 1


def test_a_file_of_a_newer_program_is_refused(
    connection: duckdb.DuckDBPyConnection, monkeypatch: pytest.MonkeyPatch
) -> None:
    known(monkeypatch, FIRST, SECOND)
    migrate(connection)
    known(monkeypatch, FIRST)
    with pytest.raises(SchemaMismatch, match="upgrade"):
        migrate(connection)


@pytest.mark.parametrize("fault", ["SELECT no_such_function()", "CREATE TABLE one (again INTEGER)", "this is no SQL"])
def test_a_migration_that_fails_leaves_nothing_behind(
    connection: duckdb.DuckDBPyConnection, monkeypatch: pytest.MonkeyPatch, fault: str
) -> None:
    failing = Migration(2, "0002_two", f"CREATE TABLE two (b INTEGER); INSERT INTO two VALUES (1); {fault}")
    known(monkeypatch, FIRST, failing)
    with pytest.raises(duckdb.Error):
        migrate(connection)
    assert rows(connection, "SELECT table_name FROM duckdb_tables()") == []
    known(monkeypatch, FIRST)
    migrate(connection)
    known(monkeypatch, FIRST, failing)
    with pytest.raises(duckdb.Error):
        migrate(connection)
    assert rows(connection, "SELECT table_name FROM duckdb_tables() ORDER BY 1") == [("one",), ("schema_migrations",)]
    assert schema_version(connection) == 1
    known(monkeypatch, FIRST, SECOND)
    assert migrate(connection) == 2
