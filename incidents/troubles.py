"""What is wrong with an asset, as the badge and the health endpoint tell it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from accounts.models import User
from catalog.columns import affected_by_columns
from catalog.graph import LineageSnapshot, snapshot
from catalog.models import Asset, KnownIssue
from incidents.models import FailingAsset, Incident
from incidents.services.conditions import MOST_READ
from incidents.services.faults import columns_of, faults_of


@dataclass(frozen=True, slots=True)
class Trouble:
    """An open incident that affects an asset, and the failing asset it comes from.

    `recovered_at`: when all of it that affects the asset stopped to fail; the incident
    is still open, so nobody has said yet that the data is good.
    """

    incident: Incident
    asset: Asset
    recovered_at: datetime | None = None

    @property
    def is_being_fixed(self) -> bool:
        """Somebody is at it, or only the word that it is over is wanting."""
        return (
            self.recovered_at is not None or self.incident.acknowledged_at is not None
        )


def trouble_of(
    assets: Collection[Asset], *, user: User | None
) -> dict[int, list[Trouble]]:
    """{asset id: open incidents on it or upstream, the worst first}. What fails in
    some columns counts only for what is made from these, where that is known.

    `user` None is a stranger, who sees nothing of private incidents. A query where
    nothing is wrong, else at most five, and some for columns.
    """
    lineage = snapshot(fresh=True)
    reach = {a.pk: {a.pk, *lineage.ancestors(a.pk)} for a in assets}
    visible = (
        Incident.objects.filter(private=False)
        if user is None
        else Incident.objects.visible_to(user)
    )
    rows = list(
        FailingAsset.objects.filter(
            asset__in=set().union(*reach.values()),
            incident__in=visible.open().values("pk"),
        )
        .select_related("incident", "asset")
        .order_by("incident__severity", "incident_id", "since", "pk")
    )
    in_columns = _made_from_columns(rows, lineage)
    return {
        asset.pk: _troubles(
            [
                row
                for row in rows
                if row.asset_id in reach[asset.pk]
                and (
                    row.asset_id == asset.pk
                    or asset.pk in in_columns.get(row.pk, (asset.pk,))
                )
            ],
            asset,
        )
        for asset in assets
    }


def _made_from_columns(
    rows: Iterable[FailingAsset], lineage: LineageSnapshot
) -> dict[int, Collection[int]]:
    """{failing row: the assets it affects} of those that fail in some columns only."""
    known = {(row.incident_id, row.asset_id): row.pk for row in rows}
    if not known:
        return {}
    every = faults_of(
        {incident for incident, _ in known},
        among={asset for _, asset in known},
        most_alerts=MOST_READ,
    )
    return {
        known[incident_id, asset_id]: affected_by_columns(
            columns_of([fault]), lineage
        ).assets
        for incident_id, faults in every.items()
        for asset_id, fault in faults.items()
        if fault.columns is not None and (incident_id, asset_id) in known
    }


def _troubles(rows: Iterable[FailingAsset], asset: Asset) -> list[Trouble]:
    """One for each incident. What still fails is named before what has recovered, and
    the asset itself before one upstream."""
    by_incident: dict[int, list[FailingAsset]] = defaultdict(list)
    for row in rows:
        by_incident[row.incident_id].append(row)
    return [_trouble(found, asset) for found in by_incident.values()]


def _trouble(rows: list[FailingAsset], asset: Asset) -> Trouble:
    first = min(rows, key=lambda row: (row.until is not None, row.asset_id != asset.pk))
    ends = [row.until for row in rows if row.until is not None]
    recovered_at = max(ends) if len(ends) == len(rows) else None
    return Trouble(first.incident, first.asset, recovered_at)


def issues_of(
    assets: Collection[Asset], *, at: datetime
) -> Mapping[int, list[KnownIssue]]:
    """{asset id: the known issues on it or upstream at `at`, its own first}. One
    query: few are known at any time."""
    held = KnownIssue.objects.filter(starts_at__lte=at, ends_at__gt=at)
    every = list(held.select_related("asset"))
    if not every:
        return {asset.pk: [] for asset in assets}
    lineage = snapshot(fresh=True)
    reach = {a.pk: {a.pk, *lineage.ancestors(a.pk)} for a in assets}
    return {
        pk: sorted(
            (issue for issue in every if issue.asset_id in known),
            key=lambda issue: issue.asset_id != pk,
        )
        for pk, known in reach.items()
    }
