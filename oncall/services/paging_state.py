"""How the paging about a subject stands, for its page."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from accounts.models import User
from oncall.models import Escalation
from oncall.services.switching import PolicyChange, policy_change


@dataclass(frozen=True, slots=True)
class PagingState:
    """`change` is the policy's since the paging began.

    `lapses_after` is set where the acknowledgement may lapse; `lapses_at` too once
    that was said to `answered_by`.
    """

    change: PolicyChange | None = None
    answered_by: User | None = None
    lapses_after: timedelta | None = None
    lapses_at: datetime | None = None


def paging_state(*, subject: str) -> PagingState:
    """One query, and three more where the policy was saved since."""
    latest = Escalation.objects.filter(subject=subject)
    found = latest.select_related("acknowledged_by", "policy").first()
    if found is None:
        return PagingState()
    if found.state == Escalation.State.RUNNING:
        return PagingState(change=policy_change(found)[0])
    if found.look_at is None:
        return PagingState()
    return PagingState(
        answered_by=found.acknowledged_by,
        lapses_after=found.lapses_after,
        lapses_at=found.look_at if found.warned_at else None,
    )
