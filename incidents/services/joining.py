"""Why alerts belong to their incidents, and writing down that they do."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime

from core.bulk import insert_values
from incidents import wording
from incidents.correlation import Placement, Tie
from incidents.models import IncidentAlert
from incidents.services.growth import Growth

COLUMNS = [
    "incident_id", "alert_id", "added_at", "reason", "status", "acknowledge_seen_at"
]  # fmt: skip
LONGEST_REASON = 300


def reason_for(placement: Placement, names: Mapping[int, str]) -> str:
    """Why an alert belongs to its incident, in words."""
    asset = names.get(placement.to_asset or 0, "a failing asset")
    steps = wording.counted(placement.hops, "step")
    return {
        Tie.OPENED: "opened this incident",
        Tie.SAME_KEY: "same integration and key",
        Tie.SAME_ASSET: f"about {asset} as well",
        Tie.UPSTREAM: f"{steps} upstream of {asset}",
        Tie.DOWNSTREAM: f"{steps} downstream of {asset}",
        Tie.TOGETHER: f"{asset} lies {steps} upstream and of the others as well"
        if placement.hops
        else f"about {asset}, which explains the others as well",
    }[placement.tie]


def save_members(
    growths: Iterable[Growth], names: Mapping[int, str], *, at: datetime
) -> None:
    """Write down what has joined; the incidents are saved. `names` {asset: name}. One
    statement."""
    insert_values(
        IncidentAlert,
        COLUMNS,
        (
            (
                growth.incident.pk,
                alert.pk,
                at,
                reason_for(placement, names)[:LONGEST_REASON],
                alert.status,
                alert.acknowledge_asked_at,
            )
            for growth in growths
            for alert, placement in growth.joined
        ),
    )
