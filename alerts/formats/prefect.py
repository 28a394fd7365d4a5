"""https://docs.prefect.io/v3/concepts/automations

Prefect: an automation's webhook, its notification block, or a flow's state hook.
"""

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import msgspec

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
from alerts.formats.text import labels_of, severity_of
from core.errors import InvalidInputError
from core.text import identifier, link, one_line, told
from core.times import instant_or_none

LABEL = "Prefect"
ABOUT = "The webhook of a Prefect automation."
NAMESPACE = "prefect"

RUN_STATES: dict[str, RunState] = {
    "FAILED": "failed",
    "CRASHED": "failed",
    "TIMEDOUT": "failed",
    "COMPLETED": "success",
    "CANCELLED": "skipped",
    "CANCELLING": "skipped",
    "SCHEDULED": "running",
    "PENDING": "running",
    "RUNNING": "running",
    "PAUSED": "running",
    "RETRYING": "running",
    "AWAITINGRETRY": "running",
    "LATE": "running",
}
STATUSES: dict[RunState, Status] = {"failed": "firing", "success": "resolved"}

# A notification block sends words: "Flow run orders-etl Failed".
_SUBJECT = re.compile(r"(?:Flow run )?(.+?)\s+(?:entered state\s+)?`?(\w+)`?\.?")

Body = Mapping[str, Any]


def parse(payload: object, context: ParseContext) -> Parsed:
    """Read one message or an array of them. The dedup key is the flow, not its run.

    Up to 3.3 an automation packs its JSON once more, into a string:
    https://github.com/PrefectHQ/prefect/issues/17890
    """
    if isinstance(payload, str):
        payload = _unpacked(payload)
    return read_batch(payload, lambda item: _read(item, context))


def snippet(url: str, key: str) -> str:
    return f"""\
# Automations > a "Webhook" block with this address, and this body for the action:
{url}

{{"flow": {{{{ flow.name | tojson }}}}, "flow_run_id": "{{{{ flow_run.id }}}}",
 "flow_run_name": {{{{ flow_run.name | tojson }}}},
 "state": {{{{ flow_run.state.name | tojson }}}},
 "state_type": "{{{{ flow_run.state.type }}}}",
 "message": {{{{ flow_run.state.message | tojson }}}},
 "url": "{{{{ flow_run|ui_url }}}}",
 "occurred": "{{{{ flow_run.state.timestamp }}}}"}}
# Trigger it on Failed, Crashed, Timed out and Completed: the last closes the alert.
"""


def sample(key: str, at: datetime) -> object:
    return {
        "flow": "headwater-test",
        "flow_run_id": "test",
        "state_type": "FAILED",
        "message": "Test event: nothing is broken",
        "occurred": at.isoformat(),
    }


def _unpacked(text: str) -> object:
    try:
        return msgspec.json.decode(text)
    except (ValueError, RecursionError) as error:
        wanted = "Send a JSON object or an array of them."
        raise InvalidInputError({"detail": [wanted]}) from error


def _read(item: Body, context: ParseContext) -> Parsed:
    flow, word = _flow_and_state(item)
    state = RUN_STATES.get(word.rpartition(".")[2].upper().replace(" ", ""))
    if not flow or state is None:
        raise InvalidInputError(_missing(flow))
    about = asset(NAMESPACE, flow, "pipeline")
    at = instant_or_none(item.get("occurred")) or instant_or_none(item.get("timestamp"))
    status = STATUSES.get(state)
    return Parsed(
        alerts=(_alert(item, about, status, at),) if status else (),
        runs=_runs(item, about, state, at or context.received_at),
    )


def _missing(flow: str) -> dict[str, list[str]]:
    if not flow:
        return {"flow": ["A flow name is required, as flow or flow_name."]}
    return {"state_type": [f"Must be one of {', '.join(RUN_STATES)}."]}


def _flow_and_state(item: Body) -> tuple[str, str]:
    flow = told(item.get("flow_name")) or told(item.get("flow"))
    word = told(item.get("state_type")) or told(item.get("state"))
    if flow or word:
        return flow, word
    match = _SUBJECT.fullmatch(one_line(told(item.get("title")), 300))
    return (match[1], match[2]) if match else ("", "")


def _alert(
    item: Body, about: AssetRef, status: Status, at: datetime | None
) -> IncomingAlert:
    verb = "failed" if status == "firing" else "completed"
    message = told(item.get("message"), DESCRIPTION_LENGTH)
    body = told(item.get("body"), DESCRIPTION_LENGTH)
    named = ("flow_run_name", "deployment_id", "deployment_name", "state", "state_name")
    return IncomingAlert(
        title=one_line(f"{about.name} {verb}", TITLE_LENGTH),
        dedup_key=identifier(about.name, KEY_LENGTH),
        status=status,
        severity=severity_of(item.get("severity")),
        asset=about,
        description=message or body,
        url=link(item.get("url")),
        run_id=identifier(told(item.get("flow_run_id")), RUN_ID_LENGTH),
        labels=labels_of((name, told(item.get(name))) for name in named),
        occurred_at=at,
        has_event_time=True,
    )


def _runs(
    item: Body, about: AssetRef, state: RunState, at: datetime
) -> tuple[IncomingRun, ...]:
    run_id = identifier(told(item.get("flow_run_id")), RUN_ID_LENGTH)
    if not run_id:
        return ()
    failed = state == "failed"
    error = told(item.get("message"), DESCRIPTION_LENGTH) if failed else ""
    return (IncomingRun(about, run_id, state, at, error, link(item.get("url"))),)
