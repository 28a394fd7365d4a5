"""https://docs.getdbt.com/docs/deploy/webhooks

dbt Cloud's webhook: what became of a job.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from alerts.formats.assets import asset
from alerts.formats.base import (
    DESCRIPTION_LENGTH,
    KEY_LENGTH,
    RUN_ID_LENGTH,
    TITLE_LENGTH,
    AssetRef,
    IncomingAlert,
    IncomingRun,
    ParseContext,
    Parsed,
    RunState,
    Status,
)
from alerts.formats.text import labels_of
from core.errors import InvalidInputError
from core.text import identifier, mapping, one_line, told
from core.times import instant_or_none

NAMESPACE = "dbt-cloud"
RUN_STATES: dict[str, RunState] = {
    "success": "success",
    "error": "failed",
    "errored": "failed",
    "cancelled": "skipped",
    "canceled": "skipped",
    "queued": "running",
    "starting": "running",
    "running": "running",
}
STATUSES: dict[RunState, Status] = {"failed": "firing", "success": "resolved"}
# What an event means whose status says nothing known.
STATES_OF_EVENTS: dict[str, RunState] = {
    "job.run.started": "running",
    "job.run.errored": "failed",
}
ENDED = ("runErroredAt", "runFinishedAt", "runStartedAt")
LABELS = ("environmentName", "projectName", "runReason", "dbtVersion", "runStatus")

Body = Mapping[str, Any]


def is_one(payload: Body) -> bool:
    return told(payload.get("eventType")).startswith("job.run.")


def parse(payload: Body, context: ParseContext) -> Parsed:
    """Read one event. The dedup key is the job: its next success resolves it.

    A run that errors is told of twice, as errored and as completed: one alert.
    """
    data = mapping(payload.get("data"))
    job_id, kind = told(data.get("jobId")), told(payload.get("eventType"))
    word = told(data.get("runStatus")).lower()
    state = RUN_STATES.get(word) or STATES_OF_EVENTS.get(kind)
    errors: dict[str, list[str]] = {}
    if not job_id:
        errors["data.jobId"] = ["This field is required."]
    if state is None:
        errors["data.runStatus"] = [f"Must be one of {', '.join(RUN_STATES)}."]
    if errors or state is None:
        raise InvalidInputError(errors)
    account = told(payload.get("accountId"))
    about = asset(
        f"{NAMESPACE}://{account}" if account else NAMESPACE,
        told(data.get("jobName")) or f"job {job_id}",
        "pipeline",
    )
    run_id = identifier(told(data.get("runId")), RUN_ID_LENGTH)
    at = _instant(payload, data)
    error = told(data.get("runStatusMessage"), DESCRIPTION_LENGTH)
    error = error if state == "failed" else ""
    happened_at = at or context.received_at
    runs = (IncomingRun(about, run_id, state, happened_at, error),) if run_id else ()
    status = STATUSES.get(state)
    alerts = (_alert(data, about, status, error, at),) if status else ()
    return Parsed(alerts=alerts, runs=runs)


def _alert(
    data: Body, about: AssetRef, status: Status, error: str, at: datetime | None
) -> IncomingAlert:
    verb = "failed" if status == "firing" else "succeeded"
    return IncomingAlert(
        title=one_line(f"dbt Cloud job {about.name} {verb}", TITLE_LENGTH),
        dedup_key=identifier(f"dbt-cloud job {told(data.get('jobId'))}", KEY_LENGTH),
        status=status,
        asset=about,
        description=error,
        run_id=identifier(told(data.get("runId")), RUN_ID_LENGTH),
        labels=labels_of((name, told(data.get(name))) for name in LABELS),
        occurred_at=at,
        has_event_time=True,
    )


def _instant(payload: Body, data: Body) -> datetime | None:
    """Return when the run ended, or began; the event's own time if that is unsaid."""
    told_times = (*(data.get(name) for name in ENDED), payload.get("timestamp"))
    return next((at for one in told_times if (at := instant_or_none(one))), None)
