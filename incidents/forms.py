"""What people may type about incidents. Each field says what it is for."""

from __future__ import annotations

from typing import Any

from django import forms
from django.db.models import QuerySet

from accounts.models import Team, User
from alerts.models import Alert, Severity
from catalog.models import Asset
from incidents.models import (
    FOLLOWS,
    CauseVerdict,
    Incident,
    IncidentQuerySet,
    RoleAssignment,
    StatusUpdate,
)

LOCAL_TIME = "%Y-%m-%dT%H:%M"
SEVERITY_MEANINGS = {
    "SEV1": "Executives or customers see wrong data.",
    "SEV2": "A team cannot work.",
    "SEV3": "Some data is late or wrong; few notice.",
    "SEV4": "Nobody notices yet.",
}
MOST_OPEN = 100


class LocalTimeField(forms.DateTimeField):
    """A moment in the reader's zone, typed with the browser's own picker."""

    widget = forms.DateTimeInput(
        attrs={"type": "datetime-local", "step": 60, "class": "input--short"},
        format=LOCAL_TIME,
    )
    input_formats = [LOCAL_TIME, "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M"]

    def __init__(self, **options: Any) -> None:
        super().__init__(input_formats=self.input_formats, **options)


def severity_field(**options: Any) -> forms.ChoiceField:
    choices = [(s, SEVERITY_MEANINGS[s]) for s in Severity.values]
    return forms.ChoiceField(choices=choices, widget=forms.RadioSelect, **options)


class NoteForm(forms.Form):
    text = forms.CharField(
        max_length=20_000,
        label="Note",
        widget=forms.Textarea(
            attrs={"rows": 2, "placeholder": "What you saw, tried or decided"}
        ),
    )
    happened_at = LocalTimeField(
        required=False,
        label="When it happened",
        help_text="Empty is now.",
    )


class SeverityForm(forms.Form):
    severity = severity_field()


class StatusForm(forms.Form):
    status = forms.ChoiceField(choices=Incident.Status)


class JudgeForm(forms.Form):
    verdict = forms.ChoiceField(choices=CauseVerdict.Verdict)


class DetailsForm(forms.Form):
    title = forms.CharField(max_length=1024)
    team = forms.ModelChoiceField(
        Team.objects.all(), required=False, empty_label="No team"
    )
    private = forms.BooleanField(
        required=False,
        help_text="Only admins, the team and its responders see it. Whoever was told "
        "of it before keeps that message.",
    )


class SituationForm(forms.Form):
    situation = forms.CharField(
        required=False,
        max_length=20_000,
        widget=forms.Textarea(attrs={"rows": 8}),
        help_text="What is known, what is being done, what is needed. Markdown.",
    )


class RoleForm(forms.Form):
    role = forms.ChoiceField(choices=RoleAssignment.Role)
    user = forms.ModelChoiceField(
        User.objects.filter(is_active=True), label="Person", empty_label="Choose"
    )
    remove = forms.BooleanField(required=False, widget=forms.HiddenInput)


class TimesForm(forms.Form):
    """Empty leaves a time as it is; only the mitigation may be taken away."""

    impact_started_at = LocalTimeField(
        required=False,
        label="Impact started",
        help_text="When the data began to be wrong or late.",
    )
    detected_at = LocalTimeField(
        required=False, label="Detected", help_text="When it was first noticed."
    )
    acknowledged_at = LocalTimeField(required=False, label="Acknowledged")
    mitigated_at = LocalTimeField(
        required=False, label="Mitigated", help_text="When the harm stopped."
    )
    resolved_at = LocalTimeField(required=False, label="Resolved")

    def __init__(self, data: Any = None, *, incident: Incident) -> None:
        initial = {name: getattr(incident, name) for name in self.base_fields}
        super().__init__(data, initial=initial)
        for name in ("acknowledged_at", "resolved_at"):
            if initial[name] is None:
                del self.fields[name]

    @property
    def changed_times(self) -> dict[str, Any]:
        """The times that were typed anew, once the form is valid."""
        return {
            name: value
            for name, value in self.cleaned_data.items()
            if name in self.changed_data and (value or name == "mitigated_at")
        }


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

    def __init__(
        self, data: Any = None, *, assets: QuerySet[Asset], initial: Any = None
    ) -> None:
        super().__init__(data, initial=initial)
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
    status = forms.ChoiceField(required=False, label="Also move it on")

    def __init__(self, data: Any = None, *, incident: Incident) -> None:
        super().__init__(data)
        following = [
            (value, f"To {label.lower()}")
            for value, label in Incident.Status.choices
            if value in FOLLOWS[incident.status]
        ]
        field = self.fields["status"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [("", "Leave the status"), *following]
        if not following:
            del self.fields["status"]


class SnoozeForm(forms.Form):
    until = LocalTimeField(label="Until")


class MergeForm(forms.Form):
    """Into one of the newest open incidents, or any other by its number."""

    into = forms.ChoiceField(required=False, label="Into an open incident")
    number = forms.IntegerField(
        required=False,
        min_value=1,
        max_value=2**63 - 1,
        label="Or by its number",
        widget=forms.NumberInput(attrs={"class": "input--short"}),
    )

    def __init__(self, data: Any = None, *, others: IncidentQuerySet) -> None:
        """`others` are the open incidents this person may see, the likeliest first."""
        super().__init__(data)
        self.others = others
        self.listed = list(others[:MOST_OPEN])
        field = self.fields["into"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [("", "Choose an incident")] + [
            (str(one.pk), f"{one} ({one.severity}, {one.status})")
            for one in self.listed
        ]

    def clean(self) -> dict[str, Any]:
        values = super().clean() or {}
        chosen = values.get("number") or values.get("into")
        if self.errors:
            return values
        if not chosen:
            self.add_error("into", "Choose an incident, or type its number.")
            return values
        values["incident"] = self.others.filter(pk=int(chosen)).first()
        if values["incident"] is None:
            self.add_error(
                "number" if values.get("number") else "into",
                f"There is no other open incident #{chosen}.",
            )
        return values


class SplitForm(forms.Form):
    """`into` is the number of the incident the alerts go to; empty for a new one."""

    alerts = forms.ModelMultipleChoiceField(
        Alert.objects.none(),
        error_messages={"required": "Choose at least one alert."},
    )
    into = forms.IntegerField(required=False, min_value=1, max_value=2**63 - 1)

    def __init__(self, data: Any = None, *, incident: Incident) -> None:
        super().__init__(data)
        field = self.fields["alerts"]
        assert isinstance(field, forms.ModelMultipleChoiceField)
        field.queryset = Alert.objects.filter(membership__incident=incident)
