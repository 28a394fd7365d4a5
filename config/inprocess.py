"""The Celery worker and its beat on threads of this process, for a run without Redis.

Messages go through Celery's in-memory transport, so nothing outside can lose them,
and nothing is lost with them: they are hints, the rows are in PostgreSQL.
"""

import logging
from collections.abc import Callable
from threading import Event, Thread

from celery.beat import Scheduler, Service
from celery.worker import WorkController

from config.celery import app

logger = logging.getLogger(__name__)

RESTART_SECONDS = 1.0


class InProcessWorker:
    """A worker and a beat that live and die with this process.

    Either is made anew if it ends by itself, as a process would be.
    """

    def __init__(self, *, threads: int) -> None:
        self.concurrency = threads
        self.is_stopping = Event()
        self.worker: WorkController | None = None
        self.beat: Service | None = None

    def start(self) -> None:
        for name, run in (("worker", self._run_worker), ("beat", self._run_beat)):
            Thread(
                target=self._keep_running, args=[run], name=name, daemon=True
            ).start()

    def stop(self) -> None:
        """Take no further work. What runs is cut off by the end of the process, which
        loses nothing: its rows are found again."""
        self.is_stopping.set()
        if self.beat is not None:
            self.beat.stop()
        if self.worker is not None:
            self.worker.terminate(in_sighandler=False)

    def _keep_running(self, run: Callable[[], None]) -> None:
        while not self.is_stopping.is_set():
            try:
                run()
            except Exception:
                logger.exception("a part of the worker ended and is started again")
            self.is_stopping.wait(RESTART_SECONDS)

    def _run_worker(self) -> None:
        self.worker = WorkController(
            app=app,
            pool="threads",
            concurrency=self.concurrency,
            without_gossip=True,
            without_mingle=True,
            without_heartbeat=True,
            loglevel=logging.WARNING,
        )
        self.worker.start()

    def _run_beat(self) -> None:
        # Nothing to remember between starts: every duty is due at once.
        self.beat = Service(app=app, scheduler_cls=Scheduler)
        self.beat.start(embedded_process=True)
