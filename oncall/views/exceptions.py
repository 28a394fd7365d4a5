"""Overrides with their preview, and taking swaps."""

from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import (
    require_http_methods,
    require_POST,
)

from accounts.http import SignedInRequest, responder_required
from core.errors import InvalidInputError
from oncall.forms.exceptions import OverrideForm
from oncall.links import local_text
from oncall.models import Override, Schedule, Swap
from oncall.services.calendar import preview
from oncall.services.exceptions import (
    OverrideValues,
    add_override,
    delete_override,
    describe,
)
from oncall.services.swaps import take_swap

USUAL_LENGTH = timedelta(hours=8)
FIELDS = ("type", "add", "remove", "start", "end")


@require_http_methods(["GET", "HEAD", "POST"])
@responder_required
def add(request: SignedInRequest, pk: int) -> HttpResponse:
    """GET with `preview` shows what would change; POST saves it."""
    found = get_object_or_404(Schedule, pk=pk)
    zone = ZoneInfo(found.timezone)
    is_sent = request.method == "POST" or "preview" in request.GET
    if not is_sent:
        form = OverrideForm(zone=zone, initial=_initial(request, zone))
        return _page(request, found, form)
    data = request.POST if request.method == "POST" else request.GET
    form = OverrideForm(data, zone=zone)
    values = _checked(form)
    if values is None:
        return _page(request, found, form, status=400)
    if request.method != "POST":
        return _page(request, found, form, values=values)
    at = timezone.now()
    override = add_override(schedule_id=pk, values=values, by=request.user, at=at)
    messages.success(request, f"Saved: {describe(override)}.")
    return redirect(found)


@require_POST
@responder_required
def delete(request: SignedInRequest, pk: int) -> HttpResponse:
    get_object_or_404(Override, pk=pk)
    schedule = delete_override(override_id=pk, by=request.user, at=timezone.now())
    messages.success(request, "The override is taken back.")
    return redirect(schedule)


@require_POST
@responder_required
def take(request: SignedInRequest, pk: int) -> HttpResponse:
    get_object_or_404(Swap, pk=pk)
    swap = take_swap(swap_id=pk, by=request.user, at=timezone.now())
    messages.success(request, f"You stand in for {swap.giver}.")
    return redirect(swap.schedule)


def _checked(form: OverrideForm) -> OverrideValues | None:
    """The values of a form, None when it has errors, which are added to it."""
    if not form.is_valid():
        return None
    values = form.values()
    try:
        values.check()
    except InvalidInputError as error:
        for field, told in error.errors.items():
            form.add_error(field, told)
        return None
    return values


def _initial(request: SignedInRequest, zone: ZoneInfo) -> dict[str, Any]:
    """What the link to this page says, else the next hours."""
    at = timezone.now().replace(minute=0, second=0, microsecond=0)
    usual = {
        "start": local_text(at + timedelta(hours=1), zone),
        "end": local_text(at + timedelta(hours=1) + USUAL_LENGTH, zone),
    }
    linked = {name: request.GET[name] for name in FIELDS if name in request.GET}
    return {**usual, **linked}


def _page(
    request: SignedInRequest,
    found: Schedule,
    form: OverrideForm,
    *,
    values: OverrideValues | None = None,
    status: int = 200,
) -> HttpResponse:
    at, zone = timezone.now(), ZoneInfo(found.timezone)
    context: dict[str, Any] = {"schedule": found, "form": form, "zone": zone.key}
    if values is not None:
        extra = Override(
            schedule=found,
            type=values.type,
            add=values.add,
            remove=values.remove,
            start_at=values.start_at,
            end_at=values.end_at,
        )
        before, after = preview(found, extra, zone=zone, reader=request.user, at=at)
        context |= {
            "before": before,
            "after": after,
            "changes": [
                one
                for one in after.entries
                if one not in before.entries
                and one.start < values.end_at
                and one.end > values.start_at
            ],
            "told": describe(extra),
            "sent": [(name, form.data.get(name, "")) for name in FIELDS],
        }
    with timezone.override(zone):
        return render(request, "oncall/override.html", context, status=status)
