"""Small HTTP pieces every app shares."""

from collections.abc import Callable
from typing import Protocol

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.views import defaults
from django_htmx.middleware import HtmxDetails

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
        if not isinstance(exception, DomainError | InvalidInputError):
            return None
        return render(
            request,
            "error.html",
            {"message": str(exception), "status": exception.status},
            status=exception.status,
        )


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
    """500 for a failure of ours: a page, and JSON under /api/."""
    if request.path.startswith(API):
        return JsonResponse({"detail": "The server failed to answer."}, status=500)
    return defaults.server_error(request)


class HasUrl(Protocol):
    def get_absolute_url(self) -> str: ...


def absolute_url(thing: HasUrl | str) -> str:
    """The full address of a thing or a path, for use outside a request."""
    path = thing if isinstance(thing, str) else thing.get_absolute_url()
    return f"{settings.PUBLIC_URL}{path}"
