"""https://airflow.apache.org/docs/apache-airflow-providers-http/stable/notifications/http_notifier_howto_guide.html

Airflow's callbacks, sent by its HttpNotifier.

The body is whatever the DAG's author templates; `snippet` gives the one read here.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Literal, get_args

from alerts.formats.assets import airflow_job
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
    SeverityWord,
    Status,
)
from alerts.formats.batch import Item, read_batch
from alerts.formats.text import labels_of, severity_of
from core.errors import InvalidInputError
from core.text import clean, identifier, link, one_line, told
from core.times import instant_or_none

LABEL = "Airflow"
ABOUT = "Callbacks of tasks and DAGs, sent with Airflow's HTTP provider."

# "late" is a missed deadline: an alert about a run that has not failed.
Outcome = Literal["failed", "retrying", "late", "success", "skipped", "running"]
EVENTS: dict[str, Outcome] = {
    **{outcome: outcome for outcome in get_args(Outcome)},
    "failure": "failed",
    "error": "failed",
    "succeeded": "success",
    "retry": "retrying",
    "up_for_retry": "retrying",
    "sla_miss": "late",
    "deadline_missed": "late",
    "deadline": "late",
    "upstream_failed": "skipped",
    "removed": "skipped",
    "started": "running",
    "start": "running",
    "execute": "running",
}
RUN_STATES: dict[Outcome, RunState] = {
    "failed": "failed",
    "retrying": "running",  # the same run id will fail or succeed in the end
    "late": "running",
    "success": "success",
    "skipped": "skipped",
    "running": "running",
}
SHOWN_ELSEWHERE = frozenset({"exception", "log_url", "event"})
# Why a DAG's run failed that failed only because a task of it did.
REPEATS = frozenset({"", "task_failure"})


def parse(payload: object, context: ParseContext) -> Parsed:
    """Read one callback or an array of them.

    The dedup key is the job ("dag.task", or the DAG), not the run: the next run's
    success resolves what this one's failure opened.
    """
    return read_batch(payload, lambda item: _read(item, context))


def snippet(url: str, key: str) -> str:
    base = url.removesuffix(f"/in/{key}")
    return f"""\
# pip install apache-airflow-providers-http
# An HTTP connection "headwater" with host {base}
from airflow.providers.http.notifications.http import HttpNotifier

def tell_headwater(event):
    def tell(context):  # a notifier that was used once says the same ever after
        HttpNotifier(
            http_conn_id="headwater",
            endpoint="/in/{key}",
            json={{
                "event": event,
                "dag_id": "{{{{ dag.dag_id }}}}",
                "task_id": "{{{{ ti.task_id if ti else None }}}}",
                "run_id": "{{{{ run_id }}}}",
                "try_number": "{{{{ ti.try_number if ti else None }}}}",
                "max_tries": "{{{{ ti.max_tries if ti else None }}}}",
                "map_index": "{{{{ ti.map_index if ti else None }}}}",
                "log_url": "{{{{ ti.log_url if ti else None }}}}",
                "exception": "{{{{ exception | default(None) }}}}",
                "reason": "{{{{ reason | default(None) }}}}",
                "owner": "{{{{ task.owner if task else None }}}}",
            }},
        )(context)

    return tell

# For every task of a DAG. Success is sent too: it resolves the alert.
default_args = {{
    "on_failure_callback": [tell_headwater("failed")],
    "on_retry_callback": [tell_headwater("retry")],
    "on_success_callback": [tell_headwater("success")],
}}
"""


def sample(key: str, at: datetime) -> object:
    return {
        "event": "failed",
        "dag_id": "headwater_test",
        "task_id": "nothing_is_broken",
        "run_id": f"manual__{at.isoformat()}",
        "try_number": "1",
        "max_tries": "0",
        "exception": "Test event: nothing is broken",
        "severity": "info",
    }


def _read(item: Item, context: ParseContext) -> Parsed:
    outcome = _outcome(item)
    dag_id, task_id = told(item.get("dag_id")), told(item.get("task_id"))
    about = airflow_job(dag_id, task_id, told(item.get("namespace")))
    if outcome == "failed" and task_id and _has_tries_left(item):
        outcome = "retrying"
    run_id = identifier(told(item.get("run_id")), RUN_ID_LENGTH)
    runs = (_run(item, about, run_id, outcome, context),) if run_id else ()
    if outcome in ("skipped", "running"):
        return Parsed(runs=runs)
    return Parsed(alerts=(_alert(item, about, run_id, outcome),), runs=runs)


def _outcome(item: Item) -> Outcome:
    errors: dict[str, list[str]] = {}
    if not told(item.get("dag_id")):
        errors["dag_id"] = ["This field is required."]
    word = (told(item.get("event")) or told(item.get("state"))).lower()
    outcome = EVENTS.get(word.rpartition(".")[2])  # "TaskInstanceState.FAILED" too
    if outcome is None:
        wanted = ", ".join(get_args(Outcome))
        shown = clean(word, 40) or "This"
        errors["event"] = [f"'{shown}' is not one of {wanted}."]
    if errors or outcome is None:
        raise InvalidInputError(errors)
    return outcome


def _has_tries_left(item: Item) -> bool:
    """`max_tries` counts the retries: with 1, the first try has one left."""
    try_number, max_tries = _number(item, "try_number"), _number(item, "max_tries")
    return try_number is not None and max_tries is not None and try_number <= max_tries


def _number(item: Item, field: str) -> int | None:
    text = told(item.get(field), 12)
    return int(text) if text.isascii() and text.lstrip("-").isdigit() else None


def _alert(item: Item, about: AssetRef, run_id: str, outcome: Outcome) -> IncomingAlert:
    status: Status = "resolved" if outcome == "success" else "firing"
    verb = {"success": "succeeded", "late": "missed its deadline"}
    happened = verb.get(outcome, "failed")
    map_index = _number(item, "map_index")
    # Each mapped task fails and recovers on its own.
    part = f"[{map_index}]" if map_index is not None and map_index >= 0 else ""
    late: SeverityWord | None = "warning" if outcome == "late" else None
    return IncomingAlert(
        title=one_line(f"{about.name}{part} {happened}", TITLE_LENGTH),
        dedup_key=identifier(f"{_prefix(item)}{about.name}{part}", KEY_LENGTH),
        status=status,
        severity=severity_of(item.get("severity")) or late,
        asset=about,
        description=told(item.get("exception"), DESCRIPTION_LENGTH),
        url=link(item.get("log_url")),
        run_id=run_id,
        labels=_labels(item),
        occurred_at=_instant(item),
        has_event_time=True,
        pages=outcome != "retrying",
        # A task is told with the run of its DAG, and has none of its own.
        parent_run_id=run_id if told(item.get("task_id")) else "",
        repeats_parts=outcome == "failed" and _repeats_tasks(item),
    )


def _repeats_tasks(item: Item) -> bool:
    if told(item.get("task_id")):
        return False
    return {told(item.get("reason")), told(item.get("exception"), 20)} <= REPEATS


def _prefix(item: Item) -> str:
    """Two Airflows may share an integration if they name their namespaces."""
    namespace = told(item.get("namespace"))
    return f"{namespace}/" if namespace else ""


def _run(
    item: Item, about: AssetRef, run_id: str, outcome: Outcome, context: ParseContext
) -> IncomingRun:
    failed = outcome in ("failed", "retrying")
    return IncomingRun(
        asset=about,
        run_id=run_id,
        state=RUN_STATES[outcome],
        at=_instant(item) or context.received_at,
        error=told(item.get("exception"), DESCRIPTION_LENGTH) if failed else "",
        url=link(item.get("log_url")),
    )


def _instant(item: Item) -> datetime | None:
    """Return when it happened, if told. `logical_date` is not when, but for what."""
    for field in ("occurred_at", "end_date", "timestamp"):
        if at := instant_or_none(item.get(field)):
            return at
    return None


def _labels(item: Mapping[str, Any]) -> dict[str, str]:
    pairs = ((key, told(value)) for key, value in item.items())
    return labels_of((key, value) for key, value in pairs if key not in SHOWN_ELSEWHERE)
