"""https://docs.datadoghq.com/integrations/webhooks/

Datadog's webhook, with the body `snippet` gives.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from alerts.formats.assets import asset_in
from alerts.formats.base import (
    DESCRIPTION_LENGTH,
    KEY_LENGTH,
    TITLE_LENGTH,
    IncomingAlert,
    ParseContext,
    Parsed,
    SeverityWord,
    Status,
)
from alerts.formats.text import labels_of, severity_of
from core.errors import InvalidInputError
from core.text import identifier, link, mapping, one_line, told
from core.times import FIRST_YEAR, LAST_YEAR, instant_or_none

LABEL = "Datadog"
ABOUT = "Datadog monitors, by a webhook of its integrations."

STATUSES: dict[str, Status] = {
    "triggered": "firing",
    "re-triggered": "firing",
    "renotify": "firing",
    "no data": "firing",
    "re-no data": "firing",
    "warn": "firing",
    "re-warn": "firing",
    "recovered": "resolved",
}
# What an event that is of no monitor, and so in no transition, says of itself.
TYPES: dict[str, Status] = {
    "error": "firing",
    "warning": "firing",
    "success": "resolved",
}

Body = Mapping[str, Any]


def parse(payload: object, context: ParseContext) -> Parsed:
    """Read one monitor's transition. The dedup key is the monitor with its scope.

    An event without a monitor has no transition: its type tells.
    """
    body = mapping(payload)
    title = one_line(told(body.get("title"), TITLE_LENGTH), TITLE_LENGTH)
    transition = _told(body.get("alert_transition")).lower()
    status = STATUSES.get(transition) or (
        None if transition else TYPES.get(_told(body.get("alert_type")).lower())
    )
    errors: dict[str, list[str]] = {}
    if not title:
        errors["title"] = ["This field is required."]
    if status is None:
        errors["alert_transition"] = [f"Must be one of {', '.join(STATUSES)}."]
    if errors or status is None:
        raise InvalidInputError(errors)
    tags = _tags(body)
    alert = IncomingAlert(
        title=title,
        dedup_key=_dedup_key(body, title),
        status=status,
        severity=_severity(body, transition),
        asset=asset_in(tags),
        description=told(body.get("body"), DESCRIPTION_LENGTH),
        url=link(body.get("url")),
        labels=labels_of([*tags.items(), ("scopes", _told(body.get("scopes")))]),
        occurred_at=_instant(body.get("date")),
        has_event_time=True,
    )
    return Parsed(alerts=(alert,))


def snippet(url: str, key: str) -> str:
    return f"""\
# Integrations > Webhooks > New. Then name @webhook-headwater in a monitor.
Name:     headwater
URL:      {url}
Payload:
{{"title": "$EVENT_TITLE", "body": "$TEXT_ONLY_MSG", "date": "$DATE",
 "alert_transition": "$ALERT_TRANSITION", "alert_type": "$ALERT_TYPE",
 "severity": "$ALERT_PRIORITY", "monitor_id": "$ALERT_ID", "scopes": "$ALERT_SCOPE",
 "aggregation_key": "$AGGREG_KEY", "tags": "$TAGS", "url": "$LINK"}}
# Tags such as dataset:..., dag_id:... and task_id:... say what the monitor is about.
"""


def sample(key: str, at: datetime) -> object:
    return {
        "title": "Test event: nothing is broken",
        "alert_transition": "Triggered",
        "severity": "P5",
        "monitor_id": "headwater-test",
        "date": str(int(at.timestamp() * 1000)),
    }


def _told(value: object, limit: int = 1024) -> str:
    """Return the text, "" for a variable that Datadog did not fill in."""
    text = told(value, limit)
    return "" if text.startswith("$") else text


def _dedup_key(body: Body, title: str) -> str:
    monitor, scopes = _told(body.get("monitor_id")), _told(body.get("scopes"))
    grouped = _told(body.get("aggregation_key"))
    key = f"{monitor} {scopes}".strip() if monitor else grouped
    # "[Triggered] x" and "[Recovered] x" are one monitor.
    return identifier(key or title.partition("] ")[2] or title, KEY_LENGTH)


def _tags(body: Body) -> dict[str, str]:
    pairs = (tag.partition(":") for tag in _told(body.get("tags"), 8192).split(","))
    return {name.strip(): value.strip() for name, _, value in pairs if name.strip()}


def _severity(body: Body, transition: str) -> SeverityWord | None:
    if "warn" in transition:
        return "warning"
    words = (_told(body.get(name)) for name in ("severity", "alert_type"))
    return next((found for word in words if (found := severity_of(word))), None)


def _instant(value: object) -> datetime | None:
    """Return an instant of $DATE, which is in milliseconds since 1970."""
    text = told(value, 40)
    if not (text.isascii() and text.isdigit() and len(text) <= 15):
        return instant_or_none(value)
    at = datetime.fromtimestamp(int(text) / 1000, UTC) if len(text) < 14 else None
    return at if at and FIRST_YEAR <= at.year <= LAST_YEAR else None
