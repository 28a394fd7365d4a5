"""What teams hold of being on call, and how it goes to another team."""

from typing import Any

from django.db.models import F
from django.urls import reverse

from accounts.models import Team
from accounts.signals import Holding
from core.live import publish
from oncall.models import EscalationPolicy, Schedule, StepTarget


def tell_holdings(*, team: Team, **_: Any) -> list[Holding]:
    """Its schedules and policies, and the steps of any policy that page it."""
    schedules = Schedule.objects.filter(team=team)
    policies = EscalationPolicy.objects.filter(team=team)
    targets = StepTarget.objects.filter(team=team)

    def move_schedules(target: int) -> None:
        schedules.update(team=target)
        publish("oncall")

    def move_policies(target: int) -> None:
        # A team has one default policy, and keeps its own.
        if policies.model.objects.filter(team=target, is_default=True).exists():
            policies.update(is_default=False)
        policies.update(team=target)
        publish("oncall")

    def move_targets(target: int) -> None:
        # Who is being paged stays; running escalations can be switched to the change.
        changed = EscalationPolicy.objects.filter(steps__targets__in=targets)
        ids = list(changed.values_list("pk", flat=True))
        targets.update(team=target)
        EscalationPolicy.objects.filter(pk__in=ids).update(version=F("version") + 1)
        publish("oncall")

    overview, all_policies = reverse("oncall:overview"), reverse("oncall:policies")
    return [
        Holding("schedule", "schedules", schedules.count(), overview, move_schedules),
        Holding(
            "escalation policy",
            "escalation policies",
            policies.count(),
            all_policies,
            move_policies,
        ),
        Holding(
            "escalation step that pages it",
            "escalation steps that page it",
            targets.count(),
            all_policies,
            move_targets,
        ),
    ]
