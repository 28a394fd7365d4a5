"""Telling whether the inlet lives, so that its own absence alarms nobody.

While no web process runs, or the database is away, no ping can be taken. Afterwards
each heartbeat that may have been pinged in vain waits a full turn and grace again, and
runs that could not be heard of are excused (`freshness`).
"""

from datetime import datetime, timedelta

from django.db import transaction

from alerts.models import Heartbeat, HeartbeatMiss, InletWatch
from alerts.services.freshness import excuse_runs
from alerts.services.pings import expect_next

# Longer than a web process says nothing for when it is only busy.
AWAY_AFTER = timedelta(seconds=20)


@transaction.atomic
def say_inlet_lives(*, at: datetime) -> int:
    """Note that pings can be taken; return how many heartbeats and runs wait anew.

    Said every few seconds by each web process. The first to say it after an absence
    excuses what could not have come, in the transaction that ends the absence.
    """
    watch, is_new = InletWatch.objects.select_for_update().get_or_create(
        pk=1, defaults={"alive_at": at}
    )
    down_at = watch.alive_at
    if is_new or at <= down_at:
        return 0
    watch.alive_at = at
    watch.save(update_fields=["alive_at"])
    if at - down_at <= AWAY_AFTER:
        return 0
    return _excuse(down_at, at) + excuse_runs(down_at, at)


def _excuse(down_at: datetime, up_at: datetime) -> int:
    """Those that were expected in between, and were not due before it."""
    rows = Heartbeat.objects.select_for_update().filter(due_at__gt=down_at)
    excused = list(rows.filter(expected_at__lte=up_at).order_by("pk"))
    unsure = []
    for heartbeat in excused:
        if heartbeat.due_at and heartbeat.due_at <= up_at:
            unsure.append(
                HeartbeatMiss(
                    heartbeat=heartbeat,
                    kind=HeartbeatMiss.Kind.UNSURE,
                    expected_at=heartbeat.expected_at,
                    at=up_at,
                    until=up_at,
                )
            )
        heartbeat.started_at = None
        expect_next(heartbeat, after=up_at)
    Heartbeat.objects.bulk_update(excused, ["started_at", "expected_at", "due_at"])
    HeartbeatMiss.objects.bulk_create(unsure)
    return len(excused)
