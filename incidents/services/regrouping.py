"""Alerts that go from one incident to another after the fact, and how to undo it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from datetime import datetime

from django.db import transaction

from accounts.models import User
from accounts.services import record_audit
from alerts.models import Alert
from catalog.models import Asset
from core.errors import DomainError, InvalidInputError
from core.live import publish
from incidents import wording
from incidents.correlation import Move
from incidents.models import Incident, IncidentAlert, Regrouping, TimelineEntry
from incidents.services.assessing import assess
from incidents.services.grouping import move_failing, open_for, settle
from incidents.services.locking import lock_incidents
from incidents.services.paging import start_paging
from incidents.services.stakeholders import tell_start

Kind = TimelineEntry.Kind


def carry_out_moves(
    moves: Iterable[Move], *, incidents: Mapping[int, Incident], at: datetime
) -> None:
    """Move failing assets with their alerts, as grouping has decided.

    `incidents` are locked; those below 0 were opened by the same plan, and one that is
    missing is opened here and paged about.
    """
    together: dict[tuple[int, int], list[Move]] = defaultdict(list)
    for move in moves:
        together[move.source, move.target].append(move)
    opened: dict[int, Incident] = {}
    changed: dict[int, Incident] = {}
    for (source_id, target_id), listed in together.items():
        source = incidents[source_id]
        alerts = list(
            Alert.objects.filter(
                membership__incident=source, asset__in=[m.asset_id for m in listed]
            ).order_by("first_at", "pk")
        )
        if not alerts:
            continue
        target = incidents.get(target_id) or opened.get(target_id)
        if target is None:
            target = opened[target_id] = open_for(alerts, like=source, at=at)
        _carry(source, target, alerts, root=listed[0].root, at=at)
        changed |= {source.pk: source, target.pk: target}
    for incident in changed.values():
        found = assess(incident, at=at)
        if incident.pk in {one.pk for one in opened.values()}:
            start_paging(incident, at=at, dashboards=found.dashboards)
        tell_start({incident: found.dashboards}, at=at)
        publish("incidents", incident.subject)


def _carry(
    source: Incident,
    target: Incident,
    alerts: Collection[Alert],
    *,
    root: int,
    at: datetime,
) -> None:
    asset = Asset.objects.filter(pk=root).first()
    why = f"{asset} explains them better." if asset else ""
    hand_over(source, target, alerts, reason=f"moved from {source.subject}: {why}")
    number = wording.counted(len(alerts), "alert")
    source.record(Kind.CHANGED, f"{number} moved to {target}. {why}", at=at)
    target.record(Kind.CHANGED, f"{number} moved here from {source}. {why}", at=at)
    Regrouping.objects.create(
        kind=Regrouping.Kind.MOVED,
        source=source,
        target=target,
        alerts=[alert.pk for alert in alerts],
        why=why[:500],
        at=at,
    )


def hand_over(
    source: Incident,
    target: Incident,
    alerts: Collection[Alert],
    *,
    reason: str,
    by_hand: bool = False,
) -> None:
    """Move the rows: memberships, failing assets, counts. Both must be locked, and
    assessed afterwards."""
    pks = [alert.pk for alert in alerts]
    moved = IncidentAlert.objects.filter(incident=source, alert__in=pks).update(
        incident=target, reason=reason[:300], is_placed=by_hand
    )
    move_failing(source, target, alerts)
    source.alert_count -= moved
    target.alert_count += moved
    target.impact_started_at = min(target.impact_started_at, source.impact_started_at)
    source.save(update_fields=["alert_count"])
    target.save(update_fields=["alert_count", "impact_started_at"])


@transaction.atomic
def move_alerts(
    *,
    incident_id: int,
    alert_ids: Collection[int],
    into_id: int,
    by: User,
    at: datetime,
) -> Incident:
    """Move some alerts to another open incident and return that one. They stay there.

    Raises Incident.DoesNotExist, DomainError where either is resolved,
    InvalidInputError for alerts that are not in it, and for the incident itself.
    """
    if incident_id == into_id:
        raise InvalidInputError({"into": ["Name another incident than this one."]})
    found = lock_incidents([incident_id, into_id])
    if len(found) < 2:
        raise Incident.DoesNotExist("There is no such incident.")
    source, target = found[incident_id], found[into_id]
    for incident in (source, target):
        if not incident.is_open:
            raise DomainError(f"{incident} is resolved: its alerts stay as they are.")
    alerts = list(Alert.objects.filter(membership__incident=source, pk__in=alert_ids))
    missing = sorted(set(alert_ids) - {alert.pk for alert in alerts})
    if missing or not alerts:
        raise InvalidInputError({"alerts": [f"Not in this incident: {missing}."]})
    if source.alert_count == len(alerts):
        raise InvalidInputError({"alerts": ["All of them: merge the two instead."]})
    hand_over(
        source,
        target,
        alerts,
        reason=f"moved from {source.subject} by a person",
        by_hand=True,
    )
    source.members.update(is_placed=True)
    number = wording.counted(len(alerts), "alert")
    source.record(Kind.CHANGED, f"{number} moved to {target}.", at=at, by=by)
    target.record(Kind.CHANGED, f"{number} moved here from {source}.", at=at, by=by)
    remember(
        Regrouping.Kind.MOVED,
        source,
        target,
        [alert.pk for alert in alerts],
        by=by,
        at=at,
    )
    for incident in (source, target):
        settle(incident, at=at)
    record_audit(
        actor=by,
        action="incident.alerts_moved",
        target=source,
        changes={"alerts": sorted(alert_ids), "into": into_id},
        at=at,
    )
    publish("incidents", source.subject, target.subject)
    return target


@transaction.atomic
def undo_regrouping(*, regrouping_id: int, by: User, at: datetime) -> Regrouping:
    """Put the alerts back where they came from, for good: the machine will not bring
    the two together again. A merged incident is open again, in the hands of `by`.

    Twice is fine. Raises Regrouping.DoesNotExist, DomainError where the incident that
    holds the alerts has been resolved since.
    """
    done = Regrouping.objects.select_for_update().get(pk=regrouping_id)
    if done.undone_at is not None:
        return done
    found = lock_incidents([done.source_id, done.target_id])
    source, target = found[done.source_id], found[done.target_id]
    if not target.is_open:
        raise DomainError(f"{target} is resolved: nothing is put back.")
    if source.merged_into_id == target.pk:
        source.part_from_merge(by=by, at=at)
    elif not source.is_open:
        raise DomainError(f"{source} is resolved: reopen it first.")
    alerts = list(Alert.objects.filter(membership__incident=target, pk__in=done.alerts))
    hand_over(
        target,
        source,
        alerts,
        reason=f"put back from {target.subject} by a person",
        by_hand=True,
    )
    target.members.update(is_placed=True)
    done.undone_at, done.undone_by = at, by
    done.save(update_fields=["undone_at", "undone_by"])
    number = wording.counted(len(alerts), "alert")
    for one, other, way in ((source, target, "from"), (target, source, "to")):
        text = f"Undone: {number} put back {way} {other}."
        one.record(Kind.CHANGED, text, at=at, by=by)
        settle(one, at=at)
    record_audit(
        actor=by,
        action="incident.regrouping_undone",
        target=source,
        changes={"regrouping": done.pk},
        at=at,
    )
    publish("incidents", source.subject, target.subject)
    return done


def remember(
    kind: Regrouping.Kind,
    source: Incident,
    target: Incident,
    alerts: Collection[int],
    *,
    by: User,
    at: datetime,
) -> None:
    """Keep a person's word on what belongs together."""
    Regrouping.objects.create(
        kind=kind,
        source=source,
        target=target,
        alerts=sorted(alerts),
        at=at,
        by=by,
        is_by_hand=True,
    )
