"""Rotations and restrictions of other tools, in the reference form's words."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from oncall.importers.plan import Json
from oncall.resolver import format_instant

DAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
DAY = timedelta(days=1)
ANY_DAY = date(2026, 1, 5)
UNITS = (("week", 7 * DAY), ("day", DAY), ("hour", timedelta(hours=1)))
FREQUENCIES = {"week": "weekly", "day": "daily", "hour": "hourly"}
# A weekday (0 is Monday), and the clock from and to; the same twice is a whole day.
Block = tuple[int, time, time]


def zone_named(name: str) -> ZoneInfo | None:
    """The zone of an IANA name, or None."""
    try:
        return ZoneInfo(name)
    except (KeyError, OSError, ValueError):  # unknown, a folder's name, no name at all
        return None


def aware(moment: datetime) -> datetime:
    """The same moment; what names no zone is UTC."""
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def wall_clock(moment: datetime, zone: ZoneInfo) -> str:
    """What the clocks of `zone` show then, as the reference form writes it."""
    return aware(moment).astimezone(zone).replace(tzinfo=None).isoformat()


def unit_of(length: timedelta) -> tuple[str, int] | None:
    """(week, 2) for 14 days. None when it is no number of whole hours."""
    for unit, size in UNITS:
        if length > timedelta(0) and length % size == timedelta(0):
            return unit, length // size
    return None


def rotation_layer(
    *,
    name: str,
    priority: int,
    length: timedelta,
    start: datetime,
    zone: ZoneInfo,
    groups: list[list[str]],
    begins: datetime | None,
    ends: datetime | None,
    at: datetime,
) -> Json | None:
    """A layer whose turns change every `length` since `start`, with the first group.

    It is a rotation, or repeated shifts when it begins after `at` or ever ends, which
    a rotation does not. None when `length` is no number of whole hours.
    """
    unit = unit_of(length)
    if unit is None:
        return None
    word, every = unit
    layer: Json = {"name": name[:120], "priority": priority}
    if ends is None and (begins is None or aware(begins) <= at):
        rotation = {
            "unit": word,
            "every": every,
            "start_local": wall_clock(start, zone),
            "participants": groups,
            "anchor": {"at": format_instant(aware(start)), "index": 0},
        }
        return {**layer, "kind": "rotation", "rotation": rotation}
    shift = {
        "start_local": wall_clock(start, zone),
        "duration_seconds": int(length.total_seconds()),
        "freq": FREQUENCIES[word],
        "interval": every,
        "by_day": [],
        "by_monthday": [],
        "week_start": "MO",
        "effective_from_local": wall_clock(begins or start, zone),
        "until_local": wall_clock(ends, zone) if ends else None,
        "participants": groups,
    }
    return {**layer, "kind": "recurring_shift", "shift": shift}


def blocks_of(weekday: int, clock: time, length: timedelta) -> Iterator[Block]:
    """A span of the week, cut into blocks of at most a day."""
    while length > DAY:
        yield weekday % 7, clock, clock
        weekday, length = weekday + 1, length - DAY
    end = datetime.combine(ANY_DAY, clock) + length
    yield weekday % 7, clock, end.time()


def restricted(layer: Json, blocks: Iterable[Block]) -> list[Json]:
    """The layer once for each pair of clocks in `blocks`, on the weekdays of that."""
    weekdays: dict[tuple[time, time], set[int]] = defaultdict(set)
    for weekday, start, end in blocks:
        weekdays[start, end].add(weekday)
    return [
        {
            **layer,
            "restriction": {
                "weekdays": [DAYS[day] for day in sorted(days)],
                "start_clock": start.isoformat(),
                "end_clock": end.isoformat(),
            },
        }
        for (start, end), days in sorted(weekdays.items())
    ] or [layer]
