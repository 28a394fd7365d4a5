"""What people fill in about an asset."""

from __future__ import annotations

import re
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import validate_email

from accounts.models import Team
from catalog.importers.base import MOST_USERS
from catalog.models import Asset

TIERS = [
    (1, "1: executives and customers look at it"),
    (2, "2: a team works with it daily"),
    (3, "3: useful, can wait until tomorrow"),
    (4, "4: scratch"),
]


class AssetForm(forms.Form):
    type = forms.ChoiceField(choices=Asset.Type.choices)
    tier = forms.TypedChoiceField(choices=TIERS, coerce=int)
    users = forms.IntegerField(
        required=False,
        min_value=0,
        max_value=MOST_USERS,
        help_text="About how many people use it. A dashboard that a hundred people or "
        "more use counts double for severity.",
    )
    team = forms.ModelChoiceField(
        Team.objects.all(), required=False, empty_label="No team"
    )
    owners = forms.CharField(
        required=False,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text="E-mail addresses, one a line. They are told when the asset is "
        "affected, and need no account.",
    )
    url = forms.URLField(
        label="Link",
        required=False,
        max_length=2000,
        assume_scheme="https",
        help_text="Where it lives: its repository, its dashboard, its DAG.",
    )
    description = forms.CharField(
        required=False, max_length=4096, widget=forms.Textarea(attrs={"rows": 4})
    )
    badge_is_public = forms.BooleanField(
        label="Show its badge to people who are not signed in",
        required=False,
        widget=forms.CheckboxInput(),
    )

    @classmethod
    def of(cls, asset: Asset) -> AssetForm:
        return cls(
            initial={
                "type": asset.type,
                "tier": asset.tier,
                "users": asset.users,
                "team": asset.team_id,
                "owners": "\n".join(owner.email for owner in asset.owners.all()),
                "url": asset.url,
                "description": asset.description,
                "badge_is_public": asset.badge_is_public,
            }
        )

    def clean_owners(self) -> list[str]:
        emails = re.split(r"[\s,;]+", self.cleaned_data["owners"].strip())
        wrong = [email for email in emails if email and not _is_email(email)]
        if wrong:
            raise ValidationError(
                [f"“{email}” is no e-mail address." for email in wrong]
            )
        return [email for email in emails if email]

    def changes(self) -> dict[str, Any]:
        """The asset's own fields; owners are apart."""
        return {k: v for k, v in self.cleaned_data.items() if k != "owners"}


def _is_email(value: str) -> bool:
    try:
        validate_email(value)
    except ValidationError:
        return False
    return True
