"""Whether the data an incident made bad has been put right, table by table."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import Enum

from catalog.models import Asset, Backfill, BackfillAsset
from incidents.models import FailingAsset, Incident

State = Backfill.State
# Jobs hold no data; what they write does.
HOLD_NO_DATA = (Asset.Type.PIPELINE, Asset.Type.TASK)


class Repair(Enum):
    NEEDED = "not repaired yet"
    UNDER_WAY = "being repaired"
    REPAIRED = "repaired"
    VERIFIED = "repaired and verified"


@dataclass(frozen=True, slots=True)
class Table:
    """One table of an incident; `why` says what its state rests on. `backfill` is the
    last one recorded for it since the impact began."""

    asset: Asset
    repair: Repair
    why: str
    backfill: Backfill | None

    @property
    def is_good(self) -> bool:
        return self.repair in (Repair.REPAIRED, Repair.VERIFIED)


def tables_of(
    incident: Incident, failing: Iterable[FailingAsset] | None = None
) -> list[Table]:
    """The failing tables, those not repaired first. One query, and one more unless
    what fails is given.

    A table is repaired once its last backfill is done, or, where none was recorded,
    once its checks pass again; and verified when somebody said so, or its checks pass
    after the backfill.
    """
    if failing is None:
        failing = incident.failing_assets.select_related("asset")
    failing = [one for one in failing if one.asset.type not in HOLD_NO_DATA]
    parts = BackfillAsset.objects.filter(
        asset__in=[one.asset_id for one in failing],
        backfill__changed_at__gte=incident.impact_started_at,
    ).exclude(backfill__state=State.CANCELLED)
    last: dict[int, Backfill] = {}
    for part in parts.select_related("backfill").order_by("backfill__pk"):
        last[part.asset_id] = part.backfill
    tables = [_judge(one, last.get(one.asset_id), incident) for one in failing]
    return sorted(tables, key=lambda table: (table.is_good, table.asset.name))


def question(tables: Sequence[Table]) -> str:
    """What resolving asks; "" when all is repaired."""
    left = sum(not table.is_good for table in tables)
    if not left:
        return ""
    if len(tables) == 1:
        return "The affected table is not repaired yet."
    return (
        f"{left} of {len(tables)} affected tables "
        f"{'is' if left == 1 else 'are'} not repaired yet."
    )


def _judge(
    failing: FailingAsset, backfill: Backfill | None, incident: Incident
) -> Table:
    # Resolving an incident closes its alerts, which makes no check pass.
    was_closed = failing.until is not None and failing.until == incident.resolved_at
    passes_at = None if was_closed else failing.until
    if backfill is None:
        if passes_at is None:
            why = "its checks failed to the end" if was_closed else "its checks fail"
            return Table(failing.asset, Repair.NEEDED, why, None)
        return Table(failing.asset, Repair.REPAIRED, "its checks pass again", None)
    repair, why = _OF_STATE[backfill.state]
    done_at = backfill.done_at if backfill.state == State.DONE else None
    if done_at and passes_at and passes_at >= done_at:
        repair, why = Repair.VERIFIED, "its checks pass since the backfill"
    return Table(failing.asset, repair, why, backfill)


_OF_STATE: dict[str, tuple[Repair, str]] = {
    State.PLANNED: (Repair.NEEDED, "a backfill is planned"),
    State.RUNNING: (Repair.UNDER_WAY, "a backfill runs"),
    State.FAILED: (Repair.NEEDED, "the backfill failed"),
    State.DONE: (Repair.REPAIRED, "a backfill is done"),
    State.VERIFIED: (Repair.VERIFIED, "a backfill is verified"),
}
