"""The Celery worker and its beat on threads of this process, for a run without Redis.

Messages go through Celery's in-memory transport, so nothing outside can lose them,
and nothing is lost with them: they are hints, the rows are in PostgreSQL.
"""

import logging
from threading import Thread

from celery.beat import Scheduler, Service
from celery.worker import WorkController

from config.celery import app

logger = logging.getLogger(__name__)


class InProcessWorker:
    """A worker and a beat that live and die with this process."""

    def __init__(self, *, threads: int) -> None:
        self.worker = WorkController(
            app=app,
            pool="threads",
            concurrency=threads,
            without_gossip=True,
            without_mingle=True,
            without_heartbeat=True,
            loglevel=logging.WARNING,
        )
        # Nothing to remember between starts: every duty is due at once.
        self.beat = Service(app=app, scheduler_cls=Scheduler)
        self.threads = [
            Thread(target=self.worker.start, name="worker", daemon=True),
            Thread(target=self._beat, name="beat", daemon=True),
        ]

    def _beat(self) -> None:
        self.beat.start(embedded_process=True)

    def start(self) -> None:
        for thread in self.threads:
            thread.start()

    def stop(self) -> None:
        """Take no further work. What runs is cut off by the end of the process, which
        loses nothing: its rows are found again."""
        self.beat.stop()
        self.worker.terminate(in_sighandler=False)
