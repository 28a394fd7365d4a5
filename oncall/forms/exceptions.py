"""Overrides, swaps and absences, as people fill them in: times are local."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django import forms

from accounts.models import User
from oncall.models import Override
from oncall.services.exceptions import OverrideValues
from oncall.services.swaps import SwapValues

SWAP = "swap"
TYPES = [
    ("replace", "Somebody else instead of one person"),
    ("cover", "One person instead of everybody on call then"),
    ("add", "One more person"),
    ("remove", "One person fewer"),
    (SWAP, "Offer the shift to others; it counts once somebody takes it"),
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


class PeopleField(forms.ModelMultipleChoiceField):  # type: ignore[type-arg]  # no such at run time
    """Some people; a list of boxes."""

    def __init__(self, **options: Any) -> None:
        super().__init__(
            queryset=User.objects.filter(is_active=True),
            required=False,
            widget=forms.CheckboxSelectMultiple,
            **options,
        )


class OverrideForm(forms.Form):
    """An override, or the offer of a swap."""

    type = forms.ChoiceField(
        label="What changes", choices=TYPES, initial=Override.Type.COVER
    )
    remove = person_choice(label="Whose shift")
    add = person_choice(label="Who is on call then")
    offered_to = PeopleField(
        label="Offer it to", help_text="Nobody chosen: to everybody of the schedule."
    )
    note = forms.CharField(label="Why", max_length=300, required=False)

    def __init__(self, *args: Any, zone: ZoneInfo, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["start"] = LocalTimeField(zone=zone, label="From")
        self.fields["end"] = LocalTimeField(zone=zone, label="To")

    def clean(self) -> dict[str, Any]:
        values = self.cleaned_data
        if values.get("type") == SWAP and not values.get("remove"):
            self.add_error("remove", "Say whose shift it is.")
        return values

    def values(self) -> OverrideValues | SwapValues:
        """What was filled in. Only for a valid form."""
        given = self.cleaned_data
        if given["type"] == SWAP:
            return SwapValues(
                giver=given["remove"],
                start_at=given["start"],
                end_at=given["end"],
                offered_to=list(given["offered_to"]),
                note=given["note"],
            )
        return OverrideValues(
            type=given["type"],
            start_at=given["start"],
            end_at=given["end"],
            add=given["add"],
            remove=given["remove"],
        )


class CoverMeForm(forms.Form):
    """Hours in which somebody else stands in for the person who asks."""

    taker = person_choice(
        label="Who stands in",
        help_text="Is on call in your place at once. Nobody chosen: it is offered.",
    )
    offered_to = PeopleField(
        label="Or offer it to",
        help_text="Nobody chosen: to everybody of each schedule.",
    )
    note = forms.CharField(label="Why", max_length=300, required=False)

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.user = user
        times = {
            "start": LocalTimeField(zone=user.tz, label="From"),
            "end": LocalTimeField(zone=user.tz, label="To"),
        }
        self.fields = {**times, **self.fields}
        others = User.objects.filter(is_active=True).exclude(pk=user.pk)
        for name in ("taker", "offered_to"):
            field = self.fields[name]
            assert isinstance(field, forms.ModelChoiceField)
            field.queryset = others

    def values(self) -> SwapValues:
        """What was filled in. Only for a valid form."""
        given = self.cleaned_data
        return SwapValues(
            giver=self.user,
            start_at=given["start"],
            end_at=given["end"],
            taker=given["taker"],
            offered_to=list(given["offered_to"]),
            note=given["note"],
        )


class VacationForm(forms.Form):
    """Days on which a person is away, in their own zone; the last one counts."""

    first = forms.DateField(
        label="First day", widget=forms.DateInput(attrs={"type": "date"})
    )
    last = forms.DateField(
        label="Last day", widget=forms.DateInput(attrs={"type": "date"})
    )
    note = forms.CharField(label="Note", max_length=200, required=False)

    def clean(self) -> dict[str, Any]:
        values = self.cleaned_data
        first, last = values.get("first"), values.get("last")
        if first and last and last < first:
            self.add_error("last", "Is before the first day.")
        return values

    def span(self, zone: ZoneInfo) -> tuple[datetime, datetime]:
        """From the first midnight to the last. Only for a valid form."""
        given = self.cleaned_data
        after = given["last"] + timedelta(days=1)
        return (
            datetime.combine(given["first"], time(0), tzinfo=zone),
            datetime.combine(after, time(0), tzinfo=zone),
        )


class CalendarForm(forms.Form):
    """A calendar kept elsewhere, as a layer."""

    name = forms.CharField(label="Name", max_length=80, initial="Their calendar")
    url = forms.CharField(
        label="Address of the calendar (iCalendar)",
        max_length=2048,
        widget=forms.URLInput,
        help_text="Fetched every 15 minutes. Events name people by e-mail or by name.",
    )
    priority = forms.IntegerField(
        label="Rank", min_value=-100, max_value=100, initial=0
    )


class HandoffForm(forms.Form):
    is_open = forms.CharField(
        label="What is open",
        required=False,
        max_length=10_000,
        widget=forms.Textarea(attrs={"rows": 3}),
    )
    is_known = forms.CharField(
        label="What is known",
        required=False,
        max_length=10_000,
        widget=forms.Textarea(attrs={"rows": 3}),
    )


class NoticesForm(forms.Form):
    hours = forms.IntegerField(
        label="Hours before",
        min_value=0,
        max_value=168,
        help_text="0 for none.",
    )
    at_start = forms.BooleanField(label="When it starts", required=False)
    at_end = forms.BooleanField(label="When it ends", required=False)
