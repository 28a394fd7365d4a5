"""The form in which a person says what they want to hear of incidents."""

from __future__ import annotations

from typing import Any

from django import forms

from accounts.models import User
from incidents.models import TellingPreference
from oncall.models import ContactMethod

# A list of assets is nothing to be read out on the phone.
NOT_FOR_WORDS = ("call",)


class MessageForm(forms.ModelForm):  # type: ignore[type-arg]  # not at runtime
    class Meta:
        model = TellingPreference
        fields = TellingPreference.FIELDS
        labels = {
            "sev1": "SEV1",
            "sev2": "SEV2",
            "sev3": "SEV3",
            "sev4": "SEV4",
            "scope": "About",
            "start": "When it starts",
            "updates": "Updates in between",
            "end": "When it is over",
            "reminders": "Reminders of action items I own",
            "method": "Where to",
        }

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["method"]
        assert isinstance(field, forms.ModelChoiceField)
        usable = ContactMethod.objects.filter(user=user, verified_at__isnull=False)
        field.queryset = usable.exclude(kind__in=NOT_FOR_WORDS)
        field.empty_label = f"By e-mail to {user.email}"
