"""Soda Cloud's webhook. https://docs.soda.io/apis/webhook-api"""

from collections.abc import Iterator, Mapping
from typing import Any

from alerts.formats.assets import asset
from alerts.formats.base import (
    KEY_LENGTH,
    TITLE_LENGTH,
    AssetRef,
    IncomingAlert,
    Parsed,
    SeverityWord,
    Status,
)
from alerts.formats.text import labels_of, lines
from core.text import identifier, items, link, mapping, one_line, text_of, told

STATUSES: Mapping[str, Status] = {
    "fail": "firing",
    "warn": "firing",
    "pass": "resolved",
}
SEVERITIES: Mapping[str, SeverityWord] = {
    "critical": "critical",
    "major": "error",
    "minor": "warning",
}

Body = Mapping[str, Any]


def is_one(payload: object) -> bool:
    """Whether it is one of Soda Cloud's events and no scan's results."""
    return "event" in mapping(payload) and "checks" not in mapping(payload)


def parse(payload: object) -> Parsed:
    """Read checks that were evaluated, or an incident that people keep there.

    Of all other events ("validate", a contract that was published) there is nothing to
    tell.
    """
    event = mapping(payload)
    kind = told(event.get("event"))
    if kind == "checkEvaluation":
        return Parsed(alerts=tuple(_checks(event.get("checkResults"))))
    if kind in ("incidentCreated", "incidentUpdated"):
        return Parsed(alerts=tuple(_incident(mapping(event.get("incident")))))
    return Parsed()


def _checks(results: object) -> Iterator[IncomingAlert]:
    for check in map(mapping, items(results)):
        outcome = told(check.get("outcome"))
        status, name = STATUSES.get(outcome), _name(check)
        if status is None or not name:  # it could not be evaluated
            continue
        about = _table(check)
        on = f" on {about.name}" if about else ""
        verb = {"fail": "failed", "warn": "warns"}.get(outcome, "passed")
        value = text_of(mapping(check.get("diagnostics")).get("value"))
        yield IncomingAlert(
            title=one_line(f"{name} {verb}{on}", TITLE_LENGTH),
            dedup_key=identifier(told(check.get("id")) or f"{name}{on}", KEY_LENGTH),
            status=status,
            severity="warning" if outcome == "warn" else None,
            asset=about,
            description=lines(
                f"Measured {value}." if value else "",
                told(check.get("definition"), 2000),
            ),
            url=link(check.get("sodaCloudUrl")),
            labels=labels_of([("column", check.get("column"))]),
            pages=outcome != "warn",
        )


def _incident(incident: Body) -> Iterator[IncomingAlert]:
    id_, title = told(incident.get("id")), told(incident.get("title"), TITLE_LENGTH)
    if not id_ or not title:
        return
    tables = map(_table, map(mapping, items(incident.get("checkResults"))))
    over = told(incident.get("status")) == "resolved"
    yield IncomingAlert(
        title=one_line(title, TITLE_LENGTH),
        dedup_key=identifier(f"soda incident {id_}", KEY_LENGTH),
        status="resolved" if over else "firing",
        severity=SEVERITIES.get(told(incident.get("severity")).lower()),
        asset=next((one for one in tables if one), None),
        description=told(incident.get("description"), 2000),
        url=link(incident.get("sodaCloudUrl")),
    )


def _name(check: Body) -> str:
    """Its own name, else the line of its definition that says what is checked."""
    definition = told(check.get("definition"), 2000)
    check_lines = [one.strip(" -:") for one in definition.splitlines()[1:]]
    stated = next((one for one in check_lines if one), definition)
    return told(check.get("name")) or stated


def _table(check: Body) -> AssetRef | None:
    dataset = mapping(next(iter(items(check.get("datasets"))), None))
    source = told(mapping(dataset.get("datasource")).get("name"))
    table = told(dataset.get("name"))
    return asset(source, table) if source and table else None
