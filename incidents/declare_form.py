"""Declaring an incident: what is typed, and how names become assets."""

from __future__ import annotations

from typing import Any

from django import forms

from accounts.models import Team
from catalog.asset_choice import NAME_LENGTH, AssetChoiceForm
from incidents.forms import LocalTimeField, severity_field
from incidents.services import NOBODY, PageTargets
from oncall.models import EscalationPolicy

USUAL, NOBODY_CHOICE = "", "nobody"


class DeclareForm(AssetChoiceForm):
    """A valid one has the assets as `chosen`."""

    title = forms.CharField(
        max_length=1024,
        label="What is wrong",
        help_text="As you would say it to a colleague: “Revenue today shows zero”.",
        widget=forms.TextInput(attrs={"autocomplete": "off", "dir": "auto"}),
    )
    severity = severity_field(initial="SEV3")
    asset_name = forms.CharField(
        required=False, max_length=NAME_LENGTH, label="Affected assets"
    )
    impact_started_at = LocalTimeField(
        required=False, label="Since when", help_text="Empty is now."
    )
    team = forms.ModelChoiceField(
        Team.objects.all(), required=False, empty_label="Of the likely cause"
    )
    page = forms.ChoiceField(required=False, label="Page")
    private = forms.BooleanField(
        required=False,
        help_text="Only admins, the team and its responders see it, and no owner "
        "of a dashboard is told.",
    )

    def __init__(self, data: Any = None, *, initial: Any = None) -> None:
        super().__init__(data, initial=initial)
        field = self.fields["page"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [
            (USUAL, "By the usual policy"),
            *((str(p.pk), p.name) for p in EscalationPolicy.objects.all()),
            (NOBODY_CHOICE, "Nobody"),
        ]

    @property
    def policy(self) -> EscalationPolicy | None:
        """The policy chosen by name; None is the usual one, or nobody."""
        page = str(self.cleaned_data.get("page", USUAL))
        if not page.isdecimal():
            return None
        return EscalationPolicy.objects.filter(pk=int(page)).first()

    @property
    def pages(self) -> bool:
        return bool(self.cleaned_data.get("page", USUAL) != NOBODY_CHOICE)

    @property
    def targets(self) -> PageTargets | None:
        if not self.pages:
            return NOBODY
        return PageTargets(policy=self.policy) if self.policy else None
