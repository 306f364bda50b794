"""``hnsw_index`` as Dagster sees it."""

from __future__ import annotations

from pathlib import Path

import dagster as dg
import pytest

from egregora_assets.config import Settings
from egregora_assets.definitions import build_definitions
from egregora_assets.warehouse.resource import Warehouse
from tests.chats import chat, put_export


def run(settings: Settings, instance: dg.DagsterInstance) -> dg.ExecuteInProcessResult:
    definitions = build_definitions(warehouse=Warehouse(home=str(settings.home)))
    return definitions.resolve_job_def("refresh_all").execute_in_process(instance=instance, raise_on_error=False)


def told_of(result: dg.ExecuteInProcessResult) -> dict[str, object]:
    (event,) = [one for one in result.get_asset_materialization_events() if one.asset_key == dg.AssetKey("hnsw_index")]
    return {name: entry.value for name, entry in event.materialization.metadata.items()}


def test_the_asset_tells_what_answers_and_its_checks_pass(
    settings: Settings, tiny_model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put_export(
        settings, "Garden Club", chat((0, "Rui Costa", "hello everybody"), (1, "Ana Lima", "kites in the greenhouse"))
    )
    for name, value in (("EMBEDDER", "onnx"), ("MODEL", str(tiny_model)), ("WORKERS", "1")):
        monkeypatch.setenv(f"EGREGORA_SEARCH__{name}", value)
    with dg.DagsterInstance.ephemeral() as instance:
        with_model = run(settings, instance)

    assert with_model.success
    told = told_of(with_model)
    assert told["dagster/row_count"] == 3, "two messages and the passage of both"
    assert (told["connectivity"], told["expansion_add"], told["recall"]) == (16, 128, 1.0)
    assert told["answers"] == "sign bits of every vector"
    checked = {
        one.check_name: one.passed
        for one in with_model.get_asset_check_evaluations()
        if one.asset_key == dg.AssetKey("hnsw_index")
    }
    assert checked == dict.fromkeys(
        ["vectors_follow_units", "no_hidden_vectors", "vectors_are_sound", "vectors_are_current", "nearest_are_found"],
        True,
    )
