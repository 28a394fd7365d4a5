"""Hand-offs at steps on the wall clock, and whose turn it is between them."""

from __future__ import annotations

from calendar import monthrange
from datetime import date
from zoneinfo import ZoneInfo

import numpy as np

from oncall.resolver.definitions import Rotation, RotationUnit
from oncall.resolver.tracks import Instants, Track, instants
from oncall.resolver.wall_clock import (
    DAY,
    HOUR,
    LONGEST_CHANGE,
    WEEK,
    WallClock,
    day_of,
    instant_of,
    wall_clock,
    wall_of,
)

_STEPS = {RotationUnit.HOUR: HOUR, RotationUnit.DAY: DAY, RotationUnit.WEEK: WEEK}


def rotation_track(
    rotation: Rotation, *, zone: ZoneInfo, start: int, end: int
) -> Track:
    """Return the track of a rotation in [`start`, `end`)."""
    handoffs = _Handoffs(rotation, wall_clock(zone, start, end))
    first, last = handoffs.latest(start), handoffs.latest(end - 1)
    begins = handoffs.instants(first, last)
    # Two hand-offs at one instant count once.
    begins = begins[np.append(True, begins[1:] > begins[:-1])]
    begins[0] = start
    turn = rotation.anchor_index + _turns_since_anchor(rotation, zone, first, start)
    turns = (np.arange(len(begins)) + turn) % len(rotation.participants)
    return Track(begins, np.append(begins[1:], end), turns, rotation.participants)


def _turns_since_anchor(
    rotation: Rotation, zone: ZoneInfo, number: int, start: int
) -> int:
    """Return how many real hand-offs lie between the anchor's shift and `number`.

    `number` is the hand-off of the shift that contains `start`; negative when that
    shift is before the anchor's. Nothing is walked: it is the difference of the
    numbers, less the hand-offs that share their instant with a later one.
    """
    if rotation.anchor_at is None:
        at = wall_of(rotation.start_local)
        clock = wall_clock(zone, at, at)
        at = clock.first(at)
    else:
        at = instant_of(rotation.anchor_at)
        clock = wall_clock(zone, at, at)
    anchor = _Handoffs(rotation, clock).latest(at)
    low, high = sorted((anchor, number))
    turns = high - low
    if rotation.unit in (RotationUnit.HOUR, RotationUnit.DAY):
        clock = wall_clock(zone, min(at, start), max(at, start))
        turns -= _Handoffs(rotation, clock).doubles(low, high)
    return turns if number == high else -turns


class _Handoffs:
    """The hand-offs of a rotation, numbered from the one at `start_local`.

    Their instants never go back, because a repeated wall time counts as its first
    occurrence and a missing one as the end of the gap.
    """

    def __init__(self, rotation: Rotation, clock: WallClock) -> None:
        self._clock = clock
        self._start = rotation.start_local.date()
        self._start_wall = wall_of(rotation.start_local)
        self._every = rotation.every
        self._step = _STEPS.get(rotation.unit, 0) * rotation.every

    def instant(self, number: int) -> int:
        if self._step:
            return self._clock.first(self._start_wall + number * self._step)
        return self._clock.first(self._wall_in_month(number))

    def instants(self, first: int, last: int) -> Instants:
        """Return the instants of the hand-offs `first` to `last`."""
        if not self._step:
            return instants(self.instant(number) for number in range(first, last + 1))
        numbers = np.arange(first, last + 1)
        return self._clock.firsts(self._start_wall + numbers * self._step)

    def latest(self, at: int) -> int:
        """Return the number of the last hand-off at or before `at`."""
        number = self._estimate(self._clock.to_wall(at))
        while self.instant(number + 1) <= at:
            number += 1
        while self.instant(number) > at:
            number -= 1
        return number

    def doubles(self, low: int, high: int) -> int:
        """Return how many of the hand-offs in (`low`, `high`] share their instant with
        the one after. Both are the last of theirs."""
        if self._step > LONGEST_CHANGE:
            return 0
        after, until = self.instant(low), self.instant(high)
        doubles = 0
        for gap in self._clock.gaps(after=after, until=until):
            opens = gap.at + gap.before - self._start_wall
            closes = gap.at + gap.after - self._start_wall
            inside = closes // self._step - -(-opens // self._step) + 1
            doubles += max(0, inside - 1)
        return doubles

    def _wall_in_month(self, number: int) -> int:
        """The day of the start, or the last day of a month that is too short."""
        months = self._start.year * 12 + self._start.month - 1 + number * self._every
        year, month = months // 12, months % 12 + 1
        day = min(self._start.day, monthrange(year, month)[1])
        return day_of(date(year, month, day).toordinal()) * DAY + self._start_wall % DAY

    def _estimate(self, wall: int) -> int:
        """Return the number of a hand-off near a wall time."""
        if self._step:
            return (wall - self._start_wall) // self._step
        months = 12 * (wall // DAY) // 365 - 12 * (self._start_wall // DAY) // 365
        return months // self._every
