"""What incidents hear from the apps to their left. Connected in `apps.py`."""

from collections.abc import Collection
from datetime import datetime
from typing import Any

from accounts.models import User
from alerts.models import Alert
from catalog.models import Asset
from catalog.panels import Panel
from core.live import publish
from incidents.downtime import history_of
from incidents.models import Incident, IncidentAlert
from incidents.queries import incidents_of_asset
from incidents.services.calling import activity_on, take_back_acknowledgement
from incidents.services.entries import save_paged
from incidents.services.faults import expected_by_incident, worst_expected
from incidents.services.lifecycle import (
    answer_page,
    escalate_incident,
    resolve_incident,
)
from oncall.signals import Activity, Progress

FIRST = 0  # among the panels of an asset's page
VIA_WORDS = {
    "call": "by phone",
    "link": "by a link in the page",
    "page": "on the on-call page",
    "sms": "by SMS",
    "slack": "in Slack",
}


def hear_acknowledgement(
    *, subject: str, by: User, at: datetime, via: str, **_: Any
) -> None:
    incident_id = _incident_of(subject)
    if incident_id is not None:
        answer_page(
            incident_id=incident_id, by=by, at=at, via=VIA_WORDS.get(via, f"by {via}")
        )


def hear_resolved(*, subject: str, by: User, at: datetime, **_: Any) -> None:
    incident_id = _incident_of(subject)
    if incident_id is not None:
        resolve_incident(incident_id=incident_id, by=by, at=at)


def hear_escalated(*, subject: str, by: User, at: datetime, **_: Any) -> None:
    incident_id = _incident_of(subject)
    if incident_id is not None:
        escalate_incident(incident_id=incident_id, by=by, at=at)


def tell_activity(*, subject: str, at: datetime, **_: Any) -> Activity | None:
    incident_id = _incident_of(subject)
    return activity_on(incident_id, at=at) if incident_id else None


def hear_lapsed(
    *, subject: str, by: User | None, last_at: datetime, at: datetime, **_: Any
) -> None:
    incident_id = _incident_of(subject)
    if incident_id is not None:
        take_back_acknowledgement(incident_id, by=by, last_at=last_at, at=at)


def hear_progress(*, notes: Collection[Progress], **_: Any) -> None:
    """Two statements, however many notes."""
    told = [
        (pk, note.at, note.text)
        for note in notes
        if (pk := _id_in(note.subject)) is not None
    ]
    if told:
        publish(*(f"incident:{pk}" for pk in save_paged(told)))


def keep_alerts(*, alert_ids: Collection[int], **_: Any) -> set[int]:
    """An incident tells of its alerts for as long as there is the incident."""
    members = IncidentAlert.objects.filter(alert__in=alert_ids)
    return set(members.values_list("alert_id", flat=True))


def show_on_asset_page(
    *, asset: Asset, user: User, at: datetime, **_: Any
) -> list[Panel]:
    """Needs `incidents/_asset_history.html` and `incidents/_asset_panel.html`."""
    found = incidents_of_asset(asset, user=user)
    expected = expected_by_incident(asset, [*found.open, *found.upstream])
    cells = history_of(asset, user=user, at=at)
    return [
        Panel("incidents/_asset_history.html", {"cells": cells}, order=90),
        Panel(
            template="incidents/_asset_panel.html",
            order=FIRST if found.open or found.upstream else 100,
            context={
                "open_incidents": found.open,
                "upstream_incidents": found.upstream,
                "past_incidents": found.past,
                "expected": worst_expected(expected.values()),
                "at": at,
            },
        ),
    ]


def show_on_alert_page(*, alert: Alert, user: User, **_: Any) -> list[Panel]:
    """Needs `incidents/_alert_panel.html`."""
    visible = Incident.objects.visible_to(user).filter(members__alert=alert)
    context: dict[str, object] = {"incident": visible.first()}
    return [Panel(template="incidents/_alert_panel.html", context=context)]


def _incident_of(subject: str) -> int | None:
    """The incident's id, None for another kind of subject or one that is gone."""
    pk = _id_in(subject)
    return pk if pk and Incident.objects.filter(pk=pk).exists() else None


def _id_in(subject: str) -> int | None:
    kind, _, key = subject.partition(":")
    return int(key) if kind == "incident" and key.isdecimal() else None
