"""Word to others."""

from datetime import datetime

from django.db import transaction

from accounts.models import User
from accounts.services import record_audit
from core.errors import InvalidInputError
from core.live import publish
from incidents import wording
from incidents.models import StatusUpdate, TimelineEntry
from incidents.services.lifecycle import change_status
from incidents.services.locking import lock_incident
from incidents.services.next_word import promise_anew
from incidents.services.stakeholders import tell_update


@transaction.atomic
def post_update(
    *,
    incident_id: int,
    text: str,
    audience: str,
    by: User,
    at: datetime,
    status: str | None = None,
) -> StatusUpdate:
    """Post an update, and with `status` move the incident on.

    Unless it is for responders only, all who were told of the start get it by e-mail.
    Raises Incident.DoesNotExist, InvalidInputError and InvalidTransitionError.
    """
    incident = lock_incident(incident_id)
    if not text.strip():
        raise InvalidInputError({"text": ["Must not be empty."]})
    update = StatusUpdate.objects.create(
        incident=incident, text=text.strip(), audience=audience, by=by, at=at
    )
    told: list[str] = []
    if audience != StatusUpdate.Audience.INTERNAL:
        promise_anew(incident, at=at)
        told = tell_update(incident, update_id=update.pk, text=update.text, at=at)
    sent = f" Sent to {wording.listed(told, 10)}." if told else ""
    label = update.get_audience_display()
    incident.record(
        TimelineEntry.Kind.UPDATE, f"{label}: {update.text}{sent}", at=at, by=by
    )
    if status is not None:
        change_status(incident_id=incident_id, status=status, by=by, at=at)
    record_audit(
        actor=by,
        action="incident.update_posted",
        target=incident,
        changes={"audience": audience, "told": len(told)},
        at=at,
    )
    publish("incidents", incident.subject)
    return update
