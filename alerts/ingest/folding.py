"""What a batch of alerts means for the rows. Pure: plain values in and out.

A batch may hold many alerts with one key. Neighbours that say the same are summed
into one write; a key that fires, resolves and fires again takes three rounds.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from alerts.formats.base import IncomingAlert, Status

Key = tuple[int, str]


@dataclass(frozen=True, slots=True)
class Arrival:
    """One alert as it came in. `severity` is settled: SEV1 to SEV4."""

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
    """One change to one row: `latest` wins, `count` arrivals are summed in it."""

    key: Key
    status: Status
    first: Arrival
    latest: Arrival
    count: int = 1
    positions: list[int] = field(default_factory=list)

    @property
    def pages(self) -> bool:
        return self.latest.alert.pages or self.first.alert.pages

    def add(self, arrival: Arrival, position: int) -> None:
        self.latest = arrival
        self.count += 1
        self.positions.append(position)


def fold(arrivals: Iterable[Arrival]) -> list[list[Write]]:
    """Rounds of writes, to be done one after the other.

    Within a round each key stands once and rows are in key order, so two batches
    never wait for each other in a circle. `positions` count the arrivals from 0.
    """
    latest: dict[Key, tuple[int, Write]] = {}
    rounds: list[list[Write]] = []
    for position, arrival in enumerate(arrivals):
        number, write = latest.get(arrival.key, (-1, None))
        if write is not None and write.status == arrival.alert.status:
            write.add(arrival, position)
            continue
        write = Write(arrival.key, arrival.alert.status, arrival, arrival)
        write.positions.append(position)
        number += 1
        if number == len(rounds):
            rounds.append([])
        rounds[number].append(write)
        latest[arrival.key] = number, write
    for writes in rounds:
        writes.sort(key=lambda write: write.key)
    return rounds
