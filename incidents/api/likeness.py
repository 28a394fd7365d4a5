"""Incidents like this one, and what was put together or taken apart after the fact."""

from __future__ import annotations

from typing import Any

from django.shortcuts import get_object_or_404
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.models import User
from core.http import absolute_url
from incidents import services
from incidents.api.fields import UtcField
from incidents.api.incidents import answer, person, visible
from incidents.api.shapes import IncidentSerializer
from incidents.models import Regrouping
from incidents.precedents import Precedent, precedents_of
from incidents.surroundings import regroupings_of, regroupings_seen


class PrecedentSerializer(serializers.Serializer[Any]):
    id = serializers.IntegerField(source="incident.pk")
    number = serializers.IntegerField(source="incident.number")
    title = serializers.CharField(source="incident.title")
    severity = serializers.CharField(source="incident.severity")
    resolved_at = UtcField(source="incident.resolved_at")
    why = serializers.ListField(child=serializers.CharField())
    solved = serializers.CharField()
    url = serializers.SerializerMethodField()

    def get_url(self, precedent: Precedent) -> str:
        return absolute_url(precedent.incident)


class RegroupingSerializer(serializers.ModelSerializer[Regrouping]):
    at = UtcField()
    by = serializers.SlugRelatedField[User](
        slug_field="email", read_only=True, allow_null=True
    )
    undone_at = UtcField(allow_null=True)

    class Meta:
        model = Regrouping
        fields = [
            "id",
            "kind",
            "source",
            "target",
            "alerts",
            "why",
            "at",
            "is_by_hand",
            "by",
            "undone_at",
        ]


class Similar(APIView):
    @extend_schema(responses=PrecedentSerializer(many=True))
    def get(self, request: Request, pk: int) -> Response:
        """List the resolved incidents most like this one, and how they were solved."""
        incident = get_object_or_404(visible(request), pk=pk)
        found = precedents_of(incident, user=person(request))
        return Response(PrecedentSerializer(found, many=True).data)


class Regroupings(APIView):
    @extend_schema(responses=RegroupingSerializer(many=True))
    def get(self, request: Request, pk: int) -> Response:
        """List what was merged, moved or split here after the fact, newest first."""
        incident = get_object_or_404(visible(request), pk=pk)
        found = regroupings_of(incident, user=person(request))
        return Response(RegroupingSerializer(found, many=True).data)


class UndoRegrouping(APIView):
    @extend_schema(request=None, responses=IncidentSerializer)
    def post(self, request: Request, pk: int, regrouping_id: int) -> Response:
        """Put the alerts back where they came from, for good."""
        incident = get_object_or_404(visible(request), pk=pk)
        user = person(request)
        known = regroupings_seen(incident, user=user)
        found = get_object_or_404(known, pk=regrouping_id)
        services.undo_regrouping(regrouping_id=found.pk, by=user, at=timezone.now())
        return answer(request, pk)
