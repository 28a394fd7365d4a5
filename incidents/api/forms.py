"""What the API is sent."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from alerts.models import Severity
from catalog.api import TeamField
from catalog.models import Asset
from incidents.api.fields import (
    AssetNameSerializer,
    IdField,
    KnownAssetField,
    KnownIncidentField,
    PageTargetsField,
    PersonField,
    UtcField,
)
from incidents.models import Incident, StatusUpdate
from incidents.queries import OPEN

TEXT_LENGTH = 20_000
STATUSES = Incident.Status.choices


class Form(serializers.Serializer[Any]):
    """Refuses fields it does not know, so that a slip of the pen is not ignored."""

    def to_internal_value(self, data: Any) -> dict[str, Any]:
        unknown = set(data) - set(self.fields) if isinstance(data, dict) else ()
        if unknown:
            raise serializers.ValidationError(
                {str(name): ["There is no such field."] for name in sorted(unknown)}
            )
        told: dict[str, Any] = super().to_internal_value(data)
        return told


class ListQuery(serializers.Serializer[Any]):
    """`status` is a status or "open"; `team` a name or slug, `asset` an id."""

    status = serializers.ChoiceField(
        choices=[(OPEN, "Open"), *STATUSES], required=False
    )
    severity = serializers.ChoiceField(choices=Severity.choices, required=False)
    team = TeamField(required=False)
    asset = serializers.PrimaryKeyRelatedField(
        queryset=Asset.objects.all(), required=False, pk_field=IdField()
    )
    q = serializers.CharField(max_length=200, required=False, allow_blank=True)
    since = UtcField(required=False)
    until = UtcField(required=False)


class NewIncident(Form):
    title = serializers.CharField(max_length=1024)
    severity = serializers.ChoiceField(
        choices=Severity.choices, required=False, allow_null=True
    )
    assets = serializers.ListField(
        child=AssetNameSerializer(), required=False, max_length=100
    )
    team = TeamField(required=False, allow_null=True)
    private = serializers.BooleanField(required=False)
    detected_by = serializers.ChoiceField(
        choices=Incident.DetectedBy.choices, required=False
    )
    impact_started_at = UtcField(required=False, allow_null=True)
    page = PageTargetsField(required=False, allow_null=True)


class RootCauseForm(Form):
    category = serializers.ChoiceField(
        choices=Incident.CauseCategory.choices, required=False, allow_blank=True
    )
    asset = KnownAssetField(required=False, allow_null=True)
    summary = serializers.CharField(
        max_length=TEXT_LENGTH, required=False, allow_blank=True
    )


class RolesForm(Form):
    commander = PersonField(required=False, allow_null=True)
    communications = PersonField(required=False, allow_null=True)
    scribe = PersonField(required=False, allow_null=True)


class IncidentChange(Form):
    title = serializers.CharField(max_length=1024, required=False)
    severity = serializers.ChoiceField(choices=Severity.choices, required=False)
    status = serializers.ChoiceField(choices=STATUSES, required=False)
    private = serializers.BooleanField(required=False)
    team = TeamField(required=False, allow_null=True)
    recurs_from = KnownIncidentField(required=False, allow_null=True)
    situation = serializers.CharField(
        max_length=TEXT_LENGTH, required=False, allow_blank=True
    )
    root_cause = RootCauseForm(required=False)
    contributing_factors = serializers.CharField(
        max_length=TEXT_LENGTH, required=False, allow_blank=True
    )
    roles = RolesForm(required=False)
    impact_started_at = UtcField(required=False, allow_null=True)
    detected_at = UtcField(required=False, allow_null=True)
    acknowledged_at = UtcField(required=False, allow_null=True)
    mitigated_at = UtcField(required=False, allow_null=True)
    resolved_at = UtcField(required=False, allow_null=True)


class ResolveQuery(Form):
    only_if_repaired = serializers.BooleanField(
        default=False,
        help_text="Answer 409 and change nothing while affected tables are not "
        "repaired.",
    )


class PageToForm(Form):
    """E-mail addresses, "schedule:<id>", "team:<slug>", "policy:<id>"."""

    to = serializers.ListField(
        child=serializers.JSONField(allow_null=True), allow_empty=False, max_length=50
    )


class SnoozeForm(Form):
    until = UtcField()


class MergeForm(Form):
    into = IdField()


class SplitForm(Form):
    alerts = serializers.ListField(child=IdField(), min_length=1, max_length=1000)


class MoveForm(SplitForm):
    into = IdField()


class NoteForm(Form):
    text = serializers.CharField(max_length=TEXT_LENGTH)
    at = UtcField(required=False, allow_null=True)


class UpdateForm(Form):
    text = serializers.CharField(max_length=TEXT_LENGTH)
    audience = serializers.ChoiceField(
        choices=StatusUpdate.Audience.choices, default=StatusUpdate.Audience.INTERNAL
    )
    status = serializers.ChoiceField(choices=STATUSES, required=False, allow_null=True)


class HealthQuery(serializers.Serializer[Any]):
    namespace = serializers.CharField(max_length=1000)
    name = serializers.CharField(max_length=1000)


class HealthForm(Form):
    assets = serializers.ListField(child=HealthQuery(), min_length=1, max_length=100)
