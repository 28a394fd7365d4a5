"""What alerts hear from the apps to their left. Connected in `apps.py`."""

from typing import Any

from django.urls import reverse
from django.utils import timezone

from accounts.models import Team
from accounts.signals import Holding
from alerts.models import Expectation, Integration, Route
from alerts.models.quiet import Matching
from alerts.services.expecting import drop
from alerts.services.rulebook import change_rules
from catalog.models import Asset
from catalog.panels import Panel
from core.live import publish


def follow_merge(*, old: Asset, into: Asset, **_: Any) -> None:
    """Let rules that name the old asset name the one that it becomes part of."""
    _join_expectations(old, into)
    change_rules()
    for model in Matching.__subclasses__():
        naming = model._base_manager.filter(asset_ids__contains=[old.pk])
        for rule in naming.order_by("pk").select_for_update():
            ids = (into.pk if pk == old.pk else pk for pk in rule.asset_ids)
            rule.asset_ids = list(dict.fromkeys(ids))
            rule.save(update_fields=["asset_ids"])


def tell_holdings(*, team: Team, **_: Any) -> list[Holding]:
    """Integrations and routing rules that give what arrives to a team."""
    inlets, rules = reverse("alerts:integrations"), reverse("alerts:routing")
    return [
        _holding(("integration", "integrations"), Integration, team, inlets),
        _holding(("routing rule", "routing rules"), Route, team, rules),
    ]


def _holding(
    words: tuple[str, str], model: type[Integration | Route], team: Team, url: str
) -> Holding:
    rows = model._base_manager.filter(team=team)

    def move(target: int) -> None:
        rows.update(team=target)

    return Holding(*words, rows.count(), url, move)


def follow_team(*, source: Team, target: Team, **_: Any) -> None:
    """Let rules about one team's assets be about the other's; all look again."""
    change_rules()
    publish("inlets", "quiet")
    for model in Matching.__subclasses__():
        naming = model._base_manager.filter(team_ids__contains=[source.pk])
        for rule in naming.order_by("pk").select_for_update():
            ids = (target.pk if pk == source.pk else pk for pk in rule.team_ids)
            rule.team_ids = list(dict.fromkeys(ids))
            rule.save(update_fields=["team_ids"])


def show_on_asset_page(*, asset: Asset, **_: Any) -> list[Panel]:
    """Needs `alerts/_expectations_panel.html`."""
    expectations = list(asset.expectations.all())
    return [Panel("alerts/_expectations_panel.html", {"expectations": expectations})]


def _join_expectations(old: Asset, into: Asset) -> None:
    """Where both assets have one, that of the asset that stays counts."""
    kept = Expectation.objects.filter(asset=into).values("kind")
    doubled = Expectation.objects.select_for_update().filter(asset=old, kind__in=kept)
    for expectation in doubled.order_by("pk"):
        drop(expectation, why="its asset was merged", at=timezone.now())
