"""Paging somebody by hand, and how that page stands."""

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
from oncall.forms.policy import PageForm
from oncall.models import Escalation
from oncall.services import acknowledge_escalation, ladder, stop_escalation
from oncall.services.paging import SUBJECT_PREFIX, address_of, page_by_hand
from oncall.services.targets import find_targets_and_policies


@require_http_methods(["GET", "HEAD", "POST"])
@responder_required
def create(request: SignedInRequest) -> HttpResponse:
    form = PageForm(request.POST or None)
    if not form.is_valid():
        status = 400 if form.is_bound else 200
        return render(request, "oncall/page_new.html", {"form": form}, status=status)
    values = form.cleaned_data
    values["to"] = find_targets_and_policies(values["to"], field="to")
    escalation = page_by_hand(**values, by=request.user, at=timezone.now())
    messages.success(request, "The page is on its way.")
    return redirect(address_of(escalation.subject))


@require_safe
def page(request: SignedInRequest, key: str) -> HttpResponse:
    found = _found(key)
    at = timezone.now()
    context = {
        "escalation": found,
        "at": at,
        "key": key,
        "ladder": ladder(subject=found.subject, at=at),
        "is_open": found.state
        in (Escalation.State.RUNNING, Escalation.State.EXHAUSTED),
    }
    return render(request, "oncall/page.html", context)


@require_POST
@responder_required
def acknowledge(request: SignedInRequest, key: str) -> HttpResponse:
    subject = _found(key).subject
    acknowledge_escalation(subject=subject, by=request.user, at=timezone.now())
    return redirect(address_of(subject))


@require_POST
@responder_required
def stop(request: SignedInRequest, key: str) -> HttpResponse:
    subject = _found(key).subject
    stop_escalation(subject=subject, at=timezone.now())
    return redirect(address_of(subject))


def _found(key: str) -> Escalation:
    pages = Escalation.objects.select_related("acknowledged_by")
    return get_object_or_404(pages, subject=f"{SUBJECT_PREFIX}{key}")
