"""What Dagster does when a run fails: one log line that says what to do."""

import dagster as dg

from egregora_assets.warehouse.advice import advice


@dg.run_failure_sensor(
    default_status=dg.DefaultSensorStatus.RUNNING, description="Logs what to do about a run that failed."
)
def run_failure_advice(context: dg.RunFailureSensorContext) -> None:
    for event in context.get_step_failure_events() or [context.failure_event]:
        context.log.error(
            f"run {context.dagster_run.run_id}: {advice(event.message or '', str(event.event_specific_data))}"
        )
