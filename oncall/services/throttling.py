"""Storms: what one person gets beyond a bound is held back and bundled, not dropped."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import Count, Min, Q

from oncall.models import SEVERITIES, Bundle, Page, PagingHabits
from oncall.urgency import WORST, Held

WINDOW = timedelta(minutes=10)
# Later pages may fill half of the bound; the rest is kept for incidents yet unheard of.
SHARE_OF_LATER = 2


def hold_back(pages: Collection[Page], *, at: datetime) -> None:
    """Hold those of new `pages` that are beyond their person's bound until the oldest
    of what was sent is ten minutes old. Two queries.

    First pages go before later ones, the severe before others; the first page about
    something of the worst severity is never held back.
    """
    bounds = {page.user_id: most_pages(PagingHabits.of(page.user)) for page in pages}
    bounded = [user for user, most in bounds.items() if most]
    if not bounded:
        return
    told, oldest = _sent_lately(bounded, at=at)
    for page in sorted(pages, key=_rank):
        most = bounds[page.user_id]
        if not most or page.is_held:
            continue
        room = most if page.is_first else max(1, most // SHARE_OF_LATER)
        is_spared = page.is_first and page.escalation.severity == WORST
        if told[page.user_id] < room or is_spared:
            told[page.user_id] += 1
            continue
        page.held_for = Held.THROTTLE
        page.held_until = oldest.get(page.user_id, at) + WINDOW


def most_pages(habits: PagingHabits) -> int:
    """The person's bound in ten minutes, or that of the installation; 0 for none."""
    own = habits.most_pages
    return int(settings.MOST_PAGES) if own is None else own


def _rank(page: Page) -> tuple[bool, int]:
    return not page.is_first, SEVERITIES.index(page.escalation.severity)


def _sent_lately(
    users: Collection[int], *, at: datetime
) -> tuple[Counter[int], dict[int, datetime]]:
    """How many messages each got in the window before `at`, a bundle being one, and
    when the first of them was."""
    recent = Q(user__in=users, created_at__gt=at - WINDOW, created_at__lte=at)
    told: Counter[int] = Counter()
    oldest: dict[int, datetime] = {}
    for rows in (
        Page.objects.filter(recent, held_until=None),
        Bundle.objects.filter(recent),
    ):
        counted = (
            rows.order_by()
            .values("user")
            .annotate(n=Count("pk"), first=Min("created_at"))
        )
        for one in counted:
            told[one["user"]] += one["n"]
            first = one["first"]
            oldest[one["user"]] = min(first, oldest.get(one["user"], first))
    return told, oldest
