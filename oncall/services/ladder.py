"""Freezing a policy: its steps as plain values, as they were at that moment."""

from collections.abc import Iterable
from datetime import timedelta
from typing import NotRequired, TypedDict

from django.conf import settings

from accounts.models import Team
from oncall.conditions import When
from oncall.models import (
    SEVERITIES,
    EscalationPolicy,
    EscalationStep,
    Fallback,
    StepTarget,
    TeamPaging,
)

FALLBACK_NAME = "Every admin"
FALLBACK_DELAY = timedelta(minutes=5)


class FrozenTarget(TypedDict):
    """`kind` is user, schedule, team or admins; `id` is 0 for admins."""

    kind: str
    id: int
    label: str


class FrozenStep(TypedDict):
    """`when` is not in the steps that always count."""

    when: NotRequired[When]
    delay_seconds: int
    targets: list[FrozenTarget]


def policy_for_team(team: Team | None) -> EscalationPolicy | None:
    """The team's default policy, else the install's, else None."""
    defaults = EscalationPolicy.objects.filter(is_default=True)
    own = defaults.filter(team=team).first() if team else None
    return own or defaults.filter(team=None).first()


def freeze(policy: EscalationPolicy | None) -> list[FrozenStep]:
    """The policy's steps as plain values. Without a policy, or with an empty one, the
    ladder that always reaches someone: every active admin."""
    steps: Iterable[EscalationStep] = (
        policy.steps.prefetch_related(
            "targets__user", "targets__schedule", "targets__team"
        )
        if policy
        else ()
    )
    return [_freeze_step(step) for step in steps] or [admins_step()]


def _freeze_step(step: EscalationStep) -> FrozenStep:
    frozen = FrozenStep(
        delay_seconds=int(step.delay.total_seconds()),
        targets=[_freeze_target(target) for target in step.targets.all()],
    )
    if step.when:
        frozen["when"] = step.when
    return frozen


def urgencies_of(policy: EscalationPolicy | None) -> dict[str, str]:
    """{severity: urgency} to the policy's team, which the whole installation's fills
    up. One query if there is a team."""
    usual = dict(zip(SEVERITIES, settings.PAGE_URGENCY, strict=True))
    if policy is None or policy.team_id is None:
        return usual
    own = TeamPaging.objects.filter(team=policy.team_id).first()
    return usual | (own.urgencies if own else {})


def admins_step() -> FrozenStep:
    everyone = FrozenTarget(kind="admins", id=0, label=FALLBACK_NAME)
    return FrozenStep(
        delay_seconds=int(FALLBACK_DELAY.total_seconds()), targets=[everyone]
    )


def fallback_step() -> FrozenStep | None:
    """What an admin has set for policies that are exhausted. One query."""
    row = Fallback.objects.first()
    if row is None:
        return None
    return FrozenStep(
        delay_seconds=int(FALLBACK_DELAY.total_seconds()), targets=row.targets
    )


def _freeze_target(target: StepTarget) -> FrozenTarget:
    kind = "user" if target.user else "schedule" if target.schedule else "team"
    subject = target.user or target.schedule or target.team
    assert subject is not None  # a check constraint sees to it
    return FrozenTarget(kind=kind, id=subject.pk, label=str(subject))
