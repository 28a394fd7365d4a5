"""Keys that fire again and again in one incident: one timeline entry that counts them,
so that a flapping check does not bury what people wrote."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable
from datetime import UTC, datetime

from django.db.models import Count, Min

from alerts.models import Alert
from incidents import wording
from incidents.models import Incident, IncidentAlert, TimelineEntry

Key = tuple[int, str]  # integration, dedup key


def fold_repeats(
    joined: Collection[tuple[Incident, Alert]], *, at: datetime
) -> set[int]:
    """Count alerts whose key fired in their incident before, each in the entry of its
    key; return the ids of those. Call it before they are members. Two queries, and
    one for each entry.
    """
    fired = _fired_before(joined)
    again: dict[tuple[int, Key], list[Alert]] = defaultdict(list)
    incidents = {incident.pk: incident for incident, _ in joined}
    for incident, alert in joined:
        if (incident.pk, _key(alert)) in fired:
            again[incident.pk, _key(alert)].append(alert)
    entries = _entries({(pk, fired[pk, key][0]) for pk, key in again})
    for (incident_id, key), alerts in again.items():
        first, count = fired[incident_id, key]
        last = max(alerts, key=lambda alert: alert.first_at)
        entry = entries.get((incident_id, first)) or TimelineEntry(
            incident=incidents[incident_id],
            kind=TimelineEntry.Kind.ALERT,
            repeats_of_id=first,
            at=last.first_at,
        )
        entry.at = max(last.first_at, entry.at)
        entry.recorded_at = at
        entry.text = _text(last.title, count - 1 + len(alerts), entry.at)
        entry.save()
    return {alert.pk for alerts in again.values() for alert in alerts}


def fold_ends(
    incident: Incident, alerts: Iterable[Alert], *, at: datetime
) -> list[Alert]:
    """Note in the entry of its key that a repeated alert is over; return the others."""
    listed = list(alerts)
    fired = _fired_before([(incident, alert) for alert in listed])
    entries = _entries({(pk, first) for (pk, _), (first, _) in fired.items()})
    left: list[Alert] = []
    for alert in listed:
        first, count = fired.get((incident.pk, _key(alert)), (alert.pk, 1))
        entry = entries.get((incident.pk, first))
        if entry is None or alert.pk == first:
            left.append(alert)
            continue
        over = _clock(alert.resolved_at or at)
        entry.text = f"{_text(alert.title, count - 1, entry.at)}; over at {over}"
        entry.save(update_fields=["text"])
    return left


def _key(alert: Alert) -> Key:
    return alert.integration_id, alert.dedup_key


def _fired_before(
    joined: Collection[tuple[Incident, Alert]],
) -> dict[tuple[int, Key], tuple[int, int]]:
    """{(incident, key): (its first alert there, how many there are)}. One query."""
    if not joined:
        return {}
    rows = (
        IncidentAlert.objects.filter(
            incident__in={incident.pk for incident, _ in joined},
            alert__integration__in={alert.integration_id for _, alert in joined},
            alert__dedup_key__in={alert.dedup_key for _, alert in joined},
        )
        .order_by()
        .values_list("incident_id", "alert__integration_id", "alert__dedup_key")
        .annotate(first=Min("alert_id"), count=Count("pk"))
    )
    return {
        (incident_id, (integration_id, dedup_key)): (first, count)
        for incident_id, integration_id, dedup_key, first, count in rows
    }


def _entries(
    wanted: Collection[tuple[int, int]],
) -> dict[tuple[int, int], TimelineEntry]:
    """{(incident, first alert of a key): the entry that counts it}. One query."""
    if not wanted:
        return {}
    found = TimelineEntry.objects.filter(
        incident__in={incident_id for incident_id, _ in wanted},
        repeats_of__in={first for _, first in wanted},
    )
    return {
        (entry.incident_id, entry.repeats_of_id): entry
        for entry in found
        if entry.repeats_of_id is not None
    }


def _text(title: str, times: int, last: datetime) -> str:
    if times == 1:
        return f"{title}: fired again at {_clock(last)}"
    return f"{title}: fired {wording.counted(times, 'time')} more, last {_clock(last)}"


def _clock(at: datetime) -> str:
    return f"{at.astimezone(UTC):%H:%M} UTC"
