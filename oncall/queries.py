"""Who is on call now, until when, and who comes after: for the frame, pages and API."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypedDict

from django.db.models import Prefetch, QuerySet

from accounts.models import User
from core.errors import InvalidInputError
from oncall.models import Override, Schedule, Swap
from oncall.resolver import ScheduleDefinition, Shift, resolve
from oncall.services.schedules import definition

# How far ahead the next change is looked for, nearest first because that is cheap.
HORIZONS = (timedelta(days=14), timedelta(days=62), timedelta(days=400))
NAVIGATION_LIFETIME = timedelta(seconds=10)


@dataclass(frozen=True, slots=True)
class Standing:
    """One schedule as it stands at an instant.

    `user_ids` is empty in a gap. `until` is when that changes, None when nothing
    changes within 400 days. `next_ids` are on call from `next_at` on: at `until`, or
    later when a gap comes first. `is_readable` is False when what is stored is no
    schedule.
    """

    schedule: Schedule
    user_ids: tuple[str, ...] = ()
    until: datetime | None = None
    next_ids: tuple[str, ...] = ()
    next_at: datetime | None = None
    is_readable: bool = True

    @property
    def gap_until(self) -> datetime | None:
        """The end of the gap that follows `until`, None when the next shift does."""
        return self.next_at if self.user_ids and self.next_at != self.until else None


class OnCallNow(TypedDict):
    """`name` is "" in a gap."""

    schedule: str
    name: str
    until: datetime | None
    url: str


def standings(
    *, at: datetime, schedules: QuerySet[Schedule] | None = None
) -> list[Standing]:
    """Every schedule as it stands at `at`, by name. Three queries."""
    wanted = Schedule.objects.all() if schedules is None else schedules
    current = wanted.select_related("team").prefetch_related(
        Prefetch("overrides", Override.objects.filter(end_at__gt=at)),
        Prefetch("swaps", Swap.objects.filter(end_at__gt=at)),
    )
    return [_standing(schedule, at) for schedule in current]


def people(ids: Iterable[str]) -> dict[str, User]:
    """The users behind the resolver's strings. One query."""
    keys = {int(key) for key in ids if key.isascii() and key.isdigit()}
    return {str(user.pk): user for user in User.objects.filter(pk__in=keys)}


def names(ids: Iterable[str], known: dict[str, User]) -> str:
    """ "Ada Winter, Bo Lind"; "" for nobody."""
    return ", ".join(sorted(str(known.get(key) or f"user {key}") for key in ids))


def _standing(schedule: Schedule, at: datetime) -> Standing:
    try:
        defined = definition(schedule)
        shifts = _next_shifts(defined, at)
    except InvalidInputError:
        return Standing(schedule, is_readable=False)
    now = shifts.pop(0) if shifts and shifts[0].start == at else None
    following = shifts[0] if shifts else None
    end_of_view = at + HORIZONS[-1]
    until = now.end if now else following.start if following else None
    return Standing(
        schedule,
        user_ids=now.users if now else (),
        until=until if until != end_of_view else None,
        next_ids=following.users if following else (),
        next_at=following.start if following else None,
    )


def _next_shifts(defined: ScheduleDefinition, at: datetime) -> list[Shift]:
    """The shift at `at`, if there is one, and the one after it."""
    shifts: tuple[Shift, ...] = ()
    for horizon in HORIZONS:
        shifts = resolve(defined, start=at, end=at + horizon).shifts
        is_on_call = bool(shifts) and shifts[0].start == at
        if len(shifts) > is_on_call:
            break
    return list(shifts[:2])


_kept: tuple[object, datetime, datetime, list[OnCallNow]] | None = None


def on_call_now(at: datetime) -> list[OnCallNow]:
    """Who is on call in each schedule, by its name, for the frame of every page.

    One query while no schedule has changed: the answer is kept in the process for
    some seconds, and never beyond a hand-off.
    """
    global _kept
    state = tuple(Schedule.objects.values_list("pk", "version", "updated_at"))
    kept = _kept
    if kept is not None and kept[0] == state and kept[1] <= at < kept[2]:
        return kept[3]
    found = standings(at=at)
    known = people(key for one in found for key in one.user_ids)
    answer = [
        OnCallNow(
            schedule=one.schedule.name,
            name=names(one.user_ids, known),
            until=one.until,
            url=one.schedule.get_absolute_url(),
        )
        for one in found
    ]
    changes = [one.until for one in found if one.until]
    # One assignment: another thread sees the old answer or the new one.
    _kept = (state, at, min([at + NAVIGATION_LIFETIME, *changes]), answer)
    return answer
