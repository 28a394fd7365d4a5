"""Escalation policies: what they would do, and editing them."""

from collections.abc import Sequence

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from accounts.http import SignedInRequest, responder_required
from core.errors import DomainError, StaleVersionError
from oncall.conditions import fits
from oncall.forms.policy import PolicyEditor, SimulateForm
from oncall.forms.rows import saves, version_in
from oncall.models import EscalationPolicy
from oncall.queries import Reached, foreseen
from oncall.services.choosing import lapses_after
from oncall.services.policies import (
    change_policy,
    create_policy,
    delete_policy,
    uses_of,
)
from oncall.services.reach import Reachable

POLICIES_PER_PAGE = 50


@require_safe
def policies(request: SignedInRequest) -> HttpResponse:
    found = EscalationPolicy.objects.select_related("team").prefetch_related(
        "steps__targets__user", "steps__targets__schedule", "steps__targets__team"
    )
    page = Paginator(found, POLICIES_PER_PAGE).get_page(request.GET.get("page"))
    return render(request, "oncall/policies.html", {"page": page})


@require_safe
def policy(request: SignedInRequest, pk: int) -> HttpResponse:
    found = get_object_or_404(EscalationPolicy.objects.select_related("team"), pk=pk)
    form = SimulateForm(request.GET or None)
    chosen = form.cleaned_data if form.is_valid() else {}
    at = chosen.get("at") or timezone.now()
    severity, labels = chosen.get("severity") or "SEV2", chosen.get("labels") or {}
    rungs = foreseen(found, at=at, severity=severity, labels=labels)
    steps = found.steps.prefetch_related(
        "targets__user", "targets__schedule", "targets__team"
    )
    context = {
        "policy": found,
        "steps": steps,
        "form": form,
        "is_chosen": bool(request.GET),
        "applies": fits(found.when, severity=severity, at=at, labels=labels),
        "ladder": rungs,
        "is_cut": is_cut(found, rungs),
        "fallback": Reachable(at=at).fallback()[1],
        "lapses_after": lapses_after(found),
        "used_by": uses_of(found),
    }
    return render(request, "oncall/policy.html", context)


def is_cut(policy: EscalationPolicy, rungs: Sequence[Reached]) -> bool:
    """Whether the ladder goes on after what is foreseen of it."""
    last = (policy.repeats + 1, max(1, policy.steps.count()))
    return bool(rungs) and (rungs[-1].rung.lap, rungs[-1].rung.step) < last


@require_http_methods(["GET", "HEAD", "POST"])
@responder_required
def create(request: SignedInRequest) -> HttpResponse:
    if request.method != "POST":
        return _editor_page(request, PolicyEditor.new(), None)
    editor = PolicyEditor.sent(request.POST)
    if not saves(request.POST) or not editor.is_valid():
        return _editor_page(request, editor, None)
    at = timezone.now()
    try:
        made = create_policy(values=editor.values(), by=request.user, at=at)
    except DomainError as error:
        editor.head.add_error("name", str(error))
        return _editor_page(request, editor, None)
    return redirect(made)


@require_http_methods(["GET", "HEAD", "POST"])
@responder_required
def edit(request: SignedInRequest, pk: int) -> HttpResponse:
    found = get_object_or_404(EscalationPolicy, pk=pk)
    if request.method != "POST":
        return _editor_page(request, PolicyEditor.of(found), found)
    editor = PolicyEditor.sent(request.POST)
    if not saves(request.POST) or not editor.is_valid():
        return _editor_page(request, editor, found)
    try:
        changed = change_policy(
            policy_id=pk,
            values=editor.values(),
            version=version_in(request.POST),
            by=request.user,
            at=timezone.now(),
        )
    except StaleVersionError:
        raise
    except DomainError as error:
        editor.head.add_error("name", str(error))
        return _editor_page(request, editor, found)
    messages.success(request, "Saved. What is being paged now goes on as it began.")
    return redirect(changed)


@require_http_methods(["GET", "HEAD", "POST"])
@responder_required
def delete(request: SignedInRequest, pk: int) -> HttpResponse:
    found = get_object_or_404(EscalationPolicy, pk=pk)
    if request.method == "POST":
        delete_policy(policy_id=pk, by=request.user, at=timezone.now())
        messages.success(request, f"{found} is deleted.")
        return redirect("oncall:policies")
    context = {"thing": found, "what": "policy", "used_by": uses_of(found)}
    return render(request, "oncall/delete.html", context)


def _editor_page(
    request: SignedInRequest, editor: PolicyEditor, found: EscalationPolicy | None
) -> HttpResponse:
    is_refused = request.method == "POST" and saves(request.POST)
    context = {
        "editor": editor,
        "policy": found,
        "version": version_in(request.POST) or (found.version if found else None),
    }
    status = 400 if is_refused else 200
    return render(request, "oncall/policy_edit.html", context, status=status)
