"""The paging engine: claims due rows, sends outside any transaction, records.

A row is claimed with SKIP LOCKED and leased. If the sender dies, the lease runs out
and the row is claimed again with the same idempotency key, marked as possibly sent
twice. A failed send is retried with backoff; when it has failed for good, the
person's next contact method is due at once, and after the last one the next step.
"""

import logging
import random
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from threading import BoundedSemaphore

from django.core import signing
from django.db import connection, transaction
from django.urls import reverse
from django.utils import timezone

from core.http import absolute_url
from core.live import publish
from oncall.channels.base import (
    DeliveryError,
    Message,
    Receipt,
    RetryableDeliveryError,
)
from oncall.channels.registry import channel_for
from oncall.models import EngineHeartbeat, Notification, Page
from oncall.services.escalations import hurry_after, walk_due_escalations
from oncall.signals import page_progress

logger = logging.getLogger(__name__)

SEND_TIMEOUT_SECONDS = 7.0
LEASE = timedelta(seconds=11)
RETRY_DELAYS = (timedelta(seconds=3), timedelta(seconds=15), timedelta(seconds=60))
SENDERS = 32
STILL_HOPEFUL = (
    Notification.State.DUE,
    Notification.State.SENDING,
    Notification.State.SENT,
)
LINK_SALT = "oncall.page"
HEARTBEAT_EVERY = timedelta(seconds=1)

_threads = ThreadPoolExecutor(SENDERS, thread_name_prefix="sender")
_free = BoundedSemaphore(SENDERS)


def tick(*, at: datetime) -> None:
    """Walk due escalations and hand due notifications to the senders.

    Returns without waiting for the sends. Safe to run in many processes at once.
    """
    while walk_due_escalations(at=at):
        pass
    while claimed := _claim_for_free_senders(at=at):
        for notification in claimed:
            _threads.submit(_send_and_release, notification)
    beat(at=at)


def _claim_for_free_senders(*, at: datetime) -> list[Notification]:
    """Claim no more than can be sent at once, so that no lease runs out in a queue."""
    slots = 0
    while slots < SENDERS and _free.acquire(blocking=False):
        slots += 1
    claimed: list[Notification] = []
    try:
        claimed = claim(at=at, limit=slots)
    finally:
        for _ in range(slots - len(claimed)):
            _free.release()
    return claimed


def claim(*, at: datetime, limit: int) -> list[Notification]:
    """Lease up to `limit` due notifications, urgent and older ones first."""
    with transaction.atomic():
        # Its sender died and somebody has answered since: nobody is paged again.
        Notification.objects.filter(
            state=Notification.State.SENDING,
            lease_until__lte=at,
            page__ended_at__isnull=False,
        ).update(
            state=Notification.State.CANCELLED,
            lease_until=None,
            detail="No longer needed; it may have been sent",
        )
        rows = list(
            Notification.objects.select_for_update(skip_locked=True, of=["self"])
            .due(at=at)
            .select_related("page")
            .order_by("-urgent", "due_at", "pk")[:limit]
        )
        for row in rows:
            row.possibly_twice = (
                row.possibly_twice or row.state == Notification.State.SENDING
            )
            row.state = Notification.State.SENDING
            row.lease_until = at + LEASE
            row.attempts += 1
            row.first_attempt_at = row.first_attempt_at or at
        Notification.objects.bulk_update(
            rows,
            ["state", "lease_until", "attempts", "possibly_twice", "first_attempt_at"],
        )
    return rows


def _send_and_release(notification: Notification) -> None:
    try:
        send(notification, now=timezone.now)
    except Exception:
        # The row keeps its lease and is claimed again when that ends.
        logger.exception("notification %s was not recorded", notification.pk)
    finally:
        _free.release()
        connection.close()


def send(notification: Notification, *, now: Callable[[], datetime]) -> None:
    """Send one claimed notification and record what its provider said."""
    try:
        receipt = channel_for(notification.channel).send(
            message_of(notification),
            to=notification.address,
            timeout_seconds=SEND_TIMEOUT_SECONDS,
        )
    except DeliveryError as error:
        record_failure(notification, error, at=now())
    except Exception as error:  # our own fault must not lose the page
        logger.exception("channel %s broke", notification.channel)
        record_failure(notification, RetryableDeliveryError(f"{error}"), at=now())
    else:
        record_success(notification, receipt, at=now())


def message_of(notification: Notification) -> Message:
    """What a channel is given. Pages carry a signed link that asks before it acts."""
    acknowledge_url = ""
    if notification.page_id is not None:
        token = signing.dumps(notification.page_id, salt=LINK_SALT)
        acknowledge_url = absolute_url(reverse("oncall:answer", args=[token]))
    return Message(
        title=notification.title,
        body=notification.body,
        url=notification.url,
        idempotency_key=notification.idempotency_key,
        acknowledge_url=acknowledge_url,
        urgent=notification.urgent,
    )


@transaction.atomic
def record_success(
    notification: Notification, receipt: Receipt, *, at: datetime
) -> None:
    if _finish(
        notification,
        state=Notification.State.SENT,
        sent_at=at,
        provider_id=receipt.provider_id[:300],
        detail=receipt.detail,
    ):
        _tell(notification, at, "by")


@transaction.atomic
def record_failure(
    notification: Notification, error: DeliveryError, *, at: datetime
) -> None:
    """Try again later if that may help; else let the next method or step take over."""
    tried = notification.attempts
    if isinstance(error, RetryableDeliveryError) and tried <= len(RETRY_DELAYS):
        asked = timedelta(seconds=error.retry_after or 0)
        delay = max(RETRY_DELAYS[tried - 1], min(asked, timedelta(minutes=5)))
        jitter = 1 + random.random() / 5  # noqa: S311  # spreads retries, no secret
        _finish(
            notification,
            state=Notification.State.DUE,
            due_at=at + delay * jitter,
            detail=str(error),
        )
        return
    if _finish(notification, state=Notification.State.FAILED, detail=str(error)):
        _tell(notification, at, "failed by", f": {error}")
        _fall_through(notification, at=at)


def _finish(notification: Notification, **fields: object) -> bool:
    """Record the outcome unless somebody else has claimed the row since.

    A page that ended while it was being sent is not tried again.
    """
    claimed = Notification.objects.filter(
        pk=notification.pk,
        state=Notification.State.SENDING,
        attempts=notification.attempts,
    )
    if fields["state"] == Notification.State.DUE and _page_is_over(notification):
        fields = {"state": Notification.State.CANCELLED, "detail": "No longer needed"}
    return claimed.update(lease_until=None, **fields) == 1


def _page_is_over(notification: Notification) -> bool:
    """As the database has it now: it may have ended during the send."""
    if notification.page_id is None:
        return False
    return Page.objects.filter(pk=notification.page_id, ended_at__isnull=False).exists()


def _fall_through(notification: Notification, *, at: datetime) -> None:
    """The person's next method is due now; when the whole step has reached nobody,
    the ladder's next step is."""
    page = notification.page
    if page is None or page.ended_at is not None:
        return
    following = page.notifications.filter(state=Notification.State.DUE).first()
    if following is not None:
        following.due_at = min(following.due_at, at)
        following.save(update_fields=["due_at"])
        return
    of_this_step = Notification.objects.filter(
        page__escalation=page.escalation_id, page__lap=page.lap, page__step=page.step
    )
    if not of_this_step.filter(state__in=STILL_HOPEFUL).exists():
        hurry_after(page, at=at)


def _tell(notification: Notification, at: datetime, how: str, end: str = "") -> None:
    if notification.page_id is None:
        publish(notification.subject)
        return
    doubt = ", possibly twice" if notification.possibly_twice else ""
    page_progress.send(
        Notification,
        subject=notification.subject,
        at=at,
        text=f"Page to {notification.user} {how} {notification.channel}{doubt}{end}",
    )


def beat(*, at: datetime) -> None:
    """Leave a sign that the engine runs, at most once a second."""
    fresh = EngineHeartbeat.objects.filter(
        duty="engine", finished_at__gt=at - HEARTBEAT_EVERY
    )
    if not fresh.exists():
        EngineHeartbeat.objects.update_or_create(
            duty="engine", defaults={"finished_at": at}
        )
