"""Who is told, when, and what happened: the ladder of a subject, past and future."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from django.db.models import Count

from oncall.conditions import said
from oncall.models import Escalation, EscalationPolicy, Notice, Notification, Page
from oncall.services.ladder import (
    FrozenStep,
    freeze,
    rooms_of,
    tells_only_rooms,
    urgencies_of,
)
from oncall.services.reach import Reachable
from oncall.services.turns import Turns
from oncall.services.walking import after_step
from oncall.wording import reason

MOST_FUTURE_RUNGS = 12
MOST_WALKS = 5


@dataclass(frozen=True, slots=True)
class Rung:
    """One person, or one channel, on one step. `state` is paged, held, acknowledged,
    ended, told (a channel) or planned; `lap` and `step` count from 1, those of another
    `walk` anew. `notifications` is empty for planned ones.

    One that waits, or will, has the instant and the reason: "SEV3 waits for working
    hours"; so has one without anybody: "nobody is on call in primary". `bundled` is
    with how many others it went out in one message.
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
    room: str = ""
    walk: int = 0


def ladder(*, subject: str, at: datetime) -> list[Rung]:
    """All rungs of the latest escalations about `subject`, in time order.

    Future ones are as the schedules stand at `at`; somebody may answer before.
    """
    walks = list(Escalation.objects.filter(subject=subject)[:MOST_WALKS])[::-1]
    rungs = _past_rungs(walks)
    latest = walks[-1] if walks else None
    if latest and latest.state == Escalation.State.RUNNING and latest.next_step_at:
        rungs += planned(
            latest.steps,
            repeats=latest.repeats,
            start=max(latest.next_step_at, at),
            lap=latest.lap,
            step=latest.step,
            severity=latest.severity,
            urgencies=latest.urgencies,
            labels=latest.labels,
            tells_rooms=latest.tells_channels,
            walk=latest.pk,
        )
    return rungs


def simulate(
    policy: EscalationPolicy,
    *,
    at: datetime,
    severity: str = "SEV2",
    labels: Mapping[str, str] | None = None,
) -> list[Rung]:
    """Who would be told when, if something of `severity` with `labels` happened at
    `at`. Nothing is sent, and nobody's turn is taken."""
    return planned(
        freeze(policy),
        repeats=policy.repeats,
        start=at,
        severity=severity,
        urgencies=urgencies_of(policy),
        labels=labels or {},
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
    labels: Mapping[str, str],
    tells_rooms: bool = True,
    walk: int = 0,
) -> list[Rung]:
    """The rungs from one step on, a dozen at most. A step that reaches nobody shows
    as a rung without a person, which says why, and takes no time."""
    rungs: list[Rung] = []
    turns = Turns()
    while lap <= repeats and len(rungs) < MOST_FUTURE_RUNGS:
        one = steps[step]
        reach = Reachable(at=start, turns=turns)
        counts = reach.counts(one, severity=severity, labels=labels)
        users = reach.users_of(one) if counts else []
        rooms = rooms_of(one) if counts and tells_rooms else []
        verdicts = [
            reach.verdict(user, severity=severity, urgencies=urgencies)
            for user in users
        ]
        empty = Rung(lap + 1, step + 1, start, "", None, "planned", walk=walk)
        found = [
            replace(
                empty,
                user=str(user),
                user_id=user.pk,
                held_until=verdict.until,
                because=reason(verdict.held, severity),
            )
            for user, verdict in zip(users, verdicts, strict=True)
        ]
        if not found and (not rooms or not tells_only_rooms(one)):
            found = [replace(empty, because=why_nobody(one, counts=counts))]
        rungs += found + [replace(empty, room=room["label"]) for room in rooms]
        start = after_step(one, verdicts, at=start) if counts else start
        step += 1
        if step == len(steps):
            lap, step = lap + 1, 0
    return rungs


def why_nobody(step: FrozenStep, *, counts: bool) -> str:
    """Why a step reaches nobody: "only for SEV1"."""
    if not counts:
        return f"only for {said(step.get('when', {}))}"
    return "; ".join(
        _WHY[target["kind"]].format(target["label"])
        for target in step["targets"]
        if target["kind"] != "channel"
    )


_WHY = {
    "user": "{} is no longer active",
    "schedule": "nobody is on call in {}",
    "team": "{} has no active members",
    "admins": "there is no active admin",
}


def _past_rungs(walks: list[Escalation]) -> list[Rung]:
    by_id = {walk.pk: walk for walk in walks}
    pages = list(
        Page.objects.filter(escalation__in=walks)
        .select_related("user", "bundle")
        .annotate(in_bundle=Count("bundle__pages"))
        .prefetch_related("notifications")
    )
    notices = Notice.objects.filter(escalation__in=walks)
    told = _told_in_bundles(pages)
    rungs = [_past(page, by_id[page.escalation_id], told) for page in pages]
    rungs += map(_told_room, notices.prefetch_related("notifications"))
    order = {pk: place for place, pk in enumerate(by_id)}
    return sorted(rungs, key=lambda one: (order[one.walk], one.at, one.lap, one.step))


def _told_room(notice: Notice) -> Rung:
    return Rung(
        lap=notice.lap + 1,
        step=notice.step + 1,
        at=notice.created_at,
        user="",
        user_id=None,
        state="told",
        notifications=tuple(notice.notifications.all()),
        room=notice.label,
        walk=notice.escalation_id,
    )


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
        walk=page.escalation_id,
    )
