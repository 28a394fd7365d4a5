"""Whether an incident is an earlier one come back, as the machine or a person says."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from accounts.models import User
from accounts.services import record_audit
from core.errors import InvalidInputError
from core.live import publish
from incidents.models import Incident, TimelineEntry
from incidents.services.locking import lock_incident


@transaction.atomic
def link_recurrence(
    *, incident_id: int, recurs_from: Incident | None, by: User, at: datetime
) -> Incident:
    """Say which earlier incident it is a recurrence of; None: of none.

    The machine links only when it opens an incident, so what a person says stays.
    Raises Incident.DoesNotExist, and InvalidInputError for one that is not earlier.
    """
    incident = lock_incident(incident_id)
    before = incident.recurs_from
    if before == recurs_from:
        return incident
    if recurs_from is not None and recurs_from.pk >= incident.pk:
        raise InvalidInputError({"recurs_from": ["Must be an earlier incident."]})
    incident.recurs_from = recurs_from
    incident.save(update_fields=["recurs_from"])
    named = recurs_from or before
    assert named is not None  # they differ, so one of them is known
    text = f"{'A' if recurs_from else 'No'} recurrence of #{named.number}."
    incident.record(TimelineEntry.Kind.CHANGED, text, at=at, by=by)
    record_audit(
        actor=by,
        action="incident.changed",
        target=incident,
        changes={"recurs_from": [before and before.pk, recurs_from and recurs_from.pk]},
        at=at,
    )
    publish("incidents", incident.subject)
    return incident
