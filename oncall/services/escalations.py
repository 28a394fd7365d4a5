"""Starting, walking and stopping escalations. A page that is owed is a row.

Everything here runs in the caller's transaction or its own; nothing is sent. The
engine finds the rows.
"""

import logging
from datetime import datetime, timedelta

from django.db import IntegrityError, transaction

from accounts.models import User
from core.hints import RUN_ENGINE, wake
from core.live import publish
from oncall.models import (
    ContactMethod,
    Escalation,
    EscalationPolicy,
    EscalationQuerySet,
    Notification,
    Page,
)
from oncall.services.ladder import FrozenStep, admins_step, freeze, users_of
from oncall.signals import escalation_exhausted, page_acknowledged, page_progress

logger = logging.getLogger(__name__)

# A subject's title may be as long by itself, and gets its severity and number before.
TITLE_LENGTH = 1024
SEVERITIES = ("SEV1", "SEV2", "SEV3", "SEV4")


def _locked(*, skip_locked: bool = False) -> EscalationQuerySet:
    """Escalations to change. Others may go on adding rows that refer to them."""
    return Escalation.objects.select_for_update(no_key=True, skip_locked=skip_locked)


@transaction.atomic
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
) -> Escalation:
    """Begin paging about `subject`; its first step's pages are due at once.

    Returns the running escalation of the subject when there is one already. `steps`
    replaces the policy's, for pages by hand. A long title is cut.
    """
    running = Escalation.objects.running().filter(subject=subject).first()
    if running is not None:
        return running
    try:
        with transaction.atomic():
            escalation = Escalation.objects.create(
                subject=subject,
                title=title[:TITLE_LENGTH],
                body=body,
                url=url,
                severity=severity,
                policy=policy,
                policy_name=policy.name if policy else "",
                policy_version=policy.version if policy else 0,
                steps=steps or freeze(policy),
                repeats=policy.repeats if policy else 2,
                started_at=at,
                next_step_at=at,
            )
    except IntegrityError:  # somebody else was first
        return Escalation.objects.running().get(subject=subject)
    take_due_steps(escalation, at=at)
    wake(RUN_ENGINE)
    return escalation


def take_due_steps(escalation: Escalation, *, at: datetime) -> None:
    """Write the pages of every step that is due. Call with the row locked or new.

    A step that reaches nobody is passed over at once and says so.
    """
    while (
        escalation.state == Escalation.State.RUNNING
        and escalation.next_step_at is not None
        and escalation.next_step_at <= at
    ):
        if escalation.lap > escalation.repeats:
            _exhaust(escalation, at=at)
            return
        reached = _page_step(escalation, at=at)
        delay = _delay(escalation) if reached else timedelta(0)
        _move_on(escalation, at=at, delay=delay)


def _page_step(escalation: Escalation, *, at: datetime) -> bool:
    """Page everyone of the current step; return whether there was anyone."""
    step: FrozenStep = escalation.steps[escalation.step]
    users = users_of(step, at=at)
    for user in users:
        page, is_new = Page.objects.get_or_create(
            escalation=escalation,
            lap=escalation.lap,
            step=escalation.step,
            user=user,
            defaults={"created_at": at},
        )
        if is_new:
            owe_page(page, user=user, at=at)
    if not users:
        labels = ", ".join(target["label"] for target in step["targets"]) or "no one"
        _tell(escalation, at, f"Step {escalation.step + 1} ({labels}) reaches nobody.")
    return bool(users)


def owe_page(page: Page, *, user: User, at: datetime, again: str = "") -> None:
    """Write one due notification for each verified contact method of `user`.

    Somebody without one is reached at the address they sign in with. `again` says
    why a page is sent another time: "SEV1"; the same reason owes it once.
    """
    suffix = f":{again}" if again else ""
    escalation = page.escalation
    methods: list[ContactMethod | None] = list(
        user.contact_methods.exclude(verified_at=None)
    ) or [None]
    Notification.objects.bulk_create(
        [
            Notification(
                page=page,
                user=user,
                method=method,
                subject=escalation.subject,
                channel=method.kind if method else "email",
                address=method.address if method else user.email,
                title=escalation.title,
                body=escalation.body,
                url=escalation.url,
                urgent=True,
                idempotency_key=(
                    f"page:{page.pk}:{method.pk if method else 'account'}{suffix}"
                ),
                created_at=at,
                due_at=at + (method.delay if method else timedelta(0)),
            )
            for method in methods
        ],
        ignore_conflicts=True,
    )


@transaction.atomic
def raise_urgency(
    *, subject: str, severity: str, title: str, body: str, at: datetime
) -> bool:
    """Tell those who are being paged that it got worse; wake nobody else.

    Once per severity and page, however often asked. False when nothing is running.
    """
    escalation = _locked().running().filter(subject=subject).first()
    if escalation is None:
        return False
    escalation.severity, escalation.body = severity, body
    escalation.title = title[:TITLE_LENGTH]
    escalation.save(update_fields=["severity", "title", "body"])
    for page in escalation.pages.filter(ended_at=None).select_related("user"):
        page.escalation = escalation
        owe_page(page, user=page.user, at=at, again=severity)
    wake(RUN_ENGINE)
    return True


def _delay(escalation: Escalation) -> timedelta:
    return timedelta(seconds=escalation.steps[escalation.step]["delay_seconds"])


def _move_on(escalation: Escalation, *, at: datetime, delay: timedelta) -> None:
    escalation.step += 1
    if escalation.step >= len(escalation.steps):
        escalation.step = 0
        escalation.lap += 1
    escalation.next_step_at = at + delay
    escalation.save(update_fields=["step", "lap", "next_step_at"])


def _exhaust(escalation: Escalation, *, at: datetime) -> None:
    """End on what someone always sees: a page to every admin, and a signal."""
    escalation.state = Escalation.State.EXHAUSTED
    escalation.ended_at = at
    escalation.next_step_at = None
    escalation.save(update_fields=["state", "ended_at", "next_step_at"])
    last = escalation.repeats + 1
    for user in users_of(admins_step(), at=at):
        page, is_new = Page.objects.get_or_create(
            escalation=escalation,
            lap=last,
            step=0,
            user=user,
            defaults={"created_at": at},
        )
        if is_new:
            owe_page(page, user=user, at=at)
    _tell(escalation, at, "Nobody answered on any step; every admin was paged.")
    escalation_exhausted.send(Escalation, subject=escalation.subject, at=at)


@transaction.atomic
def acknowledge_escalation(*, subject: str, by: User | None, at: datetime) -> bool:
    """Stop paging because somebody responds. False when nothing was running."""
    return _end(subject, state=Escalation.State.ACKNOWLEDGED, by=by, at=at)


@transaction.atomic
def stop_escalation(*, subject: str, at: datetime) -> bool:
    """Stop paging because there is nothing left to answer."""
    return _end(subject, state=Escalation.State.STOPPED, by=None, at=at)


def _end(subject: str, *, state: str, by: User | None, at: datetime) -> bool:
    escalation = _locked().answerable().filter(subject=subject).first()
    if escalation is None:
        return False
    escalation.state = state
    escalation.ended_at = at
    escalation.next_step_at = None
    escalation.acknowledged_by = by
    escalation.save(
        update_fields=["state", "ended_at", "next_step_at", "acknowledged_by"]
    )
    pages = escalation.pages.filter(ended_at=None)
    if by is not None:
        pages.filter(user=by).update(acknowledged_at=at)
    pages.update(ended_at=at)
    Notification.objects.filter(
        page__escalation=escalation, state=Notification.State.DUE
    ).update(state=Notification.State.CANCELLED, detail="No longer needed")
    publish("oncall", subject)
    return True


@transaction.atomic
def escalate_now(*, subject: str, at: datetime) -> bool:
    """Take the next step without waiting for it. False when nothing is running."""
    escalation = _locked().running().filter(subject=subject).first()
    if escalation is None:
        return False
    escalation.next_step_at = at
    take_due_steps(escalation, at=at)
    wake(RUN_ENGINE)
    return True


def hurry_after(page: Page, *, at: datetime) -> None:
    """Make the step after this page's due now, if the ladder still waits for it."""
    escalation = _locked().running().filter(pk=page.escalation_id).first()
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
    escalation = _locked().get(pk=page.escalation_id)
    if page.acknowledged_at is None:
        page.acknowledged_at = at
        page.save(update_fields=["acknowledged_at"])
    subject = escalation.subject
    if acknowledge_escalation(subject=subject, by=page.user, at=at):
        page_acknowledged.send(Page, subject=subject, by=page.user, at=at, via=via)
    return page


def walk_due_escalations(*, at: datetime, limit: int = 100) -> int:
    """Advance escalations whose next step is due, the most severe first.

    Each in a savepoint of its own, so one that cannot be walked holds up no other.
    Returns how many were due.
    """
    with transaction.atomic():
        due = list(
            _locked(skip_locked=True)
            .due(at=at)
            .order_by("severity", "next_step_at")[:limit]
        )
        for escalation in due:
            try:
                with transaction.atomic():
                    take_due_steps(escalation, at=at)
            except Exception:
                # Tried again in a minute; logged in full, shown as overdue.
                logger.exception("escalation %s could not be walked", escalation.pk)
                Escalation.objects.filter(pk=escalation.pk).update(
                    next_step_at=at + timedelta(minutes=1)
                )
    return len(due)


def _tell(escalation: Escalation, at: datetime, text: str) -> None:
    page_progress.send(Escalation, subject=escalation.subject, at=at, text=text)
