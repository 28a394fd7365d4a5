"""How urgently one is paged, how urgent a team's pages are, and the fallback."""

from datetime import time
from typing import Any

from django.shortcuts import get_object_or_404
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.models import Team
from accounts.permissions import AdminOnly
from oncall.api.fields import checked, person_of
from oncall.models import Fallback, PagingHabits, TeamPaging
from oncall.services.targets import find_targets
from oncall.services.urgency import (
    HabitValues,
    change_fallback,
    change_habits,
    change_team_paging,
)
from oncall.urgency import Urgency

CHOICES = [one.value for one in Urgency]


class UrgenciesField(serializers.DictField):
    """{severity: now, hold or digest}."""

    child = serializers.ChoiceField(CHOICES)


class PagingHabitsSerializer(serializers.Serializer[Any]):
    """Times are wall times in your zone; Monday is 0. `quiet_start` and `quiet_end`
    null: no quiet hours. `most_pages` null: as the installation has it."""

    urgencies = UrgenciesField(default=dict)
    work_days = serializers.ListField(
        child=serializers.IntegerField(min_value=0, max_value=6),
        default=[0, 1, 2, 3, 4],
    )
    work_start = serializers.TimeField(default=time(9))
    work_end = serializers.TimeField(default=time(18))
    digest_at = serializers.TimeField(default=time(9))
    quiet_start = serializers.TimeField(allow_null=True, default=None)
    quiet_end = serializers.TimeField(allow_null=True, default=None)
    breaks_through = serializers.BooleanField(default=False)
    most_pages = serializers.IntegerField(
        allow_null=True, default=None, min_value=0, max_value=10_000
    )


class TeamPagingSerializer(serializers.Serializer[Any]):
    urgencies = UrgenciesField()


class FallbackSerializer(serializers.Serializer[Any]):
    """`targets` as those of a step. Empty in an answer: every admin."""

    targets = serializers.ListField(child=serializers.JSONField(allow_null=True))


class MyPaging(APIView):
    """When and how urgently you are paged."""

    permission_classes = [IsAuthenticated]

    @extend_schema(responses=PagingHabitsSerializer)
    def get(self, request: Request) -> Response:
        habits = PagingHabits.of(person_of(request))
        return Response(PagingHabitsSerializer(habits).data)

    @extend_schema(request=PagingHabitsSerializer, responses=PagingHabitsSerializer)
    def put(self, request: Request) -> Response:
        values = HabitValues(**checked(PagingHabitsSerializer(data=request.data)))
        habits = change_habits(values=values, by=person_of(request), at=timezone.now())
        return Response(PagingHabitsSerializer(habits).data)


class TeamPagingDetail(APIView):
    """How urgent pages by the team's policies are."""

    @extend_schema(responses=TeamPagingSerializer)
    def get(self, request: Request, slug: str) -> Response:
        team = get_object_or_404(Team, slug=slug)
        own = TeamPaging.objects.filter(team=team).first()
        return Response({"urgencies": own.urgencies if own else {}})

    @extend_schema(request=TeamPagingSerializer, responses=TeamPagingSerializer)
    def put(self, request: Request, slug: str) -> Response:
        team = get_object_or_404(Team, slug=slug)
        values = checked(TeamPagingSerializer(data=request.data))
        own = change_team_paging(
            team=team, **values, by=person_of(request), at=timezone.now()
        )
        return Response({"urgencies": own.urgencies})


class FallbackDetail(APIView):
    """Whom a policy that is exhausted ends at."""

    permission_classes = [AdminOnly]

    @extend_schema(responses=FallbackSerializer)
    def get(self, request: Request) -> Response:
        found = Fallback.objects.first()
        return Response({"targets": found.targets if found else []})

    @extend_schema(request=FallbackSerializer, responses=FallbackSerializer)
    def put(self, request: Request) -> Response:
        values = checked(FallbackSerializer(data=request.data))
        targets = find_targets(values["targets"], field="targets")
        found = change_fallback(
            targets=targets, by=person_of(request), at=timezone.now()
        )
        return Response({"targets": found.targets})
