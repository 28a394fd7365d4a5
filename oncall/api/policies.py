"""Escalation policies, and what one would do."""

from datetime import timedelta
from typing import Any, cast
from zoneinfo import available_timezones

from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers, status
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from core.api import CursorPagination
from core.errors import InvalidInputError
from core.http import absolute_url
from oncall.api.fields import TeamField, checked, instant_in, person_of
from oncall.api.shapes import PolicySerializer, SimulationSerializer
from oncall.conditions import When
from oncall.models import SEVERITIES, EscalationPolicy, EscalationStep
from oncall.queries import Reached, foreseen
from oncall.resolver import format_instant
from oncall.services.policies import (
    MOST_DELAY,
    MOST_REPEATS,
    PolicyValues,
    StepValues,
    change_policy,
    create_policy,
    delete_policy,
)
from oncall.services.targets import Target, find_targets, kind_of


class WhenSerializer(serializers.Serializer[Any]):
    """When a step counts. Monday is 0; `start` and `end` are wall times in
    `timezone`."""

    severities = serializers.ListField(
        child=serializers.ChoiceField(SEVERITIES), required=False
    )
    days = serializers.ListField(
        child=serializers.IntegerField(min_value=0, max_value=6), required=False
    )
    start = serializers.TimeField(required=False, format="%H:%M")
    end = serializers.TimeField(required=False, format="%H:%M")
    timezone = serializers.CharField(max_length=64, required=False)

    def validate_timezone(self, name: str) -> str:
        if name not in available_timezones():
            raise serializers.ValidationError(f"There is no zone {name[:40]!r}.")
        return name

    def validate(self, values: dict[str, Any]) -> dict[str, Any]:
        if ("start" in values) != ("end" in values):
            raise serializers.ValidationError("Give both start and end, or neither.")
        for name in {"start", "end"} & values.keys():
            values[name] = f"{values[name]:%H:%M}"
        return values


class StepSerializer(serializers.Serializer[Any]):
    """`delay_minutes` may be a fraction: 0.5 is 30 seconds."""

    when = WhenSerializer(required=False)

    delay_minutes = serializers.FloatField(
        min_value=1 / 60, max_value=MOST_DELAY / timedelta(minutes=1), default=5
    )
    targets = serializers.ListField(
        child=serializers.JSONField(allow_null=True), allow_empty=False
    )


class NewPolicySerializer(serializers.Serializer[Any]):
    name = serializers.CharField(max_length=120)
    team = TeamField(required=False, allow_null=True, default=None)
    repeats = serializers.IntegerField(
        min_value=0, max_value=MOST_REPEATS, required=False, default=2
    )
    is_default = serializers.BooleanField(required=False, default=False)
    steps = StepSerializer(many=True, allow_empty=False)
    version = serializers.IntegerField(required=False, allow_null=True, default=None)


def policy_json(policy: EscalationPolicy) -> dict[str, Any]:
    return {
        "id": policy.pk,
        "name": policy.name,
        "team": policy.team.slug if policy.team else None,
        "repeats": policy.repeats,
        "is_default": policy.is_default,
        "version": policy.version,
        "steps": [_step_json(step) for step in policy.steps.all()],
        "url": absolute_url(policy),
    }


def _step_json(step: EscalationStep) -> dict[str, Any]:
    targets = [one.user or one.schedule or one.team for one in step.targets.all()]
    return {
        "delay_minutes": step.delay / timedelta(minutes=1),
        "when": step.when,
        "targets": [_target_json(target) for target in targets if target],
    }


def _target_json(target: Target) -> dict[str, Any]:
    return {"type": kind_of(target), "id": target.pk, "label": str(target)}


def _policies() -> QuerySet[EscalationPolicy]:
    return EscalationPolicy.objects.select_related("team").prefetch_related(
        "steps__targets__user", "steps__targets__schedule", "steps__targets__team"
    )


def _values_in(request: Request) -> tuple[PolicyValues, int | None]:
    values = checked(NewPolicySerializer(data=request.data))
    version = values.pop("version")
    steps = [
        StepValues(
            delay=timedelta(minutes=step["delay_minutes"]),
            when=cast(When, step.get("when", {})),
            targets=find_targets(step["targets"], field=f"steps[{index}].targets"),
        )
        for index, step in enumerate(values.pop("steps"))
    ]
    return PolicyValues(**values, steps=steps), version


class Policies(APIView):
    """Escalation policies, newest first; and new ones."""

    pagination_class = CursorPagination

    @extend_schema(responses=PolicySerializer(many=True))
    def get(self, request: Request) -> Response:
        paginator = CursorPagination()
        page = paginator.paginate_queryset(_policies(), request, view=self) or []
        return paginator.get_paginated_response([policy_json(one) for one in page])

    @extend_schema(request=NewPolicySerializer, responses={201: PolicySerializer})
    def post(self, request: Request) -> Response:
        values, _ = _values_in(request)
        policy = create_policy(values=values, by=person_of(request), at=timezone.now())
        return Response(policy_json(policy), status=status.HTTP_201_CREATED)


class PolicyDetail(APIView):
    @extend_schema(responses=PolicySerializer)
    def get(self, request: Request, pk: int) -> Response:
        return Response(policy_json(get_object_or_404(_policies(), pk=pk)))

    @extend_schema(request=NewPolicySerializer, responses=PolicySerializer)
    def put(self, request: Request, pk: int) -> Response:
        get_object_or_404(EscalationPolicy, pk=pk)
        values, version = _values_in(request)
        policy = change_policy(
            policy_id=pk,
            values=values,
            version=version,
            by=person_of(request),
            at=timezone.now(),
        )
        return Response(policy_json(policy))

    @extend_schema(responses={204: None})
    def delete(self, request: Request, pk: int) -> Response:
        get_object_or_404(EscalationPolicy, pk=pk)
        delete_policy(policy_id=pk, by=person_of(request), at=timezone.now())
        return Response(status=status.HTTP_204_NO_CONTENT)


class Simulate(APIView):
    """Who would be told when, as a ladder. Nothing is sent."""

    permission_classes = [IsAuthenticated]

    @extend_schema(
        parameters=[
            OpenApiParameter("at", OpenApiTypes.DATETIME),
            OpenApiParameter("severity", OpenApiTypes.STR, enum=SEVERITIES),
        ],
        responses=SimulationSerializer,
    )
    def get(self, request: Request, pk: int) -> Response:
        policy = get_object_or_404(EscalationPolicy, pk=pk)
        at = instant_in(request.query_params, "at") or timezone.now()
        severity = request.query_params.get("severity") or "SEV3"
        if severity not in SEVERITIES:
            wanted = f"{severity[:20]!r} is not one of {', '.join(SEVERITIES)}."
            raise InvalidInputError({"severity": [wanted]})
        return Response(
            {
                "policy": policy.pk,
                "at": format_instant(at),
                "severity": severity,
                "ladder": [
                    _reached_json(one)
                    for one in foreseen(policy, at=at, severity=severity)
                ],
            }
        )

    @extend_schema(request=None, responses=SimulationSerializer)
    def post(self, request: Request, pk: int) -> Response:
        return self.get(request, pk)


def _reached_json(one: Reached) -> dict[str, Any]:
    user = one.user
    return {
        "lap": one.rung.lap,
        "step": one.rung.step,
        "at": format_instant(one.rung.at),
        "held_until": one.rung.held_until and format_instant(one.rung.held_until),
        "because": one.rung.because,
        "user": user and {"id": str(user.pk), "email": user.email, "name": str(user)},
        "by": [
            {"channel": way.channel, "at": format_instant(way.at)} for way in one.ways
        ],
    }
