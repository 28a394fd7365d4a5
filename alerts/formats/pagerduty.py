"""PagerDuty Events API v2. https://developer.pagerduty.com/docs/send-alert-event"""

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import uuid4

from alerts.formats.assets import asset_in
from alerts.formats.base import (
    KEY_LENGTH,
    LABEL_VALUE_LENGTH,
    RUN_ID_LENGTH,
    TITLE_LENGTH,
    IncomingAlert,
    IncomingChange,
    ParseContext,
    Parsed,
    SeverityWord,
    Status,
)
from alerts.formats.text import as_json, labels_of, lines
from core.errors import InvalidInputError
from core.text import clean, identifier, items, link, mapping, one_line, text_of, told
from core.times import instant_or_none

LABEL = "PagerDuty Events v2"
ABOUT = "Anything that speaks to PagerDuty's Events API: point it here instead."

KEY_CHARACTERS = 32
OWN_LABELS = ("source", "component", "group", "class")
ACTIONS: dict[str, Status] = {
    "trigger": "firing",
    "acknowledge": "acknowledged",
    "resolve": "resolved",
}
SEVERITIES: dict[str, SeverityWord] = {
    "critical": "critical",
    "error": "error",
    "warning": "warning",
    "info": "info",
}
CHANGE_KINDS = frozenset({"deploy", "schema", "config", "backfill", "other"})

# Alertmanager's default details: one block of "- label = value" lines per alert.
_ALERTMANAGER_LABEL = re.compile(r"^ - (\w+) = (.*)$", re.MULTILINE)

Payload = Mapping[str, Any]
Errors = dict[str, list[str]]


def parse(payload: object, context: ParseContext) -> Parsed:
    """Read one alert event. A trigger without dedup_key gets one made for it.

    Acknowledge and resolve need only `dedup_key`. Unknown keys are left alone.
    """
    event = _object(payload)
    errors: Errors = {}
    action = _word(event, "event_action", "event_action", ACTIONS, errors)
    key = _dedup_key(event, action, errors)
    body = mapping(event.get("payload"))
    if action == "firing":
        _require(body, errors)
    if errors:
        raise InvalidInputError(errors)
    assert action is not None  # a missing one is an error
    return Parsed((_alert(event, body, action, key),))


def parse_change(payload: object, context: ParseContext) -> Parsed:
    """Read one change event, as sent to /v2/change/enqueue."""
    event = _object(payload)
    body = mapping(event.get("payload"))
    title = _text(body, "summary")
    if not title:
        raise InvalidInputError(_missing("payload.summary"))
    details = mapping(body.get("custom_details"))
    links, _ = _links(event)
    change = IncomingChange(
        title=one_line(title, TITLE_LENGTH),
        kind=_kind(details, title),
        asset=asset_in(details),
        url=next((link(url) for url, _ in links), ""),
        author=told(details.get("author"), 200) or told(details.get("user"), 200),
        occurred_at=instant_or_none(body.get("timestamp")),
    )
    return Parsed(changes=(change,))


def routing_key(payload: object) -> str:
    """Return the integration's key out of an event. Raises InvalidInputError."""
    key = _object(payload).get("routing_key")
    if not isinstance(key, str) or not key.strip():
        raise InvalidInputError(_missing("routing_key"))
    if len(key) != KEY_CHARACTERS:
        raise InvalidInputError(
            {
                "routing_key": [
                    "Length of 'routing_key' is incorrect "
                    f"(should be {KEY_CHARACTERS} characters)"
                ]
            }
        )
    return key


def accepted_answer(parsed: Parsed) -> dict[str, str]:
    """Return the body of the 202 for what `parse` gave."""
    return {
        "status": "success",
        "message": "Event processed",
        "dedup_key": parsed.alerts[0].dedup_key,
    }


def change_answer() -> dict[str, str]:
    """Return the body of the 202 for what `parse_change` gave."""
    return {"status": "success", "message": "Change event processed"}


def refused_answer(error: InvalidInputError) -> dict[str, object]:
    """Return the body of the 400, with the errors as PagerDuty's clients know them."""
    return {
        "status": "invalid event",
        "message": "Event object is invalid",
        "errors": [message for found in error.errors.values() for message in found],
    }


def snippet(url: str, key: str) -> str:
    base = url.removesuffix(f"/in/{key}")
    return f"""\
# Any PagerDuty Events v2 client: this address and this routing key.
# (The Python package "pagerduty" speaks https only.)
curl -sS {base}/v2/enqueue \\
  -H 'Content-Type: application/json' \\
  -d '{{"routing_key": "{key}", "event_action": "trigger",
       "dedup_key": "orders_daily",
       "payload": {{"summary": "orders_daily failed", "source": "airflow",
                   "severity": "error",
                   "custom_details": {{"dag_id": "orders_daily"}}}}}}'

# Alertmanager's receiver
receivers:
  - name: headwater
    pagerduty_configs:
      - routing_key: {key}
        url: {base}/v2/enqueue
"""


def sample(key: str, at: datetime) -> object:
    return {
        "routing_key": key,
        "event_action": "trigger",
        "dedup_key": "headwater-test",
        "payload": {
            "summary": "Test event: nothing is broken",
            "source": "headwater",
            "severity": "info",
            "timestamp": at.isoformat(),
        },
    }


def _alert(event: Payload, body: Payload, status: Status, key: str) -> IncomingAlert:
    details = mapping(body.get("custom_details"))
    naming = _naming(details)
    urls, links = _links(event)
    client_url = link(event.get("client_url"))
    summary = one_line(_text(body, "summary"), TITLE_LENGTH)
    return IncomingAlert(
        title=summary or one_line(key, TITLE_LENGTH),
        dedup_key=key,
        status=status,
        severity=SEVERITIES.get(_text(body, "severity")),
        asset=asset_in(naming),
        description=_description(body.get("custom_details"), links),
        url=(urls[0][0] if urls else "") or client_url or link(details.get("log_url")),
        run_id=identifier(told(details.get("run_id")), RUN_ID_LENGTH),
        labels=_labels(event, body, {**naming, **details}),
        occurred_at=instant_or_none(body.get("timestamp")),
    )


def _object(payload: object) -> Payload:
    if not isinstance(payload, dict):
        raise InvalidInputError({"detail": ["The event must be a JSON object"]})
    return payload


def _missing(field: str) -> Errors:
    return {field: [f"'{field}' is missing or blank"]}


def _text(holder: Payload, field: str) -> str:
    value = holder.get(field)
    return clean(value, len(value)).strip() if isinstance(value, str) else ""


def _word(
    holder: Payload, field: str, path: str, words: dict[str, Any], errors: Errors
) -> Any:
    word = _text(holder, field)
    if not word:
        errors.update(_missing(path))
    elif word not in words:
        wanted = ", ".join(f"'{known}'" for known in words)
        errors[path] = [f"'{path}' is invalid (must be one of: {wanted})"]
    return words.get(word)


def _dedup_key(event: Payload, action: Status | None, errors: Errors) -> str:
    value = event.get("dedup_key")
    key = value if isinstance(value, str) else text_of(value)
    key = clean(key, len(key))
    if len(key) > KEY_LENGTH:
        errors["dedup_key"] = [
            f"Length of 'dedup_key' is incorrect (should be at most {KEY_LENGTH} "
            "characters)"
        ]
    if key.strip():
        return key
    if action in ("acknowledged", "resolved"):
        errors.update(_missing("dedup_key"))
    return uuid4().hex


def _require(body: Payload, errors: Errors) -> None:
    if not body:
        errors.update(_missing("payload"))
        return
    for field in ("summary", "source"):
        if not _text(body, field):
            errors.update(_missing(f"payload.{field}"))
    _word(body, "severity", "payload.severity", SEVERITIES, errors)


def _naming(details: Payload) -> Payload:
    """Return the details, or the labels of the one alert Alertmanager put in them."""
    if "num_firing" not in details:
        return details
    for status in ("firing", "resolved"):
        text = details.get(status)
        if details.get(f"num_{status}") == "1" and isinstance(text, str):
            return dict(_ALERTMANAGER_LABEL.findall(text))
    return details


def _links(event: Payload) -> tuple[list[tuple[str, str]], list[str]]:
    """Return (address, text) of each usable link, and each as a line to read."""
    given = event.get("links")
    if not given:
        return [], []
    good = [
        (url, told(mapping(one).get("text")))
        for one in items(given)
        if (url := link(mapping(one).get("href")))
    ]
    return good, [f"{text}: {url}" if text else url for url, text in good]


def _labels(event: Payload, body: Payload, details: Payload) -> dict[str, str]:
    own = [(name, body[name]) for name in OWN_LABELS if name in body]
    short = [(k, v) for k, v in details.items() if not _is_long(v)]
    return labels_of([*own, ("client", event.get("client")), *short])


def _is_long(value: object) -> bool:
    return isinstance(value, str) and (
        len(value) > LABEL_VALUE_LENGTH or "\n" in value or not value
    )


def _description(details: object, links: list[str]) -> str:
    """Return what labels cannot hold: long and nested details, and the links."""
    if not (details or links):
        return ""
    if isinstance(details, str):
        return lines(details, *links)
    long = [
        f"{key}: {value if isinstance(value, str) else as_json(value)}"
        for key, value in mapping(details).items()
        if value and (isinstance(value, dict | list) or _is_long(value))
    ]
    return lines(*_error_text(mapping(details)), *long, *links)


def _error_text(details: Payload) -> list[str]:
    """Return short error texts too: they are what a responder reads first."""
    words = ("exception", "error", "error_message", "message", "reason")
    short = (details.get(word) for word in words if not _is_long(details.get(word)))
    return [text for value in short if (text := told(value))][:1]


def _kind(details: Payload, title: str) -> str:
    kind = told(details.get("kind")).lower()
    if kind in CHANGE_KINDS:
        return kind
    return "deploy" if "deploy" in title.lower() else "other"
