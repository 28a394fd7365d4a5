"""Whether the data is put right, and the question before an incident is resolved."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_safe

from accounts.http import SignedInRequest
from incidents.models import Incident
from incidents.repairs import question, tables_of
from incidents.views.detail import visible_incident

View = Callable[..., HttpResponse]


@require_safe
def repairs(request: SignedInRequest, pk: int) -> HttpResponse:
    incident = visible_incident(request, pk)
    tables = tables_of(incident)
    left = [table.asset.pk for table in tables if not table.is_good]
    context = {
        "incident": incident,
        "tables": tables,
        "question": question(tables),
        "left": "&".join(f"asset={pk}" for pk in left),
    }
    return render(request, "incidents/repairs.html", context)


def ask_first(resolve: View) -> View:
    """Let an act that resolves ask before, while tables are not repaired.

    Whoever has seen the question sends `anyway`. With JavaScript the browser is led to
    the question too.
    """

    def view(request: SignedInRequest, pk: int) -> HttpResponse:
        is_end = request.POST.get("status", "resolved") == Incident.Status.RESOLVED
        if request.method != "POST" or "anyway" in request.POST or not is_end:
            return resolve(request, pk)
        if not request.user.can_respond:
            return resolve(request, pk)
        incident = visible_incident(request, pk)
        if not incident.is_open or not question(tables_of(incident)):
            return resolve(request, pk)
        url = reverse("incidents:repairs", args=[pk])
        if request.htmx:
            return HttpResponse(status=204, headers={"HX-Redirect": url})
        return redirect(url)

    return view
