"""What open incidents say of assets that fail, for lists and pictures of assets."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping
from typing import Any

from accounts.models import User
from catalog.conditions import Effect, Faults
from incidents.expected import State
from incidents.models import FailingAsset, Incident
from incidents.services.faults import faults_of

# In a storm the alerts of so many are read; of the rest both effects are possible.
MOST_READ = 2_000
EFFECTS: Mapping[State, Effect] = {
    State.STALE: "stale",
    State.EITHER: "either",
    State.WRONG: "wrong",
}

Columns = frozenset[str] | None


def tell_faults(*, among: Collection[int], user: User, **_: Any) -> list[Faults]:
    """What fails among these assets, and what has recovered in an incident that is
    still open, grouped by what it does to its readers and by whether somebody is at
    it. At most five queries."""
    visible = Incident.objects.visible_to(user).open()
    rows = FailingAsset.objects.filter(incident__in=visible.values("pk"))
    told = [
        row
        for row in rows.values_list(
            "incident_id", "asset_id", "incident__acknowledged_at"
        )
        if row[1] in among
    ]
    answered = {incident_id: at is not None for incident_id, _, at in told}
    known = {asset_id for _, asset_id, _ in told}
    every = faults_of(answered, among=known, most_alerts=MOST_READ)
    groups: dict[tuple[Effect, bool], dict[int, Columns]] = defaultdict(dict)
    for incident_id, faults in every.items():
        is_answered = answered[incident_id]
        for fault in faults.values():
            is_over = fault.until is not None
            effect: Effect = "over" if is_over else EFFECTS[fault.state]
            group = groups[effect, is_answered and not is_over]
            group[fault.asset_id] = _wider(group, fault.asset_id, fault.columns)
    return [
        Faults(effect, is_being_fixed=is_answered, assets=assets)
        for (effect, is_answered), assets in groups.items()
    ]


def _wider(group: Mapping[int, Columns], asset_id: int, columns: Columns) -> Columns:
    before = group.get(asset_id, frozenset())
    return None if before is None or columns is None else before | columns
