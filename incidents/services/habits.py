"""Learning from faults that are over: which edges pass a fault on, and how quickly; and
which assets keep silent when they break."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime

import numpy as np
from django.conf import settings
from django.db import connection

from catalog.graph import snapshot
from catalog.models import Asset
from core.bulk import any_of
from incidents.models import Incident
from incidents.silence import silent_between

MOST_FAILING = 300
SURE = 0.99
MUTE_TYPES = (Asset.Type.DASHBOARD, Asset.Type.PRODUCT)
_ADD = """
    INSERT INTO incidents_edgehabit AS known
        (upstream_id, downstream_id, passed, held, lag_seconds)
    SELECT * FROM unnest(%s::bigint[], %s::bigint[], %s::int[], %s::int[], %s::float8[])
    ORDER BY 1, 2
    ON CONFLICT (upstream_id, downstream_id) DO UPDATE SET
        passed = known.passed + EXCLUDED.passed,
        held = known.held + EXCLUDED.held,
        lag_seconds = CASE
            WHEN EXCLUDED.lag_seconds IS NULL THEN known.lag_seconds
            WHEN known.lag_seconds IS NULL THEN EXCLUDED.lag_seconds
            ELSE (known.lag_seconds * known.passed + EXCLUDED.lag_seconds)
                / (known.passed + 1)
        END
"""


_ADD_VOICES = """
    INSERT INTO incidents_assethabit AS known (asset_id, spoke, silent)
    SELECT * FROM unnest(%s::bigint[], %s::int[], %s::float8[]) ORDER BY 1
    ON CONFLICT (asset_id) DO UPDATE SET
        spoke = known.spoke + EXCLUDED.spoke, silent = known.silent + EXCLUDED.silent
"""


def learn_from(incident: Incident) -> int:
    """Count for each edge below a failing asset whether its lower end broke too, and
    for each broken asset whether it said so.

    Return how many edges were counted. Call once for each resolved incident, in its
    transaction. Dashboards are left out, as they say nothing whatever happens; so are
    incidents of very many assets.
    """
    since = dict(incident.failing_assets.values_list("asset_id", "since"))
    if len(since) < 2 or len(since) > MOST_FAILING:
        return 0
    edges = _edges_around(since)
    silent = silent_between(edges, since)
    rows = [row for edge in edges if (row := _count(edge, since, silent))]
    voices = [(asset, 1, 0.0) for asset in since]
    voices += [(asset, 0, share) for asset, share in silent.items()]
    with connection.cursor() as cursor:
        if rows:
            cursor.execute(_ADD, [list(column) for column in zip(*rows, strict=True)])
        cursor.execute(
            _ADD_VOICES, [list(column) for column in zip(*voices, strict=True)]
        )
    return len(rows)


def _edges_around(failing: Collection[int]) -> list[tuple[int, int]]:
    """Those from a failing asset down, and those between failing ones."""
    lineage = snapshot()
    hops = settings.CORRELATION_HOPS
    below = lineage.reach(failing, hops=hops).ids
    above = lineage.reach(failing, hops=hops, upstream=True).ids
    near = lineage.reach(failing, hops=1).ids
    around = {*np.intersect1d(below, above).tolist(), *near.tolist(), *failing}
    mute = Asset.objects.filter(pk__in=any_of(around), type__in=MUTE_TYPES)
    return list(lineage.edges_among(around - set(mute.values_list("pk", flat=True))))


def _count(
    edge: tuple[int, int], since: Mapping[int, datetime], silent: Mapping[int, float]
) -> tuple[int, int, int, int, float | None] | None:
    up, down = edge
    if up not in since:
        return None
    if down in since:
        lag = (since[down] - since[up]).total_seconds()
        # The lower end failed first: another way, or another fault.
        return (up, down, 1, 0, lag) if lag >= 0 else None
    share = silent.get(down, 0.0)
    if 0 < share < SURE:
        return None  # nobody knows
    return (up, down, int(share >= SURE), int(share < SURE), None)
