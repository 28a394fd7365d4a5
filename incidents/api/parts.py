"""What belongs to an incident: its timeline, alerts, causes, impact, updates, pages."""

from __future__ import annotations

from typing import Any

from django.shortcuts import get_object_or_404
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from alerts.models import Alert
from catalog.api import AssetSerializer
from catalog.models import Asset
from core.api import CursorPagination
from incidents import services
from incidents.api import forms, shapes
from incidents.api.incidents import answer, person, read, visible
from incidents.models import CauseVerdict, Incident
from incidents.queries import pages_of


class InOrder(CursorPagination):
    ordering = ("at", "pk")  # type: ignore[assignment]  # DRF takes both


def _incident(request: Request, pk: int) -> Incident:
    return get_object_or_404(visible(request), pk=pk)


class Timeline(APIView):
    pagination_class = InOrder

    @extend_schema(responses=shapes.TimelineEntrySerializer(many=True))
    def get(self, request: Request, pk: int) -> Response:
        """List what happened, oldest first."""
        entries = _incident(request, pk).timeline.select_related("actor")
        pages = self.pagination_class()
        page = pages.paginate_queryset(entries, request, view=self)
        return pages.get_paginated_response(
            shapes.TimelineEntrySerializer(page, many=True).data
        )

    @extend_schema(
        request=forms.NoteForm, responses={201: shapes.TimelineEntrySerializer}
    )
    def post(self, request: Request, pk: int) -> Response:
        """Add a note, at the time it happened."""
        _incident(request, pk)
        told = read(forms.NoteForm, request)
        entry = services.add_note(
            incident_id=pk,
            text=told["text"],
            happened_at=told.get("at"),
            by=person(request),
            at=timezone.now(),
        )
        return Response(
            shapes.TimelineEntrySerializer(entry).data, status=status.HTTP_201_CREATED
        )


class Alerts(APIView):
    pagination_class = CursorPagination

    @extend_schema(responses=shapes.MemberSerializer(many=True))
    def get(self, request: Request, pk: int) -> Response:
        """List the incident's alerts, newest first."""
        incident = _incident(request, pk)
        alerts = (
            Alert.objects.filter(membership__incident=incident)
            .select_related("membership", "integration", "asset__team")
            .prefetch_related("asset__owners")
        )
        pages = self.pagination_class()
        page = pages.paginate_queryset(alerts, request, view=self)
        return pages.get_paginated_response(
            shapes.MemberSerializer(page, many=True).data
        )


class Causes(APIView):
    @extend_schema(responses=shapes.CauseSerializer(many=True))
    def get(self, request: Request, pk: int) -> Response:
        """List the suspects, the likeliest first."""
        incident = _incident(request, pk)
        assets = Asset.objects.for_list().in_bulk(
            [suspect["asset"] for suspect in incident.causes]
        )
        return Response(
            [
                {**suspect, "asset": AssetSerializer(assets[suspect["asset"]]).data}
                for suspect in incident.causes
                if suspect["asset"] in assets
            ]
        )


class JudgeCause(APIView):
    verdict = CauseVerdict.Verdict.CONFIRMED

    @extend_schema(request=None, responses=shapes.IncidentSerializer)
    def post(self, request: Request, pk: int, asset_id: int) -> Response:
        """Say that an asset is, or is not, what broke."""
        _incident(request, pk)
        asset = get_object_or_404(Asset, pk=asset_id)
        services.judge_cause(
            incident_id=pk,
            asset=asset,
            verdict=self.verdict,
            by=person(request),
            at=timezone.now(),
        )
        return answer(request, pk)


class ImpactView(APIView):
    @extend_schema(responses=shapes.ImpactSerializer)
    def get(self, request: Request, pk: int) -> Response:
        """Tell what is affected: dashboards with their owners and the path there."""
        impact = services.impact_of(_incident(request, pk))
        return Response(shapes.ImpactSerializer(impact).data)


class Updates(APIView):
    pagination_class = CursorPagination

    @extend_schema(responses=shapes.StatusUpdateSerializer(many=True))
    def get(self, request: Request, pk: int) -> Response:
        """List the updates, newest first."""
        updates = _incident(request, pk).updates.select_related("by")
        pages = self.pagination_class()
        page = pages.paginate_queryset(updates, request, view=self)
        return pages.get_paginated_response(
            shapes.StatusUpdateSerializer(page, many=True).data
        )

    @extend_schema(
        request=forms.UpdateForm, responses={201: shapes.StatusUpdateSerializer}
    )
    def post(self, request: Request, pk: int) -> Response:
        """Post an update. Unless it is internal, those who were told get it."""
        _incident(request, pk)
        told: dict[str, Any] = read(forms.UpdateForm, request)
        update = services.post_update(
            incident_id=pk, **told, by=person(request), at=timezone.now()
        )
        return Response(
            shapes.StatusUpdateSerializer(update).data, status=status.HTTP_201_CREATED
        )


class Pages(APIView):
    @extend_schema(responses=shapes.PageSerializer(many=True))
    def get(self, request: Request, pk: int) -> Response:
        """List who was paged, how, and what became of it."""
        pages = pages_of(_incident(request, pk))
        return Response(shapes.PageSerializer(pages, many=True).data)
