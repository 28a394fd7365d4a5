"""The answer of the resolver, and its form in JSON."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from itertools import compress, pairwise, starmap
from operator import not_
from typing import NamedTuple, TypedDict

from oncall.resolver.definitions import Users
from oncall.resolver.timeline import Line
from oncall.resolver.wall_clock import moments_of


class ShiftJson(TypedDict):
    start: str
    end: str
    users: list[str]


class GapJson(TypedDict):
    start: str
    end: str


class ResolutionJson(TypedDict):
    shifts: list[ShiftJson]
    gaps: list[GapJson]


class Shift(NamedTuple):
    """`users` (sorted, never empty) are on call in [`start`, `end`), in UTC.

    A tuple, because a year may have 87,600 of them: a frozen dataclass takes four
    times as long to make.
    """

    start: datetime
    end: datetime
    users: Users

    def as_json(self) -> ShiftJson:
        return {
            "start": format_instant(self.start),
            "end": format_instant(self.end),
            "users": list(self.users),
        }


@dataclass(frozen=True, slots=True)
class Gap:
    """Nobody is on call in [`start`, `end`), in UTC."""

    start: datetime
    end: datetime

    def as_json(self) -> GapJson:
        return {"start": format_instant(self.start), "end": format_instant(self.end)}


@dataclass(frozen=True, slots=True)
class Resolution:
    """Shifts and gaps in order; together they are the whole window, without overlap."""

    shifts: tuple[Shift, ...]
    gaps: tuple[Gap, ...]

    def as_json(self) -> ResolutionJson:
        return {
            "shifts": [shift.as_json() for shift in self.shifts],
            "gaps": [gap.as_json() for gap in self.gaps],
        }


def consecutive(first: Resolution, second: Resolution) -> Resolution:
    """Return the answers for two windows, one after the other, as one.

    A shift or a gap that the border cuts is whole again.
    """
    shifts, gaps = list(first.shifts), list(first.gaps)
    later_shifts, later_gaps = list(second.shifts), list(second.gaps)
    if (
        shifts
        and later_shifts
        and shifts[-1].end == later_shifts[0].start
        and shifts[-1].users == later_shifts[0].users
    ):
        shifts[-1] = shifts[-1]._replace(end=later_shifts.pop(0).end)
    if gaps and later_gaps and gaps[-1].end == later_gaps[0].start:
        gaps[-1] = replace(gaps[-1], end=later_gaps.pop(0).end)
    return Resolution((*shifts, *later_shifts), (*gaps, *later_gaps))


def resolution_of(line: Line) -> Resolution:
    """Return who is on call in a whole window as its shifts and gaps."""
    moments = moments_of(line.bounds)
    spans = zip(moments, moments[1:], line.users, strict=False)
    # Without a call in Python for each: there may be 87,600 of them.
    shifts = tuple(map(partial(tuple.__new__, Shift), compress(spans, line.users)))
    borders = compress(pairwise(moments), map(not_, line.users))
    return Resolution(shifts, tuple(starmap(Gap, borders)))


def format_instant(moment: datetime) -> str:
    """Return an aware datetime as ISO 8601 in UTC: "2026-01-05T08:00:00Z"."""
    return moment.astimezone(UTC).replace(tzinfo=None).isoformat() + "Z"
