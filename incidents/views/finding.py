"""Search over everything a person may see, and the numbers of the frame."""

from typing import Any

from django.db.models import Q
from django.http import HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_safe

from accounts.http import SignedInRequest
from accounts.models import User
from catalog.models import Asset
from core.text import one_line
from incidents.models import Incident
from incidents.queries import IncidentFilter, needs_you_count, open_count
from incidents.signals import FoundThing, search_results

MOST_OF_A_KIND = 12


@require_safe
def search(request: SignedInRequest) -> HttpResponse:
    """Incidents, assets, people and postmortems. `#128` leads straight there."""
    q = one_line(request.GET.get("q", ""), 200)
    number = q.removeprefix("#")
    if q.startswith("#") and number.isdecimal() and len(number) < 19:
        visible = Incident.objects.visible_to(request.user)
        if (incident := visible.filter(pk=int(number)).first()) is not None:
            return redirect(incident)
    groups: dict[str, list[FoundThing]] = {}
    for thing in _found(request.user, q) if q else []:
        groups.setdefault(thing.kind, []).append(thing)
    context = {"q": q, "groups": groups, "most": MOST_OF_A_KIND}
    return render(request, "incidents/search.html", context)


@require_safe
def counts(request: SignedInRequest) -> JsonResponse:
    """What stands beside Incidents and Home, for pages that are open already."""
    numbers = {
        "open_incidents": open_count(request.user),
        "needs_you": needs_you_count(request.user),
    }
    return JsonResponse(numbers)


def _found(user: User, q: str) -> list[FoundThing]:
    visible = Incident.objects.visible_to(user)
    found = [
        FoundThing(
            "Incidents",
            str(incident),
            incident.get_absolute_url(),
            incident.get_status_display(),
        )
        for incident in IncidentFilter(q=q).apply(visible, user=user)[:MOST_OF_A_KIND]
    ]
    found += [
        FoundThing("Assets", asset.name, asset.get_absolute_url(), asset.namespace)
        for asset in Asset.objects.matching(q)[:MOST_OF_A_KIND]
    ]
    people = User.objects.filter(Q(name__icontains=q) | Q(email__icontains=q))
    found += [
        FoundThing("People", str(person), "", person.email)
        for person in people.filter(is_active=True)[:MOST_OF_A_KIND]
    ]
    answers: list[tuple[Any, Any]] = search_results.send(Incident, user=user, q=q)
    for _, answer in answers:
        found += answer or []
    return found
