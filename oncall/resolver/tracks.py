"""What one layer says, as arrays: a year of hourly turns is 8,760 spans a layer.

A track is spans in order that do not overlap. Instants are microseconds since 1970.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from operator import itemgetter

import numpy as np
from numpy.typing import NDArray

from oncall.resolver.definitions import Users
from oncall.resolver.timeline import Line

Instants = NDArray[np.int64]
Spans = tuple[Instants, Instants]

# A bit a person, in rows of words of 64 bits; a column for each span.
Masks = NDArray[np.uint64]
_WORD = np.dtype("<u8")


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


def overlay(placed: Sequence[tuple[int, Track]], start: int, end: int) -> Line:
    """Return who is on call in [`start`, `end`): those of the tracks with the highest
    priority that has anybody, together.

    `placed` are priorities and their tracks, which lie in the window.
    """
    tracks = [track for _, track in placed]
    people = sorted({user for one in tracks for group in one.groups for user in group})
    bounds = _bounds(tracks, start, end)
    masks = _highest(placed, people, bounds)
    changes = np.ones(len(bounds), dtype=bool)
    changes[1:] = (masks[:, 1:] != masks[:, :-1]).any(axis=0)
    return Line([*bounds[changes].tolist(), end], _users(masks[:, changes], people))


def _bounds(tracks: Iterable[Track], start: int, end: int) -> Instants:
    """Return `start` and all starts and ends of the tracks before `end`, once each."""
    edges = [np.array([start], dtype=np.int64)]
    for track in tracks:
        edges += [track.starts, track.ends]
    # Edges are runs that are in order already, which a stable sort merges.
    bounds = np.sort(np.concatenate(edges), kind="stable")
    return bounds[np.append(bounds[1:] > bounds[:-1], True) & (bounds < end)]


def _highest(
    placed: Iterable[tuple[int, Track]], people: Sequence[str], bounds: Instants
) -> Masks:
    """Return who is on call from each bound on."""
    bit_of = {user: bit for bit, user in enumerate(people)}
    found: Masks = np.zeros((len(people) // 64 + 1, len(bounds)), dtype=_WORD)
    ordered = sorted(placed, key=itemgetter(0), reverse=True)
    for _, layers in groupby(ordered, key=itemgetter(0)):
        own = np.zeros_like(found)
        for _, track in layers:
            own |= _group_masks(track, bit_of)[:, track.codes_from(bounds)]
        found |= np.where(found.any(axis=0), np.uint64(0), own)
    return found


def _group_masks(track: Track, bit_of: Mapping[str, int]) -> Masks:
    """Return the mask of each code: of nobody, then of the groups."""
    masks: Masks = np.zeros((len(bit_of) // 64 + 1, len(track.groups) + 1), dtype=_WORD)
    for code, group in enumerate(track.groups, start=1):
        for user in group:
            word, bit = divmod(bit_of[user], 64)
            masks[word, code] |= np.uint64(1 << bit)
    return masks


def _users(masks: Masks, people: Sequence[str]) -> list[Users]:
    """Return masks as groups. The same come again and again; each is read once."""
    width = masks.shape[0] * _WORD.itemsize
    keys = np.ascontiguousarray(masks.T).view(f"V{width}").ravel().tolist()
    known = dict.fromkeys(keys)
    bits = np.unpackbits(np.frombuffer(b"".join(known), np.uint8), bitorder="little")
    rows, own = np.divmod(np.flatnonzero(bits.view(np.bool)), width * 8)
    # A slice of a tuple is one already; there may be 87,600 of them.
    named = tuple(np.array(people, dtype=object)[own].tolist())
    ends = np.cumsum(np.bincount(rows, minlength=len(known))).tolist()
    groups = map(named.__getitem__, map(slice, [0, *ends], ends))
    users = dict(zip(known, groups, strict=True))
    return [users[key] for key in keys]
