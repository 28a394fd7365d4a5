"""Looks for what should have happened and has not, from a process of its own.

What it finds is written down for `/readyz` and for the banner on every page; what
lasts is told to the fallback contact directly, past the engine it watches. A service
outside can watch the watchdog: its address is pinged while everything passes.
"""

import logging
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from http.client import HTTPException

from django.conf import settings
from django.db import DatabaseError, connection
from kombu.exceptions import OperationalError

from config.celery import app
from core.http import absolute_url
from core.kept import CONNECTIONS
from core.outgoing import RefusedURLError
from incidents.queries import unpaged_incidents
from oncall.channels.base import DeliveryError, Message
from oncall.channels.registry import channel_for
from oncall.models import Finding
from oncall.services.findings import keep_findings
from oncall.services.health import (
    ENGINE_SILENT,
    Problem,
    clock_problems,
    problems,
)

logger = logging.getLogger(__name__)

LASTS = timedelta(seconds=60)
PING_EVERY = timedelta(seconds=60)
TIMEOUT_SECONDS = 7.0


@dataclass(slots=True)
class Watchdog:
    """`round` is one look. Kept here is what it must know without the database.

    What starts beside it at `began_at` is given its time for that.
    """

    began_at: datetime | None = None
    pinged_at: datetime | None = None
    database_lost_at: datetime | None = None
    database_told: bool = False

    def round(self, *, at: datetime) -> list[str]:
        """Look once, write down and tell what is wrong; return it."""
        try:
            found = [
                *queue_problems(),
                *clock_problems(),
                *problems(at=at),
                *_unpaged(at),
            ]
            found = [one for one in found if not self._is_starting(one, at)]
            over = keep_findings(found, at=at)
            self._tell_of(over, at=at)
        except DatabaseError as error:
            connection.close()
            return self._without_database(error, at=at)
        self.database_lost_at, self.database_told = None, False
        if not found:
            self._ping(at=at)
        return [one.text for one in found]

    def _is_starting(self, one: Problem, at: datetime) -> bool:
        if self.began_at is None or at - self.began_at > ENGINE_SILENT:
            return False
        return one.key == "engine"

    def _tell_of(self, over: Collection[Finding], *, at: datetime) -> None:
        lasting = Finding.objects.filter(told_at=None, since__lte=at - LASTS)
        news = list(lasting)
        lines = [one.text for one in news] + [f"Over: {one.text}" for one in over]
        if not lines:
            return
        title = "Headwater needs you" if news else "Headwater is well again"
        if tell_fallback(title, lines, key=f"watchdog:{at.isoformat()}"):
            Finding.objects.filter(pk__in=[one.pk for one in news]).update(told_at=at)

    def _without_database(self, error: DatabaseError, *, at: datetime) -> list[str]:
        self.database_lost_at = self.database_lost_at or at
        told = f"The database does not answer: {error}".strip()
        logger.warning("%s", told)
        if at - self.database_lost_at >= LASTS and not self.database_told:
            key = f"watchdog:{self.database_lost_at.isoformat()}"
            self.database_told = tell_fallback("Headwater needs you", [told], key=key)
        return [told]

    def _ping(self, *, at: datetime) -> None:
        """Say outside that all is well, once a minute."""
        recently = self.pinged_at is not None and at - self.pinged_at < PING_EVERY
        if not settings.WATCHDOG_PING_URL or recently:
            return
        try:
            answer = CONNECTIONS.post(
                settings.WATCHDOG_PING_URL,
                content=b"",
                headers={"User-Agent": "Headwater"},
                timeout_seconds=TIMEOUT_SECONDS,
                allow_private=True,
            )
        except (OSError, HTTPException, RefusedURLError) as error:
            logger.warning("the ping of the watchdog was not taken: %s", error)
            return
        if answer.status < 400:
            self.pinged_at = at
        else:
            logger.warning("the ping of the watchdog got HTTP %s", answer.status)


def queue_problems() -> list[Problem]:
    """Whether the queue takes messages."""
    try:
        with app.connection_for_write(connect_timeout=1) as broker:
            broker.ensure_connection(max_retries=1, timeout=2)
    except (OperationalError, OSError) as error:
        return [Problem("queue", f"The queue does not answer: {error}")]
    return []


def tell_fallback(title: str, lines: Collection[str], *, key: str) -> bool:
    """Send to the fallback contact, past the engine. True when it was taken, or when
    nobody is named."""
    contact = settings.FALLBACK_CONTACT
    if not contact:
        return True
    message = Message(
        title=title,
        body="\n".join(lines),
        url=absolute_url("/"),
        idempotency_key=key,
    )
    kind = "apprise" if "://" in contact else "email"
    try:
        channel_for(kind).send(message, to=contact, timeout_seconds=TIMEOUT_SECONDS)
    except DeliveryError as error:
        logger.error("the fallback contact was not reached: %s", error)
        return False
    return True


def _unpaged(at: datetime) -> list[Problem]:
    return [
        # No title: everybody signed in sees this, and the incident may be private.
        Problem(f"unpaged:{number}", f"Nobody was ever paged about incident #{number}.")
        for number in unpaged_incidents(at=at)
    ]
