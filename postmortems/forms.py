"""What people type on the pages of postmortems."""

from __future__ import annotations

from typing import Any

from django import forms

from accounts.models import User
from incidents.models import Incident
from postmortems.models import ActionItem, Postmortem
from postmortems.queries import possible_owners
from postmortems.services import BODY_LENGTH


class MarkdownField(forms.CharField):
    """Text as it was typed, with the line ends that are stored: browsers send CRLF."""

    def to_python(self, value: Any) -> str:
        return (super().to_python(value) or "").replace("\r\n", "\n")


class TextForm(forms.Form):
    """The text, and the version it was written on top of."""

    title = forms.CharField(max_length=1024)
    body = MarkdownField(max_length=BODY_LENGTH, strip=False, required=False)
    version = forms.IntegerField(min_value=0, max_value=2**31 - 1)


class StepForm(forms.Form):
    note = forms.CharField(max_length=2000, required=False)


class ListForm(forms.Form):
    """What the list is narrowed to; nonsense narrows nothing."""

    status = forms.ChoiceField(choices=Postmortem.Status.choices, required=False)
    q = forms.CharField(max_length=200, required=False)


class ActionItemForm(forms.Form):
    title = forms.CharField(
        max_length=300,
        label="What will be done",
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    owner = forms.ModelChoiceField(
        User.objects.none(), required=False, empty_label="nobody yet"
    )
    due_on = forms.DateField(
        label="Due",
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
    )
    kind = forms.ChoiceField(choices=ActionItem.Kind.choices)
    priority = forms.ChoiceField(
        choices=ActionItem.Priority.choices, initial=ActionItem.Priority.MEDIUM
    )

    def __init__(self, *args: Any, incident: Incident, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        owner = self.fields["owner"]
        assert isinstance(owner, forms.ModelChoiceField)
        owner.queryset = possible_owners(incident)
