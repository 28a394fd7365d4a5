"""What incidents do by themselves. Each may run twice, late or not at all."""

from celery import shared_task
from django.utils import timezone

from incidents.services import correlate_changed_alerts, end_snoozes

MOST_BATCHES = 200


@shared_task
def correlate_alerts() -> None:
    """Take changed alerts into incidents until none is left; page where a snooze has
    ended."""
    end_snoozes(at=timezone.now())
    for _ in range(MOST_BATCHES):
        if not correlate_changed_alerts(at=timezone.now()):
            return
