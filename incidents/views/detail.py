"""The page of one incident, in parts that fetch themselves when something changes."""

from datetime import datetime
from typing import Any

from django import forms
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.views.decorators.http import require_safe

from accounts.http import SignedInRequest
from catalog.look import choices_of
from catalog.models import KnownIssue
from catalog.services.known_issues import known_issues_of
from incidents.forms import NoteForm, UpdateForm
from incidents.models import Incident
from incidents.queries import failing_of
from incidents.views.parts import ALWAYS, PARTS, TABS, IncidentParts


@require_safe
def detail(request: SignedInRequest, pk: int) -> HttpResponse:
    """The whole page. `?tab=` chooses the record shown: timeline, alerts, updates."""
    return detail_page(request, visible_incident(request, pk))


def detail_page(
    request: SignedInRequest,
    incident: Incident,
    *,
    status: int = 200,
    tab: str = "",
    **refused: forms.Form,
) -> HttpResponse:
    """The page; `refused` are forms on it (note_form, update_form, split_form) as they
    were sent, with what is wrong in them."""
    tab = tab or request.GET.get("tab", "")
    tab = tab if tab in TABS else "timeline"
    at = timezone.now()
    parts = IncidentParts(incident, user=request.user, at=at, asked=request.GET)
    context: dict[str, Any] = {
        **parts.context(*ALWAYS, tab),
        "tab": tab,
        "known_issues": _known_issues(incident, at=at),
        "update_count": incident.updates.count(),
        "note_form": NoteForm(),
        "update_form": UpdateForm(incident=incident),
        **refused,
    }
    if tab == "updates":
        emails = incident.stakeholders.waiting().values_list("email", flat=True)
        context["stakeholders"] = list(emails)
    return render(request, "incidents/detail.html", context, status=status)


def _known_issues(incident: Incident, *, at: datetime) -> list[KnownIssue]:
    """What is known of the assets it is about."""
    ids = {one.asset_id for one in failing_of(incident)}
    if incident.suspected_asset_id is not None:
        ids.add(incident.suspected_asset_id)
    return known_issues_of(ids, at=at)


@require_safe
def part(request: SignedInRequest, pk: int, name: str) -> HttpResponse:
    """One part of the page by itself, for the browser to swap in."""
    if name not in PARTS:
        raise Http404
    incident = visible_incident(request, pk)
    at = timezone.now()
    parts = IncidentParts(incident, user=request.user, at=at, asked=request.GET)
    return render(request, f"incidents/_{name}.html", parts.context(name))


@require_safe
def picture(request: SignedInRequest, pk: int) -> HttpResponse:
    """The picture on a page of its own, larger, with the same as a list below."""
    incident = visible_incident(request, pk)
    at = timezone.now()
    asked = {**request.GET.dict(), "large": "1"}
    parts = IncidentParts(incident, user=request.user, at=at, asked=asked)
    context = parts.context("picture", "affected")
    context["choices"] = choices_of(request.GET)
    context["failing"] = failing_of(incident)
    return render(request, "incidents/picture.html", context)


def visible_incident(request: SignedInRequest, pk: int) -> Incident:
    """The incident as its page needs it. What may not be seen looks absent (404)."""
    visible = Incident.objects.visible_to(request.user).for_list()
    return get_object_or_404(visible, pk=pk)
