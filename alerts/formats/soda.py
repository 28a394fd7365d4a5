"""Soda Core's scan results, and Soda Cloud's webhook.

https://docs.soda.io/soda-v3/soda-library/programmatic
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from alerts.formats import soda_cloud
from alerts.formats.assets import asset
from alerts.formats.base import (
    KEY_LENGTH,
    TITLE_LENGTH,
    AssetRef,
    IncomingAlert,
    ParseContext,
    Parsed,
    Status,
)
from alerts.formats.text import labels_of, lines
from core.errors import InvalidInputError
from core.text import identifier, items, mapping, one_line, text_of, told
from core.times import instant_or_none

LABEL = "Soda"
ABOUT = "Results of a Soda scan, or Soda Cloud's webhook."
# What a check of the schema found.
SCHEMA_FACTS = {
    "missing_column_names": "Missing columns",
    "present_column_names": "Columns that should not be there",
    "column_additions": "New columns",
    "column_deletions": "Columns that are gone",
}
STATUSES: dict[str, Status] = {"fail": "firing", "warn": "firing", "pass": "resolved"}

Body = Mapping[str, Any]


def parse(payload: object, context: ParseContext) -> Parsed:
    """Read one scan: each check is an alert of its own, a warning pages nobody.

    A check without outcome could not be evaluated; the scan's errors are one alert.
    """
    if soda_cloud.is_one(payload):
        return soda_cloud.parse(payload)
    scan = mapping(payload)
    if not isinstance(scan.get("checks"), list):
        raise InvalidInputError({"checks": ["This field is required, as an array."]})
    at = instant_or_none(scan.get("scanEndTimestamp"))
    checks = (mapping(one) for one in items(scan.get("checks")))
    alerts = [alert for check in checks if (alert := _alert(check, at))]
    if isinstance(scan.get("hasErrors"), bool):
        alerts.append(_scan(scan, at))
    return Parsed(alerts=tuple(alerts))


def snippet(url: str, key: str) -> str:
    return f"""\
# Shell: after every scan, failed or not
soda scan -d warehouse -c configuration.yml -srf scan.json checks.yml; status=$?
curl -sS {url} -H 'Content-Type: application/json' --data-binary @scan.json
exit $status

# Soda Cloud: Organization Settings > Integrations > Webhook, for alert notifications
# and, if people keep them there, incidents
{url}
"""


def sample(key: str, at: datetime) -> object:
    check = {
        "identity": "headwater-test",
        "name": "Test event: nothing is broken",
        "outcome": "warn",
        "dataSource": "headwater",
        "table": "test",
    }
    return {"checks": [check], "scanEndTimestamp": at.isoformat()}


def _alert(check: Body, at: datetime | None) -> IncomingAlert | None:
    name, outcome = told(check.get("name")), told(check.get("outcome"))
    status = STATUSES.get(outcome)
    if status is None or not name:
        return None
    about = _table(check)
    on = f" on {about.name}" if about else ""
    verb = {"fail": "failed", "warn": "warns"}.get(outcome, "passed")
    return IncomingAlert(
        title=one_line(f"{name} {verb}{on}", TITLE_LENGTH),
        dedup_key=identifier(told(check.get("identity")) or f"{name}{on}", KEY_LENGTH),
        status=status,
        severity="warning" if outcome == "warn" else None,
        asset=about,
        description=_description(check),
        labels=labels_of(
            (name, check.get(name)) for name in ("column", "dataSource", "table")
        ),
        occurred_at=at,
        has_event_time=True,
        pages=outcome != "warn",
    )


def _table(check: Body) -> AssetRef | None:
    source, table = told(check.get("dataSource")), told(check.get("table"))
    return asset(source, table) if source and table else None


def _description(check: Body) -> str:
    found = mapping(check.get("diagnostics"))
    value = text_of(found.get("value"))
    # A freshness is measured in milliseconds, and in words beside them.
    measured = told(found.get("freshness")).partition(".")[0] or value
    columns = [
        f"{what}: {', '.join(names)}."
        for field, what in SCHEMA_FACTS.items()
        if (names := [name for one in items(found.get(field)) if (name := told(one))])
    ]
    return lines(
        f"Measured {measured}." if measured else "",
        *columns,
        told(check.get("definition"), 2000),
    )


def _scan(scan: Body, at: datetime | None) -> IncomingAlert:
    """Return the alert about the scan itself, resolved by one without errors."""
    name = told(scan.get("definitionName")) or "Soda"
    source = told(scan.get("defaultDataSource"))
    logs = (mapping(one) for one in items(scan.get("logs")))
    errors = (
        told(one.get("message"), 1000) for one in logs if one.get("level") == "error"
    )
    failed = scan.get("hasErrors") is True
    verb = "has errors" if failed else "ran"
    return IncomingAlert(
        title=one_line(f"Soda scan {name} {source} {verb}", TITLE_LENGTH),
        dedup_key=identifier(f"soda scan {name} {source}".strip(), KEY_LENGTH),
        status="firing" if failed else "resolved",
        description=lines(*errors) if failed else "",
        occurred_at=at,
        has_event_time=True,
    )
