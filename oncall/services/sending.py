"""Sending claimed notifications outside any transaction.

One thread, the desk, claims rows, hands them to the senders, and records what came
of them: whatever has come back while one batch was written is written in the next.
The senders are a pool of threads, and the courier for what needs none of its own.
No more is claimed than can be begun before the leases end.
"""

from __future__ import annotations

import hmac
import logging
import threading
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from functools import cache, lru_cache
from queue import Empty, SimpleQueue
from typing import Protocol

from django.conf import settings
from django.core import signing
from django.db import InterfaceError, OperationalError, connection
from django.urls import reverse
from django.utils.crypto import salted_hmac

from core.http import absolute_url
from core.kept import Answer, Exchange, Failure
from oncall.channels.base import (
    DeliveryError,
    Message,
    Receipt,
    RetryableDeliveryError,
)
from oncall.channels.provider import error_of
from oncall.channels.registry import POSTING, channel_for
from oncall.models import Notification
from oncall.services.claimed import Claimed
from oncall.services.courier import Courier
from oncall.services.providers import PATIENCE, Lanes, Providers, provider_of
from oncall.services.recording import NotBegunError, Outcome, ProviderRestsError

logger = logging.getLogger(__name__)

SEND_TIMEOUT_SECONDS = 7.0
LEASE = timedelta(seconds=11)
# What is left of a lease must be enough for the send and for its record.
LEAST_LEFT = timedelta(seconds=SEND_TIMEOUT_SECONDS + 1)
SENDERS = 64
MOST_CLAIMED = 4 * SENDERS
# Fewer are not worth a claim of their own while others are on their way.
LEAST_CLAIMED = SENDERS
DATABASE_REST_SECONDS = 0.5
LINK_SALT = "oncall.page"
BUNDLE_SALT = "oncall.bundle"
NOTICE_SALT = "oncall.notice"
HAS_BUTTONS = {"slack"}
THREADED = {"slack"}

Now = Callable[[], datetime]


class Claim(Protocol):
    def __call__(self, *, at: datetime, limit: int) -> list[Claimed]: ...


class Senders:
    """The senders of this process. Threads start with the first `wake`."""

    def __init__(
        self, *, claim: Claim, record: Callable[[list[Outcome]], None], now: Now
    ) -> None:
        self.claim = claim
        self.record = record
        self.now = now
        self.outcomes: SimpleQueue[Outcome | None] = SimpleQueue()
        self.is_woken = threading.Event()
        self.starting = threading.Lock()
        self.desk: threading.Thread | None = None
        self.threads = ThreadPoolExecutor(SENDERS, thread_name_prefix="sender")
        self.providers = Providers()
        self.lanes = Lanes(settings.PROVIDER_AT_ONCE, settings.PROVIDER_RATE)
        self.courier = Courier(begin=self._begin, end=self._end)
        self.under_way: set[int] = set()  # ids of what is claimed and not recorded

    def wake(self) -> None:
        """Say that there may be something to send. Returns at once."""
        if self.is_woken.is_set():
            return
        self.is_woken.set()
        with self.starting:
            if self.desk is None or not self.desk.is_alive():
                self.desk = threading.Thread(
                    target=self._run, name="sender desk", daemon=True
                )
                self.desk.start()
        self.outcomes.put(None)

    def _run(self) -> None:
        unrecorded: list[Outcome] = []
        while True:
            may_rest = not (unrecorded or self._wants_more())
            unrecorded += self._gather(wait=may_rest)
            try:
                self._write_down(unrecorded)
                unrecorded = []
                self.providers.tell()
                if self._wants_more():
                    self._hand_out()
            except (OperationalError, InterfaceError) as error:
                logger.warning("the senders wait for the database: %s", error)
                connection.close()
                time.sleep(DATABASE_REST_SECONDS)
            except Exception:
                # What was claimed keeps its lease and is claimed again after it.
                logger.exception("the senders' desk stumbled")
                connection.close()
                time.sleep(DATABASE_REST_SECONDS)

    def _gather(self, *, wait: bool) -> list[Outcome]:
        """What has come back since. `wait` for that, or for a call."""
        if wait and not self.under_way:
            connection.close()  # back to the pool while there is nothing to do
        gathered = []
        try:
            one = self.outcomes.get(block=wait)
            while True:
                if one is not None:
                    gathered.append(one)
                one = self.outcomes.get(block=False)
        except Empty:
            return gathered

    def _write_down(self, outcomes: list[Outcome]) -> None:
        try:
            if outcomes:
                self.record(outcomes)
        except (OperationalError, InterfaceError):
            raise
        except Exception:
            if len(outcomes) > 1:  # find the one at fault, and record the others
                middle = len(outcomes) // 2
                self._write_down(outcomes[:middle])
                self._write_down(outcomes[middle:])
                return
            logger.exception(
                "notification %s was not recorded", outcomes[0].notification.pk
            )
        self.under_way.difference_update(one.notification.pk for one in outcomes)

    def _wants_more(self) -> bool:
        room = MOST_CLAIMED - len(self.under_way)
        return self.is_woken.is_set() and room >= LEAST_CLAIMED

    def _hand_out(self) -> None:
        """Claim what there is room for; stay awake while there may be more."""
        room = MOST_CLAIMED - len(self.under_way)
        self.is_woken.clear()
        try:
            claimed = self.claim(at=self.now(), limit=room)
        except Exception:
            self.is_woken.set()
            raise
        self.under_way.update(notification.pk for notification in claimed)
        self._dispatch(self.lanes.enter(claimed))
        if len(claimed) == room:
            self.is_woken.set()

    def _dispatch(self, ready: Iterable[Claimed]) -> None:
        for_courier = []
        for one in ready:
            if one.channel in POSTING and not self.lanes.a_second.get(one.channel):
                for_courier.append(one)
            else:
                self.threads.submit(self._send, one)
        if for_courier:
            self.courier.hand(for_courier)

    def _send(self, notification: Claimed) -> None:
        """In a thread of its own."""
        self._is_over(self._in_turn(notification))
        connection.close()

    def _begin(self, notification: Claimed) -> Exchange | None:
        """In the courier's thread: what it is to carry, if it can."""
        began = self.now()
        try:
            exchange = POSTING[notification.channel].begin(
                message_of(notification),
                to=notification.address,
                timeout_seconds=SEND_TIMEOUT_SECONDS,
            )
        except Exception:  # what is wrong with it, its own thread finds out
            exchange = None
        if exchange is None:
            self.threads.submit(self._send, notification)
            return None
        reason = why_not(notification, at=began, providers=self.providers)
        if reason is None:
            return exchange
        exchange.close()
        self._is_over(Outcome(notification, reason, began))
        return None

    def _end(self, notification: Claimed, result: Answer | Failure) -> None:
        said = _said(notification, result)
        self._is_over(judged(notification, said, at=self.now(), known=self.providers))

    def _is_over(self, outcome: Outcome) -> None:
        following = self.lanes.leave(outcome.notification)
        if following is not None:
            self._dispatch([following])
        self.outcomes.put(outcome)

    def _in_turn(self, notification: Claimed) -> Outcome:
        """Send it when its provider takes it; what would wait too long, later."""
        at = self.now()
        turn = self.lanes.turn(notification, at=at)
        if turn - at > PATIENCE:
            late = NotBegunError("Waits, as the provider takes so many a second", turn)
            return Outcome(notification, late, at)
        time.sleep((turn - at).total_seconds())
        return attempt(notification, now=self.now, providers=self.providers)


def attempt(
    notification: Claimed, *, now: Now, providers: Providers | None = None
) -> Outcome:
    """Send one claimed notification and return what its provider said."""
    began, known = now(), providers or Providers()
    reason = why_not(notification, at=began, providers=known)
    if reason is not None:
        return Outcome(notification, reason, began)
    return judged(notification, _send(notification), at=now(), known=known)


def why_not(
    notification: Claimed, *, at: datetime, providers: Providers
) -> NotBegunError | ProviderRestsError | None:
    """Why it must not be begun at `at`; None where it may, and then it has to be."""
    lease_until = notification.lease_until
    if lease_until is not None and lease_until - at < LEAST_LEFT:
        return NotBegunError("Waits for a sender")
    provider = provider_of(notification.channel, notification.address)
    return None if providers.may_be_tried(provider, at=at) else ProviderRestsError()


def judged(
    notification: Claimed,
    result: Receipt | DeliveryError,
    *,
    at: datetime,
    known: Providers,
) -> Outcome:
    """What its provider said of one, remembered of the provider too."""
    provider = provider_of(notification.channel, notification.address)
    if not isinstance(result, RetryableDeliveryError):
        known.answered(provider)
    elif result.retry_after is None:
        known.failed(provider, at=at, words=str(result))
    return Outcome(notification, result, at)


def _said(notification: Claimed, result: Answer | Failure) -> Receipt | DeliveryError:
    channel = POSTING[notification.channel]
    try:
        if isinstance(result, Answer):
            return channel.receipt(result)
        return error_of(channel.label, result, timeout_seconds=SEND_TIMEOUT_SECONDS)
    except DeliveryError as error:
        return error
    except Exception as error:  # our own fault must not lose the page
        logger.exception("channel %s broke", notification.channel)
        return RetryableDeliveryError(f"{error}")


def _send(notification: Claimed) -> Receipt | DeliveryError:
    try:
        return channel_for(notification.channel).send(
            message_of(notification),
            to=notification.address,
            timeout_seconds=SEND_TIMEOUT_SECONDS,
        )
    except DeliveryError as error:
        return error
    except Exception as error:  # our own fault must not lose the page
        logger.exception("channel %s broke", notification.channel)
        return RetryableDeliveryError(f"{error}")


def message_of(notification: Claimed) -> Message:
    """What a channel is given. Pages carry a signed link that asks before it acts."""
    return Message(
        title=notification.title,
        body=notification.body,
        url=notification.url,
        idempotency_key=notification.idempotency_key,
        acknowledge_url=_acknowledge_url(notification),
        is_for_several=notification.bundle_id is not None,
        urgent=notification.urgent,
        thread=_thread_of(notification),
    )


def _acknowledge_url(notification: Claimed) -> str:
    if notification.bundle_id is not None:
        token = _signed(notification.bundle_id, BUNDLE_SALT)
        return absolute_url(_path("oncall:answer_bundle").replace("TOKEN", token))
    if notification.notice_id is not None and notification.channel in HAS_BUTTONS:
        # What the buttons carry; whoever presses one has to be known.
        token = _signed(notification.notice_id, NOTICE_SALT)
        return absolute_url(_path("oncall:answer").replace("TOKEN", token))
    if notification.page_id is None:
        return ""
    token = _signed(notification.page_id, LINK_SALT)
    return absolute_url(_path("oncall:answer").replace("TOKEN", token))


def _signed(pk: int, salt: str) -> str:
    """What `signing.loads` takes, with the key worked out once: that is most of the
    work of a link."""
    told = signing.b64_encode(b"%d" % pk).decode()  # an integer's JSON
    stamped = f"{told}:{signing.b62_encode(int(time.time()))}"
    signature = _primed(settings.SECRET_KEY, salt).copy()
    signature.update(stamped.encode())
    return f"{stamped}:{signing.b64_encode(signature.digest()).decode()}"


@lru_cache(maxsize=8)
def _primed(key: str, salt: str) -> hmac.HMAC:
    """As a `signing.Signer` signs, before it knows what."""
    algorithm = signing.TimestampSigner(key=key, salt=salt).algorithm
    return salted_hmac(f"{salt}signer", "", key, algorithm=algorithm)


def _thread_of(notification: Claimed) -> str:
    """What the provider calls the first message about the subject at this address."""
    if notification.channel not in THREADED or not notification.subject:
        return ""
    earlier = Notification.objects.filter(
        subject=notification.subject,
        channel=notification.channel,
        address=notification.address,
        state=Notification.State.SENT,
    ).exclude(provider_id="")
    first = earlier.order_by("pk").values_list("provider_id", flat=True).first()
    return first or ""


@cache
def _path(name: str) -> str:
    return reverse(name, args=["TOKEN"])
