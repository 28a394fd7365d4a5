"""The API of assets and changes (docs/api.md section 3)."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any

from django.db.models import Q
from django.db.models.functions import Lower
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils import timezone
from drf_spectacular.utils import (
    OpenApiParameter,
    extend_schema,
    extend_schema_field,
)
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.models import Team, User
from catalog import graph
from catalog.importers.base import MOST_USERS, NAME_LENGTH, NAMESPACE_LENGTH, AssetKey
from catalog.models import Asset, Change
from catalog.search import AssetFilter, relatives
from catalog.services import (
    edit_asset,
    find_or_create_asset,
    merged_into,
    record_change,
)
from core.api import CursorPagination
from core.errors import InvalidInputError
from core.http import absolute_url
from core.times import instant_or_none

RELATIVES_LIMIT = 1000
MOST_RELATIVES = 10_000
_ID = re.compile(r"[0-9]{1,18}")


class AssetSerializer(serializers.ModelSerializer[Asset]):
    """`url` is the asset's own link; `page` is where Headwater shows it."""

    team = serializers.SlugRelatedField[Team](
        slug_field="name", read_only=True, allow_null=True
    )
    owners = serializers.SlugRelatedField[Any](
        slug_field="email", many=True, read_only=True
    )
    page = serializers.SerializerMethodField()

    class Meta:
        model = Asset
        fields = [
            "id",
            "namespace",
            "name",
            "type",
            "tier",
            "users",
            "team",
            "owners",
            "health",
            "health_since",
            "url",
            "description",
            "badge_is_public",
            "page",
        ]

    def get_page(self, asset: Asset) -> str:
        return absolute_url(asset)


@extend_schema_field(str)
class TeamField(serializers.Field[Team, str, str, Any]):
    """A team by its name or slug."""

    def to_internal_value(self, data: object) -> Team:
        folded = str(data).lower().replace("\x00", "")
        named = Team.objects.alias(folded=Lower("name"))
        team = named.filter(Q(slug=folded) | Q(folded=folded)).first()
        if team is None:
            raise serializers.ValidationError("Must be the name of a team.")
        return team

    def to_representation(self, value: Team) -> str:
        return value.name


class AssetEditSerializer(serializers.Serializer[Any]):
    type = serializers.ChoiceField(choices=Asset.Type.choices, required=False)
    tier = serializers.IntegerField(min_value=1, max_value=4, required=False)
    users = serializers.IntegerField(
        min_value=0, max_value=MOST_USERS, allow_null=True, required=False
    )
    team = TeamField(allow_null=True, required=False)
    owners = serializers.ListField(
        child=serializers.EmailField(), required=False, max_length=100
    )
    description = serializers.CharField(
        max_length=4096, allow_blank=True, required=False
    )
    url = serializers.URLField(max_length=2000, allow_blank=True, required=False)
    badge_is_public = serializers.BooleanField(required=False)


class NewChangeSerializer(serializers.Serializer[Any]):
    """`asset` by its id, or by namespace and name: an unknown name becomes an asset."""

    asset = serializers.JSONField(required=False, allow_null=True)
    title = serializers.CharField(max_length=1024)
    kind = serializers.ChoiceField(choices=Change.Kind.choices)
    url = serializers.URLField(max_length=2000, allow_blank=True, required=False)
    author = serializers.CharField(max_length=200, allow_blank=True, required=False)
    occurred_at = serializers.CharField(required=False, allow_null=True)

    def validate_asset(self, value: object) -> Asset | AssetKey | None:
        if value is None:
            return None
        if isinstance(value, int | str) and _ID.fullmatch(str(value)):
            asset = Asset.objects.filter(pk=int(value)).first()
            if asset is None:
                raise serializers.ValidationError("There is no asset with this id.")
            return asset
        key = AssetKeySerializer(data=value)
        key.is_valid(raise_exception=True)
        return AssetKey(**key.validated_data)

    def validate_occurred_at(self, value: str | None) -> datetime | None:
        at = instant_or_none(value)
        if value and at is None:
            raise serializers.ValidationError(
                "Must be a time such as 2026-01-10T03:02:00Z."
            )
        return at


class AssetKeySerializer(serializers.Serializer[Any]):
    namespace = serializers.CharField(max_length=NAMESPACE_LENGTH)
    name = serializers.CharField(max_length=NAME_LENGTH)


class ChangeSerializer(serializers.ModelSerializer[Change]):
    class Meta:
        model = Change
        fields = ["id", "asset", "title", "kind", "url", "author", "occurred_at"]


class RelativesQuery(serializers.Serializer[Any]):
    depth = serializers.IntegerField(min_value=1, max_value=1_000_000, required=False)
    type = serializers.ChoiceField(choices=Asset.Type.choices, required=False)
    limit = serializers.IntegerField(
        min_value=1, max_value=MOST_RELATIVES, default=RELATIVES_LIMIT
    )


class RelativeSerializer(serializers.Serializer[Any]):
    asset = AssetSerializer()
    distance = serializers.IntegerField()


class RelativesSerializer(serializers.Serializer[Any]):
    total = serializers.IntegerField()
    by_type = serializers.DictField(child=serializers.IntegerField())
    results = RelativeSerializer(many=True)


class PathQuery(serializers.Serializer[Any]):
    to = serializers.IntegerField(min_value=1, max_value=2**63 - 1)


class PathSerializer(serializers.Serializer[Any]):
    path = AssetSerializer(many=True)


class AssetList(APIView):
    pagination_class = CursorPagination

    @extend_schema(
        parameters=[
            OpenApiParameter("q", str, description="Words of the name or namespace."),
            OpenApiParameter("namespace", str),
            OpenApiParameter("name", str),
            OpenApiParameter("type", str, enum=Asset.Type.values, many=True),
            OpenApiParameter("team", str, description="Name, slug, id or none."),
            OpenApiParameter("tier", int, enum=[1, 2, 3, 4], many=True),
            OpenApiParameter("health", str, enum=Asset.Health.values),
        ],
        responses=AssetSerializer(many=True),
    )
    def get(self, request: Request) -> Response:
        """List assets, newest first."""
        chosen = AssetFilter.read(request.query_params)
        pages = self.pagination_class()
        page = pages.paginate_queryset(
            chosen.apply(Asset.objects.for_list()), request, view=self
        )
        return pages.get_paginated_response(AssetSerializer(page, many=True).data)


class AssetDetail(APIView):
    @extend_schema(responses=AssetSerializer)
    def get(self, request: Request, pk: int) -> Response:
        """One that was merged answers 301 with where it went."""
        into = merged_into(pk)
        if into is not None:
            moved = reverse("catalog:api-detail", args=[into])
            return Response(status=301, headers={"Location": moved})
        asset = get_object_or_404(Asset.objects.for_list(), pk=pk)
        return Response(AssetSerializer(asset).data)

    @extend_schema(request=AssetEditSerializer, responses=AssetSerializer)
    def patch(self, request: Request, pk: int) -> Response:
        """Change what is given, leave the rest."""
        assert isinstance(request.user, User)
        get_object_or_404(Asset, pk=pk)
        serializer = AssetEditSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        changes = dict(serializer.validated_data)
        owners = changes.pop("owners", None)
        edit_asset(
            asset_id=pk,
            changes=changes,
            owners=owners,
            by=request.user,
            at=timezone.now(),
        )
        asset = Asset.objects.for_list().get(pk=pk)
        return Response(AssetSerializer(asset).data)


class Relatives(APIView):
    """All that is upstream or downstream of an asset, nearest first."""

    direction = "downstream"

    @extend_schema(parameters=[RelativesQuery], responses=RelativesSerializer)
    def get(self, request: Request, pk: int) -> Response:
        query = RelativesQuery(data=request.query_params)
        query.is_valid(raise_exception=True)
        get_object_or_404(Asset, pk=pk)
        wanted = query.validated_data
        lineage = graph.snapshot(fresh=True)
        walk = (
            lineage.descendants if self.direction == "downstream" else lineage.ancestors
        )
        found = relatives(
            walk(pk, hops=wanted.get("depth")),
            type=wanted.get("type", ""),
            limit=wanted["limit"],
        )
        return Response(RelativesSerializer(found).data)


class Path(APIView):
    @extend_schema(parameters=[PathQuery], responses=PathSerializer)
    def get(self, request: Request, pk: int) -> Response:
        """The shortest way the data takes from here to `to`; empty without one."""
        query = PathQuery(data=request.query_params)
        query.is_valid(raise_exception=True)
        to = query.validated_data["to"]
        get_object_or_404(Asset, pk=pk)
        get_object_or_404(Asset, pk=to)
        path = graph.snapshot(fresh=True).path(pk, to)
        assets = Asset.objects.for_list().in_bulk(path)
        return Response(PathSerializer({"path": [assets[id] for id in path]}).data)


class Changes(APIView):
    pagination_class = CursorPagination

    @extend_schema(
        parameters=[OpenApiParameter("asset", int)],
        responses=ChangeSerializer(many=True),
    )
    def get(self, request: Request) -> Response:
        """List changes, newest first."""
        changes = Change.objects.all()
        asset = request.query_params.get("asset", "")
        if asset:
            known = get_object_or_404(Asset, pk=_read_id(asset))
            changes = changes.filter(asset=known)
        pages = self.pagination_class()
        page = pages.paginate_queryset(changes, request, view=self)
        return pages.get_paginated_response(ChangeSerializer(page, many=True).data)

    @extend_schema(request=NewChangeSerializer, responses={201: ChangeSerializer})
    def post(self, request: Request) -> Response:
        """Keep a deploy, schema change, config change or backfill."""
        assert isinstance(request.user, User)
        at = timezone.now()
        serializer = NewChangeSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        told = dict(serializer.validated_data)
        asset = told.pop("asset", None)
        if isinstance(asset, AssetKey):
            asset = find_or_create_asset(
                namespace=asset.namespace, name=asset.name, at=at
            )
        change = record_change(asset=asset, **told, recorded_by=request.user, at=at)
        return Response(ChangeSerializer(change).data, status=status.HTTP_201_CREATED)


def _read_id(value: str) -> int:
    if not _ID.fullmatch(value):
        raise InvalidInputError({"asset": ["Must be the id of an asset."]})
    return int(value)
