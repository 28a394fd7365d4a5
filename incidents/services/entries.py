"""Timeline entries that are written many at once."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime
from typing import NamedTuple

from django.db import connection

from core.bulk import array, insert_values
from incidents.models import Incident, TimelineEntry

COLUMNS = ["incident_id", "kind", "at", "recorded_at", "text"]
# An incident may be gone meanwhile.
PAGED = f"""
    INSERT INTO incidents_timelineentry ({", ".join(COLUMNS)}, pinned)
    SELECT i.id, '{TimelineEntry.Kind.PAGED.value}', t.at, t.at, t.text, false
    FROM unnest(%s::bigint[], %s::timestamptz[], %s::text[])
         WITH ORDINALITY AS t(incident_id, at, text, place)
    JOIN incidents_incident AS i ON i.id = t.incident_id
    ORDER BY t.place
    RETURNING incident_id
"""


class Entry(NamedTuple):
    """What a `TimelineEntry` will say; its incident is saved before it."""

    incident: Incident
    kind: TimelineEntry.Kind
    at: datetime
    recorded_at: datetime
    text: str


def save_entries(entries: Iterable[Entry]) -> None:
    """Write them in their order. One statement."""
    insert_values(TimelineEntry, COLUMNS, [(e[0].pk, *e[1:]) for e in entries])


def save_paged(notes: Collection[tuple[int, datetime, str]]) -> set[int]:
    """Write what paging did: the incident, when, and the words, in this order. Returns
    the incidents there are. One statement."""
    columns = [array(column) for column in zip(*notes, strict=True)]
    with connection.cursor() as cursor:
        cursor.execute(PAGED, columns)
        return {row[0] for row in cursor.fetchall()}
