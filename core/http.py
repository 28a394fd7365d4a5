"""Small HTTP pieces every app shares."""

from collections.abc import Callable
from typing import Protocol

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
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


class HasUrl(Protocol):
    def get_absolute_url(self) -> str: ...


def absolute_url(thing: HasUrl | str) -> str:
    """The full address of a thing or a path, for use outside a request."""
    path = thing if isinstance(thing, str) else thing.get_absolute_url()
    return f"{settings.PUBLIC_URL}{path}"
