"""What a transaction may ask of PostgreSQL: to wait for others' locks, but not for
long, and to count on tables that grow while it is at work."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

from django.db import OperationalError, connection, transaction
from psycopg.errors import LockNotAvailable


class LockedTooLongError(Exception):
    """Somebody else holds what was wanted; nothing was written."""


@contextmanager
def waiting_at_most(longest: timedelta) -> Iterator[None]:
    """Within the block, a savepoint, no statement waits longer for a lock.

    Raises LockedTooLongError. Call it in a transaction, and not within itself.
    """
    milliseconds = int(longest.total_seconds() * 1000)
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(f"SET LOCAL lock_timeout = {milliseconds}")
            yield
            cursor.execute("SET LOCAL lock_timeout = 0")
    except OperationalError as error:
        if not isinstance(error.__cause__, LockNotAvailable):
            raise
        raise LockedTooLongError(f"{error}") from error


def plan_for_growth() -> None:
    """Let this transaction reach rows by index alone, however small tables seem.

    PostgreSQL keeps the plan by which a session checks foreign keys until statistics
    are next gathered. Made while a table was a page long, it reads all of the table
    for each new row: in a storm that came to three quarters of PostgreSQL's work, and
    to ever more as tables grew.
    """
    with connection.cursor() as cursor:
        cursor.execute("DISCARD PLANS")
        cursor.execute(
            "SELECT set_config('enable_seqscan', 'off', true), "
            "set_config('jit', 'off', true)"  # the penalty alone would start it
        )
