"""Opsgenie's Alert API. https://docs.opsgenie.com/docs/alert-api"""

from collections.abc import Mapping
from datetime import datetime
from secrets import token_bytes
from typing import Any
from uuid import UUID, uuid4

from alerts.formats.assets import asset_in
from alerts.formats.base import (
    DESCRIPTION_LENGTH,
    KEY_LENGTH,
    RUN_ID_LENGTH,
    TITLE_LENGTH,
    IncomingAlert,
    ParseContext,
    Parsed,
    SeverityWord,
    Status,
)
from alerts.formats.text import labels_of, lines
from core.errors import InvalidInputError
from core.text import identifier, items, mapping, one_line, told

LABEL = "Opsgenie"
ABOUT = "Anything that speaks to Opsgenie's Alert API: point it here instead."

# P3 is what Opsgenie gives an alert without priority.
PRIORITIES: dict[str, SeverityWord] = {
    "P1": "critical",
    "P2": "error",
    "P3": "warning",
    "P4": "info",
    "P5": "info",
}
ACTIONS: dict[str, Status] = {"close": "resolved", "acknowledge": "acknowledged"}
# What a request did, by what it says of its alert; the order is part of request ids.
DONE: dict[Status, tuple[str, str]] = {
    "firing": ("Create", "Created alert"),
    "resolved": ("Close", "Closed alert"),
    "acknowledged": ("Acknowledge", "Acknowledged alert"),
}


def parse(payload: object, context: ParseContext) -> Parsed:
    """Read the body of a create request. `alias` is the dedup key, made if missing."""
    body = mapping(payload)
    errors: dict[str, list[str]] = {}
    title = one_line(told(body.get("message"), TITLE_LENGTH), TITLE_LENGTH)
    if not title:
        errors["message"] = ["Message can not be empty."]
    priority = told(body.get("priority")).upper()
    if priority and priority not in PRIORITIES:
        errors["priority"] = [f"Must be one of {', '.join(PRIORITIES)}."]
    if errors:
        raise InvalidInputError(errors)
    details = mapping(body.get("details"))
    alert = IncomingAlert(
        title=title,
        dedup_key=_alias(body.get("alias")) or uuid4().hex,
        severity=PRIORITIES.get(priority),
        asset=asset_in(details),
        description=lines(
            told(body.get("description"), DESCRIPTION_LENGTH),
            told(body.get("note"), DESCRIPTION_LENGTH),
        ),
        run_id=identifier(told(details.get("run_id")), RUN_ID_LENGTH),
        labels=labels_of([*_own(body), *details.items()]),
    )
    return Parsed(alerts=(alert,))


def parse_action(named: str, action: str) -> Parsed:
    """Return what `POST /v2/alerts/<named>/<action>` asks, `named` being the alias.

    Raises InvalidInputError for an action other than close and acknowledge.
    """
    alias = _alias(named)
    if not alias or action not in ACTIONS:
        raise InvalidInputError({"action": [f"Must be one of {', '.join(ACTIONS)}."]})
    alert = IncomingAlert(title=alias, dedup_key=alias, status=ACTIONS[action])
    return Parsed(alerts=(alert,))


def request_id(alert_id: int | None, status: Status) -> str:
    """Return a new id that tells what the request did and to which alert.

    So its status can be asked for without a table of requests. None: to no alert, as
    none was open.
    """
    done = list(DONE).index(status)
    return str(
        UUID(bytes=token_bytes(7) + bytes([done]) + (alert_id or 0).to_bytes(8, "big"))
    )


def read_request_id(asked: str) -> tuple[int, Status] | None:
    """Return the alert's id, 0 for none, and what was done; None if it is no id."""
    try:
        told = UUID(asked).bytes
    except ValueError:
        return None
    if told[7] >= len(DONE):
        return None
    return int.from_bytes(told[8:], "big"), list(DONE)[told[7]]


def accepted_answer(
    seconds: float, *, alert_id: int | None, status: Status
) -> dict[str, object]:
    """Return the body of the 202, for a request that took `seconds`."""
    return {
        "result": "Request will be processed",
        "took": round(seconds, 3),
        "requestId": request_id(alert_id, status),
    }


def status_answer(
    asked: str, *, alias: str, done: Status, integration_id: int, at: datetime | None
) -> dict[str, object]:
    """Return the body that says what became of the request `asked`.

    `alias` is that of its alert, "" when there was none to close. It is the alert's id
    too: alerts are named by alias alone. `at` is when it was done, aware UTC.
    """
    action, status = DONE[done]
    return {
        "data": {
            "success": bool(alias),
            "isSuccess": bool(alias),
            "action": action,
            "processedAt": f"{at:%Y-%m-%dT%H:%M:%S.%f}"[:-3] + "Z" if at else None,
            "integrationId": str(integration_id),
            "status": status if alias else "Alert does not exist",
            "alertId": alias,
            "alias": alias,
        },
        "took": 0.0,
        "requestId": asked,
    }


def unknown_request_answer(seconds: float) -> dict[str, object]:
    """Return the body of the 404."""
    return {
        "message": "Request not found. It might not be processed, yet.",
        "took": round(seconds, 3),
        "requestId": str(uuid4()),
    }


def refused_answer(error: InvalidInputError, seconds: float) -> dict[str, object]:
    """Return the body of an error, as Opsgenie's clients know it."""
    return {
        "message": "Request body is not processable. Please check the errors.",
        "errors": {field: " ".join(found) for field, found in error.errors.items()},
        "took": round(seconds, 3),
        "requestId": str(uuid4()),
    }


def unknown_key_answer(seconds: float) -> dict[str, object]:
    """Return the body of the 401."""
    return {
        "message": "Could not authenticate",
        "took": round(seconds, 3),
        "requestId": str(uuid4()),
    }


def snippet(url: str, key: str) -> str:
    base = url.removesuffix(f"/in/{key}")
    return f"""\
# Any Opsgenie client: this API address and this key.
curl -sS {base}/v2/alerts \\
  -H 'Authorization: GenieKey {key}' -H 'Content-Type: application/json' \\
  -d '{{"message": "orders_daily failed", "alias": "orders_daily", "priority": "P2",
       "details": {{"dag_id": "orders_daily"}}}}'

# Once it works again:
curl -sS -X POST '{base}/v2/alerts/orders_daily/close?identifierType=alias' \\
  -H 'Authorization: GenieKey {key}'
"""


def sample(key: str, at: datetime) -> object:
    return {
        "message": "Test event: nothing is broken",
        "alias": "headwater-test",
        "priority": "P5",
    }


def _alias(value: object) -> str:
    return identifier(told(value, 2 * TITLE_LENGTH), KEY_LENGTH)


def _own(body: Mapping[str, Any]) -> list[tuple[str, object]]:
    tags = ", ".join(tag for one in items(body.get("tags")) if (tag := told(one)))
    own = [(name, body.get(name)) for name in ("source", "entity", "user")]
    return [*own, ("tags", tags)]
