"""What people may type about incidents. Each field says what it is for."""

from __future__ import annotations

from typing import Any

from django import forms
from django.db.models import Q

from accounts.models import Team, User
from alerts.models import Severity
from catalog.models import Asset
from incidents.models import Incident, RoleAssignment, StatusUpdate
from oncall.models import EscalationPolicy

LOCAL_TIME = "%Y-%m-%dT%H:%M"
SEVERITY_HINT = (
    "SEV1: executives or customers see wrong data. SEV2: a team cannot work. "
    "SEV3: some data is late. SEV4: nobody notices yet."
)


class LocalTimeField(forms.DateTimeField):
    """A moment in the reader's zone, typed with the browser's own picker."""

    widget = forms.DateTimeInput(
        attrs={"type": "datetime-local", "step": 60}, format=LOCAL_TIME
    )
    input_formats = [LOCAL_TIME, "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M"]

    def __init__(self, **options: Any) -> None:
        super().__init__(input_formats=self.input_formats, **options)


def active_people() -> Any:
    return User.objects.filter(is_active=True)


class DeclareForm(forms.Form):
    title = forms.CharField(
        max_length=1024,
        label="What is wrong",
        help_text="As you would say it to a colleague: “Revenue today shows zero”.",
    )
    severity = forms.ChoiceField(
        choices=Severity, initial="SEV3", help_text=SEVERITY_HINT
    )
    assets = forms.CharField(
        required=False,
        label="Affected assets",
        widget=forms.Textarea(attrs={"rows": 2, "list": "assets"}),
        help_text="One name a line, as in Assets. Their lineage shows who is affected.",
    )
    team = forms.ModelChoiceField(
        Team.objects.all(), required=False, empty_label="By the assets"
    )
    policy = forms.ModelChoiceField(
        EscalationPolicy.objects.all(),
        required=False,
        label="Page",
        empty_label="The team's escalation policy",
    )
    private = forms.BooleanField(
        required=False,
        label="Private",
        help_text="Only admins, the team and its responders see it.",
    )

    def clean_assets(self) -> list[Asset]:
        names = [
            line.strip() for line in self.cleaned_data["assets"].splitlines() if line
        ]
        found = [self._asset(name) for name in dict.fromkeys(names) if name]
        return [asset for asset in found if asset is not None]

    def _asset(self, name: str) -> Asset | None:
        matches = list(Asset.objects.filter(Q(name__iexact=name))[:2])
        if len(matches) == 1:
            return matches[0]
        problem = (
            f"More than one asset is called “{name}”: declare first, then add it."
            if matches
            else f"No asset is called “{name}”."
        )
        self.add_error("assets", problem)
        return None


class NoteForm(forms.Form):
    text = forms.CharField(max_length=20_000, label="Note")
    happened_at = LocalTimeField(required=False, label="When it happened")


class SeverityForm(forms.Form):
    severity = forms.ChoiceField(choices=Severity, help_text=SEVERITY_HINT)


class StatusForm(forms.Form):
    status = forms.ChoiceField(choices=Incident.Status)


class DetailsForm(forms.Form):
    title = forms.CharField(max_length=1024)
    team = forms.ModelChoiceField(
        Team.objects.all(), required=False, empty_label="No team"
    )
    private = forms.BooleanField(
        required=False, help_text="Only admins, the team and its responders see it."
    )


class SituationForm(forms.Form):
    situation = forms.CharField(
        required=False,
        max_length=20_000,
        widget=forms.Textarea(attrs={"rows": 6}),
        help_text="What is known, what is being done, what is needed. Markdown.",
    )


class RoleForm(forms.Form):
    role = forms.ChoiceField(choices=RoleAssignment.Role)
    user = forms.ModelChoiceField(User.objects.none(), label="Person")
    remove = forms.BooleanField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        user = self.fields["user"]
        assert isinstance(user, forms.ModelChoiceField)
        user.queryset = active_people()


class TimesForm(forms.Form):
    """Empty leaves a time as it is; only the mitigation may be taken away."""

    impact_started_at = LocalTimeField(required=False, label="Impact started")
    detected_at = LocalTimeField(required=False, label="Detected")
    acknowledged_at = LocalTimeField(required=False, label="Acknowledged")
    mitigated_at = LocalTimeField(required=False, label="Mitigated")
    resolved_at = LocalTimeField(required=False, label="Resolved")

    def __init__(self, data: Any = None, *, incident: Incident) -> None:
        initial = {name: getattr(incident, name) for name in self.base_fields}
        super().__init__(data, initial=initial)
        for name in ("acknowledged_at", "resolved_at"):
            if initial[name] is None:
                del self.fields[name]


class RootCauseForm(forms.Form):
    category = forms.ChoiceField(
        choices=[("", "Not known yet"), *Incident.CauseCategory.choices],
        required=False,
    )
    asset = forms.ModelChoiceField(
        Asset.objects.none(), required=False, empty_label="No asset"
    )
    summary = forms.CharField(
        required=False,
        max_length=20_000,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="What happened in the system, in a few sentences.",
    )
    contributing_factors = forms.CharField(
        required=False,
        max_length=20_000,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text="What made it possible, made it worse or kept it hidden. One a line.",
    )

    def __init__(self, *args: Any, assets: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        field = self.fields["asset"]
        assert isinstance(field, forms.ModelChoiceField)
        field.queryset = assets


class UpdateForm(forms.Form):
    text = forms.CharField(
        max_length=20_000, label="Update", widget=forms.Textarea(attrs={"rows": 3})
    )
    audience = forms.ChoiceField(
        choices=StatusUpdate.Audience, initial=StatusUpdate.Audience.INTERNAL
    )


class SnoozeForm(forms.Form):
    until = LocalTimeField(label="Until")


class MergeForm(forms.Form):
    into = forms.IntegerField(min_value=1, label="Number of the incident it belongs to")
