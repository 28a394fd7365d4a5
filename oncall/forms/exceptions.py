"""Overrides, as people fill them in: times are those of the schedule's zone."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django import forms

from accounts.models import User
from oncall.models import Override
from oncall.services.exceptions import OverrideValues

TYPES = [
    ("cover", "Cover: one person instead of everybody on call then"),
    ("replace", "Replace: one person instead of another, only where the other is on"),
    ("add", "Add: one more person"),
    ("remove", "Take off: one person fewer"),
]


class LocalTimeField(forms.DateTimeField):
    """A wall-clock time of `zone`; cleaned to an aware one.

    A time that happens twice is its first; one that does not happen is as far after
    the gap as it is written after its start.
    """

    def __init__(self, *, zone: ZoneInfo, **options: Any) -> None:
        widget = forms.DateTimeInput(
            format="%Y-%m-%dT%H:%M", attrs={"type": "datetime-local"}
        )
        super().__init__(
            widget=widget, input_formats=["%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M"], **options
        )
        self.zone = zone

    def to_python(self, value: Any) -> datetime | None:
        if not value:
            return None
        for form in self.input_formats or ():
            try:
                local = datetime.strptime(str(value), form)  # noqa: DTZ007  # is local
            except ValueError:
                continue
            return local.replace(tzinfo=self.zone)
        raise forms.ValidationError("Write it like 2026-01-05T09:00.")

    def prepare_value(self, value: Any) -> Any:
        return value


def person_choice(**options: Any) -> forms.ModelChoiceField[User]:
    people = User.objects.filter(is_active=True)
    return forms.ModelChoiceField(
        queryset=people, required=False, empty_label="Choose a person", **options
    )


class OverrideForm(forms.Form):
    type = forms.ChoiceField(
        label="What changes", choices=TYPES, initial=Override.Type.COVER
    )
    add = person_choice(label="Who is on call")
    remove = person_choice(
        label="Who is taken off", help_text="For replace and take off."
    )

    def __init__(self, *args: Any, zone: ZoneInfo, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["start"] = LocalTimeField(zone=zone, label="From")
        self.fields["end"] = LocalTimeField(zone=zone, label="To")

    def values(self) -> OverrideValues:
        """What was filled in. Only for a valid form."""
        given = self.cleaned_data
        return OverrideValues(
            type=given["type"],
            start_at=given["start"],
            end_at=given["end"],
            add=given["add"],
            remove=given["remove"],
        )
