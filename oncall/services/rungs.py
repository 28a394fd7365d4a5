"""Who is told, when, and what happened: the ladder of a subject, past and future."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count

from oncall.conditions import said
from oncall.models import Escalation, EscalationPolicy, Notification, Page
from oncall.services.ladder import FrozenStep, freeze, urgencies_of
from oncall.services.reach import Reachable
from oncall.services.walking import after_step
from oncall.wording import reason

MOST_FUTURE_RUNGS = 12


@dataclass(frozen=True, slots=True)
class Rung:
    """One person on one step. `state` is paged, held, acknowledged, ended or planned;
    `lap` and `step` count from 1. `notifications` is empty for planned ones.

    One that waits, or will, has the instant and the reason: "SEV3 waits for working
    hours". `bundled` is with how many others it went out in one message.
    """

    lap: int
    step: int
    at: datetime
    user: str
    user_id: int | None
    state: str
    notifications: tuple[Notification, ...] = ()
    held_until: datetime | None = None
    because: str = ""
    bundled: int = 0


def ladder(*, subject: str, at: datetime) -> list[Rung]:
    """All rungs of the latest escalation about `subject`, in time order.

    Future ones are as the schedules stand at `at`; somebody may answer before.
    """
    escalation = Escalation.objects.filter(subject=subject).first()
    if escalation is None:
        return []
    pages = list(
        escalation.pages.select_related("user", "bundle")
        .annotate(in_bundle=Count("bundle__pages"))
        .prefetch_related("notifications")
    )
    told = _told_in_bundles(pages)
    rungs = [_past(page, escalation, told) for page in pages]
    if escalation.state == Escalation.State.RUNNING and escalation.next_step_at:
        rungs += planned(
            escalation.steps,
            repeats=escalation.repeats,
            start=max(escalation.next_step_at, at),
            lap=escalation.lap,
            step=escalation.step,
            severity=escalation.severity,
            urgencies=escalation.urgencies,
        )
    return rungs


def simulate(
    policy: EscalationPolicy, *, at: datetime, severity: str = "SEV2"
) -> list[Rung]:
    """Who would be told when, if something of `severity` happened at `at`. Nothing is
    sent."""
    return planned(
        freeze(policy),
        repeats=policy.repeats,
        start=at,
        severity=severity,
        urgencies=urgencies_of(policy),
    )


def planned(
    steps: list[FrozenStep],
    *,
    repeats: int,
    start: datetime,
    lap: int = 0,
    step: int = 0,
    severity: str,
    urgencies: Mapping[str, str],
) -> list[Rung]:
    """The rungs from one step on, a dozen at most. A step that reaches nobody shows
    as a rung without a person and takes no time."""
    rungs: list[Rung] = []
    while lap <= repeats and len(rungs) < MOST_FUTURE_RUNGS:
        reach = Reachable(at=start)
        counts = reach.counts(steps[step], severity=severity)
        users = reach.users_of(steps[step]) if counts else []
        verdicts = [
            reach.verdict(user, severity=severity, urgencies=urgencies)
            for user in users
        ]
        rungs += [
            Rung(
                lap + 1,
                step + 1,
                start,
                str(user),
                user.pk,
                "planned",
                held_until=verdict.until,
                because=reason(verdict.held, severity),
            )
            for user, verdict in zip(users, verdicts, strict=True)
        ] or [
            Rung(
                lap + 1,
                step + 1,
                start,
                "",
                None,
                "planned",
                because="" if counts else f"only for {said(steps[step]['when'])}",
            )
        ]
        start = after_step(steps[step], verdicts, at=start)
        step += 1
        if step == len(steps):
            lap, step = lap + 1, 0
    return rungs


def _told_in_bundles(pages: Iterable[Page]) -> dict[str, list[Notification]]:
    """{bundle's subject: what delivers it}. One query if there is any."""
    subjects = {page.bundle.subject for page in pages if page.bundle}
    told: dict[str, list[Notification]] = defaultdict(list)
    if subjects:
        for one in Notification.objects.filter(subject__in=subjects):
            told[one.subject].append(one)
    return told


def _past(
    page: Page, escalation: Escalation, told: Mapping[str, list[Notification]]
) -> Rung:
    if page.acknowledged_at:
        state = "acknowledged"
    elif page.ended_at:
        state = "ended"
    else:
        state = "held" if page.is_held else "paged"
    delivered = list(page.notifications.all())
    if page.bundle:
        delivered += told[page.bundle.subject]
    return Rung(
        lap=page.lap + 1,
        step=page.step + 1,
        at=page.created_at,
        user=str(page.user),
        user_id=page.user_id,
        state=state,
        notifications=tuple(delivered),
        held_until=page.held_until,
        because=reason(page.held_for, escalation.severity),
        bundled=max(0, getattr(page, "in_bundle", 0) - 1),
    )
