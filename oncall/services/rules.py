"""Which version of the engine's rules may run, kept in the database.

While a new version is rolled out, workers of both run. Once one with newer rules has
begun, those with older ones walk and claim nothing more.
"""

import logging
from datetime import datetime, timedelta

from django.db import connection, transaction

from oncall.models import EngineHeartbeat

logger = logging.getLogger(__name__)

# Raise it with every change to what the engine makes of the same rows: which are due,
# what a step owes, what is let go or lapses, and in which order they are locked.
VERSION = 3
DUTY, OUTDATED_DUTY = "rules", "outdated engine"
LOCK = 0x4857_0001  # no other advisory lock has this number
SAID_EVERY = timedelta(seconds=10)


def may_run(*, at: datetime, version: int = VERSION) -> bool:
    """Whether rules of `version` are those that run.

    Call it in the transaction that walks or claims: it holds off newer rules until
    that is done.
    """
    _lock("pg_advisory_xact_lock_shared")
    newest = _newest()
    if newest > version:
        _say_outdated(newest, version, at=at)
    return newest <= version


def take_over(*, at: datetime, version: int = VERSION) -> None:
    """Make rules of `version` the ones that run, unless newer ones do. Waits for what
    older ones have begun."""
    if _newest() >= version:
        return
    with transaction.atomic():
        _lock("pg_advisory_xact_lock")
        if _newest() < version:
            EngineHeartbeat.objects.update_or_create(
                duty=DUTY, defaults={"finished_at": at, "detail": str(version)}
            )


def _newest() -> int:
    told = EngineHeartbeat.objects.filter(duty=DUTY).values_list("detail", flat=True)
    return int(told.first() or 0)


def _lock(function: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {function}(%s)", [LOCK])


def _say_outdated(newest: int, version: int, *, at: datetime) -> None:
    said = EngineHeartbeat.objects.filter(
        duty=OUTDATED_DUTY, finished_at__gt=at - SAID_EVERY
    )
    if said.exists():
        return
    told = f"its rules are version {version}, those in force {newest}"
    logger.error("this worker is out of date and pages nobody: %s", told)
    EngineHeartbeat.objects.update_or_create(
        duty=OUTDATED_DUTY, defaults={"finished_at": at, "detail": told}
    )
