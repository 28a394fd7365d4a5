"""When and how urgently somebody is paged, and whom policies end at."""

from calendar import day_name
from collections.abc import Iterable
from typing import Any

from django import forms

from accounts.models import User
from oncall.forms.policy import target_groups
from oncall.forms.rows import SelectListField
from oncall.models import SEVERITIES, ContactMethod, PagingHabits
from oncall.services.urgency import (
    LONGEST_DELAY_MINUTES,
    MOST_PAGES,
    Delays,
    HabitValues,
)

URGENCIES = [
    ("now", "At once"),
    ("hold", "In working hours"),
    ("digest", "Daily digest"),
]
WEEKDAYS = list(enumerate(day_name))


def _time_input() -> forms.TimeInput:
    return forms.TimeInput(attrs={"type": "time"}, format="%H:%M")


class UrgencyForm(forms.Form):
    """A choice for each severity; "" is as it is otherwise."""

    def __init__(self, *args: Any, otherwise: dict[str, str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        words = dict(URGENCIES)
        for severity in SEVERITIES:
            usual = otherwise.get(severity)
            empty = (
                f"As usual: {words[usual].lower()}" if usual else "As the team has it"
            )
            self.fields[severity] = forms.ChoiceField(
                label=severity, choices=[("", empty), *URGENCIES], required=False
            )

    def urgencies(self) -> dict[str, str]:
        """What was chosen. Only for a valid form."""
        return {one: chosen for one in SEVERITIES if (chosen := self.cleaned_data[one])}

    @property
    def severity_fields(self) -> list[forms.BoundField]:
        return [self[severity] for severity in SEVERITIES]


class HabitsForm(UrgencyForm):
    work_days = forms.TypedMultipleChoiceField(
        label="I work on",
        choices=WEEKDAYS,
        coerce=int,
        widget=forms.CheckboxSelectMultiple,
    )
    work_start = forms.TimeField(label="I work from", widget=_time_input())
    work_end = forms.TimeField(label="I work until", widget=_time_input())
    digest_at = forms.TimeField(label="Daily digest at", widget=_time_input())
    quiet_start = forms.TimeField(
        label="Quiet from", required=False, widget=_time_input()
    )
    quiet_end = forms.TimeField(
        label="Quiet until", required=False, widget=_time_input()
    )
    breaks_through = forms.BooleanField(label="SEV1 may wake me", required=False)
    most_pages = forms.IntegerField(
        label="Most pages in ten minutes",
        required=False,
        min_value=0,
        max_value=MOST_PAGES,
        help_text="Beyond that, pages are held back and come as one message; none is "
        "dropped. 0 is no bound; empty is as the installation has it.",
    )

    @classmethod
    def of(cls, user: User) -> "HabitsForm":
        habits = PagingHabits.of(user)
        initial = {name: getattr(habits, name) for name in cls.base_fields}
        return cls(initial=initial | habits.urgencies, otherwise={})

    def values(self) -> HabitValues:
        """What was filled in. Only for a valid form."""
        chosen = {name: self.cleaned_data[name] for name in self.base_fields}
        return HabitValues(**chosen, urgencies=self.urgencies())


class DelaysForm(forms.Form):
    """Minutes for each method and severity; empty is never."""

    def __init__(
        self, *args: Any, methods: Iterable[ContactMethod], **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.methods = list(methods)
        for method in self.methods:
            for severity in SEVERITIES:
                delay = method.delay_for(severity)
                self.fields[_name(method, severity)] = forms.IntegerField(
                    label=f"{method.get_kind_display()} for {severity}, minutes",
                    required=False,
                    min_value=0,
                    max_value=LONGEST_DELAY_MINUTES,
                    initial=None if delay is None else int(delay.total_seconds() // 60),
                    widget=forms.NumberInput(attrs={"class": "input input--short"}),
                )

    def delays(self) -> Delays:
        """What was filled in. Only for a valid form."""
        return {
            method.pk: {
                severity: self.cleaned_data[_name(method, severity)]
                for severity in SEVERITIES
            }
            for method in self.methods
        }

    @property
    def rows(self) -> list[tuple[ContactMethod, list[forms.BoundField]]]:
        return [
            (method, [self[_name(method, severity)] for severity in SEVERITIES])
            for method in self.methods
        ]


def _name(method: ContactMethod, severity: str) -> str:
    return f"{method.pk}-{severity}"


class FallbackForm(forms.Form):
    targets = SelectListField(word="Page", label="Page", distinct=True)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["targets"]
        assert isinstance(field, SelectListField)
        field.offer(target_groups())
