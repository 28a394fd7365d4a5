"""Shifts of a fixed length that repeat by hour, day, week or month.

The meaning of the frequencies and of the weekday and month-day lists is that of
RFC 5545 section 3.3.10, with one addition: the groups take turns.
"""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Iterator
from datetime import date
from zoneinfo import ZoneInfo

from oncall.resolver.definitions import Frequency, RecurringShift
from oncall.resolver.timeline import UserSpan, clip, together
from oncall.resolver.wall_clock import (
    DAY,
    HOUR,
    LONGEST_CHANGE,
    microseconds_of,
    ordinal_of,
    wall_clock,
    wall_of,
    weekday_of,
)

# The wall time at which a shift starts, and the number of its turn.
Turn = tuple[int, int]


def recurring_spans(
    shift: RecurringShift, *, zone: ZoneInfo, start: int, end: int
) -> list[UserSpan]:
    """Return the track of a recurring shift in [`start`, `end`).

    Shifts longer than their period overlap, and are on call together.
    """
    clock = wall_clock(zone, start, end)
    start = max(start, clock.first(wall_of(shift.effective_from_local)))
    if shift.until_local is not None:
        end = min(end, clock.first(wall_of(shift.until_local)))
    if start >= end:
        return []
    duration = microseconds_of(shift.duration)
    turns = _turns(
        shift,
        max(
            clock.to_wall(start) - duration - LONGEST_CHANGE, wall_of(shift.start_local)
        ),
        clock.to_wall(end) + LONGEST_CHANGE,
    )
    # Two starts that a gap moves to the same instant count once, as the later.
    numbers = {clock.first(wall): number for wall, number in turns}
    groups = shift.participants
    return together(
        clip(
            (
                (begins, begins + duration, groups[number % len(groups)])
                for begins, number in numbers.items()
            ),
            start,
            end,
        )
    )


def _turns(shift: RecurringShift, low: int, high: int) -> Iterator[Turn]:
    """Yield the turns that start in [`low`, `high`], neither before the start."""
    if shift.freq is Frequency.HOURLY:
        return _hourly(shift, low, high)
    days = range(low // DAY, high // DAY + 1)
    if shift.freq is Frequency.DAILY:
        return _daily_on_weekdays(shift, days) if shift.by_day else _daily(shift, days)
    if shift.freq is Frequency.WEEKLY:
        return _weekly(shift, days)
    return _monthly(shift, days)


def _hourly(shift: RecurringShift, low: int, high: int) -> Iterator[Turn]:
    start, step = wall_of(shift.start_local), shift.interval * HOUR
    for number in range(-(-(low - start) // step), (high - start) // step + 1):
        wall = start + number * step
        if _is_wanted(shift, wall // DAY):
            yield wall, number


def _daily(shift: RecurringShift, days: range) -> Iterator[Turn]:
    start, clock = divmod(wall_of(shift.start_local), DAY)
    skip = (start - days.start) % shift.interval
    for day in range(days.start + skip, days.stop, shift.interval):
        if _is_wanted(shift, day):
            yield day * DAY + clock, (day - start) // shift.interval


def _daily_on_weekdays(shift: RecurringShift, days: range) -> Iterator[Turn]:
    """The next group comes after `interval` eligible days, not calendar days."""
    start, clock = divmod(wall_of(shift.start_local), DAY)
    weeks = (days.start - start) // 7
    eligible = weeks * len(shift.by_day) + sum(
        weekday_of(day) in shift.by_day for day in range(start + weeks * 7, days.start)
    )
    for day in days:
        if weekday_of(day) in shift.by_day:
            if _is_wanted(shift, day):
                yield day * DAY + clock, eligible // shift.interval
            eligible += 1


def _weekly(shift: RecurringShift, days: range) -> Iterator[Turn]:
    start, clock = divmod(wall_of(shift.start_local), DAY)
    first_week = start - (weekday_of(start) - shift.week_start) % 7
    weekdays = shift.by_day or {weekday_of(start)}
    for day in days:
        number, passed = divmod((day - first_week) // 7, shift.interval)
        if not passed and weekday_of(day) in weekdays and _is_wanted(shift, day):
            yield day * DAY + clock, number


def _monthly(shift: RecurringShift, days: range) -> Iterator[Turn]:
    """A month without the day has no shift, and still uses up its turn."""
    clock = wall_of(shift.start_local) % DAY
    start = shift.start_local
    for day in days:
        on = date.fromordinal(ordinal_of(day))
        months = (on.year - start.year) * 12 + on.month - start.month
        number, passed = divmod(months, shift.interval)
        is_day = shift.by_day or shift.by_monthday or on.day == start.day
        if not passed and is_day and _is_wanted(shift, day):
            yield day * DAY + clock, number


def _is_wanted(shift: RecurringShift, day: int) -> bool:
    """Whether the weekday and the day of the month are among those named, if any."""
    if shift.by_day and weekday_of(day) not in shift.by_day:
        return False
    if not shift.by_monthday:
        return True
    on = date.fromordinal(ordinal_of(day))
    from_end = on.day - monthrange(on.year, on.month)[1] - 1
    return not shift.by_monthday.isdisjoint((on.day, from_end))
