"""Action items: on a page of their own, and the acts on each."""

from __future__ import annotations

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import (
    require_http_methods,
    require_POST,
    require_safe,
)

from accounts.http import SignedInRequest, responder_required
from postmortems import queries, services
from postmortems.forms import ActionItemForm
from postmortems.models import ActionItem
from postmortems.views.reading import reading_context, visible

PAGE_SIZE = 100


@require_safe
def actions(request: SignedInRequest) -> HttpResponse:
    """All open ones this person may see, their own first. One query."""
    found = queries.open_action_items(request.user)
    today = timezone.localdate()
    groups = [
        ("Yours", found.mine),
        ("Everybody else's", [one for one in found.others if one.owner_id]),
        ("Without an owner", [one for one in found.others if not one.owner_id]),
    ]
    every = [(heading, item) for heading, items in groups for item in items]
    page = Paginator(every, PAGE_SIZE).get_page(request.GET.get("page"))
    context = {
        "page_obj": page,
        "groups": [
            (heading, len(items), [one for word, one in page if word == heading])
            for heading, items in groups
        ],
        "count": len(every),
        "overdue": sum(item.is_overdue(today=today) for _, item in every),
        "today": today,
        "may_act": request.user.can_respond,
    }
    return render(request, "postmortems/actions.html", context)


@require_POST
@responder_required
def add_action(request: SignedInRequest, pk: int) -> HttpResponse:
    """Add one to a postmortem. A form with errors comes back as it was typed."""
    postmortem = visible(request, pk)
    form = ActionItemForm(request.POST, incident=postmortem.incident)
    if not form.is_valid():
        context = {**reading_context(request, postmortem), "new_item": form}
        return render(request, "postmortems/detail.html", context, status=422)
    services.add_action_item(
        incident=postmortem.incident,
        by=request.user,
        at=timezone.now(),
        **form.cleaned_data,
    )
    messages.success(request, "Action item added.")
    return HttpResponseRedirect(f"{postmortem.get_absolute_url()}#action-items")


@require_http_methods(["GET", "HEAD", "POST"])
def action(request: SignedInRequest, pk: int) -> HttpResponse:
    """One of them; a POST changes it."""
    return change(request, pk) if request.method == "POST" else shown(request, pk)


def shown(request: SignedInRequest, pk: int) -> HttpResponse:
    item = _visible(request, pk)
    values = {
        "title": item.title,
        "owner": item.owner,
        "due_on": item.due_on,
        "kind": item.kind,
        "priority": item.priority,
    }
    form = ActionItemForm(initial=values, incident=item.incident)
    return _page(request, item, form)


@responder_required
def change(request: SignedInRequest, pk: int) -> HttpResponse:
    item = _visible(request, pk)
    form = ActionItemForm(request.POST, incident=item.incident)
    if not form.is_valid():
        return _page(request, item, form, status=422)
    services.change_action_item(
        item_id=pk, by=request.user, at=timezone.now(), **form.cleaned_data
    )
    messages.success(request, "Saved.")
    return redirect(item.postmortem or "postmortems:actions")


@require_POST
@responder_required
def done(request: SignedInRequest, pk: int) -> HttpResponse:
    item = _visible(request, pk)
    services.finish_action_item(item_id=pk, by=request.user, at=timezone.now())
    undo = reverse("postmortems:action_reopen", args=[pk])
    messages.success(request, f"Done: {item.title}", extra_tags=f"undo={undo}")
    return _back(request)


@require_POST
@responder_required
def reopen(request: SignedInRequest, pk: int) -> HttpResponse:
    item = _visible(request, pk)
    services.reopen_action_item(item_id=pk, by=request.user, at=timezone.now())
    messages.success(request, f"Open again: {item.title}")
    return _back(request)


def _visible(request: SignedInRequest, pk: int) -> ActionItem:
    shown = ActionItem.objects.visible_to(request.user)
    rows = shown.select_related("owner", "incident__team", "postmortem")
    return get_object_or_404(rows, pk=pk)


def _page(
    request: SignedInRequest, item: ActionItem, form: ActionItemForm, status: int = 200
) -> HttpResponse:
    context = {
        "item": item,
        "form": form,
        "is_overdue": item.is_overdue(today=timezone.localdate()),
        "may_act": request.user.can_respond,
    }
    return render(request, "postmortems/action.html", context, status=status)


def _back(request: SignedInRequest) -> HttpResponse:
    """To the page the button was on, if it is one of ours."""
    came_from = request.headers.get("Referer", "")
    is_ours = url_has_allowed_host_and_scheme(
        came_from, {request.get_host()}, require_https=request.is_secure()
    )
    return HttpResponseRedirect(
        came_from if is_ours else reverse("postmortems:actions")
    )
