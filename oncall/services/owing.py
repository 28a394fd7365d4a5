"""Writing pages and the notifications that deliver them, however many, in a handful
of statements. Nothing is sent here."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime, timedelta
from operator import itemgetter
from typing import NamedTuple

from core.bulk import insert_all, insert_values
from oncall.models import (
    SEVERITIES,
    ContactMethod,
    Escalation,
    Notice,
    Notification,
    Page,
)
from oncall.services.reach import Reachable
from oncall.services.throttling import hold_back

# None is the address somebody signs in with.
Way = tuple[ContactMethod | None, timedelta]


class _Owed(NamedTuple):
    """The columns of a new `Notification` of a page."""

    page_id: int
    user_id: int
    method_id: int | None
    subject: str
    channel: str
    address: str
    title: str
    body: str
    url: str
    urgent: bool
    rank: int
    idempotency_key: str
    created_at: datetime
    due_at: datetime


def owe_pages(pages: Collection[Page], *, reach: Reachable) -> None:
    """Save new `pages`, whose escalation and user are set, with what delivers them.
    Those to somebody who gets too many are held back."""
    if not pages:
        return
    hold_back(pages, at=reach.at)
    insert_all(pages)
    owe_notifications((page for page in pages if not page.is_held), reach=reach)


def owe_notices(notices: Collection[Notice], *, at: datetime) -> None:
    """Save new `notices` to channels, with what delivers each."""
    insert_all(notices)
    insert_all(
        Notification(
            notice=notice,
            subject=notice.escalation.subject,
            channel=notice.channel,
            address=notice.address,
            title=notice.escalation.title,
            body=notice.escalation.body,
            url=notice.escalation.url,
            urgent=True,
            rank=_rank(notice.escalation, is_first=False),
            idempotency_key=f"notice:{notice.pk}",
            created_at=at,
            due_at=at,
        )
        for notice in notices
    )


def owe_notifications(
    pages: Iterable[Page], *, reach: Reachable, again: str = ""
) -> None:
    """Write one due notification for each page and way to reach its person.

    `again` says why a page is sent another time: "SEV1"; the same reason owes it once.
    """
    listed = list(pages)
    rows = [
        _notification(page, method, delay, at=reach.at, again=again)
        for page, ways in zip(listed, ways_to_reach(listed, reach=reach), strict=True)
        for method, delay in ways
    ]
    if again:  # it may be owed already
        Notification.objects.bulk_create(
            [Notification(**row._asdict()) for row in rows], ignore_conflicts=True
        )
    else:
        insert_values(Notification, _Owed._fields, rows)


def ways_to_reach(pages: Iterable[Page], *, reach: Reachable) -> list[list[Way]]:
    """For each page the verified methods with their delays, the first one first.

    Where the person uses none for the severity, all are used; somebody without one is
    reached at the address they sign in with.
    """
    listed = list(pages)
    methods = reach.methods_of(page.user_id for page in listed)
    return [
        ways_for(methods[page.user_id], severity=page.escalation.severity)
        for page in listed
    ]


def ways_for(methods: Iterable[ContactMethod], *, severity: str) -> list[Way]:
    """As `ways_to_reach`, for somebody with these verified `methods`."""
    listed = list(methods)
    ways: list[Way] = [
        (method, delay)
        for method in listed
        if (delay := method.delay_for(severity)) is not None
    ]
    ways = ways or [(method, method.delay) for method in listed]
    return sorted(ways, key=itemgetter(1)) or [(None, timedelta(0))]


def _notification(
    page: Page,
    method: ContactMethod | None,
    delay: timedelta,
    *,
    at: datetime,
    again: str,
) -> _Owed:
    escalation = page.escalation
    suffix = f":{again}" if again else ""
    return _Owed(
        page_id=page.pk,
        user_id=page.user_id,
        method_id=method.pk if method else None,
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
        due_at=at + delay,
    )


def _rank(escalation: Escalation, *, is_first: bool) -> int:
    """The first page of a subject goes before all that follow, however severe."""
    place = SEVERITIES.index(escalation.severity) + 1
    return place if is_first else place + len(SEVERITIES)
