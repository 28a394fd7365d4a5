"""Shifts of a fixed length that repeat by hour, day, week or month.

The meaning of the frequencies and of the weekday and month-day lists is that of
RFC 5545 section 3.3.10, with one addition: the groups take turns.
"""

from __future__ import annotations

from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from oncall.resolver.definitions import Frequency, RecurringShift
from oncall.resolver.tracks import Instants, Track, apart
from oncall.resolver.wall_clock import (
    DAY,
    HOUR,
    LONGEST_CHANGE,
    microseconds_of,
    wall_clock,
    wall_of,
    weekday_of,
)

# The wall times at which shifts start, and the numbers of their turns.
Turns = tuple[Instants, Instants]


def recurring_tracks(
    shift: RecurringShift, *, zone: ZoneInfo, start: int, end: int
) -> list[Track]:
    """Return the tracks of a recurring shift in [`start`, `end`).

    Shifts longer than their period overlap, and are on call together.
    """
    clock = wall_clock(zone, start, end)
    start = max(start, clock.first(wall_of(shift.effective_from_local)))
    if shift.until_local is not None:
        end = min(end, clock.first(wall_of(shift.until_local)))
    if start >= end:
        return []
    duration = microseconds_of(shift.duration)
    earliest = clock.to_wall(start) - duration - LONGEST_CHANGE
    walls, numbers = _turns(
        shift,
        max(earliest, wall_of(shift.start_local)),
        clock.to_wall(end) + LONGEST_CHANGE,
    )
    begins = clock.firsts(walls)
    # Two starts that a gap moves to the same instant count once, as the later.
    real = np.ones(len(begins), dtype=bool)
    real[:-1] = begins[1:] != begins[:-1]
    begins, turns = begins[real], numbers[real] % len(shift.participants)
    track = Track(begins, begins + duration, turns, shift.participants)
    return apart(track.clipped(start, end))


def _turns(shift: RecurringShift, low: int, high: int) -> Turns:
    """Return the turns that start in [`low`, `high`], neither before the start."""
    start = wall_of(shift.start_local)
    if shift.freq is Frequency.HOURLY:
        step = shift.interval * HOUR
        numbers = np.arange(-(-(low - start) // step), (high - start) // step + 1)
        walls = start + numbers * step
        wanted = _is_wanted(shift, walls // DAY)
        return walls[wanted], numbers[wanted]
    if low > high:
        return np.empty(0, dtype=np.int64), np.empty(0, dtype=np.int64)
    days = np.arange(low // DAY, high // DAY + 1)
    active, numbers = _PERIODS[shift.freq](shift, days)
    active = active & _is_wanted(shift, days)
    return days[active] * DAY + start % DAY, numbers[active]


def _daily(shift: RecurringShift, days: Instants) -> tuple[NDArray[np.bool], Instants]:
    """With weekdays, the next group comes after `interval` eligible days, not calendar
    days."""
    start = wall_of(shift.start_local) // DAY
    passed = days - start
    if not shift.by_day:
        return passed % shift.interval == 0, passed // shift.interval
    weeks = int(passed[0]) // 7
    counted = np.arange(start + weeks * 7, days[-1] + 1)
    eligible = np.isin(weekday_of(counted), list(shift.by_day))
    before = weeks * len(shift.by_day) + np.cumsum(eligible) - eligible
    skipped = int(days[0] - counted[0])
    return eligible[skipped:], before[skipped:] // shift.interval


def _weekly(shift: RecurringShift, days: Instants) -> tuple[NDArray[np.bool], Instants]:
    start = wall_of(shift.start_local) // DAY
    first_week = start - (weekday_of(start) - shift.week_start) % 7
    weeks = (days - first_week) // 7
    active = weeks % shift.interval == 0
    if not shift.by_day:
        active = active & (weekday_of(days) == weekday_of(start))
    return active, weeks // shift.interval


def _monthly(
    shift: RecurringShift, days: Instants
) -> tuple[NDArray[np.bool], Instants]:
    """A month without the day has no shift, and still uses up its turn."""
    start = shift.start_local
    months, of_month, _ = _months(days)
    passed = months - ((start.year - 1970) * 12 + start.month - 1)
    active = passed % shift.interval == 0
    if not shift.by_day and not shift.by_monthday:
        active = active & (of_month == start.day)
    return active, passed // shift.interval


_PERIODS = {
    Frequency.DAILY: _daily,
    Frequency.WEEKLY: _weekly,
    Frequency.MONTHLY: _monthly,
}


def _is_wanted(shift: RecurringShift, days: Instants) -> NDArray[np.bool]:
    """Whether the weekday and the day of the month are among those named, if any."""
    wanted = np.ones(len(days), dtype=bool)
    if shift.by_day:
        wanted = np.isin(weekday_of(days), list(shift.by_day))
    if shift.by_monthday:
        _, of_month, from_end = _months(days)
        named = list(shift.by_monthday)
        wanted = wanted & (np.isin(of_month, named) | np.isin(from_end, named))
    return wanted


def _months(days: Instants) -> tuple[Instants, Instants, Instants]:
    """Return the months since 1970 of days, and the days of the month counted from 1,
    and from -1 backwards from its end."""
    dates = days.astype("datetime64[D]")
    months = dates.astype("datetime64[M]")
    first, following = (m.astype("datetime64[D]") for m in (months, months + 1))
    of_month = (dates - first).astype(np.int64) + 1
    from_end = (dates - following).astype(np.int64)
    return months.astype(np.int64), of_month, from_end
