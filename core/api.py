"""What every API view shares: error bodies and cursor paging (docs/api.md, manners)."""

import json
import re
from collections.abc import Mapping
from io import BytesIO
from typing import IO, Any

from rest_framework import pagination, parsers
from rest_framework.exceptions import ParseError
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


class JSONParser(parsers.JSONParser):
    """Refuses U+0000 and half of a surrogate pair: JSON can spell them, but the
    database cannot store them, nor can an answer repeat the latter."""

    UNFIT = re.compile(rb"\\u(0000|[dD][89a-fA-F])")

    def parse(
        self,
        stream: IO[Any],
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> Any:
        body = stream.read()
        parsed = super().parse(BytesIO(body), media_type, parser_context)
        if self.UNFIT.search(body) and not _is_fit(parsed):
            raise ParseError("Text must not hold U+0000 or half a surrogate pair.")
        return parsed


def _is_fit(parsed: object) -> bool:
    # Written again, a NUL is always this escape, and a backslash is always doubled.
    text = json.dumps(parsed, ensure_ascii=False)
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return "\\u0000" not in text.replace("\\\\", "")


class CursorPagination(pagination.CursorPagination):
    """{"next", "previous", "results"}; `?limit=` up to 200."""

    page_size = 50
    max_page_size = 200
    page_size_query_param = "limit"
    ordering = "-pk"
