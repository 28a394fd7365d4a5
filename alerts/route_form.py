"""The forms of routing rules, and of an integration's damping."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import msgspec
from django import forms

from accounts.models import Team
from alerts.conditions import WEEKDAYS
from alerts.match_form import MatchForm, match_initial
from alerts.models import (
    SEVERITY_OF_WORD,
    Alert,
    InletQuiet,
    Integration,
    Route,
    Severity,
)
from alerts.rule_wording import DAYS
from alerts.services.routes import (
    MOST_COUNT,
    MOST_FLAPS,
    NAME_LENGTH,
    DampingValues,
    HoursValues,
    RouteValues,
)
from catalog.models import Asset
from catalog.naming import assets_called, not_one
from core.errors import InvalidInputError
from core.text import mapping, text_of
from oncall.models import EscalationPolicy

MOST_MINUTES = 7 * 24 * 60
MINUTE = timedelta(minutes=1)
BOTH = "Fill in both: how many, and within what time."


class MinutesField(forms.FloatField):
    """A time in minutes; None when empty."""

    def __init__(self, **options: Any) -> None:
        widget = forms.NumberInput(attrs={"step": "any", "class": "input--short"})
        super().__init__(
            min_value=1 / 60,
            max_value=MOST_MINUTES,
            required=False,
            widget=widget,
            **options,
        )

    def clean(self, value: Any) -> Any:
        minutes = super().clean(value)
        return None if minutes is None else timedelta(minutes=minutes)

    def prepare_value(self, value: Any) -> Any:
        if not isinstance(value, timedelta):
            return value
        minutes = value / MINUTE
        return int(minutes) if minutes.is_integer() else round(minutes, 3)


class DampingForm(forms.Form):
    hold_for = MinutesField(
        label="If still firing after",
        help_text="In minutes. One that resolves before opens no incident.",
    )
    after_count = forms.IntegerField(
        label="After N events",
        min_value=2,
        max_value=MOST_COUNT,
        required=False,
    )
    after_within = MinutesField(label="Within", help_text="In minutes.")

    def damping_values(self) -> DampingValues:
        read = self.cleaned_data
        return DampingValues(
            hold_for=read["hold_for"],
            after_count=read["after_count"],
            after_within=read["after_within"],
        )


def damping_initial(row: Route | InletQuiet) -> dict[str, Any]:
    return {name: getattr(row, name) for name in DampingForm.base_fields}


class RouteForm(DampingForm, MatchForm):
    name = forms.CharField(
        label="Name",
        max_length=NAME_LENGTH,
        help_text="“Staging is quiet”, “Finance at night”.",
    )
    has_hours = forms.BooleanField(label="Only at certain hours", required=False)
    weekdays = forms.MultipleChoiceField(
        label="On",
        choices=[(day, DAYS[day]) for day in WEEKDAYS],
        required=False,
        widget=forms.CheckboxSelectMultiple,
        initial=list(WEEKDAYS[:5]),
    )
    hours_start = forms.TimeField(
        label="From",
        required=False,
        widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M"),
        initial="09:00",
    )
    hours_end = forms.TimeField(
        label="Until",
        required=False,
        widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M"),
        initial="18:00",
        help_text="Before the start: on the next day.",
    )
    zone = forms.CharField(
        label="Time zone",
        max_length=64,
        required=False,
        widget=forms.TextInput(attrs={"list": "zones", "autocomplete": "off"}),
    )
    action = forms.ChoiceField(
        label="Then", choices=Route.Action.choices, initial=Route.Action.PAGE
    )
    team = forms.ModelChoiceField(
        Team.objects.all(),
        label="Team",
        required=False,
        empty_label="As without this rule",
    )
    policy = forms.ModelChoiceField(
        EscalationPolicy.objects.all(),
        label="Escalation policy",
        required=False,
        empty_label="That of the team, or as without this rule",
    )
    severity = forms.ChoiceField(
        label="Set the severity to",
        required=False,
        choices=[("", "As the sender says"), *Severity.choices],
    )
    is_on = forms.BooleanField(
        label="Ask this rule",
        required=False,
        initial=True,
        help_text="Switched off, it is passed over.",
    )

    def values(self) -> RouteValues:
        """What was filled in. Only for a valid form."""
        read = self.cleaned_data
        return RouteValues(
            name=read["name"],
            match=self.match_values(),
            hours=self._hours(),
            action=read["action"],
            team=read["team"],
            policy=read["policy"],
            severity=read["severity"],
            damping=self.damping_values(),
            is_on=read["is_on"],
        )

    def _hours(self) -> HoursValues | None:
        read = self.cleaned_data
        if not read["has_hours"]:
            return None
        if read["hours_start"] is None or read["hours_end"] is None:
            raise InvalidInputError({"hours": ["Say from when until when."]})
        return HoursValues(
            read["weekdays"], read["hours_start"], read["hours_end"], read["zone"]
        )


def route_initial(route: Route) -> dict[str, Any]:
    """What the form shows of a rule."""
    same = ("name", "action", "team", "policy", "severity", "is_on")
    hours = route.hours or {}
    shown = {
        "weekdays": hours.get("weekdays"),
        "hours_start": hours.get("start"),
        "hours_end": hours.get("end"),
        "zone": hours.get("zone"),
    }
    return {
        **match_initial(route),
        **{name: getattr(route, name) for name in same},
        **damping_initial(route),
        "has_hours": bool(hours),
        **{name: value for name, value in shown.items() if value},
    }


class DefaultRouteForm(forms.Form):
    policy = forms.ModelChoiceField(
        EscalationPolicy.objects.all(),
        label="Escalation policy",
        required=False,
        empty_label="The default policy, or every admin",
    )
    team = forms.ModelChoiceField(
        Team.objects.all(), label="Or a team's", required=False, empty_label="No team"
    )


class InletQuietForm(DampingForm):
    flap_changes = forms.IntegerField(
        label="Flaps after more changes than",
        min_value=0,
        max_value=MOST_FLAPS,
        required=False,
        help_text="Changes of state. Empty: as the installation has it. 0: never.",
    )
    flap_within = MinutesField(label="Within", help_text="In minutes.")


def inlet_initial(row: InletQuiet) -> dict[str, Any]:
    return {
        **damping_initial(row),
        "flap_changes": row.flap_changes,
        "flap_within": row.flap_within,
    }


class TrialForm(forms.Form):
    """An alert to try the rules on: a recent one, or one as it might come in."""

    recent = forms.IntegerField(min_value=1, max_value=2**63 - 1, required=False)
    integration = forms.ModelChoiceField(
        Integration.objects.filter(deleted_at=None),
        label="Integration",
        required=False,
        empty_label="Choose an integration",
    )
    title = forms.CharField(label="Title", max_length=1024, required=False)
    severity = forms.ChoiceField(
        label="Severity",
        required=False,
        choices=[("", "The integration's usual"), *Severity.choices],
    )
    labels = forms.CharField(
        label="Labels",
        required=False,
        max_length=5000,
        widget=forms.Textarea(attrs={"rows": 2, "placeholder": "env=prod"}),
        help_text="One a line, as env=prod. Or a whole alert as JSON.",
    )
    asset_name = forms.CharField(
        label="Asset",
        required=False,
        max_length=1500,
        widget=forms.TextInput(attrs={"list": "asset-options"}),
    )

    def clean(self) -> dict[str, Any]:
        read = super().clean() or {}
        if not read.get("recent") and not read.get("integration"):
            self.add_error("integration", "Choose one, or a recent alert.")
        name = (read.get("asset_name") or "").strip()
        found = assets_called(name) if name else []
        if name and len(found) != 1:
            self.add_error("asset_name", not_one(name, found))
        read["asset"] = found[0] if len(found) == 1 else None
        return read

    def alert(self, *, at: datetime) -> Alert | None:
        """The one that is stored, or one as it might come in; None if it is gone."""
        read = self.cleaned_data
        if read["recent"]:
            related = Alert.objects.select_related("integration", "asset")
            return related.filter(pk=read["recent"]).first()
        integration = read["integration"]
        pasted = _pasted(read["labels"])
        if pasted is not None:
            return _alert_from(pasted, integration, read, at)
        return Alert(
            integration=integration,
            title=read["title"],
            severity=read["severity"] or integration.default_severity,
            labels=_labels(read["labels"]),
            asset=read["asset"],
            first_at=at,
        )


def _pasted(text: str) -> dict[str, Any] | None:
    """A JSON object that was pasted, None when it is something else."""
    try:
        read = msgspec.json.decode(text.encode())
    except (msgspec.DecodeError, UnicodeEncodeError, RecursionError):
        return None
    return read if isinstance(read, dict) else None


def _alert_from(
    pasted: dict[str, Any], integration: Integration, read: Any, at: datetime
) -> Alert:
    """As the generic format has it; what was filled in comes first."""
    said = str(pasted.get("severity", "")).lower()
    named = mapping(pasted.get("asset"))
    assets = Asset.objects.named(
        text_of(named.get("namespace"), 500), text_of(named.get("name"), 1000)
    )
    return Alert(
        integration=integration,
        title=read["title"] or text_of(pasted.get("title")),
        severity=read["severity"]
        or SEVERITY_OF_WORD.get(said, integration.default_severity),
        labels={
            text_of(name): text_of(value)
            for name, value in mapping(pasted.get("labels")).items()
        },
        asset=read["asset"] or (assets.first() if named else None),
        first_at=at,
    )


def _labels(text: str) -> dict[str, str]:
    pairs = (line.partition("=") for line in text.splitlines())
    return {name.strip(): value.strip() for name, _, value in pairs if name.strip()}
