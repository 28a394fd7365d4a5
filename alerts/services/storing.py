"""Storing messages from within Django, with the inlet's own statements."""

from typing import Any

import psycopg
from django.db import connection, transaction

from alerts.ingest import columns, statements
from alerts.ingest.writing import Message, Stored, write_steps
from core.hints import CORRELATE, wake
from core.live import publish


@transaction.atomic
def store_messages(messages: list[Message]) -> list[list[Stored]]:
    """Write the messages and their alerts; return what became of each alert."""
    if not messages:
        return []
    wake(CORRELATE)
    publish(*{f"integration:{message.integration_id}" for message in messages})
    # Django's own cursor puts parameters into the text, which columns cannot.
    raw: psycopg.Connection[Any] = connection.connection
    with connection.wrap_database_errors, psycopg.Cursor(raw) as cursor:
        columns.register(cursor.adapters)
        return _run(cursor, messages)


def _run(cursor: psycopg.Cursor[Any], messages: list[Message]) -> list[list[Stored]]:
    cursor.execute(statements.NEXT_EVENT_IDS, [len(messages)])
    steps = write_steps(messages, [row[0] for row in cursor.fetchall()])
    try:
        step = next(steps)
        while True:
            cursor.execute(step.sql, step.parameters)
            step = steps.send(cursor.fetchall())
    except StopIteration as end:
        answers: list[list[Stored]] = end.value
        return answers
