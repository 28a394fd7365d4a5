"""Letting go of pages that were held, several to one person as one message.

A held page is a row with a due time; this finds those that are due. Acknowledged
meanwhile, they are not sent.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from datetime import datetime

from django.db import transaction
from django.urls import reverse

from accounts.models import User
from core.bulk import insert_all
from core.hints import RUN_ENGINE, wake
from core.http import absolute_url
from oncall.models import SEVERITIES, Bundle, Escalation, Notification, Page
from oncall.services.owing import owe_notifications, ways_to_reach
from oncall.services.reach import Reachable
from oncall.services.rules import may_run
from oncall.signals import Progress, page_progress
from oncall.urgency import Held

RELEASE_BATCH = 500
MOST_LISTED = 50


@transaction.atomic
def release_held_pages(*, at: datetime, limit: int = RELEASE_BATCH) -> int:
    """Owe what delivers the held pages that are due. Returns how many were due.

    Locks the pages, which whoever answers them meanwhile waits for.
    """
    if not may_run(at=at):
        return 0
    due = Page.objects.held().filter(held_until__lte=at).order_by("user", "pk")
    pages = list(
        due.select_related("escalation", "user").select_for_update(
            of=("self",), no_key=True, skip_locked=True
        )[:limit]
    )
    if not pages:
        return 0
    reach = Reachable(at=at)
    groups: dict[tuple[int, bool], list[Page]] = defaultdict(list)
    for page in pages:
        groups[page.user_id, page.held_for == Held.DIGEST].append(page)
    single = [group[0] for group in groups.values() if len(group) == 1]
    owe_notifications(single, reach=reach)
    _bundle([group for group in groups.values() if len(group) > 1], reach=reach)
    Page.objects.bulk_update(pages, ["bundle"])
    Page.objects.filter(pk__in=[page.pk for page in pages]).update(released_at=at)
    wake(RUN_ENGINE)
    return len(pages)


def let_go(
    escalation: Escalation, users: Collection[User], *, reach: Reachable
) -> None:
    """Send now what is held for `users` about it. Call with the escalation locked."""
    held = Page.objects.held().filter(escalation=escalation, user__in=users)
    rows = held.select_related("user").select_for_update(of=("self",), no_key=True)
    pages = list(rows)
    for page in pages:
        page.escalation, page.released_at = escalation, reach.at
    Page.objects.bulk_update(pages, ["released_at"])
    owe_notifications(pages, reach=reach)


def _bundle(groups: Sequence[Sequence[Page]], *, reach: Reachable) -> None:
    bundles = [Bundle(user=group[0].user, created_at=reach.at) for group in groups]
    insert_all(bundles)
    for bundle, group in zip(bundles, groups, strict=True):
        for page in group:
            page.bundle = bundle
    ways = ways_to_reach([min(group, key=_rank) for group in groups], reach=reach)
    insert_all(
        Notification(
            user_id=bundle.user_id,
            method=method,
            channel=method.kind if method else "email",
            address=method.address if method else bundle.user.email,
            subject=bundle.subject,
            title=_title(group),
            body=_listed(group),
            url=absolute_url(reverse("oncall:bundle", args=[bundle.pk])),
            urgent=True,
            rank=min(_rank(page) for page in group),
            idempotency_key=f"{bundle.subject}:{method.pk if method else 'account'}",
            created_at=reach.at,
            due_at=reach.at + delay,
        )
        for bundle, group, group_ways in zip(bundles, groups, ways, strict=True)
        for method, delay in group_ways
    )
    notes = [
        Progress(
            page.escalation.subject,
            reach.at,
            f"Page to {page.user}, which was held, goes out in one message with "
            f"{len(group) - 1} other{'s' if len(group) > 2 else ''}.",
        )
        for group in groups
        for page in group
    ]
    if notes:
        page_progress.send(Bundle, notes=notes)


def _title(group: Sequence[Page]) -> str:
    count = len({page.escalation_id for page in group})
    if group[0].held_for == Held.DIGEST:
        return f"Daily digest: {count} to look at"
    return f"{count} wait for an answer"


def _listed(group: Iterable[Page]) -> str:
    by_severity = sorted(group, key=_rank)
    lines = dict.fromkeys(
        f"{page.escalation.title}\n{page.escalation.url}" for page in by_severity
    )
    shown = list(lines)[:MOST_LISTED]
    more = len(lines) - len(shown)
    return "\n\n".join(shown + ([f"And {more} more."] if more else []))


def _rank(page: Page) -> int:
    return SEVERITIES.index(page.escalation.severity) + 1
