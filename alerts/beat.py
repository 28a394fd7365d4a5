"""What inlets and alerts do by themselves. Each may run twice, late or not at all."""

from celery import shared_task
from django.utils import timezone

from alerts.services import (
    forget_keys,
    look_for_late,
    purge_deleted,
    raise_missed,
    release_due_alerts,
    remove_old,
)
from oncall.services.clock import clock


@shared_task
def release_alerts() -> None:
    """Let alerts be decided anew whose silence or waiting time is over."""
    release_due_alerts(at=clock.set())


@shared_task
def raise_missed_heartbeats() -> None:
    """Alert for each heartbeat whose ping did not come in time."""
    raise_missed(at=clock.set())


@shared_task
def look_for_late_runs() -> None:
    """Alert for each asset that is stale, and resolve where a run has come."""
    look_for_late(at=clock.set())


@shared_task
def purge_deleted_integrations() -> None:
    """Take away the raw events of integrations that were deleted."""
    purge_deleted()


@shared_task
def forget() -> None:
    """Take away events and alerts that are past their time."""
    remove_old(at=timezone.now())


@shared_task
def forget_old_keys() -> None:
    """Take away when keys were last told of, of those long unheard of."""
    forget_keys(at=timezone.now())
