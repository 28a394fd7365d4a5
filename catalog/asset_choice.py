"""The part of a form that chooses assets: known ones, and one more by its name."""

from typing import Any

from django import forms

from catalog.models import Asset
from catalog.naming import assets_called, not_one
from core.text import one_line

NAME_LENGTH = 1500


class AssetChoiceForm(forms.Form):
    """`assets` are chosen already; `asset_name` is one more, in words."""

    assets = forms.ModelMultipleChoiceField(Asset.objects.all(), required=False)
    asset_name = forms.CharField(required=False, max_length=NAME_LENGTH, label="Asset")

    def clean(self) -> dict[str, Any]:
        """`chosen` holds the assets, each once."""
        values = super().clean() or {}
        chosen = list(values.get("assets") or [])
        name = one_line(values.get("asset_name") or "", NAME_LENGTH)
        if name:
            found = assets_called(name)
            if len(found) == 1:
                chosen += [asset for asset in found if asset not in chosen]
            else:
                self.add_error("asset_name", not_one(name, found))
        values["chosen"] = chosen
        return values
