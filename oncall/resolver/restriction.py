"""When a layer with a restriction is active: on some weekdays, from clock to clock."""

from __future__ import annotations

from datetime import time
from zoneinfo import ZoneInfo

from oncall.resolver.definitions import Restriction
from oncall.resolver.wall_clock import (
    DAY,
    LONGEST_CHANGE,
    SECOND,
    wall_clock,
    weekday_of,
)


def active_windows(
    restriction: Restriction, *, zone: ZoneInfo, start: int, end: int
) -> list[tuple[int, int]]:
    """Return the windows that touch [`start`, `end`), in order and apart.

    A window opens at the first occurrence of its start and closes at the last
    occurrence of its end, so on a day with a repeated hour it has both.
    """
    clock = wall_clock(zone, start, end)
    opens_at = _microseconds(restriction.start_clock)
    closes_at = _microseconds(restriction.end_clock)
    if closes_at <= opens_at:
        closes_at += DAY
    first_day = (clock.to_wall(start) - LONGEST_CHANGE) // DAY
    last_day = (clock.to_wall(end) + LONGEST_CHANGE) // DAY
    windows: list[tuple[int, int]] = []
    for day in range(first_day, last_day + 1):
        if weekday_of(day) not in restriction.weekdays:
            continue
        opens = clock.first(day * DAY + opens_at)
        closes = clock.last(day * DAY + closes_at)
        if windows and opens <= windows[-1][1]:
            windows[-1] = (windows[-1][0], closes)
        elif opens < closes:
            windows.append((opens, closes))
    return windows


def _microseconds(clock: time) -> int:
    return ((clock.hour * 60 + clock.minute) * 60 + clock.second) * SECOND
