"""A running escalation keeps the policy it began with, until somebody switches.

Then it goes on where it stands: nobody of the new ladder is skipped, and nobody who was
paged in this lap is paged again before their step comes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Q

from core.hints import RUN_ENGINE, wake
from oncall.models import Escalation, EscalationPolicy, Notice, Page
from oncall.services.choosing import lapses_after
from oncall.services.ladder import FrozenStep, freeze, turns_in
from oncall.services.reach import Reachable
from oncall.services.turns import Turns
from oncall.services.walking import (
    Walk,
    go_on,
    last_place,
    locked,
    save_walks,
    take_step,
)
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
    lap, step = last_place(escalation)
    if steps == escalation.steps and max(policy.repeats, lap) == escalation.repeats:
        return None, []
    place = same_rung(escalation.steps, steps, step)
    before, after = escalation.policy_version, policy.version
    return PolicyChange(policy, before, after, place + 1), steps


@transaction.atomic
def switch_policy(*, subject: str, at: datetime) -> PolicyChange | None:
    """Go on with the policy as it is now, from the rung where the escalation stands.

    Whoever is on it or above it and was not paged in this lap is paged now; the wait
    begins anew. None when there is nothing to switch.
    """
    found = locked().running().filter(subject=subject).first()
    change, steps = policy_change(found) if found else (None, [])
    if found is None or change is None:
        return None
    lap, step = last_place(found)
    before, place = found.steps[: step + 1], change.step - 1
    told = _Told.of(found, lap=lap, step=step)
    reach = Reachable(at=at, turns=Turns(is_keeper=True))
    _exchange(found, change, steps, reach=reach)
    found.repeats = max(change.policy.repeats, lap)  # this lap is ended at least
    if told.is_below(place):  # those steps come again, so this is a lap of its own
        found.repeats, lap = found.repeats + 1, lap + 1
    found.save(
        update_fields=[
            "steps", "repeats", "policy_name", "policy_version", "lapses_after",
            "urgencies",
        ]
    )  # fmt: skip
    walk = _catch_up(found, before, lap=lap, place=place, told=told, reach=reach)
    walk.notices = [one for one in walk.notices if told.is_new_room(one)]
    save_walks([walk], reach=reach, but_not=told.users)
    wake(RUN_ENGINE)
    return change


def _exchange(
    escalation: Escalation,
    change: PolicyChange,
    steps: list[FrozenStep],
    *,
    reach: Reachable,
) -> None:
    escalation.steps = steps
    escalation.policy_name = change.policy.name
    escalation.policy_version = change.after
    escalation.lapses_after = lapses_after(change.policy)
    if EVERY_SEVERITY not in escalation.urgencies:
        escalation.urgencies = reach.urgencies_of(change.policy)


@dataclass(frozen=True, slots=True)
class _Told:
    """Who was told in a lap, and when the wait on its last step began."""

    users: frozenset[int]
    rooms: frozenset[tuple[str, str]]
    lowest: int
    waits_from: datetime | None

    @classmethod
    def of(cls, escalation: Escalation, *, lap: int, step: int) -> _Told:
        this_lap = Q(escalation=escalation, lap=lap)
        pages = list(Page.objects.filter(this_lap))
        notices = list(Notice.objects.filter(this_lap))
        here = [page for page in pages if page.step == step]
        held = [page.held_until for page in here if page.is_held and page.held_until]
        return cls(
            users=frozenset(page.user_id for page in pages),
            rooms=frozenset((one.channel, one.address) for one in notices),
            lowest=max(
                [page.step for page in pages] + [one.step for one in notices],
                default=-1,
            ),
            waits_from=min(held) if held and len(held) == len(here) else None,
        )

    def is_below(self, place: int) -> bool:
        """Whether anybody was told on a step after `place`."""
        return self.lowest > place

    def is_new_room(self, notice: Notice) -> bool:
        return (notice.channel, notice.address) not in self.rooms


def _catch_up(
    escalation: Escalation,
    before: Sequence[FrozenStep],
    *,
    lap: int,
    place: int,
    told: _Told,
    reach: Reachable,
) -> Walk:
    """Take the steps down to `place`, but for those that are `before` already."""
    walk, taken = Walk(escalation), [_whom(step) for step in before]
    reach.turns.hold(turns_in(escalation.steps[: place + 1]))
    for number, step in enumerate(escalation.steps[: place + 1]):
        escalation.lap, escalation.step = lap, number
        if _whom(step) not in taken:
            take_step(walk, reach=reach)
            continue
        wait = timedelta(seconds=step["delay_seconds"])
        escalation.next_step_at = max(reach.at, told.waits_from or reach.at) + wait
        go_on(escalation)
    return walk


def same_rung(
    before: Sequence[FrozenStep], after: Sequence[FrozenStep], place: int
) -> int:
    """Where the step at `place` of the old ladder is on the new one: the nearest that
    pages the same, the one of the same number, or the last."""
    targets = _targets(before[place])
    same = [n for n, step in enumerate(after) if _targets(step) == targets]
    if same:
        return min(same, key=lambda number: abs(number - place))
    return min(place, len(after) - 1)


def _whom(step: FrozenStep) -> tuple[object, ...]:
    """Whom it pages on which conditions."""
    return _targets(step), step.get("when")


def _targets(step: FrozenStep) -> list[dict[str, Any]]:
    """Without what they are called, which may change."""
    return [
        {key: value for key, value in target.items() if key != "label"}
        for target in step["targets"]
    ]
