"""The database backend `core.postgres`, which Django looks for here by name.

Django's own sets the zone of each moment anew in Python, 4 µs for what takes 0.3 in C:
a sixth of what the worker did for an alert (docs/benchmarks.md). Where the connection
speaks UTC, as it does here, the answer is the same.
"""

from datetime import UTC
from typing import Any

from django.db.backends.postgresql import base
from psycopg.types.datetime import TimestamptzLoader


class DatabaseWrapper(base.DatabaseWrapper):
    """As Django's, but for how `timestamptz` is read."""

    def create_cursor(self, name: str | None = None) -> Any:
        cursor = super().create_cursor(name)
        if self.timezone is UTC:
            cursor.adapters.register_loader("timestamptz", TimestamptzLoader)
        return cursor
