"""Forgetting what is old, a small batch at a time.

A batch is a transaction of its own and touches only old rows, so whoever stores new
ones waits for nothing. Why not partitions: docs/decisions/006-retention.md.
"""

from collections.abc import Iterator
from datetime import datetime

from django.conf import settings
from django.db.models import Exists, OuterRef, Q, QuerySet

from alerts.models import Alert, Event, Integration, LastTold, RefusedCount
from alerts.signals import alerts_kept

BATCH = 2_000
MOST_BATCHES = 100  # of each integration, in one go


def remove_old(*, at: datetime) -> int:
    """Delete events and alerts past their time; return how many.

    Safe to repeat and to run twice at once; what is left is found by the next run.
    """
    return remove_old_events(at=at) + remove_old_alerts(at=at)


def remove_old_events(*, at: datetime) -> int:
    """Delete events received before EVENT_RETENTION, and counts of that time.

    An event that still has something to tell the catalog stays until it has.
    """
    if not settings.EVENT_RETENTION:
        return 0
    before = at - settings.EVENT_RETENTION
    total = 0
    for integration in Integration.objects.order_by("pk"):
        old = integration.events.filter(
            received_at__lt=before, has_catalog_facts=False
        ).order_by("received_at", "pk")
        for pks in _batches(old):
            total += Event.objects.filter(pk__in=pks).delete()[0]
    RefusedCount.objects.filter(minute__lt=before).delete()
    return total


def remove_old_alerts(*, at: datetime) -> int:
    """Delete alerts that were over before ALERT_RETENTION and that no one's record
    rests on: those of an incident stay with it."""
    if not settings.ALERT_RETENTION:
        return 0
    before = at - settings.ALERT_RETENTION
    over = Alert.objects.filter(
        status=Alert.Status.RESOLVED, resolved_at__lt=before, has_changed=False
    )
    total, last = 0, 0
    for _ in range(MOST_BATCHES):
        found = over.filter(pk__gt=last).order_by("pk").values_list("pk", flat=True)
        pks = set(found[:BATCH])
        if not pks:
            break
        last = max(pks)
        for _, kept in alerts_kept.send(sender=Alert, alert_ids=set(pks)):
            pks.difference_update(kept or ())
        total += over.filter(pk__in=pks).delete()[1].get("alerts.Alert", 0)
    return total


def forget_keys(*, at: datetime) -> int:
    """Delete what is kept of keys last told of before EVENT_RETENTION, unless they
    fire still; return how many. A message so late would be taken for a new one.

    Safe to repeat. Reads all that is kept once, as no index holds what each message
    changes: not for every minute.
    """
    if not settings.EVENT_RETENTION:
        return 0
    before = at - settings.EVENT_RETENTION
    firing = Alert.objects.firing().filter(
        integration=OuterRef("integration"), dedup_key=OuterRef("dedup_key")
    )
    old = LastTold.objects.filter(
        Q(fired_at=None) | Q(fired_at__lt=before),
        Q(resolved_at=None) | Q(resolved_at__lt=before),
        ~Exists(firing),
    )
    total, last = 0, 0
    while pks := list(
        old.filter(pk__gt=last).order_by("pk").values_list("pk", flat=True)[:BATCH]
    ):
        last = pks[-1]
        total += old.filter(pk__in=pks).delete()[0]
    return total


def _batches(old: QuerySet[Event]) -> Iterator[list[int]]:
    for _ in range(MOST_BATCHES):
        pks = list(old.values_list("pk", flat=True)[:BATCH])
        if not pks:
            return
        yield pks
