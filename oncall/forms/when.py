"""The part of a form that says when a policy or a step of one counts."""

from __future__ import annotations

from calendar import day_abbr
from dataclasses import asdict
from typing import Any
from zoneinfo import available_timezones

from django import forms
from django.core.exceptions import ValidationError

from core.labels import LabelTest, read_tests
from oncall.conditions import When
from oncall.models import SEVERITIES


class LabelTestsField(forms.CharField):
    """Tests of labels, one a line, cleaned to a list."""

    def __init__(self, **options: Any) -> None:
        rows = forms.Textarea(attrs={"rows": 2, "spellcheck": "false"})
        super().__init__(required=False, max_length=10_000, widget=rows, **options)

    def prepare_value(self, value: Any) -> Any:
        if isinstance(value, list):
            return "\n".join(str(LabelTest(**one)) for one in value)
        return value

    def clean(self, value: Any) -> list[LabelTest]:
        try:
            return read_tests(super().clean(value) or "")
        except ValueError as error:
            raise ValidationError(str(error)) from error


class WhenForm(forms.Form):
    severities = forms.MultipleChoiceField(
        label="Only for",
        choices=[(one, one) for one in SEVERITIES],
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    days = forms.TypedMultipleChoiceField(
        label="Only on",
        choices=list(enumerate(day_abbr)),
        coerce=int,
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    start = forms.TimeField(
        label="Only from",
        required=False,
        widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M"),
    )
    end = forms.TimeField(
        label="To",
        required=False,
        widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M"),
    )
    timezone = forms.ChoiceField(
        label="By the clock of",
        choices=[("", "UTC"), *((one, one) for one in sorted(available_timezones()))],
        required=False,
    )
    labels = LabelTestsField(
        label="Only with these labels",
        help_text="One a line, all must hold: env = prod, team != ml, "
        "service =~ orders.*, or !~.",
    )

    def clean(self) -> dict[str, Any]:
        values = self.cleaned_data
        if bool(values.get("start")) != bool(values.get("end")):
            self.add_error("end", "Give both ends, or neither.")
        return values

    @property
    def has_conditions(self) -> bool:
        """Whether it opens with something in it, or with something wrong."""
        names = ("severities", "days", "start", "labels")
        return any(self.initial.get(name) for name in names) or bool(self.errors)

    def when(self) -> When:
        """What was filled in. Only for a valid form."""
        chosen = self.cleaned_data
        when = When()
        if chosen["severities"]:
            when["severities"] = chosen["severities"]
        if chosen["days"]:
            when["days"] = chosen["days"]
        if chosen["start"]:
            when["start"] = f"{chosen['start']:%H:%M}"
            when["end"] = f"{chosen['end']:%H:%M}"
        if chosen["timezone"] and (chosen["days"] or chosen["start"]):
            when["timezone"] = chosen["timezone"]
        if chosen["labels"]:
            when["labels"] = [asdict(one) for one in chosen["labels"]]
        return when
