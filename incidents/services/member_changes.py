"""What becomes of an incident when its own alerts resolve, worsen or are answered."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from datetime import datetime

from django.conf import settings

from alerts.models import Alert
from core.live import publish
from incidents import wording
from incidents.models import FailingAsset, Incident, IncidentAlert, TimelineEntry
from incidents.services.assessing import failing_since, may_raise, raise_severity
from incidents.services.entries import save_entries
from incidents.services.habits import learn_from
from incidents.services.lineage import examine
from incidents.services.paging import page_again
from incidents.services.repeats import fold_ends
from incidents.services.stakeholders import tell_end
from incidents.severity import is_worse
from oncall.services import acknowledge_escalation, stop_escalation

Kind = TimelineEntry.Kind
MOST_ENTRIES = 5
FIRING, RESOLVED = Alert.Status.FIRING, Alert.Status.RESOLVED


def take_changes(
    alerts: Collection[Alert],
    *,
    members: Mapping[int, IncidentAlert],
    incidents: Mapping[int, Incident],
    at: datetime,
) -> None:
    """Take changed alerts into account that belong to an incident already."""
    by_incident: dict[int, list[Alert]] = defaultdict(list)
    for alert in alerts:
        incident = _current(members[alert.pk], incidents)
        by_incident[incident.pk].append(alert)
    for incident_id, changed in by_incident.items():
        incident = incidents[incident_id]
        if not incident.is_open:
            continue
        resolved = [
            alert
            for alert in changed
            if alert.status == RESOLVED and members[alert.pk].status == FIRING
        ]
        _note_resolved(incident, resolved, at=at)
        _raise_severity(incident, changed, at=at)
        acknowledge_as_asked(incident, changed, members=members, at=at)
        incident.last_alert_at = max(
            *(alert.last_at for alert in changed), incident.last_alert_at or at
        )
        incident.save(update_fields=["last_alert_at"])
        publish("incidents", incident.subject)
    _keep_up(alerts, members)
    for incident_id in by_incident:
        if incidents[incident_id].is_open:
            end_if_quiet(incidents[incident_id], at=at)


def _current(member: IncidentAlert, incidents: Mapping[int, Incident]) -> Incident:
    """The member's incident, or the one that absorbed it in this very batch."""
    incident = incidents[member.incident_id]
    while incident.merged_into_id is not None:
        incident = incidents[incident.merged_into_id]
    return incident


def _note_resolved(
    incident: Incident, alerts: Collection[Alert], *, at: datetime
) -> None:
    listed = fold_ends(incident, alerts, at=at)
    for alert in listed[:MOST_ENTRIES]:
        ended_at = alert.resolved_at or at
        incident.record(
            Kind.ALERT, f"Alert resolved: {alert.title}", at=ended_at, recorded_at=at
        )
    rest = [alert.title for alert in listed[MOST_ENTRIES:]]
    if rest:
        number = wording.counted(len(rest), "more alert")
        incident.record(Kind.ALERT, f"{number} resolved: {wording.listed(rest)}", at=at)


def _raise_severity(
    incident: Incident, alerts: Iterable[Alert], *, at: datetime
) -> None:
    firing = [a for a in alerts if a.pages and a.status == FIRING]
    worst = min((alert.severity for alert in firing), default=None)
    if worst is None or not may_raise(incident, worst):
        return
    before = incident.severity
    failing = failing_since([incident.pk])
    found, _ = examine({incident.pk: failing.get(incident.pk, {})})
    entries = raise_severity(incident, worst, found[incident.pk], at=at)
    incident.save(update_fields=["severity", "severity_reason"])
    save_entries(entries)
    if is_worse(incident.severity, before):
        page_again(incident, at=at, why=f"severity rose to {incident.severity}.")


def acknowledge_as_asked(
    incident: Incident,
    alerts: Iterable[Alert],
    *,
    members: Mapping[int, IncidentAlert] | None = None,
    at: datetime,
) -> None:
    """Acknowledge because a sender did, once for each time it asks."""
    for alert in alerts:
        asked_at = alert.acknowledge_asked_at
        seen_at = members[alert.pk].acknowledge_seen_at if members else None
        if asked_at is None or asked_at == seen_at or not incident.is_open:
            continue
        if incident.acknowledge(by=None, at=at, via=f"in {alert.integration}"):
            acknowledge_escalation(subject=incident.subject, by=None, at=at)


def _keep_up(alerts: Iterable[Alert], members: Mapping[int, IncidentAlert]) -> None:
    """Note on the memberships what has been taken into account."""
    stale = []
    for alert in alerts:
        member = members[alert.pk]
        now = (alert.status, alert.acknowledge_asked_at)
        if (member.status, member.acknowledge_seen_at) != now:
            member.status, member.acknowledge_seen_at = now
            stale.append(member)
    IncidentAlert.objects.bulk_update(
        stale, ["status", "acknowledge_seen_at"], batch_size=500
    )


def end_if_quiet(incident: Incident, *, at: datetime) -> None:
    """Let assets recover; with no alert firing at all, watch the incident or end it."""
    firing = incident.members.filter(status=FIRING)
    still = set(firing.values_list("alert__asset_id", flat=True))
    over = incident.members.filter(status=RESOLVED).values("alert__asset_id")
    FailingAsset.objects.filter(incident=incident, until=None, asset__in=over).exclude(
        asset__in=still - {None}
    ).update(until=at)
    if firing.exists() or not incident.members.exists():
        return
    if settings.RESOLVE_WITH_ALERTS:
        if incident.resolve(by=None, at=at, why="All alerts have resolved."):
            learn_from(incident)
        tell_end(incident, at=at)
    elif not _move_to_monitoring(incident, at=at):
        return
    stop_escalation(subject=incident.subject, at=at)


def _move_to_monitoring(incident: Incident, *, at: datetime) -> bool:
    return incident.move_to(
        Incident.Status.MONITORING, by=None, at=at, why="All alerts have resolved."
    )
