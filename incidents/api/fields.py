"""Values as the API reads and writes them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from accounts.models import User
from catalog.importers.base import NAME_LENGTH, NAMESPACE_LENGTH
from catalog.models import Asset
from core.times import FIRST_YEAR, LAST_YEAR
from incidents.models import Incident
from incidents.services import PageTargets
from oncall.models import EscalationPolicy, Schedule

LARGEST_ID = 2**63 - 1

# As the OpenAPI document describes them.
_ID = {"type": "integer", "minimum": 1}
_ASSET_KEY = {
    "type": "object",
    "properties": {"namespace": {"type": "string"}, "name": {"type": "string"}},
    "required": ["namespace", "name"],
}
KNOWN_ASSET = {"oneOf": [_ID, _ASSET_KEY]}
PAGE_TARGETS = {
    "type": "array",
    "items": {"oneOf": [_ID, {"type": "string"}]},
    "maxItems": 50,
}


class UtcField(serializers.DateTimeField):
    """An instant: written in UTC with Z; read without a zone it is taken for UTC."""

    def __init__(self, **options: Any) -> None:
        super().__init__(default_timezone=UTC, **options)

    def to_internal_value(self, value: Any) -> datetime:
        at = super().to_internal_value(value)
        if not FIRST_YEAR <= at.year <= LAST_YEAR:
            raise serializers.ValidationError(
                f"The year must lie between {FIRST_YEAR} and {LAST_YEAR}."
            )
        return at.astimezone(UTC)


class IdField(serializers.IntegerField):
    def __init__(self, **options: Any) -> None:
        super().__init__(min_value=1, max_value=LARGEST_ID, **options)


@extend_schema_field(OpenApiTypes.EMAIL)
class PersonField(serializers.Field[User, str, str, Any]):
    """An active person by e-mail."""

    def to_internal_value(self, data: object) -> User:
        email = str(data).replace("\x00", "")
        person = User.objects.filter(email__iexact=email, is_active=True).first()
        if person is None:
            raise serializers.ValidationError(
                "Must be the e-mail of somebody who can sign in."
            )
        return person

    def to_representation(self, value: User) -> str:
        return value.email


class AssetNameSerializer(serializers.Serializer[Any]):
    """An asset by namespace and name; `type` matters when it is made."""

    namespace = serializers.CharField(max_length=NAMESPACE_LENGTH)
    name = serializers.CharField(max_length=NAME_LENGTH)
    type = serializers.ChoiceField(
        choices=Asset.Type.choices, required=False, default=""
    )


@extend_schema_field(OpenApiTypes.INT)
class KnownIncidentField(serializers.Field[Incident, Any, Any, Any]):
    """An incident by its id, of those that whoever asks may see."""

    def to_internal_value(self, data: object) -> Incident:
        pk, request = read_id(data), self.context["request"]
        visible = Incident.objects.visible_to(request.user)
        incident = visible.filter(pk=pk).first() if pk is not None else None
        if incident is None:
            raise serializers.ValidationError("There is no such incident.")
        return incident


@extend_schema_field(KNOWN_ASSET)
class KnownAssetField(serializers.Field[Asset, Any, Any, Any]):
    """A known asset by its id, or by {"namespace", "name"}."""

    def to_internal_value(self, data: object) -> Asset:
        asset = None
        if isinstance(data, dict):
            key = AssetNameSerializer(data=data)
            key.is_valid(raise_exception=True)
            named = key.validated_data
            asset = Asset.objects.named(named["namespace"], named["name"]).first()
        elif (pk := read_id(data)) is not None:
            asset = Asset.objects.filter(pk=pk).first()
        if asset is None:
            raise serializers.ValidationError("There is no such asset.")
        return asset

    def to_representation(self, value: Asset) -> int:
        return value.pk


@extend_schema_field(PAGE_TARGETS)
class PageTargetsField(serializers.Field[PageTargets, Any, Any, Any]):
    """Whom to page: e-mails of people and ids of schedules, or one policy.

    A number is a schedule's id and, if no schedule has it, a policy's;
    "schedule:3" and "policy:3" say which is meant.
    """

    def to_internal_value(self, data: object) -> PageTargets:
        if not isinstance(data, list) or len(data) > 50:
            raise serializers.ValidationError("Must be a list of at most 50.")
        found = [_target(entry) for entry in data]
        policies = [one for one in found if isinstance(one, EscalationPolicy)]
        if policies and len(found) > 1:
            raise serializers.ValidationError(
                "Name one policy, or people and schedules."
            )
        return PageTargets(
            users=tuple(one for one in found if isinstance(one, User)),
            schedules=tuple(one for one in found if isinstance(one, Schedule)),
            policy=policies[0] if policies else None,
        )

    def to_representation(self, value: PageTargets) -> None:
        return None


def read_id(value: object) -> int | None:
    """The id behind a number or its text; None for anything else."""
    if isinstance(value, bool) or not isinstance(value, int | str):
        return None
    text = str(value)
    if not (text.isascii() and text.isdecimal()):
        return None
    return int(text) if 0 < int(text) <= LARGEST_ID else None


def _target(entry: object) -> User | Schedule | EscalationPolicy:
    if isinstance(entry, str) and "@" in entry:
        return PersonField().to_internal_value(entry)
    kind, _, key = str(entry).rpartition(":")
    pk = read_id(key)
    target: Schedule | EscalationPolicy | None = None
    if pk is not None and kind in ("", "schedule"):
        target = Schedule.objects.filter(pk=pk).first()
    if pk is not None and target is None and kind in ("", "policy"):
        target = EscalationPolicy.objects.filter(pk=pk).first()
    if target is None:
        raise serializers.ValidationError(
            f"'{entry}' is neither an e-mail nor the id of a schedule or policy."
        )
    return target
