"""Monte Carlo's webhook. https://docs.getmontecarlo.com/docs/webhooks"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from alerts.formats.assets import asset
from alerts.formats.base import (
    KEY_LENGTH,
    TITLE_LENGTH,
    IncomingAlert,
    ParseContext,
    Parsed,
)
from alerts.formats.text import labels_of, lines, severity_of
from core.errors import InvalidInputError
from core.text import identifier, items, link, mapping, one_line, told
from core.times import instant_or_none

LABEL = "Monte Carlo"
ABOUT = "Monte Carlo's webhook notifications."
NAMESPACE = "monte_carlo"
OVER = ("resolved", "closed", "fixed", "false_positive", "no_action_needed", "expected")

Body = Mapping[str, Any]


def parse(payload: object, context: ParseContext) -> Parsed:
    """Read one message about an incident; its id there is the dedup key."""
    message = mapping(payload)
    body = mapping(message.get("payload"))
    named = told(body.get("incident_id")) or told(body.get("alert_id"))
    if not named:
        wanted = "Its incident_id is required, as a string."
        raise InvalidInputError({"payload": [wanted]})
    events = [mapping(one) for one in items(body.get("event_list"))]
    tables = list(dict.fromkeys(t for one in events if (t := _table(one, body))))
    kind = told(message.get("type")) or "incident"
    words = kind.removeprefix("open_").replace("_", " ").capitalize()
    on = f" on {', '.join(tables[:3])}" if tables else ""
    alert = IncomingAlert(
        title=one_line(told(body.get("title")) or f"{words}{on}", TITLE_LENGTH),
        dedup_key=identifier(named, KEY_LENGTH),
        status="resolved" if _is_over(kind, body) else "firing",
        severity=severity_of(body.get("severity")),
        asset=asset(NAMESPACE, tables[0]) if tables else None,
        description=lines(*(told(one.get("event_details"), 2000) for one in events)),
        url=link(body.get("url")),
        labels=labels_of(
            [("type", kind), *((n, body.get(n)) for n in ("group_id", "priority"))]
        ),
        occurred_at=instant_or_none(body.get("created_time")),
    )
    return Parsed(alerts=(alert,))


def snippet(url: str, key: str) -> str:
    return f"""\
# Settings > Notifications > an audience > Add recipient > Webhook
{url}
"""


def sample(key: str, at: datetime) -> object:
    event = {"event_details": "Test event: nothing is broken", "table_name": "test"}
    return {
        "type": "open_anomaly_incident",
        "payload": {"incident_id": "headwater-test", "event_list": [event]},
    }


def _table(event: Body, body: Body) -> str:
    """Return "db:schema.table" as Monte Carlo writes it, in OpenLineage's dots."""
    table, group = told(event.get("table_name")), told(body.get("group_id"))
    full = told(event.get("full_table_id"))
    if full:
        return full.replace(":", ".")
    return f"{group.replace(':', '.')}.{table}" if table and group else table


def _is_over(kind: str, body: Body) -> bool:
    status = told(body.get("status")).lower().replace(" ", "_")
    return status in OVER or kind.startswith(("close", "resolve"))
