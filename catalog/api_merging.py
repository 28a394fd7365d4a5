"""The API of an asset's other names and of merging (docs/api.md section 3)."""

from __future__ import annotations

from typing import Any

from django.shortcuts import get_object_or_404
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.models import User
from catalog.api import AssetKeySerializer, AssetSerializer
from catalog.models import Asset, AssetAlias
from catalog.services import add_alias, merge_assets, remove_alias
from catalog.services.merging import doubt_of, preview_merge

MOST_NAMES = 1_000


class AliasSerializer(serializers.ModelSerializer[AssetAlias]):
    class Meta:
        model = AssetAlias
        fields = ["id", "namespace", "name"]


class MergeQuery(serializers.Serializer[Any]):
    into = serializers.PrimaryKeyRelatedField(
        queryset=Asset.objects.all(), help_text="The asset that stays."
    )


class MergePreviewSerializer(serializers.Serializer[Any]):
    """What would come along, and what speaks against it."""

    moves = serializers.DictField(child=serializers.IntegerField())
    filled = serializers.ListField(child=serializers.CharField())
    edges_between = serializers.IntegerField()
    doubt = serializers.CharField(allow_blank=True)


class Aliases(APIView):
    @extend_schema(responses=AliasSerializer(many=True))
    def get(self, request: Request, pk: int) -> Response:
        """All other names of the asset."""
        aliases = get_object_or_404(Asset, pk=pk).aliases.order_by("pk")[:MOST_NAMES]
        return Response(AliasSerializer(aliases, many=True).data)

    @extend_schema(request=AssetKeySerializer, responses={201: AliasSerializer})
    def post(self, request: Request, pk: int) -> Response:
        """Let it go by another name too; 409 when another asset has that name."""
        asset = get_object_or_404(Asset, pk=pk)
        wanted = AssetKeySerializer(data=request.data)
        wanted.is_valid(raise_exception=True)
        made = add_alias(
            asset=asset,
            **wanted.validated_data,
            by=_person(request),
            at=timezone.now(),
        )
        return Response(AliasSerializer(made).data, status=status.HTTP_201_CREATED)


class Alias(APIView):
    @extend_schema(responses={204: None})
    def delete(self, request: Request, pk: int, alias: int) -> Response:
        """Take the name away. One that a machine tells comes back."""
        found = get_object_or_404(AssetAlias, pk=alias, asset=pk)
        remove_alias(alias=found, by=_person(request), at=timezone.now())
        return Response(status=status.HTTP_204_NO_CONTENT)


class Merge(APIView):
    @extend_schema(parameters=[MergeQuery], responses=MergePreviewSerializer)
    def get(self, request: Request, pk: int) -> Response:
        """What would move if the asset became part of `into`."""
        old = get_object_or_404(Asset, pk=pk)
        into = _into(request.query_params)
        preview = preview_merge(old, into)
        told = {
            "moves": dict(preview.moves),
            "filled": [name.removesuffix("_id") for name in preview.filled],
            "edges_between": preview.between,
            "doubt": doubt_of(old, into),
        }
        return Response(MergePreviewSerializer(told).data)

    @extend_schema(request=MergeQuery, responses=AssetSerializer)
    def post(self, request: Request, pk: int) -> Response:
        """Make the asset part of `into`, with its history. It cannot be undone."""
        get_object_or_404(Asset, pk=pk)
        into = _into(request.data)
        merged = merge_assets(
            old_id=pk, into_id=into.pk, by=_person(request), at=timezone.now()
        )
        shown = Asset.objects.for_list().get(pk=merged.pk)
        return Response(AssetSerializer(shown).data)


def _into(given: Any) -> Asset:
    wanted = MergeQuery(data=given)
    wanted.is_valid(raise_exception=True)
    into: Asset = wanted.validated_data["into"]
    return into


def _person(request: Request) -> User:
    assert isinstance(request.user, User)  # ReadOrRespond ran before this
    return request.user
