"""A worker that hears nothing looks for due rows by itself.

The beat asks every second, through the broker. While that hangs, or forgets what it
was given, pages would wait for it; but the rows are in PostgreSQL.
"""

import logging
import time
from collections.abc import Collection
from threading import Event, Thread
from typing import Any

from celery.signals import task_prerun, worker_ready, worker_shutting_down
from django.db import connection

from config.celery import app

logger = logging.getLogger(__name__)

# What a page waits for, by the queue that it is asked through.
DUTIES = {
    "headwater": "incidents.beat.correlate_alerts",
    "paging": "oncall.beat.run_engine",
}
SILENT_SECONDS = 3.0


class Pulse:
    """Runs `duties` in this process, each when it has not begun for SILENT_SECONDS."""

    def __init__(self, duties: Collection[str]) -> None:
        self.begun_at = dict.fromkeys(duties, time.monotonic())
        self.is_over = Event()

    def start(self) -> None:
        Thread(target=self._run, name="pulse", daemon=True).start()

    def note(self, duty: str) -> None:
        """It has just begun."""
        if duty in self.begun_at:
            self.begun_at[duty] = time.monotonic()

    def _run(self) -> None:
        while not self.is_over.wait(SILENT_SECONDS / 3):
            for duty, begun_at in self.begun_at.items():
                if time.monotonic() - begun_at > SILENT_SECONDS:
                    self.note(duty)
                    self._do(duty)

    def _do(self, duty: str) -> None:
        try:
            app.tasks[duty]()
        except Exception:
            logger.exception("%s ended with an error", duty)
        finally:
            connection.close()


@worker_ready.connect
def begin(**_: Any) -> None:
    """Begin with the worker of this process, for the queues it takes from."""
    pulse = Pulse([DUTIES[name] for name in app.amqp.queues.consume_from])

    def note(task: Any, **_: Any) -> None:
        pulse.note(task.name)

    def end(**_: Any) -> None:
        pulse.is_over.set()

    task_prerun.connect(note, weak=False)
    worker_shutting_down.connect(end, weak=False)
    pulse.start()
