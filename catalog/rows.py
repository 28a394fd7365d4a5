"""A directed graph as compressed rows of integers, and the search over them.

Nodes are positions from 0 on; what they stand for is `catalog.graph`'s business.
Arrays are never changed once made, so threads share them without locks.
"""

from __future__ import annotations

import threading
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Positions = NDArray[np.int32]

# A step over few edges is quicker one edge at a time: an array operation costs some
# microseconds whatever its size.
FEW_EDGES = 192


class Reached(NamedTuple):
    """What a search found, nearest first, without where it began.

    `sizes[d]` nodes are d + 1 steps away; `origins[i]` is where `nodes[i]` was
    reached from, if that was asked for.
    """

    nodes: Positions
    origins: Positions
    sizes: list[int]


class Rows(NamedTuple):
    """The neighbours of node i are ends[starts[i]:starts[i + 1]], sorted."""

    starts: Positions
    ends: Positions

    @classmethod
    def pack(cls, heads: Positions, tails: Positions, size: int) -> Rows:
        """Make the rows of edges that are sorted by head, then by tail."""
        return cls(_starts(np.bincount(heads, minlength=size)), tails)

    @property
    def size(self) -> int:
        return self.starts.size - 1

    def turned(self) -> Rows:
        """The same edges the other way round."""
        heads = self.heads()
        order = np.argsort(self.ends, kind="stable")
        return Rows.pack(self.ends[order], heads[order], self.size)

    def heads(self) -> Positions:
        """Where each edge begins, in the order of `ends`."""
        nodes = np.arange(self.size, dtype=np.int32)
        return np.repeat(nodes, np.diff(self.starts))

    def places(self, nodes: Positions) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
        """Return the place in `ends` of each edge that leaves one of `nodes`, node by
        node, and how many each has."""
        starts = self.starts[nodes].astype(np.intp)
        counts = self.starts[nodes + 1] - starts
        before = np.cumsum(counts) - counts
        places = np.arange(int(counts.sum())) + np.repeat(starts - before, counts)
        return places, counts

    def search(
        self, first: Positions, hops: int | None = None, *, origins: bool = False
    ) -> Reached:
        """Walk from all of `first` at once, at most `hops` steps; breadth first.

        Each node is reached once; of several shortest ways the one that comes from
        the earliest of the step before, so the answer is the same every time. To know
        the `origins` costs a quarter more.
        """
        walk = _Walk(self, first, origins=origins)
        while walk.level_size and (hops is None or len(walk.sizes) < hops):
            walk.step()
        return walk.reached()

    def place_of(self, head: int, tail: int) -> tuple[int, bool]:
        """Return where in `ends` the edge is or would be, and whether it is there."""
        start, stop = int(self.starts[head]), int(self.starts[head + 1])
        place = start + int(np.searchsorted(self.ends[start:stop], tail))
        return place, place < stop and self.ends[place] == tail

    def without(self, edges: list[tuple[int, int]]) -> Rows:
        """These rows less `edges`; those that are not there do no harm."""
        found = [(head, *self.place_of(head, tail)) for head, tail in set(edges)]
        gone = [(head, place) for head, place, is_there in found if is_there]
        if not gone:
            return self
        heads, places = (np.array(part) for part in zip(*gone, strict=True))
        counts = np.diff(self.starts) - np.bincount(heads, minlength=self.size)
        return Rows(_starts(counts), np.delete(self.ends, places))

    def having(self, edges: list[tuple[int, int]]) -> Rows:
        """These rows and `edges`; those that are there already do no harm."""
        fresh = []
        for head, tail in sorted(set(edges)):
            place, is_there = self.place_of(head, tail)
            if not is_there:
                fresh.append((head, tail, place))
        if not fresh:
            return self
        heads, tails, places = (np.array(part) for part in zip(*fresh, strict=True))
        counts = np.diff(self.starts) + np.bincount(heads, minlength=self.size)
        return Rows(_starts(counts), np.insert(self.ends, places, tails))

    def spread(self, moved: Positions, size: int) -> Rows:
        """The same edges where node i has become `moved[i]` of `size` nodes.

        `moved` rises, so that rows stay sorted.
        """
        counts = np.zeros(size, dtype=np.int32)
        counts[moved] = np.diff(self.starts)
        return Rows(_starts(counts), moved[self.ends])


def _starts(counts: NDArray[np.integer]) -> Positions:
    starts = np.zeros(counts.size + 1, dtype=np.int32)
    np.cumsum(counts, out=starts[1:])
    return starts


class _Walk:
    """A breadth-first search that takes small steps in Python and large ones in numpy.

    Both see the same bytes of what was reached: `seen` for the one, `was_seen` for the
    other.
    """

    def __init__(self, rows: Rows, first: Positions, *, origins: bool) -> None:
        self.rows, self.keeps_origins = rows, origins
        self.starts, self.ends = rows.starts.data, rows.ends.data
        self.seen = bytearray(rows.size)
        self.was_seen = np.frombuffer(self.seen, dtype=np.bool_)
        self.was_seen[first] = True
        self.level: list[int] | Positions = first
        self.level_size = first.size
        self.sizes: list[int] = []
        self.nodes: list[list[int] | Positions] = []
        self.origins: list[list[int] | Positions] = []

    def step(self) -> None:
        if self._is_small():
            self._small_step()
        else:
            self._large_step()
        self.level_size = len(self.level)
        if self.level_size:
            self.sizes.append(self.level_size)
            self.nodes.append(self.level)

    def reached(self) -> Reached:
        return Reached(_joined(self.nodes), _joined(self.origins), self.sizes)

    def _is_small(self) -> bool:
        if self.level_size > FEW_EDGES:
            return False
        if not isinstance(self.level, list):
            self.level = self.level.tolist()
        starts, edges = self.starts, 0
        for node in self.level:
            edges += starts[node + 1] - starts[node]
        return edges <= FEW_EDGES

    def _small_step(self) -> None:
        starts, ends, seen = self.starts, self.ends, self.seen
        reached: list[int] = []
        origins: list[int] = []
        for node in self.level:
            for end in ends[starts[node] : starts[node + 1]]:
                if not seen[end]:
                    seen[end] = 1
                    reached.append(end)
                    origins.append(node)
        self.level = reached
        if reached and self.keeps_origins:
            self.origins.append(origins)

    def _large_step(self) -> None:
        level = np.asarray(self.level, dtype=np.int32)
        places, counts = self.rows.places(level)
        ends = self.rows.ends[places]
        fresh = np.flatnonzero(~self.was_seen[ends])
        ends = ends[fresh]
        # Of doubles the first stays: the last write to a place is the first one's.
        place = _spare(self.rows.size)
        order = np.arange(ends.size, dtype=np.int32)
        place[ends[::-1]] = order[::-1]
        is_first = place[ends] == order
        reached = ends[is_first]
        self.was_seen[reached] = True
        self.level = reached
        if reached.size and self.keeps_origins:
            self.origins.append(np.repeat(level, counts)[fresh[is_first]])


_kept = threading.local()


def _spare(size: int) -> Positions:
    """An array of the thread's own, with anything in it. A new one for each search
    would cost more than the search: its pages have to be made first."""
    known: Positions | None = getattr(_kept, "places", None)
    if known is None or known.size < size:
        known = _kept.places = np.empty(size, dtype=np.int32)
    return known


def _joined(parts: list[list[int] | Positions]) -> Positions:
    if not parts:
        return np.empty(0, dtype=np.int32)
    return np.concatenate([np.asarray(part, dtype=np.int32) for part in parts])
