"""Inlets: everybody sees them, responders make and change them."""

from __future__ import annotations

from dataclasses import dataclass

from cryptography.fernet import InvalidToken
from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import (
    require_http_methods,
    require_POST,
    require_safe,
)

from accounts.http import SignedInRequest, responder_required
from accounts.sealing import seal, unseal
from alerts.formats.registry import FORMATS
from alerts.forms import IntegrationForm
from alerts.models import Event, Integration
from alerts.queries import (
    MOST_COUNTED,
    EventOutcome,
    hours_of,
    inlet_states,
    newest_events,
)
from alerts.services import (
    change_integration,
    create_integration,
    disable_integration,
    enable_integration,
    rotate_key,
    send_test_event,
)
from core.http import absolute_url

BLANK_KEY = "<the key>"


@require_safe
def index(request: SignedInRequest) -> HttpResponse:
    found = list(Integration.objects.select_related("team"))
    states = inlet_states([one.pk for one in found], at=timezone.now())
    rows = [{"integration": one, "state": states[one.pk]} for one in found]
    return render(request, "alerts/integrations.html", {"rows": rows})


@require_http_methods(["GET", "HEAD", "POST"])
@responder_required
def create(request: SignedInRequest) -> HttpResponse:
    wanted = request.GET.get("format", "generic")
    initial = {"format": wanted if wanted in FORMATS else "generic"}
    form = IntegrationForm(request.POST or None, initial=initial)
    if form.is_valid():
        made, key = create_integration(
            **form.cleaned_data, by=request.user, at=timezone.now()
        )
        _keep_for_showing(request, made, key)
        return redirect(made)
    return _form_page(request, form, None)


@require_http_methods(["GET", "HEAD", "POST"])
@responder_required
def edit(request: SignedInRequest, pk: int) -> HttpResponse:
    integration = get_object_or_404(Integration, pk=pk)
    initial = {name: getattr(integration, name) for name in IntegrationForm.base_fields}
    form = IntegrationForm(request.POST or None, initial=initial)
    if form.is_valid():
        change_integration(
            integration, **form.cleaned_data, by=request.user, at=timezone.now()
        )
        messages.success(request, "Saved.")
        return redirect(integration)
    return _form_page(request, form, integration)


def _form_page(
    request: SignedInRequest, form: IntegrationForm, integration: Integration | None
) -> HttpResponse:
    context = {"form": form, "integration": integration}
    status = 400 if form.is_bound else 200
    return render(request, "alerts/edit.html", context, status=status)


@never_cache
@require_safe
def detail(request: SignedInRequest, pk: int) -> HttpResponse:
    at, integration = timezone.now(), _find(pk)
    context = {
        "at": at,
        **_state(integration),
        **_tail(request, integration),
        "sending": _sending(integration, _key_to_show(request, integration)),
    }
    return render(request, "alerts/integration.html", context)


@require_safe
def state(request: SignedInRequest, pk: int) -> HttpResponse:
    """The live part that says how the inlet does."""
    return render(request, "alerts/_state.html", _state(_find(pk)))


@require_safe
def tail(request: SignedInRequest, pk: int) -> HttpResponse:
    """The live part with the newest events."""
    return render(request, "alerts/_events.html", _tail(request, _find(pk)))


@require_POST
@responder_required
def send_test(request: SignedInRequest, pk: int) -> HttpResponse:
    send_test_event(_find(pk), by=request.user, at=timezone.now())
    if request.htmx:
        return HttpResponse(status=204)  # the event shows itself
    return redirect("alerts:integration", pk)


@require_POST
@responder_required
def rotate(request: SignedInRequest, pk: int) -> HttpResponse:
    integration = _find(pk)
    key = rotate_key(integration, by=request.user, at=timezone.now())
    _keep_for_showing(request, integration, key)
    return redirect(integration)


@require_POST
@responder_required
def disable(request: SignedInRequest, pk: int) -> HttpResponse:
    integration = _find(pk)
    disable_integration(integration, by=request.user, at=timezone.now())
    undo = reverse("alerts:enable", args=[pk])
    text = f"{integration} takes nothing more. What it sent is kept."
    messages.success(request, text, extra_tags=f"undo={undo}")
    return redirect(integration)


@require_POST
@responder_required
def enable(request: SignedInRequest, pk: int) -> HttpResponse:
    integration = _find(pk)
    enable_integration(integration, by=request.user, at=timezone.now())
    messages.success(request, f"{integration} takes events again.")
    return redirect(integration)


def _find(pk: int) -> Integration:
    related = Integration.objects.select_related(
        "team", "escalation_policy", "created_by"
    )
    return get_object_or_404(related, pk=pk)


def _state(integration: Integration) -> dict[str, object]:
    at = timezone.now()
    states = inlet_states([integration.pk], at=at, most=MOST_COUNTED)
    return {
        "integration": integration,
        "state": states[integration.pk],
        "hours": hours_of(integration, at=at),
    }


def _tail(request: SignedInRequest, integration: Integration) -> dict[str, object]:
    """The events that `?show=problems` and `?before=<event>` ask for."""
    only_problems = request.GET.get("show") == "problems"
    before = _event_before(integration, request.GET.get("before", ""))
    found: list[EventOutcome] = newest_events(
        integration, only_problems=only_problems, before=before
    )
    return {
        "integration": integration,
        "outcomes": found,
        "only_problems": only_problems,
        "is_older": before is not None,
    }


def _event_before(integration: Integration, asked: str) -> Event | None:
    if not asked:
        return None
    if not asked.isdecimal() or len(asked) > 18:
        raise Http404
    return get_object_or_404(integration.events.defer("body"), pk=int(asked))


@dataclass(frozen=True, slots=True)
class Sending:
    """How to send to an integration; `key` only right after it was made."""

    key: str
    url: str
    snippet: str


def _sending(integration: Integration, key: str) -> Sending:
    shown = key or BLANK_KEY
    url = absolute_url(f"/in/{shown}")
    return Sending(key, url, FORMATS[integration.format].snippet(url, shown))


def _keep_for_showing(
    request: SignedInRequest, integration: Integration, key: str
) -> None:
    """Carry a new key over the redirect, sealed, so that loading the page again
    neither shows it again nor makes another."""
    request.session[f"new_key_{integration.pk}"] = seal(key)


def _key_to_show(request: SignedInRequest, integration: Integration) -> str:
    sealed = request.session.pop(f"new_key_{integration.pk}", "")
    try:
        return unseal(sealed) if sealed else ""
    except InvalidToken:  # SECRET_KEY has changed meanwhile
        return ""
