"""https://prometheus.io/docs/alerting/latest/configuration/#webhook_config

Alertmanager webhook, version 4.
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from hashlib import sha256
from typing import Any

from alerts.formats.assets import asset_in
from alerts.formats.base import (
    KEY_LENGTH,
    RUN_ID_LENGTH,
    TITLE_LENGTH,
    IncomingAlert,
    ParseContext,
    Parsed,
    Rejected,
    Status,
)
from alerts.formats.text import as_json, labels_of, lines, severity_of
from core.errors import InvalidInputError
from core.text import identifier, link, mapping, one_line, told
from core.times import instant_or_none

LABEL = "Alertmanager"
ABOUT = "Prometheus Alertmanager's webhook, version 4."
STATUSES: dict[object, Status] = {"firing": "firing", "resolved": "resolved"}
TITLE_ANNOTATIONS = ("summary", "title", "message", "description")

Payload = Mapping[str, Any]


def parse(payload: object, context: ParseContext) -> Parsed:
    """Read one notification: each of its alerts has its own status and fingerprint."""
    return read_group(payload, read_alert)


def read_group(
    payload: object, read: Callable[[Payload, Status, Payload], IncomingAlert]
) -> Parsed:
    """Return what `read(alert, status, group)` makes of each alert of a notification.

    Raises InvalidInputError when there is no array of alerts, or only bad ones.
    """
    group = mapping(payload)
    listed = group.get("alerts")
    if not isinstance(listed, list):
        raise InvalidInputError({"alerts": ["This field is required, as an array."]})
    alerts: list[IncomingAlert] = []
    rejected: list[Rejected] = []
    for index, one in enumerate(listed):
        status = _status(mapping(one), group)
        if status is None or not isinstance(one, dict):
            wanted = "'status' of the alert must be firing or resolved."
            rejected.append(Rejected(index, {"alerts": [wanted]}))
        else:
            alerts.append(read(one, status, group))
    if rejected and not alerts:
        raise InvalidInputError(dict(rejected[0].errors))
    return Parsed(alerts=tuple(alerts), rejected=tuple(rejected))


def snippet(url: str, key: str) -> str:
    return f"""\
# alertmanager.yml
route:
  receiver: headwater
receivers:
  - name: headwater
    webhook_configs:
      - url: {url}
        send_resolved: true
"""


def sample(key: str, at: datetime) -> object:
    labels = {"alertname": "HeadwaterTest", "severity": "info"}
    return {
        "version": "4",
        "status": "firing",
        "receiver": "headwater",
        "groupLabels": {},
        "commonLabels": labels,
        "commonAnnotations": {},
        "alerts": [
            {
                "status": "firing",
                "labels": labels,
                "annotations": {"summary": "Test event: nothing is broken"},
                "startsAt": at.isoformat(),
                "endsAt": "0001-01-01T00:00:00Z",
                "fingerprint": "headwater-test",
            }
        ],
    }


def read_alert(one: Payload, status: Status, group: Payload) -> IncomingAlert:
    """Return one alert of the notification `group`."""
    labels = mapping(one.get("labels"))
    annotations = mapping(one.get("annotations"))
    told_of = "endsAt" if status == "resolved" else "startsAt"
    severity = labels.get("severity") or annotations.get("severity")
    return IncomingAlert(
        title=_title(labels, annotations),
        dedup_key=_dedup_key(one, labels),
        status=status,
        severity=severity_of(severity),
        asset=asset_in(labels),
        description=_description(annotations, group),
        url=_url(one, annotations, group),
        run_id=identifier(told(labels.get("run_id")), RUN_ID_LENGTH),
        labels=_labels(labels, annotations, group),
        occurred_at=instant_or_none(one.get(told_of)),
        # A rule with severity "none" (the Watchdog) fires by design.
        pages=severity != "none",
    )


def _status(one: Payload, group: Payload) -> Status | None:
    status = one.get("status", group.get("status"))
    return STATUSES.get(status) if isinstance(status, str) else None


def _title(labels: Payload, annotations: Payload) -> str:
    for name in TITLE_ANNOTATIONS:
        if title := one_line(told(annotations.get(name)), TITLE_LENGTH):
            return title
    return one_line(told(labels.get("alertname")), TITLE_LENGTH) or "Unnamed alert"


def _dedup_key(one: Payload, labels: Payload) -> str:
    if fingerprint := told(one.get("fingerprint")):
        return identifier(fingerprint, KEY_LENGTH)
    named = as_json(sorted(labels_of(labels.items()).items()))
    return sha256(named.encode()).hexdigest()[:16]


def _labels(labels: Payload, annotations: Payload, group: Payload) -> dict[str, str]:
    """Return labels, then annotations but for the texts shown elsewhere."""
    rest = (
        (name, value)
        for name, value in annotations.items()
        if name not in TITLE_ANNOTATIONS and name not in labels
    )
    left_out = told(group.get("truncatedAlerts"))
    more = [("truncated_alerts", left_out)] if left_out not in ("", "0") else []
    return labels_of([*more, *labels.items(), *rest])


def _description(annotations: Payload, group: Payload) -> str:
    left_out = told(group.get("truncatedAlerts"))
    note = f"{left_out} more alerts of this group were left out by the sender."
    return lines(
        told(annotations.get("description"), 8192),
        note if left_out not in ("", "0") else "",
    )


def _url(one: Payload, annotations: Payload, group: Payload) -> str:
    return (
        link(one.get("generatorURL"))
        or link(annotations.get("dashboard"))
        or link(annotations.get("runbook_url"))
        or link(group.get("externalURL"))
    )
