"""The API of backfills (docs/api.md section 3)."""

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
from catalog.api_known_issues import LARGEST_ID
from catalog.models import Asset, Backfill
from catalog.services import move_backfill, record_backfill
from core.api import CursorPagination
from core.http import absolute_url


class BackfillSerializer(serializers.ModelSerializer[Backfill]):
    assets = serializers.SerializerMethodField()
    created_by = serializers.SlugRelatedField[User](
        slug_field="email", read_only=True, allow_null=True
    )
    verified_by = serializers.SlugRelatedField[User](
        slug_field="email", read_only=True, allow_null=True
    )
    page = serializers.SerializerMethodField()

    class Meta:
        model = Backfill
        fields = [
            "id", "title", "assets", "partitions", "state", "url", "created_at",
            "created_by", "started_at", "done_at", "verified_at", "verified_by", "page",
        ]  # fmt: skip

    def get_assets(self, backfill: Backfill) -> list[int]:
        return sorted(asset.pk for asset in backfill.assets.all())

    def get_page(self, backfill: Backfill) -> str:
        return absolute_url(backfill)


class NewBackfill(serializers.Serializer[Any]):
    title = serializers.CharField(max_length=200)
    assets = serializers.PrimaryKeyRelatedField(
        queryset=Asset.objects.all(), many=True, allow_empty=False
    )
    partitions = serializers.CharField(max_length=300, required=False, allow_blank=True)
    state = serializers.ChoiceField(choices=Backfill.State.choices, default="planned")
    url = serializers.URLField(max_length=2000, required=False)


class BackfillState(serializers.Serializer[Any]):
    state = serializers.ChoiceField(choices=Backfill.State.choices)


class BackfillQuery(serializers.Serializer[Any]):
    asset = serializers.IntegerField(min_value=1, max_value=LARGEST_ID, required=False)
    state = serializers.ChoiceField(choices=Backfill.State.choices, required=False)


class Backfills(APIView):
    pagination_class = CursorPagination

    @extend_schema(parameters=[BackfillQuery], responses=BackfillSerializer(many=True))
    def get(self, request: Request) -> Response:
        """List re-runs and backfills, newest first."""
        wanted = BackfillQuery(data=request.query_params)
        wanted.is_valid(raise_exception=True)
        found = Backfill.objects.select_related("created_by", "verified_by")
        if "asset" in wanted.validated_data:
            found = found.filter(parts__asset=wanted.validated_data["asset"])
        if "state" in wanted.validated_data:
            found = found.filter(state=wanted.validated_data["state"])
        pages = CursorPagination()
        listed = found.prefetch_related("assets")
        page = pages.paginate_queryset(listed, request, view=self)
        return pages.get_paginated_response(BackfillSerializer(page, many=True).data)

    @extend_schema(request=NewBackfill, responses={201: BackfillSerializer})
    def post(self, request: Request) -> Response:
        """Record a re-run or backfill, in whatever state it is."""
        wanted = NewBackfill(data=request.data)
        wanted.is_valid(raise_exception=True)
        made = record_backfill(
            **wanted.validated_data, by=_person(request), at=timezone.now()
        )
        shown = BackfillSerializer(made).data
        return Response(shown, status=status.HTTP_201_CREATED)


class BackfillDetail(APIView):
    @extend_schema(responses=BackfillSerializer)
    def get(self, request: Request, pk: int) -> Response:
        return Response(BackfillSerializer(get_object_or_404(Backfill, pk=pk)).data)

    @extend_schema(request=BackfillState, responses=BackfillSerializer)
    def patch(self, request: Request, pk: int) -> Response:
        """Say how far it is. A state that cannot follow is refused (409)."""
        get_object_or_404(Backfill, pk=pk)
        wanted = BackfillState(data=request.data)
        wanted.is_valid(raise_exception=True)
        moved = move_backfill(
            backfill_id=pk,
            **wanted.validated_data,
            by=_person(request),
            at=timezone.now(),
        )
        return Response(BackfillSerializer(moved).data)


def _person(request: Request) -> User:
    assert isinstance(request.user, User)  # ReadOrRespond ran before this
    return request.user
