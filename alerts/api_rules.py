"""How rules are read from and written to JSON."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from alerts.api import SeverityField, TeamField
from alerts.conditions import WEEKDAYS
from alerts.models import Integration, Route, Severity, Silence
from alerts.models.quiet import Matching
from alerts.services.matching import MatchValues
from alerts.services.routes import DampingValues, HoursValues
from catalog.models import Asset
from core.labels import OPERATORS, LabelTest
from core.text import clean
from oncall.api.fields import InstantField
from oncall.models import EscalationPolicy

LARGEST_ID = 2**63 - 1
PATTERN_LENGTH = 1024


@extend_schema_field(
    {
        "oneOf": [
            {"type": "integer"},
            {
                "type": "object",
                "properties": {
                    "namespace": {"type": "string"},
                    "name": {"type": "string"},
                },
                "required": ["namespace", "name"],
            },
        ]
    }
)
class AssetField(serializers.Field[Asset, Any, Any, Any]):
    """An asset by its id, or by {"namespace", "name"}; aliases are known."""

    def to_internal_value(self, data: Any) -> Asset:
        found = None
        if isinstance(data, dict):
            namespace = clean(str(data.get("namespace", "")), 500)
            name = clean(str(data.get("name", "")), 1000)
            found = Asset.objects.named(namespace, name).first()
        elif _is_id(data):
            found = Asset.objects.filter(pk=data).first()
        if found is None:
            raise serializers.ValidationError(
                'Must be an asset\'s id, or its {"namespace", "name"}.'
            )
        return found

    def to_representation(self, value: Asset) -> Any:
        return value.pk


@extend_schema_field(OpenApiTypes.INT)
class IntegrationField(serializers.Field[Integration, Any, int, Any]):
    """An integration by its id."""

    def to_internal_value(self, data: Any) -> Integration:
        found = Integration.objects.filter(pk=data).first() if _is_id(data) else None
        if found is None:
            raise serializers.ValidationError("Must be the id of an integration.")
        return found

    def to_representation(self, value: Integration) -> int:
        return value.pk


def _is_id(data: object) -> bool:
    # A truth value is a number to Python.
    return type(data) is int and 0 < data <= LARGEST_ID


class LabelTestSerializer(serializers.Serializer[Any]):
    """`=~` and `!~` take an RE2 pattern that must match the whole value. A label that
    is not there is ""."""

    name = serializers.CharField(max_length=128)
    op = serializers.ChoiceField(choices=OPERATORS, default="=")
    value = serializers.CharField(
        max_length=PATTERN_LENGTH, allow_blank=True, trim_whitespace=False
    )


class ConditionsSerializer(serializers.Serializer[Any]):
    """Which alerts: fields narrow each other, values of one field are alternatives,
    and an empty field is any. `title` is an RE2 pattern, looked for anywhere."""

    integrations = serializers.ListField(child=IntegrationField(), default=list)
    assets = serializers.ListField(child=AssetField(), default=list)
    downstream = serializers.BooleanField(
        default=True, help_text="Assets downstream of these as well."
    )
    teams = serializers.ListField(
        child=TeamField(),
        default=list,
        help_text="The asset's team, or the integration's where it has none.",
    )
    severities = serializers.ListField(child=SeverityField(), default=list)
    labels = LabelTestSerializer(many=True, default=list)
    title = serializers.CharField(max_length=300, default="", allow_blank=True)


def match_in(read: dict[str, Any] | None) -> MatchValues:
    """What `ConditionsSerializer` read; None is any alert."""
    if read is None:
        return MatchValues()
    return MatchValues(
        integrations=read["integrations"],
        assets=read["assets"],
        includes_downstream=read["downstream"],
        teams=read["teams"],
        severities=read["severities"],
        labels=[LabelTest(**one) for one in read["labels"]],
        title_pattern=read["title"],
    )


def conditions_json(rule: Matching, teams: dict[int, str]) -> dict[str, Any]:
    """As `ConditionsSerializer` takes them."""
    return {
        "integrations": rule.integration_ids,
        "assets": rule.asset_ids,
        "downstream": rule.includes_downstream,
        "teams": [teams[pk] for pk in rule.team_ids if pk in teams],
        "severities": rule.severities,
        "labels": rule.labels,
        "title": rule.title_pattern,
    }


class NewSilenceSerializer(serializers.Serializer[Any]):
    """`from` to `until`, and with an `rrule` the first of many. `until` of a repeating
    one is when its first occurrence ends."""

    reason = serializers.CharField(max_length=300)
    conditions = ConditionsSerializer()
    until = InstantField()
    time_zone = serializers.CharField(max_length=64, default="UTC")
    rrule = serializers.CharField(
        max_length=200,
        default="",
        allow_blank=True,
        help_text="FREQ=DAILY, WEEKLY or MONTHLY with INTERVAL, BYDAY, BYMONTHDAY, "
        "BYSETPOS, on the wall clock of time_zone.",
    )
    repeats_until = InstantField(required=False, allow_null=True, default=None)

    def get_fields(self) -> dict[str, Any]:
        return {
            **super().get_fields(),
            "from": InstantField(required=False, help_text="Now, if not given."),
        }


class SpanSerializer(serializers.Serializer[Any]):
    start = serializers.DateTimeField()
    end = serializers.DateTimeField()


class SilenceSerializer(serializers.Serializer[Any]):
    """`state`: in force, coming (also between two occurrences) or over. `hidden`: how
    many alerts so far. `next`: the occurrences in force or to come."""

    id = serializers.IntegerField()
    kind = serializers.ChoiceField(choices=Silence.Kind.choices)
    state = serializers.ChoiceField(choices=["in force", "coming", "over"])
    reason = serializers.CharField()
    conditions = ConditionsSerializer()
    until = serializers.DateTimeField()
    time_zone = serializers.CharField()
    rrule = serializers.CharField()
    repeats_until = serializers.DateTimeField(allow_null=True)
    next = SpanSerializer(many=True)
    hidden = serializers.IntegerField()
    created_at = serializers.DateTimeField()
    created_by = serializers.CharField(allow_null=True)
    ended_at = serializers.DateTimeField(allow_null=True)
    ended_by = serializers.CharField(allow_null=True)
    url = serializers.URLField()

    def get_fields(self) -> dict[str, Any]:
        return {**super().get_fields(), "from": serializers.DateTimeField()}


class HoursSerializer(serializers.Serializer[Any]):
    """An end at or before the start is on the next day."""

    weekdays = serializers.ListField(child=serializers.ChoiceField(choices=WEEKDAYS))
    start = serializers.TimeField(format="%H:%M")
    end = serializers.TimeField(format="%H:%M")
    zone = serializers.CharField(max_length=64)


class DampingSerializer(serializers.Serializer[Any]):
    """Null asks for nothing."""

    hold_seconds = serializers.IntegerField(
        min_value=1,
        max_value=7 * 86_400,
        required=False,
        allow_null=True,
        default=None,
        help_text="Only if still firing after that long.",
    )
    after_count = serializers.IntegerField(
        min_value=2, max_value=1000, required=False, allow_null=True, default=None
    )
    after_seconds = serializers.IntegerField(
        min_value=1,
        max_value=7 * 86_400,
        required=False,
        allow_null=True,
        default=None,
        help_text="Only after `after_count` events within that time.",
    )


def damping_in(read: dict[str, Any]) -> DampingValues:
    hold, within = read["hold_seconds"], read["after_seconds"]
    return DampingValues(
        hold_for=None if hold is None else timedelta(seconds=hold),
        after_count=read["after_count"],
        after_within=None if within is None else timedelta(seconds=within),
    )


class NewRouteSerializer(DampingSerializer):
    """`team` and `policy` say who is paged; without them it is as without the rule."""

    name = serializers.CharField(max_length=120)
    conditions = ConditionsSerializer(required=False)
    hours = HoursSerializer(required=False, allow_null=True, default=None)
    action = serializers.ChoiceField(
        choices=Route.Action.choices,
        default=Route.Action.PAGE,
        help_text="drop: keep the alert, open no incident, page nobody.",
    )
    team = TeamField(required=False, allow_null=True, default=None)
    policy = serializers.PrimaryKeyRelatedField(
        queryset=EscalationPolicy.objects.all(),
        required=False,
        allow_null=True,
        default=None,
    )
    severity = serializers.ChoiceField(
        choices=Severity.choices, required=False, allow_blank=True, default=""
    )
    on = serializers.BooleanField(default=True)


def hours_in(read: dict[str, Any] | None) -> HoursValues | None:
    return HoursValues(**read) if read else None


class RouteSerializer(DampingSerializer):
    """`matched`: how many alerts it took in the last 14 days; of the default rule,
    what is left, counted up to 10,000."""

    id = serializers.IntegerField(allow_null=True)
    name = serializers.CharField()
    default = serializers.BooleanField()
    position = serializers.IntegerField()
    conditions = ConditionsSerializer()
    hours = HoursSerializer(allow_null=True)
    action = serializers.ChoiceField(choices=Route.Action.choices)
    team = serializers.CharField(allow_null=True)
    policy = serializers.IntegerField(allow_null=True)
    severity = serializers.CharField(allow_blank=True)
    on = serializers.BooleanField()
    matched = serializers.IntegerField()


def damping_json(row: Any) -> dict[str, Any]:
    return {
        "hold_seconds": row.hold_for and int(row.hold_for.total_seconds()),
        "after_count": row.after_count,
        "after_seconds": row.after_within and int(row.after_within.total_seconds()),
    }
