"""When an asset's next run is wanted, and which run counts for it. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from statistics import median
from zoneinfo import ZoneInfo

from alerts.cadence import last_expected, next_expected

DAY = timedelta(days=1)
LEAST_RUNS = 5
QUARTER = 15  # minutes a learnt deadline is rounded up to
DAILY = timedelta(hours=20), timedelta(hours=28)


@dataclass(frozen=True, slots=True)
class Rhythm:
    """A run every so often, or by each instant of `cron` in `zone` when that is set.

    `early` is how long before a deadline a run counts for it; None: half of the
    shorter of the times to the deadlines before and after.
    """

    every: timedelta
    cron: str = ""
    zone: str = "UTC"
    grace: timedelta = timedelta(0)
    early: timedelta | None = None


@dataclass(frozen=True, slots=True)
class Turn:
    """One run that is awaited: it counts from `opens`, is wanted by `expected`, and is
    missed at `due`. All aware UTC."""

    opens: datetime
    expected: datetime
    due: datetime


def turn_after(rhythm: Rhythm, after: datetime) -> Turn:
    """The first turn whose run is wanted later than `after`."""
    expected = _next(rhythm, after)
    opens = expected - _early(rhythm, expected) if rhythm.cron else after
    return Turn(opens, expected, expected + rhythm.grace)


def following(rhythm: Rhythm, expected: datetime, run_at: datetime) -> Turn:
    """The turn after the one wanted by `expected`, which the run at `run_at` has met,
    in time or late."""
    return turn_after(rhythm, max(expected, run_at) if rhythm.cron else run_at)


def _next(rhythm: Rhythm, after: datetime) -> datetime:
    return next_expected(after, every=rhythm.every, cron=rhythm.cron, zone=rhythm.zone)


def _early(rhythm: Rhythm, expected: datetime) -> timedelta:
    if rhythm.early is not None:
        return rhythm.early
    before = last_expected(expected, cron=rhythm.cron, zone=rhythm.zone)
    return min(expected - before, _next(rhythm, expected) - expected) / 2


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A rhythm the past runs would have kept. `why` says what it was learnt from."""

    rhythm: Rhythm
    why: str


def suggest(runs: Sequence[datetime], *, zone: str) -> Suggestion | None:
    """Learn a rhythm from the ends of runs that succeeded; None from fewer than five.

    About one a day: a deadline at the latest time of day seen, in `zone`, on weekdays
    alone where no run ever ended at a weekend. Else: an interval.
    """
    ends = sorted(runs)
    if len(ends) < LEAST_RUNS:
        return None
    gaps = [later - earlier for earlier, later in pairwise(ends)]
    local = [end.astimezone(ZoneInfo(zone)) for end in ends]
    is_daily = sum(DAILY[0] <= gap <= DAILY[1] for gap in gaps) >= 0.7 * len(gaps)
    minutes = [end.hour * 60 + end.minute for end in local]
    if is_daily and max(minutes) - min(minutes) < 12 * 60:
        return _daily(local, max(minutes), zone)
    seconds = median(gap.total_seconds() for gap in gaps)
    usual = timedelta(minutes=max(1, round(seconds / 60)))
    slack = max(usual / 4, max(gaps) - usual)
    grace = timedelta(minutes=round(min(slack, 2 * usual).total_seconds() / 60))
    return Suggestion(
        Rhythm(every=usual, grace=grace, zone=zone),
        f"{len(ends)} runs, usually {_told(usual)} apart, {_told(max(gaps))} at most.",
    )


def _daily(local: Sequence[datetime], latest: int, zone: str) -> Suggestion:
    on_weekdays = all(end.weekday() < 5 for end in local)
    spans_weekend = local[-1] - local[0] >= 9 * DAY
    minute = min(-(-(latest + 1) // QUARTER) * QUARTER, 24 * 60 - 1)
    days = "1-5" if on_weekdays and spans_weekend else "*"
    hour, rest = divmod(minute, 60)
    grace = timedelta(minutes=30)
    return Suggestion(
        Rhythm(every=DAY, cron=f"{rest} {hour} * * {days}", zone=zone, grace=grace),
        f"{len(local)} runs, about one a {'weekday' if days == '1-5' else 'day'}, "
        f"done by {latest // 60:02d}:{latest % 60:02d} at the latest.",
    )


def _told(span: timedelta) -> str:
    minutes = round(span.total_seconds() / 60)
    hours, rest = divmod(minutes, 60)
    if not hours:
        return f"{minutes} min"
    return f"{hours} h {rest} min" if rest else f"{hours} h"
