"""What a new installation lacks before alerts find their cause and their person."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Exists
from django.urls import reverse

from accounts.models import User
from alerts.models import Event
from catalog.models import Edge
from oncall.models import EscalationPolicy, Schedule

STEPS = (
    (
        "Connect a tool",
        "Its first failure opens an incident here.",
        "alerts:integrations",
    ),
    (
        "Bring in your lineage",
        "It leads from what failed to the cause, and to who is affected.",
        "catalog:list",
    ),
    (
        "Say who is on call",
        "A schedule knows whose turn it is.",
        "oncall:overview",
    ),
    (
        "Say whom an alert pages",
        "An escalation policy pages the one on call, then the next. Until there is "
        "one, every page goes to admins.",
        "oncall:policies",
    ),
)


@dataclass(frozen=True, slots=True)
class FirstStep:
    """One thing to set up: the act in words, what it is good for, and where."""

    word: str
    why: str
    url: str
    is_done: bool


def first_steps(user: User) -> list[FirstStep]:
    """The steps in their order, for admins; none once all of them are done. One
    query."""
    if not user.is_admin:
        return []
    [done] = User.objects.filter(pk=user.pk).values_list(
        Exists(Event.objects.all()),
        Exists(Edge.objects.all()),
        Exists(Schedule.objects.all()),
        Exists(EscalationPolicy.objects.all()),
    )
    steps = [
        FirstStep(word, why, reverse(url), is_done)
        for (word, why, url), is_done in zip(STEPS, done, strict=True)
    ]
    return [] if all(done) else steps
