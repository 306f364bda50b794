"""Asset checks that share a step: each is told of, and can be asked, as if it had a step of its own."""

from __future__ import annotations

import dagster as dg
import duckdb
import pytest

from egregora_assets.config import Settings
from egregora_assets.warehouse.reporting import check, in_steps
from egregora_assets.warehouse.resource import Warehouse
from egregora_assets.warehouse.verdict import Verdict

ASKED: list[str] = []


@dg.asset
def made() -> None: ...


@dg.asset(deps=[made])
def built_upon() -> None: ...


def sound(connection: duckdb.DuckDBPyConnection, settings: Settings) -> Verdict:
    """All is well."""
    ASKED.append("sound")
    return Verdict(True, "sound", {})


def unsound(connection: duckdb.DuckDBPyConnection, settings: Settings) -> Verdict:
    """Something is not."""
    return Verdict(False, "unsound", {})


def broken(connection: duckdb.DuckDBPyConnection, settings: Settings) -> Verdict:
    """Cannot be answered."""
    raise ValueError("no answer")


def no_answer_either(connection: duckdb.DuckDBPyConnection, settings: Settings) -> Verdict:
    """Cannot be answered."""
    raise ValueError("none here")


@pytest.fixture
def asked(settings: Settings) -> list[str]:
    ASKED.clear()
    return ASKED


def run(
    settings: Settings, *checks: dg.AssetChecksDefinition, selection: dg.AssetSelection | None = None
) -> dg.ExecuteInProcessResult:
    definitions = dg.Definitions(
        assets=[made, built_upon],
        asset_checks=checks,
        jobs=[dg.define_asset_job("all_of_it", selection or dg.AssetSelection.all())],
        resources={"warehouse": Warehouse(home=str(settings.home))},
    )
    return definitions.resolve_job_def("all_of_it").execute_in_process(raise_on_error=False)


def verdicts(result: dg.ExecuteInProcessResult) -> dict[str, bool]:
    return {told.check_name: told.passed for told in result.get_asset_check_evaluations()}


def failures(result: dg.ExecuteInProcessResult) -> str:
    return " ".join(str(event.step_failure_data.error) for event in result.all_events if event.is_step_failure)


def is_built_upon(result: dg.ExecuteInProcessResult) -> bool:
    return bool(result.asset_materializations_for_node("built_upon"))


def test_what_cannot_be_asked_hides_no_other_answer_and_stops_nothing_that_does_not_wait_for_it(
    settings: Settings,
) -> None:
    checks = in_steps(
        check("made", broken), check("made", no_answer_either), check("made", sound), check("made", unsound, warn=True)
    )
    result = run(settings, *checks)
    assert verdicts(result) == {"sound": True, "unsound": False}
    assert not result.success
    assert "no answer" in failures(result)
    assert "none here" in failures(result)
    assert is_built_upon(result)


@pytest.mark.parametrize("verify", [unsound, broken])
def test_nothing_is_built_upon_what_a_blocking_check_does_not_pass(settings: Settings, verify) -> None:
    result = run(settings, *in_steps(check("made", verify, blocking=True), check("made", sound)))
    assert not result.success
    assert not is_built_upon(result)
    assert verdicts(result)["sound"]


def test_a_check_is_asked_alone(settings: Settings, asked: list[str]) -> None:
    checks = in_steps(check("made", broken), check("made", sound))
    alone = dg.AssetSelection.checks(dg.AssetCheckKey(made.key, "sound"))
    result = run(settings, *checks, selection=alone)
    assert result.success
    assert (verdicts(result), asked) == ({"sound": True}, ["sound"])
