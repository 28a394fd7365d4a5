"""Who is told, when, and what happened: the ladder of a subject, past and future."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from oncall.models import Escalation, EscalationPolicy, Notification, Page
from oncall.services.ladder import FrozenStep, freeze
from oncall.services.reach import Reachable

MOST_FUTURE_RUNGS = 12


@dataclass(frozen=True, slots=True)
class Rung:
    """One person on one step. `state` is paged, acknowledged, ended or planned;
    `lap` and `step` count from 1. `notifications` is empty for planned ones."""

    lap: int
    step: int
    at: datetime
    user: str
    user_id: int | None
    state: str
    notifications: tuple[Notification, ...] = ()


def ladder(*, subject: str, at: datetime) -> list[Rung]:
    """All rungs of the latest escalation about `subject`, in time order.

    Future ones are as the schedules stand at `at`; somebody may answer before.
    """
    escalation = Escalation.objects.filter(subject=subject).first()
    if escalation is None:
        return []
    pages = escalation.pages.select_related("user").prefetch_related("notifications")
    rungs = [_past(page) for page in pages]
    if escalation.state == Escalation.State.RUNNING and escalation.next_step_at:
        rungs += planned(
            escalation.steps,
            repeats=escalation.repeats,
            start=max(escalation.next_step_at, at),
            lap=escalation.lap,
            step=escalation.step,
        )
    return rungs


def simulate(policy: EscalationPolicy, *, at: datetime) -> list[Rung]:
    """Who would be told when, if something happened at `at`. Nothing is sent."""
    return planned(freeze(policy), repeats=policy.repeats, start=at)


def planned(
    steps: list[FrozenStep],
    *,
    repeats: int,
    start: datetime,
    lap: int = 0,
    step: int = 0,
) -> list[Rung]:
    """The rungs from one step on, a dozen at most. A step that reaches nobody shows
    as a rung without a person and takes no time."""
    rungs: list[Rung] = []
    while lap <= repeats and len(rungs) < MOST_FUTURE_RUNGS:
        users = Reachable(at=start).users_of(steps[step])
        named: list[tuple[str, int | None]] = [(str(u), u.pk) for u in users]
        named = named or [("", None)]
        rungs += [
            Rung(lap + 1, step + 1, start, name, pk, "planned") for name, pk in named
        ]
        if users:
            start += timedelta(seconds=steps[step]["delay_seconds"])
        step += 1
        if step == len(steps):
            lap, step = lap + 1, 0
    return rungs


def _past(page: Page) -> Rung:
    if page.acknowledged_at:
        state = "acknowledged"
    else:
        state = "ended" if page.ended_at else "paged"
    return Rung(
        lap=page.lap + 1,
        step=page.step + 1,
        at=page.created_at,
        user=str(page.user),
        user_id=page.user_id,
        state=state,
        notifications=tuple(page.notifications.all()),
    )
