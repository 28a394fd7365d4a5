"""When people are away, and which of their shifts need somebody else."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from accounts.models import User
from core.errors import DomainError, InvalidInputError
from core.live import publish
from oncall.models import Schedule, Vacation
from oncall.resolver import Resolution
from oncall.services.exceptions import wrong_span
from oncall.services.feeds import final_between

MOST_VACATIONS = 200


@dataclass(frozen=True, slots=True)
class NeedsCover:
    """A person is on call in [`start`, `end`) and away."""

    schedule: Schedule
    user: str
    start: datetime
    end: datetime


@transaction.atomic
def add_vacation(
    *, user: User, start_at: datetime, end_at: datetime, note: str, at: datetime
) -> Vacation:
    """Write down that a person is away. Raises InvalidInputError by field."""
    errors = wrong_span(start_at, end_at)
    if errors:
        raise InvalidInputError(errors)
    if user.vacations.filter(end_at__gt=at).count() >= MOST_VACATIONS:
        raise DomainError(f"Keep at most {MOST_VACATIONS} ahead.")
    made = Vacation.objects.create(
        user=user, start_at=start_at, end_at=end_at, note=note
    )
    publish("oncall")
    return made


@transaction.atomic
def delete_vacation(*, user: User, vacation_id: int) -> None:
    """Take back a vacation that was typed in. Safe to repeat."""
    user.vacations.filter(pk=vacation_id, calendar=None).delete()
    publish("oncall")


def vacations_between(start: datetime, end: datetime) -> dict[str, list[Vacation]]:
    """Everybody's vacations that touch a window, by the person's key. One query."""
    found: dict[str, list[Vacation]] = defaultdict(list)
    for one in Vacation.objects.filter(end_at__gt=start, start_at__lt=end):
        found[str(one.user_id)].append(one)
    return found


def away_in(
    schedule: Schedule, final: Resolution, away: dict[str, list[Vacation]]
) -> list[NeedsCover]:
    """Return the parts of final shifts in which their people are away, in order."""
    found = [
        NeedsCover(
            schedule, user, max(shift.start, one.start_at), min(shift.end, one.end_at)
        )
        for shift in final.shifts
        for user in shift.users
        for one in away.get(user, ())
        if one.start_at < shift.end and one.end_at > shift.start
    ]
    return sorted(found, key=lambda one: one.start)


def needing_cover(
    *, start: datetime, end: datetime, user: User | None = None
) -> list[NeedsCover]:
    """Return shifts in a window whose people are away, over all schedules."""
    away = vacations_between(start, end)
    if user is not None:
        away = {str(user.pk): away.get(str(user.pk), [])}
    if not any(away.values()):
        return []
    found = [
        one
        for schedule, final in final_between(start=start, end=end)
        for one in away_in(schedule, final, away)
    ]
    return sorted(found, key=lambda one: one.start)
