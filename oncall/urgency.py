"""How urgently a page reaches one person: now, when they work, in their daily digest,
or after their quiet hours. Pure: wall times are those of the person's own zone.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from oncall.resolver.wall_clock import (
    DAY,
    WallClock,
    day_of,
    instant_of,
    moment_of,
    wall_clock,
)

WORST = "SEV1"
EVERY_SEVERITY = "*"
# The longest a page is held: a week of days off, and the day of a change of clocks.
HORIZON_DAYS = 9


class Urgency(StrEnum):
    NOW = "now"
    HOLD = "hold"
    DIGEST = "digest"


class Held(StrEnum):
    """Why a page waits. "" is not at all."""

    NOT = ""
    WORKING_HOURS = "working_hours"
    DIGEST = "digest"
    QUIET_HOURS = "quiet_hours"
    THROTTLE = "throttle"


@dataclass(frozen=True, slots=True)
class Span:
    """Wall times of a day, from `start` up to `end`; over midnight if `end` is not
    after `start`."""

    start: time
    end: time

    def __contains__(self, wall: time) -> bool:
        if self.start < self.end:
            return self.start <= wall < self.end
        return wall >= self.start or wall < self.end


@dataclass(frozen=True, slots=True)
class Habits:
    """One person's. `urgencies` {severity: urgency} overrules the team's. Monday is 0.
    `work` begins on a working day, and may end on the day after."""

    zone: ZoneInfo
    urgencies: Mapping[str, str] = field(default_factory=dict)
    work_days: frozenset[int] = frozenset(range(5))
    work: Span = Span(time(9), time(18))
    digest_at: time = time(9)
    quiet: Span | None = None
    breaks_through: bool = False

    def is_quiet(self, local: datetime) -> bool:
        return self.quiet is not None and local.time() in self.quiet

    def works(self, local: datetime) -> bool:
        if local.time() not in self.work:
            return False
        began_yesterday = local.time() < self.work.start
        day = local.weekday() - began_yesterday
        return day % 7 in self.work_days


@dataclass(frozen=True, slots=True)
class Verdict:
    """`until` is when a page that waits is due, None for at once."""

    held: Held = Held.NOT
    until: datetime | None = None

    @property
    def reaches(self) -> bool:
        """Whether the ladder waits for this person's answer."""
        return self.held != Held.QUIET_HOURS


AT_ONCE = Verdict()


def urgency_of(
    severity: str, *, habits: Habits, urgencies: Mapping[str, str]
) -> Urgency:
    """The person's own setting, else the team's. EVERY_SEVERITY in `urgencies`, for
    pages that a person sends, beats both."""
    chosen = (
        urgencies.get(EVERY_SEVERITY)
        or habits.urgencies.get(severity)
        or urgencies.get(severity)
    )
    return Urgency(chosen or Urgency.NOW)


def decide(
    severity: str, *, at: datetime, habits: Habits, urgencies: Mapping[str, str]
) -> Verdict:
    """When a page about something of `severity` reaches the person."""
    match urgency_of(severity, habits=habits, urgencies=urgencies):
        case Urgency.HOLD:
            return _held(Held.WORKING_HOURS, at, habits, habits.works)
        case Urgency.DIGEST:
            return _held(Held.DIGEST, _next_digest(at, habits), habits)
    if severity == WORST and habits.breaks_through:
        return AT_ONCE
    return _held(Held.QUIET_HOURS, at, habits)


def _held(
    why: Held,
    at: datetime,
    habits: Habits,
    fits: Callable[[datetime], bool] = lambda local: True,
) -> Verdict:
    """Until the first instant from `at` on that fits and is not quiet."""

    def is_good(moment: datetime) -> bool:
        local = moment.astimezone(habits.zone)
        return fits(local) and not habits.is_quiet(local)

    if is_good(at):
        return Verdict(why, at) if why == Held.DIGEST else AT_ONCE
    found = next(filter(is_good, _turning_points(at, habits)), None)
    if found is None:  # all their work is in their quiet hours: the work counts
        points = _turning_points(at, habits)
        found = next((p for p in points if fits(p.astimezone(habits.zone))), at)
    return Verdict(why, found)


def _next_digest(at: datetime, habits: Habits) -> datetime:
    clock = _clock(at, habits)
    today = day_of(at.astimezone(habits.zone).toordinal())
    walls = [day * DAY + _of_day(habits.digest_at) for day in (today, today + 1)]
    return moment_of(
        next(i for wall in walls if (i := clock.first(wall)) > instant_of(at))
    )


def _turning_points(at: datetime, habits: Habits) -> Iterator[datetime]:
    """The instants after `at` at which somebody's work may begin or quiet may end."""
    clock, start = _clock(at, habits), instant_of(at)
    times = {habits.work.start, time(0)} | (
        {habits.quiet.end} if habits.quiet else set()
    )
    today = day_of(at.astimezone(habits.zone).toordinal())
    walls = [
        day * DAY + _of_day(one)
        for day in range(today, today + HORIZON_DAYS)
        for one in times
    ]
    found = {turn(wall) for wall in walls for turn in (clock.first, clock.last)}
    end = start + HORIZON_DAYS * DAY
    found |= {change.at for change in clock.changes(after=start, until=end)}
    return (moment_of(one) for one in sorted(found) if one > start)


def _clock(at: datetime, habits: Habits) -> WallClock:
    start = instant_of(at)
    return wall_clock(habits.zone, start, start)


def _of_day(wall: time) -> int:
    span = timedelta(hours=wall.hour, minutes=wall.minute, seconds=wall.second)
    return span // timedelta(microseconds=1)
