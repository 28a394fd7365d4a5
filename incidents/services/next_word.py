"""When those who were told hear next: a promise, and its keeping.

Whoever posts an update keeps it. If nobody does, the machine says at that time that
there is no news, and waits twice as long before it says so again.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from incidents.models import Incident, NextWord

WAITS = {
    "SEV1": timedelta(minutes=30),
    "SEV2": timedelta(hours=1),
    "SEV3": timedelta(hours=4),
    "SEV4": timedelta(hours=24),
}
MOST_WAIT = timedelta(days=7)


def promise(incidents: Iterable[Incident], *, at: datetime) -> dict[int, datetime]:
    """Promise the next word of those for which none is promised; return
    {incident: when}. Two statements."""
    listed = list(incidents)
    if not listed:
        return {}
    made = [
        NextWord(
            incident=one, due_at=at + WAITS[one.severity], waits=WAITS[one.severity]
        )
        for one in listed
    ]
    NextWord.objects.bulk_create(made, ignore_conflicts=True)
    return next_words([one.pk for one in listed])


def promise_anew(incident: Incident, *, at: datetime) -> datetime:
    """An update is word: the next is due as long after it as the severity says."""
    waits = WAITS[incident.severity]
    NextWord.objects.filter(incident=incident).update(due_at=at + waits, waits=waits)
    return at + waits


def wait_longer(word: NextWord, *, at: datetime) -> None:
    word.waits = min(word.waits * 2, MOST_WAIT)
    word.due_at = at + word.waits
    word.save(update_fields=["due_at", "waits"])


def next_words(incident_ids: Iterable[int]) -> dict[int, datetime]:
    rows = NextWord.objects.filter(incident__in=list(incident_ids))
    return dict(rows.values_list("incident_id", "due_at"))


def forget_word(incident: Incident) -> None:
    NextWord.objects.filter(incident=incident).delete()
