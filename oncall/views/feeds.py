"""Calendars for programs that cannot sign in."""

from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_safe

from oncall.models import PersonalFeed, Schedule
from oncall.services.feeds import person_calendar, schedule_calendar


@login_not_required
@require_safe
def feed(request: HttpRequest, secret: str) -> HttpResponse:
    """A schedule's or a person's shifts, to whoever knows the secret."""
    at = timezone.now()
    schedule = Schedule.objects.filter(feed_secret=secret).first()
    if schedule is not None:
        return _calendar(schedule_calendar(schedule, at=at))
    personal = (
        PersonalFeed.objects.select_related("user")
        .filter(secret=secret, user__is_active=True)
        .first()
    )
    if personal is None:
        raise Http404
    return _calendar(person_calendar(personal.user, at=at))


def _calendar(content: bytes) -> HttpResponse:
    response = HttpResponse(content, content_type="text/calendar; charset=utf-8")
    response.headers["Cache-Control"] = "private, max-age=300"
    return response
