"""Inlets: everybody sees them, responders make and change them."""

from __future__ import annotations

from dataclasses import dataclass

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from accounts.http import SignedInRequest, responder_required
from alerts.formats.registry import FORMATS
from alerts.forms import IntegrationForm
from alerts.key_forms import RotateForm
from alerts.models import Event, Integration
from alerts.queries import (
    MOST_COUNTED,
    EventOutcome,
    Reason,
    hours_of,
    inlet_states,
    last_refused,
    newest_events,
)
from alerts.services import change_integration, create_integration
from alerts.views.mapping import events_to_try, tried_on_last
from alerts.views.showing import find_integration, keep_for_showing, key_to_show
from core.http import absolute_url

BLANK_KEY = "<the key>"
PAGE_SIZE = 50
HEARTBEATS_SHOWN = 5


@require_safe
def index(request: SignedInRequest) -> HttpResponse:
    kept = Integration.objects.kept().select_related("team")
    page = Paginator(kept, PAGE_SIZE).get_page(request.GET.get("page"))
    states = inlet_states([one.pk for one in page], at=timezone.now())
    rows = [{"integration": one, "state": states[one.pk]} for one in page]
    context = {"rows": rows, "page_obj": page, "formats": FORMATS.items()}
    return render(request, "alerts/integrations.html", context)


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
        keep_for_showing(request, made, key)
        return redirect(made)
    return _form_page(request, form, None)


@require_http_methods(["GET", "HEAD", "POST"])
@responder_required
def edit(request: SignedInRequest, pk: int) -> HttpResponse:
    integration = get_object_or_404(Integration.objects.kept(), pk=pk)
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
    at, integration = timezone.now(), find_integration(pk, or_deleted=True)
    if integration.deleted_at is not None:
        return render(request, "alerts/deleted.html", {"integration": integration})
    context = {
        "at": at,
        **_state(integration),
        **_tail(request, integration),
        "sending": _sending(integration, key_to_show(request, integration)),
        "rotate_form": RotateForm(),
        "refused_unsigned": last_refused(integration, Reason.UNSIGNED),
        "heartbeats": integration.heartbeats.all()[:HEARTBEATS_SHOWN],
        "heartbeat_count": integration.heartbeats.count(),
        **_mapping(request, integration),
    }
    return render(request, "alerts/integration.html", context)


@require_safe
def state(request: SignedInRequest, pk: int) -> HttpResponse:
    """The live part that says how the inlet does."""
    return render(request, "alerts/_state.html", _state(find_integration(pk)))


@require_safe
def tail(request: SignedInRequest, pk: int) -> HttpResponse:
    """The live part with the newest events, and those a mapping may be tried on."""
    integration = find_integration(pk)
    context = _tail(request, integration)
    if _may_map(request, integration):
        context["events"] = events_to_try(integration)
    return render(request, "alerts/_events.html", context)


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


def _may_map(request: SignedInRequest, integration: Integration) -> bool:
    return integration.format == "generic" and request.user.can_respond


def _mapping(request: SignedInRequest, integration: Integration) -> dict[str, object]:
    """How it reads JSON of an unknown shape, open where that is of interest."""
    if not _may_map(request, integration):
        return {}
    asked = request.GET.get("event", "")
    found = tried_on_last(integration, asked)
    event = found["event"]
    is_unread = isinstance(event, Event) and bool(event.problem)
    return {**found, "maps": bool(asked or integration.mapping or is_unread)}


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
