"""What the home page and the search of `incidents` hear from here."""

from __future__ import annotations

from datetime import date, datetime, time

from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from incidents.signals import FoundThing, HomeItem
from postmortems import queries
from postmortems.models import ActionItem

# More are counted: the rest of the page is not to be pushed away.
MOST_BY_NAME = 3


def add_home_items(
    sender: object, *, user: User, at: datetime, **_: object
) -> list[HomeItem]:
    """Overdue action items of this person, the oldest by name, then reviews that wait
    for a reader."""
    items = _overdue(user, today=timezone.localdate(at, user.tz))
    if user.can_respond:
        items += [
            HomeItem(one.title, one.get_absolute_url(), "Postmortem to review")
            for one in queries.awaiting_review(user)
        ]
    return items


def _overdue(user: User, *, today: date) -> list[HomeItem]:
    overdue = queries.overdue_items(user, today=today)
    items = [
        HomeItem(
            title=item.title,
            url=item.get_absolute_url(),
            word="Action item, overdue",
            due_at=_end_of(item, user),
            is_late=True,
        )
        for item in overdue[:MOST_BY_NAME]
    ]
    if len(overdue) > MOST_BY_NAME:
        all_of_them = HomeItem(
            title=f"All {len(overdue)} of yours that are overdue",
            url=reverse("postmortems:actions"),
            word="Action items, overdue",
            is_late=True,
        )
        items.append(all_of_them)
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
