"""Telling open pages that something changed.

A change is announced with PostgreSQL's NOTIFY inside the transaction that makes it,
so it is heard exactly when the change is committed, in every process. Pages listen
at `/live/?topic=incident:12&topic=incidents` (server-sent events named "changed",
whose data is the topic) and fetch the parts that hang from that topic.

Topics: "incidents" (any of them), "incident:<id>", "integration:<id>",
"asset:<id>", "oncall", "user:<id>", "quiet" (silences, rules, what they keep back),
"badges" (what else a badge shows), "expectations", "heartbeats".
"""

from django.db import connection

CHANNEL = "headwater_live"


def publish(*topics: str) -> None:
    """Announce changes at commit. Repeats within a transaction are sent once."""
    if not topics:
        return
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_notify(%s, topic) FROM unnest(%s::text[]) AS topic",
            [CHANNEL, list(topics)],
        )
