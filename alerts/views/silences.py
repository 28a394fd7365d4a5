"""Silences and maintenance windows: everybody sees them, responders make them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import (
    require_http_methods,
    require_POST,
    require_safe,
)

from accounts.http import SignedInRequest, responder_required
from accounts.time_zones import offered_zones
from alerts.match_form import initial_from
from alerts.models import Silence
from alerts.rule_pages import silence_rows
from alerts.rule_queries import Trial, next_spans, try_silence
from alerts.services.silences import (
    change_silence,
    create_silence,
    end_silence,
    extend_silence,
    unsaved_silence,
)
from alerts.silence_form import ExtendForm, SilenceForm, silence_initial
from catalog.models import Asset
from catalog.naming import suggestion
from core.errors import InvalidInputError
from core.text import one_line
from oncall.forms.rows import as_typed

MOST_SUGGESTED = 12
PAGE = 50


@require_safe
def index(request: SignedInRequest) -> HttpResponse:
    """`?show=over` for those that are over."""
    at, is_over = timezone.now(), request.GET.get("show") == "over"
    found = Silence.objects.select_related("created_by", "ended_by")
    found = found.over(at=at) if is_over else found.not_over(at=at)
    page = Paginator(found, PAGE).get_page(request.GET.get("page"))
    context = {
        "at": at,
        "is_over": is_over,
        "page_obj": page,
        "rows": silence_rows(list(page.object_list), at=at),
    }
    return render(request, "alerts/silences.html", context)


@require_safe
def detail(request: SignedInRequest, pk: int) -> HttpResponse:
    return _detail_page(request, pk, ExtendForm(), at=timezone.now())


@require_http_methods(["GET", "HEAD", "POST"])
@responder_required
def create(request: SignedInRequest) -> HttpResponse:
    at = timezone.now()
    if request.method != "POST":
        initial = {"time_zone": request.user.time_zone, **initial_from(request.GET)}
        return _form_page(request, SilenceForm(initial=initial), None)
    return _save_or_show(request, None, at=at)


@require_http_methods(["GET", "HEAD", "POST"])
@responder_required
def edit(request: SignedInRequest, pk: int) -> HttpResponse:
    silence = get_object_or_404(Silence, pk=pk)
    if request.method != "POST":
        form = SilenceForm(initial=silence_initial(silence))
        return _form_page(request, form, silence)
    return _save_or_show(request, silence, at=timezone.now())


@require_POST
@responder_required
def end(request: SignedInRequest, pk: int) -> HttpResponse:
    get_object_or_404(Silence, pk=pk)
    silence = end_silence(silence_id=pk, by=request.user, at=timezone.now())
    messages.success(request, "Ended. What still fires counts as new now.")
    return redirect(silence)


@require_POST
@responder_required
def extend(request: SignedInRequest, pk: int) -> HttpResponse:
    at, silence = timezone.now(), get_object_or_404(Silence, pk=pk)
    form = ExtendForm(request.POST)
    if form.is_valid():
        until = form.instant(silence.window.zone)
        try:
            extend_silence(silence_id=pk, until=until, by=request.user, at=at)
            messages.success(request, "Extended.")
            return redirect(silence)
        except InvalidInputError as error:
            form.add_error("until", error.errors["until"][0])
    return _detail_page(request, pk, form, at=at)


@require_safe
def suggest_assets(request: SignedInRequest) -> HttpResponse:
    """Options for the field that names an asset."""
    q = one_line(request.GET.get("asset_name", ""), 200)
    found = Asset.objects.matching(q)[:MOST_SUGGESTED] if q else []
    context = {"suggestions": [(suggestion(a), a.get_type_display()) for a in found]}
    return render(request, "alerts/_asset_options.html", context)


def _save_or_show(
    request: SignedInRequest, silence: Silence | None, *, at: datetime
) -> HttpResponse:
    """Save, try on the past, or show the form with other rows."""
    act = request.POST.get("act", "save")
    if act not in ("save", "try"):
        form = as_typed(SilenceForm(), without_dropped(request.POST))
        form.sent = request.POST
        return _form_page(request, form, silence)
    form, trial = SilenceForm(request.POST), None
    if form.is_valid():
        values = form.values(began_at=silence.starts_at if silence else at)
        try:
            if act == "save":
                return _saved(request, silence, values, at)
            unsaved = unsaved_silence(values, at=at)
            trial = try_silence(unsaved, user=request.user, at=at)
        except InvalidInputError as error:
            form.refuse(error)
    return _form_page(request, form, silence, trial)


def _saved(
    request: SignedInRequest, silence: Silence | None, values: Any, at: datetime
) -> HttpResponse:
    if silence is None:
        return redirect(create_silence(values=values, by=request.user, at=at))
    change_silence(silence_id=silence.pk, values=values, by=request.user, at=at)
    messages.success(request, "Saved. What it hides is looked at again.")
    return redirect(silence)


def without_dropped(data: Any) -> Any:
    """What was sent, without the asset that was taken away."""
    changed = data.copy()
    dropped = data.get("drop")
    if dropped:
        kept = [one for one in data.getlist("assets") if one != dropped]
        changed.setlist("assets", kept)
    return changed


def _form_page(
    request: SignedInRequest,
    form: SilenceForm,
    silence: Silence | None,
    trial: Trial | None = None,
) -> HttpResponse:
    context = {
        "form": form,
        "silence": silence,
        "trial": trial,
        "zones": offered_zones(),
    }
    status = 400 if form.is_bound and form.errors else 200
    return render(request, "alerts/silence_edit.html", context, status=status)


def _detail_page(
    request: SignedInRequest, pk: int, form: ExtendForm, *, at: datetime
) -> HttpResponse:
    related = Silence.objects.select_related("created_by", "ended_by")
    silence = get_object_or_404(related, pk=pk)
    hidden = silence.hidden.select_related("alert")
    page = Paginator(hidden, PAGE).get_page(request.GET.get("page"))
    context = {
        "at": at,
        "silence": silence,
        "row": silence_rows([silence], at=at)[0],
        "spans": next_spans(silence.window, at=at) if silence.rrule else [],
        "form": form,
        "page_obj": page,
    }
    status = 400 if form.is_bound else 200
    return render(request, "alerts/silence.html", context, status=status)
