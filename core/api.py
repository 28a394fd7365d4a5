"""What every API view shares: error bodies and cursor paging (docs/api.md, manners)."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from io import BytesIO
from typing import IO, Any

from django.core.exceptions import ValidationError as NotAFieldValueError
from django.db.models import QuerySet
from rest_framework import pagination, parsers
from rest_framework.exceptions import NotFound, ParseError, ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import exception_handler as drf_exception_handler

from core.errors import (
    DomainError,
    InvalidInputError,
    InvalidTransitionError,
    StaleVersionError,
)
from core.http import as_conflict


def exception_handler(exc: Exception, context: dict[str, Any]) -> Response | None:
    """Map the errors of `core.errors` to the bodies the contract promises."""
    exc = as_conflict(exc)
    if isinstance(exc, InvalidInputError):
        return Response(_body_of(exc.errors), status=exc.status)
    if isinstance(exc, InvalidTransitionError | StaleVersionError):
        return Response({"detail": str(exc), "current": exc.current}, status=exc.status)
    if isinstance(exc, DomainError):
        return Response({"detail": str(exc)}, status=exc.status)
    if isinstance(exc, RecursionError):  # DRF's JSON parser does not expect it
        return Response({"detail": "The JSON is nested too deeply."}, status=400)
    response = drf_exception_handler(exc, context)
    if response is not None and isinstance(exc, ValidationError):
        response.data = _body_of(errors_by_path(exc.detail))
    return response


def errors_by_path(errors: Any) -> dict[str, list[str]]:
    """Return a serializer's nested errors by the path of each wrong field, such as
    {"steps[0].targets[1]": ["…"]}. What concerns the whole stands under "detail"."""
    return dict(_by_path(errors, ""))


def _by_path(errors: Any, path: str) -> Iterator[tuple[str, list[str]]]:
    if isinstance(errors, dict):
        for key, inner in errors.items():
            yield from _by_path(inner, _inside(path, key))
    elif any(isinstance(one, dict | list) for one in errors):
        for index, inner in enumerate(errors):
            yield from _by_path(inner, f"{path}[{index}]")
    elif errors:
        yield path or "detail", [str(one) for one in errors]


def _inside(path: str, key: str | int) -> str:
    if key == "non_field_errors":
        return path
    return f"{path}[{key}]" if isinstance(key, int) else f"{path}.{key}".lstrip(".")


def _body_of(errors: Mapping[str, list[str]]) -> dict[str, list[str] | str]:
    """The body of a 400; "detail" is one text, as everywhere."""
    return {
        path: " ".join(told) if path == "detail" else told
        for path, told in errors.items()
    }


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

    def paginate_queryset(
        self,
        queryset: QuerySet[Any] | Sequence[Any],
        request: Request,
        view: Any = None,
    ) -> list[Any] | None:
        """The rows of the page. Raises InvalidInputError for a cursor made up."""
        try:
            return super().paginate_queryset(queryset, request, view)
        except (NotFound, ValueError, OverflowError, NotAFieldValueError) as error:
            if self.cursor_query_param not in request.query_params:
                raise
            wanted = "Must be taken from `next` or `previous` of a page."
            raise InvalidInputError({self.cursor_query_param: [wanted]}) from error
