"""What the watchdog found, kept for as long as it lasts."""

from collections.abc import Collection
from datetime import datetime, timedelta

from django.db import transaction
from django.utils import timezone

from oncall.models import EngineHeartbeat, Finding
from oncall.services.health import Problem

WATCHDOG_SILENT = timedelta(seconds=60)
WATCHDOG_STARTS = timedelta(minutes=3)  # migrating or a demonstration may come first


@transaction.atomic
def keep_findings(problems: Collection[Problem], *, at: datetime) -> list[Finding]:
    """Write down what is wrong at `at`; return what no longer is and somebody had
    been told of."""
    wrong = {one.key: one.text[:500] for one in problems}
    over = Finding.objects.exclude(key__in=wrong)
    told = list(over.exclude(told_at=None))
    over.delete()
    for key, text in wrong.items():
        Finding.objects.update_or_create(
            key=key,
            defaults={"text": text},
            create_defaults={"text": text, "since": at},
        )
    EngineHeartbeat.objects.update_or_create(
        duty="watchdog", defaults={"finished_at": at}
    )
    return told


# The watchdog starts beside the others, and is given its time for that.
STARTED_AT = timezone.now()


def standing_findings(*, at: datetime, started_at: datetime | None = None) -> list[str]:
    """What is wrong, as the watchdog saw it last; that it is silent, if it is.

    What it saw before this process began, at `started_at`, is not said: it looks anew.
    """
    last = EngineHeartbeat.objects.filter(duty="watchdog").first()
    began = started_at or STARTED_AT
    if last is None or last.finished_at < began:
        is_late = at - began > WATCHDOG_STARTS
        return ["The watchdog does not run."] if is_late else []
    age = at - last.finished_at
    if age > WATCHDOG_SILENT:
        return [f"The watchdog last ran {age.total_seconds():.0f} s ago."]
    return list(Finding.objects.values_list("text", flat=True))
