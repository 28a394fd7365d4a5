"""Making, changing and deleting escalation policies.

A running escalation carries the steps it began with, so none of this changes it.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import ManyToOneRel

from accounts.models import Team, User
from accounts.services import record_audit
from core.errors import DomainError, InvalidInputError, StaleVersionError
from core.live import publish
from oncall.conditions import When
from oncall.models import (
    Escalation,
    EscalationPolicy,
    EscalationStep,
    StepTarget,
)
from oncall.services.ladder import freeze
from oncall.services.targets import Target, columns_of

MOST_STEPS = 20
MOST_REPEATS = 20
LEAST_DELAY = timedelta(seconds=1)
MOST_DELAY = timedelta(days=7)
LEAST_LAPSE = timedelta(minutes=2)
MOST_NAMED = 5


@dataclass(frozen=True, slots=True)
class StepValues:
    """Page all `targets`, then wait `delay` for somebody to answer; only `when`."""

    delay: timedelta
    targets: Sequence[Target]
    when: When = field(default_factory=When)


@dataclass(frozen=True, slots=True)
class PolicyValues:
    """`repeats`: how often the whole ladder is walked again. `is_default`: for alerts
    of `team` that name no policy; without a team, for all that are left. `when` and
    `lapses_after` are as those of `EscalationPolicy`."""

    name: str
    steps: Sequence[StepValues]
    team: Team | None = None
    repeats: int = 2
    is_default: bool = False
    when: When = field(default_factory=When)
    lapses_after: timedelta | None = None

    def check(self) -> None:
        """Raise InvalidInputError with all that is wrong."""
        errors: dict[str, list[str]] = {}
        if not 0 < len(self.steps) <= MOST_STEPS:
            errors["steps"] = [f"Wanted are 1 to {MOST_STEPS} steps."]
        if not 0 <= self.repeats <= MOST_REPEATS:
            errors["repeats"] = [f"Wanted is a whole number from 0 to {MOST_REPEATS}."]
        if self.lapses_after and not LEAST_LAPSE <= self.lapses_after <= MOST_DELAY:
            errors["lapses_after"] = ["Wanted is 2 minutes to 7 days, or 0 for never."]
        for index, step in enumerate(self.steps):
            if not LEAST_DELAY <= step.delay <= MOST_DELAY:
                errors[f"steps[{index}].delay"] = ["Wanted is 1 second to 7 days."]
            if not step.targets:
                errors[f"steps[{index}].targets"] = ["Say whom this step pages."]
        if errors:
            raise InvalidInputError(errors)


@transaction.atomic
def create_policy(*, values: PolicyValues, by: User, at: datetime) -> EscalationPolicy:
    """Make a policy. As a default it takes the place of the one before.

    Raises InvalidInputError by field, and DomainError when the name is taken.
    """
    values.check()
    policy = EscalationPolicy(version=1)
    changes = _write(policy, values)
    record_audit(
        actor=by, action="policy.created", target=policy, changes=changes, at=at
    )
    return policy


@transaction.atomic
def change_policy(
    *,
    policy_id: int,
    values: PolicyValues,
    version: int | None,
    by: User,
    at: datetime,
) -> EscalationPolicy:
    """Put `values` in the place of what was; the version counts up.

    Raises EscalationPolicy.DoesNotExist, StaleVersionError when `version` is not the
    stored one, and as `create_policy` does.
    """
    values.check()
    policy = EscalationPolicy.objects.select_for_update().get(pk=policy_id)
    if version is not None and version != policy.version:
        raise StaleVersionError(
            "Somebody changed this policy since you opened it.", current=policy.version
        )
    policy.version += 1
    changes = _write(policy, values)
    record_audit(
        actor=by, action="policy.changed", target=policy, changes=changes, at=at
    )
    return policy


@transaction.atomic
def delete_policy(*, policy_id: int, by: User, at: datetime) -> None:
    """Delete a policy nothing names. What it is paging about goes on to its end.

    Raises EscalationPolicy.DoesNotExist, and DomainError saying what names it.
    """
    policy = EscalationPolicy.objects.select_for_update().get(pk=policy_id)
    used_by = uses_of(policy)
    if used_by:
        raise DomainError(
            f"{policy} is used by {', '.join(used_by)}. Choose another policy there "
            "first."
        )
    changes = {"steps": [_for_audit(policy), None]}
    record_audit(
        actor=by, action="policy.deleted", target=policy, changes=changes, at=at
    )
    policy.delete()
    publish("oncall")


def uses_of(policy: EscalationPolicy) -> list[str]:
    """What would be paged otherwise without `policy`, in words: "integration Airflow".

    Found by their foreign keys, because the apps that have them stand above this one.
    """
    uses = []
    for relation in EscalationPolicy._meta.get_fields(include_hidden=True):
        if not isinstance(relation, ManyToOneRel):
            continue
        model: Any = relation.related_model
        if model in (EscalationStep, Escalation):
            continue
        rows = model._default_manager.filter(**{relation.field.name: policy})
        kind = model._meta.verbose_name
        uses += [f"{kind} {row}" for row in rows[:MOST_NAMED]]
        if (more := rows.count() - MOST_NAMED) > 0:
            uses.append(f"{more} more")
    return uses


def _write(policy: EscalationPolicy, values: PolicyValues) -> dict[str, Any]:
    before = _for_audit(policy) if policy.pk else None
    if values.is_default:
        EscalationPolicy.objects.filter(is_default=True, team=values.team).exclude(
            pk=policy.pk
        ).update(is_default=False)
    policy.name, policy.team = values.name, values.team
    policy.repeats, policy.is_default = values.repeats, values.is_default
    policy.when, policy.lapses_after = dict(values.when), values.lapses_after
    try:
        with transaction.atomic():
            policy.save()
    except IntegrityError as error:
        raise DomainError(f"There is already a policy named {values.name}.") from error
    _write_steps(policy, values.steps)
    publish("oncall")
    return {
        "steps": [before, _for_audit(policy)],
        "is_default": values.is_default,
        "repeats": values.repeats,
        "when": values.when,
    }


def _for_audit(policy: EscalationPolicy) -> list[Any]:
    """The steps without the addresses of channels, which may hold secrets."""
    steps: list[Any] = [dict(step) for step in freeze(policy)]
    for step in steps:
        step["targets"] = [
            {name: value for name, value in target.items() if name != "address"}
            for target in step["targets"]
        ]
    return steps


def _write_steps(policy: EscalationPolicy, steps: Sequence[StepValues]) -> None:
    policy.steps.all().delete()
    rows = EscalationStep.objects.bulk_create(
        EscalationStep(
            policy=policy, position=position, delay=step.delay, when=step.when
        )
        for position, step in enumerate(steps)
    )
    StepTarget.objects.bulk_create(
        _target_row(row, target)
        for row, step in zip(rows, steps, strict=True)
        for target in step.targets
    )


def _target_row(step: EscalationStep, target: Target) -> StepTarget:
    return StepTarget(step=step, **columns_of(target))
