"""The API of imports that run by themselves, and of edges made by hand."""

from __future__ import annotations

import json
from typing import Any

from django.core.files.uploadedfile import UploadedFile
from django.shortcuts import get_object_or_404
from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers, status
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.models import User
from catalog.models import Asset, Edge, ImportJob
from catalog.services import (
    add_edge,
    cancel_import,
    remove_edge,
    run_import_again,
    start_import,
)
from core.api import CursorPagination, JSONParser
from core.errors import InvalidInputError
from core.http import absolute_url

FILES = ("manifest", "catalog", "run_results", "file")


class ImportJobSerializer(serializers.ModelSerializer[ImportJob]):
    by = serializers.SlugRelatedField[User](
        slug_field="email", read_only=True, allow_null=True
    )
    page = serializers.SerializerMethodField()
    progress = serializers.SerializerMethodField()

    class Meta:
        model = ImportJob
        fields = [
            "id",
            "kind",
            "state",
            "is_preview",
            "file_name",
            "by",
            "created_at",
            "started_at",
            "finished_at",
            "progress",
            "result",
            "problem",
            "page",
        ]

    def get_page(self, job: ImportJob) -> str:
        return absolute_url(job)

    def get_progress(self, job: ImportJob) -> dict[str, str | int]:
        return {"step": job.step, "done": job.steps_done, "of": job.steps_total}


class NewImportSerializer(serializers.Serializer[Any]):
    """`document` as JSON, or as files: `manifest` with `catalog` and `run_results` for
    dbt, else `file`."""

    kind = serializers.ChoiceField(choices=ImportJob.Kind.choices)
    preview = serializers.BooleanField(default=False)
    document = serializers.JSONField(required=False)


class EdgeSerializer(serializers.ModelSerializer[Edge]):
    class Meta:
        model = Edge
        fields = [
            "id",
            "upstream",
            "downstream",
            "source",
            "origin",
            "first_seen_at",
            "last_seen_at",
            "ended_at",
        ]


class EdgeEndsSerializer(serializers.Serializer[Any]):
    upstream = serializers.PrimaryKeyRelatedField(queryset=Asset.objects.all())
    downstream = serializers.PrimaryKeyRelatedField(queryset=Asset.objects.all())


class ImportJobs(APIView):
    pagination_class = CursorPagination
    parser_classes = [MultiPartParser, JSONParser]

    @extend_schema(responses=ImportJobSerializer(many=True))
    def get(self, request: Request) -> Response:
        """List imports, newest first."""
        jobs = ImportJob.objects.select_related("by").defer("document")
        pages = self.pagination_class()
        page = pages.paginate_queryset(jobs, request, view=self)
        return pages.get_paginated_response(ImportJobSerializer(page, many=True).data)

    @extend_schema(
        request={
            "multipart/form-data": NewImportSerializer,
            "application/json": NewImportSerializer,
        },
        responses={202: ImportJobSerializer},
    )
    def post(self, request: Request) -> Response:
        """Take a document over in the background; with `preview`, only look at it."""
        assert isinstance(request.user, User)
        serializer = NewImportSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        told = serializer.validated_data
        files = dict(request.FILES.items())
        document, file_name = read_upload(told["kind"], told.get("document"), files)
        job = start_import(
            kind=told["kind"],
            document=document,
            file_name=file_name,
            is_preview=told["preview"],
            by=request.user,
            at=timezone.now(),
        )
        return Response(ImportJobSerializer(job).data, status=status.HTTP_202_ACCEPTED)


class ImportJobDetail(APIView):
    @extend_schema(responses=ImportJobSerializer)
    def get(self, request: Request, pk: int) -> Response:
        """How far an import is, or how it ended."""
        job = get_object_or_404(ImportJob.objects.defer("document"), pk=pk)
        return Response(ImportJobSerializer(job).data)


class CancelImport(APIView):
    @extend_schema(request=None, responses=ImportJobSerializer)
    def post(self, request: Request, pk: int) -> Response:
        """Stop an import; nothing of it is kept. Twice is fine."""
        assert isinstance(request.user, User)
        get_object_or_404(ImportJob.objects.only("pk"), pk=pk)
        job = cancel_import(job_id=pk, by=request.user, at=timezone.now())
        return Response(ImportJobSerializer(job).data)


class ApplyImport(APIView):
    @extend_schema(request=None, responses={202: ImportJobSerializer})
    def post(self, request: Request, pk: int) -> Response:
        """Take over what was only looked at, or try again what failed."""
        get_object_or_404(ImportJob.objects.only("pk"), pk=pk)
        job = run_import_again(job_id=pk, at=timezone.now())
        return Response(ImportJobSerializer(job).data, status=status.HTTP_202_ACCEPTED)


class Edges(APIView):
    pagination_class = CursorPagination

    @extend_schema(
        parameters=[
            OpenApiParameter("asset", int, description="Either end."),
            OpenApiParameter("source", str, enum=Edge.Source.values),
            OpenApiParameter("ended", OpenApiTypes.BOOL, description="Those too."),
        ],
        responses=EdgeSerializer(many=True),
    )
    def get(self, request: Request) -> Response:
        """List edges, newest first: who told each, since when and until when."""
        query = request.query_params
        edges = Edge.objects.all() if query.get("ended") else Edge.objects.current()
        asset = query.get("asset", "")
        if asset:
            if not asset.isascii() or not asset.isdecimal() or len(asset) > 18:
                raise InvalidInputError({"asset": ["Must be the id of an asset."]})
            known = get_object_or_404(Asset, pk=int(asset))
            edges = edges.touching(known)
        if source := query.get("source"):
            edges = edges.filter(source=source.replace("\x00", ""))
        pages = self.pagination_class()
        page = pages.paginate_queryset(edges, request, view=self)
        return pages.get_paginated_response(EdgeSerializer(page, many=True).data)

    @extend_schema(request=EdgeEndsSerializer, responses={201: EdgeSerializer})
    def post(self, request: Request) -> Response:
        """Say by hand that data flows from one asset to another. Twice is fine."""
        assert isinstance(request.user, User)
        serializer = EdgeEndsSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        ends = serializer.validated_data
        edge = add_edge(**ends, by=request.user, at=timezone.now())
        return Response(EdgeSerializer(edge).data, status=status.HTTP_201_CREATED)


class EdgeDetail(APIView):
    @extend_schema(responses={204: None})
    def delete(self, request: Request, pk: int) -> Response:
        """End the edge between its two assets, whoever told it; history is kept.

        One that a machine told comes back when it is told again.
        """
        assert isinstance(request.user, User)
        edges = Edge.objects.select_related("upstream", "downstream")
        edge = get_object_or_404(edges, pk=pk)
        remove_edge(
            upstream=edge.upstream,
            downstream=edge.downstream,
            by=request.user,
            at=timezone.now(),
        )
        return Response(status=status.HTTP_204_NO_CONTENT)


def read_upload(
    kind: str, document: object, files: dict[str, Any]
) -> tuple[bytes, str]:
    """Return the document as JSON, and the name of its file.

    Raises InvalidInputError naming the file that is missing or is no JSON.
    """
    if not files:
        if document is None:
            raise InvalidInputError({"document": ["Send it, or a file."]})
        return json.dumps(document).encode(), ""
    unknown = sorted(files.keys() - set(FILES))
    if unknown:
        raise InvalidInputError({unknown[0]: [f"Send {', '.join(FILES)}."]})
    first = files.get("manifest") or files.get("file")
    if not isinstance(first, UploadedFile):
        wanted = "manifest" if kind == ImportJob.Kind.DBT else "file"
        raise InvalidInputError({wanted: ["This file is required."]})
    parts = {name: json_of(name, file) for name, file in files.items()}
    if kind == ImportJob.Kind.DBT:
        if "manifest" not in parts:
            parts["manifest"] = parts.pop("file")
        joined = b",".join(b'"%s":%s' % (n.encode(), t) for n, t in parts.items())
        return b"{%s}" % joined, first.name or ""
    return next(iter(parts.values())), first.name or ""


def json_of(field: str, file: UploadedFile[Any]) -> bytes:
    """Return the file's bytes. Raises InvalidInputError if they are no JSON."""
    text = file.read()
    try:
        json.loads(text)
    except (ValueError, RecursionError) as error:
        raise InvalidInputError({field: [f"Must be JSON: {error}."]}) from error
    return bytes(text)
