"""One event with its raw body, and one alert."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.template.loader import render_to_string
from django.utils import timezone
from django.views.decorators.http import require_safe

from accounts.http import SignedInRequest
from alerts.bodies import MOST_SHOWN, show_body
from alerts.models import Alert, Event
from alerts.queries import events_of_alert, outcomes_of, start_of_body
from alerts.rule_pages import handling_of
from alerts.signals import alert_panels
from catalog.panels import Panel

ALERTS_SHOWN = 1000


@require_safe
def event(request: SignedInRequest, pk: int) -> HttpResponse:
    asked = Event.objects.select_related("integration").filter(pk=pk)
    outcome = next(iter(outcomes_of(asked, limit=1, named=ALERTS_SHOWN)), None)
    if outcome is None:
        raise Http404
    start = start_of_body(outcome.event, most=MOST_SHOWN)
    context = {
        "event": outcome.event,
        "outcome": outcome,
        "body": show_body(start, size=outcome.size),
    }
    return render(request, "alerts/event.html", context)


@require_safe
def raw(request: SignedInRequest, pk: int) -> HttpResponse:
    """The body as it came, as a file: never as something the browser would run."""
    found = get_object_or_404(Event, pk=pk)
    return HttpResponse(
        bytes(found.body),
        content_type="application/octet-stream",
        headers={"Content-Disposition": f'attachment; filename="event-{pk}"'},
    )


@require_safe
def alert(request: SignedInRequest, pk: int) -> HttpResponse:
    at = timezone.now()
    related = Alert.objects.select_related("integration", "asset")
    found = get_object_or_404(related, pk=pk)
    context = {
        "at": at,
        "alert": found,
        "outcomes": events_of_alert(found),
        "labels": sorted(found.labels.items()),
        "panels": _panels(request, found, at=at),
        **handling_of(found),
    }
    return render(request, "alerts/alert.html", context)


def _panels(request: SignedInRequest, alert: Alert, *, at: datetime) -> list[str]:
    """What other apps show on the page, drawn."""
    answers: Sequence[tuple[object, Any]] = alert_panels.send(
        sender=Alert, alert=alert, user=request.user, at=at
    )
    panels: list[Panel] = [panel for _, told in answers for panel in told or ()]
    panels.sort(key=lambda panel: panel.order)
    return [render_to_string(one.template, one.context, request) for one in panels]
