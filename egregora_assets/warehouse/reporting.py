"""Dagster's view of tables and checks: metadata for the UI, and the factory that makes asset checks.

Metadata shows counts, names of columns and identifiers, never words of a message, and no id or slug of a chat, which is made of
its title and may turn out to name somebody: the event log outlives an opt-out.
"""

from collections.abc import Callable, Mapping
from typing import Any

import dagster as dg
import duckdb

from egregora_assets.config import Settings
from egregora_assets.warehouse.query import rows, scalar
from egregora_assets.warehouse.resource import WRITER_POOL, Warehouse
from egregora_assets.warehouse.verdict import Verdict

Verify = Callable[[duckdb.DuckDBPyConnection, Settings], Verdict]

OWNERS = ["team:egregora"]


class RefreshConfig(dg.Config):
    """Optional run config of a derived asset."""

    full_refresh: bool = False


def described(
    connection: duckdb.DuckDBPyConnection,
    table: str,
    preview: str,
    outcome: Mapping[str, Any] | None = None,
    data_version: str | None = None,
) -> dg.MaterializeResult[Any]:
    """Describe a table after its asset ran: rows, columns, a preview (the rows of SQL ``preview``) and a data version.

    That is the revision in which the table last changed, for tables whose rows have one.
    """
    return dg.MaterializeResult(
        metadata={
            "dagster/row_count": scalar(connection, f"SELECT count(*) FROM {table}"),
            "dagster/table_name": f"warehouse.main.{table}",
            "dagster/column_schema": column_schema(connection, table),
            "preview": dg.MetadataValue.md(markdown_table(connection, preview)),
            **(outcome or {}),
        },
        data_version=dg.DataVersion(data_version or str(table_revision(connection, table))),
    )


def table_revision(connection: duckdb.DuckDBPyConnection, table: str) -> int:
    """Return the revision in which the table last changed, by a row or by a deletion."""
    return int(
        scalar(
            connection,
            f"SELECT greatest((SELECT coalesce(max(revision), 0) FROM {table}), "
            "(SELECT coalesce(max(revision), 0) FROM tombstones WHERE table_name = ?))",
            [table],
        )
    )


def column_schema(connection: duckdb.DuckDBPyConnection, table: str) -> dg.TableSchema:
    columns = rows(
        connection,
        "SELECT column_name, data_type FROM duckdb_columns() WHERE table_name = ? AND schema_name = 'main' "
        "AND database_name = current_database() ORDER BY column_index",
        [table],
    )
    return dg.TableSchema([dg.TableColumn(name, type_) for name, type_ in columns])


def markdown_table(connection: duckdb.DuckDBPyConnection, sql: str) -> str:
    """Return the result of ``sql`` as a Markdown table."""
    result = connection.execute(sql)
    names = [column[0] for column in result.description or []]
    lines = [names, ["---"] * len(names), *result.fetchall()]
    return "\n".join("| " + " | ".join(str(value).replace("|", "\\|") for value in line) + " |" for line in lines)


def check(asset: str, verify: Verify, *, blocking: bool = False, warn: bool = False) -> dg.AssetChecksDefinition:
    """Make the asset check named after the function ``verify``; its docstring is the description shown.

    One check per asset and function, so that every asset can be materialised alone.
    """
    severity = dg.AssetCheckSeverity.WARN if warn else dg.AssetCheckSeverity.ERROR

    @dg.asset_check(asset=asset, name=verify.__name__, description=verify.__doc__, blocking=blocking, pool=WRITER_POOL)
    def run(warehouse: Warehouse) -> dg.AssetCheckResult:
        with warehouse.writer() as connection:
            verdict = verify(connection, warehouse.settings)
        return dg.AssetCheckResult(
            passed=verdict.passed, severity=severity, description=verdict.description, metadata=verdict.figures
        )

    return run
