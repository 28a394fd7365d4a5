"""Schedules, who is on call by them, and previews of ones that are not stored."""

from datetime import datetime, timedelta
from typing import Any

from django.db.models import Prefetch, Q, QuerySet
from django.shortcuts import get_object_or_404
from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers, status
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.models import Team, User
from core.api import CursorPagination
from core.errors import InvalidInputError
from core.http import absolute_url
from oncall.api.fields import (
    TeamField,
    body_of,
    find_schedule,
    instant_in,
    person_of,
    window_in,
)
from oncall.api.shapes import OnCallSerializer, ScheduleSerializer, ShiftsSerializer
from oncall.models import RecordedShift, Schedule
from oncall.queries import Standing, people, standings
from oncall.resolver import format_instant, parse_schedule, resolve
from oncall.services.editing import change_schedule, create_schedule, delete_schedule
from oncall.services.feeds import feed_path
from oncall.services.planning import effective_moment
from oncall.services.schedules import (
    exceptions_between,
    final_schedule,
    recorded_form,
    reference_form,
)

RECORD_SHOWN = timedelta(days=400)

AT = OpenApiParameter("at", OpenApiTypes.DATETIME)
WINDOW = [
    OpenApiParameter("from", OpenApiTypes.DATETIME, required=True),
    OpenApiParameter("to", OpenApiTypes.DATETIME, required=True),
]
ANY = OpenApiTypes.OBJECT


def with_details(at: datetime) -> QuerySet[Schedule]:
    """Schedules with what `schedule_json` reads; the record goes back 400 days."""
    recorded = RecordedShift.objects.filter(
        Q(end_at=None) | Q(end_at__gt=at - RECORD_SHOWN)
    )
    return Schedule.objects.select_related("team", "planned_change").prefetch_related(
        "overrides", "swaps", "calendars", Prefetch("recorded_shifts", recorded)
    )


def schedule_json(schedule: Schedule) -> dict[str, Any]:
    planned = getattr(schedule, "planned_change", None)
    return {
        "id": schedule.pk,
        **reference_form(schedule),
        "history": recorded_form(schedule),
        "planned_change": planned
        and {
            "effective_at": format_instant(planned.effective_at),
            "timezone": planned.timezone,
            "layers": planned.layers,
        },
        "team": schedule.team.slug if schedule.team else None,
        "version": schedule.version,
        "url": absolute_url(schedule),
        "calendar_url": absolute_url(feed_path(schedule.feed_secret)),
    }


def _team_in(body: dict[str, Any], otherwise: Team | None) -> Team | None:
    if "team" not in body:
        return otherwise
    try:
        return TeamField().run_validation(body["team"]) if body["team"] else None
    except serializers.ValidationError as error:
        raise InvalidInputError({"team": [str(error.args[0])]}) from error


class Schedules(APIView):
    """Every schedule in the reference form, newest first; and new ones."""

    pagination_class = CursorPagination

    @extend_schema(responses=ScheduleSerializer(many=True))
    def get(self, request: Request) -> Response:
        paginator = CursorPagination()
        rows = with_details(timezone.now())
        page = paginator.paginate_queryset(rows, request, view=self) or []
        return paginator.get_paginated_response([schedule_json(one) for one in page])

    @extend_schema(request=ANY, responses={201: ScheduleSerializer})
    def post(self, request: Request) -> Response:
        body = body_of(request)
        schedule = create_schedule(
            form=body,
            team=_team_in(body, None),
            by=person_of(request),
            at=timezone.now(),
        )
        return Response(schedule_json(schedule), status=status.HTTP_201_CREATED)


class ScheduleDetail(APIView):
    @extend_schema(responses=ScheduleSerializer)
    def get(self, request: Request, pk: int) -> Response:
        schedules = with_details(timezone.now())
        return Response(schedule_json(get_object_or_404(schedules, pk=pk)))

    @extend_schema(request=ANY, responses=ScheduleSerializer)
    def put(self, request: Request, pk: int) -> Response:
        schedule = get_object_or_404(Schedule.objects.select_related("team"), pk=pk)
        body = body_of(request)
        version = body.get("version")
        if version is not None and not isinstance(version, int):
            raise InvalidInputError({"version": ["Wanted is a whole number."]})
        at = timezone.now()
        change_schedule(
            schedule_id=pk,
            form=body,
            team=_team_in(body, schedule.team),
            version=version,
            by=person_of(request),
            at=at,
            effective_at=effective_moment(body.get("effective_from"), schedule, at=at),
        )
        return Response(schedule_json(with_details(at).get(pk=pk)))

    @extend_schema(responses={204: None})
    def delete(self, request: Request, pk: int) -> Response:
        get_object_or_404(Schedule, pk=pk)
        delete_schedule(schedule_id=pk, by=person_of(request), at=timezone.now())
        return Response(status=status.HTTP_204_NO_CONTENT)


class Preview(APIView):
    """Resolves a schedule that is not stored; its users may be any strings."""

    permission_classes = [IsAuthenticated]

    @extend_schema(request=ANY, responses=ShiftsSerializer)
    def post(self, request: Request) -> Response:
        body = body_of(request)
        start, end = window_in(body)
        try:
            defined = parse_schedule(body.get("schedule"))
        except InvalidInputError as error:
            raise InvalidInputError(
                {_inside(path): told for path, told in error.errors.items()}
            ) from error
        resolution = resolve(defined, start=start, end=end, now=instant_in(body, "now"))
        return Response(resolution.as_json())


def _inside(path: str) -> str:
    return path if path == "schedule" else f"schedule.{path}"


class Shifts(APIView):
    """The final schedule in a window."""

    @extend_schema(parameters=WINDOW, responses=ShiftsSerializer)
    def get(self, request: Request, pk: int) -> Response:
        start, end = window_in(request.query_params)
        schedules = Schedule.objects.prefetch_related(*exceptions_between(start, end))
        schedule = get_object_or_404(schedules, pk=pk)
        resolution = final_schedule(schedule, start=start, end=end)
        return Response(resolution.as_json())


class OnCall(APIView):
    """Who is on call at an instant, until when, and who comes after."""

    @extend_schema(
        parameters=[AT, OpenApiParameter("schedule", OpenApiTypes.INT)],
        responses=OnCallSerializer(many=True),
    )
    def get(self, request: Request) -> Response:
        at = instant_in(request.query_params, "at") or timezone.now()
        schedules = Schedule.objects.all()
        key = request.query_params.get("schedule")
        if key:
            found = find_schedule(key)
            if found is None:
                raise InvalidInputError({"schedule": [f"There is none {key[:80]!r}."]})
            schedules = schedules.filter(pk=found.pk)
        standing = standings(at=at, schedules=schedules)
        known = people(user for one in standing for user in one.user_ids)
        return Response([_standing_json(one, known) for one in standing])


def _standing_json(one: Standing, known: dict[str, User]) -> dict[str, Any]:
    return {
        "schedule": one.schedule.pk,
        "name": one.schedule.name,
        "users": list(one.user_ids),
        "people": [
            {"id": key, "email": known[key].email, "name": str(known[key])}
            for key in one.user_ids
            if key in known
        ],
        "until": format_instant(one.until) if one.until else None,
        "next": list(one.next_ids),
        "next_at": format_instant(one.next_at) if one.next_at else None,
    }
