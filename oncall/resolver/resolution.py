"""The answer of the resolver, and its form in JSON."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TypedDict

from oncall.resolver.definitions import Users
from oncall.resolver.timeline import UserSpan
from oncall.resolver.wall_clock import moment_of


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


@dataclass(frozen=True, slots=True)
class Shift:
    """`users` (sorted, never empty) are on call in [`start`, `end`), in UTC."""

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
        shifts[-1] = replace(shifts[-1], end=later_shifts.pop(0).end)
    if gaps and later_gaps and gaps[-1].end == later_gaps[0].start:
        gaps[-1] = replace(gaps[-1], end=later_gaps.pop(0).end)
    return Resolution((*shifts, *later_shifts), (*gaps, *later_gaps))


def resolution_of(track: Iterable[UserSpan]) -> Resolution:
    """Return a track over a whole window as its shifts and gaps."""
    shifts, gaps = [], []
    previous, ended_at = 0, moment_of(0)
    for start, end, users in track:
        started_at = ended_at if start == previous else moment_of(start)
        previous, ended_at = end, moment_of(end)
        if users:
            shifts.append(Shift(started_at, ended_at, users))
        else:
            gaps.append(Gap(started_at, ended_at))
    return Resolution(tuple(shifts), tuple(gaps))


def format_instant(moment: datetime) -> str:
    """Return an aware datetime as ISO 8601 in UTC: "2026-01-05T08:00:00Z"."""
    return moment.astimezone(UTC).replace(tzinfo=None).isoformat() + "Z"
