"""A calendar as a month: its weeks below each other, a day a cell.

Each week is a calendar of its own, with the parts of the bars that lie in it.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta
from zoneinfo import ZoneInfo

from oncall.services.calendar_frame import Bar, Calendar, Day, Row, midnight

# What says who is on call and why; the layers alone are for the rows of the timeline.
WITHOUT_LAYERS = ("override", "away", "final")
LEAST_SHARE = 1e-9
# A bar this short has no room for a name on a phone.
NARROW = 1.5 / 7


@dataclass(frozen=True, slots=True)
class Cell:
    """`number` is the day of the month; `outside`: of the month before or after."""

    day: Day
    number: int
    outside: bool


@dataclass(frozen=True, slots=True)
class Part:
    """What of a bar lies in a week. `begins`: it does so here; `narrow`: a phone has no
    room for its name."""

    bar: Bar
    begins: bool
    narrow: bool


@dataclass(frozen=True, slots=True)
class Lane:
    name: str
    kind: str
    shifts: tuple[Part, ...]
    gaps: tuple[Part, ...]


@dataclass(frozen=True, slots=True)
class Week:
    """One row; `from_at` and `to_at` are seconds since 1970, `now` a share of it."""

    label: str
    cells: tuple[Cell, ...]
    lanes: tuple[Lane, ...]
    now: float | None
    from_at: int
    to_at: int


@dataclass(frozen=True, slots=True)
class Month:
    """What components/month.html takes."""

    zone: str
    label: str
    weeks: tuple[Week, ...]
    new_url: str


def month_of(calendar: Calendar, *, month: date) -> Month:
    """Return a calendar of whole weeks as the month that `month` is in."""
    return Month(
        zone=calendar.zone,
        label=calendar.label,
        weeks=tuple(_weeks(calendar, month)),
        new_url=calendar.new_url,
    )


def _weeks(calendar: Calendar, month: date) -> Iterator[Week]:
    zone = ZoneInfo(calendar.zone)
    first = calendar.start.astimezone(zone).date()
    for number in range(0, len(calendar.days), 7):
        monday = first + timedelta(days=number)
        days = calendar.days[number : number + 7]
        start, end = days[0].start, days[-1].start + days[-1].width
        cells = [
            _cell(day, monday + timedelta(days=n), month) for n, day in enumerate(days)
        ]
        now = calendar.now
        yield Week(
            label=f"Week from {monday:%a} {monday.day} {monday:%B}",
            cells=tuple(_in_week(cells, start, end)),
            lanes=tuple(_lanes(calendar, start, end)),
            now=_share(now, start, end)
            if now is not None and start <= now < end
            else None,
            from_at=int(midnight(monday, zone).timestamp()),
            to_at=int(midnight(monday + timedelta(days=7), zone).timestamp()),
        )


def _cell(day: Day, on: date, month: date) -> Cell:
    outside = (on.year, on.month) != (month.year, month.month)
    return Cell(day, on.day, outside)


def _in_week(cells: list[Cell], start: float, end: float) -> Iterator[Cell]:
    for cell in cells:
        width = cell.day.width / (end - start)
        moved = replace(cell.day, start=_share(cell.day.start, start, end), width=width)
        yield replace(cell, day=moved)


def _lanes(calendar: Calendar, start: float, end: float) -> Iterator[Lane]:
    """The rows that have something in the week; who is on call always."""
    is_schedule = any(row.kind == "final" for row in calendar.rows)
    for row in calendar.rows:
        if is_schedule and row.kind not in WITHOUT_LAYERS:
            continue
        lane = _lane(row, start, end)
        if lane.shifts or lane.gaps:
            yield lane


def _lane(row: Row, start: float, end: float) -> Lane:
    def parts(bars: tuple[Bar, ...]) -> tuple[Part, ...]:
        # A person's own rows are schedules, and have no name beside them here.
        named = (replace(bar, name=row.name) for bar in bars)
        cut = (
            _part(bar, start, end) for bar in (named if row.kind == "layer" else bars)
        )
        return tuple(part for part in cut if part.bar.width > LEAST_SHARE)

    return Lane(row.name, row.kind, parts(row.shifts), parts(row.gaps))


def _part(bar: Bar, start: float, end: float) -> Part:
    begins = max(_share(bar.start, start, end), 0)
    ends = min(_share(bar.start + bar.width, start, end), 1)
    begun = bool(bar.clock) and bar.start >= start - LEAST_SHARE
    moved = replace(bar, start=begins, width=ends - begins)
    return Part(moved, begun, ends - begins < NARROW)


def _share(of_all: float, start: float, end: float) -> float:
    return (of_all - start) / (end - start)
