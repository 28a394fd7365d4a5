"""The API that takes over whole catalogs (docs/api.md section 3)."""

from __future__ import annotations

import json
import time
from typing import Any

from django.core.files.uploadedfile import UploadedFile
from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.parsers import JSONParser, MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.models import User
from catalog.importers.bulk import read_catalog
from catalog.models import ImportJob
from catalog.services import import_catalog, import_dbt, preview, take_over
from core.errors import InvalidInputError


class CatalogDocumentSerializer(serializers.Serializer[Any]):
    """For the OpenAPI document; `importers.bulk` does the reading."""

    assets = serializers.ListField(child=serializers.DictField(), required=False)
    edges = serializers.ListField(child=serializers.DictField(), required=False)
    replace = serializers.BooleanField(required=False)


class ImportedSerializer(serializers.Serializer[Any]):
    assets = serializers.IntegerField()
    edges = serializers.IntegerField()
    seconds = serializers.FloatField()
    warnings = serializers.ListField(child=serializers.CharField())


class DbtArtifactsSerializer(serializers.Serializer[Any]):
    """For the OpenAPI document. `catalog` is catalog.json: columns and their types."""

    manifest = serializers.FileField()
    run_results = serializers.FileField(required=False)
    catalog = serializers.FileField(required=False)


class DbtImportedSerializer(serializers.Serializer[Any]):
    assets = serializers.IntegerField()
    edges = serializers.IntegerField()
    dashboards = serializers.IntegerField()


class CatalogImport(APIView):
    # The plain parser: the reader names a text that cannot be stored by its path.
    parser_classes = [JSONParser]

    @extend_schema(request=CatalogDocumentSerializer, responses=ImportedSerializer)
    def post(self, request: Request) -> Response:
        """Take over assets and edges, all of them or none."""
        assert isinstance(request.user, User)
        started = time.perf_counter()
        document = read_catalog(request.data)
        if is_preview(request):
            return Response(preview(ImportJob.Kind.CATALOG, document))
        count = import_catalog(document=document, by=request.user, at=timezone.now())
        return Response(
            {
                "assets": count.assets,
                "edges": count.edges,
                "seconds": round(time.perf_counter() - started, 3),
                "warnings": list(document.warnings),
            }
        )


class DbtImport(APIView):
    parser_classes = [MultiPartParser, JSONParser]

    @extend_schema(
        request={
            "multipart/form-data": DbtArtifactsSerializer,
            "application/json": OpenApiTypes.OBJECT,
        },
        responses=DbtImportedSerializer,
    )
    def post(self, request: Request) -> Response:
        """Take over a dbt project: manifest.json, and run_results.json if sent."""
        assert isinstance(request.user, User)
        artifacts = _artifacts(request)
        if is_preview(request):
            return Response(preview(ImportJob.Kind.DBT, artifacts))
        count = import_dbt(
            manifest=artifacts["manifest"],
            run_results=artifacts["run_results"],
            catalog=artifacts["catalog"],
            by=request.user,
            at=timezone.now(),
        )
        return Response(
            {
                "assets": count.assets,
                "edges": count.edges,
                "dashboards": count.dashboards,
            }
        )


class AirflowImport(APIView):
    parser_classes = [JSONParser]

    @extend_schema(request=OpenApiTypes.OBJECT, responses=ImportedSerializer)
    def post(self, request: Request) -> Response:
        """Take over the structure of Airflow's DAGs (docs/lineage.md)."""
        assert isinstance(request.user, User)
        if is_preview(request):
            return Response(preview(ImportJob.Kind.AIRFLOW, request.data))
        started = time.perf_counter()
        taken = take_over(
            ImportJob.Kind.AIRFLOW, request.data, by=request.user, at=timezone.now()
        )
        return Response(
            {
                **taken["told"],
                "seconds": round(time.perf_counter() - started, 3),
                "warnings": taken["warnings"]["first"],
            }
        )


def is_preview(request: Request) -> bool:
    """Whether the sender asks with `?preview=true` what would change."""
    return request.query_params.get("preview", "").lower() in ("1", "true", "yes")


def _artifacts(request: Request) -> dict[str, object | None]:
    if not request.FILES:
        return {"manifest": request.data, "run_results": None, "catalog": None}
    for field in request.FILES:
        if field not in ("manifest", "run_results", "catalog"):
            wanted = "Send manifest, run_results and catalog."
            raise InvalidInputError({field: [wanted]})
    fields = ("manifest", "run_results", "catalog")
    return {field: _read(request, field) for field in fields}


def _read(request: Request, field: str) -> object | None:
    file = request.FILES.get(field)
    if file is None:
        if field == "manifest":
            raise InvalidInputError({field: ["This file is required."]})
        return None
    assert isinstance(file, UploadedFile)
    try:
        read: object = json.load(file)
    except (ValueError, RecursionError) as error:
        raise InvalidInputError({field: [f"Must be JSON: {error}."]}) from error
    return read
