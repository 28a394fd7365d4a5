"""What incidents do by themselves. Each may run twice, late or not at all."""

import time

from celery import shared_task

from alerts.services import record_catalog_facts
from incidents.services import (
    correlate_changed_alerts,
    end_snoozes,
    keep_promises,
    retry_set_aside_alerts,
    send_summaries,
)
from oncall.services.clock import clock

MOST_BATCHES = 200
# The first pages of a storm go out after a small transaction, not after a big one.
FIRST_BATCH, LARGEST_BATCH = 32, 2048
# Telling faults apart takes more than twice as long for twice as many alerts, so large
# batches are for where that is quick. Pages wait for their batch. Only this thread's
# own work counts: on a busy machine small batches would make it busier still.
LONG_SECONDS = 1.0


@shared_task
def correlate_alerts() -> None:
    """Take changed alerts into incidents until none is left, over the lineage that
    came with them; page where a snooze has ended."""
    end_snoozes(at=clock.set())
    retry_set_aside_alerts(at=clock.now())
    size = FIRST_BATCH
    for _ in range(MOST_BATCHES):
        told = record_catalog_facts(at=clock.now())
        began = time.thread_time()
        taken = correlate_changed_alerts(at=clock.now(), limit=size)
        if not taken and not told:
            return
        size = next_size(size, seconds=time.thread_time() - began)


def next_size(size: int, *, seconds: float) -> int:
    """How many alerts to take at once after `size` took so much of a processor."""
    if seconds > LONG_SECONDS:
        # Below the first batch what each costs by itself would be most of it, and on
        # a busy machine nothing would ever be quick enough to grow again.
        return max(size // 2, FIRST_BATCH)
    return min(size * 2, LARGEST_BATCH) if seconds < LONG_SECONDS / 2 else size


@shared_task
def tell_stakeholders() -> None:
    """Send the daily summaries that are due, and word where one was promised."""
    keep_promises(at=clock.set())
    send_summaries(at=clock.now())
