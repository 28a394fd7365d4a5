"""The part of the lineage that bears on some alerts, cut out and put in order.

Cut so that the work is bounded on any graph: upstream as far as `hops`, while the
pairs (alert, ancestor) are not too many; then the likeliest ancestors only.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.intp]
Pairs = NDArray[np.int64]

MOST_PAIRS = 150_000
MOST_CANDIDATES = 400
CANDIDATES_PER_ALARM = 3
MOST_BELOW = 150
SILENT = 3  # how many assets in a row may keep silent between root and alarm
BEYOND = 2  # how far below the last alarm silence is still listened to


class _Reach(Protocol):
    @property
    def ids(self) -> NDArray[np.int64]: ...

    @property
    def distances(self) -> NDArray[np.int32]: ...


class _Subgraph(Protocol):
    @property
    def ids(self) -> NDArray[np.int64]: ...

    @property
    def starts(self) -> NDArray[np.int32]: ...

    @property
    def ends(self) -> NDArray[np.int32]: ...


class Lineage(Protocol):
    """What is asked of the graph: `catalog.snapshots.LineageSnapshot` answers."""

    def reach(
        self, asset_ids: Iterable[int], *, upstream: bool = ..., hops: int | None = ...
    ) -> _Reach: ...

    def subgraph(self, asset_ids: Iterable[int]) -> _Subgraph: ...


class Rows(NamedTuple):
    """Compressed rows: the neighbours of i are ends[starts[i]:starts[i + 1]]."""

    starts: Ints
    ends: Ints

    @classmethod
    def pack(cls, heads: Ints, tails: Ints, size: int) -> Rows:
        order = np.lexsort((tails, heads))
        starts = np.zeros(size + 1, dtype=np.intp)
        np.cumsum(np.bincount(heads, minlength=size), out=starts[1:])
        return cls(starts, tails[order])

    def of(self, nodes: Ints) -> tuple[Ints, Ints]:
        """(place in `nodes`, neighbour) for each edge that leaves one of them."""
        places, counts = spans(self.starts[nodes], self.starts[nodes + 1])
        return np.repeat(np.arange(nodes.size), counts), self.ends[places]


def spans(starts: Ints, ends: Ints) -> tuple[Ints, Ints]:
    """All of range(start, end), one after the other, and how long each is."""
    counts = ends - starts
    before = np.cumsum(counts) - counts
    return np.arange(int(counts.sum())) + np.repeat(starts - before, counts), counts


def distinct(values: Ints) -> Ints:
    """Sorted and without doubles; quicker than `np.unique` where there are many."""
    ordered: Ints = np.sort(values)
    is_new = np.append(True, ordered[1:] != ordered[:-1])[: ordered.size]
    kept: Ints = ordered[is_new]
    return kept


def _together(*parts: NDArray[np.int64]) -> NDArray[np.int64]:
    return distinct(np.concatenate(parts).astype(np.intp)).astype(np.int64)


@dataclass(frozen=True, slots=True)
class Neighbourhood:
    """Assets as positions, upstream before downstream (`level` rises along edges; the
    edges that would close a cycle are left out)."""

    ids: NDArray[np.int64]
    level: Ints
    down: Rows
    up: Rows

    @classmethod
    def around(
        cls,
        failing: NDArray[np.int64],
        lineage: Lineage,
        *,
        hops: int,
        ties: Iterable[tuple[int, int]] = (),
    ) -> Neighbourhood:
        """What is within `hops` upstream of the failing assets, and what is as far
        downstream of that. `ties` are edges the lineage does not know."""
        tied = np.array(list(ties), dtype=np.int64).reshape(-1, 2)
        start = _together(failing, tied[:, 0])
        above = lineage.reach(start.tolist(), upstream=True, hops=hops).ids
        roots = _together(start, above)
        below = lineage.reach(roots.tolist(), hops=min(hops, SILENT + BEYOND)).ids
        nodes = _together(roots, below, tied[:, 1])
        known = lineage.subgraph(nodes.tolist())
        heads = np.repeat(known.ids, np.diff(known.starts))
        heads = np.concatenate([heads, tied[:, 0]])
        tails = np.concatenate([known.ids[known.ends], tied[:, 1]])
        return cls.of(heads, tails, nodes)

    @classmethod
    def of(cls, heads: Pairs, tails: Pairs, nodes: NDArray[np.int64]) -> Neighbourhood:
        """From edges by asset id; `nodes` are sorted and without doubles."""
        size = nodes.size
        joined = np.searchsorted(nodes, heads) * size + np.searchsorted(nodes, tails)
        up, down = np.divmod(distinct(joined).astype(np.intp), max(size, 1))
        level = _levels(up, down, size)
        forward = level[up] < level[down]
        up, down = up[forward], down[forward]
        return cls(nodes, level, Rows.pack(up, down, size), Rows.pack(down, up, size))

    def places(self, assets: Iterable[int]) -> Ints:
        """Where those of the assets stand that are in it."""
        wanted = np.array(sorted(set(assets)), dtype=np.int64)
        found = np.searchsorted(self.ids, wanted)
        found[found == self.ids.size] = 0
        return found[self.ids[found] == wanted] if self.ids.size else found[:0]


def _levels(heads: Ints, tails: Ints, size: int) -> Ints:
    """The longest way down to each node. A node that waits for itself in a cycle is
    let go as soon as nothing else can be: the first of them, by position."""
    level = np.zeros(size, dtype=np.intp)
    waits = np.bincount(tails, minlength=size)
    rows = Rows.pack(heads, tails, size)
    todo = np.ones(size, dtype=bool)
    ready = np.flatnonzero(waits == 0)
    step = 0
    while todo.any():
        if not ready.size:
            ready = np.flatnonzero(todo)[:1]
        todo[ready] = False
        level[ready] = step
        _, ends = rows.of(ready)
        np.subtract.at(waits, ends, 1)
        ends = distinct(ends)
        ready = ends[todo[ends] & (waits[ends] <= 0)]
        step += 1
    return level


def upward(hood: Neighbourhood, alarms: Ints, *, hops: int) -> tuple[Ints, Ints, Ints]:
    """(number of the alarm, ancestor, distance), the alarm itself included; as many
    steps up as keep the pairs below a bound."""
    size = max(hood.ids.size, 1)
    keys = np.arange(alarms.size) * size + alarms
    seen, distance = keys, np.zeros(keys.size, dtype=np.intp)
    for step in range(1, hops + 1):
        origin, parents = hood.up.of(keys % size)
        fresh = distinct(keys[origin] // size * size + parents)
        keys = fresh[~np.isin(fresh, seen, assume_unique=True)]
        if not keys.size or seen.size + keys.size > MOST_PAIRS:
            break
        seen = np.concatenate([seen, keys])
        distance = np.concatenate([distance, np.full(keys.size, step)])
    return seen // size, seen % size, distance


def likely_roots(hood: Neighbourhood, alarms: Ints, *, hops: int) -> Ints:
    """The assets that may have broken first, at most a few for each alarm.

    Preferred: those near many alarms with few readers that are silent. The alarmed
    assets themselves are always among them.
    """
    _, above, distance = upward(hood, alarms, hops=hops)
    nearness = np.bincount(above, 0.5**distance, minlength=hood.ids.size)
    readers = np.diff(hood.down.starts)
    worth = nearness - 0.02 * readers
    found = np.flatnonzero(np.bincount(above, minlength=hood.ids.size))
    most = MOST_CANDIDATES + CANDIDATES_PER_ALARM * alarms.size
    if found.size > most:
        best = found[np.lexsort((hood.ids[found], -worth[found]))[:most]]
        found = np.union1d(best, alarms)
    return found
