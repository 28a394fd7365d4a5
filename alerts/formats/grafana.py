"""https://grafana.com/docs/grafana/latest/alerting/configure-notifications/manage-contact-points/integrations/webhook-notifier/

Grafana Alerting's webhook: Alertmanager's shape with links and values of its own. And
that of the alerting it had before version 11, which tells of one rule at a time:
https://grafana.com/docs/grafana/v8.5/alerting/old-alerting/notifications/#webhook
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from msgspec.structs import replace

from alerts.formats import alertmanager
from alerts.formats.assets import asset_in
from alerts.formats.base import (
    KEY_LENGTH,
    TITLE_LENGTH,
    IncomingAlert,
    ParseContext,
    Parsed,
    Status,
)
from alerts.formats.text import labels_of, lines, severity_of
from core.errors import InvalidInputError
from core.text import identifier, items, link, mapping, one_line, text_of, told

LABEL = "Grafana"
ABOUT = "Grafana Alerting, by a webhook contact point."

# Of the old alerting. What is pending or paused has no state to tell yet.
OLD_STATES: dict[str, Status | None] = {
    "alerting": "firing",
    "no_data": "firing",
    "ok": "resolved",
    "pending": None,
    "paused": None,
}


def parse(payload: object, context: ParseContext) -> Parsed:
    """Read one notification: each of its alerts has its own status and fingerprint.

    The old alerting's have none; there the rule is the dedup key.
    """
    body = mapping(payload)
    if "alerts" not in body and ("ruleId" in body or "ruleName" in body):
        return _read_old(body)
    return alertmanager.read_group(payload, _alert)


def snippet(url: str, key: str) -> str:
    return f"""\
# Alerting > Contact points > Add contact point
Integration:  Webhook
URL:          {url}
HTTP method:  POST
# Leave "Disable resolved message" off: it is what closes the alert here.
"""


def sample(key: str, at: datetime) -> object:
    return alertmanager.sample(key, at)


def _alert(
    one: alertmanager.Payload, status: Status, group: alertmanager.Payload
) -> IncomingAlert:
    alert = alertmanager.read_alert(one, status, group)
    values = (
        f"{told(name, 80)} = {text_of(value)}"
        for name, value in mapping(one.get("values")).items()
        if text_of(value)
    )
    return replace(
        alert,
        url=link(one.get("panelURL")) or link(one.get("dashboardURL")) or alert.url,
        description=lines(alert.description, ", ".join(values)),
    )


def _read_old(body: Mapping[str, Any]) -> Parsed:
    state = told(body.get("state")).lower()
    if state not in OLD_STATES:
        wanted = f"Must be one of {', '.join(OLD_STATES)}."
        raise InvalidInputError({"state": [wanted]})
    name, number = told(body.get("ruleName")), told(body.get("ruleId"))
    title = one_line(name or told(body.get("title")), TITLE_LENGTH) or f"Rule {number}"
    status, tags = OLD_STATES[state], mapping(body.get("tags"))
    if status is None:
        return Parsed()
    values = (
        f"{told(one.get('metric'), 80)} = {value}"
        for one in map(mapping, items(body.get("evalMatches")))
        if (value := text_of(one.get("value")))
    )
    alert = IncomingAlert(
        title=f"{title[: TITLE_LENGTH - 9]}: no data" if state == "no_data" else title,
        dedup_key=identifier(f"rule {number or title}", KEY_LENGTH),
        status=status,
        severity=severity_of(tags.get("severity")),
        asset=asset_in(tags),
        description=lines(told(body.get("message"), 8192), ", ".join(values)),
        url=link(body.get("ruleUrl")),
        labels=labels_of(tags.items()),
    )
    return Parsed(alerts=(alert,))
