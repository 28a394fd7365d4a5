"""Editing a schedule: every kind of layer as a form, everything as JSON."""

import json
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.core.exceptions import ValidationError
from django.http import QueryDict

from accounts.forms import TimeZoneField
from accounts.models import Team, User
from oncall.forms.exceptions import LocalTimeField
from oncall.forms.layer import LayerForm, initial_of
from oncall.forms.rows import Rows, as_typed
from oncall.models import SCHEDULE_NAME_LENGTH, Schedule
from oncall.patterns import Pattern, write_pattern
from oncall.resolver import format_instant
from oncall.rotations import Json
from oncall.services.planning import AFTER_SHIFT, AFTER_TURN, NOW, Moments
from oncall.spans import moment_text

AT_A_TIME = "at"


class ScheduleForm(forms.Form):
    name = forms.CharField(label="Name", max_length=SCHEDULE_NAME_LENGTH)
    timezone = TimeZoneField(guess=True, initial="UTC")
    team = forms.ModelChoiceField(
        label="Team", queryset=Team.objects.all(), required=False, empty_label="No team"
    )


class MomentForm(forms.Form):
    """From when an edit counts."""

    effective = forms.ChoiceField(label="Counts from", required=False)

    def __init__(
        self, *args: Any, moments: Moments, zone: ZoneInfo, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        choices = [(NOW, "now")]
        for key, words, moment in (
            (AFTER_SHIFT, "after this shift", moments.after_shift),
            (AFTER_TURN, "after everybody has had a turn", moments.after_turn),
        ):
            if moment is not None:
                choices.append((key, f"{words}: {moment_text(moment, zone)}"))
        field = self.fields["effective"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [*choices, (AT_A_TIME, "a time of your choice")]
        self.fields["effective_at"] = LocalTimeField(
            zone=zone, label="The time of your choice", required=False
        )

    def clean(self) -> dict[str, Any]:
        values = self.cleaned_data
        if values.get("effective") == AT_A_TIME and not values.get("effective_at"):
            self.add_error("effective_at", "Say when.")
        return values

    def value(self) -> str:
        """As the API takes `effective_from`. Only for a valid form."""
        given = self.cleaned_data
        if given["effective"] == AT_A_TIME:
            return format_instant(given["effective_at"])
        return given["effective"] or NOW


class ScheduleEditor:
    """The form of a whole schedule: its name and zone, and a form for each layer."""

    def __init__(self, head: ScheduleForm, rotations: list[LayerForm]) -> None:
        self.head = head
        self.rotations = rotations

    @classmethod
    def new(cls, zone: str) -> "ScheduleEditor":
        first = LayerForm(prefix="r0", people=pageable())
        return cls(ScheduleForm(initial={"timezone": zone}), [first])

    @classmethod
    def of(cls, schedule: Schedule, patterns: list[Pattern]) -> "ScheduleEditor":
        people, zone = pageable(), ZoneInfo(schedule.timezone)
        head = ScheduleForm(
            initial={
                "name": schedule.name,
                "timezone": schedule.timezone,
                "team": schedule.team,
            }
        )
        forms = [
            LayerForm(
                prefix=f"r{n}",
                people=people,
                initial=initial_of(one, n, zone=zone, people=people),
            )
            for n, one in enumerate(patterns)
        ]
        return cls(head, forms or [LayerForm(prefix="r0", people=people)])

    @classmethod
    def sent(cls, data: QueryDict) -> "ScheduleEditor":
        """What a request brings: to be saved, or to be shown with other rows."""
        people = pageable()
        rows = Rows.sent(data).ids
        if is_checked(data):
            head = ScheduleForm(data)
            forms = [LayerForm(data, prefix=f"r{n}", people=people) for n in rows]
        else:
            head = as_typed(ScheduleForm(), data)
            forms = [
                as_typed(LayerForm(prefix=f"r{n}", people=people), data) for n in rows
            ]
        return cls(head, forms)

    def is_valid(self) -> bool:
        # Every form is asked, so that all that is wrong is shown at once.
        valid = [form.is_valid() for form in (self.head, *self.rotations)]
        return all(valid)

    def reference_form(self, *, before: list[Json], at: datetime) -> Json | None:
        """The schedule as from `at` on. `before` are its layers until then. None when
        what was typed says no layer; the form then says why."""
        zone = ZoneInfo(self.head.cleaned_data["timezone"])
        layers = []
        for form in self.rotations:
            source = form.cleaned_data["source"]
            known = source is not None and 0 <= source < len(before)
            try:
                pattern = form.pattern(zone)
            except ValidationError as error:
                form.add_error("lines", error)
                continue
            was = before[source] if known else None
            layers.append(write_pattern(pattern, zone=zone, at=at, before=was))
        if len(layers) < len(self.rotations):
            return None
        return {
            "name": self.head.cleaned_data["name"],
            "timezone": zone.key,
            "layers": layers,
        }


def pageable() -> list[User]:
    """Everybody who can be paged. One query."""
    return list(User.objects.filter(is_active=True))


def is_checked(data: QueryDict) -> bool:
    """Whether the form is to be saved or previewed, not only shown with other rows."""
    return data.get("act", "save") in ("save", "preview")


class AdvancedForm(forms.Form):
    """The whole reference form as JSON."""

    form = forms.CharField(
        label="The schedule as JSON",
        strip=False,
        max_length=1_000_000,
        widget=forms.Textarea(
            attrs={"rows": 24, "spellcheck": "false", "class": "mono"}
        ),
    )
    team = forms.ModelChoiceField(
        label="Team", queryset=Team.objects.all(), required=False, empty_label="No team"
    )

    def clean_form(self) -> Json:
        try:
            value = json.loads(self.cleaned_data["form"])
        except (ValueError, RecursionError) as error:
            raise ValidationError(f"This is not JSON: {error}") from error
        if not isinstance(value, dict):
            raise ValidationError("Wanted is a JSON object, as { … }.")
        return value
