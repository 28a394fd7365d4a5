"""Writes a batch of messages and their alerts inside an open transaction."""

from collections.abc import Generator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

import psycopg
from psycopg.types.json import Jsonb

from alerts.formats.base import IncomingAlert
from alerts.ingest import statements
from alerts.ingest.folding import Arrival, Key, Write, fold
from alerts.ingest.ordering import Told, in_order, is_dated
from core.live import CHANNEL

Connection = psycopg.AsyncConnection[tuple[Any, ...]]
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Message:
    """One message to keep, and the alerts read out of it.

    `alerts` are (alert, severity) in the order sent.
    """

    integration_id: int
    received_at: datetime
    path: str
    body: bytes
    problem: str = ""
    alerts: tuple[tuple[IncomingAlert, str], ...] = ()
    has_catalog_facts: bool = False


@dataclass(frozen=True, slots=True)
class Stored:
    """What became of one alert. `id` is None when there was nothing to resolve."""

    id: int | None
    is_new: bool


Rows = list[tuple[Any, ...]]
# Yields (SQL, parameters) and is sent the rows that came of it. So the same code
# writes through the inlet's own connection and through Django's.
Steps = Generator[tuple[str, Sequence[Any]], Rows, T]


async def write(connection: Connection, messages: list[Message]) -> list[list[Stored]]:
    """Write the messages and their alerts; return what became of each alert.

    Leaves the transaction open. One statement for all events, one for each kind of
    alert write and round.
    """
    steps = write_steps(messages)
    try:
        statement, parameters = next(steps)
        while True:
            cursor = await connection.execute(statement, parameters)
            rows = await cursor.fetchall() if cursor.description else []
            statement, parameters = steps.send(rows)
    except StopIteration as end:
        answers: list[list[Stored]] = end.value
        return answers


def write_steps(messages: list[Message]) -> Steps[list[list[Stored]]]:
    """The statements of `write`, without a connection."""
    if not messages:
        return []
    event_ids = [row[0] for row in (yield statements.NEXT_EVENT_IDS, [len(messages)])]
    arrivals = [
        Arrival(message.integration_id, event_id, message.received_at, alert, severity)
        for message, event_id in zip(messages, event_ids, strict=True)
        for alert, severity in message.alerts
    ]
    stored = yield from _write_alerts(arrivals)
    answers, start = [], 0
    for message in messages:
        answers.append(stored[start : start + len(message.alerts)])
        start += len(message.alerts)
    yield statements.INSERT_EVENTS, _event_columns(messages, event_ids, answers)
    for integration_id in {message.integration_id for message in messages}:
        yield statements.ANNOUNCE, [CHANNEL, f"integration:{integration_id}"]
    return answers


def _write_alerts(arrivals: list[Arrival]) -> Steps[list[Stored]]:
    """What comes too late to change anything is left out: it has no alert."""
    keys = sorted({arrival.key for arrival in arrivals if is_dated(arrival)})
    if not keys:
        return (yield from _write_in_order(arrivals))
    found = yield statements.LAST_TOLD, [list(part) for part in zip(*keys, strict=True)]
    known = {(row[0], row[1]): Told(row[2], row[3]) for row in found}
    positions, told = in_order(arrivals, known)
    written = yield from _write_in_order([arrivals[one] for one in positions])
    yield statements.KEEP_LAST_TOLD, _last_told_columns(told)
    stored = [Stored(None, False)] * len(arrivals)
    for position, one in zip(positions, written, strict=True):
        stored[position] = one
    return stored


def _write_in_order(arrivals: list[Arrival]) -> Steps[list[Stored]]:
    stored = [Stored(None, False)] * len(arrivals)
    for writes in fold(arrivals):
        for statement, columns, status in (
            (statements.FIRE, _fire_columns, "firing"),
            (statements.RESOLVE, _resolve_columns, "resolved"),
            (statements.ACKNOWLEDGE, _acknowledge_columns, "acknowledged"),
        ):
            chosen = [write for write in writes if write.status == status]
            if not chosen:
                continue
            found = yield statement, columns(chosen)
            rows = {(row[0], row[1]): row for row in found}
            for one in chosen:
                row = rows.get(one.key)
                if row is None:
                    continue
                for position in one.positions:
                    is_first = position == one.positions[0]
                    stored[position] = Stored(row[2], bool(row[3]) and is_first)
    return stored


def _fire_columns(writes: list[Write]) -> list[list[Any]]:
    latest = [write.latest for write in writes]
    alerts = [arrival.alert for arrival in latest]
    assets = [alert.asset for alert in alerts]
    return [
        [write.key[0] for write in writes],
        [write.key[1] for write in writes],
        [arrival.severity for arrival in latest],
        [alert.title for alert in alerts],
        [alert.description for alert in alerts],
        [alert.url for alert in alerts],
        [alert.run_id for alert in alerts],
        [Jsonb(dict(alert.labels)) for alert in alerts],
        [asset.namespace if asset else "" for asset in assets],
        [asset.name if asset else "" for asset in assets],
        [asset.type if asset else "" for asset in assets],
        [write.pages for write in writes],
        [write.count for write in writes],
        [write.first.alert.occurred_at or write.first.received_at for write in writes],
        [write.first.received_at for write in writes],
        [write.latest.received_at for write in writes],
        [write.first.event_id for write in writes],
        [write.latest.event_id for write in writes],
        [alert.severity is not None for alert in alerts],
        [alert.parent_run_id for alert in alerts],
        [alert.repeats_parts for alert in alerts],
    ]


def _resolve_columns(writes: list[Write]) -> list[list[Any]]:
    return [
        *_acknowledge_columns(writes),
        [write.latest.event_id for write in writes],
    ]


def _acknowledge_columns(writes: list[Write]) -> list[list[Any]]:
    return [
        [write.key[0] for write in writes],
        [write.key[1] for write in writes],
        [write.latest.received_at for write in writes],
    ]


def _last_told_columns(told: dict[Key, Told]) -> list[list[Any]]:
    rows = sorted(told.items())
    return [
        [integration_id for (integration_id, _), _ in rows],
        [dedup_key for (_, dedup_key), _ in rows],
        [last.fired_at for _, last in rows],
        [last.resolved_at for _, last in rows],
    ]


def _event_columns(
    messages: list[Message], event_ids: list[int], answers: list[list[Stored]]
) -> list[list[Any]]:
    return [
        event_ids,
        [message.integration_id for message in messages],
        [message.received_at for message in messages],
        [message.path for message in messages],
        [message.body for message in messages],
        [message.problem for message in messages],
        [_id_array(answer) for answer in answers],
        [message.has_catalog_facts for message in messages],
    ]


def _id_array(stored: list[Stored]) -> str:
    ids = dict.fromkeys(str(one.id) for one in stored if one.id is not None)
    return "{" + ",".join(ids) + "}"
