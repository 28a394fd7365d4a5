"""How many alerts each routing rule has taken."""

from collections import Counter
from collections.abc import Iterable
from datetime import date

from django.db import connection

_COUNT = """
    INSERT INTO alerts_routecount AS known (route_id, day, count)
    SELECT t.route_id, %s, t.count
    FROM unnest(%s::bigint[], %s::integer[]) AS t (route_id, count)
    ORDER BY t.route_id
    ON CONFLICT (route_id, day) DO UPDATE SET count = known.count + EXCLUDED.count
"""


def count_routed(route_ids: Iterable[int], *, day: date) -> None:
    """Add one for each time a rule is named. One statement, none for nothing."""
    counts = Counter(route_ids)
    if counts:
        with connection.cursor() as cursor:
            cursor.execute(_COUNT, [day, list(counts), list(counts.values())])
