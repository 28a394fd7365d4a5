"""What a batch of alerts means for the rows. Pure: plain values in and out.

A batch may hold many alerts with one key. Neighbours that say the same are summed
into one write; a key that fires, resolves and fires again takes three rounds.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from operator import attrgetter
from typing import NamedTuple

from msgspec.structs import replace

from alerts.formats.base import IncomingAlert, Status

Key = tuple[int, str]

# A repeat that says less does not take away what responders read. As in FIRE.
KEPT_WHEN_BLANK = (
    "description",
    "url",
    "run_id",
    "parent_run_id",
    "labels",
    "severity",
)


class Arrival(NamedTuple):
    """One alert as it came in. `severity` is settled: SEV1 to SEV4.

    A tuple, as there is one of each alert and a dataclass takes three times as long.
    """

    integration_id: int
    event_id: int
    received_at: datetime
    alert: IncomingAlert
    severity: str

    @property
    def key(self) -> Key:
        return self.integration_id, self.alert.dedup_key


@dataclass(slots=True)
class Write:
    """One change to one row, of the `count` arrivals at `positions`.

    The latest arrival wins, but for what it leaves blank; of resolves the first, as
    the others find nothing open. `pages` when any of them does.
    """

    key: Key
    status: Status
    first: Arrival
    latest: Arrival
    pages: bool
    positions: list[int]

    @property
    def count(self) -> int:
        return len(self.positions)

    def add(self, arrival: Arrival, position: int) -> None:
        if self.status == "resolved":
            return
        self.latest = _with_blanks_filled(arrival, self.latest)
        self.pages = self.pages or arrival.alert.pages
        self.positions.append(position)


def fold(arrivals: Iterable[Arrival]) -> list[list[Write]]:
    """Rounds of writes, to be done one after the other.

    Within a round each key stands once and rows are in key order, so two batches
    never wait for each other in a circle. `positions` count the arrivals from 0.
    """
    latest: dict[Key, tuple[int, Write]] = {}
    rounds: list[list[Write]] = []
    for position, arrival in enumerate(arrivals):
        key, alert = arrival.key, arrival.alert
        number, write = latest.get(key, (-1, None))
        if write is not None and write.status == alert.status:
            write.add(arrival, position)
            continue
        write = Write(key, alert.status, arrival, arrival, alert.pages, [position])
        number += 1
        if number == len(rounds):
            rounds.append([])
        rounds[number].append(write)
        latest[key] = number, write
    for writes in rounds:
        writes.sort(key=attrgetter("key"))
    return rounds


def _with_blanks_filled(new: Arrival, old: Arrival) -> Arrival:
    """The new arrival; what it does not say is still as the old one said it."""
    kept = {
        name: value
        for name in KEPT_WHEN_BLANK
        if not getattr(new.alert, name) and (value := getattr(old.alert, name))
    }
    if not kept:
        return new
    severity = old.severity if "severity" in kept else new.severity
    return new._replace(alert=replace(new.alert, **kept), severity=severity)
