"""Policies whose steps name whom they page, and paging by them."""

from datetime import timedelta
from typing import Any

from accounts.models import User
from oncall.models import (
    Escalation,
    EscalationPolicy,
    Page,
    Schedule,
)
from oncall.services import (
    start_escalation,
)
from tests.factories import NOON, make_schedule

MINUTE = timedelta(minutes=1)


def make_rotation(*users: User) -> Schedule:
    """One person a day, the first on the day of NOON."""
    participants = [[str(user.pk)] for user in users]
    rotation = {
        "unit": "day",
        "every": 1,
        "start_local": f"{NOON:%Y-%m-%dT00:00}",
        "participants": participants,
    }
    layer = {"name": "days", "priority": 0, "kind": "rotation", "rotation": rotation}
    return make_schedule(timezone="UTC", layers=[layer])


def add_step(policy: EscalationPolicy, **values: Any) -> None:
    when = values.pop("when", {})
    step = policy.steps.create(
        position=policy.steps.count(), delay=5 * MINUTE, when=when
    )
    step.targets.create(**values)


def start(policy: EscalationPolicy, number: int = 1, **values: Any) -> Escalation:
    return start_escalation(
        subject=f"incident:{number}",
        title="orders_raw arrived empty",
        body="",
        url="https://hw.example.com/",
        severity="SEV2",
        policy=policy,
        at=NOON,
        **values,
    )


def paged() -> list[int]:
    return list(Page.objects.order_by("pk").values_list("user_id", flat=True))
