"""The API of postmortems and action items (docs/api.md section 6)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.models import User
from core.api import CursorPagination
from core.errors import StaleVersionError
from incidents.api.incidents import person
from incidents.models import Incident
from postmortems import services
from postmortems.api_shapes import (
    ActionItemForm,
    ActionItemQuery,
    ActionItemSerializer,
    CheckForm,
    FindingsSerializer,
    ListQuery,
    NewPostmortem,
    PostmortemSerializer,
    StepForm,
    TextForm,
    read,
)
from postmortems.blameless import check
from postmortems.exporting import export_response
from postmortems.models import ActionItem, Postmortem, PostmortemQuerySet


def _visible(request: Request) -> PostmortemQuerySet:
    return Postmortem.objects.visible_to(person(request)).for_list()


def _answer(request: Request, pk: int, code: int = status.HTTP_200_OK) -> Response:
    postmortem = get_object_or_404(_visible(request), pk=pk)
    return Response(PostmortemSerializer(postmortem).data, status=code)


class Postmortems(APIView):
    pagination_class = CursorPagination

    @extend_schema(parameters=[ListQuery], responses=PostmortemSerializer(many=True))
    def get(self, request: Request) -> Response:
        """List postmortems, newest first."""
        query = ListQuery(data=request.query_params)
        query.is_valid(raise_exception=True)
        wanted = query.validated_data
        found = _visible(request)
        if q := wanted.pop("q", ""):
            found = found.matching(q)
        found = found.filter(**wanted)
        pages = self.pagination_class()
        page = pages.paginate_queryset(found, request, view=self)
        return pages.get_paginated_response(PostmortemSerializer(page, many=True).data)

    @extend_schema(
        request=NewPostmortem,
        responses={201: PostmortemSerializer, 409: PostmortemSerializer},
    )
    def post(self, request: Request) -> Response:
        """Draft the postmortem of a resolved incident. A second one is refused with
        409 and the first under `current`."""
        told = read(NewPostmortem, request)
        incidents = Incident.objects.visible_to(person(request))
        incident = incidents.filter(pk=told["incident"]).first()
        if incident is None:
            raise serializers.ValidationError(
                {"incident": ["There is no such incident."]}
            )
        postmortem, is_new = services.draft_postmortem(
            incident_id=incident.pk, by=person(request), at=timezone.now()
        )
        shown = _answer(request, postmortem.pk, status.HTTP_201_CREATED)
        if is_new:
            return shown
        detail = f"{incident} has a postmortem already."
        return Response(
            {"detail": detail, "current": shown.data}, status=status.HTTP_409_CONFLICT
        )


class OnePostmortem(APIView):
    @extend_schema(responses=PostmortemSerializer)
    def get(self, request: Request, pk: int) -> Response:
        return _answer(request, pk)

    @extend_schema(request=TextForm, responses=PostmortemSerializer)
    def patch(self, request: Request, pk: int) -> Response:
        """Save the text on top of `version`. Where a newer one stands, 409 with that
        under `current`, and nothing is overwritten."""
        get_object_or_404(_visible(request), pk=pk)
        told = read(TextForm, request)
        services.save_text(
            postmortem_id=pk, by=person(request), at=timezone.now(), **told
        )
        return _answer(request, pk)

    def handle_exception(self, exc: Exception) -> Response:
        if isinstance(exc, StaleVersionError) and isinstance(exc.current, Postmortem):
            shown = PostmortemSerializer(exc.current).data
            exc = StaleVersionError(str(exc), current=shown)
        return super().handle_exception(exc)


class Check(APIView):
    @extend_schema(request=CheckForm, responses=FindingsSerializer)
    def post(self, request: Request) -> Response:
        """Mark what reads as blame. Offsets count characters of `text`."""
        findings = check(read(CheckForm, request)["text"])
        return Response(FindingsSerializer({"findings": findings}).data)


class Step(APIView):
    """One of submit, approve, publish and return; 409 where it cannot follow."""

    take: ClassVar[Callable[..., Postmortem]]

    @extend_schema(request=StepForm, responses=PostmortemSerializer)
    def post(self, request: Request, pk: int) -> Response:
        get_object_or_404(_visible(request), pk=pk)
        told = read(StepForm, request)
        type(self).take(postmortem_id=pk, by=person(request), at=timezone.now(), **told)
        return _answer(request, pk)


class Submit(Step):
    take = staticmethod(services.submit_postmortem)


class Approve(Step):
    take = staticmethod(services.approve_postmortem)


class Publish(Step):
    take = staticmethod(services.publish_postmortem)


class Return(Step):
    take = staticmethod(services.return_postmortem)


class Export(APIView):
    @extend_schema(
        parameters=[OpenApiParameter("as", enum=["md", "html"])],
        responses={(200, "text/markdown"): str, (200, "text/html"): str},
    )
    def get(self, request: Request, pk: int) -> HttpResponse:
        """The whole document as a file."""
        postmortem = get_object_or_404(_visible(request), pk=pk)
        return export_response(postmortem, request.query_params.get("as", "md"))


def _items(user: User) -> Any:
    return ActionItem.objects.visible_to(user).for_list()


class ActionItems(APIView):
    pagination_class = CursorPagination

    @extend_schema(
        parameters=[ActionItemQuery], responses=ActionItemSerializer(many=True)
    )
    def get(self, request: Request) -> Response:
        """List action items, newest first; all unless `status` says open or done."""
        query = ActionItemQuery(data=request.query_params)
        query.is_valid(raise_exception=True)
        wanted = query.validated_data
        found = _items(person(request))
        if chosen := wanted.pop("status", ""):
            found = found.filter(done_at__isnull=chosen == "open")
        found = found.filter(**wanted)
        pages = self.pagination_class()
        page: Any = pages.paginate_queryset(found, request, view=self)
        return pages.get_paginated_response(ActionItemSerializer(page, many=True).data)

    @extend_schema(request=ActionItemForm, responses={201: ActionItemSerializer})
    def post(self, request: Request) -> Response:
        """Add one to a postmortem or to an incident."""
        told = read(ActionItemForm, request, context={"user": person(request)})
        told.pop("done", None)
        item = services.add_action_item(**told, by=person(request), at=timezone.now())
        return Response(ActionItemSerializer(item).data, status.HTTP_201_CREATED)


class OneActionItem(APIView):
    @extend_schema(responses=ActionItemSerializer)
    def get(self, request: Request, pk: int) -> Response:
        item = get_object_or_404(_items(person(request)), pk=pk)
        return Response(ActionItemSerializer(item).data)

    @extend_schema(request=ActionItemForm, responses=ActionItemSerializer)
    @transaction.atomic
    def patch(self, request: Request, pk: int) -> Response:
        """Change what is given; `done` finishes it or opens it again."""
        item = get_object_or_404(_items(person(request)), pk=pk)
        context = {"user": person(request), "item": item}
        told = read(ActionItemForm, request, context=context, partial=True)
        is_done = told.pop("done", None)
        by_now: dict[str, Any] = {
            "item_id": pk,
            "by": person(request),
            "at": timezone.now(),
        }
        services.change_action_item(**by_now, **told)
        if is_done is not None:
            finish, reopen = services.finish_action_item, services.reopen_action_item
            (finish if is_done else reopen)(**by_now)
        return self.get(request, pk)
