"""Ladders to walk down: policies of steps, and paging by them."""

from datetime import datetime, timedelta

from accounts.models import User
from oncall.models import (
    ContactMethod,
    Escalation,
    EscalationPolicy,
)
from oncall.services import (
    start_escalation,
)
from tests.factories import NOON, make_policy, make_user

MINUTE = timedelta(minutes=1)


def add_step(policy: EscalationPolicy, *, minutes: int = 5, **target: object) -> None:
    step = policy.steps.create(
        position=policy.steps.count(), delay=timedelta(minutes=minutes)
    )
    step.targets.create(**target)


def make_method(user: User, **values: object) -> ContactMethod:
    defaults = {"kind": "email", "address": user.email, "verified_at": NOON}
    return user.contact_methods.create(**{**defaults, **values})


def start(
    policy: EscalationPolicy | None,
    *,
    at: datetime = NOON,
    subject: str = "incident:1",
) -> Escalation:
    return start_escalation(
        subject=subject,
        title="orders_raw arrived empty",
        body="",
        url="https://hw.example.com/incidents/1/",
        severity="SEV2",
        policy=policy,
        at=at,
    )


def paged(escalation: Escalation) -> list[tuple[int, int, str]]:
    return [(p.lap, p.step, p.user.email) for p in escalation.pages.all()]


def two_step_policy(**values: object) -> tuple[EscalationPolicy, User, User]:
    policy, first, second = make_policy(**values), make_user(), make_user()
    add_step(policy, minutes=5, user=first)
    add_step(policy, minutes=10, user=second)
    return policy, first, second
