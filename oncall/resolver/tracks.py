"""What one layer says, as arrays: a year of hourly turns is 8,760 spans a layer.

A track is spans in order that do not overlap. Instants are microseconds since 1970.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from oncall.resolver.definitions import Users
from oncall.resolver.timeline import NOBODY, UserSpan, union

Instants = NDArray[np.int64]
Spans = tuple[Instants, Instants]

# Codes of several tracks are packed into one number while they fit.
_MOST_CODES = 2**60


@dataclass(frozen=True, slots=True)
class Track:
    """`turns` says which of `groups` has the span from `starts` to `ends`."""

    starts: Instants
    ends: Instants
    turns: Instants
    groups: tuple[Users, ...]

    def clipped(self, start: int, end: int) -> Track:
        """Return what of it lies in [`start`, `end`)."""
        inside = (self.starts < end) & (self.ends > start) & (self.starts < self.ends)
        return Track(
            np.maximum(self.starts[inside], start),
            np.minimum(self.ends[inside], end),
            self.turns[inside],
            self.groups,
        )

    def within(self, windows: Spans) -> Track:
        """Return what of it lies in the windows, which are in order and apart."""
        opens, closes = windows
        first = np.searchsorted(closes, self.starts, side="right")
        counts = np.searchsorted(opens, self.ends, side="left") - first
        counts = np.maximum(counts, 0)
        span = np.repeat(np.arange(len(self.starts)), counts)
        before = np.cumsum(counts) - counts
        window = np.arange(len(span)) - before[span] + first[span]
        return Track(
            np.maximum(self.starts[span], opens[window]),
            np.minimum(self.ends[span], closes[window]),
            self.turns[span],
            self.groups,
        )

    def codes_from(self, bounds: Instants) -> Instants:
        """Return the turn from each bound on plus one; 0 where there is no span.

        The bounds are in order, and every start and end is one of them or after all.
        """
        codes = self.turns + 1
        steps = np.zeros(len(bounds) + 1, dtype=np.int64)
        steps[np.searchsorted(bounds, self.starts)] += codes
        steps[np.searchsorted(bounds, self.ends)] -= codes
        return np.cumsum(steps[:-1])


def instants(values: Iterable[int]) -> Instants:
    return np.fromiter(values, dtype=np.int64)


def apart(track: Track) -> list[Track]:
    """Return spans in order of their start as tracks: one if none overlap, else one
    for each group, in which spans that touch or overlap are one."""
    if (track.starts[1:] >= track.ends[:-1]).all():
        return [track]
    return [_merged(track, turn) for turn in np.unique(track.turns).tolist()]


def _merged(track: Track, turn: int) -> Track:
    own = track.turns == turn
    starts, ends = merged(track.starts[own], track.ends[own])
    turns = np.full(len(starts), turn, dtype=np.int64)
    return Track(starts, ends, turns, track.groups)


def merged(starts: Instants, ends: Instants) -> Spans:
    """Return spans in order of their start as spans that are apart."""
    latest = np.maximum.accumulate(ends)
    opens = np.ones(len(starts), dtype=bool)
    opens[1:] = starts[1:] > latest[:-1]
    closes = np.ones(len(starts), dtype=bool)
    closes[:-1] = opens[1:]
    return starts[opens], latest[closes]


def overlay(
    placed: Sequence[tuple[int, Track]], start: int, end: int
) -> list[UserSpan]:
    """Return all of [`start`, `end`) with who is on call: those of the tracks with the
    highest priority that has anybody, together.

    `placed` are priorities and their tracks, which lie in the window. Neighbours have
    different users.
    """
    ordered = sorted(placed, key=lambda item: item[0], reverse=True)
    edges = [np.array([start], dtype=np.int64)]
    for _, track in ordered:
        edges += [track.starts, track.ends]
    bounds = np.sort(np.concatenate(edges))
    bounds = bounds[np.append(bounds[1:] > bounds[:-1], True) & (bounds < end)]
    cases, case_at = _cases([track for _, track in ordered], bounds)
    users: list[Users] = [_highest(ordered, case) for case in cases]
    known = {group: number for number, group in enumerate(dict.fromkeys(users))}
    who = np.array([known[group] for group in users], dtype=np.int64)[case_at]
    changes = np.ones(len(bounds), dtype=bool)
    changes[1:] = who[1:] != who[:-1]
    begins = bounds[changes].tolist()
    groups = list(known)
    values = [groups[number] for number in who[changes].tolist()]
    return list(zip(begins, [*begins[1:], end], values, strict=True))


def _cases(tracks: list[Track], bounds: Instants) -> tuple[list[list[int]], Instants]:
    """Return each combination of codes that occurs, and which one from each bound on.

    The same people are active again and again, so each is decided once.
    """
    packed = np.zeros(len(bounds), dtype=np.int64)
    size = 1
    columns = []
    for track in tracks:
        codes = track.codes_from(bounds)
        columns.append(codes)
        choices = len(track.groups) + 1
        if size * choices > _MOST_CODES:
            packed = np.unique(packed, return_inverse=True)[1]
            size = len(bounds)
        packed = packed * choices + codes
        size *= choices
    _, first, case_at = np.unique(packed, return_index=True, return_inverse=True)
    rows = [column[first].tolist() for column in columns]
    cases = [list(case) for case in zip(*rows, strict=True)] if rows else [[]]
    return cases, case_at


def _highest(ordered: Sequence[tuple[int, Track]], case: list[int]) -> Users:
    highest = None
    found: list[Users] = []
    for (priority, track), code in zip(ordered, case, strict=True):
        if found and priority != highest:
            break
        if code and track.groups[code - 1]:
            highest = priority
            found.append(track.groups[code - 1])
    return union(found) if found else NOBODY
