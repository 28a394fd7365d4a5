"""When a layer with a restriction is active: on some weekdays, from clock to clock."""

from __future__ import annotations

from datetime import time
from zoneinfo import ZoneInfo

import numpy as np

from oncall.resolver.definitions import Restriction
from oncall.resolver.tracks import Spans, merged
from oncall.resolver.wall_clock import (
    DAY,
    LONGEST_CHANGE,
    SECOND,
    wall_clock,
    weekday_of,
)


def active_windows(
    restriction: Restriction, *, zone: ZoneInfo, start: int, end: int
) -> Spans:
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
    days = np.arange(first_day, last_day + 1)
    days = days[np.isin(weekday_of(days), list(restriction.weekdays))]
    opens = clock.firsts(days * DAY + opens_at)
    closes = clock.lasts(days * DAY + closes_at)
    real = opens < closes
    return merged(opens[real], closes[real])


def _microseconds(clock: time) -> int:
    return ((clock.hour * 60 + clock.minute) * 60 + clock.second) * SECOND
