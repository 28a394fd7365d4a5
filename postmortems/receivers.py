"""What the home page and the search of `incidents` hear from here."""

from __future__ import annotations

from datetime import datetime, time

from django.utils import timezone

from accounts.models import User
from incidents.signals import FoundThing, HomeItem
from postmortems import queries
from postmortems.models import ActionItem


def add_home_items(
    sender: object, *, user: User, at: datetime, **_: object
) -> list[HomeItem]:
    """Overdue action items of this person, then reviews that wait for a reader."""
    today = timezone.localdate(at, user.tz)
    overdue = queries.overdue_items(user, today=today)
    items = [
        HomeItem(
            title=item.title,
            url=item.get_absolute_url(),
            word="Action item, overdue",
            due_at=_end_of(item, user),
            is_late=True,
        )
        for item in overdue
    ]
    if user.can_respond:
        items += [
            HomeItem(one.title, one.get_absolute_url(), "Postmortem to review")
            for one in queries.awaiting_review(user)
        ]
    return items


def _end_of(item: ActionItem, user: User) -> datetime | None:
    """The end of the day it was due, in the person's zone."""
    if item.due_on is None:
        return None
    return datetime.combine(item.due_on, time.max, tzinfo=user.tz)


def find(sender: object, *, user: User, q: str, **_: object) -> list[FoundThing]:
    """Postmortems and action items for the search page."""
    postmortems, items = queries.search(user, q)
    found = [
        FoundThing(
            "Postmortems", str(one), one.get_absolute_url(), one.get_status_display()
        )
        for one in postmortems
    ]
    return found + [
        FoundThing(
            "Action items",
            item.title,
            item.get_absolute_url(),
            "Done" if item.is_done else "Open",
        )
        for item in items
    ]
