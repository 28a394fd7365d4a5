"""Writing edges and sightings: what somebody tells begins, what is taken back ends.

Rows are written in one order (assets, other names, edges, version), and those of a
kind sorted, so that writers meet without deadlock and need no lock above rows.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime, timedelta
from typing import Any

from django.db import connection

from catalog.models import LineageStep, Sighting
from core.bulk import any_of
from core.live import publish

Pair = tuple[int, int]

# An edge that is told every minute need not be rewritten every minute.
SEEN_PRECISION = timedelta(hours=1)
# Larger changes are not written down: reading the graph again is as quick.
MOST_NOTED = 20_000
STEPS_KEPT = 2000
LIVE_TOPIC = "lineage"


def upsert_edges(
    pairs: Iterable[Pair], *, source: str, origin: str = "", at: datetime
) -> int:
    """Let `source` tell the edges (upstream id, downstream id); return how many
    different ones there are. What others tell of the same pairs stays as it is."""
    joined = sorted({(up, down) for up, down in pairs if up != down})
    if not joined:
        return 0
    added = begin_edges(joined, source=source, origin=origin, at=at)
    if added:
        bump_lineage_version(at=at, added=added)
    return len(joined)


def begin_edges(
    pairs: Collection[Pair], *, source: str, origin: str, at: datetime
) -> list[Pair]:
    """Make the edges that `source` does not tell yet; return the pairs that nobody told
    before. The version is left to the caller."""
    ups, downs = [up for up, _ in pairs], [down for _, down in pairs]
    values: dict[str, Any] = {
        "ups": ups,
        "downs": downs,
        "source": source,
        "origin": origin,
        "at": at,
        "stale_before": at - SEEN_PRECISION,
    }
    with connection.cursor() as cursor:
        cursor.execute(_SEE_EDGES, values)
        if cursor.fetchone() == (len(pairs), 0):
            return []
        cursor.execute(_BEGIN_EDGES, values)
        begun = cursor.fetchall()
        cursor.execute(_EDGES_SEEN, values)
        ups, downs = [up for up, _ in begun], [down for _, down in begun]
        cursor.execute(_TOLD_ONCE, {"ups": ups, "downs": downs})
        added: list[Pair] = cursor.fetchall()
    return added


def end_edges(edge_ids: Collection[int], *, at: datetime) -> list[Pair]:
    """End edges and return the pairs that nobody tells any more. The version is left
    to the caller."""
    with connection.cursor() as cursor:
        cursor.execute(_END_EDGES, {"ids": sorted(edge_ids), "at": at})
        ended = set(cursor.fetchall())
        if not ended:
            return []
        ups, downs = [up for up, _ in ended], [down for _, down in ended]
        cursor.execute(_STILL_TOLD, {"ups": ups, "downs": downs})
        return sorted(ended - set(cursor.fetchall()))


_TOLD = "unnest(%(ups)s::bigint[], %(downs)s::bigint[]) AS told (up, down)"
_SAME = """
    edge.upstream_id = told.up AND edge.downstream_id = told.down
    AND edge.source = %(source)s AND edge.origin = %(origin)s AND edge.ended_at IS NULL
"""

_SEE_EDGES = f"""
    SELECT count(*), count(*) FILTER (WHERE edge.last_seen_at < %(stale_before)s)
    FROM {_TOLD} JOIN catalog_edge AS edge ON {_SAME}
"""

_BEGIN_EDGES = f"""
    INSERT INTO catalog_edge
        (upstream_id, downstream_id, source, origin, first_seen_at, last_seen_at)
    SELECT told.up, told.down, %(source)s, %(origin)s, %(at)s, %(at)s
    FROM {_TOLD} LEFT JOIN catalog_edge AS edge ON {_SAME}
    WHERE edge.id IS NULL
    ORDER BY told.up, told.down
    ON CONFLICT (upstream_id, downstream_id, source, origin) WHERE ended_at IS NULL
        DO NOTHING
    RETURNING upstream_id, downstream_id
"""

# Who is about to write the same row says the same a moment later.
_EDGES_SEEN = f"""
    UPDATE catalog_edge SET last_seen_at = %(at)s
    WHERE id IN (
        SELECT edge.id FROM {_TOLD} JOIN catalog_edge AS edge ON {_SAME}
        WHERE edge.last_seen_at < %(stale_before)s
        ORDER BY edge.id FOR NO KEY UPDATE OF edge SKIP LOCKED)
"""

_TOLD_ONCE = f"""
    SELECT edge.upstream_id, edge.downstream_id FROM {_TOLD}
    JOIN catalog_edge AS edge
        ON edge.upstream_id = told.up AND edge.downstream_id = told.down
    WHERE edge.ended_at IS NULL
    GROUP BY edge.upstream_id, edge.downstream_id HAVING count(*) = 1
"""

_END_EDGES = """
    UPDATE catalog_edge SET ended_at = GREATEST(%(at)s, first_seen_at)
    WHERE id = ANY(%(ids)s) AND ended_at IS NULL
    RETURNING upstream_id, downstream_id
"""

_STILL_TOLD = f"""
    SELECT edge.upstream_id, edge.downstream_id FROM {_TOLD}
    JOIN catalog_edge AS edge
        ON edge.upstream_id = told.up AND edge.downstream_id = told.down
    WHERE edge.ended_at IS NULL
"""


def upsert_sightings(
    asset_ids: Iterable[int], *, source: str, origin: str = "", at: datetime
) -> None:
    """Note that `source` knows the assets. Cheap when it is noted already."""
    ids = sorted(set(asset_ids))
    values: dict[str, Any] = {
        "ids": ids,
        "source": source,
        "origin": origin,
        "at": at,
        "stale_before": at - SEEN_PRECISION,
    }
    with connection.cursor() as cursor:
        cursor.execute(_COUNT_SIGHTINGS, values)
        if cursor.fetchone() != (len(ids),):
            cursor.execute(_UPSERT_SIGHTINGS, values)


def note_loops(
    asset_ids: Iterable[int], loops: Collection[int], *, source: str, origin: str
) -> None:
    """Note which of the assets `source` says feed themselves, and which it does not."""
    rows = Sighting.objects.filter(
        asset__in=any_of(asset_ids), source=source, origin=origin
    )
    rows.filter(asset__in=loops, feeds_itself=False).update(feeds_itself=True)
    rows.filter(feeds_itself=True).exclude(asset__in=loops).update(feeds_itself=False)


_COUNT_SIGHTINGS = """
    SELECT count(*) FROM catalog_sighting
    WHERE asset_id = ANY(%(ids)s) AND source = %(source)s AND origin = %(origin)s
        AND ended_at IS NULL AND last_seen_at >= %(stale_before)s
"""

_UPSERT_SIGHTINGS = """
    INSERT INTO catalog_sighting AS known
        (asset_id, source, origin, first_seen_at, last_seen_at)
    SELECT told.id, %(source)s, %(origin)s, %(at)s, %(at)s
    FROM unnest(%(ids)s::bigint[]) AS told (id)
    LEFT JOIN catalog_sighting AS fresh ON fresh.asset_id = told.id
        AND fresh.source = %(source)s AND fresh.origin = %(origin)s
        AND fresh.ended_at IS NULL AND fresh.last_seen_at >= %(stale_before)s
    WHERE fresh.id IS NULL
    ORDER BY told.id
    ON CONFLICT (asset_id, source, origin)
        DO UPDATE SET last_seen_at = EXCLUDED.last_seen_at, ended_at = NULL
"""


def bump_lineage_version(
    *,
    at: datetime,
    added: Iterable[Pair] | None = None,
    removed: Iterable[Pair] | None = None,
) -> None:
    """Say that the graph has changed. Call it last, in the change's transaction.

    Without `added` and `removed` each process reads the whole graph again. Versions
    come from a sequence: a rolled-back transaction's version is never given to another
    graph, which a process that saw the first would take for the same. They rise in the
    order of commits, as the row is locked until then.
    """
    more, less = _flat(added), _flat(removed)
    is_known = added is not None or removed is not None
    is_complete = is_known and len(more) + len(less) <= 2 * MOST_NOTED
    with connection.cursor() as cursor:
        cursor.execute(_LOCK_VERSION)
        before = cursor.fetchone()[0]
        cursor.execute(_NEXT_VERSION, [at])
        version = cursor.fetchone()[0]
    LineageStep.objects.create(
        version=version,
        after=before,
        added=more if is_complete else [],
        removed=less if is_complete else [],
        is_complete=is_complete,
    )
    LineageStep.objects.filter(version__lt=version - STEPS_KEPT).delete()
    publish(LIVE_TOPIC)


_LOCK_VERSION = """
    INSERT INTO catalog_lineageversion AS kept (id, version) VALUES (1, 0)
    ON CONFLICT (id) DO UPDATE SET version = kept.version
    RETURNING version
"""
_NEXT_VERSION = """
    UPDATE catalog_lineageversion SET
        version = nextval(pg_get_serial_sequence('catalog_lineageversion', 'id')),
        changed_at = %s
    WHERE id = 1
    RETURNING version
"""


def _flat(pairs: Iterable[Pair] | None) -> list[int]:
    return [end for pair in pairs or () for end in pair]
