"""Making and changing schedules: as a form with a preview, and as JSON."""

import json
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from accounts.http import SignedInRequest, responder_required
from accounts.time_zones import offered_zones
from core.errors import InvalidInputError
from oncall.forms.rows import saves, version_in
from oncall.forms.schedule import (
    AdvancedForm,
    MomentForm,
    ScheduleEditor,
    is_checked,
)
from oncall.models import Schedule
from oncall.patterns import read_patterns
from oncall.queries import names, people
from oncall.services.editing import change_schedule, create_schedule
from oncall.services.people_names import with_addresses
from oncall.services.planning import (
    Difference,
    balances,
    effective_moment,
    moments_of_change,
    what_changes,
)
from oncall.services.reference import Json, check_form
from oncall.services.schedules import reference_form

MOST_CHANGES = 30


@require_http_methods(["GET", "HEAD", "POST"])
@responder_required
def create(request: SignedInRequest) -> HttpResponse:
    if request.method != "POST":
        editor = ScheduleEditor.new(request.user.tz.key)
        return _editor_page(request, editor, None)
    editor = ScheduleEditor.sent(request.POST)
    if not saves(request.POST) or not editor.is_valid():
        return _editor_page(request, editor, None)
    at = timezone.now()
    form = editor.reference_form(before=[], at=at)
    if form is None:
        return _editor_page(request, editor, None)
    made = create_schedule(
        form=form, team=editor.head.cleaned_data["team"], by=request.user, at=at
    )
    messages.success(request, f"{made} is made. Page it from an escalation policy.")
    return redirect(made)


@require_http_methods(["GET", "HEAD", "POST"])
@responder_required
def edit(request: SignedInRequest, pk: int) -> HttpResponse:
    found = get_object_or_404(
        Schedule.objects.select_related("team", "planned_change"), pk=pk
    )
    patterns = read_patterns(found.layers)
    if patterns is None:
        return redirect("oncall:advanced_schedule", pk)
    at = timezone.now()
    moment = _moment_form(request, found, at)
    if request.method != "POST":
        editor = ScheduleEditor.of(found, patterns)
        return _editor_page(request, editor, found, moment=moment)
    editor = ScheduleEditor.sent(request.POST)
    if not is_checked(request.POST) or not all((editor.is_valid(), moment.is_valid())):
        return _editor_page(request, editor, found, moment=moment)
    effective_at = effective_moment(moment.value(), found, at=at)
    form = editor.reference_form(before=found.layers, at=effective_at)
    if form is None:
        return _editor_page(request, editor, found, moment=moment)
    if not saves(request.POST):
        told = _preview(found, form, effective_at, at)
        return _editor_page(request, editor, found, moment=moment, told=told)
    changed = change_schedule(
        schedule_id=pk,
        form=form,
        team=editor.head.cleaned_data["team"],
        version=version_in(request.POST),
        by=request.user,
        at=at,
        effective_at=effective_at,
    )
    messages.success(request, "Saved.")
    return redirect(changed)


def _moment_form(request: SignedInRequest, found: Schedule, at: datetime) -> MomentForm:
    return MomentForm(
        request.POST if is_checked(request.POST) and request.POST else None,
        moments=moments_of_change(found, at=at),
        zone=ZoneInfo(found.timezone),
    )


def _preview(
    found: Schedule, form: Json, effective_at: datetime, at: datetime
) -> dict[str, Any]:
    """What the edit changes for whom in the eight weeks after it begins to count."""
    checked = check_form(form)
    changes = what_changes(
        found,
        timezone=checked.timezone,
        layers=checked.layers,
        effective_at=effective_at,
        at=at,
    )
    known = people(user for one in changes for user in one.before + one.after)
    return {
        "effective_at": effective_at,
        "changes": [_told(one, known) for one in changes[:MOST_CHANGES]],
        "more": max(len(changes) - MOST_CHANGES, 0),
        "balances": [
            {"person": known.get(one.user), "balance": one} for one in balances(changes)
        ],
    }


def _told(one: Difference, known: dict[str, Any]) -> dict[str, Any]:
    return {
        "start": one.start,
        "end": one.end,
        "before": names(one.before, known),
        "after": names(one.after, known),
    }


@require_http_methods(["GET", "HEAD", "POST"])
@responder_required
def advanced(request: SignedInRequest, pk: int) -> HttpResponse:
    """Everything a schedule can say, as JSON in the reference form."""
    found = get_object_or_404(Schedule.objects.select_related("team"), pk=pk)
    if request.method != "POST":
        shown = json.dumps(with_addresses(reference_form(found)), indent=2)
        form = AdvancedForm(initial={"form": shown, "team": found.team})
        return _advanced_page(request, form, found)
    form = AdvancedForm(request.POST)
    if not form.is_valid():
        return _advanced_page(request, form, found, status=400)
    try:
        changed = change_schedule(
            schedule_id=pk,
            form=form.cleaned_data["form"],
            team=form.cleaned_data["team"],
            version=version_in(request.POST),
            by=request.user,
            at=timezone.now(),
        )
    except InvalidInputError as error:
        problems = error.errors
        return _advanced_page(request, form, found, status=400, problems=problems)
    messages.success(request, "Saved.")
    return redirect(changed)


def _editor_page(
    request: SignedInRequest,
    editor: ScheduleEditor,
    found: Schedule | None,
    *,
    moment: MomentForm | None = None,
    told: dict[str, Any] | None = None,
) -> HttpResponse:
    is_refused = request.method == "POST" and is_checked(request.POST) and not told
    context = {
        "editor": editor,
        "schedule": found,
        "version": version_in(request.POST) or (found.version if found else None),
        "zones": offered_zones(),
        "moment": moment,
        "told": told,
        "planned": getattr(found, "planned_change", None),
    }
    status = 400 if is_refused else 200
    zone = ZoneInfo(found.timezone) if found else request.user.tz
    with timezone.override(zone):
        return render(request, "oncall/schedule_edit.html", context, status=status)


def _advanced_page(
    request: SignedInRequest,
    form: AdvancedForm,
    found: Schedule,
    *,
    status: int = 200,
    problems: dict[str, list[str]] | None = None,
) -> HttpResponse:
    context = {
        "form": form,
        "schedule": found,
        "version": version_in(request.POST) or found.version,
        "problems": problems,
        "is_usual": read_patterns(found.layers) is not None,
    }
    return render(request, "oncall/schedule_advanced.html", context, status=status)
