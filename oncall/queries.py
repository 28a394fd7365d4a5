"""Who is on call now, until when, and who comes after: for the frame, pages and API."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypedDict

from django.db.models import Prefetch, QuerySet

from accounts.models import User
from core.errors import InvalidInputError
from oncall.channels.registry import choices
from oncall.links import override_path
from oncall.models import ContactMethod, EscalationPolicy, Schedule
from oncall.resolver import Gap, Resolution
from oncall.services.owing import ways_for
from oncall.services.rungs import Rung, simulate
from oncall.services.schedules import HORIZONS, exceptions_between, final_schedule

NAVIGATION_LIFETIME = timedelta(seconds=10)


@dataclass(frozen=True, slots=True)
class Standing:
    """One schedule as it stands at an instant.

    `user_ids` is empty in a gap. `until` is when that changes, None when nothing
    changes within 400 days. `next_ids` are on call from `next_at` on: at `until`, or
    later when a gap comes first. `gap` is the first one in the next 14 days. What is
    stored is no schedule when `is_readable` is False.
    """

    schedule: Schedule
    user_ids: tuple[str, ...] = ()
    until: datetime | None = None
    next_ids: tuple[str, ...] = ()
    next_at: datetime | None = None
    gap: Gap | None = None
    is_readable: bool = True

    @property
    def fill_path(self) -> str:
        """Where the gap is filled, "" without one."""
        gap = self.gap
        return override_path(self.schedule, gap.start, gap.end) if gap else ""


class OnCallNow(TypedDict):
    """`name` is "" in a gap; `ids` are of the people it names."""

    schedule: str
    name: str
    ids: tuple[str, ...]
    until: datetime | None
    url: str


def standings(
    *, at: datetime, schedules: QuerySet[Schedule] | None = None
) -> list[Standing]:
    """Every schedule as it stands at `at`, by name. Three queries."""
    wanted = Schedule.objects.all() if schedules is None else schedules
    current = wanted.select_related("team").prefetch_related(*exceptions_between(at))
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
        view = _view(schedule, at)
    except InvalidInputError:
        return Standing(schedule, is_readable=False)
    shifts = list(view.shifts)
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
        gap=next((gap for gap in view.gaps if gap.start < at + HORIZONS[0]), None),
    )


def _view(schedule: Schedule, at: datetime) -> Resolution:
    """The shortest look ahead in which there is a shift after the one at `at`."""
    for horizon in HORIZONS:
        view = final_schedule(schedule, start=at, end=at + horizon)
        is_on_call = bool(view.shifts) and view.shifts[0].start == at
        if len(view.shifts) > is_on_call:
            break
    return view


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
            ids=one.user_ids,
            until=one.until,
            url=one.schedule.get_absolute_url(),
        )
        for one in found
    ]
    changes = [one.until for one in found if one.until]
    # One assignment: another thread sees the old answer or the new one.
    _kept = (state, at, min([at + NAVIGATION_LIFETIME, *changes]), answer)
    return answer


@dataclass(frozen=True, slots=True)
class Way:
    """One notification that would go out. `channel` is the kind of its method."""

    channel: str
    at: datetime

    @property
    def label(self) -> str:
        return dict(choices()).get(self.channel, self.channel)


@dataclass(frozen=True, slots=True)
class Reached:
    """One rung of a ladder to come; `user` is None where a step reaches nobody, and
    where it tells a channel."""

    rung: Rung
    user: User | None
    ways: tuple[Way, ...]


def foreseen(
    policy: EscalationPolicy,
    *,
    at: datetime,
    severity: str,
    labels: Mapping[str, str] | None = None,
) -> list[Reached]:
    """Who would be told when and how, if something of `severity` with `labels`
    happened at `at`."""
    rungs = simulate(policy, at=at, severity=severity, labels=labels)
    users = User.objects.prefetch_related(
        Prefetch(
            "contact_methods",
            ContactMethod.objects.exclude(verified_at=None),
            to_attr="verified_methods",
        )
    ).in_bulk([rung.user_id for rung in rungs if rung.user_id is not None])
    return [
        Reached(rung, user, _ways(user, rung, severity) if user else ())
        for rung in rungs
        for user in [users.get(rung.user_id or 0)]
    ]


def _ways(user: User, rung: Rung, severity: str) -> tuple[Way, ...]:
    """As the engine will do it."""
    methods: list[ContactMethod] = getattr(user, "verified_methods", [])
    at = rung.held_until or rung.at
    return tuple(
        Way(method.kind if method else "email", at + delay)
        for method, delay in ways_for(methods, severity=severity)
    )
