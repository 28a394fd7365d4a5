"""`manage.py up`: everything that runs, in one command."""

import errno
import fcntl
import logging
import os
import signal
import socket
import sys
import time
from argparse import ArgumentParser
from threading import Thread
from types import FrameType
from typing import Any, NoReturn

import uvicorn
from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db import OperationalError, connection

from config import embedded
from config.children import Child, Children
from config.demo.live import inlet_keys, start_failing
from config.demo.world import PASSWORD, PEOPLE
from config.environment import DATA_DIR, REDIS_URL, USES_EMBEDDED_POSTGRES
from config.firstalert import first_alert_command
from config.health import not_ready
from config.inprocess import InProcessWorker

logger = logging.getLogger(__name__)

GRACE_SECONDS = 3
INLET_PROTOCOL = "config.protocol:InletProtocol"
MOST_STARTING_SECONDS = 30.0
# In a storm, events are taken first: what is stored can be worked off afterwards.
# The worker still gets a third of the weight of the web server.
WORKER_NICENESS = 5


def _watchdog() -> Child:
    # By the path, as somebody may have started `up` from another folder.
    manage = str(settings.BASE_DIR / "manage.py")
    command = [sys.executable, manage, "watchdog"]
    return Child("the watchdog", command, niceness=WORKER_NICENESS)


class Command(BaseCommand):
    help = "Migrate, then run the web server, the worker and its beat until Ctrl-C."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--demo", action="store_true", help="fill an empty database with a demo"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if USES_EMBEDDED_POSTGRES:
            self._be_the_only_one()
        self._check_port()
        self.keeper = embedded.Keeper(DATA_DIR)
        if USES_EMBEDDED_POSTGRES:
            embedded.forget_dead_users(DATA_DIR)
            self.keeper.start()
        self._migrate()
        call_command("collectstatic", interactive=False, verbosity=0)
        if options["demo"]:
            call_command("demo", stdout=self.stdout)
            start_failing(inlet_keys())
        speaker = Thread(target=self._say_where_once_ready, args=[options["demo"]])
        speaker.daemon = True
        speaker.start()
        try:
            if REDIS_URL:
                self._run_processes()
            else:
                self._run_in_this_process()
        except SystemExit:  # uvicorn has said why it cannot start
            self._leave(1)
        except Exception:
            logger.exception("the run ended")
            self._leave(1)
        finally:
            self._leave(0)

    def _leave(self, code: int) -> NoReturn:
        """End at once. Waiting for tasks in the middle of their work would gain
        nothing: their rows are found at the next start."""
        if USES_EMBEDDED_POSTGRES:
            self.keeper.stop()
            embedded.leave(DATA_DIR)
        self.stdout.write("Stopped.")
        self.stdout.flush()
        os._exit(code)

    def _be_the_only_one(self) -> None:
        """Hold a lock on the data folder, which ends with this process."""
        self.lock = (DATA_DIR / "up.lock").open("a+")
        try:
            fcntl.flock(self.lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            self.lock.seek(0)
            raise CommandError(
                f"Headwater runs already on {DATA_DIR}: {self.lock.read().strip()}. "
                "Stop that one, or choose another folder with HEADWATER_DATA."
            ) from error
        self.lock.truncate(0)
        self.lock.write(f"{settings.PUBLIC_URL}, process {os.getpid()}\n")
        self.lock.flush()

    def _migrate(self) -> None:
        try:
            call_command("migrate", interactive=False, verbosity=0)
        except OperationalError as error:
            raise CommandError(
                f"PostgreSQL does not answer: {error}. Is DATABASE_URL right?"
            ) from error

    def _check_port(self) -> None:
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((settings.BIND_ADDRESS, settings.PORT))
            except OSError as error:
                if error.errno == errno.EADDRINUSE:
                    advice = "Choose another port: PORT=8001 make up"
                else:
                    advice = "BIND_ADDRESS and PORT say where."
                raise CommandError(
                    f"Cannot listen on {settings.BIND_ADDRESS}:{settings.PORT} "
                    f"({str(error.strerror).lower()}). {advice}"
                ) from error

    def _say_where_once_ready(self, is_demo: bool) -> None:
        """Or after a while: what is wrong then is in the log and at /readyz."""
        deadline = time.monotonic() + MOST_STARTING_SECONDS
        while time.monotonic() < deadline and not self._is_ready():
            time.sleep(0.1)
        self._say_where(is_demo=is_demo)

    def _is_ready(self) -> bool:
        """Whether the web server listens and pages go out."""
        try:
            with socket.create_connection((settings.BIND_ADDRESS, settings.PORT), 1):
                return not not_ready()
        except OSError:
            return False
        finally:
            connection.close()

    def _say_where(self, *, is_demo: bool) -> None:
        store = str(DATA_DIR) if USES_EMBEDDED_POSTGRES else "the DATABASE_URL given"
        worker = "Celery with Redis" if REDIS_URL else "inside this process"
        mail = "sent by EMAIL_URL"
        if not settings.EMAIL_URL:
            mail = f"kept in {settings.PUBLIC_URL}/inbox/"
        lines = [
            "",
            f"  Headwater   {settings.PUBLIC_URL}",
            f"  Data        {store}",
            f"  Worker      {worker}",
            f"  Mail        {mail}",
            "",
            "  Fire a first alert:",
            f"  {first_alert_command()}",
            "",
        ]
        if is_demo:
            lines.insert(2, f"  Sign in     {PEOPLE[0].email} with {PASSWORD}")
        lines.append("  Ctrl-C stops everything.")
        self.stdout.write("\n".join(lines) + "\n")
        self.stdout.flush()

    def _run_in_this_process(self) -> None:
        # A process of its own here too: it must see when this one hangs.
        watchdog = Children([_watchdog()])
        keeper = Thread(target=watchdog.run, name="watchdog's keeper")
        keeper.start()
        worker = InProcessWorker(threads=settings.WORKER_THREADS)
        worker.start()
        # uvicorn raises the signal again once it has ended: as Ctrl-C, so that what
        # was started here is stopped then, PostgreSQL too.
        signal.signal(signal.SIGTERM, signal.default_int_handler)
        try:
            uvicorn.run(
                "config.asgi:application",
                host=settings.BIND_ADDRESS,
                port=settings.PORT,
                http=INLET_PROTOCOL,
                log_config=None,
                access_log=False,
                timeout_graceful_shutdown=GRACE_SECONDS,
            )
        finally:
            worker.stop()
            watchdog.stop()
            keeper.join()

    def _run_processes(self) -> None:
        python = sys.executable
        celery = [python, "-m", "celery", "-A", "config"]
        web = [
            *[python, "-m", "uvicorn", "config.asgi:application"],
            *["--host", settings.BIND_ADDRESS, "--port", str(settings.PORT)],
            *["--workers", str(settings.WEB_PROCESSES), "--no-access-log"],
            *["--timeout-graceful-shutdown", str(GRACE_SECONDS)],
            *["--http", INLET_PROTOCOL],
            *["--log-level", "warning"],
        ]
        threads = str(settings.WORKER_THREADS)
        worker = [*celery, "worker", "--pool", "threads", "--without-gossip"]
        worker += ["--without-mingle", "--loglevel", "WARNING", "--concurrency"]
        children = Children(
            [
                Child("the web server", web),
                Child(
                    "the worker",
                    [*worker, threads, "-Q", "headwater"],
                    niceness=WORKER_NICENESS,
                ),
                # A process of its own: no storm of alerts holds up a page.
                Child(
                    "the sender of pages",
                    [*worker, "2", "-Q", "paging", "-n", "paging@%h"],
                ),
                Child("the beat", [*celery, "beat", "--loglevel", "WARNING"]),
                _watchdog(),
            ]
        )

        def stop(number: int, frame: FrameType | None) -> None:
            children.stop()

        signal.signal(signal.SIGINT, stop)
        signal.signal(signal.SIGTERM, stop)
        children.run()
