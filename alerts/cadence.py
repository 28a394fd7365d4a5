"""When a job that reports is to report next. Pure.

Cron expressions are reckoned in a named zone as Debian's cron does it: what would run
in the hour a clock skips runs right after it, what would run twice runs once, and what
runs every so many minutes keeps doing so. https://github.com/cuu508/cronsim
"""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from cronsim import CronSim, CronSimError

MOST_SECONDS = 366 * 24 * 60 * 60
CRON_LENGTH = 100
# A ping this little before its time is the one that was expected.
EARLY = timedelta(seconds=60)
_MACROS = {
    "@hourly": "0 * * * *",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@weekly": "0 0 * * 0",
    "@monthly": "0 0 1 * *",
    "@yearly": "0 0 1 1 *",
}


def next_expected(
    after: datetime, *, every: timedelta, cron: str, zone: str
) -> datetime:
    """Return the first instant after `after` (aware) at which a ping should come, UTC.

    By `cron` in `zone` when it is set, else `every` later.
    """
    if not cron:
        return after.astimezone(UTC) + every
    return next(_instants(cron, after.astimezone(ZoneInfo(zone)))).astimezone(UTC)


def last_expected(before: datetime, *, cron: str, zone: str) -> datetime:
    """Return the last instant of a cron expression before `before`, UTC."""
    local = before.astimezone(ZoneInfo(zone))
    return next(CronSim(_plain(cron), local, reverse=True)).astimezone(UTC)


def upcoming(after: datetime, *, cron: str, zone: str, count: int) -> list[datetime]:
    """Return the next instants of a cron expression, in `zone`."""
    instants = _instants(cron, after.astimezone(ZoneInfo(zone)))
    return [next(instants) for _ in range(count)]


def cron_problem(cron: str) -> str:
    """What is wrong with an expression of five fields; "" when nothing is."""
    if len(_plain(cron).split()) != 5:
        return "Give five fields: minute, hour, day, month, weekday."
    try:
        next(_instants(cron, datetime(2026, 1, 1, tzinfo=UTC)))
    except CronSimError as error:
        return f"{error}."
    except StopIteration:
        return "It never comes to pass."
    return ""


def _instants(cron: str, after: datetime) -> Iterator[datetime]:
    return CronSim(_plain(cron), after)


def _plain(cron: str) -> str:
    return _MACROS.get(cron.strip().lower(), cron.strip().upper())
