"""Waking a periodic task after a commit.

A message is only a hint that there is a row to look at: if it is lost, the next
tick of the task finds the row. So a broker that is away must not fail the caller.
"""

import logging
import time
from functools import partial

from celery import current_app
from django.db import transaction
from kombu.exceptions import OperationalError

logger = logging.getLogger(__name__)

# By name, as the tasks are above the services that wake them.
RUN_ENGINE = "oncall.beat.run_engine"
CORRELATE = "incidents.beat.correlate_alerts"
RUN_IMPORTS = "catalog.beat.run_imports"
EXPIRES_SECONDS = 60
# Waiting for a broker that hangs takes seconds, and whoever asks waits with it.
REST_SECONDS = 10.0


class Broker:
    """What this process knows of it."""

    rests_until = 0.0


def send_hint(task_name: str) -> None:
    """Ask for a task to run soon. Never raises for a broker that is away, which is
    then left alone for a while."""
    if time.monotonic() < Broker.rests_until:
        return
    try:
        current_app.send_task(task_name, expires=EXPIRES_SECONDS)
    except (OperationalError, OSError) as error:
        Broker.rests_until = time.monotonic() + REST_SECONDS
        logger.warning("no hint sent for %s: %s", task_name, error)


def wake(task_name: str) -> None:
    """Send the hint once the current transaction is committed."""
    transaction.on_commit(partial(send_hint, task_name))
