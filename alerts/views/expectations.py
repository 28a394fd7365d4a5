"""What is expected of assets: everybody sees it, responders change it."""

from __future__ import annotations

from datetime import timedelta

from django import forms
from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Case, IntegerField, Value, When
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from accounts.http import SignedInRequest, responder_required
from accounts.time_zones import offered_zones
from alerts.expectation_forms import FreshnessForm, VolumeForm
from alerts.freshness import Rhythm
from alerts.models import Breach, Expectation
from alerts.services import (
    delete_expectation,
    expect_freshness,
    expect_volume,
    suggestion_for,
)
from alerts.services.freshness import rhythm_of
from alerts.services.volume import band_of, learnt_band
from catalog.models import Asset
from core.errors import InvalidInputError

PAGE_SIZE = 50
BREACHES_SHOWN = 25
LOADS_SHOWN = 10
Kind, States = Expectation.Kind, Expectation.Status
_VOLUME_ID = "volume_%s"  # apart from the other form of the page
_USUAL = Rhythm(every=timedelta(days=1), cron="0 6 * * *", grace=timedelta(minutes=30))


@require_safe
def index(request: SignedInRequest) -> HttpResponse:
    order = Case(
        When(status=States.BREACHED, then=Value(0)),
        When(status=States.WAITING, then=Value(1)),
        default=Value(2),
        output_field=IntegerField(),
    )
    found = Expectation.objects.select_related("asset__team", "integration")
    ordered = found.order_by(order, "asset__name", "pk")
    page = Paginator(ordered, PAGE_SIZE).get_page(request.GET.get("page"))
    return render(request, "alerts/expectations.html", {"page_obj": page})


@require_safe
def of_asset(request: SignedInRequest, pk: int) -> HttpResponse:
    return _page(request, get_object_or_404(Asset, pk=pk))


@require_POST
@responder_required
def set_freshness(request: SignedInRequest, pk: int) -> HttpResponse:
    asset = get_object_or_404(Asset, pk=pk)
    form = FreshnessForm(request.POST)
    if not form.is_valid():
        return _page(request, asset, freshness_form=form)
    expect_freshness(
        asset=asset,
        rhythm=form.value(),
        severity=form.cleaned_data["severity"],
        by=request.user,
        at=timezone.now(),
    )
    messages.success(request, "Its freshness is watched.")
    return redirect("alerts:asset-expectations", pk)


@require_POST
@responder_required
def set_volume(request: SignedInRequest, pk: int) -> HttpResponse:
    asset = get_object_or_404(Asset, pk=pk)
    form = VolumeForm(request.POST, auto_id=_VOLUME_ID)
    if not form.is_valid():
        return _page(request, asset, volume_form=form)
    try:
        expect_volume(
            asset=asset, **form.cleaned_data, by=request.user, at=timezone.now()
        )
    except InvalidInputError as error:
        for name, problems in error.errors.items():
            form.add_error(name, " ".join(problems))
        return _page(request, asset, volume_form=form)
    messages.success(request, "Its volume is watched.")
    return redirect("alerts:asset-expectations", pk)


@require_POST
@responder_required
def delete(request: SignedInRequest, pk: int) -> HttpResponse:
    found = get_object_or_404(Expectation.objects.select_related("asset"), pk=pk)
    delete_expectation(expectation_id=pk, by=request.user, at=timezone.now())
    messages.success(request, f"{found} is not watched any more.")
    return redirect("alerts:asset-expectations", found.asset_id)


def _page(
    request: SignedInRequest,
    asset: Asset,
    *,
    freshness_form: forms.Form | None = None,
    volume_form: forms.Form | None = None,
) -> HttpResponse:
    at, zone = timezone.now(), request.user.time_zone or "UTC"
    held = {e.kind: e for e in asset.expectations.select_related("integration")}
    fresh, volume = held.get(Kind.FRESHNESS), held.get(Kind.VOLUME)
    suggestion = suggestion_for(asset.pk, zone=zone, at=at)
    usual = suggestion.rhythm if suggestion else _USUAL
    shown = rhythm_of(fresh) if fresh else usual
    told = FreshnessForm.told(shown, fresh.severity if fresh else "")
    breaches = Breach.objects.filter(expectation__asset=asset)
    page = Paginator(breaches.select_related("expectation"), BREACHES_SHOWN)
    context = {
        "asset": asset,
        "freshness": fresh,
        "volume": volume,
        "rhythm": shown,
        "suggestion": suggestion,
        "band": band_of(volume, before=at) if volume else None,
        "learnt": learnt_band(asset.pk, before=at),
        "loads": asset.loads.all()[:LOADS_SHOWN],
        "freshness_form": freshness_form or FreshnessForm(initial=told),
        "volume_form": volume_form
        or VolumeForm(
            initial=VolumeForm.told(volume) if volume else {}, auto_id=_VOLUME_ID
        ),
        "zones": offered_zones(),
        "page_obj": page.get_page(request.GET.get("page")),
    }
    status = 400 if freshness_form or volume_form else 200
    return render(request, "alerts/asset_expectations.html", context, status=status)
