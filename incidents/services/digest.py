"""What is told without haste: the daily summary, and word that there is no news.

Both look at rows and may run twice or late.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from django.db import transaction

from core.http import absolute_url
from incidents import wording
from incidents.models import Incident, Loudness, NextWord, Stakeholder
from incidents.services.audience import Person, people
from incidents.services.letters import addressed, told_url
from incidents.services.locking import lock_incident
from incidents.services.next_word import forget_word, wait_longer
from incidents.services.stakeholders import names_of, tell_word
from oncall.models import Notification
from oncall.services import Letter, inform_all

SUMMARY_HOUR = 8
MOST_ROWS = 2_000


@transaction.atomic
def send_summaries(*, at: datetime) -> int:
    """Owe the summary to those for whom it is eight in the morning or later and who
    have had none today. Return how many letters. A handful of statements."""
    waiting = Stakeholder.objects.filter(
        mode=Loudness.DIGEST, digested_at=None, muted_at=None, incident__private=False
    )
    rows = list(
        waiting.select_for_update(of=("self",), skip_locked=True)
        .select_related("incident")
        .order_by("email", "incident")[:MOST_ROWS]
    )
    by_email: dict[str, list[Stakeholder]] = defaultdict(list)
    for row in rows:
        by_email[row.email].append(row)
    persons = people(by_email)
    letters = {}
    names = names_of(rows)
    for email, person in persons.items():
        local = at.astimezone(person.user.tz if person.user else ZoneInfo("UTC"))
        if local.hour >= SUMMARY_HOUR and person.preference.stopped_at is None:
            key = f"digest:{local.date()}:{email}"
            letters[email] = _summary(person, by_email[email], names, key=key)
    sent = Notification.objects.filter(
        idempotency_key__in=[letter.key for letter in letters.values()]
    )
    already = set(sent.values_list("idempotency_key", flat=True))
    owed = {e: one for e, one in letters.items() if one.key not in already}
    inform_all(owed.values(), at=at)
    done = [row.pk for email in owed for row in by_email[email]]
    Stakeholder.objects.filter(pk__in=done).update(digested_at=at)
    return len(owed)


def _summary(
    person: Person, rows: Sequence[Stakeholder], names: dict[int, str], *, key: str
) -> Letter:
    zone = person.user.tz if person.user else ZoneInfo("UTC")
    parts = [
        wording.summary_part(
            title=row.incident.title,
            severity=row.incident.severity,
            since=row.incident.impact_started_at,
            ended_at=row.incident.resolved_at,
            assets=[names[pk] for pk in row.assets if pk in names],
            zone=zone,
        )
        for row in rows
    ]
    stop = told_url(person.email, None)
    number = wording.counted(len(rows), "minor problem")
    return addressed(
        person,
        key=key,
        title=f"{number} with what you own or follow",
        body="\n\n".join([*parts, f"To get fewer of these messages, or none: {stop}"]),
        url=absolute_url("/") if person.user else stop,
        subject="digest",
    )


def keep_promises(*, at: datetime) -> None:
    """Where a word is due and nobody has posted one, say that there is no news."""
    due = NextWord.objects.filter(due_at__lte=at).order_by("due_at")
    for incident_id in due.values_list("incident_id", flat=True)[:100]:
        _keep(incident_id, at=at)


@transaction.atomic
def _keep(incident_id: int, *, at: datetime) -> None:
    incident = lock_incident(incident_id)
    word = NextWord.objects.filter(incident=incident, due_at__lte=at).first()
    if word is None:
        return
    if not incident.is_open:
        forget_word(incident)
        return
    promised = word.due_at
    wait_longer(word, at=at)
    tell_word(
        incident,
        occasion=f"word:{promised:%Y%m%d%H%M%S}",
        title=f"No news yet: {incident.title}",
        text=wording.no_news(
            status=_STATUS_WORDS[Incident.Status(incident.status)],
            responder=str(incident.acknowledged_by or ""),
        ),
        at=at,
    )


_STATUS_WORDS = {
    Incident.Status.TRIGGERED: "Nobody has said yet that they have it.",
    Incident.Status.INVESTIGATING: "The cause is being looked for.",
    Incident.Status.IDENTIFIED: "The cause is known, the repair is under way.",
    Incident.Status.MONITORING: "The repair is in place and being watched.",
    Incident.Status.RESOLVED: "It is over.",
}
