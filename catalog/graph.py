"""The lineage graph in memory: who is upstream of whom, and how far.

Each process keeps one read-only snapshot as compressed rows of integers (about 15 MB
for a million edges), so a question costs no query and readers never wait: a new
snapshot is built beside the old one and takes its place when it is ready.

A snapshot knows ids only. An asset without edges is not in it and has neither
ancestors nor descendants. Cycles are walked once; nothing is its own ancestor.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from django.db import connection
from numpy.typing import NDArray

from catalog.models import Edge, LineageVersion

Ids = NDArray[np.int64]
Positions = NDArray[np.intp]

MAX_AGE_SECONDS = 1.0


class Rows(NamedTuple):
    """Compressed rows: the neighbours of node i are ends[starts[i]:starts[i + 1]]."""

    starts: Positions
    ends: NDArray[np.int32]

    @classmethod
    def pack(cls, heads: Positions, tails: Positions, size: int) -> Rows:
        order = np.lexsort((tails, heads))
        starts = np.zeros(size + 1, dtype=np.intp)
        np.cumsum(np.bincount(heads, minlength=size), out=starts[1:])
        return cls(starts, tails[order].astype(np.int32))

    def neighbours(self, nodes: Positions) -> tuple[Positions, Positions]:
        """Return (origin, neighbour) for each edge that leaves one of `nodes`."""
        starts = self.starts[nodes]
        counts = self.starts[nodes + 1] - starts
        before = np.cumsum(counts) - counts
        total = int(counts.sum())
        places = np.arange(total) + np.repeat(starts - before, counts)
        return np.repeat(nodes, counts), self.ends[places].astype(np.intp)


@dataclass(frozen=True, slots=True)
class LineageSnapshot:
    """The graph as it was at one version. Safe to share between threads."""

    version: int
    ids: Ids
    down: Rows
    up: Rows

    @classmethod
    def build(
        cls, edges: Iterable[tuple[int, int]] | Ids, version: int = 0
    ) -> LineageSnapshot:
        """Make a snapshot from pairs (upstream id, downstream id), in any order.

        Doubles and edges from an asset to itself are left out.
        """
        pairs = np.asarray(
            edges if isinstance(edges, np.ndarray) else list(edges), dtype=np.int64
        ).reshape(-1, 2)
        ids, places = np.unique(pairs[pairs[:, 0] != pairs[:, 1]], return_inverse=True)
        # One integer for each pair: far quicker to sort than pairs are.
        joined = np.unique(places.reshape(-1, 2) @ [ids.size, 1])
        heads, tails = np.divmod(joined, max(ids.size, 1))
        return cls(
            version,
            ids,
            Rows.pack(heads, tails, ids.size),
            Rows.pack(tails, heads, ids.size),
        )

    def descendants(self, asset_id: int, hops: int | None = None) -> dict[int, int]:
        """Return {id: distance} of all that is downstream, nearest first."""
        return self._distances(self.down, asset_id, hops)

    def ancestors(self, asset_id: int, hops: int | None = None) -> dict[int, int]:
        """Return {id: distance} of all that is upstream, nearest first."""
        return self._distances(self.up, asset_id, hops)

    def children(self, asset_id: int) -> list[int]:
        """Return the ids directly downstream, sorted."""
        return list(self.descendants(asset_id, hops=1))

    def parents(self, asset_id: int) -> list[int]:
        """Return the ids directly upstream, sorted."""
        return list(self.ancestors(asset_id, hops=1))

    def is_upstream(self, upstream_id: int, downstream_id: int) -> bool:
        """Return whether data flows from the first to the second, however far."""
        return downstream_id in self.descendants(upstream_id)

    def path(self, upstream_id: int, downstream_id: int) -> list[int]:
        """Return the ids of a shortest path, both ends included; [] without one."""
        return self.paths(upstream_id, [downstream_id]).get(downstream_id, [])

    def paths(self, start_id: int, targets: Iterable[int]) -> dict[int, list[int]]:
        """Return {target: shortest path from `start_id` down to it}.

        Targets that cannot be reached are left out. Of several shortest paths the
        same one is given every time.
        """
        wanted = set(targets)
        found = {start_id: [start_id]} if start_id in wanted else {}
        wanted.discard(start_id)
        came_from: dict[int, int] = {}
        for nodes, origins in self._levels(self.down, start_id):
            reached = self.ids[nodes].tolist()
            came_from.update(zip(reached, self.ids[origins].tolist(), strict=True))
            for target in wanted.intersection(reached):
                found[target] = _trace(came_from, target)
                wanted.discard(target)
            if not wanted:
                break
        return found

    def edges_among(self, asset_ids: Iterable[int]) -> list[tuple[int, int]]:
        """Return the edges whose ends are both in `asset_ids`, sorted."""
        wanted = np.unique(np.fromiter(asset_ids, dtype=np.int64))
        nodes = np.flatnonzero(np.isin(self.ids, wanted))
        origins, ends = self.down.neighbours(nodes)
        inside = np.isin(ends, nodes)
        return list(
            zip(
                self.ids[origins[inside]].tolist(),
                self.ids[ends[inside]].tolist(),
                strict=True,
            )
        )

    def _distances(self, rows: Rows, asset_id: int, hops: int | None) -> dict[int, int]:
        distances: dict[int, int] = {}
        for distance, (nodes, _) in enumerate(self._levels(rows, asset_id), start=1):
            if hops is not None and distance > hops:
                break
            distances.update(dict.fromkeys(self.ids[nodes].tolist(), distance))
        return distances

    def _levels(
        self, rows: Rows, asset_id: int
    ) -> Iterator[tuple[Positions, Positions]]:
        """Yield the nodes one step further each time, and where each was reached from.

        A level at a time, because array operations on a whole level are what makes
        a closure of 50,000 nodes a matter of milliseconds.
        """
        place = int(np.searchsorted(self.ids, asset_id))
        if place == self.ids.size or self.ids[place] != asset_id:
            return
        seen = np.zeros(self.ids.size, dtype=bool)
        seen[place] = True
        level = np.array([place], dtype=np.intp)
        while level.size:
            origins, ends = rows.neighbours(level)
            fresh = ~seen[ends]
            level, first = np.unique(ends[fresh], return_index=True)
            seen[level] = True
            if level.size:
                yield level, origins[fresh][first]


def _trace(came_from: dict[int, int], target: int) -> list[int]:
    path = [target]
    while path[-1] in came_from:
        path.append(came_from[path[-1]])
    return path[::-1]


class _Keeper:
    """Holds the process's snapshot and replaces it when lineage has changed."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._snapshot: LineageSnapshot | None = None
        self._checked = 0.0

    def get(self, *, fresh: bool) -> LineageSnapshot:
        snapshot = self._snapshot
        if snapshot is not None and not fresh:
            is_due = time.monotonic() - self._checked >= MAX_AGE_SECONDS
            # Whoever does not get the lock goes on with what there is.
            if is_due and self._lock.acquire(blocking=False):
                try:
                    return self._refresh()
                finally:
                    self._lock.release()
            return snapshot
        with self._lock:
            return self._refresh()

    def _refresh(self) -> LineageSnapshot:
        # The version is read before the edges: should lineage change in between,
        # the snapshot is newer than it says and is merely built once more.
        version = _stored_version()
        if self._snapshot is None or self._snapshot.version != version:
            self._snapshot = LineageSnapshot.build(_stored_edges(), version)
        self._checked = time.monotonic()
        return self._snapshot


_keeper = _Keeper()


def snapshot(*, fresh: bool = False) -> LineageSnapshot:
    """Return the lineage graph, at most about a second old.

    With `fresh`, exactly as the caller's transaction sees it (one query when nothing
    has changed). Versions are never used twice, not even by a transaction that is
    rolled back, so what a test or a failed import left behind is noticed.
    """
    return _keeper.get(fresh=fresh)


def _stored_version() -> int:
    return LineageVersion.objects.values_list("version", flat=True).first() or 0


# A row of PostgreSQL's binary COPY with two bigints: the number of fields, then each
# with its length before it. https://www.postgresql.org/docs/current/sql-copy.html
_ROW = np.dtype(
    [("n", ">i2"), ("a", ">i4"), ("up", ">i8"), ("b", ">i4"), ("down", ">i8")]
)
_HEADER_BYTES, _TRAILER_BYTES = 19, 2


def _stored_edges() -> Ids:
    table = connection.ops.quote_name(Edge._meta.db_table)
    with connection.cursor() as cursor:
        query = f"COPY (SELECT upstream_id, downstream_id FROM {table}) TO STDOUT"
        with cursor.copy(f"{query} (FORMAT BINARY)") as copy:
            packed = b"".join(copy)
    rows = np.frombuffer(packed[_HEADER_BYTES:-_TRAILER_BYTES], dtype=_ROW)
    return np.column_stack([rows["up"], rows["down"]]).astype(np.int64)
