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

from accounts.models import User
from core.api import CursorPagination
from core.errors import InvalidInputError
from core.http import absolute_url
from core.labels import (
    EQUAL,
    MOST_TESTS,
    NAME_LENGTH,
    OPERATORS,
    VALUE_LENGTH,
    LabelTest,
    read_labels,
)
from oncall.api.fields import InstantField, TeamField, checked, instant_in, person_of
from oncall.api.shapes import PolicySerializer, SimulationSerializer
from oncall.conditions import When, fits, said
from oncall.models import SEVERITIES, EscalationPolicy, EscalationStep, StepTarget
from oncall.queries import Reached, foreseen
from oncall.resolver import format_instant
from oncall.services.policies import (
    LEAST_LAPSE,
    MOST_DELAY,
    MOST_REPEATS,
    PolicyValues,
    StepValues,
    change_policy,
    create_policy,
    delete_policy,
)
from oncall.services.targets import find_targets, frozen, target_of


class PolicyLabelSerializer(serializers.Serializer[Any]):
    """`=~` and `!~` take an RE2 pattern that must match the whole value. A label that
    is not there is ""."""

    name = serializers.CharField(max_length=NAME_LENGTH)
    op = serializers.ChoiceField(OPERATORS, required=False, default=EQUAL)
    value = serializers.CharField(
        max_length=VALUE_LENGTH, allow_blank=True, trim_whitespace=False
    )

    def validate(self, values: dict[str, Any]) -> dict[str, Any]:
        if problem := LabelTest(**values).problem:
            raise serializers.ValidationError({"value": problem})
        return dict(values)


class WhenSerializer(serializers.Serializer[Any]):
    """When a policy or a step counts. Monday is 0; `start` and `end` are wall times in
    `timezone`; `labels` are those of the alert, and all must pass."""

    severities = serializers.ListField(
        child=serializers.ChoiceField(SEVERITIES),
        required=False,
        max_length=len(SEVERITIES),
    )
    days = serializers.ListField(
        child=serializers.IntegerField(min_value=0, max_value=6),
        required=False,
        max_length=7,
    )
    start = serializers.TimeField(required=False, format="%H:%M")
    end = serializers.TimeField(required=False, format="%H:%M")
    timezone = serializers.CharField(max_length=64, required=False)
    labels = PolicyLabelSerializer(many=True, required=False)

    def validate_labels(self, tests: list[Any]) -> list[Any]:
        if len(tests) > MOST_TESTS:
            raise serializers.ValidationError(f"Wanted are at most {MOST_TESTS}.")
        return tests

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
    """Where `when` does not hold, the policy is passed over as if it were not there.
    `acknowledgement_minutes` is how long an acknowledgement lasts when nothing happens:
    null as the installation has it, 0 for ever."""

    name = serializers.CharField(max_length=120)
    team = TeamField(required=False, allow_null=True, default=None)
    repeats = serializers.IntegerField(
        min_value=0, max_value=MOST_REPEATS, required=False, default=2
    )
    is_default = serializers.BooleanField(required=False, default=False)
    when = WhenSerializer(required=False)
    acknowledgement_minutes = serializers.IntegerField(
        min_value=0,
        max_value=MOST_DELAY // timedelta(minutes=1),
        required=False,
        allow_null=True,
        default=None,
    )
    steps = StepSerializer(many=True, allow_empty=False)
    version = serializers.IntegerField(required=False, allow_null=True, default=None)

    def validate_acknowledgement_minutes(self, minutes: int | None) -> int | None:
        if minutes and minutes < LEAST_LAPSE // timedelta(minutes=1):
            raise serializers.ValidationError("Wanted is 2 or more, or 0 for never.")
        return minutes


def policy_json(policy: EscalationPolicy, *, reader: User) -> dict[str, Any]:
    lapses = policy.lapses_after
    return {
        "id": policy.pk,
        "name": policy.name,
        "team": policy.team.slug if policy.team else None,
        "repeats": policy.repeats,
        "is_default": policy.is_default,
        "version": policy.version,
        "when": policy.when,
        "acknowledgement_minutes": None
        if lapses is None
        else lapses // timedelta(minutes=1),
        "steps": [_step_json(step, reader) for step in policy.steps.all()],
        "url": absolute_url(policy),
    }


def _step_json(step: EscalationStep, reader: User) -> dict[str, Any]:
    return {
        "delay_minutes": step.delay / timedelta(minutes=1),
        "when": step.when,
        "targets": [_target_json(row, reader) for row in step.targets.all()],
    }


def _target_json(row: StepTarget, reader: User) -> dict[str, Any]:
    """The address of a channel may hold a secret, and is for those who may edit."""
    target = frozen(target_of(row))
    named: dict[str, Any] = {"type": target["kind"], "label": target["label"]}
    if target["kind"] != "channel":
        named["id"] = target["id"]
    if "who" in target:
        named["who"] = target["who"]
    if target["kind"] == "channel":
        named["channel"] = target["channel"]
        named["address"] = target["address"] if reader.can_respond else ""
    return named


def _policies() -> QuerySet[EscalationPolicy]:
    return EscalationPolicy.objects.select_related("team").prefetch_related(
        "steps__targets__user", "steps__targets__schedule", "steps__targets__team"
    )


def _values_in(request: Request) -> tuple[PolicyValues, int | None]:
    values = checked(NewPolicySerializer(data=request.data))
    version = values.pop("version")
    minutes = values.pop("acknowledgement_minutes")
    values["lapses_after"] = None if minutes is None else timedelta(minutes=minutes)
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
        reader = person_of(request)
        told = [policy_json(one, reader=reader) for one in page]
        return paginator.get_paginated_response(told)

    @extend_schema(request=NewPolicySerializer, responses={201: PolicySerializer})
    def post(self, request: Request) -> Response:
        values, _ = _values_in(request)
        policy = create_policy(values=values, by=person_of(request), at=timezone.now())
        return Response(
            policy_json(policy, reader=person_of(request)),
            status=status.HTTP_201_CREATED,
        )


class PolicyDetail(APIView):
    @extend_schema(responses=PolicySerializer)
    def get(self, request: Request, pk: int) -> Response:
        policy = get_object_or_404(_policies(), pk=pk)
        return Response(policy_json(policy, reader=person_of(request)))

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
        return Response(policy_json(policy, reader=person_of(request)))

    @extend_schema(responses={204: None})
    def delete(self, request: Request, pk: int) -> Response:
        get_object_or_404(EscalationPolicy, pk=pk)
        delete_policy(policy_id=pk, by=person_of(request), at=timezone.now())
        return Response(status=status.HTTP_204_NO_CONTENT)


class SimulateSerializer(serializers.Serializer[Any]):
    """What would happen: when, how bad, and with which labels. As the query too, where
    a label is `label=env=prod`, once for each."""

    at = InstantField(required=False, allow_null=True)
    severity = serializers.ChoiceField(SEVERITIES, required=False, default="SEV3")
    labels = serializers.DictField(
        child=serializers.CharField(allow_blank=True, max_length=VALUE_LENGTH),
        required=False,
    )


class Simulate(APIView):
    """Who would be told when, as a ladder. Nothing is sent."""

    permission_classes = [IsAuthenticated]

    @extend_schema(
        parameters=[
            OpenApiParameter("at", OpenApiTypes.DATETIME),
            OpenApiParameter("severity", OpenApiTypes.STR, enum=SEVERITIES),
            OpenApiParameter("label", OpenApiTypes.STR, many=True),
        ],
        responses=SimulationSerializer,
    )
    def get(self, request: Request, pk: int) -> Response:
        return _simulation(pk, _asked(request))

    @extend_schema(request=SimulateSerializer, responses=SimulationSerializer)
    def post(self, request: Request, pk: int) -> Response:
        body = checked(SimulateSerializer(data=request.data or {}))
        given = {name: body[name] for name in body if name in request.data}
        return _simulation(pk, _asked(request) | given)


def _asked(request: Request) -> dict[str, Any]:
    """The query's time, severity and labels, which those of the body replace."""
    query = request.query_params
    try:
        labels = read_labels("\n".join(query.getlist("label")))
    except ValueError as error:
        raise InvalidInputError({"label": [str(error)]}) from error
    severity = query.get("severity") or "SEV3"
    if severity not in SEVERITIES:
        wanted = f"{severity[:20]!r} is not one of {', '.join(SEVERITIES)}."
        raise InvalidInputError({"severity": [wanted]})
    return {"at": instant_in(query, "at"), "severity": severity, "labels": labels}


def _simulation(pk: int, asked: dict[str, Any]) -> Response:
    policy = get_object_or_404(EscalationPolicy, pk=pk)
    at = asked.get("at") or timezone.now()
    severity, labels = asked["severity"], asked.get("labels") or {}
    applies = fits(policy.when, severity=severity, at=at, labels=labels)
    rungs = foreseen(policy, at=at, severity=severity, labels=labels)
    return Response(
        {
            "policy": policy.pk,
            "at": format_instant(at),
            "severity": severity,
            "labels": labels,
            "applies": applies,
            "because": "" if applies else f"only for {said(policy.when)}",
            "ladder": [_reached_json(one) for one in rungs],
        }
    )


def _reached_json(one: Reached) -> dict[str, Any]:
    user = one.user
    return {
        "lap": one.rung.lap,
        "step": one.rung.step,
        "at": format_instant(one.rung.at),
        "held_until": one.rung.held_until and format_instant(one.rung.held_until),
        "because": one.rung.because,
        "channel": one.rung.room,
        "user": user and {"id": str(user.pk), "email": user.email, "name": str(user)},
        "by": [
            {"channel": way.channel, "at": format_instant(way.at)} for way in one.ways
        ],
    }
