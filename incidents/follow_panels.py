"""The subscribe button on the pages of assets and teams."""

from __future__ import annotations

from typing import Any

from django.template.loader import render_to_string
from django.urls import reverse

from accounts.models import Team, User
from catalog.models import Asset
from catalog.panels import Panel
from incidents.models import Subscription

TEMPLATE = "incidents/_follow.html"


def show_on_asset_page(*, asset: Asset, user: User, **_: Any) -> list[Panel]:
    """Needs `incidents/_follow.html`."""
    mine = Subscription.objects.filter(user=user)
    by_team = asset.team_id is not None and mine.filter(team=asset.team_id).exists()
    context: dict[str, object] = {
        "follows": mine.filter(asset=asset).exists(),
        "through_team": asset.team if by_team else None,
        "what": "this asset is",
        **_urls("asset", asset.pk),
    }
    return [Panel(template=TEMPLATE, context=context, order=200)]


def show_on_team_page(*, team: Team, user: User, request: Any, **_: Any) -> list[str]:
    """Needs `incidents/_follow.html`."""
    context = {
        "follows": Subscription.objects.filter(user=user, team=team).exists(),
        "what": "any asset of this team is",
        **_urls("team", team.pk),
    }
    return [render_to_string(TEMPLATE, context, request)]


def _urls(kind: str, pk: int) -> dict[str, object]:
    return {
        "subscribe_url": reverse(f"incidents:subscribe_{kind}", args=[pk]),
        "unsubscribe_url": reverse(f"incidents:unsubscribe_{kind}", args=[pk]),
    }
