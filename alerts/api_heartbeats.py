"""The API of heartbeats (docs/api.md section 2). Pings themselves go to the inlet."""

from __future__ import annotations

from typing import Any
from zoneinfo import available_timezones

from django.shortcuts import get_object_or_404
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.models import User
from alerts.api import LARGEST_ID, SeverityField
from alerts.cadence import CRON_LENGTH, MOST_SECONDS, cron_problem
from alerts.models import Heartbeat, Integration
from alerts.models.heartbeat import (
    DEFAULT_EVERY_SECONDS,
    DEFAULT_GRACE_SECONDS,
    NAME_LENGTH,
)
from alerts.services import (
    change_heartbeat,
    create_heartbeat,
    delete_heartbeat,
    pause_heartbeat,
    resume_heartbeat,
)
from catalog.models import Asset
from core.api import CursorPagination
from core.http import absolute_url
from core.text import one_line


class HeartbeatSerializer(serializers.ModelSerializer[Heartbeat]):
    """`due_at` is when the absence of a ping becomes an alert."""

    integration = serializers.IntegerField(source="integration_id")
    asset = serializers.IntegerField(source="asset_id", allow_null=True)
    every = serializers.IntegerField(source="every_seconds", help_text="Seconds.")
    grace = serializers.IntegerField(source="grace_seconds", help_text="Seconds.")
    page = serializers.SerializerMethodField()

    class Meta:
        model = Heartbeat
        fields = [
            "id",
            "integration",
            "name",
            "status",
            "every",
            "cron",
            "time_zone",
            "grace",
            "severity",
            "asset",
            "last_at",
            "expected_at",
            "due_at",
            "page",
        ]

    def get_page(self, heartbeat: Heartbeat) -> str:
        return absolute_url(heartbeat)


class HeartbeatChange(serializers.Serializer[Any]):
    """What people say of a heartbeat. With `cron`, `every` does not count."""

    name = serializers.CharField(max_length=NAME_LENGTH)
    every = serializers.IntegerField(
        source="every_seconds",
        min_value=1,
        max_value=MOST_SECONDS,
        default=DEFAULT_EVERY_SECONDS,
    )
    cron = serializers.CharField(max_length=CRON_LENGTH, allow_blank=True, default="")
    time_zone = serializers.CharField(max_length=64, default="UTC")
    grace = serializers.IntegerField(
        source="grace_seconds",
        min_value=0,
        max_value=MOST_SECONDS,
        default=DEFAULT_GRACE_SECONDS,
    )
    severity = SeverityField(allow_blank=True, default="")
    asset = serializers.PrimaryKeyRelatedField(
        queryset=Asset.objects.all(), allow_null=True, default=None
    )

    def validate_name(self, value: str) -> str:
        name = one_line(value, NAME_LENGTH)
        if not name or "/" in name:
            raise serializers.ValidationError("Must be one line without “/”.")
        return name

    def validate_cron(self, value: str) -> str:
        problem = cron_problem(value) if value else ""
        if problem:
            raise serializers.ValidationError(problem)
        return value

    def validate_time_zone(self, value: str) -> str:
        if value not in available_timezones():
            raise serializers.ValidationError("Must be a zone such as Europe/Madrid.")
        return value


class NewHeartbeat(HeartbeatChange):
    integration = serializers.PrimaryKeyRelatedField(
        queryset=Integration.objects.kept()
    )


class HeartbeatQuery(serializers.Serializer[Any]):
    status = serializers.ChoiceField(choices=Heartbeat.Status.choices, required=False)
    integration = serializers.IntegerField(
        min_value=1, max_value=LARGEST_ID, required=False
    )


class Heartbeats(APIView):
    pagination_class = CursorPagination

    @extend_schema(
        parameters=[HeartbeatQuery], responses=HeartbeatSerializer(many=True)
    )
    def get(self, request: Request) -> Response:
        """List heartbeats, newest first."""
        wanted = HeartbeatQuery(data=request.query_params)
        wanted.is_valid(raise_exception=True)
        pages = CursorPagination()
        found = Heartbeat.objects.filter(
            integration__deleted_at=None, **wanted.validated_data
        )
        page = pages.paginate_queryset(found, request, view=self)
        return pages.get_paginated_response(HeartbeatSerializer(page, many=True).data)

    @extend_schema(request=NewHeartbeat, responses={201: HeartbeatSerializer})
    def post(self, request: Request) -> Response:
        """Make a heartbeat. It waits for its first ping and alerts for none before."""
        wanted = NewHeartbeat(data=request.data)
        wanted.is_valid(raise_exception=True)
        made = create_heartbeat(
            **wanted.validated_data, by=_person(request), at=timezone.now()
        )
        shown = HeartbeatSerializer(made).data
        return Response(shown, status=status.HTTP_201_CREATED)


class HeartbeatDetail(APIView):
    @extend_schema(responses=HeartbeatSerializer)
    def get(self, request: Request, pk: int) -> Response:
        return Response(HeartbeatSerializer(_heartbeat(pk)).data)

    @extend_schema(request=HeartbeatChange, responses=HeartbeatSerializer)
    def patch(self, request: Request, pk: int) -> Response:
        """Change what is given, leave the rest."""
        _heartbeat(pk)
        wanted = HeartbeatChange(data=request.data, partial=True)
        wanted.is_valid(raise_exception=True)
        changed = change_heartbeat(
            heartbeat_id=pk,
            by=_person(request),
            at=timezone.now(),
            **wanted.validated_data,
        )
        return Response(HeartbeatSerializer(changed).data)

    @extend_schema(responses={204: None})
    def delete(self, request: Request, pk: int) -> Response:
        """Take it away with its history. The next ping of its name makes a new one."""
        _heartbeat(pk)
        delete_heartbeat(heartbeat_id=pk, by=_person(request), at=timezone.now())
        return Response(status=status.HTTP_204_NO_CONTENT)


class PauseHeartbeat(APIView):
    @extend_schema(request=None, responses=HeartbeatSerializer)
    def post(self, request: Request, pk: int) -> Response:
        """Expect nothing until it is resumed. Doing it twice is fine."""
        _heartbeat(pk)
        paused = pause_heartbeat(
            heartbeat_id=pk, by=_person(request), at=timezone.now()
        )
        return Response(HeartbeatSerializer(paused).data)


class ResumeHeartbeat(APIView):
    @extend_schema(request=None, responses=HeartbeatSerializer)
    def post(self, request: Request, pk: int) -> Response:
        """Expect pings again, the next one a full turn from now."""
        _heartbeat(pk)
        resumed = resume_heartbeat(
            heartbeat_id=pk, by=_person(request), at=timezone.now()
        )
        return Response(HeartbeatSerializer(resumed).data)


def _heartbeat(pk: int) -> Heartbeat:
    kept = Heartbeat.objects.filter(integration__deleted_at=None)
    return get_object_or_404(kept, pk=pk)


def _person(request: Request) -> User:
    assert isinstance(request.user, User)  # ReadOrRespond ran before this
    return request.user
