"""Waiting for others' locks in the database, but not for long."""

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
