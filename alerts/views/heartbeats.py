"""Heartbeats: everybody sees them, responders make and change them."""

from __future__ import annotations

from datetime import timedelta
from urllib.parse import quote

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Case, Count, IntegerField, QuerySet, Value, When
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.views.decorators.http import (
    require_http_methods,
    require_POST,
    require_safe,
)

from accounts.http import SignedInRequest, responder_required
from accounts.time_zones import offered_zones
from alerts.heartbeat_form import HeartbeatForm
from alerts.models import Heartbeat, InletWatch, Integration
from alerts.services import (
    change_heartbeat,
    create_heartbeat,
    delete_heartbeat,
    pause_heartbeat,
    resume_heartbeat,
)
from alerts.services.watching import AWAY_AFTER
from alerts.views.integrations import BLANK_KEY
from core.http import absolute_url

PAGE_SIZE = 50
MISSES_SHOWN = 25
States = Heartbeat.Status
_FIRST = (States.FAILING, States.MISSED, States.WAITING, States.ON_TIME)


@require_safe
def index(request: SignedInRequest) -> HttpResponse:
    """Live: every ping, miss and act says "heartbeats", which the list hears."""
    at, chosen = timezone.now(), request.GET.get("status", "")
    found = _kept().select_related("integration__team")
    totals = _kept().order_by().values("status").annotate(total=Count("pk"))
    counts = {row["status"]: row["total"] for row in totals}
    if chosen in States.values:
        found = found.filter(status=chosen)
    order = Case(
        *(When(status=one, then=Value(n)) for n, one in enumerate(_FIRST)),
        default=Value(len(_FIRST)),
        output_field=IntegerField(),
    )
    ordered = found.order_by(order, "name", "pk")
    context = {
        "at": at,
        "page_obj": Paginator(ordered, PAGE_SIZE).get_page(request.GET.get("page")),
        "tabs": [(v, label, counts[v]) for v, label in States.choices if v in counts],
        "total": sum(counts.values()),
        "chosen": chosen,
        "is_away": _is_away(),
        "has_integrations": Integration.objects.kept().exists(),
    }
    return render(request, "alerts/heartbeats.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@responder_required
def create(request: SignedInRequest) -> HttpResponse:
    initial = {
        "integration": request.GET.get("integration"),
        "every": 1,
        "every_unit": "days",
        "grace": 1,
        "grace_unit": "hours",
        "time_zone": request.user.time_zone or "UTC",
    }
    form = HeartbeatForm(request.POST or None, initial=initial)
    if form.is_valid():
        made = create_heartbeat(**form.values(), by=request.user, at=timezone.now())
        return redirect(made)
    return _form_page(request, form, None)


@require_http_methods(["GET", "HEAD", "POST"])
@responder_required
def edit(request: SignedInRequest, pk: int) -> HttpResponse:
    heartbeat = _find(pk)
    if request.method == "POST":
        form = HeartbeatForm(request.POST, heartbeat=heartbeat)
        if form.is_valid():
            change_heartbeat(
                heartbeat_id=pk, by=request.user, at=timezone.now(), **form.values()
            )
            messages.success(request, "Saved.")
            return redirect(heartbeat)
    else:
        form = HeartbeatForm.of(heartbeat)
    return _form_page(request, form, heartbeat)


@require_safe
def detail(request: SignedInRequest, pk: int) -> HttpResponse:
    at, heartbeat = timezone.now(), _find(pk)
    misses = Paginator(heartbeat.misses.all(), MISSES_SHOWN)
    key = f"/in/{BLANK_KEY}/heartbeat/"
    context = {
        "at": at,
        "heartbeat": heartbeat,
        "rhythm": timedelta(seconds=heartbeat.every_seconds),
        "grace": timedelta(seconds=heartbeat.grace_seconds),
        "recent": [_shown(one) for one in heartbeat.recent],
        "page_obj": misses.get_page(request.GET.get("page")),
        "url": absolute_url(key) + quote(heartbeat.name, safe=""),
        "is_away": _is_away(),
    }
    return render(request, "alerts/heartbeat.html", context)


@require_POST
@responder_required
def pause(request: SignedInRequest, pk: int) -> HttpResponse:
    paused = pause_heartbeat(
        heartbeat_id=_find(pk).pk, by=request.user, at=timezone.now()
    )
    messages.success(request, f"{paused} is paused: nothing is expected of it.")
    return redirect(paused)


@require_POST
@responder_required
def resume(request: SignedInRequest, pk: int) -> HttpResponse:
    resumed = resume_heartbeat(
        heartbeat_id=_find(pk).pk, by=request.user, at=timezone.now()
    )
    messages.success(request, f"{resumed} is expected again.")
    return redirect(resumed)


@require_POST
@responder_required
def delete(request: SignedInRequest, pk: int) -> HttpResponse:
    heartbeat = _find(pk)
    delete_heartbeat(heartbeat_id=pk, by=request.user, at=timezone.now())
    messages.success(request, f"{heartbeat} is deleted with its history.")
    return redirect("alerts:heartbeats")


def _kept() -> QuerySet[Heartbeat]:
    return Heartbeat.objects.filter(integration__deleted_at=None)


def _find(pk: int) -> Heartbeat:
    related = _kept().select_related("integration__team", "asset", "created_by")
    return get_object_or_404(related, pk=pk)


def _form_page(
    request: SignedInRequest, form: HeartbeatForm, heartbeat: Heartbeat | None
) -> HttpResponse:
    context = {"form": form, "heartbeat": heartbeat, "zones": offered_zones()}
    status = 400 if form.is_bound else 200
    return render(request, "alerts/heartbeat_edit.html", context, status=status)


def _shown(ping: dict[str, object]) -> dict[str, object]:
    return {**ping, "at": parse_datetime(str(ping["at"]))}


def _is_away() -> bool:
    """Whether the inlet is not heard of, so that no absence counts."""
    alive_at = InletWatch.objects.values_list("alive_at", flat=True).first()
    return alive_at is None or timezone.now() - alive_at > AWAY_AFTER
