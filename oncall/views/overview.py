"""Who is on call now, until when, and who comes after."""

from dataclasses import dataclass
from datetime import timedelta

from django.conf import settings
from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from accounts.http import SignedInRequest
from accounts.models import User
from oncall.models import EscalationPolicy
from oncall.queries import Standing, people, standings
from oncall.services.feeds import personal_shifts
from oncall.services.reachability import working_methods

NEXT_SHIFT_WITHIN = timedelta(days=62)


@dataclass(frozen=True, slots=True)
class Line:
    """One schedule in the list. `next_users` is empty where nobody follows."""

    standing: Standing
    users: list[User]
    next_users: list[User]
    is_mine: bool


@require_safe
def overview(request: SignedInRequest) -> HttpResponse:
    at = timezone.now()
    found = standings(at=at)
    known = people(key for one in found for key in one.user_ids + one.next_ids)
    lines = [
        Line(
            standing=one,
            users=[known[key] for key in one.user_ids if key in known],
            next_users=[known[key] for key in one.next_ids if key in known],
            is_mine=str(request.user.pk) in one.user_ids,
        )
        for one in found
    ]
    mine = personal_shifts(request.user, start=at, end=at + NEXT_SHIFT_WITHIN)
    methods = working_methods().filter(user=request.user)
    context = {
        "at": at,
        "lines": lines,
        "shifts": mine[:3],
        "has_method": methods.exists(),
        "policies": EscalationPolicy.objects.select_related("team"),
        "keeps_mail": not settings.EMAIL_URL,
    }
    return render(request, "oncall/overview.html", context)
