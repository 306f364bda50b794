"""The warehouse as Dagster sees it: one resource for the writer, the reader and the settings behind them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import duckdb
from dagster_duckdb import DuckDBResource
from pydantic import Field, PrivateAttr

from egregora_assets.config import Settings, load_settings
from egregora_assets.warehouse.connection import open_snapshot
from egregora_assets.warehouse.files import open_warehouse
from egregora_assets.warehouse.processes import this_process

PROCESS_TAG = "egregora/process"
"""The tag that tells which process a run lives in."""

WRITER_POOL = "warehouse_writer"
"""The Dagster pool that every step which writes the warehouse takes a place in."""


class Warehouse(DuckDBResource):
    """The one way in to the DuckDB files; usable wherever a ``DuckDBResource`` is asked for.

    Unlike its parent it waits a bounded time for a held lock and then raises ``WarehouseBusy``, closes the connection
    when the body raises, and reads from the published snapshot. The steps of one run share one connection: opening the
    file anew for each step and check would cost an unchanged run more than all its work.
    """

    database: str = Field(default="", description="Unused: the file stands in the home.")
    home: str | None = Field(default=None, description="EGREGORA_HOME; default: the variable, else ./.egregora.")

    _run: ExitStack | None = PrivateAttr(default=None)
    _connection: duckdb.DuckDBPyConnection | None = PrivateAttr(default=None)

    @property
    def settings(self) -> Settings:
        return load_settings(self.home)

    @contextmanager
    def writer(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """Open ``warehouse.duckdb`` for writing, brought to the newest schema. Raises ``WarehouseBusy``."""
        if self._run is None:
            with open_warehouse(self.settings) as connection:
                yield connection
            return
        if self._connection is None:
            self._connection = self._run.enter_context(open_warehouse(self.settings))
        try:
            yield self._connection
        except BaseException:
            self._close()
            raise

    @contextmanager
    def writer_for_now(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """Open the file as ``writer`` does and close it after the block, also within a run: others may write from then on."""
        try:
            with self.writer() as connection:
                yield connection
        finally:
            self._close()

    @contextmanager
    def reader(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """Open the published snapshot; never waits for a writer. Raises ``NothingPublished``."""
        with open_snapshot(self.settings) as connection:
            yield connection

    @contextmanager
    def get_connection(self) -> Iterator[Any]:
        """Serve code that expects dagster-duckdb's own resource: the same as ``writer``."""
        with self.writer() as connection:
            yield connection

    def setup_for_execution(self, context: Any) -> None:
        """Begin a run: the first ``writer`` opens the file, and it stays open for the steps that follow."""
        self._run = ExitStack()
        if context.run is not None and context.instance is not None:
            context.instance.add_run_tags(context.run.run_id, {PROCESS_TAG: this_process()})

    def teardown_after_execution(self, context: Any) -> None:  # noqa: ARG002 Dagster's signature
        """End a run: close the file and let others write."""
        self._close()
        self._run = None

    def _close(self) -> None:
        if self._run is not None:
            self._run.close()
        self._connection = None
