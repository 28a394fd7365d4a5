"""What people do to an incident with one press. Each act calls one service."""

from contextlib import suppress

from django.contrib import messages
from django.db.models import Q
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.views.decorators.http import require_POST

from accounts.http import SignedInRequest, responder_required
from accounts.models import User
from alerts.models import Severity
from catalog.models import Asset
from catalog.naming import assets_called, not_one
from core.errors import DomainError, InvalidTransitionError
from core.text import one_line
from incidents import services
from incidents.forms import JudgeForm, StatusForm
from incidents.models import (
    FOLLOWS,
    CauseVerdict,
    Incident,
    Regrouping,
    RoleAssignment,
    TimelineEntry,
)
from incidents.views.acting import Done, act, by
from incidents.views.repairing import ask_first

Status = Incident.Status
MOST_CHOSEN = 100


@act
def acknowledge(request: SignedInRequest, incident: Incident) -> Done:
    services.acknowledge_incident(**by(request, incident))
    return Done("Acknowledged. Nobody else is paged.")


@require_POST
@responder_required
def acknowledge_many(request: SignedInRequest) -> HttpResponse:
    """Acknowledge the incidents chosen in the list, and go back to it. What may not be
    seen, or has been answered or ended meanwhile, is passed over."""
    chosen = [v for v in request.POST.getlist("incidents") if v.isdecimal()]
    ids = [int(value) for value in chosen[:MOST_CHOSEN] if len(value) < 19]
    waiting = Incident.objects.visible_to(request.user).filter(
        pk__in=ids, status=Status.TRIGGERED
    )
    done = 0
    for incident in waiting.order_by("pk"):
        with suppress(InvalidTransitionError):
            services.acknowledge_incident(**by(request, incident))
            done += 1
    words = "1 incident is" if done == 1 else f"{done} incidents are"
    messages.success(request, f"{words} acknowledged.")
    query = one_line(request.POST.get("back", ""), 1_000)
    return redirect(f"{reverse('incidents:list')}?{query}")


@ask_first
@act
def status(request: SignedInRequest, incident: Incident) -> Done:
    form = StatusForm(request.POST)
    if not form.is_valid():
        raise Http404
    chosen = form.cleaned_data["status"]
    before = incident.status
    services.change_status(**by(request, incident), status=chosen)
    if chosen == Status.RESOLVED:
        return _resolved(incident)
    can_go_back = before in FOLLOWS[chosen]
    undo = undo_url(incident, "status", before) if can_go_back else ""
    return Done(f"Status is {Status(chosen).label.lower()}.", undo)


@ask_first
@act
def resolve(request: SignedInRequest, incident: Incident) -> Done:
    services.resolve_incident(**by(request, incident))
    return _resolved(incident)


def _resolved(incident: Incident) -> Done:
    return Done("Resolved.", reverse("incidents:reopen", args=[incident.pk]))


@act
def reopen(request: SignedInRequest, incident: Incident) -> Done:
    services.reopen_incident(**by(request, incident))
    return Done("Reopened.")


@act
def escalate(request: SignedInRequest, incident: Incident) -> Done:
    services.escalate_incident(**by(request, incident))
    return Done("The next step is paged.")


@act
def switch(request: SignedInRequest, incident: Incident) -> Done:
    services.switch_to_changed_policy(**by(request, incident))
    return Done("Paged by the policy as it is now.")


@act
def still_on_it(request: SignedInRequest, incident: Incident) -> Done:
    services.still_on_it(**by(request, incident))
    return Done("Noted: you are still on it.")


@act
def pin(request: SignedInRequest, incident: Incident, entry: int) -> Done:
    """Pin an entry, or let go of it: its own undo."""
    found = get_object_or_404(TimelineEntry, pk=entry, incident=incident)
    pinned = not found.pinned
    services.pin_entry(**by(request, incident), entry_id=entry, pinned=pinned)
    again = reverse("incidents:pin", args=[incident.pk, entry])
    return Done("Pinned to the top." if pinned else "No longer pinned.", again)


@act
def judge(request: SignedInRequest, incident: Incident, asset: int) -> Done:
    suspect = get_object_or_404(Asset, pk=asset)
    form = JudgeForm(request.POST)
    if not form.is_valid():
        raise Http404
    verdict = form.cleaned_data["verdict"]
    services.judge_cause(**by(request, incident), asset=suspect, verdict=verdict)
    is_it = verdict == CauseVerdict.Verdict.CONFIRMED
    text = f"{suspect} is {'' if is_it else 'not '}the cause."
    return Done(text, undo_url(incident, "verdict", suspect.pk))


@act
def undo(request: SignedInRequest, incident: Incident, what: str, value: str) -> Done:
    """Put one thing back to `value`, as an act of its own."""
    if what == "severity" and value in Severity.values:
        services.change_severity(**by(request, incident), severity=value)
        return Done(f"Severity is {value} again.")
    if what == "status" and value in Status.values and value != Status.RESOLVED:
        services.change_status(**by(request, incident), status=value)
        return Done(f"Status is {Status(value).label.lower()} again.")
    if what == "verdict" and value.isdecimal() and len(value) < 19:
        suspect = get_object_or_404(Asset, pk=int(value))
        services.withdraw_verdict(**by(request, incident), asset=suspect)
        return Done(f"{suspect} is a suspect like any other again.")
    if what == "recurrence":
        return _link_recurrence(request, incident, value)
    if what == "regrouping" and value.isdecimal() and len(value) < 19:
        return _undo_regrouping(request, incident, int(value))
    role, _, person = value.rpartition("-")
    if what in ("hold", "drop") and role in RoleAssignment.Role.values:
        return _undo_role(request, incident, what, role, person)
    raise Http404


def _link_recurrence(request: SignedInRequest, incident: Incident, value: str) -> Done:
    """`value` is the earlier incident's number, or "none"."""
    before = incident.recurs_from_id
    earlier = None
    if value != "none":
        known = value.isdecimal() and len(value) < 19
        visible = Incident.objects.visible_to(request.user)
        earlier = get_object_or_404(visible, pk=int(value) if known else 0)
    services.link_recurrence(**by(request, incident), recurs_from=earlier)
    if earlier is not None:
        return Done(f"It is a recurrence of #{earlier.number}.")
    undo = undo_url(incident, "recurrence", before) if before else ""
    return Done("It is a problem of its own.", undo)


def _undo_regrouping(request: SignedInRequest, incident: Incident, pk: int) -> Done:
    visible = Incident.objects.visible_to(request.user)
    known = Regrouping.objects.filter(source__in=visible, target__in=visible)
    found = get_object_or_404(
        known.filter(Q(source=incident) | Q(target=incident)), pk=pk
    )
    at = by(request, incident)["at"]
    services.undo_regrouping(regrouping_id=found.pk, by=request.user, at=at)
    return Done("The alerts are where they were, and stay there.")


@act
def choose_cause(request: SignedInRequest, incident: Incident) -> Done:
    """Confirm an asset that was named, whether it was suggested or not."""
    name = one_line(request.POST.get("asset_name", ""), 1_500)
    found = assets_called(name) if name else []
    if len(found) != 1:
        problem = not_one(name, found) if name else "Name an asset."
        raise DomainError(problem)
    confirmed = CauseVerdict.Verdict.CONFIRMED
    services.judge_cause(**by(request, incident), asset=found[0], verdict=confirmed)
    return Done(f"{found[0]} is the cause.", undo_url(incident, "verdict", found[0].pk))


def _undo_role(
    request: SignedInRequest, incident: Incident, what: str, role: str, person: str
) -> Done:
    known = person.isdecimal() and len(person) < 19
    user = get_object_or_404(User, pk=int(person) if known else 0)
    give = services.assign_role if what == "hold" else services.remove_role
    give(**by(request, incident), role=role, user=user)
    return Done("The roles are as they were.")


def undo_url(incident: Incident, what: str, value: str | int) -> str:
    return reverse("incidents:undo", args=[incident.pk, what, value])
