"""Storing messages from within Django, with the inlet's own statements."""

from django.db import connection, transaction

from alerts.ingest.writing import Message, Stored, write_steps
from core.hints import CORRELATE, wake


@transaction.atomic
def store_messages(messages: list[Message]) -> list[list[Stored]]:
    """Write the messages and their alerts; return what became of each alert."""
    steps = write_steps(messages)
    wake(CORRELATE)
    with connection.cursor() as cursor:
        try:
            statement, parameters = next(steps)
            while True:
                cursor.execute(statement, parameters)
                rows = cursor.fetchall() if cursor.description else []
                statement, parameters = steps.send(rows)
        except StopIteration as end:
            answers: list[list[Stored]] = end.value
            return answers
