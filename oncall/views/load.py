"""Who carried how much, in pages and in sheets."""

from calendar import monthrange
from datetime import date, timedelta
from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from accounts.http import SignedInRequest
from oncall.models import Schedule
from oncall.services.calendar_frame import midnight
from oncall.services.loads import loads_csv, loads_of, stints_between, stints_csv

LONGEST = timedelta(days=366)


@require_safe
def load(request: SignedInRequest) -> HttpResponse:
    """A period, of all schedules or of one; `as` is csv or shifts for a sheet."""
    first, last = _period(request)
    zone = request.user.tz
    start, end = midnight(first, zone), midnight(last + timedelta(days=1), zone)
    chosen = _schedule(request)
    schedules = Schedule.objects.filter(pk=chosen.pk) if chosen else None
    stints = stints_between(start=start, end=end, schedules=schedules)
    match request.GET.get("as"):
        case "csv":
            loads = loads_of(stints, start=start, end=end)
            return _sheet(loads_csv(loads), "load", first, last)
        case "shifts":
            return _sheet(stints_csv(stints), "shifts", first, last)
    context: dict[str, Any] = {
        "loads": loads_of(stints, start=start, end=end),
        "first": first,
        "last": last,
        "earlier": (first - timedelta(days=1)).replace(day=1),
        "later": last + timedelta(days=1),
        "zone": zone.key,
        "schedules": Schedule.objects.all(),
        "chosen": chosen,
        "goes_on": end > timezone.now(),
    }
    return render(request, "oncall/load.html", context)


def _period(request: SignedInRequest) -> tuple[date, date]:
    """The days asked for, else this month; at most a year."""
    today = timezone.localtime(timezone.now(), request.user.tz).date()
    first = _day(request.GET.get("from")) or today.replace(day=1)
    usual = first.replace(day=monthrange(first.year, first.month)[1])
    last = _day(request.GET.get("to")) or usual
    if not first <= last <= first + LONGEST:
        last = usual
    return first, last


def _day(text: str | None) -> date | None:
    try:
        day = date.fromisoformat(text or "")
    except ValueError:
        return None
    return day if 1971 <= day.year <= 2197 else None


def _schedule(request: SignedInRequest) -> Schedule | None:
    key = request.GET.get("schedule", "")
    is_key = key.isascii() and key.isdigit() and len(key) < 18
    return Schedule.objects.filter(pk=int(key)).first() if is_key else None


def _sheet(content: str, name: str, first: date, last: date) -> HttpResponse:
    response = HttpResponse(content, content_type="text/csv; charset=utf-8")
    file = f"on-call-{name}-{first.isoformat()}-{last.isoformat()}.csv"
    response.headers["Content-Disposition"] = f'attachment; filename="{file}"'
    return response
