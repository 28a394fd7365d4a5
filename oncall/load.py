"""How much of a person's time on call is night and weekend. Plain values.

Nights are 22:00 to 07:00 and weekends are Saturday and Sunday, in the zone of the
person: it is their sleep and their weekend.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

NIGHT_BEGINS, NIGHT_ENDS = time(22), time(7)
SATURDAY = 5
ZERO = timedelta(0)


@dataclass(frozen=True, slots=True)
class Hours:
    """`nights` and `weekends` are parts of `total`, and may overlap."""

    total: timedelta = ZERO
    nights: timedelta = ZERO
    weekends: timedelta = ZERO

    def __add__(self, other: "Hours") -> "Hours":
        return Hours(
            self.total + other.total,
            self.nights + other.nights,
            self.weekends + other.weekends,
        )


def hours_of(start: datetime, end: datetime, zone: ZoneInfo) -> Hours:
    """Return the hours of [`start`, `end`), as they pass: a night in which the clock
    goes back is an hour longer."""
    nights = weekends = ZERO
    day = start.astimezone(zone).date() - timedelta(days=1)
    last = end.astimezone(zone).date()
    while day <= last:
        following = day + timedelta(days=1)
        begins = datetime.combine(day, NIGHT_BEGINS, tzinfo=zone)
        ends = datetime.combine(following, NIGHT_ENDS, tzinfo=zone)
        nights += _overlap(start, end, begins, ends)
        if day.weekday() >= SATURDAY:
            midnight = datetime.combine(day, time(0), tzinfo=zone)
            next_midnight = datetime.combine(following, time(0), tzinfo=zone)
            weekends += _overlap(start, end, midnight, next_midnight)
        day = following
    return Hours(end - start, nights, weekends)


def is_night(at: datetime, zone: ZoneInfo) -> bool:
    clock = at.astimezone(zone).time()
    return clock >= NIGHT_BEGINS or clock < NIGHT_ENDS


def _overlap(
    start: datetime, end: datetime, begins: datetime, ends: datetime
) -> timedelta:
    # As instants: two times of one zone are compared by their clocks otherwise.
    utc = start.tzinfo
    low, high = max(start, begins.astimezone(utc)), min(end, ends.astimezone(utc))
    return max(high - low, ZERO)


def median(spans: Iterable[timedelta]) -> timedelta | None:
    ordered = sorted(spans)
    if not ordered:
        return None
    middle = len(ordered) // 2
    if len(ordered) % 2:
        return ordered[middle]
    return (ordered[middle - 1] + ordered[middle]) / 2
