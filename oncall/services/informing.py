"""Telling people who are informed and not paged."""

from datetime import datetime

from core.hints import RUN_ENGINE, wake
from oncall.models import Notification


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
