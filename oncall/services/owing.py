"""Writing pages and the notifications that deliver them, however many, in a handful
of statements. Nothing is sent here."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime, timedelta

from core.bulk import insert_all
from oncall.models import SEVERITIES, ContactMethod, Escalation, Notification, Page
from oncall.services.reach import Reachable


def owe_pages(pages: Collection[Page], *, reach: Reachable) -> None:
    """Save new `pages`, whose escalation and user are set, with what delivers them."""
    if not pages:
        return
    insert_all(pages)
    owe_notifications(pages, reach=reach)


def owe_notifications(
    pages: Iterable[Page], *, reach: Reachable, again: str = ""
) -> None:
    """Write one due notification for each page and verified contact method.

    Somebody without one is reached at the address they sign in with. `again` says
    why a page is sent another time: "SEV1"; the same reason owes it once.
    """
    listed = list(pages)
    methods = reach.methods_of(page.user_id for page in listed)
    by_sign_in: list[ContactMethod | None] = [None]
    rows = [
        _notification(page, method, at=reach.at, again=again)
        for page in listed
        for method in methods[page.user_id] or by_sign_in
    ]
    if again:  # it may be owed already
        Notification.objects.bulk_create(rows, ignore_conflicts=True)
    else:
        insert_all(rows)


def _notification(
    page: Page, method: ContactMethod | None, *, at: datetime, again: str
) -> Notification:
    escalation = page.escalation
    suffix = f":{again}" if again else ""
    return Notification(
        page=page,
        user_id=page.user_id,
        method=method,
        subject=escalation.subject,
        channel=method.kind if method else "email",
        address=method.address if method else page.user.email,
        title=escalation.title,
        body=escalation.body,
        url=escalation.url,
        urgent=True,
        rank=_rank(escalation, is_first=page.is_first and not again),
        idempotency_key=(
            f"page:{page.pk}:{method.pk if method else 'account'}{suffix}"
        ),
        created_at=at,
        due_at=at + (method.delay if method else timedelta(0)),
    )


def _rank(escalation: Escalation, *, is_first: bool) -> int:
    """The first page of a subject goes before all that follow, however severe."""
    place = SEVERITIES.index(escalation.severity) + 1
    return place if is_first else place + len(SEVERITIES)
