"""What runs by itself. Each may run twice, late or not at all: rows are the truth."""

from celery import shared_task
from django.utils import timezone

from oncall.services.calendars import fetch_due_calendars
from oncall.services.clock import clock
from oncall.services.engine import tick
from oncall.services.roster import keep_rosters


@shared_task
def run_engine() -> None:
    """Walk due escalations and send due notifications."""
    tick(at=clock.set())


@shared_task
def keep_schedules() -> None:
    """Record who is on call, and owe notices, hand-off notes and reminders."""
    keep_rosters(at=clock.set())


@shared_task
def fetch_calendars() -> None:
    """Fetch the calendars that schedules and people have named."""
    fetch_due_calendars(at=timezone.now())
