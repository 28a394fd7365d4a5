"""https://docs.dagster.io/guides/automate/sensors/run-status-sensors

Dagster: what a run status sensor posts.
"""

import re
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
from alerts.formats.batch import read_batch
from alerts.formats.text import labels_of, lines, severity_of
from core.errors import InvalidInputError
from core.text import identifier, items, link, mapping, one_line, told
from core.times import instant_or_none

LABEL = "Dagster"
ABOUT = "A run failure sensor, or an alert of Dagster+."
NAMESPACE = "dagster"

RUN_STATES: dict[str, RunState] = {
    "FAILURE": "failed",
    "SUCCESS": "success",
    "CANCELED": "skipped",
    "CANCELING": "skipped",
    "QUEUED": "running",
    "NOT_STARTED": "running",
    "STARTING": "running",
    "STARTED": "running",
}
STATUSES: dict[RunState, Status] = {"failed": "firing", "success": "resolved"}

# The run's own events among those of its log; a step's failure fails its run.
RUN_EVENTS = {
    "PIPELINE_FAILURE": "FAILURE",
    "PIPELINE_SUCCESS": "SUCCESS",
    "PIPELINE_CANCELED": "CANCELED",
    "PIPELINE_START": "STARTED",
}
CHECK_EVENT = "ASSET_CHECK_EVALUATION"
_CHECK = re.compile(
    r"Asset check '(.+?)' on '(.+?)' (did not pass|passed)\b.*", re.DOTALL
)

Body = Mapping[str, Any]


def parse(payload: object, context: ParseContext) -> Parsed:
    """Read one message or an array of them: a run's status, an event of Dagster's log,
    or an alert of Dagster+ with the body `snippet` gives.

    The dedup key is the job, or the check with its asset.
    """
    return read_batch(payload, lambda item: _read(item, context))


def snippet(url: str, key: str) -> str:
    return f"""\
# One sensor for failures and one for successes: the latter close the alert.
import json
from urllib.request import Request, urlopen

from dagster import DagsterRunStatus, RunFailureSensorContext, run_failure_sensor
from dagster import run_status_sensor

def tell_headwater(context, steps=()):
    run = context.dagster_run
    body = {{
        "job_name": run.job_name,
        "run_id": run.run_id,
        "status": run.status.value,
        "message": context.dagster_event.message,
        "step_failures": list(steps),
    }}
    urlopen(Request("{url}", json.dumps(body).encode(),
                    {{"Content-Type": "application/json"}}), timeout=10)

@run_failure_sensor(monitor_all_code_locations=True)
def headwater_failure(context: RunFailureSensorContext):
    tell_headwater(context, [
        {{"step_key": event.step_key,
         "cause": str(event.step_failure_data.error_display_string)}}
        for event in context.get_step_failure_events()
    ])

@run_status_sensor(run_status=DagsterRunStatus.SUCCESS,
                   monitor_all_code_locations=True)
def headwater_success(context):
    tell_headwater(context)

# Dagster+ alone: an alert policy with a webhook to the same address, and this body
{{"alert_summary": "{{{{alert_summary}}}}", "alert_content": "{{{{alert_content}}}}",
 "alert_id": "{{{{alert_id}}}}"}}
"""


def sample(key: str, at: datetime) -> object:
    return {
        "job_name": "headwater_test",
        "run_id": "test",
        "status": "FAILURE",
        "message": "Test event: nothing is broken",
    }


def _read(item: Body, context: ParseContext) -> Parsed:
    kind = told(item.get("event_type_value")) or told(item.get("event_type"))
    if kind == CHECK_EVENT:
        return Parsed(alerts=(_check_alert(item),))
    if told(item.get("alert_summary")):
        return Parsed(alerts=(_plus_alert(item),))
    if "status" not in item and kind and kind not in RUN_EVENTS:
        return Parsed()
    return _read_run({"status": RUN_EVENTS.get(kind), **item}, context)


def _check_alert(item: Body) -> IncomingAlert:
    """Return an asset check's outcome; one of severity WARN pages nobody."""
    match = _CHECK.fullmatch(told(item.get("message"), DESCRIPTION_LENGTH))
    check, on, outcome = match.groups() if match else ("", "", "")
    check, on = told(item.get("check_name")) or check, told(item.get("asset_key")) or on
    passed = item.get("passed", outcome == "passed" if outcome else None)
    if not check or not on or not isinstance(passed, bool):
        wanted = "Its check_name, asset_key and passed (true or false) are required."
        raise InvalidInputError({"passed": [wanted]})
    about = asset(told(item.get("namespace")) or NAMESPACE, on)
    is_warning = told(item.get("severity")).upper().startswith("WARN")
    verb = "passed" if passed else "failed"
    return IncomingAlert(
        title=one_line(f"{check} {verb} on {about.name}", TITLE_LENGTH),
        dedup_key=identifier(f"{about.name}#{check}", KEY_LENGTH),
        status="resolved" if passed else "firing",
        severity="warning" if is_warning else None,
        asset=about,
        description="" if passed else told(item.get("message"), DESCRIPTION_LENGTH),
        url=link(item.get("url")),
        run_id=identifier(told(item.get("run_id")), RUN_ID_LENGTH),
        labels=labels_of([("check", check), ("job_name", told(item.get("job_name")))]),
        occurred_at=instant_or_none(item.get("timestamp")),
        pages=not is_warning,
    )


def _plus_alert(item: Body) -> IncomingAlert:
    """Return an alert of Dagster+, which tells of no recovery."""
    title = one_line(told(item.get("alert_summary")), TITLE_LENGTH)
    key = told(item.get("alert_id")) or title
    return IncomingAlert(
        title=title,
        dedup_key=identifier(key, KEY_LENGTH),
        severity=severity_of(item.get("severity")),
        description=told(item.get("alert_content"), DESCRIPTION_LENGTH),
        url=link(item.get("url")),
        labels=labels_of([("deployment", told(item.get("deployment_name")))]),
    )


def _read_run(item: Body, context: ParseContext) -> Parsed:
    job, word = told(item.get("job_name")), told(item.get("status")).upper()
    state = RUN_STATES.get(word.rpartition(".")[2])
    errors: dict[str, list[str]] = {}
    if not job:
        errors["job_name"] = ["This field is required."]
    if state is None:
        errors["status"] = [f"Must be one of {', '.join(RUN_STATES)}."]
    if errors or state is None:
        raise InvalidInputError(errors)
    about = asset(told(item.get("namespace")) or NAMESPACE, job, "pipeline")
    at = instant_or_none(item.get("timestamp"))
    status = STATUSES.get(state)
    return Parsed(
        alerts=(_alert(item, about, status, at),) if status else (),
        runs=_runs(item, about, state, at or context.received_at),
    )


def _alert(
    item: Body, about: AssetRef, status: Status, at: datetime | None
) -> IncomingAlert:
    steps = [mapping(one) for one in items(item.get("step_failures"))]
    names = ", ".join(name for step in steps if (name := told(step.get("step_key"))))
    causes = (
        told(step.get("cause"), 2000) or told(step.get("error"), 2000) for step in steps
    )
    tags = mapping(item.get("tags")).items()
    verb = "failed" if status == "firing" else "succeeded"
    return IncomingAlert(
        title=one_line(f"{about.name} {verb}", TITLE_LENGTH),
        dedup_key=identifier(about.name, KEY_LENGTH),
        status=status,
        severity=severity_of(item.get("severity")),
        asset=about,
        description=lines(told(item.get("message"), DESCRIPTION_LENGTH), *causes),
        url=link(item.get("url")),
        run_id=identifier(told(item.get("run_id")), RUN_ID_LENGTH),
        labels=labels_of([("failed_steps", names), *tags]),
        occurred_at=at,
        has_event_time=True,
    )


def _runs(
    item: Body, about: AssetRef, state: RunState, at: datetime
) -> tuple[IncomingRun, ...]:
    run_id = identifier(told(item.get("run_id")), RUN_ID_LENGTH)
    if not run_id:
        return ()
    failed = state == "failed"
    error = told(item.get("message"), DESCRIPTION_LENGTH) if failed else ""
    return (IncomingRun(about, run_id, state, at, error, link(item.get("url"))),)
