"""What runs by itself. Each may run twice, late or not at all: rows are the truth."""

from celery import shared_task
from django.utils import timezone

from oncall.services.engine import tick


@shared_task
def run_engine() -> None:
    """Walk due escalations and send due notifications."""
    tick(at=timezone.now())
