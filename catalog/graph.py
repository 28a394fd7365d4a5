"""The process's own copy of the lineage graph, kept up to date behind the readers.

What changed since the copy was made is read from `LineageStep` and costs some
milliseconds. Only when too much changed is the whole graph read again: on a thread,
while readers go on with what there is. How the graph is held: `catalog.snapshots`.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Iterable
from datetime import datetime
from typing import NamedTuple

import numpy as np
from django.db import connection

from catalog.models import LineageStep, LineageVersion
from catalog.snapshots import Ends, LineageSnapshot, Pair, Reach, Subgraph

__all__ = [
    "LineageSnapshot",
    "Reach",
    "Subgraph",
    "refresh_soon",
    "snapshot",
    "snapshot_at",
]

logger = logging.getLogger(__name__)

MAX_AGE_SECONDS = 1.0
MOST_STEPS = 500
# A graph up to this size is read again while its reader waits: it is soon done.
FEW_EDGES = 50_000
KEPT_OLD = 4


class _Delta(NamedTuple):
    added: list[Pair]
    removed: list[Pair]


class _Keeper:
    """Holds the process's snapshot and replaces it when lineage has changed."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._snapshot: LineageSnapshot | None = None
        self._checked = 0.0
        self._is_loading = False
        self._old: dict[tuple[int, datetime], LineageSnapshot] = {}

    def get(self, *, fresh: bool) -> LineageSnapshot:
        known = self._snapshot
        if known is not None and not fresh:
            if time.monotonic() - self._checked < MAX_AGE_SECONDS:
                return known
            # A transaction may have written lineage itself: only it can see that.
            if not connection.in_atomic_block:
                self.refresh_soon()
                return known
        with self._lock:
            return self._refreshed()

    def at(self, at: datetime) -> LineageSnapshot:
        now = self.get(fresh=True)
        known = self._old.get((now.version, at))
        if known is None:
            added, removed = _changes_since(at)
            known = now.changed(added=removed, removed=added, version=now.version)
            while len(self._old) >= KEPT_OLD:
                self._old.pop(next(iter(self._old)), None)
            self._old[now.version, at] = known
        return known

    def refresh_soon(self) -> None:
        """Look for changes on a thread, unless one does already."""
        self._checked = time.monotonic()
        if not self._is_loading:
            self._is_loading = True
            threading.Thread(
                target=self._refresh_behind, name="lineage", daemon=True
            ).start()

    def _refresh_behind(self) -> None:
        try:
            known, version = self._snapshot, _stored_version()
            if known is None or known.version != version:
                self._offer(_brought_up(known, version) or _loaded(version))
        except Exception:  # the next reader asks again
            logger.exception("lineage could not be read")
        finally:
            self._is_loading = False
            connection.close()

    def _offer(self, found: LineageSnapshot) -> None:
        with self._lock:
            known = self._snapshot
            if known is None or known.version < found.version:
                self._snapshot = found

    def _refreshed(self) -> LineageSnapshot:
        # The version is read before the edges: should lineage change in between,
        # the snapshot is newer than it says, and taking a step twice does no harm.
        version, known = _stored_version(), self._snapshot
        if known is None or known.version != version:
            found = _brought_up(known, version)
            if found is None:
                if known is not None and known.edge_count > FEW_EDGES:
                    self.refresh_soon()
                    return known
                found = _loaded(version)
            self._snapshot = known = found
        self._checked = time.monotonic()
        return known


_keeper = _Keeper()


def snapshot(*, fresh: bool = False) -> LineageSnapshot:
    """Return the lineage graph, at most about a second old.

    With `fresh`, as the caller's transaction sees it (one query when nothing has
    changed); only a large graph that changed all over is given as it was, while the
    new one is read. Versions are never used twice, not even by a transaction that is
    rolled back, so what a test or a failed import left behind is noticed.
    """
    return _keeper.get(fresh=fresh)


def snapshot_at(at: datetime) -> LineageSnapshot:
    """Return the lineage graph as it was known at `at`: one query more."""
    return _keeper.at(at)


def refresh_soon() -> None:
    """Bring the process's graph up to date on a thread. Returns at once."""
    _keeper.refresh_soon()


def _stored_version() -> int:
    return LineageVersion.objects.values_list("version", flat=True).first() or 0


def _brought_up(known: LineageSnapshot | None, version: int) -> LineageSnapshot | None:
    """Return `known` with the steps that lead from it to `version`; None where they
    do not: a step is missing, was undone, or was too large to write down."""
    if known is None or version < known.version:
        return None
    rows = LineageStep.objects.filter(version__gt=known.version, version__lte=version)
    held: dict[Pair, bool] = {}
    at = known.version
    for step in rows.order_by("version")[:MOST_STEPS]:
        if step.after != at or not step.is_complete:
            return None
        held |= dict.fromkeys(_pairs(step.removed), False)
        held |= dict.fromkeys(_pairs(step.added), True)
        at = step.version
    if at != version:
        return None
    return known.changed(
        added=[pair for pair, holds in held.items() if holds],
        removed=[pair for pair, holds in held.items() if not holds],
        version=version,
    )


def _pairs(flat: list[int]) -> Iterable[Pair]:
    return zip(flat[::2], flat[1::2], strict=True)


# Edges come in arrays of up to 64 k, as a row each would cost more in Python than all
# the rest. Each array is a range of ids, which the primary key finds.
_COPY_EDGES = """
    COPY (
        SELECT chunk.ups, chunk.downs
        FROM generate_series(
            (SELECT min(id) FROM catalog_edge),
            (SELECT max(id) FROM catalog_edge), 65536) AS first,
        LATERAL (
            SELECT array_agg(upstream_id) AS ups, array_agg(downstream_id) AS downs
            FROM catalog_edge
            WHERE id >= first AND id < first + 65536 AND ended_at IS NULL) AS chunk
        WHERE chunk.ups IS NOT NULL
    ) TO STDOUT (FORMAT BINARY)
"""
# A row of binary COPY: the number of fields, then each with its length before it. An
# array: its dimensions, flags and type, then its length, its lower bound, and each
# element with its own length. https://www.postgresql.org/docs/current/sql-copy.html
_SIGNATURE_BYTES = 19
_ARRAY_HEADER_BYTES = 20
_ELEMENT = np.dtype([("length", ">i4"), ("id", ">i8")])


def _loaded(version: int) -> LineageSnapshot:
    ups: list[Ends] = [np.empty(0, dtype=np.uint32)]
    downs: list[Ends] = [np.empty(0, dtype=np.uint32)]
    with connection.cursor() as cursor, cursor.copy(_COPY_EDGES) as copy:
        skip = _SIGNATURE_BYTES
        for block in copy:
            row = memoryview(block)[skip:]
            skip = 0
            if len(row) > 2 * _ARRAY_HEADER_BYTES:
                read, place = _array(row, 2)
                ups.append(read)
                downs.append(_array(row, place)[0])
    return LineageSnapshot.of_columns(_emptied(ups), _emptied(downs), version)


def _emptied(parts: list[Ends]) -> Ends:
    """Join the arrays, and let go of them at once: together they are large."""
    whole = np.concatenate(parts)
    parts.clear()
    return whole


def _array(row: memoryview, place: int) -> tuple[Ends, int]:
    """Return the array of bigints at `place` of a row, and where the next field is.

    In half the space where the ids allow it.
    """
    size = int.from_bytes(row[place : place + 4], "big")
    stop = place + 4 + size
    packed = row[place + 4 + _ARRAY_HEADER_BYTES : stop]
    ids = np.frombuffer(packed, dtype=_ELEMENT)["id"]
    is_small = ids.max() <= np.iinfo(np.uint32).max
    return ids.astype(np.uint32 if is_small else np.int64), stop


_CHANGES_SINCE = """
    WITH told AS (
        SELECT DISTINCT upstream_id, downstream_id FROM catalog_edge
        WHERE first_seen_at > %(at)s OR ended_at > %(at)s
    ), state AS (
        SELECT upstream_id, downstream_id,
            bool_or(edge.ended_at IS NULL) AS is_now,
            bool_or(edge.first_seen_at <= %(at)s
                AND (edge.ended_at IS NULL OR edge.ended_at > %(at)s)) AS was_then
        FROM catalog_edge AS edge JOIN told USING (upstream_id, downstream_id)
        GROUP BY upstream_id, downstream_id
    )
    SELECT upstream_id, downstream_id, is_now FROM state WHERE is_now <> was_then
"""


def _changes_since(at: datetime) -> _Delta:
    """The edges that are there now and were not at `at`, and the other way round."""
    with connection.cursor() as cursor:
        cursor.execute(_CHANGES_SINCE, {"at": at})
        rows = cursor.fetchall()
    return _Delta(
        added=[(up, down) for up, down, is_now in rows if is_now],
        removed=[(up, down) for up, down, is_now in rows if not is_now],
    )
