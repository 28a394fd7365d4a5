"""What people fill in about an integration."""

from typing import Any

from django import forms

from accounts.models import Team
from alerts.formats.registry import FORMATS, choices
from alerts.models import DEFAULT_RATE_LIMIT, Severity
from oncall.models import EscalationPolicy

MOST_PER_MINUTE = 10_000_000
SEVERITY_LABELS = [
    (Severity.SEV1, "SEV1, critical"),
    (Severity.SEV2, "SEV2, error"),
    (Severity.SEV3, "SEV3, warning"),
    (Severity.SEV4, "SEV4, info"),
]


class FormatSelect(forms.RadioSelect):
    """The formats, each with a line about it."""

    def create_option(self, name: str, value: Any, *args: Any, **kwargs: Any) -> Any:
        option = super().create_option(name, value, *args, **kwargs)
        option["about"] = FORMATS[value].ABOUT
        return option


class IntegrationForm(forms.Form):
    name = forms.CharField(
        label="Name",
        max_length=120,
        help_text="What sends, and from where: “Airflow, production”.",
    )
    format = forms.ChoiceField(
        label="What does it send?", choices=choices, widget=FormatSelect
    )
    team = forms.ModelChoiceField(
        label="Team",
        queryset=Team.objects.all(),
        required=False,
        empty_label="No team",
        help_text="Whose on-call people are paged when the asset has no team.",
    )
    default_severity = forms.ChoiceField(
        label="Severity when the sender gives none",
        choices=SEVERITY_LABELS,
        initial=Severity.SEV3,
    )
    escalation_policy = forms.ModelChoiceField(
        label="Escalation policy",
        queryset=EscalationPolicy.objects.all(),
        required=False,
        empty_label="That of the team",
    )
    rate_limit = forms.IntegerField(
        label="Events a minute",
        min_value=0,
        max_value=MOST_PER_MINUTE,
        initial=DEFAULT_RATE_LIMIT,
        help_text="Beyond them senders hear 429 and try later. 0 is no limit.",
    )
