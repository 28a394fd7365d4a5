"""Waking a task after a commit.

A message is only a hint that there is a row to look at: if it is lost, the next
tick of the task finds the row. So a broker that is away must not fail the caller.
"""

import logging
from functools import partial

from celery import Task
from django.db import transaction
from kombu.exceptions import OperationalError

logger = logging.getLogger(__name__)


def send_hint(task: "Task[[], None]") -> None:
    """Ask for `task` to run soon. Never raises for a broker that is away."""
    try:
        task.apply_async(expires=60)
    except (OperationalError, OSError) as error:
        logger.warning("no hint sent for %s: %s", task.name, error)


def wake(task: "Task[[], None]") -> None:
    """Send the hint once the current transaction is committed."""
    transaction.on_commit(partial(send_hint, task))
