"""My shifts over all schedules: calendar, cover, absences, notices, readiness."""

from datetime import timedelta
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
from core.errors import DomainError, InvalidInputError
from core.http import absolute_url
from oncall.forms.exceptions import CoverMeForm, NoticesForm, VacationForm
from oncall.links import local_text
from oncall.models import ImportedCalendar, ShiftNotices, Swap
from oncall.services.absences import add_vacation, delete_vacation, needing_cover
from oncall.services.calendar_month import month_of
from oncall.services.calendars import set_vacation_calendar
from oncall.services.feeds import feed_path, personal_feed
from oncall.services.personal_calendar import personal_calendar
from oncall.services.readiness import readiness
from oncall.services.shift_notices import set_shift_notices
from oncall.services.swaps import cover_me
from oncall.views.windows import window_of

AHEAD = timedelta(days=62)
USUAL_COVER = timedelta(hours=3)


@require_safe
def mine(request: SignedInRequest) -> HttpResponse:
    return _page(request, VacationForm())


@require_safe
def person(request: SignedInRequest, pk: int) -> HttpResponse:
    """Somebody else's calendar."""
    found = get_object_or_404(User, pk=pk)
    if found == request.user:
        return redirect("oncall:my_shifts")
    return render(request, "oncall/person.html", _calendar_of(request, found))


def _calendar_of(request: SignedInRequest, whose: User) -> dict[str, object]:
    at = timezone.now()
    theirs = request.GET.get("zone") == "theirs"
    zone: ZoneInfo = whose.tz if theirs else request.user.tz
    window = window_of(request.GET, timezone.localtime(at, zone).date())
    calendar = personal_calendar(
        whose,
        first_day=window.drawn_first,
        days=window.drawn_days,
        zone=zone,
        reader=request.user,
        at=at,
    )
    return {
        "person": whose,
        "at": at,
        "window": window,
        "zone": zone.key,
        "calendar": calendar,
        "month": month_of(calendar, month=window.first) if window.is_month else None,
        "entries": [one for one in calendar.entries if one.end > at],
    }


def _page(
    request: SignedInRequest, form: VacationForm, status: int = 200
) -> HttpResponse:
    user, at = request.user, timezone.now()
    notices = ShiftNotices.objects.filter(user=user).first() or ShiftNotices()
    context = {
        **_calendar_of(request, user),
        "checks": readiness(user, at=at),
        "uncovered": needing_cover(start=at, end=at + AHEAD, user=user),
        "vacation_form": form,
        "vacations": user.vacations.filter(end_at__gt=at),
        "vacation_calendar": ImportedCalendar.objects.filter(user=user).first(),
        "notices": NoticesForm(
            initial={
                "hours": int(notices.before.total_seconds() // 3600),
                "at_start": notices.at_start,
                "at_end": notices.at_end,
            }
        ),
        "offers": Swap.objects.open(at=at)
        .offered_to(user)
        .select_related("giver", "schedule"),
        "my_offers": Swap.objects.open(at=at)
        .filter(giver=user)
        .select_related("schedule"),
        "feed_url": absolute_url(feed_path(personal_feed(user).secret)),
    }
    return render(request, "oncall/my_shifts.html", context, status=status)


@require_http_methods(["GET", "HEAD", "POST"])
@responder_required
def cover(request: SignedInRequest) -> HttpResponse:
    """Give all of one's shifts in some hours away, in one act."""
    user, at = request.user, timezone.now()
    if request.method != "POST":
        start = (at + timedelta(hours=1)).replace(minute=0, second=0, microsecond=0)
        usual = {
            "start": local_text(start, user.tz),
            "end": local_text(start + USUAL_COVER, user.tz),
        }
        linked = {name: request.GET[name] for name in usual if name in request.GET}
        form = CoverMeForm(user=user, initial={**usual, **linked})
        return render(request, "oncall/cover.html", {"form": form})
    form = CoverMeForm(request.POST, user=user)
    if form.is_valid():
        try:
            touched = cover_me(values=form.values(), by=user, at=at)
        except InvalidInputError as error:
            for field, wrong in error.errors.items():
                form.add_error(field if field in form.fields else "taker", wrong)
        else:
            names = ", ".join(str(one) for one in touched)
            taker = form.cleaned_data["taker"]
            told = f"{taker} covers you" if taker else "Your shifts are on offer"
            messages.success(request, f"{told}: {names}.")
            return redirect("oncall:my_shifts")
    return render(request, "oncall/cover.html", {"form": form}, status=400)


@require_POST
def add_absence(request: SignedInRequest) -> HttpResponse:
    form = VacationForm(request.POST)
    if not form.is_valid():
        return _page(request, form, status=400)
    start_at, end_at = form.span(request.user.tz)
    try:
        add_vacation(
            user=request.user,
            start_at=start_at,
            end_at=end_at,
            note=form.cleaned_data["note"],
            at=timezone.now(),
        )
    except InvalidInputError as error:
        for told in error.errors.values():
            form.add_error("first", told)
        return _page(request, form, status=400)
    messages.success(request, "Noted. Shifts in this time need cover.")
    return redirect("oncall:my_shifts")


@require_POST
def delete_absence(request: SignedInRequest, pk: int) -> HttpResponse:
    delete_vacation(user=request.user, vacation_id=pk)
    messages.success(request, "Taken back.")
    return redirect("oncall:my_shifts")


@require_POST
def absence_calendar(request: SignedInRequest) -> HttpResponse:
    url = request.POST.get("url", "").strip()
    try:
        set_vacation_calendar(user=request.user, url=url, at=timezone.now())
    except (InvalidInputError, DomainError) as error:
        messages.error(request, str(error).removeprefix("url: "))
    else:
        told = "The calendar is fetched in a moment." if url else "No longer read."
        messages.success(request, told)
    return redirect("oncall:my_shifts")


@require_POST
def notices(request: SignedInRequest) -> HttpResponse:
    form = NoticesForm(request.POST)
    if not form.is_valid():
        messages.error(request, "Give whole hours from 0 to 168.")
        return redirect("oncall:my_shifts")
    given = form.cleaned_data
    set_shift_notices(
        user=request.user,
        before=timedelta(hours=given["hours"]),
        at_start=given["at_start"],
        at_end=given["at_end"],
    )
    messages.success(request, "Saved.")
    return redirect("oncall:my_shifts")
