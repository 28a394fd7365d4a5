"""What pages and the API ask about inlets, events and alerts. Nothing here writes.

Counts of events are bounded: from a limit on they say "more than", so a page costs
the same with a thousand events as with millions.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.db import connection
from django.db.models import BinaryField, Func, IntegerField, QuerySet, Sum
from django.db.models.functions import TruncHour

from alerts.ingest.reading import CHANGES_V2, LINEAGE
from alerts.models import Alert, Event, Integration, RefusedCount

MOST_COUNTED = 10_000
MOST_COUNTED_IN_A_LIST = 1_000
MOST_COUNTED_IN_AN_HOUR = 1_000
HOURS = 24
HOUR = timedelta(hours=1)
DAY = HOURS * HOUR
TAIL = 50
ALERTS_NAMED = 3
EVENTS_OF_ALERT = 20
EVENTS_SEARCHED = 500

_STATES = """
    SELECT i.id,
        (SELECT e.received_at FROM alerts_event e WHERE e.integration_id = i.id
         ORDER BY e.received_at DESC, e.id DESC LIMIT 1),
        (SELECT count(*) FROM (
            SELECT 1 FROM alerts_event e
            WHERE e.integration_id = i.id AND e.received_at > %s LIMIT %s) AS counted)
    FROM unnest(%s::bigint[]) AS i (id)
"""
_HOURS = """
    SELECT h.start,
        (SELECT count(*) FROM (
            SELECT 1 FROM alerts_event e
            WHERE e.integration_id = %s AND e.received_at >= h.start
              AND e.received_at < h.start + interval '1 hour' LIMIT %s) AS counted)
    FROM generate_series(%s::timestamptz, %s, interval '1 hour') AS h (start)
"""

Reason = RefusedCount.Reason


@dataclass(frozen=True, slots=True)
class InletState:
    """How an inlet does: its last event, and the 24 hours up to now.

    `has_more` when there were more events than the `counted` ones.
    """

    last_event_at: datetime | None
    counted: int
    has_more: bool
    not_understood: int
    over_rate: int
    unsigned: int = 0
    busy: int = 0

    @property
    def is_troubled(self) -> bool:
        refused = self.over_rate or self.unsigned or self.busy
        return bool(self.not_understood or refused)


def inlet_states(
    ids: Collection[int], *, at: datetime, most: int = MOST_COUNTED_IN_A_LIST
) -> dict[int, InletState]:
    """{integration id: its state} in two queries, `most` events of each counted."""
    with connection.cursor() as cursor:
        cursor.execute(_STATES, [at - DAY, most + 1, list(ids)])
        rows = cursor.fetchall()
    refused = (
        RefusedCount.objects.filter(integration__in=ids, minute__gt=at - DAY)
        .values_list("integration_id", "reason")
        .annotate(total=Sum("count"))
    )
    counts = {(pk, reason): total for pk, reason, total in refused}
    return {
        pk: InletState(
            last_event_at=last,
            counted=min(events, most),
            has_more=events > most,
            not_understood=counts.get((pk, Reason.UNPARSED), 0),
            over_rate=counts.get((pk, Reason.RATE), 0),
            unsigned=counts.get((pk, Reason.UNSIGNED), 0),
            busy=counts.get((pk, Reason.BUSY), 0),
        )
        for pk, last, events in rows
    }


def last_refused(integration: Integration, reason: str) -> RefusedCount | None:
    """The last minute in which anything was refused for that reason."""
    return integration.refused.filter(reason=reason).order_by("-minute").first()


@dataclass(frozen=True, slots=True)
class Hour:
    """What came within an hour from `start` on. `over_rate` heard 429."""

    start: datetime
    events: int
    not_understood: int
    over_rate: int

    @property
    def end(self) -> datetime:
        return self.start + HOUR

    @property
    def has_more(self) -> bool:
        return self.events > MOST_COUNTED_IN_AN_HOUR

    @property
    def counted(self) -> int:
        return min(self.events, MOST_COUNTED_IN_AN_HOUR)

    @property
    def health(self) -> str:
        """The mark of the cell: "" when nothing came."""
        if self.not_understood or self.over_rate:
            return "stale"
        return "healthy" if self.events else ""


def hours_of(integration: Integration, *, at: datetime) -> list[Hour]:
    """The last 24 hours by the clock, the current one last. Two queries."""
    last = at.replace(minute=0, second=0, microsecond=0)
    first = last - (HOURS - 1) * HOUR
    with connection.cursor() as cursor:
        cursor.execute(
            _HOURS, [integration.pk, MOST_COUNTED_IN_AN_HOUR + 1, first, last]
        )
        rows = cursor.fetchall()
    refused = (
        integration.refused.filter(minute__gte=first)
        .values_list(TruncHour("minute"), "reason")
        .annotate(total=Sum("count"))
    )
    counts = {(hour, reason): total for hour, reason, total in refused}
    return [
        Hour(
            start=start,
            events=events,
            not_understood=counts.get((start, Reason.UNPARSED), 0),
            over_rate=counts.get((start, Reason.RATE), 0)
            + counts.get((start, Reason.BUSY), 0),
        )
        for start, events in rows
    ]


@dataclass(frozen=True, slots=True)
class Became:
    """What an event did to an alert: opened, repeated, acknowledged, resolved it."""

    alert: Alert
    words: tuple[str, ...]

    @property
    def status(self) -> str:
        """The word that says most."""
        return self.words[-1]


@dataclass(frozen=True, slots=True)
class EventOutcome:
    """An event and what became of it. `named` are the first few of its alerts."""

    event: Event
    size: int
    named: list[Became] = field(default_factory=list)
    told_catalog: bool = False

    @property
    def alert_count(self) -> int:
        return len(self.event.alert_ids)

    @property
    def unnamed(self) -> int:
        return self.alert_count - len(self.named)

    @property
    def status(self) -> str:
        """One word for the mark of the event."""
        words = {one.status for one in self.named}
        if words:
            return words.pop() if len(words) == 1 else "mixed"
        return "not understood" if self.event.problem else "kept"


def newest_events(
    integration: Integration, *, only_problems: bool, before: Event | None
) -> list[EventOutcome]:
    """A page of events, newest first, from `before` on. Two queries."""
    events = integration.events.order_by("-received_at", "-pk")
    if only_problems:
        events = events.exclude(problem="")
    if before is not None:
        events = events.filter(received_at__lte=before.received_at).exclude(
            received_at=before.received_at, pk__gte=before.pk
        )
    return outcomes_of(events, limit=TAIL)


def outcomes_of(
    events: QuerySet[Event], *, limit: int, named: int = ALERTS_NAMED
) -> list[EventOutcome]:
    """What became of the first `limit` events; their bodies are not read."""
    sized = events.defer("body").annotate(
        size=Func("body", function="octet_length", output_field=IntegerField())
    )
    found = list(sized[:limit])
    wanted = {pk for event in found for pk in event.alert_ids[:named]}
    alerts = Alert.objects.in_bulk(wanted)
    return [
        EventOutcome(
            event=event,
            size=event.size,
            named=[
                Became(alerts[pk], _words(event, alerts[pk]))
                for pk in event.alert_ids[:named]
                if pk in alerts
            ],
            told_catalog=event.has_catalog_facts or event.path in TELLS_CATALOG,
        )
        for event in found
    ]


TELLS_CATALOG = frozenset({*LINEAGE, CHANGES_V2})


def _words(event: Event, alert: Alert) -> tuple[str, ...]:
    """What the event did to the alert, told by the times and ids they share."""
    words = []
    if alert.first_event_id == event.pk:
        words.append("opened")
    if alert.acknowledge_asked_at == event.received_at:
        words.append("acknowledged")
    if alert.last_event_id == event.pk and alert.resolved_at == event.received_at:
        words.append("resolved")
    return tuple(words) or ("repeated",)


def start_of_body(event: Event, *, most: int) -> bytes:
    """The first `most` bytes of what came, without reading the rest."""
    start = Func("body", 1, most, function="substr", output_field=BinaryField())
    return bytes(Event.objects.values_list(start, flat=True).get(pk=event.pk))


def events_of_alert(alert: Alert) -> list[EventOutcome]:
    """The newest events behind an alert, and the one that opened it.

    Looked for among the last few hundred events of its integration, so that a rare
    alert of a busy inlet does not cost a walk through all. Three queries.
    """
    window = (
        Event.objects.filter(
            integration=alert.integration_id, received_at__lte=alert.last_at
        )
        .order_by("-received_at", "-pk")
        .values_list("pk", "alert_ids")[:EVENTS_SEARCHED]
    )
    pks = [pk for pk, alert_ids in window if alert.pk in alert_ids][:EVENTS_OF_ALERT]
    ends = {pk for pk in (alert.first_event_id, alert.last_event_id) if pk}
    events = Event.objects.filter(pk__in={*pks, *ends}).order_by("-received_at", "-pk")
    return outcomes_of(events, limit=EVENTS_OF_ALERT + len(ends), named=1)
