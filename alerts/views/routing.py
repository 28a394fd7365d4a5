"""Routing rules: everybody sees and tries them, responders change them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

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
from accounts.time_zones import offered_zones
from alerts.match_form import initial_from
from alerts.models import Alert, InletQuiet, Integration, Route
from alerts.route_form import (
    DefaultRouteForm,
    InletQuietForm,
    RouteForm,
    TrialForm,
    inlet_initial,
    route_initial,
)
from alerts.routing_trial import Tested, try_alert
from alerts.rule_pages import acts_of, route_rows
from alerts.services.routes import (
    change_default_route,
    change_route,
    create_route,
    damp_integration,
    delete_route,
    move_route,
    order_routes,
)
from alerts.views.silences import without_dropped
from core.errors import InvalidInputError
from oncall.forms.rows import as_typed

RECENT = 30


@require_safe
def index(request: SignedInRequest) -> HttpResponse:
    """The rules, and by `?alert=` or `?title=` … which of them would take one."""
    at = timezone.now()
    form = TrialForm(request.GET) if request.GET else TrialForm()
    related = Alert.objects.select_related("integration", "asset")
    tested: Tested | None = None
    if form.is_bound and form.is_valid():
        alert = form.alert(at=at)
        tested = try_alert(alert, at=at) if alert else None
    context = {
        "at": at,
        "rows": route_rows(at=at),
        "form": form,
        "recent": related.order_by("-pk")[:RECENT],
        "tested": tested,
        "acts": acts_of(tested.route) if tested and tested.route else [],
    }
    return render(request, "alerts/routing.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@responder_required
def create(request: SignedInRequest) -> HttpResponse:
    if request.method != "POST":
        initial = {"zone": request.user.time_zone, **initial_from(request.GET)}
        return _form_page(request, RouteForm(initial=initial), None)
    return _save_or_show(request, None, at=timezone.now())


@require_http_methods(["GET", "HEAD", "POST"])
@responder_required
def edit(request: SignedInRequest, pk: int) -> HttpResponse:
    route = get_object_or_404(Route, pk=pk)
    if route.is_default:
        return redirect("alerts:default_route")
    if request.method != "POST":
        initial = {"zone": request.user.time_zone, **route_initial(route)}
        return _form_page(request, RouteForm(initial=initial), route)
    return _save_or_show(request, route, at=timezone.now())


@require_http_methods(["GET", "HEAD", "POST"])
@responder_required
def default(request: SignedInRequest) -> HttpResponse:
    """Who is paged when nothing else names a policy."""
    route = Route.objects.filter(is_default=True).first()
    initial = {"team": route.team, "policy": route.policy} if route else {}
    form = DefaultRouteForm(request.POST or None, initial=initial)
    if form.is_valid():
        change_default_route(**form.cleaned_data, by=request.user, at=timezone.now())
        return redirect("alerts:routing")
    status = 400 if form.is_bound else 200
    return render(request, "alerts/route_default.html", {"form": form}, status=status)


@require_POST
@responder_required
def move(request: SignedInRequest, pk: int) -> HttpResponse:
    """One place earlier, or with `to=later` one later."""
    get_object_or_404(Route, pk=pk)
    steps = 1 if request.POST.get("to") == "later" else -1
    move_route(route_id=pk, steps=steps, by=request.user, at=timezone.now())
    return redirect("alerts:routing")


@require_POST
@responder_required
def order(request: SignedInRequest) -> HttpResponse:
    """Put the rules into the order in which `id` names them."""
    sent = request.POST.getlist("id")
    ids = [int(one) for one in sent if one.isdecimal() and len(one) < 19]
    order_routes(route_ids=ids, by=request.user, at=timezone.now())
    return redirect("alerts:routing")


@require_POST
@responder_required
def delete(request: SignedInRequest, pk: int) -> HttpResponse:
    route = get_object_or_404(Route, pk=pk)
    delete_route(route_id=pk, by=request.user, at=timezone.now())
    messages.success(request, f"{route} is deleted.")
    return redirect("alerts:routing")


@require_http_methods(["GET", "HEAD", "POST"])
@responder_required
def inlet(request: SignedInRequest, pk: int) -> HttpResponse:
    """How an integration's alerts are damped where no rule says so."""
    integration = get_object_or_404(Integration, pk=pk)
    row = InletQuiet.objects.filter(pk=pk).first() or InletQuiet(pk=pk)
    form = InletQuietForm(request.POST or None, initial=inlet_initial(row))
    if form.is_valid():
        try:
            damp_integration(
                integration,
                damping=form.damping_values(),
                flap_changes=form.cleaned_data["flap_changes"],
                flap_within=form.cleaned_data["flap_within"],
                by=request.user,
                at=timezone.now(),
            )
            messages.success(request, "Saved.")
            return redirect(integration)
        except InvalidInputError as error:
            for name, problems in error.errors.items():
                form.add_error(name, problems)
    context = {"form": form, "integration": integration}
    status = 400 if form.is_bound else 200
    return render(request, "alerts/inlet_quiet.html", context, status=status)


def _save_or_show(
    request: SignedInRequest, route: Route | None, *, at: datetime
) -> HttpResponse:
    """Save, or show the form with other rows."""
    if request.POST.get("act", "save") != "save":
        form = as_typed(RouteForm(), without_dropped(request.POST))
        form.sent = request.POST
        return _form_page(request, form, route)
    form = RouteForm(request.POST)
    if form.is_valid():
        try:
            _save(request, route, form, at)
            return redirect("alerts:routing")
        except InvalidInputError as error:
            form.refuse(error)
    return _form_page(request, form, route)


def _save(
    request: SignedInRequest, route: Route | None, form: RouteForm, at: datetime
) -> None:
    values: Any = form.values()
    if route is None:
        create_route(values=values, by=request.user, at=at)
    else:
        change_route(route_id=route.pk, values=values, by=request.user, at=at)
        messages.success(request, "Saved.")


def _form_page(
    request: SignedInRequest, form: RouteForm, route: Route | None
) -> HttpResponse:
    context = {"form": form, "route": route, "zones": offered_zones()}
    status = 400 if form.is_bound and form.errors else 200
    return render(request, "alerts/route_edit.html", context, status=status)
