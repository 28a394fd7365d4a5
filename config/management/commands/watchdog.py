"""`manage.py watchdog`: sees to it that pages go out, from outside what sends them."""

import logging
import threading
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand
from django.db import connection
from django.utils import timezone

from config.watchdog import Watchdog

logger = logging.getLogger(__name__)

ROUND_SECONDS = 5.0


class Command(BaseCommand):
    help = "Look for what should have happened and has not, until stopped."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--once", action="store_true", help="look once and print what is wrong"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if options["once"]:
            for reason in Watchdog().round(at=timezone.now()):
                self.stdout.write(reason)
            return
        watchdog = Watchdog(began_at=timezone.now())
        rest = threading.Event()
        self._look(watchdog)
        while not rest.wait(ROUND_SECONDS):
            self._look(watchdog)

    def _look(self, watchdog: Watchdog) -> None:
        try:
            watchdog.round(at=timezone.now())
        except Exception:
            logger.exception("the watchdog stumbled")
        finally:
            connection.close()
