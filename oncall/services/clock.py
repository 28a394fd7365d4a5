"""The engine's clock: the database's.

Leases and due times are compared by many processes, and a machine whose clock is ten
minutes off would take others' rows or leave its own. So each asks the database, at
every tick and claim, how far its own clock is off.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import connection
from django.utils import timezone


@dataclass(slots=True)
class Clock:
    """`own` is this machine's clock."""

    own: Callable[[], datetime] = timezone.now
    offset: timedelta = timedelta(0)

    def set(self) -> datetime:
        """Ask the database for the time. One query."""
        with connection.cursor() as cursor:
            cursor.execute("SELECT clock_timestamp()")
            now: datetime = cursor.fetchone()[0]
        self.offset = now - self.own()
        return now

    def now(self) -> datetime:
        """The database's time, as far as known. No query."""
        return self.own() + self.offset


clock = Clock()
