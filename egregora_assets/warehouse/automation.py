"""What Dagster does about runs that end badly: a log line that says what to do, and an end for those that were killed."""

import dagster as dg

from egregora_assets.warehouse.advice import advice
from egregora_assets.warehouse.processes import is_gone
from egregora_assets.warehouse.resource import PROCESS_TAG


@dg.run_failure_sensor(
    default_status=dg.DefaultSensorStatus.RUNNING, description="Logs what to do about a run that failed."
)
def run_failure_advice(context: dg.RunFailureSensorContext) -> None:
    for event in context.get_step_failure_events() or [context.failure_event]:
        context.log.error(
            f"run {context.dagster_run.run_id}: {advice(event.message or '', str(event.event_specific_data))}"
        )


@dg.sensor(
    minimum_interval_seconds=30,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Ends runs whose process is gone (killed, or the machine went down), so that others get their place.",
)
def killed_runs(context: dg.SensorEvaluationContext) -> dg.SkipReason:
    ended = end_killed_runs(context.instance)
    return dg.SkipReason(f"{len(ended)} runs had lost their process" if ended else "every run has its process")


def end_killed_runs(instance: dg.DagsterInstance) -> list[str]:
    """Mark runs as failed whose process is gone, and return their ids.

    Dagster never learns of such an end. It would count the run as under way for ever, and the writer's pool has one place.
    """
    under_way = instance.get_runs(filters=dg.RunsFilter(statuses=[dg.DagsterRunStatus.STARTED]))
    killed = [run for run in under_way if PROCESS_TAG in run.tags and is_gone(run.tags[PROCESS_TAG])]
    for run in killed:
        instance.report_run_failed(
            run, "The run's process is gone. What it had committed stays; run it again for the rest."
        )
    return [run.run_id for run in killed]
