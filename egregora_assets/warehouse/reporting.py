"""Dagster's view of tables and checks: metadata for the UI, and the factory that makes asset checks.

Metadata shows counts, names of columns and identifiers, never words of a message, and no id or slug of a chat, which is made of
its title and may turn out to name somebody: the event log outlives an opt-out.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import dagster as dg
import duckdb

from egregora_assets.config import Settings
from egregora_assets.warehouse.query import rows, scalar
from egregora_assets.warehouse.resource import WRITER_POOL, Warehouse
from egregora_assets.warehouse.verdict import Verdict

Verify = Callable[[duckdb.DuckDBPyConnection, Settings], Verdict]

OWNERS = ["team:egregora"]
SOONER = {"dagster/priority": "1"}
"""Tags of what leads to search, and of checks that something waits for: a run makes them before all else that it could make."""


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


@dataclass(frozen=True)
class Check:
    """An asset check named after the function ``verify``; its docstring is the description shown."""

    asset: str
    verify: Verify
    blocking: bool = False
    warn: bool = False

    @property
    def spec(self) -> dg.AssetCheckSpec:
        return dg.AssetCheckSpec(
            self.verify.__name__, asset=self.asset, description=self.verify.__doc__, blocking=self.blocking
        )


def check(asset: str, verify: Verify, *, blocking: bool = False, warn: bool = False) -> Check:
    """Say that ``verify`` is asked after ``asset`` was made: what is built upon it waits for those that block."""
    return Check(asset, verify, blocking, warn)


def in_steps(*checks: Check) -> list[dg.AssetChecksDefinition]:
    """Make the checks' definitions: each asset has one step for those that block and one for the others.

    A step costs Dagster more than most of the checks in it. Each check can still be asked alone, and none belongs to two
    assets, so that every asset can be materialised alone.
    """
    steps: dict[str, list[Check]] = {}
    for one in checks:
        steps.setdefault(f"{one.asset}_blocking_checks" if one.blocking else f"{one.asset}_checks", []).append(one)
    return [_step(name, together) for name, together in steps.items()]


def _step(name: str, checks: Sequence[Check]) -> dg.AssetChecksDefinition:
    tags = SOONER if any(one.blocking for one in checks) else {}

    @dg.multi_asset_check(
        name=name, specs=[one.spec for one in checks], can_subset=True, op_tags=tags, pool=WRITER_POOL
    )
    def run(context: dg.AssetCheckExecutionContext, warehouse: Warehouse) -> Iterator[dg.AssetCheckResult]:
        selected = context.selected_asset_check_keys
        errors: list[Exception] = []
        for one in checks:
            if one.spec.key not in selected:
                continue
            try:
                with warehouse.writer() as connection:
                    verdict = one.verify(connection, warehouse.settings)
            except Exception as error:  # told below: the other checks are asked all the same
                errors.append(error)
                continue
            severity = dg.AssetCheckSeverity.WARN if one.warn else dg.AssetCheckSeverity.ERROR
            yield dg.AssetCheckResult(
                check_name=one.spec.name,
                passed=verdict.passed,
                severity=severity,
                description=verdict.description,
                metadata=verdict.figures,
            )
        if len(errors) > 1:
            raise ExceptionGroup("; ".join(map(str, errors)), errors)
        for one_error in errors:
            raise one_error

    return run
