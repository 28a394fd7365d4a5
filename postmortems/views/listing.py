"""The list of postmortems, and drafting one."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlencode

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from accounts.http import SignedInRequest, responder_required
from incidents.models import Incident
from postmortems import queries
from postmortems.forms import ListForm
from postmortems.models import Postmortem
from postmortems.services import draft_postmortem

PAGE_SIZE = 50


@dataclass(frozen=True, slots=True)
class Tab:
    word: str
    query: str
    count: int
    is_on: bool


@require_http_methods(["GET", "HEAD", "POST"])
def index(request: SignedInRequest) -> HttpResponse:
    """The list; a POST drafts one."""
    return create(request) if request.method == "POST" else shown(request)


def shown(request: SignedInRequest) -> HttpResponse:
    form = ListForm(request.GET)
    form.is_valid()
    status = form.cleaned_data.get("status", "")
    q = form.cleaned_data.get("q", "")
    found = queries.with_open_items(queries.postmortems_visible_to(request.user))
    if status:
        found = found.filter(status=status)
    if q:
        found = found.matching(q)
    page = Paginator(found.for_list().defer("body"), PAGE_SIZE).get_page(
        request.GET.get("page")
    )
    counts = queries.status_counts(request.user)
    context = {
        "page_obj": page,
        "tabs": _tabs(counts, status, q),
        "q": q,
        "status": status,
        "is_narrowed": bool(status or q),
        "without": queries.without_postmortem(request.user, at=timezone.now()),
        "may_act": request.user.can_respond,
    }
    return render(request, "postmortems/list.html", context)


@responder_required
def create(request: SignedInRequest) -> HttpResponse:
    """Draft the postmortem of an incident; where there is one, lead to it."""
    visible = Incident.objects.visible_to(request.user)
    asked = request.POST.get("incident", "")
    pk = int(asked) if asked.isdecimal() and len(asked) < 19 else 0
    incident = get_object_or_404(visible, pk=pk)
    postmortem, is_new = draft_postmortem(
        incident_id=incident.pk, by=request.user, at=timezone.now()
    )
    if is_new:
        messages.success(
            request,
            "Drafted from what was recorded. Read it, then answer what it asks.",
        )
    else:
        messages.info(request, "This incident has a postmortem already: here it is.")
    return redirect(postmortem)


def _tabs(counts: dict[str, int], status: str, q: str) -> list[Tab]:
    kept = {"q": q} if q else {}
    tabs = [Tab("All", urlencode(kept), sum(counts.values()), not status)]
    for value, word in Postmortem.Status.choices:
        query = urlencode({**kept, "status": value})
        tabs.append(Tab(word, query, counts.get(value, 0), status == value))
    return tabs
