"""A running escalation keeps the policy it began with, until somebody switches."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from core.hints import RUN_ENGINE, wake
from oncall.models import Escalation, EscalationPolicy, Page
from oncall.services.choosing import lapses_after
from oncall.services.ladder import FrozenStep, freeze
from oncall.services.reach import Reachable
from oncall.services.turns import Turns
from oncall.services.walking import last_place, locked, take_due_steps
from oncall.urgency import EVERY_SEVERITY


@dataclass(frozen=True, slots=True)
class PolicyChange:
    """A policy that is no longer as a running escalation has it. `step`, counted from
    1, is where the escalation goes on when it is switched."""

    policy: EscalationPolicy
    before: int
    after: int
    step: int


def policy_change(
    escalation: Escalation,
) -> tuple[PolicyChange | None, list[FrozenStep]]:
    """What has changed since a running escalation began, None if nothing that matters
    to it; and the steps as they are now. No query where nothing was saved, if its
    policy was read with it."""
    policy = escalation.policy
    if policy is None or policy.version == escalation.policy_version:
        return None, []
    steps = freeze(policy)
    if steps == escalation.steps and policy.repeats == escalation.repeats:
        return None, []
    place = same_rung(escalation.steps, steps, last_place(escalation)[1])
    before, after = escalation.policy_version, policy.version
    return PolicyChange(policy, before, after, place + 1), steps


@transaction.atomic
def switch_policy(*, subject: str, at: datetime) -> PolicyChange | None:
    """Go on with the policy as it is now, from the rung where the escalation stands.

    That rung is taken again: who was paged on it is not paged twice, who is new on it
    is paged now, and the wait begins anew. None when there is nothing to switch.
    """
    found = locked().running().filter(subject=subject).first()
    change, steps = policy_change(found) if found else (None, [])
    if found is None or change is None:
        return None
    lap, step = last_place(found)
    paged = Page.objects.filter(escalation=found, lap=lap, step=step)
    reach = Reachable(at=at, turns=Turns(is_keeper=True))
    found.steps, found.repeats = steps, change.policy.repeats
    found.policy_name, found.policy_version = change.policy.name, change.after
    found.lapses_after = lapses_after(change.policy)
    if EVERY_SEVERITY not in found.urgencies:
        found.urgencies = reach.urgencies_of(change.policy)
    found.lap, found.step = min(lap, found.repeats), change.step - 1
    found.next_step_at = at
    found.save(
        update_fields=[
            "steps", "repeats", "policy_name", "policy_version", "lapses_after",
            "urgencies", "lap", "step", "next_step_at",
        ]
    )  # fmt: skip
    but_not = set(paged.values_list("user_id", flat=True))
    take_due_steps([found], reach=reach, but_not=but_not)
    wake(RUN_ENGINE)
    return change


def same_rung(
    before: Sequence[FrozenStep], after: Sequence[FrozenStep], place: int
) -> int:
    """Where the step at `place` of the old ladder is on the new one: the step that
    pages the same, the one of the same number, or the last."""
    targets = before[place]["targets"]
    for number, step in enumerate(after):
        if step["targets"] == targets:
            return number
    return min(place, len(after) - 1)
