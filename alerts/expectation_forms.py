"""What people fill in about an asset's freshness and volume."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django import forms

from accounts.time_zones import find_zone
from alerts.cadence import CRON_LENGTH, MOST_SECONDS, cron_problem
from alerts.forms import SEVERITY_LABELS
from alerts.freshness import Rhythm
from alerts.heartbeat_form import UNIT_CHOICES, UNITS, in_units
from alerts.models import Expectation

MOST_ROWS = 2**63 - 1


def _severity() -> forms.ChoiceField:
    return forms.ChoiceField(
        label="Severity",
        required=False,
        choices=[("", "As usual"), *SEVERITY_LABELS],
    )


class FreshnessForm(forms.Form):
    rhythm = forms.ChoiceField(
        label="A run succeeds",
        choices=[("cron", "by a deadline"), ("every", "every so often")],
        widget=forms.RadioSelect,
        initial="cron",
    )
    cron = forms.CharField(
        label="Deadlines",
        required=False,
        max_length=CRON_LENGTH,
        help_text="A cron expression: “0 6 * * mon-fri” is by six on weekdays.",
    )
    time_zone = forms.CharField(
        label="Time zone of the deadlines",
        max_length=64,
        widget=forms.TextInput(attrs={"list": "zones", "autocomplete": "off"}),
    )
    every = forms.IntegerField(
        label="Every", required=False, min_value=1, max_value=MOST_SECONDS
    )
    every_unit = forms.ChoiceField(label="Unit", choices=UNIT_CHOICES)
    grace = forms.IntegerField(
        label="Grace",
        min_value=0,
        max_value=MOST_SECONDS,
        help_text="How late it may be before it is an alert.",
    )
    grace_unit = forms.ChoiceField(label="Unit", choices=UNIT_CHOICES)
    severity = _severity()

    @staticmethod
    def told(rhythm: Rhythm, severity: str = "") -> dict[str, Any]:
        """What the form shows of a rhythm."""
        every, every_unit = in_units(int(rhythm.every.total_seconds()) or 86_400)
        grace, grace_unit = in_units(int(rhythm.grace.total_seconds()))
        return {
            "rhythm": "cron" if rhythm.cron else "every",
            "cron": rhythm.cron,
            "time_zone": rhythm.zone,
            "every": every,
            "every_unit": every_unit,
            "grace": grace,
            "grace_unit": grace_unit if grace else "minutes",
            "severity": severity,
        }

    def clean_time_zone(self) -> str:
        zone = find_zone(self.cleaned_data["time_zone"])
        if zone is None:
            raise forms.ValidationError("Name a zone such as Europe/Madrid.")
        return zone

    def clean(self) -> dict[str, Any]:
        told = super().clean() or self.cleaned_data
        if told.get("rhythm") == "cron":
            problem = cron_problem(told.get("cron", ""))
            if problem:
                self.add_error("cron", problem)
        elif told.get("every") is None and "every" not in self.errors:
            self.add_error("every", "Say how often.")
        for field in ("every", "grace"):
            if self._seconds(field) > MOST_SECONDS:
                self.add_error(field, "At most a year.")
        return told

    def value(self) -> Rhythm:
        """The rhythm it says."""
        told = self.cleaned_data
        is_cron = told["rhythm"] == "cron"
        return Rhythm(
            every=timedelta(seconds=0 if is_cron else self._seconds("every")),
            cron=told["cron"] if is_cron else "",
            zone=told["time_zone"],
            grace=timedelta(seconds=self._seconds("grace")),
        )

    def _seconds(self, field: str) -> int:
        unit = UNITS.get(self.cleaned_data.get(f"{field}_unit", ""), 1)
        return (self.cleaned_data.get(field) or 0) * unit


def _rows(label: str, help_text: str = "") -> forms.IntegerField:
    return forms.IntegerField(
        label=label,
        required=False,
        min_value=0,
        max_value=MOST_ROWS,
        help_text=help_text,
    )


class VolumeForm(forms.Form):
    least = _rows("At least, rows")
    most = _rows("At most, rows", "Leave both empty to learn what is usual.")
    severity = _severity()

    @staticmethod
    def told(expectation: Expectation) -> dict[str, Any]:
        return {
            "least": expectation.least,
            "most": expectation.most,
            "severity": expectation.severity,
        }
