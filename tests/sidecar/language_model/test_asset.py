"""The asset in a real run: answers, then sidecars, and nobody waits for the model who wants to write the warehouse."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import dagster as dg
import pytest

from egregora_assets.config import Settings
from egregora_assets.definitions import build_definitions
from egregora_assets.warehouse.connection import open_snapshot
from egregora_assets.warehouse.query import rows
from egregora_assets.warehouse.resource import Warehouse
from tests.sidecar.language_model.conftest import DOCUMENTS
from tests.sidecar.language_model.service import Answer, Lines, Service, failing, well

OPENS = """
import sys
from egregora_assets.config import Settings
from egregora_assets.warehouse.files import open_warehouse
with open_warehouse(Settings(home=sys.argv[1], timezone="UTC", warehouse={"lock_wait_seconds": 5})):
    print("open")
"""


@pytest.fixture
def instance() -> Iterator[dg.DagsterInstance]:
    with dg.DagsterInstance.ephemeral() as instance:
        yield instance


def run(settings: Settings, instance: dg.DagsterInstance) -> dg.ExecuteInProcessResult:
    job = build_definitions(warehouse=Warehouse(home=str(settings.home))).resolve_job_def("refresh_all")
    result = job.execute_in_process(instance=instance)
    assert result.success
    return result


def told(result: dg.ExecuteInProcessResult) -> tuple[dict[str, Any], dg.AssetCheckEvaluation]:
    [made] = result.asset_materializations_for_node("language_model_answers")
    [check] = [one for one in result.get_asset_check_evaluations() if one.check_name == "documents_are_answered"]
    return {name: value.value for name, value in made.metadata.items()}, check


def extracted_by(settings: Settings) -> list[tuple[str, int]]:
    with open_snapshot(settings) as snapshot:
        return rows(snapshot, "SELECT extracted_by, count(*) FROM sidecars GROUP BY ALL")


@pytest.mark.slow
def test_a_run_has_documents_read_and_holds_no_warehouse_meanwhile(
    talk: Settings, service: Service, instance: dg.DagsterInstance
) -> None:
    opened = []

    def another_writes(lines: Lines) -> Answer:
        done = subprocess.run(
            [sys.executable, "-c", OPENS, str(talk.home)], capture_output=True, text=True, check=False
        )
        opened.append(done.stdout or done.stderr)
        return well(lines)

    metadata, check = told(run(talk, instance))
    assert (metadata["requests"], metadata["reason"], check.passed) == (0, "off: [language_model] names no model", True)
    assert extracted_by(talk) == [("rules", DOCUMENTS)]

    service.answers = [another_writes]
    file = talk.home / "egregora.toml"
    file.write_text(f'[language_model]\nmodel = "small"\nurl = "{service.url}"\nretries = 0\n')
    metadata, check = told(run(talk, instance))
    assert opened == ["open\n"]
    assert (metadata["answered"], metadata["left"], check.passed) == (DOCUMENTS, 0, True)
    assert extracted_by(talk) == [("small", DOCUMENTS)]

    service.usual = failing(500)
    file.write_text(file.read_text().replace("small", "other"))
    metadata, check = told(run(talk, instance))
    assert (metadata["left"], check.passed, check.severity) == (DOCUMENTS, False, dg.AssetCheckSeverity.WARN)
    assert "the service gives no answer that can be used (Server_500)" in str(check.description)
    assert extracted_by(talk) == [("rules", DOCUMENTS)]
