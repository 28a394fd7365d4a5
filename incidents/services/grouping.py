"""Making one incident of two, and two of one."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime

from django.db import transaction
from django.db.models import Min

from accounts.models import User
from accounts.services import record_audit
from alerts.models import Alert
from core.errors import DomainError, InvalidInputError
from core.live import publish
from incidents.models import (
    FailingAsset,
    Incident,
    IncidentAlert,
    Regrouping,
    TimelineEntry,
)
from incidents.services.assessing import assess
from incidents.services.locking import lock_incident, lock_incidents
from incidents.services.stakeholders import move_stakeholders, tell_start
from incidents.severity import is_worse
from oncall.services import stop_escalation

Kind = TimelineEntry.Kind


def absorb(
    kept: Incident, gone: Incident, *, why: str, at: datetime, by: User | None = None
) -> None:
    """Move everything of `gone` into `kept` and close `gone`. Both must be locked.

    `kept` is saved and must be assessed anew afterwards.
    """
    alerts = list(gone.members.values_list("alert_id", flat=True))
    moved = gone.members.update(incident=kept)
    _add_failing(kept, gone.failing_assets.all())
    gone.failing_assets.all().delete()
    move_stakeholders(gone, kept)
    kept.alert_count += moved
    kept.impact_started_at = min(kept.impact_started_at, gone.impact_started_at)
    kept.detected_at = min(kept.detected_at, gone.detected_at)
    stamps = [t for t in (kept.last_alert_at, gone.last_alert_at) if t is not None]
    kept.last_alert_at = max(stamps, default=None)
    if is_worse(gone.severity, kept.severity) and not kept.severity_is_set_by_hand:
        kept.severity, kept.severity_reason = gone.severity, gone.severity_reason
    kept.save(
        update_fields=[
            "alert_count", "impact_started_at", "detected_at", "last_alert_at",
            "severity", "severity_reason",
        ]
    )  # fmt: skip
    kept.record(Kind.MERGED, f"{gone} was merged into this. {why}", at=at, by=by)
    gone.resolve(by=by, at=at, why=f"Merged into {kept}. {why}")
    gone.merged_into = kept
    gone.alert_count = 0
    gone.save(update_fields=["merged_into", "alert_count"])
    if alerts:
        Regrouping.objects.create(
            kind=Regrouping.Kind.MERGED,
            source=gone,
            target=kept,
            alerts=alerts,
            why=why[:500],
            at=at,
            by=by,
            is_by_hand=by is not None,
        )
    kept.merge_offers.filter(other=gone).delete()
    gone.merge_offers.filter(other=kept).delete()
    stop_escalation(subject=gone.subject, at=at)


def _add_failing(incident: Incident, rows: Iterable[FailingAsset]) -> None:
    FailingAsset.objects.bulk_create(
        [
            FailingAsset(
                incident=incident, asset_id=r.asset_id, since=r.since, until=r.until
            )
            for r in rows
        ],
        ignore_conflicts=True,
    )


@transaction.atomic
def merge_incidents(
    *, incident_id: int, into_id: int, by: User, at: datetime
) -> Incident:
    """Merge the first into the second and return the second.

    Doing it twice is fine. Raises Incident.DoesNotExist, InvalidInputError for an
    incident with itself, DomainError when either has ended otherwise.
    """
    if incident_id == into_id:
        raise InvalidInputError({"into": ["Name another incident than this one."]})
    found = lock_incidents([incident_id, into_id])
    if len(found) < 2:
        raise Incident.DoesNotExist("There is no such incident.")
    gone, kept = found[incident_id], found[into_id]
    if gone.merged_into_id == kept.pk:
        return kept
    for incident in (gone, kept):
        if not incident.is_open:
            raise DomainError(f"{incident} is resolved and cannot be merged.")
    absorb(kept, gone, why="", at=at, by=by)
    kept.members.update(is_placed=True)
    settle(kept, at=at)
    record_audit(
        actor=by,
        action="incident.merged",
        target=gone,
        changes={"into": [None, kept.pk]},
        at=at,
    )
    publish("incidents", kept.subject, gone.subject)
    return kept


@transaction.atomic
def split_incident(
    *, incident_id: int, alert_ids: Collection[int], by: User, at: datetime
) -> Incident:
    """Move some alerts into an incident of their own and return that one.

    It starts out as acknowledged by `by`, who has just decided about it. Raises
    Incident.DoesNotExist, DomainError for a resolved incident, InvalidInputError for
    alerts that are not in it and for all of them at once.
    """
    source = lock_incident(incident_id)
    if not source.is_open:
        raise DomainError(f"{source} is resolved and cannot be split.")
    members = list(source.members.filter(alert__in=alert_ids).select_related("alert"))
    _check_split(source, members, alert_ids)
    alerts = [member.alert for member in members]
    new = open_for(alerts, like=source, at=at)
    new.acknowledge(by=by, at=max(at, new.triggered_at))
    IncidentAlert.objects.filter(incident=source, alert__in=alert_ids).update(
        incident=new, reason=f"split off {source.subject} by a person"
    )
    move_failing(source, new, alerts)
    IncidentAlert.objects.filter(incident__in=[source, new]).update(is_placed=True)
    new.alert_count = len(alerts)
    new.save(update_fields=["alert_count"])
    source.alert_count -= len(alerts)
    source.save(update_fields=["alert_count"])
    Regrouping.objects.create(
        kind=Regrouping.Kind.SPLIT,
        source=source,
        target=new,
        alerts=sorted(alert.pk for alert in alerts),
        at=at,
        by=by,
        is_by_hand=True,
    )
    number = f"{len(alerts)} alerts" if len(alerts) > 1 else "1 alert"
    new.record(Kind.OPENED, f"Split off {source} with {number}.", at=at, by=by)
    source.record(Kind.CHANGED, f"{number} moved to {new}.", at=at, by=by)
    for incident in (source, new):
        settle(incident, at=at)
    record_audit(
        actor=by,
        action="incident.split",
        target=source,
        changes={"alerts": sorted(alert.pk for alert in alerts), "into": new.pk},
        at=at,
    )
    publish("incidents", source.subject, new.subject)
    return new


def _check_split(
    source: Incident, members: Collection[IncidentAlert], alert_ids: Collection[int]
) -> None:
    missing = sorted(set(alert_ids) - {member.alert_id for member in members})
    if not alert_ids:
        raise InvalidInputError({"alerts": ["Name at least one alert."]})
    if missing:
        raise InvalidInputError({"alerts": [f"Not in this incident: {missing}."]})
    if source.members.count() == len(members):
        raise InvalidInputError({"alerts": ["Leave at least one alert where it is."]})


def move_failing(source: Incident, new: Incident, alerts: Collection[Alert]) -> None:
    """Assets whose alerts have all moved go with them; others fail in both."""
    moved = {alert.asset_id for alert in alerts if alert.asset_id is not None}
    _add_failing(new, source.failing_assets.filter(asset__in=moved))
    staying = source.members.filter(alert__asset__in=moved)
    kept = set(staying.values_list("alert__asset_id", flat=True))
    source.failing_assets.filter(asset__in=moved - kept).delete()
    for asset_id, since in (
        staying.values("alert__asset_id")
        .annotate(since=Min("alert__first_at"))
        .values_list("alert__asset_id", "since")
    ):
        source.failing_assets.filter(asset=asset_id).update(since=since)


def open_for(alerts: Collection[Alert], *, like: Incident, at: datetime) -> Incident:
    """Open an incident for alerts that leave the incident `like`. They are not moved
    yet."""
    first = min(alerts, key=lambda alert: (alert.first_at, alert.pk))
    return Incident.objects.create(
        title=first.title,
        severity=min(alert.severity for alert in alerts),
        severity_reason="The worst of its alerts.",
        team=like.team,
        private=like.private,
        impact_started_at=min(first.occurred_at, first.first_at),
        detected_at=first.first_at,
        triggered_at=max(at, first.first_at),
        last_alert_at=max(alert.last_at for alert in alerts),
    )


def settle(incident: Incident, *, at: datetime) -> None:
    """Reckon cause and effect anew after a regrouping, and tell who is affected."""
    found = assess(incident, at=at)
    tell_start({incident: found.dashboards}, at=at)
