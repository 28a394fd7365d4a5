"""What responders do to an incident as a whole. Each act locks the row, writes its
timeline entry, its audit entry and what has to be paged or stopped in one
transaction, and may be repeated. All raise Incident.DoesNotExist."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction

from accounts.models import User
from accounts.services import record_audit
from alerts.models import Alert
from alerts.services import resolve_alerts
from catalog.services import set_asset_health
from core.errors import InvalidInputError, InvalidTransitionError
from core.live import publish
from incidents import wording
from incidents.models import Incident, RoleAssignment, TimelineEntry
from incidents.services.habits import learn_from
from incidents.services.locking import lock_incident
from incidents.services.paging import start_paging
from incidents.services.stakeholders import tell_again, tell_end
from oncall.services import acknowledge_escalation, escalate_now, stop_escalation

Kind = TimelineEntry.Kind
Status = Incident.Status
LONGEST_SNOOZE = timedelta(days=30)


@transaction.atomic
def acknowledge_incident(
    *, incident_id: int, by: User, at: datetime, via: str = ""
) -> Incident:
    """Stop the paging: `by` responds. Only the first time has an effect.

    `via` says how when it was not on the page: "by a link". Raises
    InvalidTransitionError when the incident is resolved.
    """
    incident = lock_incident(incident_id)
    is_first = incident.acknowledge(by=by, at=at, via=via)
    answered = acknowledge_escalation(subject=incident.subject, by=by, at=at)
    if is_first:
        _make_responder(incident, by, at=at)
        _changed(incident, "acknowledged", by=by, at=at)
    elif answered:
        _join(incident, by, at=at, via=via)
    return incident


@transaction.atomic
def change_status(*, incident_id: int, status: str, by: User, at: datetime) -> Incident:
    """Move on to another status; `resolved` resolves. The same status is fine.

    Raises InvalidTransitionError for one that cannot follow.
    """
    incident = lock_incident(incident_id)
    before = incident.status
    if status == Status.RESOLVED:
        return resolve_incident(incident_id=incident_id, by=by, at=at)
    is_first = incident.acknowledged_at is None
    if incident.move_to(status, by=by, at=at):
        acknowledge_escalation(subject=incident.subject, by=by, at=at)
        if is_first:
            _make_responder(incident, by, at=at)
        _changed(incident, "status", by=by, at=at, status=[before, status])
    return incident


@transaction.atomic
def resolve_incident(*, incident_id: int, by: User, at: datetime) -> Incident:
    """End the incident: stop paging, close its alerts, tell those who were told.

    Its alerts are resolved with it, so that the sender's next trigger is a new alert
    and opens a new incident.
    """
    incident = lock_incident(incident_id)
    before = incident.status
    if not incident.resolve(by=by, at=at):
        return incident
    stop_escalation(subject=incident.subject, at=at)
    _close_alerts(incident, at=at)
    learn_from(incident)
    tell_end(incident, at=at)
    _changed(incident, "resolved", by=by, at=at, status=[before, Status.RESOLVED])
    return incident


def _close_alerts(incident: Incident, *, at: datetime) -> None:
    firing = incident.members.filter(status=Alert.Status.FIRING)
    resolve_alerts(alert_ids=list(firing.values_list("alert_id", flat=True)), at=at)
    firing.update(status=Alert.Status.RESOLVED)
    assets = set(incident.failing_assets.values_list("asset_id", flat=True))
    incident.failing_assets.filter(until=None).update(until=at)
    elsewhere = Alert.objects.firing().filter(asset__in=assets, pages=True)
    still = {pk for pk in elsewhere.values_list("asset_id", flat=True) if pk}
    set_asset_health(failing_ids=still, healthy_ids=assets - still, at=at)


@transaction.atomic
def reopen_incident(*, incident_id: int, by: User, at: datetime) -> Incident:
    """Take a resolved incident up again; paged anew if nobody ever acknowledged it.

    Raises InvalidTransitionError when it was merged into another.
    """
    incident = lock_incident(incident_id)
    if incident.reopen(by=by, at=at):
        if incident.acknowledged_at is None:
            start_paging(incident, at=at)
        tell_again(incident, at=at)
        _changed(
            incident, "reopened", by=by, at=at, status=["resolved", incident.status]
        )
    return incident


@transaction.atomic
def snooze_incident(
    *, incident_id: int, until: datetime, by: User, at: datetime
) -> Incident:
    """Page nobody until `until`; then the paging starts again if it is still open.

    Raises InvalidInputError for a time that is past or more than 30 days away and
    InvalidTransitionError when the incident is resolved.
    """
    incident = lock_incident(incident_id)
    if not at < until <= at + LONGEST_SNOOZE:
        raise InvalidInputError(
            {"until": ["Must be in the future, at most 30 days away."]}
        )
    _must_be_open(incident, "snoozed")
    if incident.snoozed_until == until:
        return incident
    incident.snoozed_until = until
    incident.save(update_fields=["snoozed_until"])
    stop_escalation(subject=incident.subject, at=at)
    incident.record(
        Kind.CHANGED, f"Snoozed until {wording.day_and_clock(until)}.", at=at, by=by
    )
    _changed(incident, "snoozed", by=by, at=at, until=until.isoformat())
    return incident


def end_snoozes(*, at: datetime) -> int:
    """Page again about incidents whose snooze is over, each in a transaction of its
    own; return how many."""
    due = Incident.objects.snooze_over(at=at).order_by("pk")
    ids = list(due.values_list("pk", flat=True)[:100])
    for incident_id in ids:
        _end_snooze(incident_id, at=at)
    return len(ids)


@transaction.atomic
def _end_snooze(incident_id: int, *, at: datetime) -> None:
    incident = lock_incident(incident_id)
    if incident.snoozed_until is None or incident.snoozed_until > at:
        return
    incident.snoozed_until = None
    incident.save(update_fields=["snoozed_until"])
    if incident.is_open and incident.status != Status.MONITORING:
        incident.record(Kind.PAGED, "The snooze is over: paging again.", at=at)
        start_paging(incident, at=at)
    publish("incidents", incident.subject)


@transaction.atomic
def escalate_incident(*, incident_id: int, by: User, at: datetime) -> Incident:
    """Page the next step now; from the first step where nothing is running.

    Raises InvalidTransitionError when the incident is resolved.
    """
    incident = lock_incident(incident_id)
    _must_be_open(incident, "escalated")
    if not escalate_now(subject=incident.subject, at=at, is_by_hand=True):
        start_paging(incident, at=at)
    incident.record(Kind.PAGED, "Escalated: the next step is paged.", at=at, by=by)
    _changed(incident, "escalated", by=by, at=at)
    return incident


def answer_page(*, incident_id: int, by: User, at: datetime, via: str) -> None:
    """Acknowledge because `by` answered a page. Late or for nothing, it does nothing.

    Runs in the transaction of `oncall`, which holds the escalation already.
    """
    incident = lock_incident(incident_id)
    if not incident.is_open:
        return
    if incident.acknowledge(by=by, at=at, via=via):
        _make_responder(incident, by, at=at)
        _changed(incident, "acknowledged", by=by, at=at)
    else:
        _join(incident, by, at=at, via=via)


def _join(incident: Incident, by: User, *, at: datetime, via: str) -> None:
    """Somebody who was paged besides the first answers."""
    if _make_responder(incident, by, at=at):
        incident.record(Kind.ROLE, f"Joined {via}".strip() + ".", at=at, by=by)
    _changed(incident, "joined", by=by, at=at)


def _must_be_open(incident: Incident, done: str) -> None:
    if not incident.is_open:
        raise InvalidTransitionError(
            f"{incident} is resolved and cannot be {done}.", current=incident.status
        )


def _make_responder(incident: Incident, by: User, *, at: datetime) -> bool:
    """Whether the person was none before."""
    _, is_new = RoleAssignment.objects.get_or_create(
        incident=incident,
        role=RoleAssignment.Role.RESPONDER,
        user=by,
        defaults={"assigned_at": at},
    )
    return is_new


def _changed(
    incident: Incident, action: str, *, by: User, at: datetime, **changes: object
) -> None:
    record_audit(
        actor=by, action=f"incident.{action}", target=incident, changes=changes, at=at
    )
    publish("incidents", incident.subject)
