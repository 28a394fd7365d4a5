"""What alerts hear from the apps to their left. Connected in `apps.py`."""

from typing import Any

from django.utils import timezone

from alerts.models import Expectation
from alerts.models.quiet import Matching
from alerts.services.expecting import drop
from alerts.services.rulebook import change_rules
from catalog.models import Asset
from catalog.panels import Panel


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
