"""What people fill in about the key of an integration and about signatures."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

from django import forms

from alerts.models import Integration
from alerts.signatures import SCHEMES, SECRET_LENGTH, choices

OVERLAPS = [
    ("1440", "a day"),
    ("60", "an hour"),
    ("10080", "a week"),
    ("0", "not at all: it stops now"),
]


class RotateForm(forms.Form):
    overlap = forms.TypedChoiceField(
        label="The old key works on for",
        choices=OVERLAPS,
        coerce=lambda minutes: timedelta(minutes=int(minutes)),
    )


class SignatureForm(forms.Form):
    scheme = forms.ChoiceField(
        label="Who signs",
        required=False,
        choices=lambda: [("", "Nobody: the key is enough"), *choices()],
    )
    secret = forms.CharField(
        label="Secret",
        required=False,
        max_length=SECRET_LENGTH,
        widget=forms.PasswordInput(attrs={"autocomplete": "off"}),
        help_text="Stored encrypted and never shown. Empty keeps the one there is.",
    )
    header = forms.CharField(
        label="Header",
        required=False,
        max_length=100,
        help_text="Only if the signature comes in another header than is usual.",
    )

    def __init__(self, *args: Any, integration: Integration, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.integration = integration
        self.initial = {
            "scheme": integration.signature_scheme,
            "header": integration.signature_header,
        }

    def clean_header(self) -> str:
        header: str = self.cleaned_data["header"].strip()
        if header and not re.fullmatch(r"[A-Za-z0-9-]+", header):
            raise forms.ValidationError("Letters, digits and hyphens only.")
        return header

    def clean(self) -> dict[str, Any]:
        told = super().clean() or self.cleaned_data
        has_secret = told.get("secret") or self.integration.signature_secret
        if told.get("scheme") and not has_secret:
            self.add_error("secret", "Without it nothing can be checked.")
        return told

    @property
    def abouts(self) -> list[tuple[str, str]]:
        """(sender, where its secret stands) of each scheme."""
        return [(one.label, one.about) for one in SCHEMES.values()]
