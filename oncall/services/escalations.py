"""Starting and stopping escalations. A page that is owed is a row.

Everything here runs in the caller's transaction or its own; nothing is sent. The
engine finds the rows.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.db import IntegrityError, transaction
from django.db.models import Q

from accounts.models import User
from core.bulk import insert_all
from core.hints import RUN_ENGINE, wake
from core.live import publish
from oncall.models import Escalation, EscalationPolicy, Notification, Page
from oncall.services.choosing import choose_policy, lapses_after, passed_over_words
from oncall.services.ladder import FrozenStep, tells_only_rooms
from oncall.services.lapsing import warning_time
from oncall.services.owing import owe_notifications
from oncall.services.reach import Reachable
from oncall.services.rules import may_run
from oncall.services.turns import Turns
from oncall.services.walking import (
    Walk,
    last_place,
    locked,
    plan_all,
    take_due_steps,
    verdict_on,
    write_pages,
)
from oncall.signals import page_acknowledged
from oncall.urgency import EVERY_SEVERITY, Held, Urgency

# A subject's title may be as long by itself, and gets its severity and number before.
TITLE_LENGTH = 1024


@dataclass(frozen=True, slots=True)
class Call:
    """What somebody is to be paged about, and by which policy. `steps` replaces the
    policy's, for pages by hand; those go out at once, whatever their severity or the
    policy's conditions. A long title is cut.

    Where the policy's conditions do not hold, the first of `otherwise` whose do takes
    its place. Channels are not told of what is private.
    """

    subject: str
    title: str
    body: str
    url: str
    severity: str
    policy: EscalationPolicy | None
    steps: tuple[FrozenStep, ...] = ()
    is_by_hand: bool = False
    otherwise: tuple[EscalationPolicy, ...] = ()
    labels: Mapping[str, str] = field(default_factory=dict)
    is_private: bool = False


def start_escalation(
    *,
    subject: str,
    title: str,
    body: str,
    url: str,
    severity: str,
    policy: EscalationPolicy | None,
    at: datetime,
    steps: list[FrozenStep] | None = None,
    is_private: bool = False,
) -> Escalation:
    """As `start_escalations`, for one; `steps` are those of a page by hand."""
    call = Call(
        subject=subject,
        title=title,
        body=body,
        url=url,
        severity=severity,
        policy=policy,
        steps=tuple(steps or ()),
        is_by_hand=steps is not None,
        is_private=is_private,
    )
    return start_escalations([call], at=at)[subject]


@transaction.atomic
def start_escalations(
    calls: Collection[Call], *, at: datetime
) -> dict[str, Escalation]:
    """Begin paging about each subject; the first steps' pages are due at once.

    Returns {subject: running escalation}; one that runs already is left as it is. A
    dozen statements for each policy among them, however many subjects.
    """
    subjects = [call.subject for call in calls]
    found = Escalation.objects.running().filter(subject__in=subjects)
    running = {escalation.subject: escalation for escalation in found}
    new = [call for call in calls if call.subject not in running]
    if not new:
        return running
    reach = _reach(at)
    try:
        with transaction.atomic():
            started = _start(new, reach=reach)
    except IntegrityError:  # somebody else was first with one of them
        reach.turns.forget()
        return running | _start_singly(new, reach=reach)
    wake(RUN_ENGINE)
    return running | {one.subject: one for one in started}


def _reach(at: datetime) -> Reachable:
    return Reachable(at=at, turns=Turns(is_keeper=True))


def _start(calls: Collection[Call], *, reach: Reachable) -> list[Escalation]:
    begun = [_begin(call, reach) for call in calls]
    new = [escalation for escalation, _ in begun]
    # By outdated rules no step is taken: the first is due, and an engine of the newer
    # ones takes it.
    is_current = may_run(at=reach.at)
    walks = plan_all(new, reach=reach) if is_current else [Walk(one) for one in new]
    for walk, (_, words) in zip(walks, begun, strict=True):
        walk.said[:0] = words
    insert_all(walk.escalation for walk in walks)
    write_pages(walks, reach=reach)
    return [walk.escalation for walk in walks]


def _start_singly(
    calls: Collection[Call], *, reach: Reachable
) -> dict[str, Escalation]:
    started: dict[str, Escalation] = {}
    for call in calls:
        try:
            with transaction.atomic():
                (started[call.subject],) = _start([call], reach=reach)
        except IntegrityError:
            reach.turns.forget()
            running = Escalation.objects.running()
            started[call.subject] = running.get(subject=call.subject)
    wake(RUN_ENGINE)
    return started


def _begin(call: Call, reach: Reachable) -> tuple[Escalation, list[str]]:
    """The escalation before its first step, and which policies were passed over."""
    policy = call.policy
    passed_over: list[EscalationPolicy] = []
    if not call.is_by_hand:
        candidates = [one for one in (policy, *call.otherwise) if one is not None]
        policy, passed_over = choose_policy(
            candidates, severity=call.severity, labels=call.labels, at=reach.at
        )
    words = passed_over_words(passed_over, policy)
    return _escalation(call, policy, reach), words


def _escalation(
    call: Call, policy: EscalationPolicy | None, reach: Reachable
) -> Escalation:
    return Escalation(
        subject=call.subject,
        title=call.title[:TITLE_LENGTH],
        body=call.body,
        url=call.url,
        severity=call.severity,
        policy=policy,
        policy_name=policy.name if policy else "",
        policy_version=policy.version if policy else 0,
        steps=list(call.steps) or reach.freeze(policy),
        repeats=policy.repeats if policy else 2,
        labels=dict(call.labels),
        tells_channels=not call.is_private,
        lapses_after=lapses_after(policy),
        urgencies=(
            {EVERY_SEVERITY: Urgency.NOW}
            if call.is_by_hand
            else reach.urgencies_of(policy)
        ),
        started_at=reach.at,
        next_step_at=reach.at,
    )


@transaction.atomic
def raise_urgency(
    *, subject: str, severity: str, title: str, body: str, at: datetime
) -> bool:
    """Tell those who are being paged that it got worse; wake nobody else. Pages that
    waited because of the lower severity go out.

    Once per severity and page, however often asked. False when nothing is running.
    """
    escalation = locked().running().filter(subject=subject).first()
    if escalation is None:
        return False
    escalation.severity, escalation.body = severity, body
    escalation.title = title[:TITLE_LENGTH]
    escalation.save(update_fields=["severity", "title", "body"])
    reach = Reachable(at=at)
    pages = _due_now(escalation, reach=reach)
    owe_notifications(pages, reach=reach, again=severity)
    wake(RUN_ENGINE)
    return True


def _due_now(escalation: Escalation, *, reach: Reachable) -> list[Page]:
    """The escalation's open pages but for those that wait on. Those let go by its new
    severity start the wait for the next step."""
    pages = list(
        escalation.pages.filter(ended_at=None).select_related("user__paging_habits")
    )
    let_go = []
    for page in pages:
        page.escalation = escalation
        verdict = verdict_on(page.user, escalation, reach=reach)
        if page.is_held and page.held_for != Held.THROTTLE and not verdict.until:
            page.released_at = reach.at
            let_go.append(page)
    if let_go:
        Page.objects.bulk_update(let_go, ["released_at"])
        delay = escalation.steps[let_go[-1].step % len(escalation.steps)]
        soonest = reach.at + timedelta(seconds=delay["delay_seconds"])
        if escalation.next_step_at and escalation.next_step_at > soonest:
            escalation.next_step_at = soonest
            escalation.save(update_fields=["next_step_at"])
    return [page for page in pages if not page.is_held]


@transaction.atomic
def keep_from_channels(*, subject: str, is_private: bool, at: datetime) -> None:
    """Channels are not told of what is private: neither by the steps to come nor by
    what is still to be sent. What is on its way just then cannot be called back.

    A step that only told channels, and none yet, is passed over.
    """
    escalation = locked().answerable().filter(subject=subject).order_by("-pk").first()
    if escalation is None:
        return
    escalation.tells_channels = not is_private
    if is_private and _call_back_notices(escalation):
        escalation.next_step_at = min(escalation.next_step_at or at, at)
        wake(RUN_ENGINE)
    escalation.save(update_fields=["tells_channels", "next_step_at"])


def _call_back_notices(escalation: Escalation) -> bool:
    """Whether the ladder waits for a step that has now told nobody."""
    owed = Notification.objects.filter(notice__escalation=escalation)
    unsent = owed.filter(state=Notification.State.DUE)
    if not unsent.update(
        state=Notification.State.CANCELLED, detail="Not sent: it became private"
    ):
        return False
    lap, step = last_place(escalation)
    told = owed.filter(notice__lap=lap, notice__step=step)
    waits = escalation.state == Escalation.State.RUNNING
    is_told = told.exclude(state=Notification.State.CANCELLED).exists()
    return waits and tells_only_rooms(escalation.steps[step]) and not is_told


@transaction.atomic
def acknowledge_escalation(*, subject: str, by: User | None, at: datetime) -> bool:
    """Stop paging because somebody responds. False when nothing was running."""
    return _end(subject, state=Escalation.State.ACKNOWLEDGED, by=by, at=at)


@transaction.atomic
def stop_escalation(*, subject: str, at: datetime) -> bool:
    """Stop paging because there is nothing left to answer."""
    return _end(subject, state=Escalation.State.STOPPED, by=None, at=at)


def _end(subject: str, *, state: str, by: User | None, at: datetime) -> bool:
    escalation = locked().answerable().filter(subject=subject).first()
    if escalation is None:
        return False
    escalation.state = state
    escalation.ended_at = at
    escalation.next_step_at = None
    escalation.acknowledged_by = by
    lasts = escalation.lapses_after
    if state == Escalation.State.ACKNOWLEDGED and lasts:
        escalation.look_at = at + lasts - warning_time(lasts)
    escalation.save(
        update_fields=[
            "state",
            "ended_at",
            "next_step_at",
            "acknowledged_by",
            "look_at",
        ]
    )
    pages = escalation.pages.filter(ended_at=None)
    if by is not None:
        pages.filter(user=by).update(acknowledged_at=at)
    pages.update(ended_at=at)
    owed = Q(page__escalation=escalation) | Q(notice__escalation=escalation)
    Notification.objects.filter(owed, state=Notification.State.DUE).update(
        state=Notification.State.CANCELLED, detail="No longer needed"
    )
    publish("oncall", subject)
    return True


@transaction.atomic
def escalate_now(
    *, subject: str, at: datetime, severity: str = "", is_by_hand: bool = False
) -> bool:
    """Take the next step without waiting for it, now of `severity` if that has
    changed. What a person asks for is not held until working hours.

    False when nothing is running.
    """
    escalation = locked().running().filter(subject=subject).first()
    if escalation is None:
        return False
    escalation.severity = severity or escalation.severity
    if is_by_hand:
        escalation.urgencies = {EVERY_SEVERITY: Urgency.NOW}
    escalation.save(update_fields=["severity", "urgencies"])
    escalation.next_step_at = at
    take_due_steps([escalation], reach=_reach(at))
    wake(RUN_ENGINE)
    return True


def hurry_after(page: Page, *, at: datetime) -> None:
    """Make the step after this page's due now, if the ladder still waits for it."""
    escalation = locked().running().filter(pk=page.escalation_id).first()
    if escalation is None or escalation.next_step_at is None:
        return
    is_last = page.step + 1 == len(escalation.steps)
    following = (page.lap + 1, 0) if is_last else (page.lap, page.step + 1)
    if (escalation.lap, escalation.step) == following:
        escalation.next_step_at = min(escalation.next_step_at, at)
        escalation.save(update_fields=["next_step_at"])


@transaction.atomic
def acknowledge_page(*, page_id: int, at: datetime, via: str) -> Page:
    """A person answered one page: stop paging everybody about its subject.

    Doing it twice or late is fine; late is recorded on the page. Raises
    Page.DoesNotExist.
    """
    page = Page.objects.select_related("user").get(pk=page_id)
    # The escalation before its pages, as everybody who ends one does it.
    escalation = locked().get(pk=page.escalation_id)
    if page.acknowledged_at is None:
        page.acknowledged_at = at
        page.save(update_fields=["acknowledged_at"])
    subject = escalation.subject
    if acknowledge_escalation(subject=subject, by=page.user, at=at):
        page_acknowledged.send(Page, subject=subject, by=page.user, at=at, via=via)
    return page
