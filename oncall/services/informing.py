"""Telling people who are informed and not paged."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from accounts.models import User
from core.hints import RUN_ENGINE, wake
from core.http import absolute_url
from oncall.models import Notification, Schedule
from oncall.spans import span_text


def inform(
    *,
    key: str,
    address: str,
    title: str,
    body: str,
    url: str,
    subject: str,
    at: datetime,
) -> Notification:
    """Owe an e-mail to `address`. The same `key` owes it once, however often asked."""
    notification, is_new = Notification.objects.get_or_create(
        idempotency_key=key[:255],
        defaults={
            "subject": subject,
            "channel": "email",
            "address": address,
            "title": title[:1024],
            "body": body,
            "url": url,
            "created_at": at,
            "due_at": at,
        },
    )
    if is_new:
        wake(RUN_ENGINE)
    return notification


@dataclass(frozen=True, slots=True)
class Letter:
    """One message to one person. `key` is unique to person and occasion; `channel` and
    `address` are those of a contact method, or e-mail."""

    key: str
    address: str
    title: str
    body: str
    url: str
    subject: str
    channel: str = "email"
    user_id: int | None = None
    method_id: int | None = None


def inform_all(letters: Iterable[Letter], *, at: datetime) -> None:
    """Owe letters as `inform` owes one, in one statement."""
    owed = [
        Notification(
            idempotency_key=letter.key[:255],
            subject=letter.subject,
            channel=letter.channel,
            address=letter.address,
            title=letter.title[:1024],
            body=letter.body,
            url=letter.url,
            user_id=letter.user_id,
            method_id=letter.method_id,
            created_at=at,
            due_at=at,
        )
        for letter in letters
    ]
    if owed:
        Notification.objects.bulk_create(owed, ignore_conflicts=True, batch_size=500)
        wake(RUN_ENGINE)


def call_back_letters(*, subject: str, why: str) -> list[str]:
    """Cancel what is owed about the subject by letters with its keys and has not gone
    out. Return their keys, which may then be owed anew. What is on its way just then
    cannot be called back."""
    owed = Notification.objects.filter(
        subject=subject,
        page=None,
        notice=None,
        state=Notification.State.DUE,
        idempotency_key__startswith=f"{subject}:",
    )
    rows = list(owed.select_for_update(skip_locked=True).order_by("pk"))
    keys = [row.idempotency_key for row in rows]
    for row in rows:
        row.state, row.detail = Notification.State.CANCELLED, why
        row.idempotency_key = f"withdrawn:{row.pk}"
    Notification.objects.bulk_update(
        rows, ["state", "detail", "idempotency_key"], batch_size=500
    )
    return keys


def tell_person(
    person: User, *, schedule: Schedule, key: str, title: str, body: str, at: datetime
) -> None:
    """Owe a person a message about a schedule; none to those who cannot sign in."""
    if person.is_active:
        inform(
            key=key,
            address=person.email,
            title=title,
            body=body.strip(),
            url=absolute_url(schedule),
            subject=f"schedule:{schedule.pk}",
            at=at,
        )


def span_told(start: datetime, end: datetime, person: User) -> str:
    """A span in the person's own zone, which is named."""
    return f"{span_text(start, end, person.tz)} ({person.tz.key})"
