"""Messages that come in another order than things happened. Pure.

A sender that says when things happened is believed about what came after what, and by
its own clock alone: instants of the sender are never held against those of arrival.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from alerts.ingest.folding import Arrival, Key


@dataclass(frozen=True, slots=True)
class Told:
    """When a key last fired and was last over, as far as its sender said when."""

    fired_at: datetime | None = None
    resolved_at: datetime | None = None


def is_dated(arrival: Arrival) -> bool:
    """Whether the sender said when it happened, and order matters."""
    alert = arrival.alert
    told = alert.has_event_time and alert.occurred_at is not None
    return told and alert.status != "acknowledged"


def in_order(
    arrivals: Sequence[Arrival], known: Mapping[Key, Told]
) -> tuple[list[int], dict[Key, Told]]:
    """Return the positions of the arrivals that still mean something, and what is
    known of the dated keys after them.

    An alert that fired before it was last over is late, and so is the end of one that
    has fired again since. At the same instant both count.
    """
    positions: list[int] = []
    told: dict[Key, Told] = {}
    for position, arrival in enumerate(arrivals):
        if not is_dated(arrival):
            positions.append(position)
            continue
        last = told.get(arrival.key) or known.get(arrival.key, Told())
        at = _happened_at(arrival)
        fires = arrival.alert.status == "firing"
        newer = last.resolved_at if fires else last.fired_at
        if newer is None or at >= newer:
            positions.append(position)
        told[arrival.key] = (
            replace(last, fired_at=_later(last.fired_at, at))
            if fires
            else replace(last, resolved_at=_later(last.resolved_at, at))
        )
    return positions, told


def _happened_at(arrival: Arrival) -> datetime:
    """A clock that is ahead must not settle what is still to come."""
    told = arrival.alert.occurred_at
    return min(told, arrival.received_at) if told else arrival.received_at


def _later(one: datetime | None, other: datetime) -> datetime:
    return other if one is None else max(one, other)
