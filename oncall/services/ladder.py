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
    TeamPaging,
)
from oncall.services.targets import FrozenTarget, Who, frozen, target_of

FALLBACK_NAME = "Every admin"
FALLBACK_DELAY = timedelta(minutes=5)


class FrozenStep(TypedDict):
    """`when` is not in the steps that always count."""

    when: NotRequired[When]
    delay_seconds: int
    targets: list[FrozenTarget]


def rooms_of(step: FrozenStep) -> list[FrozenTarget]:
    """The channels a step tells."""
    return [target for target in step["targets"] if target["kind"] == "channel"]


def tells_only_rooms(step: FrozenStep) -> bool:
    return bool(step["targets"]) and len(rooms_of(step)) == len(step["targets"])


def turns_in(steps: Iterable[FrozenStep]) -> set[int]:
    """The schedules of which somebody is paged in turn."""
    targets = [target for step in steps for target in step["targets"]]
    return {one["id"] for one in targets if one.get("who") == Who.TURNS}


def policy_for_team(team: Team | None) -> EscalationPolicy | None:
    """The team's default policy, else the install's, else None."""
    defaults = EscalationPolicy.objects.filter(is_default=True)
    own = defaults.filter(team=team).first() if team else None
    return own or defaults.filter(team=None).first()


def freeze(policy: EscalationPolicy | None) -> list[FrozenStep]:
    """The policy's steps as plain values. Without a policy, or with an empty one, the
    ladder that always reaches someone: the fallback, else every active admin."""
    steps: Iterable[EscalationStep] = (
        policy.steps.prefetch_related(
            "targets__user", "targets__schedule", "targets__team"
        )
        if policy
        else ()
    )
    return [_freeze_step(step) for step in steps] or [fallback_step() or admins_step()]


def _freeze_step(step: EscalationStep) -> FrozenStep:
    plain = FrozenStep(
        delay_seconds=int(step.delay.total_seconds()),
        targets=[frozen(target_of(row)) for row in step.targets.all()],
    )
    if step.when:
        plain["when"] = step.when
    return plain


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
