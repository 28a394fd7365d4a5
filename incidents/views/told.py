"""The signed link of a message: what somebody is told of, and the end of it.

Looking never stops anything, as mail scanners look; a button does. Works without
signing in, since who holds the link has received the message, and shows no more than
the message said.
"""

from __future__ import annotations

from django.contrib.auth.decorators import login_not_required
from django.core import signing
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from incidents.models import Stakeholder
from incidents.services import resume_telling, stop_telling
from incidents.services.letters import TOLD_SALT
from incidents.services.preferences import preference_of
from incidents.services.stakeholders import names_of


# The token is the proof that a CSRF token would be: it is in no other site's hands.
@csrf_exempt
@login_not_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def told(request: HttpRequest, token: str) -> HttpResponse:
    try:
        email, incident_id = signing.loads(token, salt=TOLD_SALT)
    except (signing.BadSignature, ValueError, TypeError):
        return render(request, "incidents/told_unknown.html", status=404)
    if request.method == "POST":
        _do(request.POST.get("act", ""), email, incident_id)
        return redirect("incidents:told", token)
    return _show(request, email, incident_id)


def _do(act: str, email: str, incident_id: int | None) -> None:
    if act == "all":
        stop_telling(email=email, incident_id=None, at=timezone.now())
    elif act == "incident" and incident_id is not None:
        stop_telling(email=email, incident_id=incident_id, at=timezone.now())
    elif act == "resume":
        resume_telling(email=email, incident_id=incident_id)


def _show(request: HttpRequest, email: str, incident_id: int | None) -> HttpResponse:
    rows = Stakeholder.objects.select_related("incident").filter(email=email)
    # A private incident is told to nobody, whatever was told before.
    row = rows.filter(incident=incident_id, incident__private=False).first()
    context = {
        "email": email,
        "row": row,
        "incident": row.incident if row else None,
        "assets": list(names_of([row]).values()) if row else [],
        "is_stopped": preference_of(email).stopped_at is not None,
    }
    return render(request, "incidents/told.html", context)
