"""What people fill in about a heartbeat."""

from __future__ import annotations

from typing import Any

from django import forms

from accounts.time_zones import find_zone
from alerts.cadence import CRON_LENGTH, MOST_SECONDS, cron_problem
from alerts.forms import SEVERITY_LABELS
from alerts.models import Heartbeat, Integration
from alerts.models.heartbeat import NAME_LENGTH
from catalog.models import Asset
from catalog.naming import assets_called, not_one, suggestion
from core.text import one_line

UNITS = {"seconds": 1, "minutes": 60, "hours": 3_600, "days": 86_400}
UNIT_CHOICES = [(name, name) for name in UNITS]


def _amount(label: str, *, least: int, help_text: str = "") -> forms.IntegerField:
    return forms.IntegerField(
        label=label, min_value=least, max_value=MOST_SECONDS, help_text=help_text
    )


class HeartbeatForm(forms.Form):
    name = forms.CharField(
        label="Name",
        max_length=NAME_LENGTH,
        help_text="It stands in the address: short, without spaces, is easiest.",
    )
    integration = forms.ModelChoiceField(
        label="Integration",
        queryset=Integration.objects.kept(),
        empty_label="Choose one",
        help_text="Its key stands in the address; its team is alerted.",
    )
    rhythm = forms.ChoiceField(
        label="It reports",
        choices=[("every", "every so often"), ("cron", "by a cron expression")],
        widget=forms.RadioSelect,
        initial="every",
    )
    every = _amount("Every", least=1)
    every_unit = forms.ChoiceField(label="Unit", choices=UNIT_CHOICES)
    cron = forms.CharField(
        label="Cron expression",
        required=False,
        max_length=CRON_LENGTH,
        help_text="Minute, hour, day, month, weekday: “30 3 * * mon-fri”.",
    )
    time_zone = forms.CharField(
        label="Time zone of the expression",
        max_length=64,
        initial="UTC",
        widget=forms.TextInput(attrs={"list": "zones", "autocomplete": "off"}),
    )
    grace = _amount(
        "Grace", least=0, help_text="How late it may be before anybody is told."
    )
    grace_unit = forms.ChoiceField(label="Unit", choices=UNIT_CHOICES)
    severity = forms.ChoiceField(
        label="Severity",
        required=False,
        choices=[("", "That of the integration"), *SEVERITY_LABELS],
    )
    asset = forms.CharField(
        label="Asset",
        required=False,
        max_length=700,
        help_text="What is stale when it does not report: its name, or “name "
        "(namespace)”.",
    )

    def __init__(self, *args: Any, heartbeat: Heartbeat | None = None, **kw: Any):
        super().__init__(*args, **kw)
        self.heartbeat = heartbeat
        if heartbeat is not None:
            del self.fields["integration"]

    @classmethod
    def of(cls, heartbeat: Heartbeat) -> HeartbeatForm:
        every, every_unit = in_units(heartbeat.every_seconds)
        grace, grace_unit = in_units(heartbeat.grace_seconds)
        asset = heartbeat.asset
        return cls(
            heartbeat=heartbeat,
            initial={
                "name": heartbeat.name,
                "rhythm": "cron" if heartbeat.cron else "every",
                "every": every,
                "every_unit": every_unit,
                "cron": heartbeat.cron,
                "time_zone": heartbeat.time_zone,
                "grace": grace,
                "grace_unit": grace_unit,
                "severity": heartbeat.severity,
                "asset": suggestion(asset) if asset else "",
            },
        )

    def clean_name(self) -> str:
        name = one_line(self.cleaned_data["name"], NAME_LENGTH)
        if not name or "/" in name:
            raise forms.ValidationError("One line without “/”, please.")
        return name

    def clean_time_zone(self) -> str:
        zone = find_zone(self.cleaned_data["time_zone"])
        if zone is None:
            raise forms.ValidationError("Name a zone such as Europe/Madrid.")
        return zone

    def clean_asset(self) -> Asset | None:
        text = one_line(self.cleaned_data["asset"], 700)
        if not text:
            return None
        found = assets_called(text)
        if len(found) != 1:
            raise forms.ValidationError(not_one(text, found))
        return found[0]

    def clean(self) -> dict[str, Any]:
        told = super().clean() or self.cleaned_data
        if told.get("rhythm") == "cron":
            problem = cron_problem(told.get("cron", ""))
            if problem:
                self.add_error("cron", problem)
        if "name" in told and self._is_taken(told):
            self.add_error("name", "This integration has one of that name already.")
        for field, unit in (("every", "every_unit"), ("grace", "grace_unit")):
            seconds = (told.get(field) or 0) * UNITS.get(told.get(unit, ""), 1)
            if seconds > MOST_SECONDS:
                self.add_error(field, "At most a year.")
        return told

    def _is_taken(self, told: dict[str, Any]) -> bool:
        kept = self.heartbeat
        inlet = kept.integration if kept else told.get("integration")
        named = Heartbeat.objects.filter(integration=inlet, name=told["name"])
        return any(one != kept for one in named)

    def values(self) -> dict[str, Any]:
        """What the form says, as the fields of a heartbeat."""
        told = self.cleaned_data
        values = {
            "name": told["name"],
            "every_seconds": told["every"] * UNITS[told["every_unit"]],
            "cron": told["cron"] if told["rhythm"] == "cron" else "",
            "time_zone": told["time_zone"],
            "grace_seconds": told["grace"] * UNITS[told["grace_unit"]],
            "severity": told["severity"],
            "asset": told["asset"],
        }
        if "integration" in told:
            values["integration"] = told["integration"]
        return values


def in_units(seconds: int) -> tuple[int, str]:
    """(2, "hours") of 7,200: in the largest unit that has no rest."""
    for name in ("days", "hours", "minutes"):
        if seconds and seconds % UNITS[name] == 0:
            return seconds // UNITS[name], name
    return seconds, "seconds"
