"""The messages to one person about one incident, ready to be owed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from zoneinfo import ZoneInfo

from django.core import signing
from django.urls import reverse

from core.http import absolute_url
from incidents import wording
from incidents.models import Incident
from incidents.services.audience import EMAIL, Person
from oncall.services import Letter

TOLD_SALT = "incidents.told"
UTC = ZoneInfo("UTC")


@dataclass(frozen=True, slots=True)
class Recipient:
    """A person, and what is affected of theirs. `owns`: some are their own, not only
    followed."""

    person: Person
    affected: Sequence[wording.Affected]
    owns: bool = True


def told_url(email: str, incident_id: int | None) -> str:
    """The signed address at which somebody sees what they are told of, and stops it.
    Works without signing in; without an incident it is about all of them."""
    token = signing.dumps([email, incident_id], salt=TOLD_SALT)
    return absolute_url(reverse("incidents:told", args=[token]))


def letter(
    incident: Incident, to: Person, *, occasion: str, title: str, body: str
) -> Letter:
    """`occasion` makes the key: a person is told once of each."""
    stop = told_url(to.email, incident.pk)
    # Who has no account, or must not see it, could not open the incident's page.
    url = absolute_url(incident) if to.user and not incident.private else stop
    return addressed(
        to,
        key=f"incident:{incident.pk}:{occasion}:{to.email}",
        title=title,
        body=f"{body}\n\nTo get fewer of these messages, or none: {stop}",
        url=url,
        subject=incident.subject,
    )


def addressed(
    to: Person, *, key: str, title: str, body: str, url: str, subject: str
) -> Letter:
    method = to.method
    return Letter(
        key=key,
        channel=method.kind if method else EMAIL,
        address=method.address if method else to.email,
        method_id=method.pk if method else None,
        user_id=to.user.pk if to.user else None,
        title=title,
        body=body,
        url=url,
        subject=subject,
    )


def start_letter(
    incident: Incident, to: Recipient, *, again: int, next_at: datetime | None
) -> Letter:
    told = _facts(incident, to, next_at)
    return letter(
        incident,
        to.person,
        occasion="start" if again == 1 else f"start-{again}",
        title=wording.start_title(told),
        body=wording.start_body(told, is_again=again > 1),
    )


def end_letter(
    incident: Incident, to: Recipient, *, again: int, ended_at: datetime
) -> Letter:
    """Of what became private meanwhile it says no more than that it is over."""
    told = _facts(incident, to, None)
    if incident.private:
        told = replace(told, title="")
    return letter(
        incident,
        to.person,
        occasion="end" if again == 1 else f"end-{again}",
        title=wording.end_title(told),
        body=wording.end_body(told, ended_at=ended_at),
    )


def _facts(incident: Incident, to: Recipient, next_at: datetime | None) -> wording.Told:
    return wording.Told(
        title=incident.title,
        severity=incident.severity,
        affected=to.affected,
        owns=to.owns,
        since=incident.impact_started_at,
        cause=str(incident.suspected_asset or ""),
        responder=str(incident.acknowledged_by or ""),
        next_at=next_at,
        zone=to.person.user.tz if to.person.user else UTC,
    )
