"""What incidents do by themselves. Each may run twice, late or not at all."""

from celery import shared_task
from django.utils import timezone

from alerts.services import record_catalog_facts
from incidents.services import (
    correlate_changed_alerts,
    end_snoozes,
    keep_promises,
    retry_set_aside_alerts,
    send_summaries,
)

MOST_BATCHES = 200
# The first pages of a storm go out after a small transaction, not after a big one.
FIRST_BATCH, LARGEST_BATCH = 32, 512


@shared_task
def correlate_alerts() -> None:
    """Take changed alerts into incidents until none is left, over the lineage that
    came with them; page where a snooze has ended."""
    end_snoozes(at=timezone.now())
    retry_set_aside_alerts(at=timezone.now())
    size = FIRST_BATCH
    for _ in range(MOST_BATCHES):
        told = record_catalog_facts(at=timezone.now())
        taken = correlate_changed_alerts(at=timezone.now(), limit=size)
        if not taken and not told:
            return
        size = min(size * 2, LARGEST_BATCH)


@shared_task
def tell_stakeholders() -> None:
    """Send the daily summaries that are due, and word where one was promised."""
    keep_promises(at=timezone.now())
    send_summaries(at=timezone.now())
