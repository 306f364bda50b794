"""The graph on a temporary home, run in this process on an ephemeral Dagster instance."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import dagster as dg
import pytest

from egregora_assets.config import Settings, load_settings
from egregora_assets.definitions import build_definitions
from egregora_assets.warehouse.files import make_home
from egregora_assets.warehouse.resource import Warehouse

Materialize = Callable[..., dg.ExecuteInProcessResult]


@pytest.fixture
def settings(home: Path) -> Settings:
    """The settings of a home with no warehouse yet: the graph has to make it."""
    settings = load_settings(home)
    make_home(settings)
    return settings


@pytest.fixture
def instance() -> Iterator[dg.DagsterInstance]:
    with dg.DagsterInstance.ephemeral() as instance:
        yield instance


@pytest.fixture
def definitions(settings: Settings) -> dg.Definitions:
    return build_definitions(warehouse=Warehouse(home=str(settings.home)))


@pytest.fixture
def materialize(definitions: dg.Definitions, instance: dg.DagsterInstance) -> Materialize:
    """Run the job ``refresh_all``, whole or only the assets named: ``materialize("messages")``. Failures are returned."""

    def run(*names: str) -> dg.ExecuteInProcessResult:
        return definitions.resolve_job_def("refresh_all").execute_in_process(
            instance=instance, raise_on_error=False, asset_selection=[dg.AssetKey(name) for name in names] or None
        )

    return run
