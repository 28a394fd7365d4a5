"""Paging by hand, and one's own contact methods."""

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
from oncall.api.fields import InstantField, checked, person_of
from oncall.api.shapes import HandPageSerializer
from oncall.models import SEVERITIES, ContactMethod, Escalation
from oncall.resolver import format_instant
from oncall.services.paging import SUBJECT_PREFIX, page_by_hand
from oncall.services.targets import find_targets_and_policies


class NewPageSerializer(serializers.Serializer[Any]):
    """`to`: e-mail addresses, "schedule:<id>", "team:<slug>", "policy:<id>"."""

    title = serializers.CharField(max_length=1024)
    body = serializers.CharField(
        max_length=10_000, required=False, allow_blank=True, default=""
    )
    severity = serializers.ChoiceField(SEVERITIES, required=False, default="SEV3")
    to = serializers.ListField(
        child=serializers.JSONField(allow_null=True), allow_empty=False
    )


class ContactMethodSerializer(serializers.ModelSerializer[ContactMethod]):
    verified_at = InstantField(allow_null=True)
    delay_minutes = serializers.SerializerMethodField()

    class Meta:
        model = ContactMethod
        fields = ["id", "kind", "address", "position", "delay_minutes", "verified_at"]

    def get_delay_minutes(self, method: ContactMethod) -> float:
        return method.delay.total_seconds() / 60


def page_json(escalation: Escalation) -> dict[str, Any]:
    """`id` is that of the page as a whole; `pages` are those to each person."""
    by = escalation.acknowledged_by
    return {
        "id": escalation.subject.removeprefix(SUBJECT_PREFIX),
        "subject": escalation.subject,
        "title": escalation.title,
        "severity": escalation.severity,
        "state": escalation.state,
        "started_at": format_instant(escalation.started_at),
        "acknowledged_by": by and by.email,
        "url": escalation.url,
        "pages": [
            {
                "user": str(page.user_id),
                "email": page.user.email,
                "notifications": [
                    {"channel": one.channel, "state": one.state, "detail": one.detail}
                    for one in page.notifications.all()
                ],
            }
            for page in escalation.pages.select_related("user").prefetch_related(
                "notifications"
            )
        ],
    }


class Pages(APIView):
    """Page people, teams, schedules or policies by hand."""

    @extend_schema(request=NewPageSerializer, responses={201: HandPageSerializer})
    def post(self, request: Request) -> Response:
        values = checked(NewPageSerializer(data=request.data))
        values["to"] = find_targets_and_policies(values["to"], field="to")
        escalation = page_by_hand(**values, by=person_of(request), at=timezone.now())
        return Response(page_json(escalation), status=status.HTTP_201_CREATED)


class PageDetail(APIView):
    @extend_schema(responses=HandPageSerializer)
    def get(self, request: Request, key: str) -> Response:
        subject = f"{SUBJECT_PREFIX}{key}"
        return Response(page_json(get_object_or_404(Escalation, subject=subject)))


class ContactMethods(APIView):
    """How you are reached, newest first. `position` is their order."""

    pagination_class = CursorPagination
    permission_classes = [IsAuthenticated]

    @extend_schema(responses=ContactMethodSerializer(many=True))
    def get(self, request: Request) -> Response:
        paginator = CursorPagination()
        mine = person_of(request).contact_methods.all()
        page = paginator.paginate_queryset(mine, request, view=self)
        return paginator.get_paginated_response(
            ContactMethodSerializer(page, many=True).data
        )
