"""What runs by itself. It may run twice, late or not at all: rows are the truth."""

from celery import shared_task
from django.utils import timezone

from postmortems.services import remind_owners


@shared_task
def remind() -> None:
    """Remind owners of action items that are due soon, today, or overdue."""
    remind_owners(at=timezone.now())
