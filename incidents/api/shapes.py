"""What the API answers."""

from __future__ import annotations

from typing import Any

from django.db import models
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from accounts.models import Team, User
from alerts.models import Alert
from catalog.api import AssetSerializer
from catalog.models import Asset, KnownIssue
from core.http import absolute_url
from incidents.api.fields import UtcField
from incidents.expected import State
from incidents.models import (
    Incident,
    RoleAssignment,
    StatusUpdate,
    TimelineEntry,
)
from incidents.repairs import Table
from oncall.models import Notification, Page

Role = RoleAssignment.Role


class _UtcSerializer(serializers.ModelSerializer[Any]):
    serializer_field_mapping = {
        **serializers.ModelSerializer.serializer_field_mapping,
        models.DateTimeField: UtcField,
    }


class CauseSerializer(serializers.Serializer[Any]):
    asset = AssetSerializer()
    score = serializers.FloatField()
    failing = serializers.BooleanField()
    reasons = serializers.ListField(child=serializers.CharField())
    links = serializers.DictField(child=serializers.CharField(), required=False)


class IncidentSerializer(_UtcSerializer):
    """An incident as `for_api()` loads it."""

    team = serializers.SlugRelatedField[Team](
        slug_field="name", read_only=True, allow_null=True
    )
    acknowledged_by = serializers.SlugRelatedField[User](
        slug_field="email", read_only=True, allow_null=True
    )
    declared_by = serializers.SlugRelatedField[User](
        slug_field="email", read_only=True, allow_null=True
    )
    recurs_from = serializers.SerializerMethodField()
    roles = serializers.SerializerMethodField()
    suspected_cause = serializers.SerializerMethodField()
    root_cause = serializers.SerializerMethodField()
    affected = serializers.SerializerMethodField()
    url = serializers.SerializerMethodField()

    class Meta:
        model = Incident
        fields = [
            "id",
            "number",
            "title",
            "status",
            "severity",
            "severity_reason",
            "team",
            "private",
            "situation",
            "impact_started_at",
            "detected_at",
            "triggered_at",
            "acknowledged_at",
            "acknowledged_by",
            "mitigated_at",
            "resolved_at",
            "snoozed_until",
            "detected_by",
            "declared_by",
            "recurs_from",
            "merged_into",
            "alert_count",
            "roles",
            "suspected_cause",
            "root_cause",
            "contributing_factors",
            "affected",
            "url",
        ]

    def get_recurs_from(self, incident: Incident) -> int | None:
        earlier = incident.recurs_from
        return earlier.pk if earlier is not None and not earlier.private else None

    def get_roles(self, incident: Incident) -> dict[str, Any]:
        held: dict[str, Any] = dict.fromkeys(Role.values)
        held[Role.RESPONDER] = []
        for one in incident.roles.all():
            if one.role == Role.RESPONDER:
                held[Role.RESPONDER].append(one.user.email)
            else:
                held[one.role] = one.user.email
        return held

    def get_suspected_cause(self, incident: Incident) -> dict[str, Any] | None:
        asset = incident.suspected_asset
        for suspect in incident.causes:
            if asset is not None and suspect["asset"] == asset.pk:
                return {
                    "asset": AssetSerializer(asset).data,
                    "score": suspect["score"],
                    "reasons": suspect["reasons"],
                }
        return None

    def get_root_cause(self, incident: Incident) -> dict[str, Any] | None:
        category, asset = incident.root_cause_category, incident.root_cause_asset
        if not (category or asset or incident.root_cause_summary):
            return None
        return {
            "category": category or None,
            "asset": AssetSerializer(asset).data if asset else None,
            "summary": incident.root_cause_summary,
        }

    def get_affected(self, incident: Incident) -> dict[str, int]:
        return {
            "assets": incident.affected_assets,
            "dashboards": incident.affected_dashboards,
        }

    def get_url(self, incident: Incident) -> str:
        return absolute_url(incident)


class TimelineEntrySerializer(_UtcSerializer):
    actor = serializers.SlugRelatedField[User](
        slug_field="email", read_only=True, allow_null=True
    )

    class Meta:
        model = TimelineEntry
        fields = ["id", "at", "recorded_at", "actor", "kind", "text", "pinned"]


class MemberSerializer(_UtcSerializer):
    """An alert, and why it belongs to the incident."""

    reason = serializers.CharField(source="membership.reason")
    added_at = UtcField(source="membership.added_at")
    integration = serializers.CharField(source="integration.name")
    asset = AssetSerializer()

    class Meta:
        model = Alert
        fields = [
            "id",
            "dedup_key",
            "status",
            "severity",
            "title",
            "description",
            "url",
            "run_id",
            "labels",
            "integration",
            "asset",
            "count",
            "occurred_at",
            "first_at",
            "last_at",
            "resolved_at",
            "added_at",
            "reason",
        ]


class DaysSerializer(serializers.Serializer[Any]):
    """For which days data is affected, both included, as the failing runs say."""

    first = serializers.DateField()
    last = serializers.DateField()


class AffectedDashboardSerializer(serializers.Serializer[Any]):
    """`state`: stale is not updated since `since`, wrong has been given bad data since
    then. `until` is set once what it hangs from is well again. `fails`: it failed
    itself."""

    asset = AssetSerializer()
    owners = serializers.ListField(child=serializers.EmailField())
    path = AssetSerializer(many=True)
    state = serializers.ChoiceField(
        choices=[state.value for state in State], source="expected.state"
    )
    since = UtcField(source="expected.since")
    until = UtcField(source="expected.until", allow_null=True)
    days = DaysSerializer(source="expected.days", allow_null=True)
    partitions = serializers.ListField(
        child=serializers.CharField(), source="expected.partitions"
    )
    fails = serializers.BooleanField()


class ImpactSerializer(serializers.Serializer[Any]):
    dashboards = AffectedDashboardSerializer(many=True)
    by_type = serializers.DictField(child=serializers.IntegerField())
    assets = serializers.IntegerField()
    days = DaysSerializer(allow_null=True)
    partitions = serializers.ListField(child=serializers.CharField())


class StatusUpdateSerializer(_UtcSerializer):
    by = serializers.SlugRelatedField[User](
        slug_field="email", read_only=True, allow_null=True
    )

    class Meta:
        model = StatusUpdate
        fields = ["id", "text", "audience", "by", "at"]


class NotificationSerializer(_UtcSerializer):
    class Meta:
        model = Notification
        fields = ["channel", "state", "due_at", "sent_at", "detail"]


class PageSerializer(_UtcSerializer):
    """`step` counts from 1."""

    user = serializers.SlugRelatedField[User](slug_field="email", read_only=True)
    step = serializers.SerializerMethodField()
    due_at = UtcField(source="created_at")
    notifications = NotificationSerializer(many=True)

    class Meta:
        model = Page
        fields = [
            "user",
            "lap",
            "step",
            "due_at",
            "acknowledged_at",
            "ended_at",
            "notifications",
        ]

    def get_step(self, page: Page) -> int:
        return page.step + 1


def _named(asset: Asset) -> dict[str, Any]:
    return {"id": asset.pk, "namespace": asset.namespace, "name": asset.name}


class TroubleSerializer(serializers.Serializer[Any]):
    id = serializers.IntegerField(source="incident.pk")
    title = serializers.CharField(source="incident.title")
    severity = serializers.CharField(source="incident.severity")
    status = serializers.CharField(source="incident.status")
    asset = serializers.SerializerMethodField()
    recovered_at = UtcField(allow_null=True)
    url = serializers.SerializerMethodField()

    def get_asset(self, trouble: Any) -> dict[str, Any]:
        return _named(trouble.asset)

    def get_url(self, trouble: Any) -> str:
        return absolute_url(trouble.incident)


class IssueSerializer(serializers.Serializer[Any]):
    text = serializers.CharField()
    until = UtcField(source="ends_at")
    asset = serializers.SerializerMethodField()

    def get_asset(self, issue: KnownIssue) -> dict[str, Any]:
        return _named(issue.asset)


class HealthSerializer(serializers.Serializer[Any]):
    """`known_issues` are told beside, and make nothing unhealthy."""

    healthy = serializers.BooleanField()
    incidents = TroubleSerializer(many=True)
    known_issues = IssueSerializer(many=True)


class TableSerializer(serializers.Serializer[Any]):
    """An affected table, and whether its data is put right."""

    asset = serializers.SerializerMethodField()
    state = serializers.CharField(source="repair.value")
    repaired = serializers.BooleanField(source="is_good")
    why = serializers.CharField()
    backfill = serializers.IntegerField(source="backfill.pk", default=None)

    def get_asset(self, table: Table) -> dict[str, Any]:
        return _named(table.asset)


class RepairsSerializer(serializers.Serializer[Any]):
    """`question` is what resolving asks; "" when all is repaired."""

    question = serializers.CharField()
    tables = TableSerializer(many=True)


class ResolvedSerializer(IncidentSerializer):
    """The incident, and whether its data was put right when it was resolved."""

    repairs = serializers.SerializerMethodField()

    class Meta(IncidentSerializer.Meta):
        fields = [*IncidentSerializer.Meta.fields, "repairs"]

    @extend_schema_field(RepairsSerializer)
    def get_repairs(self, incident: Incident) -> Any:
        return RepairsSerializer(self.context["repairs"]).data


class AssetHealthSerializer(HealthSerializer):
    namespace = serializers.CharField()
    name = serializers.CharField()


class ManyHealthSerializer(HealthSerializer):
    assets = AssetHealthSerializer(many=True)
