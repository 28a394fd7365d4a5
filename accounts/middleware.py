"""What every request needs to know about people."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone

from accounts.models import User

View = Callable[[HttpRequest], HttpResponse]

# Programs and probes are answered as usual while there is nobody.
NOT_PAGES = (
    "/api/",
    "/static/",
    "/healthz",
    "/readyz",
    "/metrics",
    "/worker.js",
    "/manifest.webmanifest",
)


class TimeZoneMiddleware:
    """Shows times in the reader's zone."""

    def __init__(self, get_response: View) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if isinstance(request.user, User):
            with timezone.override(request.user.tz):
                return self.get_response(request)
        return self.get_response(request)


class FirstRunMiddleware:
    """Sends strangers to the first-run page while there is nobody."""

    def __init__(self, get_response: View) -> None:
        self.get_response = get_response
        self.has_people = False  # once true, it stays so: people are never deleted

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if self.has_people or request.path.startswith(NOT_PAGES):
            return self.get_response(request)
        self.has_people = User.objects.exists()
        if not self.has_people and request.path != (setup := reverse("accounts:setup")):
            return HttpResponseRedirect(setup)
        return self.get_response(request)
