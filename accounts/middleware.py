"""What every request of a signed-in person needs."""

import zoneinfo
from collections.abc import Callable

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone

from accounts.models import User

View = Callable[[HttpRequest], HttpResponse]


class TimeZoneMiddleware:
    """Shows times in the reader's zone."""

    def __init__(self, get_response: View) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if isinstance(request.user, User):
            with timezone.override(zoneinfo.ZoneInfo(request.user.time_zone)):
                return self.get_response(request)
        return self.get_response(request)


class FirstRunMiddleware:
    """Sends strangers to the first-run page while there is nobody."""

    def __init__(self, get_response: View) -> None:
        self.get_response = get_response
        self.has_people = False

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if not self.has_people:
            self.has_people = User.objects.exists()
        return self.get_response(request)
