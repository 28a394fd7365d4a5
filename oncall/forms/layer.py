"""One layer of a schedule as people fill it in: every kind of it."""

import re
from datetime import UTC, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.core.exceptions import ValidationError

from accounts.models import User
from oncall.forms.rows import TurnListField, turns_of
from oncall.links import local_text
from oncall.patterns import (
    AlwaysOn,
    HandMade,
    HandMadeShift,
    Pattern,
    RepeatingShift,
)
from oncall.rotations import EVERY_DAY, Hours, UsualRotation

KINDS = [
    ("rotation", "Rotation: people hand over to each other"),
    ("recurring_shift", "Repeating shift: a shift of some hours, again and again"),
    ("always", "Always the same people"),
    ("fixed", "Shifts made by hand"),
]
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
UNITS = [
    ("week", "weeks"),
    ("day", "days"),
    ("hour", "hours"),
    ("month", "months"),
]
FREQUENCIES = [
    ("daily", "days"),
    ("weekly", "weeks"),
    ("monthly", "months"),
    ("hourly", "hours"),
]
MOST_LINES = 500
TIMES = ("handoff", "begins", "weekdays", "start", "end")
_LINE = re.compile(
    r"^(\d{4}-\d\d-\d\d[ T]\d\d:\d\d)\s+(\d{4}-\d\d-\d\d[ T]\d\d:\d\d)\s+(\S.*)$"
)


def _clock(label: str, **options: Any) -> forms.TimeField:
    widget = forms.TimeInput(format="%H:%M", attrs={"type": "time"})
    return forms.TimeField(label=label, widget=widget, **options)


def _local(label: str, **options: Any) -> forms.DateTimeField:
    widget = forms.DateTimeInput(
        format="%Y-%m-%dT%H:%M", attrs={"type": "datetime-local"}
    )
    formats = ["%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M"]
    return _NaiveTimeField(
        label=label, widget=widget, input_formats=formats, required=False, **options
    )


class _NaiveTimeField(forms.DateTimeField):
    """A time on the schedule's wall clock; it stays without a zone."""

    def to_python(self, value: Any) -> datetime | None:
        if not value:
            return None
        for form in self.input_formats or ():
            try:
                return datetime.strptime(str(value), form)  # noqa: DTZ007  # is local
            except ValueError:
                continue
        raise ValidationError("Write it like 2026-01-05T09:00.")

    def prepare_value(self, value: Any) -> Any:
        return value


def _days(label: str, **options: Any) -> forms.MultipleChoiceField:
    return forms.MultipleChoiceField(
        label=label,
        choices=WEEKDAYS,
        required=False,
        widget=forms.CheckboxSelectMultiple,
        **options,
    )


class LayerForm(forms.Form):
    """One layer. `source` is the layer it was made from, by its place."""

    source = forms.IntegerField(required=False, widget=forms.HiddenInput)
    kind = forms.ChoiceField(
        label="Kind", choices=KINDS, required=False, initial="rotation"
    )
    name = forms.CharField(
        label="Name", max_length=80, initial="Primary", required=False
    )
    people = TurnListField(
        label="People, in order of their turns",
        required=False,
        help_text="Whoever is on call now stays so until the next hand-off.",
    )
    unit = forms.ChoiceField(label="of", choices=UNITS, required=False)
    every = forms.IntegerField(
        label="A turn lasts", min_value=1, max_value=1000, initial=1, required=False
    )
    weekday = forms.ChoiceField(label="Hand-off on", choices=WEEKDAYS, required=False)
    monthday = forms.IntegerField(
        label="Hand-off on day",
        min_value=1,
        max_value=31,
        initial=1,
        required=False,
        help_text="A shorter month hands over on its last day.",
    )
    handoff = _clock("Hand-off at", initial=time(9), required=False)
    begins = _local("First shift begins")
    length = forms.IntegerField(
        label="Hours",
        min_value=0,
        max_value=366 * 24,
        initial=12,
        required=False,
    )
    minutes = forms.IntegerField(
        label="and minutes", min_value=0, max_value=59, initial=0, required=False
    )
    interval = forms.IntegerField(
        label="Repeats every", min_value=1, max_value=1000, initial=1, required=False
    )
    freq = forms.ChoiceField(label="of", choices=FREQUENCIES, required=False)
    by_day = _days("Only on")
    by_monthday = forms.CharField(
        label="Only on days of the month",
        required=False,
        max_length=200,
        help_text="As 1, 15, -1; -1 is the last.",
    )
    week_start = forms.ChoiceField(
        label="Weeks begin on", choices=WEEKDAYS, required=False
    )
    counts_from = _local("Counts from", help_text="Empty: from the first shift on.")
    until = _local("Until", help_text="Empty: for ever.")
    lines = forms.CharField(
        label="One shift a line",
        required=False,
        max_length=60_000,
        widget=forms.Textarea(
            attrs={"rows": 6, "class": "mono", "spellcheck": "false"}
        ),
        help_text="As 2026-01-06 10:00  2026-01-06 12:00  ada@example.com, "
        "bo@example.org",
    )
    priority = forms.IntegerField(
        label="Rank",
        min_value=-100,
        max_value=100,
        initial=0,
        help_text="A higher rank hides a lower one where it has somebody. "
        "Equal ranks are on call together.",
    )
    has_hours = forms.BooleanField(label="Only at certain hours", required=False)
    weekdays = _days("On", initial=WORKDAYS)
    start = _clock("From", required=False, initial=time(9))
    end = _clock(
        "To",
        required=False,
        initial=time(18),
        help_text="At or before the start: on the next day.",
    )

    def __init__(self, *args: Any, people: list[User], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["people"]
        assert isinstance(field, TurnListField)
        field.offer([(str(one.pk), str(one)) for one in people])
        self.by_address = {one.email.lower(): str(one.pk) for one in people}

    def clean_kind(self) -> str:
        return self.cleaned_data["kind"] or "rotation"

    def clean_by_monthday(self) -> tuple[int, ...]:
        text = self.cleaned_data["by_monthday"].replace(",", " ")
        try:
            days = tuple(dict.fromkeys(int(word) for word in text.split()))
        except ValueError:
            days = (0,)
        if any(not 1 <= abs(day) <= 31 for day in days):
            raise ValidationError("Write days from 1 to 31, or -1 to -31.")
        return days

    def clean(self) -> dict[str, Any]:
        values = self.cleaned_data
        kind = values.get("kind")
        if kind != "fixed" and not any(values.get("people") or ()):
            self._want("people", "Choose who.")
        if kind == "rotation":
            self._want_if_empty("unit", "every", "handoff")
            if values.get("unit") == "week" and not values.get("weekday"):
                self._want("weekday", "Choose the day.")
            if values.get("unit") == "month":
                self._want_if_empty("monthday")
        if kind == "recurring_shift":
            self._want_if_empty("begins", "freq", "interval")
            if not values.get("length") and not values.get("minutes"):
                self._want("length", "Say how long.")
        if values.get("has_hours"):
            self._want_if_empty("weekdays", "start", "end")
        return values

    def _want_if_empty(self, *names: str) -> None:
        for name in names:
            if self.cleaned_data.get(name) in (None, "", []):
                self._want(name, "Say when." if name in TIMES else "Is needed.")

    def _want(self, name: str, words: str) -> None:
        if name not in self.errors:
            self.add_error(name, words)

    def pattern(self, zone: ZoneInfo) -> Pattern:
        """What was filled in. Only for a valid form. Raises ValidationError for lines
        that say no shift."""
        values = self.cleaned_data
        hours = None
        if values["has_hours"]:
            days = tuple(day for day in EVERY_DAY if day in values["weekdays"])
            hours = Hours(days, values["start"], values["end"])
        head = {"name": values["name"], "priority": values["priority"], "hours": hours}
        match values["kind"]:
            case "recurring_shift":
                return self._repeating(head)
            case "always":
                everybody = (user for group in values["people"] for user in group)
                return AlwaysOn(people=tuple(dict.fromkeys(everybody)), **head)
            case "fixed":
                return HandMade(shifts=tuple(self._shifts(zone)), **head)
        return UsualRotation(
            unit=values["unit"],
            every=values["every"],
            weekday=values["weekday"] or "MO",
            monthday=values["monthday"] or 1,
            handoff=values["handoff"],
            turns=values["people"],
            **head,
        )

    def _repeating(self, head: dict[str, Any]) -> RepeatingShift:
        values = self.cleaned_data
        return RepeatingShift(
            start=values["begins"],
            minutes=60 * (values["length"] or 0) + (values["minutes"] or 0),
            freq=values["freq"],
            interval=values["interval"],
            turns=values["people"],
            by_day=tuple(day for day in EVERY_DAY if day in values["by_day"]),
            by_monthday=values["by_monthday"],
            week_start=values["week_start"] or "MO",
            begins=values["counts_from"],
            until=values["until"],
            **head,
        )

    def _shifts(self, zone: ZoneInfo) -> list[HandMadeShift]:
        lines = [one for one in self.cleaned_data["lines"].splitlines() if one.strip()]
        if len(lines) > MOST_LINES:
            raise ValidationError(f"Write at most {MOST_LINES} lines.")
        return [self._shift(n, line, zone) for n, line in enumerate(lines, start=1)]

    def _shift(self, number: int, line: str, zone: ZoneInfo) -> HandMadeShift:
        match = _LINE.match(line.strip())
        if match is None:
            raise ValidationError(f"Line {number} is not two times and people.")
        try:
            start, end = (
                datetime.fromisoformat(match[n]).replace(tzinfo=zone) for n in (1, 2)
            )
        except ValueError as error:
            raise ValidationError(f"Line {number}: {error}.") from error
        people = match[3].replace(",", " ").lower().split()
        unknown = [one for one in people if one not in self.by_address]
        if unknown:
            raise ValidationError(f"Line {number}: {unknown[0]} is nobody here.")
        if end.astimezone(UTC) <= start.astimezone(UTC):
            raise ValidationError(f"Line {number} ends before it starts.")
        return start, end, tuple(dict.fromkeys(self.by_address[one] for one in people))


def initial_of(
    pattern: Pattern, source: int, *, zone: ZoneInfo, people: list[User]
) -> dict[str, Any]:
    """What the form shows of a stored layer."""
    values: dict[str, Any] = {
        "source": source,
        "name": pattern.name,
        "priority": pattern.priority,
        **_initial_body(pattern, zone, people),
    }
    if pattern.hours:
        values |= {
            "has_hours": True,
            "weekdays": pattern.hours.weekdays,
            "start": pattern.hours.start,
            "end": pattern.hours.end,
        }
    return values


def _initial_body(
    pattern: Pattern, zone: ZoneInfo, people: list[User]
) -> dict[str, Any]:
    match pattern:
        case UsualRotation():
            return {
                "kind": "rotation",
                "people": turns_of(pattern.turns),
                "unit": pattern.unit,
                "every": pattern.every,
                "weekday": pattern.weekday,
                "monthday": pattern.monthday,
                "handoff": pattern.handoff,
            }
        case RepeatingShift():
            return {
                "kind": "recurring_shift",
                "people": turns_of(pattern.turns),
                "begins": f"{pattern.start:%Y-%m-%dT%H:%M}",
                "length": pattern.minutes // 60,
                "minutes": pattern.minutes % 60,
                "freq": pattern.freq,
                "interval": pattern.interval,
                "by_day": pattern.by_day,
                "by_monthday": ", ".join(map(str, pattern.by_monthday)),
                "week_start": pattern.week_start,
                "counts_from": _text(pattern.begins),
                "until": _text(pattern.until),
            }
        case AlwaysOn():
            return {"kind": "always", "people": turns_of([pattern.people])}
        case HandMade():
            return {"kind": "fixed", "lines": _lines(pattern, zone, people)}


def _text(local: datetime | None) -> str:
    return f"{local:%Y-%m-%dT%H:%M}" if local else ""


def _lines(pattern: HandMade, zone: ZoneInfo, people: list[User]) -> str:
    addresses = {str(one.pk): one.email for one in people}
    lines = []
    for start, end, users in pattern.shifts:
        times = [local_text(one, zone).replace("T", " ") for one in (start, end)]
        who = ", ".join(addresses.get(user, user) for user in users)
        lines.append("  ".join([*times, who]))
    return "\n".join(lines)
