"""Around a schedule: hand-off notes, its calendars, the change that is planned."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from accounts.http import SignedInRequest, responder_required
from core.errors import InvalidInputError
from oncall.forms.exceptions import CalendarForm, HandoffForm
from oncall.models import ImportedCalendar, Schedule
from oncall.services.calendars import add_layer_calendar, delete_layer_calendar
from oncall.services.editing import drop_planned_change
from oncall.services.handoffs import open_matters, write_handoff_note


@require_http_methods(["GET", "HEAD", "POST"])
@responder_required
def handoff(request: SignedInRequest, pk: int) -> HttpResponse:
    """Write the note for whoever comes next."""
    found = get_object_or_404(Schedule, pk=pk)
    at = timezone.now()
    unsent = found.handoff_notes.filter(author=request.user, sent_at=None).first()
    form = HandoffForm(request.POST or None, initial=_written(unsent))
    status = 200
    if request.method == "POST":
        if form.is_valid():
            try:
                note = write_handoff_note(
                    schedule=found, by=request.user, at=at, **form.cleaned_data
                )
            except InvalidInputError as error:
                form.add_error("is_open", error.errors["is_open"])
            else:
                now = "at once" if note.send_at <= at else "when your shift ends"
                messages.success(request, f"Kept. It is sent {now}.")
                return redirect(found)
        status = 400
    context = {
        "schedule": found,
        "form": form,
        "matters": open_matters(found, reader=request.user, at=at),
        "notes": found.handoff_notes.select_related("author").prefetch_related(
            "sent_to"
        )[:10],
    }
    return render(request, "oncall/handoff.html", context, status=status)


def _written(note: object) -> dict[str, str]:
    return {name: getattr(note, name, "") for name in ("is_open", "is_known")}


@require_POST
@responder_required
def add_calendar(request: SignedInRequest, pk: int) -> HttpResponse:
    found = get_object_or_404(Schedule, pk=pk)
    form = CalendarForm(request.POST)
    if not form.is_valid():
        messages.error(request, "Give the calendar a name and an address.")
        return redirect(found)
    try:
        add_layer_calendar(
            schedule_id=pk, by=request.user, at=timezone.now(), **form.cleaned_data
        )
    except InvalidInputError as error:
        messages.error(request, " ".join(error.errors["url"]))
    else:
        messages.success(request, "The calendar is fetched in a moment.")
    return redirect(found)


@require_POST
@responder_required
def delete_calendar(request: SignedInRequest, pk: int) -> HttpResponse:
    get_object_or_404(ImportedCalendar, pk=pk, schedule__isnull=False)
    schedule = delete_layer_calendar(calendar_id=pk, by=request.user, at=timezone.now())
    messages.success(request, "The calendar is no longer a layer.")
    return redirect(schedule)


@require_POST
@responder_required
def drop_plan(request: SignedInRequest, pk: int) -> HttpResponse:
    get_object_or_404(Schedule, pk=pk)
    schedule = drop_planned_change(schedule_id=pk, by=request.user, at=timezone.now())
    messages.success(request, "The planned change is given up.")
    return redirect(schedule)
