"""The API of expectations (docs/api.md section 3)."""

from __future__ import annotations

from datetime import timedelta
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
from alerts.expectation_forms import MOST_ROWS
from alerts.freshness import Rhythm
from alerts.models import Expectation
from alerts.services import (
    delete_expectation,
    expect_freshness,
    expect_volume,
    suggestion_for,
)
from catalog.models import Asset
from core.api import CursorPagination
from core.http import absolute_url

Kind = Expectation.Kind


class ExpectationSerializer(serializers.ModelSerializer[Expectation]):
    """`due_at` is when the absence of a run becomes an alert."""

    asset = serializers.IntegerField(source="asset_id")
    every = serializers.IntegerField(source="every_seconds", help_text="Seconds.")
    grace = serializers.IntegerField(source="grace_seconds", help_text="Seconds.")
    early = serializers.IntegerField(
        source="early_seconds",
        allow_null=True,
        help_text="Seconds before a deadline from which a run counts for it.",
    )
    page = serializers.SerializerMethodField()

    class Meta:
        model = Expectation
        fields = [
            "id", "asset", "kind", "status", "every", "cron", "time_zone", "grace",
            "early", "least", "most", "severity", "met_at", "expected_at", "due_at",
            "page",
        ]  # fmt: skip

    def get_page(self, expectation: Expectation) -> str:
        return absolute_url(expectation)


def _seconds(**values: Any) -> serializers.IntegerField:
    return serializers.IntegerField(max_value=MOST_SECONDS, required=False, **values)


def _rows() -> serializers.IntegerField:
    return serializers.IntegerField(
        min_value=0, max_value=MOST_ROWS, required=False, allow_null=True, default=None
    )


class NewExpectation(serializers.Serializer[Any]):
    """Freshness: `every` seconds, or `cron` in `time_zone`. Volume: `least` and `most`
    rows, or neither to learn what is usual."""

    asset = serializers.PrimaryKeyRelatedField(queryset=Asset.objects.all())
    kind = serializers.ChoiceField(choices=Kind.choices)
    every = _seconds(min_value=1, default=0)
    cron = serializers.CharField(max_length=CRON_LENGTH, allow_blank=True, default="")
    time_zone = serializers.CharField(max_length=64, default="UTC")
    grace = _seconds(min_value=0, default=0)
    early = _seconds(min_value=1, allow_null=True, default=None)
    least = _rows()
    most = _rows()
    severity = SeverityField(allow_blank=True, default="")

    def validate_cron(self, value: str) -> str:
        problem = cron_problem(value) if value else ""
        if problem:
            raise serializers.ValidationError(problem)
        return value

    def validate_time_zone(self, value: str) -> str:
        if value not in available_timezones():
            raise serializers.ValidationError("Must be a zone such as Europe/Madrid.")
        return value

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        has_rhythm = attrs["every"] or attrs["cron"]
        if attrs["kind"] == Kind.FRESHNESS and not has_rhythm:
            raise serializers.ValidationError({"every": "Say how often, or a cron."})
        return attrs

    def rhythm(self) -> Rhythm:
        told = self.validated_data
        early = told["early"]
        return Rhythm(
            every=timedelta(seconds=0 if told["cron"] else told["every"]),
            cron=told["cron"],
            zone=told["time_zone"],
            grace=timedelta(seconds=told["grace"]),
            early=None if early is None else timedelta(seconds=early),
        )


class ExpectationQuery(serializers.Serializer[Any]):
    asset = serializers.IntegerField(min_value=1, max_value=LARGEST_ID, required=False)
    kind = serializers.ChoiceField(choices=Kind.choices, required=False)
    status = serializers.ChoiceField(choices=Expectation.Status.choices, required=False)


class SuggestionSerializer(serializers.Serializer[Any]):
    """What the past runs would have kept; null from fewer than five of them."""

    every = serializers.IntegerField()
    cron = serializers.CharField()
    time_zone = serializers.CharField()
    grace = serializers.IntegerField()
    why = serializers.CharField()


class Expectations(APIView):
    pagination_class = CursorPagination

    @extend_schema(
        parameters=[ExpectationQuery], responses=ExpectationSerializer(many=True)
    )
    def get(self, request: Request) -> Response:
        """List expectations, newest first."""
        wanted = ExpectationQuery(data=request.query_params)
        wanted.is_valid(raise_exception=True)
        pages = CursorPagination()
        found = Expectation.objects.filter(**wanted.validated_data)
        page = pages.paginate_queryset(found, request, view=self)
        return pages.get_paginated_response(ExpectationSerializer(page, many=True).data)

    @extend_schema(request=NewExpectation, responses={201: ExpectationSerializer})
    def post(self, request: Request) -> Response:
        """Expect freshness or volume of an asset, instead of what was expected."""
        wanted = NewExpectation(data=request.data)
        wanted.is_valid(raise_exception=True)
        told = wanted.validated_data
        who: dict[str, Any] = {
            "asset": told["asset"],
            "severity": told["severity"],
            "by": _person(request),
            "at": timezone.now(),
        }
        if told["kind"] == Kind.FRESHNESS:
            made = expect_freshness(rhythm=wanted.rhythm(), **who)
        else:
            made = expect_volume(least=told["least"], most=told["most"], **who)
        shown = ExpectationSerializer(made).data
        return Response(shown, status=status.HTTP_201_CREATED)


class ExpectationDetail(APIView):
    @extend_schema(responses=ExpectationSerializer)
    def get(self, request: Request, pk: int) -> Response:
        found = get_object_or_404(Expectation, pk=pk)
        return Response(ExpectationSerializer(found).data)

    @extend_schema(responses={204: None})
    def delete(self, request: Request, pk: int) -> Response:
        """Expect it no longer; what it alerted about is resolved."""
        get_object_or_404(Expectation, pk=pk)
        delete_expectation(expectation_id=pk, by=_person(request), at=timezone.now())
        return Response(status=status.HTTP_204_NO_CONTENT)


class SuggestedFreshness(APIView):
    @extend_schema(responses={200: SuggestionSerializer, 204: None})
    def get(self, request: Request, pk: int) -> Response:
        """A rhythm learnt from the runs of the last 60 days, in your time zone; nothing
        (204) from too few."""
        get_object_or_404(Asset, pk=pk)
        zone = _person(request).time_zone or "UTC"
        found = suggestion_for(pk, zone=zone, at=timezone.now())
        if found is None:
            return Response(status=status.HTTP_204_NO_CONTENT)
        rhythm = found.rhythm
        told = {
            "every": int(rhythm.every.total_seconds()),
            "cron": rhythm.cron,
            "time_zone": rhythm.zone,
            "grace": int(rhythm.grace.total_seconds()),
            "why": found.why,
        }
        return Response(SuggestionSerializer(told).data)


def _person(request: Request) -> User:
    assert isinstance(request.user, User)  # ReadOrRespond ran before this
    return request.user
