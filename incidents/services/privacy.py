"""Hiding an incident, and showing it again."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from accounts.models import User
from accounts.services import record_audit
from core.live import publish
from incidents.models import Incident, RoleAssignment, TimelineEntry
from incidents.services.assessing import failing_since
from incidents.services.details import hold_role
from incidents.services.lineage import examine
from incidents.services.locking import lock_incident
from incidents.services.stakeholders import call_back, tell_start
from oncall.services import keep_from_channels

Kind = TimelineEntry.Kind


@transaction.atomic
def set_private(*, incident_id: int, private: bool, by: User, at: datetime) -> Incident:
    """Hide the incident from all but admins, its team and its responders, of whom
    `by` becomes one; or show it to everybody again.

    What channels and stakeholders have not been sent yet is called back; who has not
    been told is told once it is shown again, if it is still open. Raises
    Incident.DoesNotExist.
    """
    incident = lock_incident(incident_id)
    if incident.private == private:
        return incident
    incident.private = private
    incident.save(update_fields=["private"])
    keep_from_channels(subject=incident.subject, is_private=private, at=at)
    text = "Made private." if private else "Made visible to everybody."
    incident.record(Kind.CHANGED, text, at=at, by=by)
    if private:
        hold_role(incident, RoleAssignment.Role.RESPONDER, by, at=at)
        call_back(incident, at=at)
    elif incident.is_open:
        failing = failing_since([incident.pk]).get(incident.pk, {})
        found, _ = examine({incident.pk: failing})
        tell_start({incident: found[incident.pk].dashboards}, at=at)
    record_audit(
        actor=by,
        action="incident.changed",
        target=incident,
        changes={"private": [not private, private]},
        at=at,
    )
    publish("incidents", incident.subject)
    return incident
