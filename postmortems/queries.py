"""What pages, the API and other apps ask about postmortems. Nothing here writes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db.models import Count, OuterRef, Q, QuerySet, Subquery

from accounts.models import User
from incidents.models import Incident
from postmortems.models import ActionItem, Postmortem, PostmortemQuerySet

MOST_WITHOUT = 5
LOOK_BACK = timedelta(days=30)
MOST_FOUND = 12


def postmortems_visible_to(user: User) -> PostmortemQuerySet:
    """All that may be shown, listed or counted for this person."""
    return Postmortem.objects.visible_to(user)


def status_counts(user: User) -> dict[str, int]:
    """{status: number}. One query."""
    visible = postmortems_visible_to(user).order_by().values("status")
    return dict(visible.annotate(number=Count("pk")).values_list("status", "number"))


def with_open_items(postmortems: PostmortemQuerySet) -> PostmortemQuerySet:
    """Each with `open_items`, how many of its action items are not done; None for 0."""
    items = ActionItem.objects.open().filter(postmortem=OuterRef("pk")).order_by()
    counted = items.values("postmortem").annotate(number=Count("pk"))
    return postmortems.annotate(open_items=Subquery(counted.values("number")))


def without_postmortem(user: User, *, at: datetime) -> list[Incident]:
    """Incidents resolved in the last 30 days that nobody has written about, the
    worst first, five at most. One query."""
    resolved = Incident.objects.visible_to(user).resolved()
    recent = resolved.filter(
        resolved_at__gte=at - LOOK_BACK, merged_into=None, postmortem=None
    )
    return list(recent.order_by("severity", "-resolved_at")[:MOST_WITHOUT])


@dataclass(frozen=True, slots=True)
class OpenItems:
    """Open action items: this person's own, and all others they may see."""

    mine: Sequence[ActionItem]
    others: Sequence[ActionItem]


def open_action_items(user: User) -> OpenItems:
    """All open ones, the most pressing first. One query."""
    rows = list(ActionItem.objects.visible_to(user).open().for_list())
    return OpenItems(
        mine=[item for item in rows if item.owner_id == user.pk],
        others=[item for item in rows if item.owner_id != user.pk],
    )


def possible_owners(incident: Incident) -> QuerySet[User]:
    """Active people who may see the incident."""
    active = User.objects.filter(is_active=True)
    if not incident.private:
        return active
    team = incident.team.members.all() if incident.team else User.objects.none()
    return active.filter(
        Q(role=User.Role.ADMIN)
        | Q(pk__in=incident.roles.values("user"))
        | Q(pk__in=team.values("pk"))
    )


def overdue_items(user: User, *, today: date) -> list[ActionItem]:
    """The person's own whose day has passed, the oldest first. One query."""
    mine = ActionItem.objects.visible_to(user).filter(owner=user)
    return list(mine.overdue(today=today).for_list())


def overdue_count(user: User, *, today: date) -> int:
    """How many of the person's own are overdue. One query."""
    mine = ActionItem.objects.visible_to(user).filter(owner=user)
    return mine.overdue(today=today).count()


def awaiting_review(user: User) -> list[Postmortem]:
    """Those in review that were written by somebody else. One query."""
    waiting = postmortems_visible_to(user).filter(status=Postmortem.Status.IN_REVIEW)
    return list(waiting.exclude(created_by=user).for_list().order_by("updated_at"))


def search(user: User, q: str) -> tuple[list[Postmortem], list[ActionItem]]:
    """Postmortems and action items with `q` in them, twelve of each. Two queries."""
    found = postmortems_visible_to(user).matching(q).for_list().defer("body")
    items = ActionItem.objects.visible_to(user).filter(title__icontains=q)
    return list(found[:MOST_FOUND]), list(items.for_list()[:MOST_FOUND])
