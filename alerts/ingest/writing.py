"""Writes a batch of messages and their alerts: one statement, unless one key changes
twice or a sender tells when things happened."""

from collections.abc import Generator, Sequence
from dataclasses import dataclass
from typing import TypeVar

from alerts.ingest import rows, statements
from alerts.ingest.columns import Column
from alerts.ingest.driver import Driver, Rows
from alerts.ingest.folding import Arrival, Key, Write, fold
from alerts.ingest.messages import Message, Stored
from alerts.ingest.ordering import Told, in_order, is_dated

__all__ = ["Message", "Step", "Stored", "write", "write_steps"]

T = TypeVar("T")
NOT_STORED = Stored(None, False)


@dataclass(frozen=True, slots=True)
class Step:
    """A statement. The `only` one of its batch is a transaction by itself."""

    sql: str
    parameters: Sequence[Column]
    only: bool = False


# Is sent the rows that came of each step. So the same code writes through the inlet's
# own connection and through Django's.
Steps = Generator[Step, Rows, T]


async def write(
    driver: Driver, messages: list[Message], event_ids: Sequence[int]
) -> list[list[Stored]]:
    """Commit the messages and their alerts; return what became of each alert."""
    if not messages:
        return []
    steps = write_steps(messages, event_ids)
    step = next(steps)
    if step.only:  # spared: a round trip for BEGIN and one for COMMIT
        return await _run(driver, steps, step)
    async with driver.connection.transaction():
        return await _run(driver, steps, step)


async def _run(
    driver: Driver, steps: Steps[list[list[Stored]]], step: Step
) -> list[list[Stored]]:
    try:
        while True:
            step = steps.send(await driver.fetch(step.sql, step.parameters))
    except StopIteration as end:
        answers: list[list[Stored]] = end.value
        return answers


def write_steps(
    messages: Sequence[Message], event_ids: Sequence[int]
) -> Steps[list[list[Stored]]]:
    """The statements of `write`, without a connection, for one message at least.

    What comes too late to change anything is left out: it has no alert.
    """
    arrivals = [
        Arrival(message.integration_id, event_id, message.received_at, alert, severity)
        for message, event_id in zip(messages, event_ids, strict=True)
        for alert, severity in message.alerts
    ]
    meaning: Sequence[Arrival] = arrivals
    positions: Sequence[int] = range(len(arrivals))
    told: dict[Key, Told] = {}
    if dated := sorted({arrival.key for arrival in arrivals if is_dated(arrival)}):
        found = yield Step(statements.LAST_TOLD, rows.of_keys(dated))
        known = {(row[0], row[1]): Told(row[2], row[3]) for row in found}
        positions, told = in_order(arrivals, known)
        meaning = [arrivals[one] for one in positions]
    stored = [NOT_STORED] * len(arrivals)
    for position, one in zip(
        positions, (yield from _write(meaning, messages, event_ids, told)), strict=True
    ):
        stored[position] = one
    answers, start = [], 0
    for message in messages:
        answers.append(stored[start : start + len(message.alerts)])
        start += len(message.alerts)
    return answers


def _write(
    arrivals: Sequence[Arrival],
    messages: Sequence[Message],
    event_ids: Sequence[int],
    told: dict[Key, Told],
) -> Steps[list[Stored]]:
    """Write rounds of alerts, the events with the last of them."""
    stored = [NOT_STORED] * len(arrivals)
    *earlier, last = fold(arrivals) or [[]]
    known_links: list[tuple[int, int]] = []
    for writes in earlier:
        statuses, columns = _columns(writes)
        sql = statements.together(statuses, keeps_told=False, stores_events=False)
        _settle(writes, (yield Step(sql, columns)), stored)
        known_links += _known_links(writes, arrivals, stored)
    links = [
        (arrivals[position].event_id, write.key)
        for write in last
        for position in write.positions
    ]
    statuses, columns = _columns(last)
    columns += [
        *(rows.of_told(told) if told else ()),
        *rows.of_events(messages, event_ids),
        *rows.of_links(links),
        *rows.of_known_links(known_links),
    ]
    sql = statements.together(statuses, keeps_told=bool(told), stores_events=True)
    found = yield Step(sql, columns, only=not (earlier or told))
    _settle(last, found, stored)
    return stored


COLUMNS_OF_STATUS = {
    "firing": rows.of_fires,
    "resolved": rows.of_resolves,
    "acknowledged": rows.of_acknowledges,
}


def _columns(writes: Sequence[Write]) -> tuple[tuple[str, ...], list[Column]]:
    """The statuses there are among the writes, and the columns of each."""
    statuses: list[str] = []
    columns: list[Column] = []
    for status, columns_of in COLUMNS_OF_STATUS.items():
        if chosen := [write for write in writes if write.status == status]:
            statuses.append(status)
            columns += columns_of(chosen)
    return tuple(statuses), columns


def _settle(writes: Sequence[Write], found: Rows, stored: list[Stored]) -> None:
    """Note at each arrival's position which row its write became."""
    by_key = {(row[0], row[1]): row for row in found}
    for write in writes:
        row = by_key.get(write.key)
        if row is None:
            continue
        repeat = Stored(row[2], False)
        for position in write.positions:
            stored[position] = repeat
        if row[3]:
            stored[write.positions[0]] = Stored(row[2], True)


def _known_links(
    writes: Sequence[Write], arrivals: Sequence[Arrival], stored: Sequence[Stored]
) -> list[tuple[int, int]]:
    """(event, alert) of each arrival whose alert is known by now."""
    return [
        (arrivals[position].event_id, alert_id)
        for write in writes
        for position in write.positions
        if (alert_id := stored[position].id) is not None
    ]
