"""Numbered SQL files → the warehouse's schema. Each is applied once, in order; all that are missing, or none of them."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from importlib import resources

import duckdb

from egregora_assets.warehouse.query import roll_back

_LEDGER = """
CREATE TABLE IF NOT EXISTS schema_migrations (
    version INTEGER NOT NULL, name VARCHAR NOT NULL, sha256 VARCHAR NOT NULL, applied_at TIMESTAMPTZ NOT NULL
)
"""


class SchemaMismatch(RuntimeError):
    """The file was written by another version of the program; the message says what to do."""


@dataclass(frozen=True)
class Migration:
    """One numbered SQL file."""

    version: int
    name: str
    sql: str

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.sql.encode()).hexdigest()


def migrations() -> list[Migration]:
    """Return the packaged migrations, lowest version first."""
    folder = resources.files("egregora_assets.warehouse") / "migrations"
    files = sorted((file for file in folder.iterdir() if file.name.endswith(".sql")), key=lambda file: file.name)
    return [Migration(int(file.name[:4]), file.name.removesuffix(".sql"), file.read_text("utf-8")) for file in files]


def schema_version(connection: duckdb.DuckDBPyConnection) -> int:
    """Return the newest applied version, 0 for a new file."""
    try:
        ((version,),) = connection.execute("SELECT coalesce(max(version), 0) FROM schema_migrations").fetchall()
    except duckdb.CatalogException:  # asking for the list of tables first costs ten times as much, at every opening
        return 0
    return int(version)


def migrate(connection: duckdb.DuckDBPyConnection) -> int:
    """Bring the file to the newest schema and return its version.

    Raises ``SchemaMismatch`` when the file is newer than this program, or an applied migration has since been changed.
    """
    available = migrations()
    present = schema_version(connection)
    _refuse_mismatch(connection, available, present)
    missing = [migration for migration in available if migration.version > present]
    if missing:
        _apply(connection, missing)
    return available[-1].version


def _refuse_mismatch(connection: duckdb.DuckDBPyConnection, available: list[Migration], present: int) -> None:
    newest = available[-1].version
    if present > newest:
        raise SchemaMismatch(
            f"the warehouse has schema {present}, this program knows {newest}: upgrade egregora-assets"
        )
    if present == 0:
        return
    applied = dict(connection.execute("SELECT version, sha256 FROM schema_migrations").fetchall())
    for migration in available:
        if applied.get(migration.version, migration.sha256) != migration.sha256:
            raise SchemaMismatch(
                f"migration {migration.name} differs from the one that made this warehouse: "
                "restore it and put the change into a new migration"
            )


def _apply(connection: duckdb.DuckDBPyConnection, missing: list[Migration]) -> None:
    connection.execute("BEGIN")
    try:
        connection.execute(_LEDGER)
        for migration in missing:
            connection.execute(migration.sql)
        connection.execute(
            "INSERT INTO schema_migrations SELECT unnest($versions), unnest($names), unnest($sums), now()",
            {
                "versions": [migration.version for migration in missing],
                "names": [migration.name for migration in missing],
                "sums": [migration.sha256 for migration in missing],
            },
        )
        connection.execute("COMMIT")
    except BaseException:
        roll_back(connection)
        raise
