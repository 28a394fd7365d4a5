"""Pings of heartbeats: what comes, and what did not come in time.

A ping and the look for missed ones both lock the heartbeat's row, change it, and write
the alert in the same transaction. So each miss is told once, however many workers
look, and a ping that comes at that moment either prevents it or resolves it.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

import msgspec
from django.db import transaction

from alerts.cadence import EARLY, next_expected
from alerts.formats.base import IncomingAlert, Parsed, Status
from alerts.ingest.messages import message_of
from alerts.models import Heartbeat, HeartbeatMiss, InletWatch
from alerts.models.heartbeat import (
    DEFAULT_EVERY_SECONDS,
    DEFAULT_GRACE_SECONDS,
)
from alerts.services.storing import store_messages
from core.errors import DomainError
from core.live import publish
from core.templatetags.headwater import duration
from core.text import clean, one_line

PATH = "heartbeat"
MOST_PER_INTEGRATION = 2_000
MOST_RECENT = 20
SAID_LENGTH = 8192
BATCH = 100

_WRITTEN = (
    "status",
    "every_seconds",
    "grace_seconds",
    "started_at",
    "last_at",
    "expected_at",
    "due_at",
    "recent",
)

Kind = Literal["success", "start", "fail"]
States = Heartbeat.Status
Misses = HeartbeatMiss.Kind


@dataclass(frozen=True, slots=True)
class Ping:
    """One sign of life. `every` and `grace` in seconds; None: as it was. `said` is
    what the job wrote, for whoever looks."""

    name: str
    kind: Kind = "success"
    every: int | None = None
    grace: int | None = None
    said: str = ""


@transaction.atomic
def record_ping(*, integration_id: int, ping: Ping, at: datetime) -> Heartbeat:
    """Take a ping; the first of a name makes the heartbeat.

    A good one resolves what was missed, a bad one alerts at once, and one that says
    the job has started waits for its end no longer than the grace. A paused heartbeat
    only remembers it. Raises DomainError when the integration has too many.
    """
    heartbeat = _held(integration_id, ping, at=at)
    _set_cadence(heartbeat, ping)
    seconds = _seconds_since_start(heartbeat, ping, at=at)
    _remember(heartbeat, ping, seconds, at=at)
    if heartbeat.status != States.PAUSED:
        _TAKE[ping.kind](heartbeat, ping, at)
    heartbeat.save(update_fields=_WRITTEN)
    publish(f"integration:{integration_id}", "heartbeats")
    return heartbeat


def raise_missed(*, at: datetime) -> int:
    """Alert for each heartbeat whose time and grace are over; return how many.

    Only for those that were due while the inlet lived: what is due later may still
    come, and what came while it was away could not be heard. Claims rows with SKIP
    LOCKED: safe to run in many processes, late, and twice.
    """
    alive_at = InletWatch.objects.values_list("alive_at", flat=True).first()
    if alive_at is None:
        return 0
    total = 0
    while found := _raise_batch(due_by=min(alive_at, at), at=at):
        total += found
    return total


@transaction.atomic
def resolve_alert(heartbeat: Heartbeat, *, why: str, at: datetime) -> None:
    """End what the heartbeat has alerted about, if anything. Needs its row locked."""
    heartbeat.misses.filter(until=None).update(until=at)
    alert = _alert(heartbeat, f"{heartbeat.name}: {why}", status="resolved")
    _store([(heartbeat, alert, {"heartbeat": heartbeat.name, "kind": why})], at=at)


def expect_next(heartbeat: Heartbeat, *, after: datetime) -> None:
    """Set when the next ping is expected and when its absence becomes an alert."""
    heartbeat.expected_at = next_expected(
        after,
        every=timedelta(seconds=heartbeat.every_seconds),
        cron=heartbeat.cron,
        zone=heartbeat.time_zone,
    )
    heartbeat.due_at = heartbeat.expected_at + _grace(heartbeat)


def _held(integration_id: int, ping: Ping, *, at: datetime) -> Heartbeat:
    rows = Heartbeat.objects.select_for_update(of=["self"])
    named = rows.select_related("integration").filter(
        integration=integration_id, name=ping.name
    )
    if found := named.first():
        return found
    kept = Heartbeat.objects.filter(integration=integration_id).count()
    if kept >= MOST_PER_INTEGRATION:
        raise DomainError(f"An integration has at most {MOST_PER_INTEGRATION}.")
    new = Heartbeat(
        integration_id=integration_id,
        name=ping.name,
        every_seconds=ping.every or DEFAULT_EVERY_SECONDS,
        grace_seconds=(DEFAULT_GRACE_SECONDS if ping.grace is None else ping.grace),
        created_at=at,
    )
    Heartbeat.objects.bulk_create([new], ignore_conflicts=True)
    return named.get()


def _set_cadence(heartbeat: Heartbeat, ping: Ping) -> None:
    if ping.every is not None and not heartbeat.cron:
        heartbeat.every_seconds = ping.every
    if ping.grace is not None:
        heartbeat.grace_seconds = ping.grace


def _seconds_since_start(
    heartbeat: Heartbeat, ping: Ping, *, at: datetime
) -> float | None:
    if ping.kind == "start" or heartbeat.started_at is None:
        return None
    return max(0.0, round((at - heartbeat.started_at).total_seconds(), 1))


def _remember(
    heartbeat: Heartbeat, ping: Ping, seconds: float | None, *, at: datetime
) -> None:
    one: dict[str, Any] = {"at": at.isoformat(), "kind": ping.kind}
    if seconds is not None:
        one["seconds"] = seconds
    if ping.said:
        one["said"] = clean(ping.said, 300)
    heartbeat.recent = [one, *heartbeat.recent][:MOST_RECENT]
    heartbeat.last_at = at
    heartbeat.started_at = at if ping.kind == "start" else None


def _take_success(heartbeat: Heartbeat, ping: Ping, at: datetime) -> None:
    if heartbeat.status in (States.MISSED, States.FAILING):
        resolve_alert(heartbeat, why="it reported again", at=at)
    heartbeat.status = States.ON_TIME
    expect_next(heartbeat, after=at + EARLY if heartbeat.cron else at)


def _take_start(heartbeat: Heartbeat, ping: Ping, at: datetime) -> None:
    if heartbeat.status in (States.MISSED, States.FAILING):
        return
    heartbeat.status = States.ON_TIME
    end = at + _grace(heartbeat)
    heartbeat.expected_at = heartbeat.expected_at or end
    heartbeat.due_at = min(heartbeat.due_at or end, end)


def _take_failure(heartbeat: Heartbeat, ping: Ping, at: datetime) -> None:
    _open_miss(heartbeat, Misses.FAILED, said=ping.said, at=at)


_TAKE = {"success": _take_success, "start": _take_start, "fail": _take_failure}


@transaction.atomic
def _raise_batch(*, due_by: datetime, at: datetime) -> int:
    rows = Heartbeat.objects.select_for_update(skip_locked=True, of=["self"])
    due = rows.filter(
        due_at__lte=due_by,
        integration__disabled_at=None,
        integration__deleted_at=None,
    )
    found = list(due.select_related("integration").order_by("due_at", "pk")[:BATCH])
    for heartbeat in found:
        started = heartbeat.started_at
        has_overrun = started and started + _grace(heartbeat) <= due_by
        kind = Misses.OVERRAN if has_overrun else Misses.MISSED
        _open_miss(heartbeat, kind, said="", at=at)
        heartbeat.save(update_fields=["status", "due_at"])
    publish(*{f"integration:{one.integration_id}" for one in found}, "heartbeats")
    return len(found)


def _open_miss(heartbeat: Heartbeat, kind: Misses, *, said: str, at: datetime) -> None:
    """Alert, and write it in the history unless a miss is open there already."""
    is_failure = kind == Misses.FAILED
    since = at if is_failure else heartbeat.expected_at
    heartbeat.status = States.FAILING if is_failure else States.MISSED
    heartbeat.due_at = None
    alert = _alert(
        heartbeat,
        f"{heartbeat.name} {_WORDS[kind]}",
        status="firing",
        description=clean(f"{_story(heartbeat, kind)}\n{said}".strip(), SAID_LENGTH),
        occurred_at=since,
    )
    facts = {"heartbeat": heartbeat.name, "kind": kind.value, "said": said}
    (alert_id,) = _store([(heartbeat, alert, facts)], at=at)
    if heartbeat.misses.filter(until=None).exists():
        return
    HeartbeatMiss.objects.create(
        heartbeat=heartbeat,
        kind=kind,
        expected_at=heartbeat.expected_at,
        at=at,
        said=clean(said, SAID_LENGTH),
        alert_id=alert_id,
    )


_WORDS = {
    Misses.MISSED: "did not report in time",
    Misses.OVERRAN: "started and did not finish in time",
    Misses.FAILED: "reported a failure",
}


def _story(heartbeat: Heartbeat, kind: Misses) -> str:
    if kind == Misses.FAILED:
        return ""
    grace = duration(_grace(heartbeat))
    if kind == Misses.OVERRAN:
        return f"It started at {_told(heartbeat.started_at)}; the grace is {grace}."
    return (
        f"It was expected at {_told(heartbeat.expected_at)}; the grace is {grace}. "
        f"It last reported at {_told(heartbeat.last_at)}."
    )


def _told(at: datetime | None) -> str:
    return f"{at:%Y-%m-%d %H:%M:%S} UTC" if at else "no time"


def _grace(heartbeat: Heartbeat) -> timedelta:
    return timedelta(seconds=heartbeat.grace_seconds)


def _alert(
    heartbeat: Heartbeat, title: str, *, status: Status, **values: Any
) -> IncomingAlert:
    return IncomingAlert(
        title=one_line(title, 300),
        dedup_key=heartbeat.dedup_key,
        status=status,
        asset=heartbeat.asset_ref,
        labels={"heartbeat": heartbeat.name},
        **values,
    )


def _store(
    told: Iterable[tuple[Heartbeat, IncomingAlert, dict[str, Any]]], *, at: datetime
) -> list[int | None]:
    """Write alerts of heartbeats as the inlet does; return the alerts' ids."""
    messages = [
        message_of(
            Parsed(alerts=(alert,)),
            integration_id=heartbeat.integration_id,
            default_severity=heartbeat.severity
            or heartbeat.integration.default_severity,
            received_at=at,
            path=PATH,
            body=msgspec.json.encode(facts),
        )
        for heartbeat, alert, facts in told
    ]
    return [stored[0].id for stored in store_messages(messages)]
