"""The forms of silences, and of ending them another time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.utils import timezone

from accounts.time_zones import find_zone, offered_zones
from alerts.conditions import WEEKDAYS
from alerts.match_form import MatchForm, match_initial
from alerts.models import Silence
from alerts.rule_wording import DAYS
from alerts.services.silences import REASON_LENGTH, RRULE_LENGTH, SilenceValues
from alerts.windows import parts_of

LOCAL_TIME = "%Y-%m-%dT%H:%M"
MINUTES = [
    (30, "30 minutes"),
    (60, "1 hour"),
    (120, "2 hours"),
    (240, "4 hours"),
    (480, "8 hours"),
    (1440, "1 day"),
    (4320, "3 days"),
    (10_080, "1 week"),
]
ONCE, DAILY, WEEKLY, MONTHLY, BY_WEEKDAY, BY_RULE = (
    *("once", "DAILY", "WEEKLY", "MONTHLY"),
    *("weekday", "rule"),
)
REPEATS = [
    (ONCE, "Once"),
    (DAILY, "Every day"),
    (WEEKLY, "Every week"),
    (MONTHLY, "Every month, on the same day of the month"),
    (BY_WEEKDAY, "Every month, on the same weekday (as the second Tuesday)"),
    (BY_RULE, "By a rule of its own"),
]


class WallTimeField(forms.DateTimeField):
    """A time on the wall clock of a zone that another field names: naive."""

    widget = forms.DateTimeInput(
        attrs={"type": "datetime-local", "step": 60, "class": "input--short"},
        format=LOCAL_TIME,
    )

    def __init__(self, **options: Any) -> None:
        formats = [LOCAL_TIME, "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M"]
        super().__init__(input_formats=formats, **options)

    def to_python(self, value: Any) -> datetime | None:
        # In UTC there is neither a gap nor a repeat that Django would complain about.
        with timezone.override(UTC):
            read = super().to_python(value)
        return read and read.replace(tzinfo=None)


class SilenceForm(MatchForm):
    reason = forms.CharField(
        label="Why",
        max_length=REASON_LENGTH,
        help_text="Shown on every alert it hides: “Warehouse migration, see #4711”.",
        widget=forms.TextInput(attrs={"autocomplete": "off", "dir": "auto"}),
    )
    starts_at = WallTimeField(label="From", required=False, help_text="Empty is now.")
    length = forms.TypedChoiceField(
        label="For", choices=MINUTES, coerce=int, initial=60, required=False
    )
    ends_at = WallTimeField(
        label="Or until", required=False, help_text="Takes the place of the length."
    )
    time_zone = forms.CharField(
        label="Time zone",
        max_length=64,
        widget=forms.TextInput(attrs={"list": "zones", "autocomplete": "off"}),
    )
    repeats = forms.ChoiceField(label="Repeats", choices=REPEATS, initial=ONCE)
    every = forms.IntegerField(
        label="Every so many",
        min_value=1,
        max_value=100,
        initial=1,
        required=False,
        help_text="2 is every other day, week or month.",
    )
    weekdays = forms.MultipleChoiceField(
        label="On",
        choices=[(day, DAYS[day]) for day in WEEKDAYS],
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    rrule = forms.CharField(
        label="Rule",
        max_length=RRULE_LENGTH,
        required=False,
        help_text="As iCalendar writes it: FREQ=MONTHLY;BYDAY=-1FR is the last "
        "Friday of each month.",
    )
    repeats_until = WallTimeField(
        label="Repeats until", required=False, help_text="Empty is for good."
    )

    def clean_time_zone(self) -> str:
        zone = find_zone(self.cleaned_data["time_zone"])
        if zone is None:
            raise forms.ValidationError("Choose a zone such as Europe/Madrid.")
        return zone

    def values(self, *, began_at: datetime) -> SilenceValues:
        """What was filled in. Only for a valid form. `began_at`: the start if none is
        given."""
        read = self.cleaned_data
        zone = ZoneInfo(read["time_zone"])
        starts_at = _instant(read["starts_at"], zone) or began_at
        length = timedelta(minutes=read["length"] or 60)
        return SilenceValues(
            reason=read["reason"],
            match=self.match_values(),
            starts_at=starts_at,
            ends_at=_instant(read["ends_at"], zone) or starts_at + length,
            time_zone=zone.key,
            rrule=self._rrule(starts_at.astimezone(zone)),
            repeats_until=_instant(read["repeats_until"], zone),
        )

    def _rrule(self, first: datetime) -> str:
        read = self.cleaned_data
        repeats, every = read["repeats"], read["every"] or 1
        if repeats == ONCE:
            return ""
        if repeats == BY_RULE:
            return str(read["rrule"]).upper() or "FREQ="
        interval = f";INTERVAL={every}" if every > 1 else ""
        if repeats == BY_WEEKDAY:
            nth, day = (first.day - 1) // 7 + 1, WEEKDAYS[first.weekday()]
            # The fifth is not in every month; people mean the last.
            return f"FREQ=MONTHLY{interval};BYDAY={nth if nth < 5 else -1}{day}"
        days = ",".join(read["weekdays"])
        on = f";BYDAY={days}" if repeats == WEEKLY and days else ""
        return f"FREQ={repeats}{interval}{on}"


def _instant(wall: datetime | None, zone: ZoneInfo) -> datetime | None:
    return None if wall is None else wall.replace(tzinfo=zone)


def silence_initial(silence: Silence) -> dict[str, Any]:
    """What the form shows of one."""
    first, last = silence.window.wall_times
    until = silence.repeats_until
    return {
        **match_initial(silence),
        "reason": silence.reason,
        "starts_at": first.strftime(LOCAL_TIME),
        "ends_at": last.strftime(LOCAL_TIME),
        "time_zone": silence.time_zone,
        "repeats_until": until
        and until.astimezone(silence.window.zone).strftime(LOCAL_TIME),
        **_repeats_initial(silence.rrule),
    }


def _repeats_initial(rrule: str) -> dict[str, Any]:
    if not rrule:
        return {"repeats": ONCE}
    parts = parts_of(rrule)
    plain = {"FREQ", "INTERVAL"}
    if parts["FREQ"] == WEEKLY:
        plain.add("BYDAY")
    if parts.keys() - plain:
        return {"repeats": BY_RULE, "rrule": rrule}
    days = parts.get("BYDAY", "")
    return {
        "repeats": parts["FREQ"],
        "every": int(parts.get("INTERVAL", "1")),
        "weekdays": days.split(",") if days else [],
    }


class ExtendForm(forms.Form):
    until = WallTimeField(label="Until")
    until.widget.attrs["class"] = "input input--short"

    def instant(self, zone: ZoneInfo) -> datetime:
        """When it is to end. Only for a valid form."""
        wall: datetime = self.cleaned_data["until"]
        return wall.replace(tzinfo=zone)


def zones() -> list[str]:
    """What the field of the zone offers."""
    return offered_zones()
