"""Overrides and swaps with their preview; taking offers and taking them back."""

from datetime import UTC, datetime, timedelta
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
from core.times import FIRST_YEAR, LAST_YEAR
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
from oncall.services.swaps import SwapValues, offer_swap, take_swap, withdraw_swap

USUAL_LENGTH = timedelta(hours=8)
FIELDS = ("type", "remove", "add", "note", "start", "end")


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
        # A part that is fetched while somebody still chooses is no refused request.
        return _page(request, found, form, status=200 if request.htmx else 400)
    if request.method != "POST":
        return _page(request, found, form, values=values)
    messages.success(request, _save(request, found, values))
    return redirect(found)


def _save(
    request: SignedInRequest, found: Schedule, values: OverrideValues | SwapValues
) -> str:
    at = timezone.now()
    if isinstance(values, SwapValues):
        offer_swap(schedule_id=found.pk, values=values, by=request.user, at=at)
        return "The shift is on offer. Those who may take it are told."
    override = add_override(schedule_id=found.pk, values=values, by=request.user, at=at)
    return f"Saved: {describe(override)}."


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


@require_POST
@responder_required
def withdraw(request: SignedInRequest, pk: int) -> HttpResponse:
    get_object_or_404(Swap, pk=pk)
    schedule = withdraw_swap(swap_id=pk, by=request.user, at=timezone.now())
    messages.success(request, "The offer is taken back.")
    return redirect(schedule)


def _checked(form: OverrideForm) -> OverrideValues | SwapValues | None:
    """The values of a form, None when it has errors, which are added to it."""
    if not form.is_valid():
        return None
    values = form.values()
    try:
        values.check()
    except InvalidInputError as error:
        for field, told in error.errors.items():
            form.add_error("add" if field == "to" else field, told)
        return None
    return values


def _initial(request: SignedInRequest, zone: ZoneInfo) -> dict[str, Any]:
    """What the link to this page says, else the next hours."""
    at = timezone.now().replace(minute=0, second=0, microsecond=0)
    start = at + timedelta(hours=1)
    start, end = _span(request.GET.get("span", "")) or (start, start + USUAL_LENGTH)
    usual = {
        "type": "replace" if "remove" in request.GET else "cover",
        "start": local_text(start, zone),
        "end": local_text(end, zone),
    }
    linked = {name: request.GET[name] for name in FIELDS if name in request.GET}
    return {**usual, **linked}


def _span(text: str) -> tuple[datetime, datetime] | None:
    """Two instants as seconds since 1970, as a drag over the calendar sends them."""
    first, _, last = text.partition("-")
    try:
        start, end = (datetime.fromtimestamp(int(one), UTC) for one in (first, last))
    except (ValueError, OverflowError, OSError):
        return None
    is_sane = start.year > FIRST_YEAR and start < end and end.year < LAST_YEAR
    return (start, end) if is_sane else None


def _page(
    request: SignedInRequest,
    found: Schedule,
    form: OverrideForm,
    *,
    values: OverrideValues | SwapValues | None = None,
    status: int = 200,
) -> HttpResponse:
    zone = ZoneInfo(found.timezone)
    context: dict[str, Any] = {"schedule": found, "form": form, "zone": zone.key}
    context["my_zone"] = request.user.tz.key
    if values is not None:
        context |= _preview(request, found, form, values)
    with timezone.override(zone):
        return render(request, "oncall/override.html", context, status=status)


def _preview(
    request: SignedInRequest,
    found: Schedule,
    form: OverrideForm,
    values: OverrideValues | SwapValues,
) -> dict[str, Any]:
    at, zone = timezone.now(), ZoneInfo(found.timezone)
    asked = request.POST or request.GET
    extra = _unsaved(found, values)
    before, after = preview(found, extra, zone=zone, reader=request.user, at=at)
    return {
        "before": before,
        "after": after,
        "changes": [
            one
            for one in after.entries
            if one not in before.entries
            and one.start < values.end_at
            and one.end > values.start_at
        ],
        "told": describe(extra) if isinstance(extra, Override) else "",
        "sent": [
            *((name, form.data.get(name, "")) for name in FIELDS),
            *(("offered_to", key) for key in asked.getlist("offered_to")),
        ],
    }


def _unsaved(found: Schedule, values: OverrideValues | SwapValues) -> Override | Swap:
    """The row that would be stored. An offer changes nothing before it is taken."""
    if isinstance(values, SwapValues):
        return Swap(
            schedule=found,
            giver=values.giver,
            start_at=values.start_at,
            end_at=values.end_at,
        )
    return Override(
        schedule=found,
        type=values.type,
        add=values.add,
        remove=values.remove,
        start_at=values.start_at,
        end_at=values.end_at,
    )
