"""How an integration reads JSON of an unknown shape, tried on what came."""

from __future__ import annotations

from django.contrib import messages
from django.db.models import QuerySet
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from accounts.http import SignedInRequest, responder_required
from alerts.bodies import show_body
from alerts.mapping_form import MappingForm
from alerts.mappings.trying import MOST_TRIED, Trial, try_mapping
from alerts.models import Event, Integration
from alerts.queries import start_of_body
from alerts.services import set_mapping
from alerts.views.showing import find_integration
from core.errors import InvalidInputError

EVENTS_OFFERED = 8
MASKED = "/in/…"


@require_http_methods(["GET", "HEAD", "POST"])
@responder_required
def edit(request: SignedInRequest, pk: int) -> HttpResponse:
    """The page by itself, to which mistakes lead; it is a part of the integration's."""
    integration = _mappable(pk)
    if request.method != "POST":
        context = tried_on_last(integration, request.GET.get("event", ""))
        return render(request, "alerts/mapping.html", context)
    form = MappingForm(request.POST)
    if _save(request, integration, form):
        messages.success(request, "Saved. What comes now is read by the mapping.")
        return redirect(integration)
    return _page(request, integration, form, status=400)


@require_POST
@responder_required
def attempt(request: SignedInRequest, pk: int) -> HttpResponse:
    """What the form's mapping makes of its body; nothing is kept."""
    integration, form = _mappable(pk), MappingForm(request.POST)
    if request.htmx:
        context = {"trial": _trial(form), "integration": integration}
        return render(request, "alerts/_trial.html", context)
    return _page(request, integration, form)


@require_POST
@responder_required
def remove(request: SignedInRequest, pk: int) -> HttpResponse:
    integration = _mappable(pk)
    set_mapping(integration, None, by=request.user, at=timezone.now())
    messages.success(request, "It reads Generic JSON again.")
    return redirect(integration)


def _mappable(pk: int) -> Integration:
    integration = find_integration(pk)
    if integration.format != "generic":
        raise Http404
    return integration


def _save(
    request: SignedInRequest, integration: Integration, form: MappingForm
) -> bool:
    if not form.is_valid():
        return False
    try:
        mapping = form.mapping()
        set_mapping(integration, mapping, by=request.user, at=timezone.now())
    except InvalidInputError as error:
        form.add_errors(error)
        return False
    return True


def tried_on_last(integration: Integration, asked: str) -> dict[str, object]:
    """What `_mapping.html` needs: the mapping tried on the last body that came, or on
    that of the event `asked` for. Raises Http404."""
    event = _event(integration, asked)
    form = MappingForm.of(integration.mapping, body=_body(event))
    return {**_tried(integration, form), "event": event}


def events_to_try(integration: Integration) -> QuerySet[Event]:
    """The last few messages a mapping can be tried on."""
    return _sent(integration).order_by("-received_at", "-pk")[:EVENTS_OFFERED]


def _page(
    request: SignedInRequest,
    integration: Integration,
    form: MappingForm,
    *,
    status: int = 200,
) -> HttpResponse:
    context = _tried(integration, form)
    return render(request, "alerts/mapping.html", context, status=status)


def _tried(integration: Integration, form: MappingForm) -> dict[str, object]:
    return {
        "integration": integration,
        "form": form,
        "events": events_to_try(integration),
        "trial": _trial(form),
    }


def _trial(form: MappingForm) -> Trial | None:
    """None when there is nothing to try it on."""
    told = form if form.is_bound else MappingForm(form.initial)
    if not told.is_valid():
        return Trial(problems={k: [str(e) for e in v] for k, v in told.errors.items()})
    body = told.cleaned_data["body"]
    if not body.strip():
        return None
    try:
        return try_mapping(told.mapping(), body, at=timezone.now())
    except InvalidInputError as error:
        return Trial(problems=error.errors)


def _sent(integration: Integration) -> QuerySet[Event]:
    """What a mapping would read: neither test events nor what heartbeats told."""
    return integration.events.filter(path=MASKED).defer("body")


def _event(integration: Integration, asked: str) -> Event | None:
    """The event asked for, else the last one."""
    events = _sent(integration)
    if not asked:
        return events.order_by("-received_at", "-pk").first()
    if not asked.isdecimal() or len(asked) > 18:
        raise Http404
    return get_object_or_404(events, pk=int(asked))


def _body(event: Event | None) -> str:
    if event is None:
        return ""
    start = start_of_body(event, most=MOST_TRIED + 1)
    return show_body(start, size=len(start)).text
