"""A postmortem as it is read, its steps, and its export."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from accounts.http import SignedInRequest, responder_required
from core.errors import InvalidInputError
from incidents.models import RoleAssignment
from postmortems import services
from postmortems.exporting import export_response
from postmortems.forms import ActionItemForm, StepForm
from postmortems.models import ActionItem, Postmortem
from postmortems.outline import missing
from postmortems.rendering import render_article

Status = Postmortem.Status


@dataclass(frozen=True, slots=True)
class NextStep:
    """The one thing to do next, and what it means, said before it is done; `left`
    is what becomes of questions that nobody answered."""

    name: str
    word: str
    meaning: str
    left: str = ""


NEXT = {
    Status.DRAFT: NextStep(
        "submit", "Submit for review", "Asks other responders to read it."
    ),
    Status.IN_REVIEW: NextStep(
        "approve", "Approve", "Says that version {version} is right and complete."
    ),
    Status.APPROVED: NextStep(
        "publish",
        "Publish",
        "Shows it as final to everybody who may see the incident.",
        " They are not shown.",
    ),
}


class Step(Protocol):
    def __call__(
        self, *, postmortem_id: int, by: Any, at: Any, note: str
    ) -> Postmortem: ...


def visible(request: SignedInRequest, pk: int) -> Postmortem:
    """The postmortem, or 404 where it is absent or not for this person."""
    shown = Postmortem.objects.visible_to(request.user).select_related(
        "incident__team", "created_by"
    )
    return get_object_or_404(shown, pk=pk)


@require_safe
def detail(request: SignedInRequest, pk: int) -> HttpResponse:
    """The article, its facts, its action items and how it came about. Eight queries
    besides the frame's, whatever the number of versions and items."""
    postmortem = visible(request, pk)
    context = {
        "new_item": ActionItemForm(incident=postmortem.incident),
        **reading_context(request, postmortem),
    }
    return render(request, "postmortems/detail.html", context)


def reading_context(request: SignedInRequest, postmortem: Postmortem) -> dict[str, Any]:
    incident = postmortem.incident
    items = list(items_of(postmortem))
    step = NEXT.get(Status(postmortem.status))
    unanswered = len(missing(postmortem.body).questions)
    commander = incident.roles.filter(role=RoleAssignment.Role.COMMANDER)
    return {
        "postmortem": postmortem,
        "incident": incident,
        "article": render_article(postmortem, items),
        "items": items,
        "open_items": sum(not item.is_done for item in items),
        "today": timezone.localdate(),
        "steps": postmortem.steps.select_related("by"),
        "commander": commander.select_related("user").first(),
        "next_step": step,
        "unanswered": unanswered,
        "meaning": _meaning(step, postmortem, unanswered) if step else "",
        "may_act": request.user.can_respond,
    }


def _meaning(step: NextStep, postmortem: Postmortem, unanswered: int) -> str:
    left = f" Questions left in the text: {unanswered}.{step.left}"
    meaning = step.meaning.format(version=postmortem.version)
    return f"{meaning}{left if unanswered else ''}"


def items_of(postmortem: Postmortem) -> Any:
    """All action items of its incident, open ones first."""
    items = ActionItem.objects.filter(incident=postmortem.incident_id).for_list()
    return sorted(items, key=lambda item: item.is_done)


@require_safe
def export(request: SignedInRequest, pk: int) -> HttpResponse:
    """`?as=md` or `?as=html`, as a file."""
    postmortem = visible(request, pk)
    return export_response(postmortem, request.GET.get("as", "md"))


def _step(request: SignedInRequest, pk: int, step: Step, said: str) -> HttpResponse:
    postmortem = visible(request, pk)
    form = StepForm(request.POST)
    if not form.is_valid():
        raise InvalidInputError({"note": ["Must be at most 2,000 characters."]})
    step(
        postmortem_id=postmortem.pk,
        by=request.user,
        at=timezone.now(),
        note=form.cleaned_data["note"],
    )
    messages.success(request, said)
    return redirect(postmortem)


@require_POST
@responder_required
def submit(request: SignedInRequest, pk: int) -> HttpResponse:
    return _step(request, pk, services.submit_postmortem, "Submitted for review.")


@require_POST
@responder_required
def approve(request: SignedInRequest, pk: int) -> HttpResponse:
    return _step(request, pk, services.approve_postmortem, "Approved.")


@require_POST
@responder_required
def publish(request: SignedInRequest, pk: int) -> HttpResponse:
    return _step(request, pk, services.publish_postmortem, "Published.")


@require_POST
@responder_required
def send_back(request: SignedInRequest, pk: int) -> HttpResponse:
    return _step(request, pk, services.return_postmortem, "Returned to draft.")
