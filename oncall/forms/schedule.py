"""Editing a schedule: the usual rotations as a form, everything as JSON."""

import json
from datetime import datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.core.exceptions import ValidationError
from django.http import QueryDict

from accounts.forms import TimeZoneField
from accounts.models import Team, User
from oncall.forms.rows import Group, Rows, SelectListField, as_typed, saves
from oncall.models import SCHEDULE_NAME_LENGTH, Schedule
from oncall.rotations import EVERY_DAY, Hours, Json, UsualRotation, write_layer

WEEKDAYS = [
    ("MO", "Monday"),
    ("TU", "Tuesday"),
    ("WE", "Wednesday"),
    ("TH", "Thursday"),
    ("FR", "Friday"),
    ("SA", "Saturday"),
    ("SU", "Sunday"),
]
WORKDAYS = EVERY_DAY[:5]


def people_groups() -> list[Group]:
    """Everybody who can be paged. One query."""
    users = User.objects.filter(is_active=True)
    return [("", [(str(user.pk), str(user)) for user in users])]


class ScheduleForm(forms.Form):
    name = forms.CharField(label="Name", max_length=SCHEDULE_NAME_LENGTH)
    timezone = TimeZoneField(guess=True, initial="UTC")
    team = forms.ModelChoiceField(
        label="Team", queryset=Team.objects.all(), required=False, empty_label="No team"
    )


def _clock(label: str, **options: Any) -> forms.TimeField:
    widget = forms.TimeInput(format="%H:%M", attrs={"type": "time"})
    return forms.TimeField(label=label, widget=widget, **options)


class RotationForm(forms.Form):
    """One rotation. `source` is the layer it was made from, by its place."""

    source = forms.IntegerField(required=False, widget=forms.HiddenInput)
    name = forms.CharField(label="Name", max_length=80, initial="Primary")
    people = SelectListField(
        word="Turn",
        label="People, in order of their turns",
        help_text="Whoever is on call now stays so until the next hand-off.",
    )
    unit = forms.ChoiceField(
        label="Weeks or days", choices=[("week", "weeks"), ("day", "days")]
    )
    every = forms.IntegerField(
        label="A turn lasts", min_value=1, max_value=52, initial=1
    )
    weekday = forms.ChoiceField(label="Hand-off on", choices=WEEKDAYS, required=False)
    handoff = _clock("Hand-off at", initial=time(9))
    priority = forms.IntegerField(
        label="Rank",
        min_value=-100,
        max_value=100,
        initial=0,
        help_text="A higher rank hides a lower one where it has somebody. "
        "Equal ranks are on call together.",
    )
    has_hours = forms.BooleanField(label="Only at certain hours", required=False)
    weekdays = forms.MultipleChoiceField(
        label="On",
        choices=WEEKDAYS,
        required=False,
        initial=WORKDAYS,
        widget=forms.CheckboxSelectMultiple,
    )
    start = _clock("From", required=False, initial=time(9))
    end = _clock(
        "To",
        required=False,
        initial=time(18),
        help_text="At or before the start: on the next day.",
    )

    def __init__(self, *args: Any, groups: list[Group], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["people"]
        assert isinstance(field, SelectListField)
        field.offer(groups)

    def clean(self) -> dict[str, Any]:
        values = self.cleaned_data
        if values.get("unit") == "week" and not values.get("weekday"):
            self.add_error("weekday", "Choose the day.")
        if values.get("has_hours"):
            for name in ("weekdays", "start", "end"):
                if values.get(name) in (None, []) and name not in self.errors:
                    self.add_error(name, "Say when.")
        return values

    def rotation(self) -> UsualRotation:
        """What was filled in. Only for a valid form."""
        values = self.cleaned_data
        hours = None
        if values["has_hours"]:
            days = tuple(day for day in EVERY_DAY if day in values["weekdays"])
            hours = Hours(days, values["start"], values["end"])
        return UsualRotation(
            name=values["name"],
            unit=values["unit"],
            every=values["every"],
            weekday=values["weekday"] or "MO",
            handoff=values["handoff"],
            people=tuple(values["people"]),
            priority=values["priority"],
            hours=hours,
        )


def initial_of(rotation: UsualRotation, source: int) -> dict[str, Any]:
    values: dict[str, Any] = {
        "source": source,
        "name": rotation.name,
        "people": list(rotation.people),
        "unit": rotation.unit,
        "every": rotation.every,
        "weekday": rotation.weekday,
        "handoff": rotation.handoff,
        "priority": rotation.priority,
    }
    if rotation.hours:
        values |= {
            "has_hours": True,
            "weekdays": rotation.hours.weekdays,
            "start": rotation.hours.start,
            "end": rotation.hours.end,
        }
    return values


class ScheduleEditor:
    """The form of a whole schedule: its name and zone, and a form for each rotation."""

    def __init__(self, head: ScheduleForm, rotations: list[RotationForm]) -> None:
        self.head = head
        self.rotations = rotations

    @classmethod
    def new(cls, zone: str) -> "ScheduleEditor":
        first = RotationForm(prefix="r0", groups=people_groups())
        return cls(ScheduleForm(initial={"timezone": zone}), [first])

    @classmethod
    def of(cls, schedule: Schedule, usual: list[UsualRotation]) -> "ScheduleEditor":
        groups = people_groups()
        head = ScheduleForm(
            initial={
                "name": schedule.name,
                "timezone": schedule.timezone,
                "team": schedule.team,
            }
        )
        forms = [
            RotationForm(prefix=f"r{n}", groups=groups, initial=initial_of(one, n))
            for n, one in enumerate(usual)
        ]
        return cls(head, forms or [RotationForm(prefix="r0", groups=groups)])

    @classmethod
    def sent(cls, data: QueryDict) -> "ScheduleEditor":
        """What a request brings: to be saved, or to be shown with other rows."""
        groups = people_groups()
        rows = Rows.sent(data).ids
        if saves(data):
            head = ScheduleForm(data)
            forms = [RotationForm(data, prefix=f"r{n}", groups=groups) for n in rows]
        else:
            head = as_typed(ScheduleForm(), data)
            forms = [
                as_typed(RotationForm(prefix=f"r{n}", groups=groups), data)
                for n in rows
            ]
        return cls(head, forms)

    def is_valid(self) -> bool:
        # Every form is asked, so that all that is wrong is shown at once.
        valid = [form.is_valid() for form in (self.head, *self.rotations)]
        return all(valid)

    def reference_form(self, *, before: list[Json], at: datetime) -> Json:
        """The schedule as from `at` on. `before` are its layers until then."""
        zone = ZoneInfo(self.head.cleaned_data["timezone"])
        layers = []
        for form in self.rotations:
            source = form.cleaned_data["source"]
            known = source is not None and 0 <= source < len(before)
            layers.append(
                write_layer(
                    form.rotation(),
                    zone=zone,
                    at=at,
                    before=before[source] if known else None,
                )
            )
        return {
            "name": self.head.cleaned_data["name"],
            "timezone": zone.key,
            "layers": layers,
        }


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
