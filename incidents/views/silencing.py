"""From an incident to a silence of alerts like its own."""

from __future__ import annotations

from urllib.parse import urlencode

from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.http import require_safe

from accounts.http import SignedInRequest, responder_required
from incidents.views.detail import visible_incident

MOST_ASSETS = 20


@require_safe
@responder_required
def silence(request: SignedInRequest, pk: int) -> HttpResponse:
    """Open the form of a silence, filled in with the failing assets, or with the
    first alert where none is known."""
    incident = visible_incident(request, pk)
    failing = incident.failing_assets.values_list("asset", flat=True)[:MOST_ASSETS]
    asked = [("asset", asset) for asset in failing]
    if not asked:
        members = incident.members.values_list("alert", flat=True)
        asked = [("alert", alert) for alert in members[:1]]
    return redirect(f"{reverse('alerts:new_silence')}?{urlencode(asked)}")
