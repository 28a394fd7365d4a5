"""Who else is to respond: more people, others instead, a policy that has changed since,
and those who answered and were not heard of again."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from django.db import transaction
from django.db.models import Max

from accounts.models import User
from accounts.services import record_audit
from core.errors import InvalidTransitionError
from core.http import absolute_url
from core.live import publish
from incidents import wording
from incidents.models import Incident, TimelineEntry
from incidents.services.locking import lock_incident
from incidents.services.paging import (
    affected_dashboards,
    page_body,
    page_title,
    start_paging,
)
from oncall.models import EscalationPolicy
from oncall.services import Call, stop_escalation
from oncall.services.paging import page_also, policy_of, steps_to
from oncall.services.switching import switch_policy
from oncall.services.targets import Target
from oncall.signals import Activity

Kind = TimelineEntry.Kind
To = Sequence[Target | EscalationPolicy]


@transaction.atomic
def page_more(*, incident_id: int, to: To, by: User, at: datetime) -> Incident:
    """Page `to` at once, besides whoever is paged or has answered already.

    Raises InvalidTransitionError when the incident is resolved, InvalidInputError when
    `to` is nobody now.
    """
    incident = _open_incident(incident_id, "paged about")
    page_also(_call(incident, to), at=at)
    _note(incident, f"Paged as well: {_named(to)}.", "paged", to, by=by, at=at)
    return incident


@transaction.atomic
def reassign_incident(*, incident_id: int, to: To, by: User, at: datetime) -> Incident:
    """Hand the incident to `to`: nobody else is paged any more, and it waits for one
    of them to acknowledge.

    Raises as `page_more` does.
    """
    incident = _open_incident(incident_id, "reassigned")
    stop_escalation(subject=incident.subject, at=at)
    incident.take_back_acknowledgement()
    page_also(_call(incident, to), at=at)
    incident.snoozed_until = None
    incident.save(update_fields=["snoozed_until"])
    _note(incident, f"Reassigned to {_named(to)}.", "reassigned", to, by=by, at=at)
    return incident


@transaction.atomic
def switch_to_changed_policy(*, incident_id: int, by: User, at: datetime) -> Incident:
    """Go on paging by the policy as it is now. With nothing to switch, nothing
    happens. Raises InvalidTransitionError when the incident is resolved."""
    incident = _open_incident(incident_id, "paged about")
    change = switch_policy(subject=incident.subject, at=at)
    if change is None:
        return incident
    incident.record(
        Kind.PAGED,
        f"Switched to version {change.after} of the policy {change.policy}, from "
        f"version {change.before}: it goes on from step {change.step}.",
        at=at,
        by=by,
    )
    record_audit(
        actor=by,
        action="incident.policy_switched",
        target=incident,
        changes={"version": [change.before, change.after]},
        at=at,
    )
    publish("incidents", incident.subject)
    return incident


@transaction.atomic
def still_on_it(*, incident_id: int, by: User, at: datetime) -> Incident:
    """Say that somebody still works on it, so that it is not paged again.

    Raises InvalidTransitionError when the incident is resolved.
    """
    incident = _open_incident(incident_id, "worked on")
    incident.record(Kind.NOTE, "Still on it.", at=at, by=by)
    record_audit(
        actor=by, action="incident.still_on_it", target=incident, changes={}, at=at
    )
    publish("incidents", incident.subject)
    return incident


def activity_on(incident_id: int, *, at: datetime) -> Activity | None:
    """When a person last did something about it. While it is snoozed or only watched,
    that is now; None where there is no such incident."""
    incident = Incident.objects.filter(pk=incident_id).first()
    if incident is None:
        return None
    if not incident.is_open or incident.acknowledged_at is None:
        return Activity(is_over=True)
    if incident.snoozed_until or incident.status == Incident.Status.MONITORING:
        return Activity(last_at=at)
    by_people = incident.timeline.filter(actor__isnull=False)
    return Activity(last_at=by_people.aggregate(last=Max("recorded_at"))["last"])


def take_back_acknowledgement(
    incident_id: int, *, by: User | None, last_at: datetime, at: datetime
) -> None:
    """Page again, because nothing has happened since `last_at`.

    Runs in the transaction of `oncall`, which holds the escalation already.
    """
    incident = lock_incident(incident_id)
    if not incident.is_open or not incident.take_back_acknowledgement():
        return
    spent = wording.counted(int((at - last_at).total_seconds()) // 60, "minute")
    whose = f"after {by} had acknowledged" if by else "after it was acknowledged"
    incident.record(
        Kind.PAGED,
        f"Nothing has happened since {last_at.astimezone(UTC):%H:%M} UTC, {spent}, "
        f"{whose}. It is no longer acknowledged, and is paged again.",
        at=at,
    )
    start_paging(incident, at=at)
    publish("incidents", incident.subject)


def _open_incident(incident_id: int, done: str) -> Incident:
    incident = lock_incident(incident_id)
    if not incident.is_open:
        raise InvalidTransitionError(
            f"{incident} is resolved and cannot be {done}.", current=incident.status
        )
    return incident


def _call(incident: Incident, to: To) -> Call:
    return Call(
        subject=incident.subject,
        title=page_title(incident),
        body=page_body(incident, dashboards=affected_dashboards(incident)),
        url=absolute_url(incident),
        severity=incident.severity,
        policy=policy_of(to),
        steps=tuple(steps_to(to)),
        is_by_hand=True,
        is_private=incident.private,
    )


def _named(to: To) -> str:
    return wording.listed([str(one) for one in to])


def _note(
    incident: Incident, text: str, action: str, to: To, *, by: User, at: datetime
) -> None:
    incident.record(Kind.PAGED, text, at=at, by=by)
    record_audit(
        actor=by,
        action=f"incident.{action}",
        target=incident,
        changes={"to": [None, [str(one) for one in to]]},
        at=at,
    )
    publish("incidents", incident.subject)
