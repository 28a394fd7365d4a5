"""Timeline entries that are written many at once."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import NamedTuple

from core.bulk import insert_values
from incidents.models import Incident, TimelineEntry

COLUMNS = ["incident_id", "kind", "at", "recorded_at", "text"]


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
