"""What is wrong with paging at one instant. The watchdog asks; nothing here writes."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from platform import node

from django.db.models import prefetch_related_objects

from core.errors import InvalidInputError
from oncall.models import (
    EngineHeartbeat,
    Escalation,
    EscalationPolicy,
    Notification,
    RestingProvider,
    Schedule,
)
from oncall.services.clock import clock
from oncall.services.ladder import freeze
from oncall.services.reach import Reachable
from oncall.services.rules import OUTDATED_DUTY
from oncall.services.schedules import exceptions_between, final_schedule

OVERDUE = timedelta(seconds=60)
NEWS_OVERDUE = timedelta(minutes=15)
CLOCK_OFF = timedelta(seconds=20)
ENGINE_SILENT = timedelta(seconds=30)
SCHEDULE_AHEAD = timedelta(days=7)
# The process that said so may be gone; it says so again with every try.
REST_FORGOTTEN = timedelta(minutes=2)


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong. `key` is the same for as long as it lasts."""

    key: str
    text: str


def problems(*, at: datetime) -> list[Problem]:
    """All that would keep a page from reaching somebody."""
    return [
        *engine_problems(at=at),
        *_outdated(at),
        *_overdue(at),
        *_failing_providers(at),
        *_unstaffed(at),
    ]


def engine_problems(*, at: datetime) -> list[Problem]:
    """Whether the engine runs, as its rows say."""
    last = EngineHeartbeat.objects.filter(duty="engine").first()
    if last is None:
        return [Problem("engine", "The paging engine has not run yet.")]
    age = at - last.finished_at
    if age > ENGINE_SILENT:
        told = f"The paging engine last ran {age.total_seconds():.0f} s ago."
        return [Problem("engine", told)]
    return []


def clock_problems() -> list[Problem]:
    """Whether this machine's clock is that of the database, by which pages go out."""
    clock.set()
    off = clock.offset.total_seconds()
    if abs(off) <= CLOCK_OFF.total_seconds():
        return []
    how = "behind" if off > 0 else "ahead of"
    told = f"The clock of {node()} is {abs(off):.0f} s {how} the database's."
    return [Problem("clock", told)]


def _outdated(at: datetime) -> list[Problem]:
    said = EngineHeartbeat.objects.filter(
        duty=OUTDATED_DUTY, finished_at__gt=at - ENGINE_SILENT
    )
    return [
        Problem("outdated", f"A worker of an older version runs: {one.detail}.")
        for one in said
    ]


def _overdue(at: datetime) -> list[Problem]:
    due = Notification.objects.filter(state=Notification.State.DUE)
    pages = due.filter(urgent=True, due_at__lt=at - OVERDUE).count()
    news = due.filter(urgent=False, due_at__lt=at - NEWS_OVERDUE).count()
    left = Notification.objects.lost(at=at - OVERDUE).count()
    steps = Escalation.objects.due(at=at - OVERDUE).count()
    said = [
        ("overdue:pages", pages, "page", "should have been sent a minute ago"),
        ("overdue:sending", left, "delivery", "was begun by a sender that is gone"),
        ("overdue:news", news, "message", "should have been sent 15 minutes ago"),
        ("overdue:steps", steps, "escalation step", "should have begun a minute ago"),
    ]
    return [
        Problem(key, f"{count} x {what}: {fault}.")
        for key, count, what, fault in said
        if count
    ]


def _failing_providers(at: datetime) -> list[Problem]:
    resting = RestingProvider.objects.filter(until__gt=at - REST_FORGOTTEN)
    return [
        Problem(
            f"provider:{one.provider}"[:120],
            f"{one.provider} does not answer since {one.since:%H:%M} UTC: {one.detail}",
        )
        for one in resting.order_by("provider")
    ]


def _unstaffed(at: datetime) -> list[Problem]:
    """Schedules that policies page and that name nobody for a week, and policies of
    which no step reaches anybody now. A gap at night may be meant; these are not."""
    reach = Reachable(at=at)
    found = [
        Problem(
            f"policy:{policy.pk}",
            f"No step of the policy {policy.name} reaches anybody now.",
        )
        for policy in EscalationPolicy.objects.order_by("pk")
        if not any(reach.users_of(step) for step in freeze(policy))
    ]
    paged = Schedule.objects.filter(
        pk__in=EscalationPolicy.objects.filter(
            steps__targets__schedule__isnull=False
        ).values("steps__targets__schedule")
    )
    return found + [
        Problem(
            f"schedule:{schedule.pk}",
            f"The schedule {schedule.name} is paged by a policy and has nobody for the "
            "next seven days.",
        )
        for schedule in paged.order_by("pk")
        if not _has_shifts(schedule, at)
    ]


def _has_shifts(schedule: Schedule, at: datetime) -> bool:
    prefetch_related_objects([schedule], *exceptions_between(at))
    try:
        ahead = final_schedule(schedule, start=at, end=at + SCHEDULE_AHEAD)
    except InvalidInputError:
        return False
    return bool(ahead.shifts)
