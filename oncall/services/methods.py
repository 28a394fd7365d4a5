"""How a person is reached: adding, proving and ordering contact methods.

A code is sent while the person waits, outside any transaction, because it is kept
only as a hash. A test page takes the way of every page: a row that the engine sends.
"""

import secrets
from datetime import datetime, timedelta

from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.urls import reverse
from django.utils.crypto import constant_time_compare, salted_hmac

from accounts.models import AuditEntry, User
from accounts.services import record_audit
from core.errors import DomainError, InvalidInputError
from core.hints import RUN_ENGINE, wake
from core.http import absolute_url
from core.live import publish
from oncall.channels.base import DeliveryError, Message
from oncall.channels.registry import channel_for
from oncall.models import ContactMethod, Notification

CODE_LIFETIME = timedelta(minutes=15)
CODE_TRIES = 5
RESEND_AFTER = timedelta(minutes=1)
CODES_AN_HOUR = 10
TEST_AFTER = timedelta(seconds=30)
MOST_METHODS = 20
LONGEST_DELAY = timedelta(hours=24)
SEND_TIMEOUT_SECONDS = 7.0
CODE_SALT = "headwater.oncall.code"


def check_address(*, kind: str, address: str) -> str:
    """Return the address in normal form. May ask a name server: not for inside a
    transaction. Raises InvalidInputError."""
    try:
        return channel_for(kind).check_address(address)
    except DeliveryError as error:
        raise InvalidInputError({"kind": [str(error)]}) from error


@transaction.atomic
def add_method(
    *, kind: str, address: str, delay: timedelta, by: User, at: datetime
) -> ContactMethod:
    """Add a way to reach `by`, last in order, not used until it is verified.

    `address` comes from `check_address`. Raises InvalidInputError by field, and
    DomainError when there are too many.
    """
    mine = list(_locked(by))
    if len(mine) >= MOST_METHODS:
        raise DomainError(f"{MOST_METHODS} ways to be reached are enough.")
    _check_delay(delay)
    try:
        with transaction.atomic():
            method = ContactMethod.objects.create(
                user=by,
                kind=kind,
                address=address,
                delay=delay,
                position=max((one.position for one in mine), default=-1) + 1,
            )
    except IntegrityError as error:
        raise InvalidInputError({"address": ["You have this one already."]}) from error
    _note(method, "added", by=by, at=at)
    return method


def add_browser(*, address: str, by: User, at: datetime) -> ContactMethod:
    """Add a browser's push subscription. It needs no code: the browser of whoever is
    signed in gave it. Safe to repeat. Raises InvalidInputError."""
    address = check_address(kind="push", address=address)
    with transaction.atomic():
        found = by.contact_methods.filter(kind="push", address=address).first()
        method = found or add_method(
            kind="push", address=address, delay=timedelta(0), by=by, at=at
        )
        if method.verified_at is None:
            method.verified_at = at
            method.save(update_fields=["verified_at"])
            _note(method, "verified", by=by, at=at)
    return method


def send_code(*, method_id: int, by: User, at: datetime) -> None:
    """Send a new code through the method itself, and wait for the provider's answer.

    Raises ContactMethod.DoesNotExist when `by` has no such method, and DomainError
    when one was sent just now or the provider did not take it.
    """
    method, code = _renew_code(method_id=method_id, by=by, at=at)
    message = Message(
        title=f"{code} is your Headwater code",
        body=(
            f"Type {code} on the page of your contact methods within 15 minutes. "
            "If you did not ask for it, do nothing: this address is not used."
        ),
        url=absolute_url(reverse("oncall:me")),
        idempotency_key=f"code:{method.pk}:{at.isoformat()}",
        urgent=False,
    )
    try:
        channel_for(method.kind).send(
            message, to=method.address, timeout_seconds=SEND_TIMEOUT_SECONDS
        )
    except DeliveryError as error:
        raise DomainError(f"The code could not be sent. {error}") from error


@transaction.atomic
def _renew_code(*, method_id: int, by: User, at: datetime) -> tuple[ContactMethod, str]:
    method = ContactMethod.objects.select_for_update().get(pk=method_id, user=by)
    if method.verified_at is not None:
        raise DomainError("This one is verified already.")
    wait = code_wait(method, at=at)
    if wait > timedelta(0):
        seconds = wait.seconds + 1
        raise DomainError(f"A code was sent just now. Wait {seconds} s for another.")
    # Counted in the audit log, so that adding the address anew does not help.
    lately = AuditEntry.objects.filter(
        actor=by, action="contact_method.code_sent", at__gt=at - timedelta(hours=1)
    )
    if lately.count() >= CODES_AN_HOUR:
        raise DomainError(f"{CODES_AN_HOUR} codes an hour are enough. Try again later.")
    code = f"{secrets.randbelow(10**6):06d}"
    method.code_hash = _hash_code(method, code)
    method.code_expires_at = at + CODE_LIFETIME
    method.code_tries = 0
    method.save(update_fields=["code_hash", "code_expires_at", "code_tries"])
    _note(method, "code_sent", by=by, at=at)
    return method, code


def code_wait(method: ContactMethod, *, at: datetime) -> timedelta:
    """How long until another code may be sent; not above zero: now."""
    if method.code_expires_at is None:
        return timedelta(0)
    return method.code_expires_at - CODE_LIFETIME + RESEND_AFTER - at


def verify_method(
    *, method_id: int, code: str, by: User, at: datetime
) -> ContactMethod:
    """Take the method into use. Safe to repeat once it is verified.

    Raises ContactMethod.DoesNotExist, and InvalidInputError when the code is wrong,
    too old, or was tried too often.
    """
    method, refusal = _try_code(method_id=method_id, code=code, by=by, at=at)
    # Outside of the transaction, which must count the try.
    if refusal:
        raise InvalidInputError({"code": [refusal]})
    return method


@transaction.atomic
def _try_code(
    *, method_id: int, code: str, by: User, at: datetime
) -> tuple[ContactMethod, str]:
    method = ContactMethod.objects.select_for_update().get(pk=method_id, user=by)
    if method.verified_at is not None:
        return method, ""
    if method.code_expires_at is None or method.code_expires_at <= at:
        return method, "This code is too old. Have a new one sent."
    if method.code_tries >= CODE_TRIES:
        return method, "That was tried too often. Have a new code sent."
    if not constant_time_compare(_hash_code(method, code), method.code_hash):
        method.code_tries += 1
        method.save(update_fields=["code_tries"])
        return method, "This is not the code that was sent last."
    method.verified_at, method.code_hash = at, ""
    method.code_expires_at, method.code_tries = None, 0
    method.save(
        update_fields=["verified_at", "code_hash", "code_expires_at", "code_tries"]
    )
    _note(method, "verified", by=by, at=at)
    return method, ""


@transaction.atomic
def move_method(*, method_id: int, up: bool, by: User, at: datetime) -> None:
    """Move a method one place. At the end of the list nothing happens.

    Raises ContactMethod.DoesNotExist.
    """
    mine = list(_locked(by))
    moved = next((one for one in mine if one.pk == method_id), None)
    if moved is None:
        raise ContactMethod.DoesNotExist
    index = mine.index(moved)
    other = index - 1 if up else index + 1
    if not 0 <= other < len(mine):
        return
    mine[index], mine[other] = mine[other], mine[index]
    for position, method in enumerate(mine):
        method.position = position
    ContactMethod.objects.bulk_update(mine, ["position"])
    _note(moved, "moved", by=by, at=at)


@transaction.atomic
def change_delay(*, method_id: int, delay: timedelta, by: User, at: datetime) -> None:
    """Say how long after the beginning of a page a method is used.

    Raises ContactMethod.DoesNotExist and InvalidInputError.
    """
    _check_delay(delay)
    method = ContactMethod.objects.select_for_update().get(pk=method_id, user=by)
    method.delay = delay
    method.save(update_fields=["delay"])
    _note(method, "delay_changed", by=by, at=at)


@transaction.atomic
def delete_method(*, method_id: int, by: User, at: datetime) -> None:
    """Forget a method. What is owed through it is still sent.

    Raises ContactMethod.DoesNotExist.
    """
    method = ContactMethod.objects.select_for_update().get(pk=method_id, user=by)
    _note(method, "deleted", by=by, at=at)
    method.delete()


@transaction.atomic
def send_test_page(*, method_id: int, by: User, at: datetime) -> Notification:
    """Owe `by` a test page through one of their verified methods.

    Raises ContactMethod.DoesNotExist, and DomainError when one was sent just now.
    """
    methods = ContactMethod.objects.exclude(verified_at=None).select_for_update()
    method = methods.get(pk=method_id, user=by)
    lately = tests_of(by).filter(method=method, created_at__gt=at - TEST_AFTER)
    if lately.exists():
        raise DomainError("A test page was sent just now. Give it a moment.")
    notification = Notification.objects.create(
        user=by,
        method=method,
        subject=f"user:{by.pk}",
        channel=method.kind,
        address=method.address,
        title="Test page from Headwater",
        body="This is how a page reaches you. There is nothing to do.",
        url=absolute_url(reverse("oncall:me")),
        idempotency_key=f"test:{method.pk}:{at.isoformat()}",
        created_at=at,
        due_at=at,
    )
    _note(method, "tested", by=by, at=at)
    wake(RUN_ENGINE)
    return notification


def tests_of(user: User) -> QuerySet[Notification]:
    """The test pages of a person, newest first."""
    tests = Notification.objects.filter(subject=f"user:{user.pk}", page=None)
    return tests.order_by("-created_at")


def _locked(user: User) -> QuerySet[ContactMethod]:
    """The person's methods; the person's row is locked, so that two additions cannot
    pass the limit or share a position."""
    User.objects.select_for_update(no_key=True).get(pk=user.pk)
    return user.contact_methods.all()


def _check_delay(delay: timedelta) -> None:
    if not timedelta(0) <= delay <= LONGEST_DELAY:
        raise InvalidInputError({"delay": ["Wanted is 0 minutes to 24 hours."]})


def _hash_code(method: ContactMethod, code: str) -> str:
    # Keyed, because six digits are soon guessed from a plain hash.
    value = f"{method.pk}:{''.join(code.split())}"
    return salted_hmac(CODE_SALT, value, algorithm="sha256").hexdigest()


def _note(method: ContactMethod, what: str, *, by: User, at: datetime) -> None:
    record_audit(
        actor=by,
        action=f"contact_method.{what}",
        target=method.user,  # the address may hold a secret, as Apprise URLs do
        changes={"kind": method.kind},
        at=at,
    )
    publish(f"user:{by.pk}")
