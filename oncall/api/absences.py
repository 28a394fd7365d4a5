"""When people are away, which shifts need cover, and giving one's own away."""

from typing import Any

from django.shortcuts import get_object_or_404
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from core.api import CursorPagination
from core.errors import InvalidInputError
from oncall.api.fields import (
    InstantField,
    PersonField,
    checked,
    person_of,
    window_in,
)
from oncall.api.schedules import WINDOW
from oncall.models import Vacation
from oncall.resolver import MAX_WINDOW, format_instant
from oncall.services.absences import (
    NeedsCover,
    add_vacation,
    delete_vacation,
    needing_cover,
)
from oncall.services.calendars import set_vacation_calendar
from oncall.services.swaps import SwapValues, cover_me


class AbsenceSerializer(serializers.ModelSerializer[Vacation]):
    """`imported`: it was read from your calendar, and is changed there."""

    user = PersonField(read_only=True)
    start = InstantField(source="start_at")
    end = InstantField(source="end_at")
    note = serializers.CharField(
        required=False, allow_blank=True, max_length=200, default=""
    )
    imported = serializers.SerializerMethodField()

    class Meta:
        model = Vacation
        fields = ["id", "user", "start", "end", "note", "imported"]

    def get_imported(self, absence: Vacation) -> bool:
        return absence.calendar_id is not None


class CalendarAddressSerializer(serializers.Serializer[Any]):
    """An iCalendar address; empty stops reading it."""

    url = serializers.CharField(allow_blank=True, max_length=2048)


class CoverSerializer(serializers.Serializer[Any]):
    """Without `to`, each schedule gets an offer to `offered_to`; nobody: anybody."""

    start = InstantField()
    end = InstantField()
    to = PersonField(required=False, allow_null=True, default=None)
    offered_to = serializers.ListField(
        child=PersonField(), required=False, max_length=100, default=list
    )
    note = serializers.CharField(
        required=False, allow_blank=True, max_length=300, default=""
    )


class CoveredSerializer(serializers.Serializer[Any]):
    schedules = serializers.ListField(child=serializers.IntegerField())


class NeedsCoverSerializer(serializers.Serializer[Any]):
    schedule = serializers.IntegerField()
    user = serializers.CharField()
    start = serializers.DateTimeField()
    end = serializers.DateTimeField()


class MyAbsences(APIView):
    """When you are away, newest first; and more."""

    permission_classes = [IsAuthenticated]
    pagination_class = CursorPagination

    @extend_schema(responses=AbsenceSerializer(many=True))
    def get(self, request: Request) -> Response:
        paginator = CursorPagination()
        rows = person_of(request).vacations.select_related("user")
        page = paginator.paginate_queryset(rows, request, view=self)
        return paginator.get_paginated_response(AbsenceSerializer(page, many=True).data)

    @extend_schema(request=AbsenceSerializer, responses={201: AbsenceSerializer})
    def post(self, request: Request) -> Response:
        values = checked(AbsenceSerializer(data=request.data))
        made = add_vacation(user=person_of(request), **values, at=timezone.now())
        return Response(AbsenceSerializer(made).data, status=status.HTTP_201_CREATED)


class MyAbsence(APIView):
    permission_classes = [IsAuthenticated]

    @extend_schema(responses={204: None})
    def delete(self, request: Request, pk: int) -> Response:
        own = person_of(request).vacations.filter(calendar=None)
        absence = get_object_or_404(own, pk=pk)
        delete_vacation(user=person_of(request), vacation_id=absence.pk)
        return Response(status=status.HTTP_204_NO_CONTENT)


class MyAbsenceCalendar(APIView):
    """Reads your absences from a calendar kept elsewhere."""

    permission_classes = [IsAuthenticated]

    @extend_schema(
        request=CalendarAddressSerializer, responses=CalendarAddressSerializer
    )
    def put(self, request: Request) -> Response:
        values = checked(CalendarAddressSerializer(data=request.data))
        set_vacation_calendar(user=person_of(request), **values, at=timezone.now())
        return Response(values)


class CoverMe(APIView):
    """Gives away all of your shifts in a time, in every schedule."""

    @extend_schema(request=CoverSerializer, responses=CoveredSerializer)
    def post(self, request: Request) -> Response:
        values = checked(CoverSerializer(data=request.data))
        person = person_of(request)
        touched = cover_me(
            values=SwapValues(
                giver=person,
                taker=values["to"],
                offered_to=values["offered_to"],
                note=values["note"],
                start_at=values["start"],
                end_at=values["end"],
            ),
            by=person,
            at=timezone.now(),
        )
        return Response({"schedules": [one.pk for one in touched]})


class Uncovered(APIView):
    """The parts of shifts in a window whose people are away."""

    @extend_schema(parameters=WINDOW, responses=NeedsCoverSerializer(many=True))
    def get(self, request: Request) -> Response:
        start, end = window_in(request.query_params)
        if not start < end <= start + MAX_WINDOW:
            told = f"Must be after the start, by at most {MAX_WINDOW.days} days."
            raise InvalidInputError({"to": [told]})
        return Response([_json(one) for one in needing_cover(start=start, end=end)])


def _json(one: NeedsCover) -> dict[str, Any]:
    return {
        "schedule": one.schedule.pk,
        "user": one.user,
        "start": format_instant(one.start),
        "end": format_instant(one.end),
    }
