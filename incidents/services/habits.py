"""Learning from faults that are over: which edges pass a fault on, and how quickly."""

from __future__ import annotations

from django.db import connection

from catalog.graph import snapshot
from catalog.models import Asset
from incidents.models import Incident

MOST_FAILING = 300
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


def learn_from(incident: Incident) -> int:
    """Count for each edge below a failing asset whether its lower end failed too.

    Return how many edges were counted. Call once for each resolved incident, in its
    transaction. Dashboards are left out, as they say nothing whatever happens; so are
    incidents of very many assets.
    """
    since = dict(incident.failing_assets.values_list("asset_id", "since"))
    if len(since) < 2 or len(since) > MOST_FAILING:
        return 0
    lineage = snapshot()
    below = set(lineage.reach(since, hops=1).ids.tolist()) | since.keys()
    mute = Asset.objects.filter(pk__in=below, type__in=MUTE_TYPES)
    below -= set(mute.values_list("pk", flat=True))
    rows: list[tuple[int, int, int, int, float | None]] = []
    for up, down in lineage.edges_among(below):
        if up not in since:
            continue
        lag = (since[down] - since[up]).total_seconds() if down in since else None
        if lag is not None and lag < 0:
            continue  # the lower end failed first: another way, or another fault
        passed = int(down in since)
        rows.append((up, down, passed, 1 - passed, lag))
    if rows:
        with connection.cursor() as cursor:
            cursor.execute(_ADD, [list(column) for column in zip(*rows, strict=True)])
    return len(rows)
