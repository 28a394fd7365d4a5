"""What alerts hear from the apps to their left. Connected in `apps.py`."""

from typing import Any

from alerts.models.quiet import Matching
from alerts.services.rulebook import change_rules
from catalog.models import Asset


def follow_merge(*, old: Asset, into: Asset, **_: Any) -> None:
    """Let rules that name the old asset name the one that it becomes part of."""
    change_rules()
    for model in Matching.__subclasses__():
        naming = model._base_manager.filter(asset_ids__contains=[old.pk])
        for rule in naming.order_by("pk").select_for_update():
            ids = (into.pk if pk == old.pk else pk for pk in rule.asset_ids)
            rule.asset_ids = list(dict.fromkeys(ids))
            rule.save(update_fields=["asset_ids"])
