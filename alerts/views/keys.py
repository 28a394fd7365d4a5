"""An integration's key, its signature, and whether it takes anything."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from accounts.http import SignedInRequest, responder_required
from alerts.key_forms import RotateForm, SignatureForm
from alerts.services import (
    delete_integration,
    disable_integration,
    enable_integration,
    end_previous_key,
    losses_of,
    rotate_key,
    send_test_event,
    set_signature,
)
from alerts.services.integrations import NO_OVERLAP
from alerts.views.showing import find_integration, keep_for_showing


@require_POST
@responder_required
def send_test(request: SignedInRequest, pk: int) -> HttpResponse:
    send_test_event(find_integration(pk), by=request.user, at=timezone.now())
    if request.htmx:
        return HttpResponse(status=204)  # the event shows itself
    return redirect("alerts:integration", pk)


@require_POST
@responder_required
def rotate(request: SignedInRequest, pk: int) -> HttpResponse:
    integration, form = find_integration(pk), RotateForm(request.POST)
    overlap = form.cleaned_data["overlap"] if form.is_valid() else NO_OVERLAP
    key = rotate_key(integration, by=request.user, at=timezone.now(), overlap=overlap)
    keep_for_showing(request, integration, key)
    return redirect(integration)


@require_POST
@responder_required
def end_old_key(request: SignedInRequest, pk: int) -> HttpResponse:
    integration = find_integration(pk)
    end_previous_key(integration, by=request.user, at=timezone.now())
    messages.success(request, "The old key has stopped working.")
    return redirect(integration)


@require_http_methods(["GET", "HEAD", "POST"])
@responder_required
def signature(request: SignedInRequest, pk: int) -> HttpResponse:
    """Whether what comes must be signed, and how."""
    integration = find_integration(pk)
    form = SignatureForm(request.POST or None, integration=integration)
    if form.is_valid():
        told = form.cleaned_data
        set_signature(integration, **told, by=request.user, at=timezone.now())
        messages.success(request, "Saved.")
        return redirect(integration)
    context = {"integration": integration, "form": form}
    status = 400 if form.is_bound else 200
    return render(request, "alerts/signature.html", context, status=status)


@require_POST
@responder_required
def disable(request: SignedInRequest, pk: int) -> HttpResponse:
    integration = find_integration(pk)
    disable_integration(integration, by=request.user, at=timezone.now())
    undo = reverse("alerts:enable", args=[pk])
    text = f"{integration} takes nothing more. What it sent is kept."
    messages.success(request, text, extra_tags=f"undo={undo}")
    return redirect(integration)


@require_POST
@responder_required
def enable(request: SignedInRequest, pk: int) -> HttpResponse:
    integration = find_integration(pk)
    enable_integration(integration, by=request.user, at=timezone.now())
    messages.success(request, f"{integration} takes events again.")
    return redirect(integration)


@require_http_methods(["GET", "HEAD", "POST"])
@responder_required
def delete(request: SignedInRequest, pk: int) -> HttpResponse:
    """Say what would be lost; lose it when its name is typed."""
    integration = find_integration(pk)
    typed = request.POST.get("name", "").strip()
    if request.method == "POST" and typed == integration.name.strip():
        delete_integration(integration, by=request.user, at=timezone.now())
        messages.success(request, f"{integration} is deleted. Its alerts are kept.")
        return redirect("alerts:integrations")
    context = {
        "integration": integration,
        "losses": losses_of(integration),
        "typed": typed,
    }
    status = 400 if request.method == "POST" else 200
    return render(request, "alerts/delete.html", context, status=status)
