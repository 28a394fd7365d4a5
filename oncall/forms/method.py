"""Contact methods, as people fill them in."""

from datetime import timedelta
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from core.errors import InvalidInputError
from oncall.channels.registry import CHANNELS, offered
from oncall.services.methods import LONGEST_DELAY, check_address


class DelayField(forms.IntegerField):
    """Minutes; cleaned to a timedelta."""

    def __init__(self, **options: Any) -> None:
        most = LONGEST_DELAY // timedelta(minutes=1)
        super().__init__(min_value=0, max_value=most, initial=0, **options)

    def clean(self, value: Any) -> Any:
        return timedelta(minutes=super().clean(value))


class ContactMethodForm(forms.Form):
    kind = forms.ChoiceField(label="By", choices=offered)
    address = forms.CharField(label="Address", max_length=500)
    delay = DelayField(
        label="After, in minutes",
        help_text="0 is at once. Later ones are used only while nobody has answered.",
    )

    def clean(self) -> dict[str, Any]:
        """Check the address, which may ask a name server."""
        values = self.cleaned_data
        if "kind" in values and "address" in values:
            try:
                values["address"] = check_address(
                    kind=values["kind"], address=values["address"]
                )
            except InvalidInputError as error:
                raise ValidationError(error.errors) from error
        return values

    @property
    def hints(self) -> list[tuple[str, str]]:
        """(label, example of an address) of each kind."""
        channels = [CHANNELS[kind] for kind, _ in offered()]
        return [(channel.label, channel.address_hint) for channel in channels]


class DelayForm(forms.Form):
    delay = DelayField(label="After, in minutes")


class CodeForm(forms.Form):
    code = forms.CharField(
        label="Code",
        max_length=20,
        widget=forms.TextInput(
            attrs={
                "inputmode": "numeric",
                "autocomplete": "one-time-code",
                "size": 8,
                "placeholder": "123456",
            }
        ),
    )
