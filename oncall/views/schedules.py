"""A schedule: its calendar, and editing it."""

import json
from typing import Any
from zoneinfo import ZoneInfo

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import (
    require_http_methods,
    require_POST,
    require_safe,
)

from accounts.http import SignedInRequest, responder_required
from accounts.models import User
from core.errors import InvalidInputError
from core.http import absolute_url
from oncall.forms.exceptions import CalendarForm
from oncall.models import Schedule, Swap
from oncall.queries import names, people, standings
from oncall.services.calendar import build_calendar
from oncall.services.calendar_month import month_of
from oncall.services.editing import (
    delete_schedule,
    policies_paging,
    renew_feed,
)
from oncall.services.exceptions import describe
from oncall.services.feeds import feed_path
from oncall.views.windows import window_of


@require_safe
def schedule(request: SignedInRequest, pk: int) -> HttpResponse:
    found = get_object_or_404(
        Schedule.objects.select_related("team", "planned_change"), pk=pk
    )
    at, own = timezone.now(), ZoneInfo(found.timezone)
    in_mine = request.GET.get("zone") == "mine"
    zone = request.user.tz if in_mine else own
    window = window_of(request.GET, timezone.localtime(at, zone).date())
    context = {
        "schedule": found,
        "at": at,
        "zone": zone.key,
        "own_zone": own.key,
        "my_zone": request.user.tz.key,
        "in_mine": in_mine,
        "window": window,
        "feed_url": absolute_url(feed_path(found.feed_secret)),
        "used_by": policies_paging(found),
        "planned": getattr(found, "planned_change", None),
        "calendars": found.calendars.all(),
        "calendar_form": CalendarForm(auto_id="id_calendar_%s"),
        "notes": found.handoff_notes.select_related("author")[:3],
        **_now(found, at),
        **_exceptions(found, at, request.user),
        **_missing(found),
    }
    try:
        calendar = build_calendar(
            found,
            first_day=window.drawn_first,
            days=window.drawn_days,
            zone=zone,
            reader=request.user,
            at=at,
        )
    except InvalidInputError as error:
        context["problems"] = error.errors
    else:
        ahead = [one for one in calendar.entries if one.end > at]
        context |= {"calendar": calendar, "entries": ahead or calendar.entries}
        if window.is_month:
            context["month"] = month_of(calendar, month=window.first)
    with timezone.override(zone):
        return render(request, "oncall/schedule.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@responder_required
def delete(request: SignedInRequest, pk: int) -> HttpResponse:
    found = get_object_or_404(Schedule, pk=pk)
    if request.method == "POST":
        delete_schedule(schedule_id=pk, by=request.user, at=timezone.now())
        messages.success(request, f"{found} is deleted.")
        return redirect("oncall:overview")
    context = {"thing": found, "what": "schedule", "used_by": policies_paging(found)}
    return render(request, "oncall/delete.html", context)


@require_POST
@responder_required
def feed(request: SignedInRequest, pk: int) -> HttpResponse:
    found = get_object_or_404(Schedule, pk=pk)
    renew_feed(schedule_id=pk, by=request.user, at=timezone.now())
    messages.success(request, "The calendar has a new address. The old one is dead.")
    return redirect(found)


def _now(found: Schedule, at: Any) -> dict[str, Any]:
    [standing] = standings(at=at, schedules=Schedule.objects.filter(pk=found.pk))
    known = people(standing.user_ids + standing.next_ids)
    return {
        "standing": standing,
        "users": [known[key] for key in standing.user_ids if key in known],
        "next_names": names(standing.next_ids, known),
    }


def _exceptions(found: Schedule, at: Any, reader: User) -> dict[str, Any]:
    overrides = found.overrides.filter(end_at__gt=at)
    swaps = found.swaps.filter(end_at__gt=at).prefetch_related("offered_to")
    mine = Swap.objects.open(at=at).offered_to(reader).filter(schedule=found)
    return {
        "overrides": [
            {"override": one, "told": describe(one)}
            for one in overrides.select_related("add", "remove", "created_by")
        ],
        "swaps": swaps.select_related("giver", "taker"),
        "takable": set(mine.values_list("pk", flat=True)),
    }


def _missing(found: Schedule) -> dict[str, list[User]]:
    """People in the layers who can no longer sign in, and are not paged."""
    text = json.dumps(found.layers)
    gone = User.objects.filter(is_active=False)
    return {"gone": [one for one in gone if f'"{one.pk}"' in text]}
