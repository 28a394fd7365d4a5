"""Overrides and swaps."""

from typing import Any

from django.shortcuts import get_object_or_404
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from core.api import CursorPagination
from oncall.api.fields import (
    InstantField,
    PersonField,
    ScheduleField,
    checked,
    person_of,
)
from oncall.models import Override, Swap
from oncall.services.exceptions import (
    OverrideValues,
    add_override,
    delete_override,
)
from oncall.services.swaps import (
    SwapValues,
    offer_swap,
    take_swap,
    withdraw_swap,
)


class OverrideSerializer(serializers.ModelSerializer[Override]):
    add = PersonField(allow_null=True)
    remove = PersonField(allow_null=True)
    start = InstantField(source="start_at")
    end = InstantField(source="end_at")

    class Meta:
        model = Override
        fields = [
            *("id", "schedule", "type", "add", "remove", "start", "end", "priority"),
        ]


class NewOverrideSerializer(serializers.Serializer[Any]):
    schedule = ScheduleField()
    type = serializers.ChoiceField(Override.Type.choices)
    add = PersonField(required=False, allow_null=True, default=None)
    remove = PersonField(required=False, allow_null=True, default=None)
    start = InstantField()
    end = InstantField()
    priority = serializers.IntegerField(
        required=False, default=0, min_value=-1_000_000, max_value=1_000_000
    )


class SwapSerializer(serializers.ModelSerializer[Swap]):
    taken = serializers.SerializerMethodField()
    offered_to = serializers.ListField(
        child=PersonField(), source="offered_to.all", read_only=True
    )
    start = InstantField(source="start_at")
    end = InstantField(source="end_at")

    class Meta:
        model = Swap
        fields = [*("id", "schedule", "taken", "start", "end", "offered_to", "note")]

    def get_taken(self, swap: Swap) -> bool:
        return swap.taken_at is not None

    def get_fields(self) -> dict[str, Any]:
        """Adds `from`, which is a word of Python."""
        people = {
            "from": PersonField(source="giver"),
            "to": PersonField(source="taker", allow_null=True),
        }
        return super().get_fields() | people


class NewSwapSerializer(serializers.Serializer[Any]):
    schedule = ScheduleField()
    start = InstantField()
    end = InstantField()
    offered_to = serializers.ListField(
        child=PersonField(), required=False, max_length=100, default=list
    )
    note = serializers.CharField(
        required=False, allow_blank=True, max_length=300, default=""
    )

    def get_fields(self) -> dict[str, Any]:
        """Adds `from`, which is a word of Python. Without it, one's own shifts."""
        people = {
            name: PersonField(required=False, allow_null=True, default=None)
            for name in ("from", "to")
        }
        return super().get_fields() | people


class Overrides(APIView):
    """The exceptions to schedules, newest first; and new ones."""

    pagination_class = CursorPagination

    @extend_schema(responses=OverrideSerializer(many=True))
    def get(self, request: Request) -> Response:
        paginator = CursorPagination()
        rows = Override.objects.select_related("add", "remove")
        page = paginator.paginate_queryset(rows, request, view=self)
        return paginator.get_paginated_response(
            OverrideSerializer(page, many=True).data
        )

    @extend_schema(request=NewOverrideSerializer, responses={201: OverrideSerializer})
    def post(self, request: Request) -> Response:
        values = checked(NewOverrideSerializer(data=request.data))
        schedule = values.pop("schedule")
        values["start_at"], values["end_at"] = values.pop("start"), values.pop("end")
        override = add_override(
            schedule_id=schedule.pk,
            values=OverrideValues(**values),
            by=person_of(request),
            at=timezone.now(),
        )
        return Response(
            OverrideSerializer(override).data, status=status.HTTP_201_CREATED
        )


class OverrideDetail(APIView):
    @extend_schema(responses=OverrideSerializer)
    def get(self, request: Request, pk: int) -> Response:
        return Response(OverrideSerializer(get_object_or_404(Override, pk=pk)).data)

    @extend_schema(responses={204: None})
    def delete(self, request: Request, pk: int) -> Response:
        get_object_or_404(Override, pk=pk)
        delete_override(override_id=pk, by=person_of(request), at=timezone.now())
        return Response(status=status.HTTP_204_NO_CONTENT)


class Swaps(APIView):
    """Offers to hand over shifts, newest first; and new ones."""

    pagination_class = CursorPagination

    @extend_schema(responses=SwapSerializer(many=True))
    def get(self, request: Request) -> Response:
        paginator = CursorPagination()
        swaps = Swap.objects.select_related("giver", "taker")
        swaps = swaps.prefetch_related("offered_to")
        page = paginator.paginate_queryset(swaps, request, view=self)
        return paginator.get_paginated_response(SwapSerializer(page, many=True).data)

    @extend_schema(request=NewSwapSerializer, responses={201: SwapSerializer})
    def post(self, request: Request) -> Response:
        values = checked(NewSwapSerializer(data=request.data))
        swap = offer_swap(
            schedule_id=values["schedule"].pk,
            values=SwapValues(
                giver=values["from"] or person_of(request),
                taker=values["to"],
                offered_to=values["offered_to"],
                note=values["note"],
                start_at=values["start"],
                end_at=values["end"],
            ),
            by=person_of(request),
            at=timezone.now(),
        )
        return Response(SwapSerializer(swap).data, status=status.HTTP_201_CREATED)


class SwapDetail(APIView):
    """An offer; taking it back while nobody has taken it (409 after that)."""

    @extend_schema(responses=SwapSerializer)
    def get(self, request: Request, pk: int) -> Response:
        return Response(SwapSerializer(get_object_or_404(Swap, pk=pk)).data)

    @extend_schema(responses={204: None})
    def delete(self, request: Request, pk: int) -> Response:
        get_object_or_404(Swap, pk=pk)
        withdraw_swap(swap_id=pk, by=person_of(request), at=timezone.now())
        return Response(status=status.HTTP_204_NO_CONTENT)


class TakeSwap(APIView):
    @extend_schema(request=None, responses=SwapSerializer)
    def post(self, request: Request, pk: int) -> Response:
        get_object_or_404(Swap, pk=pk)
        swap = take_swap(swap_id=pk, by=person_of(request), at=timezone.now())
        return Response(SwapSerializer(swap).data)
