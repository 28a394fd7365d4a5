"""What teams hold of incidents, and how it goes to another team."""

from typing import Any

from django.urls import reverse

from accounts.models import Team
from accounts.signals import Holding
from core.live import publish
from incidents.models import Incident, Subscription


def tell_holdings(*, team: Team, **_: Any) -> list[Holding]:
    """All incidents of a team: those who may see the private ones depend on it."""
    incidents = Incident.objects.filter(team=team)
    url = f"{reverse('incidents:list')}?team={team.slug}"

    def move(target: int) -> None:
        # In the order in which others lock several of them.
        locked = incidents.order_by("pk").select_for_update().values_list("pk")
        Incident.objects.filter(pk__in=[pk for (pk,) in locked]).update(team=target)
        publish("incidents")

    return [Holding("incident", "incidents", incidents.count(), url, move)]


def follow_team(*, source: Team, target: Team, **_: Any) -> None:
    """Who followed what one team owns follows what is now the other's."""
    theirs = Subscription.objects.filter(team=source)
    copies = [
        Subscription(user_id=one.user_id, team=target, created_at=one.created_at)
        for one in theirs
    ]
    Subscription.objects.bulk_create(copies, ignore_conflicts=True)
    theirs.delete()
