"""The wall clock of a zone, in integers.

An instant is microseconds since 1970 UTC; a wall time is microseconds since 1970 as a
clock on the wall shows them. Integers, because a year of an hourly rotation is 8,760
conversions, and because hand-offs far from their start must be counted, not walked.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import TypeVar
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

SECOND = 1_000_000
HOUR = 3600 * SECOND
DAY = 24 * HOUR
WEEK = 7 * DAY

FIRST_YEAR = 1970
LAST_YEAR = 2200

# The furthest a clock was ever moved: Samoa left out the whole of 2011-12-30.
LONGEST_CHANGE = DAY

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_NAIVE_EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001 - a wall time has no zone
_MICROSECOND = timedelta(microseconds=1)
_EPOCH_ORDINAL = _EPOCH.toordinal()


def instant_of(moment: datetime) -> int:
    """Return an aware datetime as an instant."""
    return (moment - _EPOCH) // _MICROSECOND


def moment_of(instant: int) -> datetime:
    """Return an instant as a datetime in UTC."""
    seconds, rest = divmod(instant, SECOND)
    moment = datetime.fromtimestamp(seconds, UTC)
    return moment.replace(microsecond=rest) if rest else moment


def moments_of(instants: list[int]) -> list[datetime]:
    """Return many instants as datetimes in UTC, several times as fast as one by one."""
    spans = np.array(instants, dtype="timedelta64[us]").tolist()
    return list(map(_EPOCH.__add__, spans))


def wall_of(local: datetime) -> int:
    """Return a naive local time as a wall time."""
    return (local - _NAIVE_EPOCH) // _MICROSECOND


def microseconds_of(span: timedelta) -> int:
    return span // _MICROSECOND


def day_of(ordinal: int) -> int:
    """Return the day since 1970 of a proleptic ordinal (`date.toordinal`)."""
    return ordinal - _EPOCH_ORDINAL


def ordinal_of(day: int) -> int:
    return day + _EPOCH_ORDINAL


Days = TypeVar("Days", int, NDArray[np.int64])


def weekday_of(day: Days) -> Days:
    """Return the weekday (Monday is 0) of a day since 1970, which was a Thursday."""
    return (day + 3) % 7


@dataclass(frozen=True, slots=True)
class Change:
    """A zone's offset from UTC changes at `at`. A larger one leaves a gap in the wall
    times, a smaller one shows some of them twice."""

    at: int
    before: int
    after: int


class WallClock:
    """Converts instants and wall times where the zone's changes are known."""

    __slots__ = (
        *("_changes", "_instants", "_offsets"),
        *("first", "firsts", "last", "lasts"),
    )

    first: Callable[[int], int]
    """The instant of a wall time, the first one if it happens twice.

    One that is missing becomes the first instant after the gap."""

    last: Callable[[int], int]
    """As `first`, but the last one if it happens twice."""

    firsts: Callable[[NDArray[np.int64]], NDArray[np.int64]]
    """`first` of many wall times at once."""

    lasts: Callable[[NDArray[np.int64]], NDArray[np.int64]]

    def __init__(self, offset: int, changes: list[Change]) -> None:
        self._changes = changes
        self._instants = [change.at for change in changes]
        self._offsets = [offset, *(change.after for change in changes)]
        firsts = _WallTable(offset, changes, repeat="first")
        lasts = _WallTable(offset, changes, repeat="last")
        self.first, self.firsts = firsts.instant, firsts.instants
        self.last, self.lasts = lasts.instant, lasts.instants

    def to_wall(self, instant: int) -> int:
        return instant + self._offsets[bisect_right(self._instants, instant)]

    def changes(self, *, after: int, until: int) -> list[Change]:
        """Return the changes in (`after`, `until`]."""
        return [one for one in self._changes if after < one.at <= until]

    def gaps(self, *, after: int, until: int) -> list[Change]:
        """Return the changes that leave wall times out, in (`after`, `until`]."""
        low = bisect_right(self._instants, after)
        high = bisect_right(self._instants, until)
        return [change for change in self._changes[low:high] if _leaves_gap(change)]


class _WallTable:
    """Wall times cut into stretches; in each, instant = wall * scale + shift.

    The scale is 1 where clocks run and 0 in a gap, whose wall times all become the
    instant of the change.
    """

    __slots__ = ("_rows", "_rules", "_starts")

    def __init__(self, offset: int, changes: list[Change], *, repeat: str) -> None:
        self._starts: list[int] = []
        self._rules: list[tuple[int, int]] = [(1, -offset)]
        for change in changes:
            if _leaves_gap(change):
                self._add(change.at + change.before, 0, change.at)
                self._add(change.at + change.after, 1, -change.after)
            else:
                seen = change.before if repeat == "first" else change.after
                self._add(change.at + seen, 1, -change.after)
        self._rows: NDArray[np.int64] = np.array(self._rules, dtype=np.int64)

    def _add(self, start: int, scale: int, shift: int) -> None:
        self._starts.append(start)
        self._rules.append((scale, shift))

    def instant(self, wall: int) -> int:
        scale, shift = self._rules[bisect_right(self._starts, wall)]
        return wall * scale + shift

    def instants(self, walls: NDArray[np.int64]) -> NDArray[np.int64]:
        stretches = np.searchsorted(self._starts, walls, side="right")
        rows = self._rows[stretches]
        return walls * rows[:, 0] + rows[:, 1]


def _leaves_gap(change: Change) -> bool:
    return change.after > change.before


def wall_clock(zone: ZoneInfo, start: int, end: int) -> WallClock:
    """Return a clock that is right from a year before `start` to a year after `end`.

    Before 1970 and after 2200 the nearest offset that is known goes on.
    """
    first, last = moment_of(start).year - 1, moment_of(end).year + 1
    return _clock_for_years(zone, max(first, FIRST_YEAR), min(last, LAST_YEAR))


@lru_cache(maxsize=1024)
def _clock_for_years(zone: ZoneInfo, first: int, last: int) -> WallClock:
    changes = [
        change
        for year in range(first, last + 1)
        for change in _changes_in_year(zone, year)
    ]
    begin = (datetime(first, 1, 1, tzinfo=UTC) - _EPOCH) // timedelta(seconds=1)
    return WallClock(_offset_at(zone, begin), changes)


@lru_cache(maxsize=16384)
def _changes_in_year(zone: ZoneInfo, year: int) -> tuple[Change, ...]:
    """Return the changes of one UTC year.

    zoneinfo does not tell its transitions, so each day is probed (no zone has changed
    twice in a day) and the second of the change is found by halving.
    """
    begin = day_of(datetime(year, 1, 1).toordinal()) * 86_400  # noqa: DTZ001
    end = day_of(datetime(year + 1, 1, 1).toordinal()) * 86_400  # noqa: DTZ001
    changes = []
    before = _offset_at(zone, begin)
    for second in range(begin, end, 86_400):
        after = _offset_at(zone, second + 86_400)
        if after != before:
            at = _second_of_change(zone, second, second + 86_400, before)
            changes.append(Change(at * SECOND, before, after))
        before = after
    return tuple(changes)


def _second_of_change(zone: ZoneInfo, low: int, high: int, before: int) -> int:
    """Return the first second in (`low`, `high`] whose offset is not `before`."""
    while high - low > 1:
        middle = (low + high) // 2
        if _offset_at(zone, middle) == before:
            low = middle
        else:
            high = middle
    return high


def _offset_at(zone: ZoneInfo, second: int) -> int:
    offset = (_EPOCH + timedelta(seconds=second)).astimezone(zone).utcoffset()
    assert offset is not None
    return offset // _MICROSECOND
