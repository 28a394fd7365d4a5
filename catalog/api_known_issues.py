"""The API of known issues (docs/api.md section 3)."""

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
from catalog.models import Asset, KnownIssue
from catalog.services import add_known_issue, end_known_issue
from core.api import CursorPagination

LARGEST_ID = 2**63 - 1


class KnownIssueSerializer(serializers.ModelSerializer[KnownIssue]):
    asset = serializers.IntegerField(source="asset_id")

    class Meta:
        model = KnownIssue
        fields = ["id", "asset", "text", "url", "starts_at", "ends_at"]


class NewKnownIssue(serializers.Serializer[Any]):
    asset = serializers.PrimaryKeyRelatedField(queryset=Asset.objects.all())
    text = serializers.CharField(max_length=500)
    ends_at = serializers.DateTimeField()
    starts_at = serializers.DateTimeField(required=False)
    url = serializers.URLField(max_length=2000, required=False)


class KnownIssueQuery(serializers.Serializer[Any]):
    asset = serializers.IntegerField(min_value=1, max_value=LARGEST_ID, required=False)
    active = serializers.BooleanField(
        required=False, default=True, help_text="Only those that hold now."
    )


class KnownIssues(APIView):
    pagination_class = CursorPagination

    @extend_schema(
        parameters=[KnownIssueQuery], responses=KnownIssueSerializer(many=True)
    )
    def get(self, request: Request) -> Response:
        """List known issues, newest first: those that hold, unless told otherwise."""
        wanted = KnownIssueQuery(data=request.query_params)
        wanted.is_valid(raise_exception=True)
        at, found = timezone.now(), KnownIssue.objects.all()
        if "asset" in wanted.validated_data:
            found = found.filter(asset=wanted.validated_data["asset"])
        if wanted.validated_data["active"]:
            found = found.filter(starts_at__lte=at, ends_at__gt=at)
        pages = CursorPagination()
        page = pages.paginate_queryset(found, request, view=self)
        return pages.get_paginated_response(KnownIssueSerializer(page, many=True).data)

    @extend_schema(request=NewKnownIssue, responses={201: KnownIssueSerializer})
    def post(self, request: Request) -> Response:
        """Show a note on the asset, its badge and its incidents until it ends."""
        wanted = NewKnownIssue(data=request.data)
        wanted.is_valid(raise_exception=True)
        made = add_known_issue(
            **wanted.validated_data, by=_person(request), at=timezone.now()
        )
        shown = KnownIssueSerializer(made).data
        return Response(shown, status=status.HTTP_201_CREATED)


class EndKnownIssue(APIView):
    @extend_schema(request=None, responses=KnownIssueSerializer)
    def post(self, request: Request, pk: int) -> Response:
        """Show it no longer. Doing it twice is fine."""
        get_object_or_404(KnownIssue, pk=pk)
        ended = end_known_issue(issue_id=pk, by=_person(request), at=timezone.now())
        return Response(KnownIssueSerializer(ended).data)


def _person(request: Request) -> User:
    assert isinstance(request.user, User)  # ReadOrRespond ran before this
    return request.user
