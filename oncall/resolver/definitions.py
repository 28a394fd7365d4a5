"""What a schedule says, as plain values.

`*_local` is a naive datetime on the wall clock of the schedule's zone; `start`, `end`
and `at` are aware instants in UTC. Users are opaque strings; a group of users is a
sorted tuple without repeats, and an empty one is a turn that nobody takes.
"""

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

Users = tuple[str, ...]


class RotationUnit(StrEnum):
    HOUR = "hour"
    DAY = "day"
    WEEK = "week"
    MONTH = "month"


class Frequency(StrEnum):
    HOURLY = "hourly"
    DAILY = "daily"
    WEEKLY = "weekly"
    MONTHLY = "monthly"


class OverrideType(StrEnum):
    ADD = "add"
    REMOVE = "remove"
    REPLACE = "replace"
    COVER = "cover"


@dataclass(frozen=True, slots=True)
class Rotation:
    """Hand-offs at `start_local` + k * `every` * `unit`, for every integer k.

    The groups take turns, one step per hand-off. The shift that contains `anchor_at`
    (None: the shift that starts at `start_local`) belongs to group `anchor_index`.
    """

    unit: RotationUnit
    every: int
    start_local: datetime
    participants: tuple[Users, ...]
    anchor_at: datetime | None = None
    anchor_index: int = 0


@dataclass(frozen=True, slots=True)
class RecurringShift:
    """A shift of a fixed length that repeats from `start_local` on.

    `duration` is elapsed time: a shift of 12 hours lasts 12 hours on every day of the
    year. `by_day` has weekdays with Monday 0; `by_monthday` counts from 1, or from -1
    backwards from the end of the month. Nobody is on call before
    `effective_from_local` or from `until_local` (None: never ends) on.
    """

    start_local: datetime
    duration: timedelta
    freq: Frequency
    interval: int
    by_day: frozenset[int]
    by_monthday: frozenset[int]
    week_start: int
    effective_from_local: datetime
    until_local: datetime | None
    participants: tuple[Users, ...]


@dataclass(frozen=True, slots=True)
class Always:
    """The same people at all times."""

    users: Users


@dataclass(frozen=True, slots=True)
class FixedShift:
    start: datetime
    end: datetime
    users: Users


@dataclass(frozen=True, slots=True)
class Fixed:
    """Shifts made by hand; those that overlap are on call together."""

    shifts: tuple[FixedShift, ...]


@dataclass(frozen=True, slots=True)
class Restriction:
    """Active from `start_clock` to `end_clock` on these weekdays (Monday is 0).

    An end at or before the start is on the next day; the weekday is the start's.
    """

    weekdays: frozenset[int]
    start_clock: time
    end_clock: time


@dataclass(frozen=True, slots=True)
class Layer:
    """One row of a schedule. A larger priority hides a smaller one where it has
    somebody on call; equal priorities are on call together."""

    name: str
    priority: int
    pattern: Rotation | RecurringShift | Always | Fixed
    restriction: Restriction | None = None


@dataclass(frozen=True, slots=True)
class Override:
    """An exception for a time. `priority` only ranks covers among themselves."""

    type: OverrideType
    start: datetime
    end: datetime
    add: str = ""
    remove: str = ""
    priority: int = 0


@dataclass(frozen=True, slots=True)
class Swap:
    """`taker` stands in for `giver` for a time, once it is taken."""

    giver: str
    taker: str
    taken: bool
    start: datetime
    end: datetime


@dataclass(frozen=True, slots=True)
class TemporarySchedule:
    """Replaces everything in its time; its shifts are cut to it."""

    start: datetime
    end: datetime
    shifts: tuple[FixedShift, ...]


@dataclass(frozen=True, slots=True)
class HistoryEntry:
    """Somebody was recorded as on call. No end: still on call when last looked at."""

    user: str
    start: datetime
    end: datetime | None


@dataclass(frozen=True, slots=True)
class ScheduleDefinition:
    name: str
    zone: ZoneInfo
    layers: tuple[Layer, ...] = ()
    overrides: tuple[Override, ...] = ()
    swaps: tuple[Swap, ...] = ()
    temporary_schedules: tuple[TemporarySchedule, ...] = ()
    history: tuple[HistoryEntry, ...] = ()
