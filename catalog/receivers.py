"""What the catalog hears from the apps to its left. Connected in `apps.py`."""

from typing import Any

from django.urls import reverse

from accounts.models import Team
from accounts.signals import Holding
from catalog.models import Asset


def tell_holdings(*, team: Team, **_: Any) -> list[Holding]:
    """The assets of a team."""
    assets = Asset.objects.filter(team=team)
    url = f"{reverse('catalog:list')}?team={team.slug}"

    def move(target: int) -> None:
        assets.update(team=target)

    return [Holding("asset", "assets", assets.count(), url, move)]
