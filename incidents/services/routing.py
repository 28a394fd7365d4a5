"""What routing rules and flapping mean to incidents."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from alerts.models import Handling, Route
from alerts.services import Note
from incidents.models import Incident, IncidentAlert, TimelineEntry


def route_of(incident: Incident) -> Route | None:
    """The routing rule that took the alert which opened the incident. One query."""
    if incident._state.adding:
        return None
    handled = Handling.objects.filter(
        alert__membership__incident=incident, route__is_default=False
    )
    related = handled.select_related("route__policy", "route__team")
    first = related.order_by("alert__membership__pk").first()
    return first.route if first else None


def note_on_timelines(notes: Iterable[Note], *, at: datetime) -> None:
    """Tell of alerts on the timelines of their incidents; others have none."""
    texts = {note.alert_id: note.text for note in notes}
    if not texts:
        return
    members = IncidentAlert.objects.filter(alert__in=texts).select_related("incident")
    for member in members:
        text = texts[member.alert_id]
        member.incident.record(TimelineEntry.Kind.ALERT, text, at=at)
