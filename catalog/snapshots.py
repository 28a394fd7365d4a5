"""The lineage graph in memory: who is upstream of whom, and how far.

Each process keeps one read-only snapshot as compressed rows of integers (about 45 MB
for a million assets and four million edges), so a question costs no query and readers
never wait: a new snapshot is built beside the old one and takes its place when ready.

A snapshot knows ids only. An asset without edges is not in it and has neither
ancestors nor descendants. Cycles are walked once; nothing is its own ancestor.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from catalog.rows import Positions, Reached, Rows

Ids = NDArray[np.int64]
Ends = NDArray[np.integer[Any]]
Pair = tuple[int, int]

# Ids spread over more than so many times the edges are looked up by a search instead.
MOST_SPREAD = 8
AT_ONCE = 1 << 18


class Reach(NamedTuple):
    """Assets and how many steps away each is, nearest first; of equal length."""

    ids: Ids
    distances: Positions


@dataclass(frozen=True, slots=True)
class Subgraph:
    """Some assets and the edges between them, as compressed rows.

    Node i is the asset `ids[i]`; its edges lead to the nodes
    `ends[starts[i]:starts[i + 1]]`. `edges[k]` is a number of the edge at `ends[k]`
    that no other edge of the same snapshot has.
    """

    ids: Ids
    starts: Positions
    ends: Positions
    edges: NDArray[np.intp]

    def pairs(self) -> list[Pair]:
        """The edges as (upstream id, downstream id), in the order of `ends`."""
        heads = np.repeat(self.ids, np.diff(self.starts))
        tails = self.ids[self.ends]
        return list(zip(heads.tolist(), tails.tolist(), strict=True))


@dataclass(frozen=True, slots=True)
class LineageSnapshot:
    """The graph as it was at one version. Safe to share between threads."""

    version: int
    ids: Ids
    down: Rows
    up: Rows

    @classmethod
    def build(cls, edges: Iterable[Pair] | Ids, version: int = 0) -> LineageSnapshot:
        """Make a snapshot from pairs (upstream id, downstream id), in any order.

        Doubles and edges from an asset to itself are left out.
        """
        pairs = np.asarray(
            edges if isinstance(edges, np.ndarray) else list(edges), dtype=np.int64
        ).reshape(-1, 2)
        return cls.of_columns(pairs[:, 0], pairs[:, 1], version)

    @classmethod
    def of_columns(cls, ups: Ends, downs: Ends, version: int) -> LineageSnapshot:
        """`build` from two arrays: half the memory that pairs need."""
        apart = ups != downs
        if not apart.all():
            ups, downs = ups[apart], downs[apart]
        ids, heads, tails = _numbered(ups, downs)
        # One integer for each pair: far quicker to sort than pairs are.
        joined = heads.astype(np.int64)
        joined *= max(ids.size, 1)
        joined += tails
        del heads, tails
        joined.sort()
        if joined.size:
            joined = joined[np.append(True, joined[1:] != joined[:-1])]
        heads, tails = _split(joined, max(ids.size, 1))
        down = Rows.pack(heads, tails, ids.size)
        del joined, heads
        return cls(version, ids, down, down.turned())

    @property
    def edge_count(self) -> int:
        return self.down.ends.size

    def changed(
        self, *, added: Iterable[Pair], removed: Iterable[Pair], version: int
    ) -> LineageSnapshot:
        """The graph with some edges more and others less; what was asked for already
        holds does no harm. Costs a copy of the arrays, not a new build."""
        pairs = [pair for pair in added if pair[0] != pair[1]]
        grown = self._grown({end for pair in pairs for end in pair})
        more, less = grown._placed(pairs), grown._placed(removed)
        return LineageSnapshot(
            version,
            grown.ids,
            grown.down.without(less).having(more),
            grown.up.without(_turned(less)).having(_turned(more)),
        )

    def reach(
        self,
        asset_ids: Iterable[int],
        *,
        upstream: bool = False,
        hops: int | None = None,
    ) -> Reach:
        """All that is downstream (or `upstream`) of any of the assets, as arrays.

        The assets themselves are left out. For callers that count or look up many: an
        array is several times cheaper than a dictionary.
        """
        found = self._search(asset_ids, upstream=upstream, hops=hops)
        steps = np.arange(1, len(found.sizes) + 1, dtype=np.int32)
        return Reach(self.ids[found.nodes], np.repeat(steps, found.sizes))

    def descendants(self, asset_id: int, hops: int | None = None) -> dict[int, int]:
        """Return {id: distance} of all that is downstream, nearest first."""
        return self._distances(asset_id, upstream=False, hops=hops)

    def ancestors(self, asset_id: int, hops: int | None = None) -> dict[int, int]:
        """Return {id: distance} of all that is upstream, nearest first."""
        return self._distances(asset_id, upstream=True, hops=hops)

    def children(self, asset_id: int) -> list[int]:
        """Return the ids directly downstream, sorted."""
        return list(self.descendants(asset_id, hops=1))

    def parents(self, asset_id: int) -> list[int]:
        """Return the ids directly upstream, sorted."""
        return list(self.ancestors(asset_id, hops=1))

    def is_upstream(self, upstream_id: int, downstream_id: int) -> bool:
        """Return whether data flows from the first to the second, however far."""
        return downstream_id in self.descendants(upstream_id)

    def cycle_of(self, asset_id: int) -> set[int]:
        """Return the others that are both upstream and downstream of the asset."""
        down = self._search([asset_id], upstream=False).nodes
        up = self._search([asset_id], upstream=True).nodes
        return set(self.ids[np.intersect1d(down, up)].tolist())

    def path(self, upstream_id: int, downstream_id: int) -> list[int]:
        """Return the ids of a shortest path, both ends included; [] without one."""
        return self.paths(upstream_id, [downstream_id]).get(downstream_id, [])

    def paths(self, start_id: int, targets: Iterable[int]) -> dict[int, list[int]]:
        """Return {target: shortest path from `start_id` down to it}.

        Targets that cannot be reached are left out. Of several shortest paths the
        same one is given every time.
        """
        wanted = set(targets)
        paths = {start_id: [start_id]} if start_id in wanted else {}
        found = self.down.search(self._places([start_id]), origins=True)
        places = np.flatnonzero(np.isin(self.ids[found.nodes], list(wanted)))
        if not places.size:
            return paths
        came_from = np.full(self.ids.size, -1, dtype=np.int32)
        came_from[found.nodes] = found.origins
        for target in found.nodes[places].tolist():
            path = [target]
            while came_from[path[-1]] >= 0:
                path.append(int(came_from[path[-1]]))
            ids = self.ids[path[::-1]].tolist()
            paths[ids[-1]] = ids
        return paths

    def subgraph(self, asset_ids: Iterable[int]) -> Subgraph:
        """The assets that have lineage, and the edges whose ends are both of them."""
        nodes = self._places(asset_ids)
        places, counts = self.down.places(nodes)
        origins = np.repeat(nodes, counts)
        inside = np.isin(self.down.ends[places], nodes)
        origins, places = origins[inside], places[inside]
        counts = np.bincount(np.searchsorted(nodes, origins), minlength=nodes.size)
        starts = np.zeros(nodes.size + 1, dtype=np.int32)
        np.cumsum(counts, out=starts[1:])
        ends = np.searchsorted(nodes, self.down.ends[places]).astype(np.int32)
        return Subgraph(self.ids[nodes], starts, ends, places)

    def edges_among(self, asset_ids: Iterable[int]) -> list[Pair]:
        """Return the edges whose ends are both in `asset_ids`, sorted."""
        return self.subgraph(asset_ids).pairs()

    def _grown(self, asset_ids: Iterable[int]) -> LineageSnapshot:
        """The same edges, with a row for each of the assets."""
        wanted = np.unique(np.fromiter(asset_ids, dtype=np.int64))
        at = np.searchsorted(self.ids, wanted)
        is_fresh = at == self.ids.size
        is_fresh[~is_fresh] = self.ids[at[~is_fresh]] != wanted[~is_fresh]
        fresh, at = wanted[is_fresh], at[is_fresh]
        if not fresh.size:
            return self
        old = np.arange(self.ids.size, dtype=np.int32)
        moved = old + np.searchsorted(at, old, side="right").astype(np.int32)
        ids = np.insert(self.ids, at, fresh)
        return LineageSnapshot(
            self.version,
            ids,
            self.down.spread(moved, ids.size),
            self.up.spread(moved, ids.size),
        )

    def _distances(
        self, asset_id: int, *, upstream: bool, hops: int | None
    ) -> dict[int, int]:
        found = self._search([asset_id], upstream=upstream, hops=hops)
        ids = self.ids[found.nodes].tolist()
        distances: dict[int, int] = {}
        before = 0
        for distance, size in enumerate(found.sizes, start=1):
            distances.update(dict.fromkeys(ids[before : before + size], distance))
            before += size
        return distances

    def _search(
        self, asset_ids: Iterable[int], *, upstream: bool, hops: int | None = None
    ) -> Reached:
        rows = self.up if upstream else self.down
        return rows.search(self._places(asset_ids), hops)

    def _places(self, asset_ids: Iterable[int]) -> Positions:
        """Where the assets stand, sorted; those without lineage are left out."""
        wanted = np.unique(np.fromiter(asset_ids, dtype=np.int64))
        places = np.searchsorted(self.ids, wanted)
        places[places == self.ids.size] = 0
        if not self.ids.size:
            return np.empty(0, dtype=np.int32)
        found: Positions = places[self.ids[places] == wanted].astype(np.int32)
        return found

    def _placed(self, pairs: Iterable[Pair]) -> list[Pair]:
        """The pairs whose ends are both in the graph, as positions."""
        wanted = np.array(list(pairs), dtype=np.int64).reshape(-1, 2)
        if not self.ids.size:
            return []
        places = np.searchsorted(self.ids, wanted)
        places[places == self.ids.size] = 0
        known = (self.ids[places] == wanted).all(axis=1)
        return [(up, down) for up, down in places[known].tolist()]


def _numbered(ups: Ends, downs: Ends) -> tuple[Ids, Positions, Positions]:
    """Return the different ids, sorted, and the place of each end among them."""
    if not ups.size:
        nothing = np.empty(0, dtype=np.int32)
        return nothing.astype(np.int64), nothing, nothing
    least = min(ups.min(), downs.min())
    span = int(max(ups.max(), downs.max()) - least) + 1
    if span <= MOST_SPREAD * ups.size:
        # Ids of a sequence lie close together: a table of all is quickest by far.
        is_there = np.zeros(span, dtype=np.bool_)
        for ends in (ups, downs):
            is_there[ends - least] = True
        place = np.cumsum(is_there, dtype=np.int32)
        place -= 1
        ids = np.flatnonzero(is_there) + int(least)
        return ids, place[ups - least], place[downs - least]
    both = np.concatenate([ups, downs]).astype(np.int64)
    both.sort()
    ids = both[np.append(True, both[1:] != both[:-1])]
    found = [np.searchsorted(ids, ends).astype(np.int32) for ends in (ups, downs)]
    return ids, found[0], found[1]


def _split(joined: Ids, size: int) -> tuple[Positions, Positions]:
    """Undo `heads * size + tails`, a part at a time: divmod's arrays are large."""
    heads = np.empty(joined.size, dtype=np.int32)
    tails = np.empty(joined.size, dtype=np.int32)
    for start in range(0, joined.size, AT_ONCE):
        part = slice(start, start + AT_ONCE)
        heads[part], tails[part] = np.divmod(joined[part], size)
    return heads, tails


def _turned(pairs: Iterable[Pair]) -> list[Pair]:
    return [(down, up) for up, down in pairs]
