"""Calendars kept elsewhere as layers of a schedule."""

from typing import Any

from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from core.api import CursorPagination
from oncall.api.fields import InstantField, checked, person_of
from oncall.models import ImportedCalendar, Schedule
from oncall.services.calendars import add_layer_calendar, delete_layer_calendar


class CalendarSerializer(serializers.ModelSerializer[ImportedCalendar]):
    """`unmatched`: events that name nobody here. `error`: why it was not fetched; what
    was fetched last counts on."""

    events = serializers.SerializerMethodField()
    fetched_at = InstantField(allow_null=True)

    class Meta:
        model = ImportedCalendar
        fields = [
            *("id", "schedule", "name", "url", "priority", "events"),
            *("unmatched", "error", "fetched_at"),
        ]

    def get_events(self, calendar: ImportedCalendar) -> int:
        return len(calendar.events)


class NewCalendarSerializer(serializers.Serializer[Any]):
    name = serializers.CharField(max_length=80)
    url = serializers.CharField(max_length=2048)
    priority = serializers.IntegerField(default=0, min_value=-100, max_value=100)


class Calendars(APIView):
    """The iCalendar addresses whose events are layers; and new ones."""

    pagination_class = CursorPagination

    @extend_schema(responses=CalendarSerializer(many=True))
    def get(self, request: Request, pk: int) -> Response:
        paginator = CursorPagination()
        page = paginator.paginate_queryset(_of(pk), request, view=self)
        return paginator.get_paginated_response(
            CalendarSerializer(page, many=True).data
        )

    @extend_schema(request=NewCalendarSerializer, responses={201: CalendarSerializer})
    def post(self, request: Request, pk: int) -> Response:
        schedule = get_object_or_404(Schedule, pk=pk)
        made = add_layer_calendar(
            schedule_id=schedule.pk,
            **checked(NewCalendarSerializer(data=request.data)),
            by=person_of(request),
            at=timezone.now(),
        )
        return Response(CalendarSerializer(made).data, status=status.HTTP_201_CREATED)


class CalendarDetail(APIView):
    @extend_schema(responses=CalendarSerializer)
    def get(self, request: Request, pk: int, calendar: int) -> Response:
        found = get_object_or_404(_of(pk), pk=calendar)
        return Response(CalendarSerializer(found).data)

    @extend_schema(responses={204: None})
    def delete(self, request: Request, pk: int, calendar: int) -> Response:
        found = get_object_or_404(_of(pk), pk=calendar)
        delete_layer_calendar(
            calendar_id=found.pk, by=person_of(request), at=timezone.now()
        )
        return Response(status=status.HTTP_204_NO_CONTENT)


def _of(schedule_id: int) -> QuerySet[ImportedCalendar]:
    return get_object_or_404(Schedule, pk=schedule_id).calendars.all()
