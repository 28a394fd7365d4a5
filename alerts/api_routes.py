"""The API of routing rules and of integrations' damping."""

from __future__ import annotations

from datetime import datetime, timedelta
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
from alerts.api import SeverityField
from alerts.api_rules import (
    AssetField,
    DampingSerializer,
    IntegrationField,
    NewRouteSerializer,
    RouteSerializer,
    conditions_json,
    damping_in,
    damping_json,
    hours_in,
    match_in,
)
from alerts.models import Alert, InletQuiet, Integration, Route
from alerts.routing_trial import Tested, try_alert
from alerts.rule_queries import routed_lately, routes_in_order
from alerts.services.routes import (
    MOST_FLAPS,
    RouteValues,
    change_default_route,
    change_route,
    create_route,
    damp_integration,
    delete_route,
    order_routes,
)
from core.errors import InvalidInputError
from oncall.api.fields import InstantField, checked, person_of
from oncall.resolver import format_instant


def route_json(
    route: Route, *, matched: dict[int | None, int], teams: dict[int, str]
) -> dict[str, Any]:
    return {
        "id": route.pk,
        "name": route.name,
        "default": route.is_default,
        "position": route.position,
        "conditions": conditions_json(route, teams),
        "hours": route.hours,
        "action": route.action,
        "team": route.team and route.team.name,
        "policy": route.policy_id,
        "severity": route.severity,
        **damping_json(route),
        "on": route.is_on,
        "matched": matched.get(route.pk, 0),
    }


def _routes_json(*, at: datetime) -> list[dict[str, Any]]:
    matched = routed_lately(at=at)
    teams = dict(Team.objects.values_list("pk", "name"))
    return [route_json(one, matched=matched, teams=teams) for one in routes_in_order()]


def values_in(request: Request) -> RouteValues:
    read = checked(NewRouteSerializer(data=request.data))
    return RouteValues(
        name=read["name"],
        match=match_in(read.get("conditions")),
        hours=hours_in(read["hours"]),
        action=read["action"],
        team=read["team"],
        policy=read["policy"],
        severity=read["severity"],
        damping=damping_in(read),
        is_on=read["on"],
    )


class OrderInput(serializers.Serializer[Any]):
    ids = serializers.ListField(child=serializers.IntegerField(min_value=1))


class RoutesSerializer(serializers.Serializer[Any]):
    results = RouteSerializer(many=True)


class Routes(APIView):
    """The rules as they are asked, the default one last."""

    @extend_schema(responses=RoutesSerializer, operation_id="v1_routing_rules_list")
    def get(self, request: Request) -> Response:
        return Response({"results": _routes_json(at=timezone.now())})

    @extend_schema(request=NewRouteSerializer, responses={201: RouteSerializer})
    def post(self, request: Request) -> Response:
        """Make a rule, the last before the default one."""
        made = create_route(
            values=values_in(request), by=person_of(request), at=timezone.now()
        )
        return Response(_one(made.pk), status=status.HTTP_201_CREATED)


class RouteDetail(APIView):
    @extend_schema(responses=RouteSerializer)
    def get(self, request: Request, pk: int) -> Response:
        get_object_or_404(Route, pk=pk)
        return Response(_one(pk))

    @extend_schema(request=NewRouteSerializer, responses=RouteSerializer)
    def put(self, request: Request, pk: int) -> Response:
        """Of the default rule only `team` and `policy` are taken."""
        route = get_object_or_404(Route, pk=pk)
        by, at = person_of(request), timezone.now()
        values = values_in(request)
        if route.is_default:
            change_default_route(team=values.team, policy=values.policy, by=by, at=at)
        else:
            change_route(route_id=pk, values=values, by=by, at=at)
        return Response(_one(pk))

    @extend_schema(responses={204: None})
    def delete(self, request: Request, pk: int) -> Response:
        """Delete it; 409 for the default one."""
        get_object_or_404(Route, pk=pk)
        delete_route(route_id=pk, by=person_of(request), at=timezone.now())
        return Response(status=status.HTTP_204_NO_CONTENT)


class OrderRoutes(APIView):
    @extend_schema(request=OrderInput, responses=RoutesSerializer)
    def post(self, request: Request) -> Response:
        """Ask the rules in this order; ones not named come after them."""
        ids = checked(OrderInput(data=request.data))["ids"]
        order_routes(route_ids=ids, by=person_of(request), at=timezone.now())
        return Response({"results": _routes_json(at=timezone.now())})


class TestInput(serializers.Serializer[Any]):
    """A stored alert by `alert`, or one as it might come in."""

    alert = serializers.IntegerField(min_value=1, max_value=2**63 - 1, required=False)
    integration = IntegrationField(required=False)
    title = serializers.CharField(max_length=1024, required=False, default="")
    severity = SeverityField(required=False, default="")
    labels = serializers.DictField(child=serializers.CharField(), required=False)
    asset = AssetField(required=False, allow_null=True, default=None)
    at = InstantField(required=False, help_text="Now, if not given.")


class AskedSerializer(serializers.Serializer[Any]):
    id = serializers.IntegerField(allow_null=True)
    name = serializers.CharField()
    matches = serializers.BooleanField()
    why_not = serializers.ListField(child=serializers.CharField())


class TestSerializer(serializers.Serializer[Any]):
    """`rule`: the id of the rule that takes it, null for a default one nobody has
    changed. `rules`: those asked, up to it, and why they did not match."""

    outcome = serializers.ChoiceField(
        choices=["taken", "silenced", "pending", "dropped"]
    )
    rule = serializers.IntegerField(allow_null=True)
    silence = serializers.IntegerField(allow_null=True)
    team = serializers.CharField(allow_null=True)
    policy = serializers.CharField(allow_null=True)
    severity = serializers.CharField()
    due_at = serializers.DateTimeField(allow_null=True)
    rules = AskedSerializer(many=True)


class TestRoutes(APIView):
    permission_classes = [IsAuthenticated]

    @extend_schema(request=TestInput, responses=TestSerializer)
    def post(self, request: Request) -> Response:
        """Say which rule would take an alert, and why those before it would not."""
        read, now = checked(TestInput(data=request.data)), timezone.now()
        at = read.get("at") or now
        tested = try_alert(_alert_in(read, at), at=at)
        return Response(_tested_json(tested))


def _alert_in(read: dict[str, Any], at: datetime) -> Alert:
    if "alert" in read:
        related = Alert.objects.select_related("integration", "asset")
        found = related.filter(pk=read["alert"]).first()
        if found is None:
            raise InvalidInputError({"alert": ["Must be the id of an alert."]})
        return found
    integration = read.get("integration")
    if integration is None:
        raise InvalidInputError({"integration": ["Is missing, or an alert's id."]})
    return Alert(
        integration=integration,
        title=read["title"],
        severity=read["severity"] or integration.default_severity,
        labels=read.get("labels") or {},
        asset=read["asset"],
        first_at=at,
    )


def _tested_json(tested: Tested) -> dict[str, Any]:
    route = tested.route
    return {
        "outcome": tested.decision.outcome.value,
        "rule": route.pk if route else None,
        "silence": tested.silence.pk if tested.silence else None,
        "team": str(route.team) if route and route.team else None,
        "policy": str(route.policy) if route and route.policy else None,
        "severity": tested.decision.severity or tested.alert.severity,
        "due_at": tested.decision.due_at and format_instant(tested.decision.due_at),
        "rules": [
            {
                "id": one.route.pk,
                "name": one.route.name,
                "matches": not one.why_not,
                "why_not": one.why_not,
            }
            for one in tested.asked
        ],
    }


class InletQuietSerializer(DampingSerializer):
    """How the alerts of an integration are damped where no rule says so. More than
    `flap_changes` changes of state within `flap_seconds` are flapping; null: as the
    installation has it."""

    flap_changes = serializers.IntegerField(
        min_value=0,
        max_value=MOST_FLAPS,
        required=False,
        allow_null=True,
        default=None,
        help_text="0: never flapping.",
    )
    flap_seconds = serializers.IntegerField(
        min_value=1, max_value=86_400, required=False, allow_null=True, default=None
    )


class IntegrationQuiet(APIView):
    @extend_schema(responses=InletQuietSerializer)
    def get(self, request: Request, pk: int) -> Response:
        integration = get_object_or_404(Integration, pk=pk)
        row = InletQuiet.objects.filter(integration=integration).first()
        return Response(_quiet_json(row or InletQuiet(integration=integration)))

    @extend_schema(request=InletQuietSerializer, responses=InletQuietSerializer)
    def put(self, request: Request, pk: int) -> Response:
        integration = get_object_or_404(Integration, pk=pk)
        read = checked(InletQuietSerializer(data=request.data))
        row = damp_integration(
            integration,
            damping=damping_in(read),
            flap_changes=read["flap_changes"],
            flap_within=_seconds(read["flap_seconds"]),
            by=person_of(request),
            at=timezone.now(),
        )
        return Response(_quiet_json(row))


def _quiet_json(row: InletQuiet) -> dict[str, Any]:
    return {
        **damping_json(row),
        "flap_changes": row.flap_changes,
        "flap_seconds": row.flap_within and int(row.flap_within.total_seconds()),
    }


def _seconds(number: int | None) -> timedelta | None:
    return None if number is None else timedelta(seconds=number)


def _one(pk: int) -> dict[str, Any]:
    route = Route.objects.select_related("team", "policy").get(pk=pk)
    teams = dict(Team.objects.values_list("pk", "name"))
    return route_json(route, matched=routed_lately(at=timezone.now()), teams=teams)
