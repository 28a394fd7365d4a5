"""What every API view shares: error bodies and cursor paging (docs/api.md, manners)."""

from typing import Any

from rest_framework import pagination
from rest_framework.response import Response
from rest_framework.views import exception_handler as drf_exception_handler

from core.errors import (
    DomainError,
    InvalidInputError,
    InvalidTransitionError,
    StaleVersionError,
)


def exception_handler(exc: Exception, context: dict[str, Any]) -> Response | None:
    """Map the errors of `core.errors` to the bodies the contract promises."""
    if isinstance(exc, InvalidInputError):
        return Response(exc.errors, status=exc.status)
    if isinstance(exc, InvalidTransitionError | StaleVersionError):
        return Response({"detail": str(exc), "current": exc.current}, status=exc.status)
    if isinstance(exc, DomainError):
        return Response({"detail": str(exc)}, status=exc.status)
    if isinstance(exc, RecursionError):  # DRF's JSON parser does not expect it
        return Response({"detail": "The JSON is nested too deeply."}, status=400)
    return drf_exception_handler(exc, context)


class CursorPagination(pagination.CursorPagination):
    """{"next", "previous", "results"}; `?limit=` up to 200."""

    page_size = 50
    max_page_size = 200
    page_size_query_param = "limit"
    ordering = "-pk"
