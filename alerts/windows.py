"""When a silence is in force: once, or again and again. Pure.

A repeating one is an iCalendar RRULE (RFC 5545, section 3.3.10) on the wall clock of
its zone, reckoned by dateutil. Each occurrence starts and ends when the clock on the
wall says so: one from 02:00 to 04:00 ends at 04:00 also in the night in which that is
an hour earlier or later. A start that happens twice is the first, an end the last; a
time that is left out becomes the first instant after the gap.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from dateutil.relativedelta import relativedelta
from dateutil.rrule import rrule, rrulestr

from oncall.resolver.wall_clock import (
    WallClock,
    instant_of,
    moment_of,
    wall_clock,
    wall_of,
)

# Nothing is looked for further away than this.
HORIZON = timedelta(days=5 * 366)
# The furthest a wall clock is ever from UTC, and more.
LEEWAY = timedelta(days=2)
INTERVALS = tuple(str(number) for number in range(1, 101))
PARTS = {
    "DAILY": ("FREQ", "INTERVAL"),
    "WEEKLY": ("FREQ", "INTERVAL", "BYDAY", "WKST"),
    "MONTHLY": ("FREQ", "INTERVAL", "BYDAY", "BYMONTHDAY", "BYSETPOS"),
}


class Span(NamedTuple):
    """From `start` until just before `end`."""

    start: datetime
    end: datetime


@dataclass(frozen=True, slots=True)
class Window:
    """`starts_at` to `ends_at`, and with an `rrule` as often as that says, but for
    occurrences that would start at or after `until`."""

    starts_at: datetime
    ends_at: datetime
    zone: ZoneInfo
    rrule: str = ""
    until: datetime | None = None

    def occurrence_at(self, at: datetime) -> Span | None:
        """The one in force at `at`; of several the one that ends last."""
        inside = [
            span
            for span in self.occurrences(at, at + timedelta(microseconds=1))
            if span.start <= at < span.end
        ]
        return max(inside, key=lambda span: span.end, default=None)

    def next_after(self, at: datetime) -> Span | None:
        """The first that starts after `at`, within five years."""
        later = self.occurrences(at, at + HORIZON)
        return next((span for span in later if span.start > at), None)

    def is_over(self, at: datetime) -> bool:
        """Whether none is in force at `at` or later."""
        if not self.rrule:
            return self.ends_at <= at
        if self.until is None or at < self.until:
            return False
        return self.occurrence_at(at) is None

    @property
    def wall_times(self) -> tuple[datetime, datetime]:
        """Start and end of the first one on the wall clock."""
        return self._wall_time(self.starts_at), self._wall_time(self.ends_at)

    def _wall_time(self, at: datetime) -> datetime:
        return at.astimezone(self.zone).replace(tzinfo=None)

    def occurrences(self, start: datetime, end: datetime) -> Iterator[Span]:
        """Those with a moment in [start, end), in order of their starts."""
        if not self.rrule:
            if self.starts_at < end and self.ends_at > start:
                yield Span(self.starts_at, self.ends_at)
            return
        first, last = self.wall_times
        low, high = self._wall_time(start), self._wall_time(end)
        clock = wall_clock(self.zone, instant_of(start - LEEWAY), instant_of(end))
        begins = read_rrule(self.rrule, first).xafter(
            low - (last - first) - LEEWAY, inc=True
        )
        for begin in begins:
            if begin > high + LEEWAY:
                return
            span = _span(clock, begin, begin + (last - first))
            if self.until is not None and span.start >= self.until:
                return
            if span.start < end and span.end > start and span.start < span.end:
                yield span


def _span(clock: WallClock, begin: datetime, end: datetime) -> Span:
    return Span(
        moment_of(clock.first(wall_of(begin))), moment_of(clock.last(wall_of(end)))
    )


def read_rrule(text: str, first: datetime) -> rrule:
    """A rule that counts from the naive local time `first`. Raises ValueError saying
    what is wrong with `text`, which is fit to show."""
    parts = parts_of(text)
    _check(parts)
    try:
        read = rrulestr(";".join(f"{k}={v}" for k, v in parts.items()), dtstart=first)
    except (ValueError, TypeError, IndexError, KeyError) as error:
        raise ValueError(f"Not a rule that can be read: {error}.") from error
    assert isinstance(read, rrule)  # what rrulestr makes of a single rule
    return read


def parts_of(text: str) -> dict[str, str]:
    """{"FREQ": "WEEKLY", …}, in capitals."""
    pairs = (part.partition("=") for part in text.upper().split(";"))
    return {name.strip(): value.strip() for name, _, value in pairs}


def _check(parts: dict[str, str]) -> None:
    """Refuse what would never come, or only after a long search."""
    frequency = parts.get("FREQ", "")
    allowed = PARTS.get(frequency)
    if allowed is None:
        raise ValueError(f"FREQ must be one of {', '.join(PARTS)}.")
    for name in parts:
        if name not in allowed:
            known = ", ".join(allowed)
            raise ValueError(f"With FREQ={frequency} goes {known}, not {name[:20]!r}.")
    interval = parts.get("INTERVAL", "1")
    if interval not in INTERVALS:
        raise ValueError(f"INTERVAL must be 1 to {len(INTERVALS)}.")
    if parts.get("BYSETPOS", "1") not in ("1", "-1"):
        raise ValueError("BYSETPOS must be 1 or -1.")
    if "BYMONTHDAY" in parts and any(sign.isdigit() for sign in parts.get("BYDAY", "")):
        raise ValueError("BYMONTHDAY does not go with a numbered BYDAY.")


def as_if_always(window: Window, since: datetime) -> Window:
    """The same window, begun early enough to have been in force from `since` on.

    For a trial against the past; days, weeks and months keep their rhythm.
    """
    if not window.rrule or window.starts_at <= since:
        return window
    first, last = window.wall_times
    parts = parts_of(window.rrule)
    interval, days = int(parts.get("INTERVAL", "1")), (window.starts_at - since).days
    if parts["FREQ"] == "MONTHLY":
        if "BYDAY" not in parts and "BYMONTHDAY" not in parts:
            parts["BYMONTHDAY"] = str(first.day)
        months = -(-(days // 28 + 2) // interval) * interval
        earlier = first.replace(day=1) - relativedelta(months=months)
    else:
        step = interval * (7 if parts["FREQ"] == "WEEKLY" else 1)
        earlier = first - timedelta(days=-(-(days + 1) // step) * step)
    return Window(
        earlier.replace(tzinfo=window.zone),
        (earlier + (last - first)).replace(tzinfo=window.zone),
        window.zone,
        ";".join(f"{name}={value}" for name, value in parts.items()),
        window.until,
    )
