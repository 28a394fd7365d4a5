"""Small HTTP pieces every app shares."""

import logging
import sys
from collections.abc import Callable
from typing import Protocol

import structlog
from django.conf import settings
from django.db import IntegrityError, InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.views import defaults
from django_htmx.middleware import HtmxDetails
from psycopg.errors import ForeignKeyViolation, UniqueViolation

from core.errors import DomainError, InvalidInputError

CONTENT_SECURITY_POLICY = "; ".join(
    [
        "default-src 'self'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data:",
        "object-src 'none'",
        "base-uri 'none'",
        "form-action 'self'",
        "frame-ancestors 'none'",
    ]
)

API = "/api/"

CONFLICTS = {
    ForeignKeyViolation: "Something this names was removed meanwhile. Look again.",
    UniqueViolation: "Somebody saved the same meanwhile. Look again.",
}

AWAY = "The database does not answer. Look whether this was taken, and try again."

logger = logging.getLogger(__name__)

View = Callable[[HttpRequest], HttpResponse]


class HtmxRequest(HttpRequest):
    """A request as it is after django-htmx's middleware."""

    htmx: HtmxDetails


class ContentSecurityPolicyMiddleware:
    """Forbids inline script and style everywhere."""

    def __init__(self, get_response: View) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        response.headers.setdefault("Content-Security-Policy", CONTENT_SECURITY_POLICY)
        return response


class DomainErrorMiddleware:
    """Turns the errors of `core.errors` into pages, so that views have no `try`."""

    def __init__(self, get_response: View) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(
        self, request: HttpRequest, exception: Exception
    ) -> HttpResponse | None:
        error = as_conflict(exception)
        if not isinstance(error, DomainError | InvalidInputError):
            return None
        return render(
            request,
            "error.html",
            {"message": str(error), "status": error.status},
            status=error.status,
        )


def as_conflict(error: Exception) -> Exception:
    """Return a DomainError for what only somebody else's change at the same instant
    lets happen, as the database tells it, and any other error as it is.

    What a row names is looked up before, but held to until the commit: meanwhile it
    can be deleted or merged, or another row can take the same name.
    """
    if isinstance(error, IntegrityError):
        for violation, told in CONFLICTS.items():
            if isinstance(error.__cause__, violation):
                logger.warning("a conflict only the database saw", exc_info=error)
                return DomainError(told)
    return error


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """400 for what Django itself refuses, before any view."""
    if request.path.startswith(API):
        return JsonResponse({"detail": "The request is malformed."}, status=400)
    return defaults.bad_request(request, exception)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """404 for an address that nothing answers: a page, and JSON under /api/."""
    if request.path.startswith(API):
        return JsonResponse({"detail": "Nothing has this address."}, status=404)
    return defaults.page_not_found(request, exception)


def server_error(request: HttpRequest) -> HttpResponse:
    """500 for a failure of ours, 503 while the database is away: a page, and JSON
    under /api/.

    The page is rendered without the request: what every page shows needs the database.
    """
    is_away = isinstance(sys.exception(), OperationalError | InterfaceError)
    status = 503 if is_away else 500
    headers = {"Retry-After": "5"} if is_away else {}
    if request.path.startswith(API):
        detail = AWAY if is_away else "The server failed to answer."
        return JsonResponse({"detail": detail}, status=status, headers=headers)
    reference = structlog.contextvars.get_contextvars().get("request_id", "")
    page = render_to_string(f"{status}.html", {"reference": reference})
    return HttpResponse(page, status=status, headers=headers)


class HasUrl(Protocol):
    def get_absolute_url(self) -> str: ...


def absolute_url(thing: HasUrl | str) -> str:
    """The full address of a thing or a path, for use outside a request."""
    path = thing if isinstance(thing, str) else thing.get_absolute_url()
    return f"{settings.PUBLIC_URL}{path}"
