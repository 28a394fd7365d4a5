"""The API of integrations and alerts (docs/api.md section 2)."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.db.models.functions import Lower
from django.shortcuts import get_object_or_404
from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.models import Team, User
from alerts.api_handling import HandlingSerializer, handling_json
from alerts.formats.registry import choices
from alerts.forms import MOST_PER_MINUTE
from alerts.models import SEVERITY_OF_WORD, Alert, Integration, Severity
from alerts.services import (
    change_integration,
    create_integration,
    delete_integration,
    disable_integration,
    rotate_key,
    set_mapping,
    set_signature,
)
from alerts.services.integrations import LONGEST_OVERLAP
from alerts.signatures import SCHEMES, SECRET_LENGTH
from alerts.signatures import choices as signature_choices
from catalog.models import Asset
from core.api import CursorPagination
from core.errors import InvalidInputError
from core.http import absolute_url
from core.text import clean
from oncall.models import EscalationPolicy

LARGEST_ID = 2**63 - 1


@extend_schema_field(OpenApiTypes.STR)
class TeamField(serializers.Field[Team, Any, str, Any]):
    """A team by its id, name or slug; written as its name."""

    def to_internal_value(self, data: Any) -> Team:
        if isinstance(data, int) and not isinstance(data, bool):
            wanted = Q(pk=data) if 0 < data <= LARGEST_ID else Q(pk=None)
        else:
            folded = clean(str(data), 120).lower()
            wanted = Q(slug=folded) | Q(folded=folded)
        team = Team.objects.alias(folded=Lower("name")).filter(wanted).first()
        if team is None:
            raise serializers.ValidationError("Must be the id or name of a team.")
        return team

    def to_representation(self, value: Team) -> str:
        return value.name


class SeverityField(serializers.ChoiceField):
    """SEV1 to SEV4, or the sender's word for it: critical, error, warning, info."""

    def __init__(self, **options: Any) -> None:
        super().__init__(choices=Severity.choices, **options)

    def to_internal_value(self, data: Any) -> str:
        if data == "" and self.allow_blank:
            return ""
        word = str(data).strip().lower()
        known = SEVERITY_OF_WORD.get(word, word.upper())
        if known not in Severity.values:
            words = ", ".join([*Severity.values, *SEVERITY_OF_WORD])
            raise serializers.ValidationError(f"Must be one of {words}.")
        return str(known)


class SignatureSerializer(serializers.Serializer[Any]):
    """How a sender signs. Its secret is never shown again."""

    scheme = serializers.ChoiceField(choices=signature_choices())
    header = serializers.CharField(required=False, allow_blank=True, max_length=100)


class SignatureInput(SignatureSerializer):
    secret = serializers.CharField(
        required=False,
        max_length=SECRET_LENGTH,
        write_only=True,
        help_text="Kept as it is when it is left out.",
    )


class IntegrationSerializer(serializers.ModelSerializer[Integration]):
    """Without the key: that is shown once, when it is made."""

    team = serializers.SlugRelatedField[Team](
        slug_field="name", read_only=True, allow_null=True
    )
    escalation_policy = serializers.IntegerField(
        source="escalation_policy_id", read_only=True, allow_null=True
    )
    signature = serializers.SerializerMethodField()
    page = serializers.SerializerMethodField()

    class Meta:
        model = Integration
        fields = [
            "id",
            "name",
            "format",
            "team",
            "default_severity",
            "escalation_policy",
            "rate_limit",
            "created_at",
            "disabled_at",
            "previous_key_until",
            "mapping",
            "signature",
            "page",
        ]

    @extend_schema_field(SignatureSerializer(allow_null=True))
    def get_signature(self, integration: Integration) -> dict[str, str] | None:
        if not integration.signature_scheme:
            return None
        header = integration.signature_header
        return {
            "scheme": integration.signature_scheme,
            "header": header or SCHEMES[integration.signature_scheme].header,
        }

    def get_page(self, integration: Integration) -> str:
        return absolute_url(integration)


class NewKeySerializer(serializers.Serializer[Any]):
    """The only answers that ever hold a key."""

    id = serializers.IntegerField()
    name = serializers.CharField()
    format = serializers.CharField()
    key = serializers.CharField(help_text="32 lower-case hex characters, shown once.")
    url = serializers.URLField(help_text="Absolute, ready to paste.")


class IntegrationInput(serializers.Serializer[Any]):
    name = serializers.CharField(max_length=120)
    format = serializers.ChoiceField(choices=choices())
    team = TeamField(required=False, allow_null=True)
    default_severity = SeverityField(required=False)
    escalation_policy = serializers.PrimaryKeyRelatedField(
        queryset=EscalationPolicy.objects.all(), required=False, allow_null=True
    )
    rate_limit = serializers.IntegerField(
        min_value=0,
        max_value=MOST_PER_MINUTE,
        required=False,
        help_text="Events a minute; 0 for no limit.",
    )
    mapping = serializers.JSONField(
        required=False,
        allow_null=True,
        help_text="Where our fields stand in JSON of an unknown shape.",
    )
    signature = SignatureInput(required=False, allow_null=True)


class IntegrationChange(IntegrationInput):
    disabled = serializers.BooleanField(
        required=False, help_text="Whether it takes nothing more."
    )


class RotateInput(serializers.Serializer[Any]):
    overlap_minutes = serializers.IntegerField(
        min_value=0,
        max_value=LONGEST_OVERLAP // timedelta(minutes=1),
        default=0,
        help_text="How long the old key works on.",
    )


class DeleteQuery(serializers.Serializer[Any]):
    forever = serializers.BooleanField(
        default=False, help_text="Delete it with its raw events and heartbeats."
    )


class Integrations(APIView):
    pagination_class = CursorPagination

    @extend_schema(responses=IntegrationSerializer(many=True))
    def get(self, request: Request) -> Response:
        """List integrations, newest first. Keys are never shown again."""
        pages = CursorPagination()
        found = Integration.objects.kept().select_related("team")
        page = pages.paginate_queryset(found, request, view=self)
        return pages.get_paginated_response(IntegrationSerializer(page, many=True).data)

    @extend_schema(request=IntegrationInput, responses={201: NewKeySerializer})
    def post(self, request: Request) -> Response:
        """Make an integration. The answer holds its key, this once."""
        wanted = IntegrationInput(data=request.data)
        wanted.is_valid(raise_exception=True)
        fields, at = dict(wanted.validated_data), timezone.now()
        reading = _taken_out(fields)
        with transaction.atomic():
            made, key = create_integration(**fields, by=_person(request), at=at)
            _set_reading(made, reading, by=_person(request), at=at)
        return Response(_with_key(made, key), status=status.HTTP_201_CREATED)


class IntegrationDetail(APIView):
    @extend_schema(responses=IntegrationSerializer)
    def get(self, request: Request, pk: int) -> Response:
        return Response(IntegrationSerializer(_integration(pk)).data)

    @extend_schema(request=IntegrationChange, responses=IntegrationSerializer)
    def patch(self, request: Request, pk: int) -> Response:
        """Change what is given, leave the rest."""
        integration, at = _integration(pk), timezone.now()
        wanted = IntegrationChange(data=request.data, partial=True)
        wanted.is_valid(raise_exception=True)
        changes = dict(wanted.validated_data)
        reading = _taken_out(changes)
        disabled = changes.pop("disabled", None)
        if disabled is not None and disabled != bool(integration.disabled_at):
            changes["disabled_at"] = at if disabled else None
        with transaction.atomic():
            change_integration(integration, by=_person(request), at=at, **changes)
            _set_reading(integration, reading, by=_person(request), at=at)
        return Response(IntegrationSerializer(_integration(pk)).data)

    @extend_schema(parameters=[DeleteQuery], responses={204: None})
    def delete(self, request: Request, pk: int) -> Response:
        """Disable it: it takes nothing more, and what it sent is kept. With
        `?forever=true` it is deleted: only its alerts are kept."""
        integration, at = _integration(pk), timezone.now()
        wanted = DeleteQuery(data=request.query_params)
        wanted.is_valid(raise_exception=True)
        if wanted.validated_data["forever"]:
            delete_integration(integration, by=_person(request), at=at)
        elif integration.disabled_at is None:
            disable_integration(integration, by=_person(request), at=at)
        return Response(status=status.HTTP_204_NO_CONTENT)


class RotateKey(APIView):
    @extend_schema(request=RotateInput, responses=NewKeySerializer)
    def post(self, request: Request, pk: int) -> Response:
        """Make a new key. The old one stops at once, or after `overlap_minutes`."""
        integration = _integration(pk)
        wanted = RotateInput(data=request.data)
        wanted.is_valid(raise_exception=True)
        overlap = timedelta(minutes=wanted.validated_data["overlap_minutes"])
        key = rotate_key(
            integration, by=_person(request), at=timezone.now(), overlap=overlap
        )
        return Response(_with_key(integration, key))


class AlertAssetSerializer(serializers.ModelSerializer[Asset]):
    class Meta:
        model = Asset
        fields = ["id", "namespace", "name", "type"]


class AlertSerializer(serializers.ModelSerializer[Alert]):
    """`integration` is its id; `url` is the sender's link, `page` Headwater's."""

    integration = serializers.IntegerField(source="integration_id")
    asset = AlertAssetSerializer(allow_null=True)
    labels = serializers.DictField(child=serializers.CharField())
    handling = serializers.SerializerMethodField()
    page = serializers.SerializerMethodField()

    class Meta:
        model = Alert
        fields = [
            "id",
            "integration",
            "dedup_key",
            "status",
            "severity",
            "title",
            "description",
            "url",
            "run_id",
            "labels",
            "asset",
            "count",
            "occurred_at",
            "first_at",
            "last_at",
            "resolved_at",
            "handling",
            "page",
        ]

    @extend_schema_field(HandlingSerializer(allow_null=True))
    def get_handling(self, alert: Alert) -> dict[str, Any] | None:
        return handling_json(alert)

    def get_page(self, alert: Alert) -> str:
        return absolute_url(alert)


class AlertQuery(serializers.Serializer[Any]):
    status = serializers.ChoiceField(choices=Alert.Status.choices, required=False)
    integration = serializers.IntegerField(
        min_value=1, max_value=LARGEST_ID, required=False
    )
    q = serializers.CharField(
        max_length=200,
        required=False,
        help_text="Part of a title, or a whole dedup key.",
    )


class Alerts(APIView):
    pagination_class = CursorPagination

    @extend_schema(parameters=[AlertQuery], responses=AlertSerializer(many=True))
    def get(self, request: Request) -> Response:
        """List alerts, newest first."""
        wanted = AlertQuery(data=request.query_params)
        wanted.is_valid(raise_exception=True)
        narrowed = dict(wanted.validated_data)
        text = narrowed.pop("q", "")
        found = Alert.objects.select_related("asset", "handling").filter(**narrowed)
        if text:
            found = found.filter(Q(title__icontains=text) | Q(dedup_key=text))
        pages = CursorPagination()
        page = pages.paginate_queryset(found, request, view=self)
        return pages.get_paginated_response(AlertSerializer(page, many=True).data)


class AlertDetail(APIView):
    @extend_schema(responses=AlertSerializer)
    def get(self, request: Request, pk: int) -> Response:
        related = Alert.objects.select_related("asset", "handling")
        alert = get_object_or_404(related, pk=pk)
        return Response(AlertSerializer(alert).data)


def _person(request: Request) -> User:
    assert isinstance(request.user, User)  # ReadOrRespond ran before this
    return request.user


def _integration(pk: int) -> Integration:
    return get_object_or_404(Integration.objects.kept().select_related("team"), pk=pk)


def _taken_out(fields: dict[str, Any]) -> dict[str, Any]:
    """What says how messages are read, which services of their own set."""
    return {n: fields.pop(n) for n in ("mapping", "signature") if n in fields}


def _set_reading(
    integration: Integration, reading: dict[str, Any], *, by: User, at: datetime
) -> None:
    if reading.get("mapping", integration.mapping) != integration.mapping:
        try:
            set_mapping(integration, reading["mapping"], by=by, at=at)
        except InvalidInputError as error:
            raise InvalidInputError(
                {f"mapping.{name}": texts for name, texts in error.errors.items()}
            ) from error
    if "signature" in reading:
        signature = reading["signature"] or {"scheme": ""}
        set_signature(integration, **signature, by=by, at=at)


def _with_key(integration: Integration, key: str) -> dict[str, Any]:
    return dict(
        NewKeySerializer(
            {
                "id": integration.pk,
                "name": integration.name,
                "format": integration.format,
                "key": key,
                "url": absolute_url(f"/in/{key}"),
            }
        ).data
    )
