"""The incident itself, and what is done to it as a whole."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.db import transaction
from django.shortcuts import get_object_or_404
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.models import User
from catalog.services import find_or_create_asset
from core.api import CursorPagination
from core.errors import InvalidTransitionError
from incidents import services
from incidents.api import forms
from incidents.api.shapes import IncidentSerializer, ResolvedSerializer
from incidents.models import Incident, IncidentQuerySet
from incidents.queries import IncidentFilter
from incidents.repairs import question, tables_of
from incidents.services.details import CLOCKS
from oncall.services.targets import find_targets_and_policies


class NewestFirst(CursorPagination):
    ordering = ("-triggered_at", "-pk")  # type: ignore[assignment]  # DRF takes both


def person(request: Request) -> User:
    assert isinstance(request.user, User)  # ReadOrRespond ran before this
    return request.user


def visible(request: Request) -> IncidentQuerySet:
    return Incident.objects.visible_to(person(request))


def answer(request: Request, pk: int, code: int = status.HTTP_200_OK) -> Response:
    """The incident as it is now. One that was just hidden is still shown to whoever
    hid it."""
    incident = get_object_or_404(visible(request).for_api(), pk=pk)
    return Response(IncidentSerializer(incident).data, status=code)


def read(form: type[forms.Form], request: Request) -> dict[str, Any]:
    filled = form(data=request.data, context={"request": request})
    filled.is_valid(raise_exception=True)
    return dict(filled.validated_data)


class Incidents(APIView):
    pagination_class = NewestFirst

    @extend_schema(
        parameters=[forms.ListQuery], responses=IncidentSerializer(many=True)
    )
    def get(self, request: Request) -> Response:
        """List incidents, newest first."""
        query = forms.ListQuery(data=request.query_params)
        query.is_valid(raise_exception=True)
        wanted = IncidentFilter(**query.validated_data)
        found = wanted.apply(visible(request).for_api(), user=person(request))
        pages = self.pagination_class()
        page = pages.paginate_queryset(found, request, view=self)
        return pages.get_paginated_response(IncidentSerializer(page, many=True).data)

    @extend_schema(request=forms.NewIncident, responses={201: IncidentSerializer})
    @transaction.atomic
    def post(self, request: Request) -> Response:
        """Declare an incident. Without `page` the usual policy is paged, with an empty
        list nobody is."""
        at = timezone.now()
        told = read(forms.NewIncident, request)
        told["assets"] = [
            find_or_create_asset(**named, at=at) for named in told.get("assets", [])
        ]
        incident = services.declare_incident(**told, by=person(request), at=at)
        return answer(request, incident.pk, status.HTTP_201_CREATED)


class OneIncident(APIView):
    @extend_schema(responses=IncidentSerializer)
    def get(self, request: Request, pk: int) -> Response:
        return answer(request, pk)

    @extend_schema(request=forms.IncidentChange, responses=IncidentSerializer)
    @transaction.atomic
    def patch(self, request: Request, pk: int) -> Response:
        """Change what is given, all of it or nothing."""
        get_object_or_404(visible(request), pk=pk)
        told = read(forms.IncidentChange, request)
        change_incident(pk, told, by=person(request), at=timezone.now())
        return answer(request, pk)


def change_incident(pk: int, told: dict[str, Any], *, by: User, at: datetime) -> None:
    """Hand each given field to the service that changes it. The status goes before
    the times, because moving on sets clocks that the times may then correct."""
    simple: dict[str, Callable[..., object]] = {
        "title": services.rename_incident,
        "severity": services.change_severity,
        "status": services.change_status,
        "team": services.set_team,
        "situation": services.set_situation,
        "private": services.set_private,
        "recurs_from": services.link_recurrence,
    }
    for name, service in simple.items():
        if name in told:
            service(incident_id=pk, by=by, at=at, **{name: told[name]})
    for role, holder in told.get("roles", {}).items():
        services.fill_role(incident_id=pk, role=role, user=holder, by=by, at=at)
    _change_cause(pk, told, by=by, at=at)
    times = {name: told[name] for name in CLOCKS if name in told}
    services.set_times(incident_id=pk, times=times, by=by, at=at)


def _change_cause(pk: int, told: dict[str, Any], *, by: User, at: datetime) -> None:
    if "root_cause" not in told and "contributing_factors" not in told:
        return
    known = Incident.objects.select_related("root_cause_asset").get(pk=pk)
    cause = told.get("root_cause", {})
    services.record_root_cause(
        incident_id=pk,
        category=cause.get("category", known.root_cause_category),
        asset=cause.get("asset", known.root_cause_asset),
        summary=cause.get("summary", known.root_cause_summary),
        contributing_factors=told.get("contributing_factors"),
        by=by,
        at=at,
    )


class Acknowledge(APIView):
    @extend_schema(request=None, responses=IncidentSerializer)
    def post(self, request: Request, pk: int) -> Response:
        get_object_or_404(visible(request), pk=pk)
        services.acknowledge_incident(
            incident_id=pk, by=person(request), at=timezone.now()
        )
        return answer(request, pk)


class Resolve(APIView):
    @extend_schema(
        parameters=[forms.ResolveQuery], request=None, responses=ResolvedSerializer
    )
    @transaction.atomic
    def post(self, request: Request, pk: int) -> Response:
        """Resolve, and say which affected tables were not repaired then."""
        incident = get_object_or_404(visible(request), pk=pk)
        query = forms.ResolveQuery(data=request.query_params)
        query.is_valid(raise_exception=True)
        tables = tables_of(incident)
        asks = question(tables)
        if query.validated_data["only_if_repaired"] and asks and incident.is_open:
            raise InvalidTransitionError(asks, current=incident.status)
        services.resolve_incident(incident_id=pk, by=person(request), at=timezone.now())
        resolved = get_object_or_404(visible(request).for_api(), pk=pk)
        repairs = {"question": asks, "tables": tables}
        told_of = ResolvedSerializer(resolved, context={"repairs": repairs})
        return Response(told_of.data)


class Reopen(APIView):
    @extend_schema(request=None, responses=IncidentSerializer)
    def post(self, request: Request, pk: int) -> Response:
        get_object_or_404(visible(request), pk=pk)
        services.reopen_incident(incident_id=pk, by=person(request), at=timezone.now())
        return answer(request, pk)


class Escalate(APIView):
    @extend_schema(request=None, responses=IncidentSerializer)
    def post(self, request: Request, pk: int) -> Response:
        get_object_or_404(visible(request), pk=pk)
        services.escalate_incident(
            incident_id=pk, by=person(request), at=timezone.now()
        )
        return answer(request, pk)


class PageMore(APIView):
    @extend_schema(request=forms.PageToForm, responses=IncidentSerializer)
    def post(self, request: Request, pk: int) -> Response:
        """Page more people at once, besides those paged already."""
        get_object_or_404(visible(request), pk=pk)
        services.page_more(incident_id=pk, **_called(request))
        return answer(request, pk)


class Reassign(APIView):
    @extend_schema(request=forms.PageToForm, responses=IncidentSerializer)
    def post(self, request: Request, pk: int) -> Response:
        """Hand it to others: it waits for one of them to acknowledge."""
        get_object_or_404(visible(request), pk=pk)
        services.reassign_incident(incident_id=pk, **_called(request))
        return answer(request, pk)


def _called(request: Request) -> dict[str, Any]:
    to = find_targets_and_policies(read(forms.PageToForm, request)["to"], field="to")
    return {"to": to, "by": person(request), "at": timezone.now()}


class SwitchPolicy(APIView):
    @extend_schema(request=None, responses=IncidentSerializer)
    def post(self, request: Request, pk: int) -> Response:
        """Go on paging by the policy as it is now."""
        get_object_or_404(visible(request), pk=pk)
        services.switch_to_changed_policy(
            incident_id=pk, by=person(request), at=timezone.now()
        )
        return answer(request, pk)


class StillOnIt(APIView):
    @extend_schema(request=None, responses=IncidentSerializer)
    def post(self, request: Request, pk: int) -> Response:
        """Keep an acknowledgement from lapsing."""
        get_object_or_404(visible(request), pk=pk)
        services.still_on_it(incident_id=pk, by=person(request), at=timezone.now())
        return answer(request, pk)


class Snooze(APIView):
    @extend_schema(request=forms.SnoozeForm, responses=IncidentSerializer)
    def post(self, request: Request, pk: int) -> Response:
        get_object_or_404(visible(request), pk=pk)
        told = read(forms.SnoozeForm, request)
        services.snooze_incident(
            incident_id=pk, **told, by=person(request), at=timezone.now()
        )
        return answer(request, pk)


class Merge(APIView):
    @extend_schema(request=forms.MergeForm, responses=IncidentSerializer)
    def post(self, request: Request, pk: int) -> Response:
        """Merge into another incident, and answer with that one."""
        get_object_or_404(visible(request), pk=pk)
        into = read(forms.MergeForm, request)["into"]
        get_object_or_404(visible(request), pk=into)
        services.merge_incidents(
            incident_id=pk, into_id=into, by=person(request), at=timezone.now()
        )
        return answer(request, into)


class Split(APIView):
    @extend_schema(request=forms.SplitForm, responses=IncidentSerializer)
    def post(self, request: Request, pk: int) -> Response:
        """Move alerts into an incident of their own, and answer with that one."""
        get_object_or_404(visible(request), pk=pk)
        told = read(forms.SplitForm, request)
        new = services.split_incident(
            incident_id=pk,
            alert_ids=set(told["alerts"]),
            by=person(request),
            at=timezone.now(),
        )
        return answer(request, new.pk)


class Move(APIView):
    @extend_schema(request=forms.MoveForm, responses=IncidentSerializer)
    def post(self, request: Request, pk: int) -> Response:
        """Move alerts to another open incident, and answer with that one."""
        get_object_or_404(visible(request), pk=pk)
        told = read(forms.MoveForm, request)
        get_object_or_404(visible(request), pk=told["into"])
        target = services.move_alerts(
            incident_id=pk,
            alert_ids=set(told["alerts"]),
            into_id=told["into"],
            by=person(request),
            at=timezone.now(),
        )
        return answer(request, target.pk)
