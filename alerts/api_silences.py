"""The API of silences and maintenance windows."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.shortcuts import get_object_or_404
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.models import Team
from alerts.api_rules import (
    NewSilenceSerializer,
    SilenceSerializer,
    conditions_json,
    match_in,
)
from alerts.models import Silence, SilencedAlert
from alerts.rule_queries import hidden_counts, next_spans, silence_state, try_silence
from alerts.services.silences import (
    SilenceValues,
    change_silence,
    create_silence,
    end_silence,
    extend_silence,
    unsaved_silence,
)
from core.api import CursorPagination
from core.http import absolute_url
from oncall.api.fields import InstantField, checked, person_of
from oncall.resolver import format_instant

STATES = ("in force", "coming", "over")


def silences_json(silences: Sequence[Silence], *, at: datetime) -> list[dict[str, Any]]:
    """Two queries, however many."""
    hidden = hidden_counts(silences)
    teams = dict(Team.objects.values_list("pk", "name"))
    return [_json(one, hidden.get(one.pk, 0), teams, at) for one in silences]


def _json(
    silence: Silence, hidden: int, teams: dict[int, str], at: datetime
) -> dict[str, Any]:
    state = silence_state(silence, at=at)
    spans = [] if state == "over" else next_spans(silence.window, at=at)
    until = silence.repeats_until
    return {
        "id": silence.pk,
        "kind": str(silence.kind),
        "state": state,
        "reason": silence.reason,
        "conditions": conditions_json(silence, teams),
        "from": format_instant(silence.starts_at),
        "until": format_instant(silence.ends_at),
        "time_zone": silence.time_zone,
        "rrule": silence.rrule,
        "repeats_until": until and format_instant(until),
        "next": [
            {"start": format_instant(one.start), "end": format_instant(one.end)}
            for one in spans
        ],
        "hidden": hidden,
        "created_at": format_instant(silence.created_at),
        "created_by": silence.created_by and silence.created_by.email,
        "ended_at": silence.ended_at and format_instant(silence.ended_at),
        "ended_by": silence.ended_by and silence.ended_by.email,
        "url": absolute_url(silence),
    }


def values_in(request: Request, *, at: datetime) -> SilenceValues:
    read = checked(NewSilenceSerializer(data=request.data))
    return SilenceValues(
        reason=read["reason"],
        match=match_in(read["conditions"]),
        starts_at=read.get("from") or at,
        ends_at=read["until"],
        time_zone=read["time_zone"],
        rrule=read["rrule"],
        repeats_until=read["repeats_until"],
    )


class SilenceQuery(serializers.Serializer[Any]):
    state = serializers.ChoiceField(
        choices=["current", "over"],
        required=False,
        help_text="current: in force or coming.",
    )


class ExtendInput(serializers.Serializer[Any]):
    until = InstantField()


class HiddenSerializer(serializers.ModelSerializer[SilencedAlert]):
    """`alert` is null when the alert itself is no longer kept."""

    alert = serializers.IntegerField(source="alert_id", allow_null=True)

    class Meta:
        model = SilencedAlert
        fields = ["alert", "title", "severity", "at", "until", "resolved"]


class ExampleSerializer(serializers.Serializer[Any]):
    title = serializers.CharField()
    severity = serializers.CharField()
    at = serializers.DateTimeField()
    url = serializers.URLField()


class TrialSerializer(serializers.Serializer[Any]):
    """`is_cut`: there were more alerts than the newest 20,000 that were looked at."""

    since = serializers.DateTimeField()
    alerts = serializers.IntegerField()
    incidents = serializers.IntegerField()
    examples = ExampleSerializer(many=True)
    incident_examples = ExampleSerializer(many=True)
    is_cut = serializers.BooleanField()


class Silences(APIView):
    pagination_class = CursorPagination

    @extend_schema(parameters=[SilenceQuery], responses=SilenceSerializer(many=True))
    def get(self, request: Request) -> Response:
        """List silences and maintenance windows, newest first."""
        at, asked = timezone.now(), checked(SilenceQuery(data=request.query_params))
        found = Silence.objects.select_related("created_by", "ended_by")
        if asked.get("state") == "current":
            found = found.not_over(at=at)
        elif asked.get("state") == "over":
            found = found.over(at=at)
        pages = CursorPagination()
        page = pages.paginate_queryset(found, request, view=self) or []
        return pages.get_paginated_response(silences_json(page, at=at))

    @extend_schema(request=NewSilenceSerializer, responses={201: SilenceSerializer})
    def post(self, request: Request) -> Response:
        """Silence: once, or again and again with an `rrule`."""
        at = timezone.now()
        made = create_silence(
            values=values_in(request, at=at), by=person_of(request), at=at
        )
        return Response(_answer(made.pk, at), status=status.HTTP_201_CREATED)


class SilenceDetail(APIView):
    @extend_schema(responses=SilenceSerializer)
    def get(self, request: Request, pk: int) -> Response:
        get_object_or_404(Silence, pk=pk)
        return Response(_answer(pk, timezone.now()))

    @extend_schema(request=NewSilenceSerializer, responses=SilenceSerializer)
    def put(self, request: Request, pk: int) -> Response:
        """Put another in its place; what it hides is looked at again."""
        at, silence = timezone.now(), get_object_or_404(Silence, pk=pk)
        values = values_in(request, at=silence.starts_at)
        change_silence(silence_id=pk, values=values, by=person_of(request), at=at)
        return Response(_answer(pk, at))

    @extend_schema(responses={204: None})
    def delete(self, request: Request, pk: int) -> Response:
        """End it. It stays on record with what it has hidden."""
        get_object_or_404(Silence, pk=pk)
        end_silence(silence_id=pk, by=person_of(request), at=timezone.now())
        return Response(status=status.HTTP_204_NO_CONTENT)


class EndSilence(APIView):
    @extend_schema(request=None, responses=SilenceSerializer)
    def post(self, request: Request, pk: int) -> Response:
        """End it now; what still fires counts as new. Twice is fine."""
        at = timezone.now()
        get_object_or_404(Silence, pk=pk)
        end_silence(silence_id=pk, by=person_of(request), at=at)
        return Response(_answer(pk, at))


class ExtendSilence(APIView):
    @extend_schema(request=ExtendInput, responses=SilenceSerializer)
    def post(self, request: Request, pk: int) -> Response:
        """Let it end, or repeat, until another time."""
        at = timezone.now()
        get_object_or_404(Silence, pk=pk)
        until = checked(ExtendInput(data=request.data))["until"]
        extend_silence(silence_id=pk, until=until, by=person_of(request), at=at)
        return Response(_answer(pk, at))


class HiddenAlerts(APIView):
    pagination_class = CursorPagination

    @extend_schema(responses=HiddenSerializer(many=True))
    def get(self, request: Request, pk: int) -> Response:
        """List the alerts it has hidden, newest first."""
        silence = get_object_or_404(Silence, pk=pk)
        pages = CursorPagination()
        page = pages.paginate_queryset(silence.hidden.all(), request, view=self)
        return pages.get_paginated_response(HiddenSerializer(page, many=True).data)


class PreviewSilence(APIView):
    permission_classes = [IsAuthenticated]

    @extend_schema(request=NewSilenceSerializer, responses=TrialSerializer)
    def post(self, request: Request) -> Response:
        """Try one on the alerts of the last 14 days. Nothing is saved."""
        at = timezone.now()
        silence = unsaved_silence(values_in(request, at=at), at=at)
        trial = try_silence(silence, user=person_of(request), at=at)
        return Response(
            {
                "since": format_instant(trial.since),
                "alerts": trial.alerts,
                "incidents": trial.incidents,
                "examples": [_example(one, one.first_at) for one in trial.examples],
                "incident_examples": [_example(one, one.at) for one in trial.opened],
                "is_cut": trial.is_cut,
            }
        )


def _example(one: Any, at: datetime) -> dict[str, Any]:
    url = getattr(one, "url", "") if not hasattr(one, "pk") else one.get_absolute_url()
    return {
        "title": one.title,
        "severity": one.severity,
        "at": format_instant(at),
        "url": absolute_url(url),
    }


def _answer(pk: int, at: datetime) -> dict[str, Any]:
    related = Silence.objects.select_related("created_by", "ended_by")
    return silences_json([related.get(pk=pk)], at=at)[0]
