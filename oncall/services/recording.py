"""What providers answered, written down for many notifications at once."""

from __future__ import annotations

import random
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import connection, transaction

from accounts.models import User
from core.bulk import array
from core.hints import RUN_ENGINE, wake
from core.live import publish
from oncall.channels.base import (
    DeliveryError,
    Receipt,
    RetryableDeliveryError,
    UnknownDeliveryError,
)
from oncall.models import (
    ContactMethod,
    Escalation,
    Notice,
    Notification,
    Page,
)
from oncall.services import statements
from oncall.services.claimed import Claimed
from oncall.services.ladder import tells_only_rooms
from oncall.services.walking import locked
from oncall.signals import Progress, page_progress

RETRY_DELAYS = (timedelta(seconds=3), timedelta(seconds=15), timedelta(seconds=60))
LONGEST_ASKED_DELAY = timedelta(minutes=5)
STILL_HOPEFUL = (
    Notification.State.DUE,
    Notification.State.SENDING,
    Notification.State.SENT,
)


class NotBegunError(Exception):
    """There was no time left to send it before its lease ends: it is due again, at
    once or at `due_at`."""

    def __init__(self, message: str, due_at: datetime | None = None) -> None:
        super().__init__(message)
        self.due_at = due_at


class ProviderRestsError(RetryableDeliveryError):
    """Its provider has not answered lately, so it was not tried: the person's next
    method is due at once."""

    def __init__(self) -> None:
        super().__init__("Not tried: the provider has not answered lately")


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one claimed notification at `at`."""

    notification: Claimed
    result: Receipt | DeliveryError | NotBegunError
    at: datetime


@transaction.atomic
def record(outcomes: Collection[Outcome]) -> None:
    """Write down what became of claimed notifications; late words change nothing.

    What may still arrive is due again with backoff, and the person's next method at
    once; what has failed for good makes that or the ladder's next step due.
    """
    sent = [one for one in outcomes if isinstance(one.result, Receipt)]
    again = [one for one in outcomes if _is_tried_again(one)]
    failed = [
        one
        for one in outcomes
        if isinstance(one.result, DeliveryError) and not _is_tried_again(one)
    ]
    _lock_escalations(failed)
    told = _record_sent(sent)
    _record_again(again)
    _hurry_other_methods(again)
    lost = _record_failed(failed)
    _mark_methods(told, lost)
    _tell(told, lost)
    fall_through(lost)


def _lock_escalations(failed: Collection[Outcome]) -> None:
    """Before what delivers their pages, as whoever answers them does it: a failure may
    make their next step due in the end."""
    if not failed:
        return
    owed = [one.notification for one in failed]
    pages = {one.page_id for one in owed if one.page_id}
    bundles = {one.bundle_id for one in owed if one.bundle_id}
    notices = {one.notice_id for one in owed if one.notice_id}
    concerned: set[int] = set()
    for ids, rows in (
        (pages, Page.objects.filter(pk__in=pages, ended_at=None)),
        (bundles, Page.objects.filter(bundle__in=bundles, ended_at=None)),
        (notices, Notice.objects.filter(pk__in=notices)),
    ):
        if ids:
            concerned |= set(rows.values_list("escalation_id", flat=True))
    list(locked().running().filter(pk__in=concerned).order_by("pk"))


def _mark_methods(sent: Iterable[Outcome], failed: Iterable[Outcome]) -> None:
    """Know of each contact method whether its last message failed for good."""
    works = {pk for one in sent if (pk := one.notification.method_id)}
    fails = {pk: one.at for one in failed if (pk := one.notification.method_id)}
    if works:
        with connection.cursor() as cursor:
            cursor.execute(statements.METHODS_WORK, [sorted(works)])
    for pk in sorted(fails.keys() - works):
        unmarked = ContactMethod.objects.filter(pk=pk, failing_since=None)
        unmarked.update(failing_since=fails[pk])


def _is_tried_again(outcome: Outcome) -> bool:
    if isinstance(outcome.result, NotBegunError):
        return True
    temporary = isinstance(outcome.result, RetryableDeliveryError)
    return temporary and outcome.notification.attempts <= len(RETRY_DELAYS)


def _record_sent(outcomes: Sequence[Outcome]) -> list[Outcome]:
    """Return those that nobody had claimed again meanwhile."""
    receipts = [one.result for one in outcomes if isinstance(one.result, Receipt)]
    columns: list[list[Any]] = [
        [one.at for one in outcomes],
        [receipt.provider_id[:300] for receipt in receipts],
        [receipt.detail for receipt in receipts],
    ]
    return _written(statements.SENT, outcomes, columns)


def _record_failed(outcomes: Sequence[Outcome]) -> list[Outcome]:
    columns: list[list[Any]] = [
        [str(one.result) for one in outcomes],
        [_is_lost(one) for one in outcomes],
    ]
    return _written(statements.FAILED, outcomes, columns)


def _record_again(outcomes: Sequence[Outcome]) -> None:
    due = [_due_again(one) for one in outcomes]
    unused = [int(isinstance(one.result, NotBegunError)) for one in outcomes]
    words = [str(one.result) for one in outcomes]
    lost = [_is_lost(one) for one in outcomes]
    _written(statements.AGAIN, outcomes, [due, words, unused, lost])


def _is_lost(outcome: Outcome) -> bool:
    return isinstance(outcome.result, UnknownDeliveryError)


def _hurry_other_methods(outcomes: Iterable[Outcome]) -> None:
    """No page waits for the retries of one provider: another is tried meanwhile."""
    failed = [one for one in outcomes if isinstance(one.result, DeliveryError)]
    owed = [one.notification for one in failed]
    pages = [one.page_id for one in owed if one.page_id]
    bundles = [one.subject for one in owed if one.bundle_id]
    if pages or bundles:
        latest = max(one.at for one in failed)
        with connection.cursor() as cursor:
            cursor.execute(statements.UNTRIED_METHODS, [latest, pages, bundles])
        wake(RUN_ENGINE)


def _due_again(outcome: Outcome) -> datetime:
    if isinstance(outcome.result, NotBegunError):
        return outcome.result.due_at or outcome.at
    if not isinstance(outcome.result, RetryableDeliveryError):
        return outcome.at
    asked = timedelta(seconds=outcome.result.retry_after or 0)
    usual = RETRY_DELAYS[outcome.notification.attempts - 1]
    jitter = 1 + random.random() / 5  # noqa: S311  # spreads retries, no secret
    return outcome.at + max(usual, min(asked, LONGEST_ASKED_DELAY)) * jitter


def _written(
    statement: str, outcomes: Sequence[Outcome], columns: list[list[Any]]
) -> list[Outcome]:
    if not outcomes:
        return []
    ids = [one.notification.pk for one in outcomes]
    attempts = [one.notification.attempts for one in outcomes]
    with connection.cursor() as cursor:
        cursor.execute(statement, [array(one) for one in (ids, attempts, *columns)])
        rows = cursor.fetchall() if cursor.description else []
    changed = {row[0] for row in rows}
    return [one for one in outcomes if one.notification.pk in changed]


def _tell(sent: Iterable[Outcome], failed: Iterable[Outcome]) -> None:
    """Say it on the timelines of what the pages are about."""
    told = [(one, "by", "") for one in sent]
    told += [(one, "failed by", f": {one.result}") for one in failed]
    informed = {
        one.notification.subject for one, _, _ in told if not one.notification.page_id
    }
    publish(*informed)
    _tell_of_notices(told)
    paged = [(one, how, end) for one, how, end in told if one.notification.page_id]
    names = _names(one.notification for one, _, _ in paged)
    notes = [
        Progress(
            subject=one.notification.subject,
            at=one.at,
            text=f"Page to {names[one.notification.pk]} {how} "
            f"{one.notification.channel}{_doubt(one.notification)}{end}",
        )
        for one, how, end in paged
    ]
    if notes:
        page_progress.send(Notification, notes=notes)


def _tell_of_notices(told: Iterable[tuple[Outcome, str, str]]) -> None:
    noticed = [(one, how, end) for one, how, end in told if one.notification.notice_id]
    if not noticed:
        return
    labels = dict(
        Notice.objects.filter(
            pk__in=[one.notification.notice_id for one, _, _ in noticed]
        ).values_list("pk", "label")
    )
    notes = []
    for one, how, end in noticed:
        name = labels.get(one.notification.notice_id or 0)
        words = (
            f"was told{_doubt(one.notification)}."
            if how == "by"
            else (f"could not be told{end}")
        )
        notes.append(Progress(one.notification.subject, one.at, f"{name} {words}"))
    page_progress.send(Notification, notes=notes)


def _names(notifications: Iterable[Claimed]) -> dict[int, str]:
    """{notification: the name of whom it was for}. One query."""
    listed = list(notifications)
    ids = {one.user_id for one in listed if one.user_id}
    users = {user.pk: user for user in User.objects.raw(statements.NAMES, [list(ids)])}
    return {one.pk: str(users.get(one.user_id or 0)) for one in listed}


def _doubt(notification: Claimed) -> str:
    return ", possibly sent twice" if notification.possibly_twice else ""


def fall_through(outcomes: Iterable[Outcome]) -> None:
    """After failures: the person's next method is due now; when the whole step has
    reached nobody, the ladder's next step is."""
    failed = list(outcomes)
    if not failed:
        return
    _fall_through_bundles(failed)
    _hurry_after_notices(failed)
    at = {one.notification.page_id: one.at for one in failed}
    pages = Page.objects.filter(pk__in=[pk for pk in at if pk], ended_at=None)
    open_pages = {page.pk: page for page in pages}
    if not open_pages:
        return
    latest = max(at[pk] for pk in open_pages)
    with connection.cursor() as cursor:
        cursor.execute(statements.NEXT_METHODS, [latest, list(open_pages)])
        followed = {row[0] for row in cursor.fetchall()}
    stuck = [page for page in open_pages.values() if page.pk not in followed]
    _hurry_after(stuck, at=latest)
    wake(RUN_ENGINE)


def _hurry_after_notices(outcomes: Iterable[Outcome]) -> None:
    at = {
        one.notification.notice_id: one.at
        for one in outcomes
        if one.notification.notice_id
    }
    if at:
        _hurry_after(list(Notice.objects.filter(pk__in=at)), at=max(at.values()))
        wake(RUN_ENGINE)


def _fall_through_bundles(outcomes: Iterable[Outcome]) -> None:
    """As `fall_through`, for messages that carry several pages."""
    failed = [one for one in outcomes if one.notification.bundle_id]
    if not failed:
        return
    latest = max(one.at for one in failed)
    ids = {one.notification.subject: one.notification.bundle_id for one in failed}
    with connection.cursor() as cursor:
        cursor.execute(statements.NEXT_OF_BUNDLES, [latest, list(ids)])
    hopeful = Notification.objects.filter(subject__in=ids, state__in=STILL_HOPEFUL)
    lost = ids.keys() - set(hopeful.values_list("subject", flat=True))
    stuck = Page.objects.filter(bundle__in=[ids[one] for one in lost], ended_at=None)
    _hurry_after(list(stuck), at=latest)
    wake(RUN_ENGINE)


def _hurry_after(pages: Collection[Page | Notice], *, at: datetime) -> None:
    """Make the step after these pages' due now, where their step has reached nobody
    and the ladder still waits for it."""
    if not pages:
        return
    ids = sorted({page.escalation_id for page in pages})
    escalations = locked().running().filter(pk__in=ids).order_by("pk")
    running = {escalation.pk: escalation for escalation in escalations}
    hopeful = set(
        Notification.objects.filter(
            page__escalation__in=running, state__in=STILL_HOPEFUL
        ).values_list("page__escalation_id", "page__lap", "page__step")
    )
    hopeful |= {
        key
        for key in Notification.objects.filter(
            notice__escalation__in=running, state__in=STILL_HOPEFUL
        ).values_list("notice__escalation_id", "notice__lap", "notice__step")
        if tells_only_rooms(running[key[0]].steps[key[2]])
    }
    hurried = [
        running[page.escalation_id]
        for page in pages
        if page.escalation_id in running
        and (page.escalation_id, page.lap, page.step) not in hopeful
        and _waits_for_step_after(page, running[page.escalation_id])
    ]
    Escalation.objects.filter(
        pk__in=[one.pk for one in hurried], next_step_at__gt=at
    ).update(next_step_at=at)


def _waits_for_step_after(page: Page | Notice, escalation: Escalation) -> bool:
    is_last = page.step + 1 == len(escalation.steps)
    following = (page.lap + 1, 0) if is_last else (page.lap, page.step + 1)
    return (escalation.lap, escalation.step) == following
