"""Backfills: everybody sees them, responders record them and say how far they are."""

from __future__ import annotations

import re

from django import forms
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
from catalog.models import Asset, Backfill
from catalog.naming import assets_called, not_one, suggestion
from catalog.services import move_backfill, record_backfill
from catalog.services.backfills import FOLLOWS

PAGE_SIZE = 50
MOST_ASSETS = 100
VERBS = {
    "running": "It runs",
    "done": "It is done",
    "verified": "The data is good: verified",
    "failed": "It failed",
    "cancelled": "Cancel it",
}


class BackfillForm(forms.Form):
    title = forms.CharField(
        label="What is run again",
        max_length=200,
        help_text="“Reload orders after the currency fix”.",
    )
    assets = forms.CharField(
        label="Assets",
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text="Their names, one a line.",
    )
    partitions = forms.CharField(
        label="Partitions or dates",
        required=False,
        max_length=300,
        help_text="“2026-01-01 to 2026-01-05”. Empty: all.",
    )
    state = forms.ChoiceField(label="State", choices=Backfill.State.choices)
    url = forms.URLField(
        label="Link", required=False, max_length=2000, assume_scheme="https"
    )

    def clean_assets(self) -> list[Asset]:
        names = [line.strip() for line in re.split(r"\n", self.cleaned_data["assets"])]
        found, wrong = [], []
        for name in [name for name in names if name][:MOST_ASSETS]:
            matches = assets_called(name)
            if len(matches) == 1:
                found.append(matches[0])
            else:
                wrong.append(not_one(name, matches))
        if wrong:
            raise forms.ValidationError(wrong)
        return found


@require_safe
def index(request: SignedInRequest) -> HttpResponse:
    found = Backfill.objects.select_related("created_by").prefetch_related("assets")
    chosen = request.GET.get("state", "")
    if chosen in Backfill.State.values:
        found = found.filter(state=chosen)
    context = {
        "page_obj": Paginator(found, PAGE_SIZE).get_page(request.GET.get("page")),
        "states": Backfill.State.choices,
        "chosen": chosen,
    }
    return render(request, "catalog/backfills.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@responder_required
def create(request: SignedInRequest) -> HttpResponse:
    """Record one. `?asset=` fills in assets by id, once for each."""
    asked = [pk for pk in request.GET.getlist("asset") if pk.isdecimal()]
    ids = [int(pk) for pk in asked[:MOST_ASSETS] if len(pk) < 19]
    named = Asset.objects.filter(pk__in=ids)
    initial = {"assets": "\n".join(map(suggestion, named)), "state": "running"}
    form = BackfillForm(request.POST or None, initial=initial)
    if form.is_valid():
        made = record_backfill(**form.cleaned_data, by=request.user, at=timezone.now())
        return redirect(made)
    status = 400 if form.is_bound else 200
    return render(request, "catalog/backfill_new.html", {"form": form}, status=status)


@require_safe
def detail(request: SignedInRequest, pk: int) -> HttpResponse:
    related = Backfill.objects.select_related("created_by", "verified_by")
    backfill = get_object_or_404(related, pk=pk)
    context = {
        "backfill": backfill,
        "assets": backfill.assets.select_related("team"),
        "next": [(state, VERBS[state]) for state in FOLLOWS[backfill.state]],
    }
    return render(request, "catalog/backfill.html", context)


@require_POST
@responder_required
def move(request: SignedInRequest, pk: int, state: str) -> HttpResponse:
    found = get_object_or_404(Backfill, pk=pk)
    moved = move_backfill(
        backfill_id=found.pk, state=state, by=request.user, at=timezone.now()
    )
    messages.success(request, f"{moved.get_state_display()}.")
    return redirect(moved)
