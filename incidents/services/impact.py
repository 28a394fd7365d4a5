"""Who and what is affected, with the path that leads there."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from catalog.graph import snapshot
from catalog.models import Asset
from incidents.models import Incident
from incidents.services.lineage import DASHBOARD_TYPES, affected_by


@dataclass(frozen=True, slots=True)
class AffectedDashboard:
    """A dashboard or product; `path` leads to it from the suspected cause, or
    from the nearest failing asset, both included. `owners` are e-mail addresses."""

    asset: Asset
    owners: tuple[str, ...]
    path: tuple[Asset, ...]


@dataclass(frozen=True, slots=True)
class Impact:
    """`assets` counts what is affected, `by_type` the same by kind of asset."""

    dashboards: list[AffectedDashboard]
    by_type: dict[str, int]
    assets: int


def impact_of(incident: Incident) -> Impact:
    """Everything downstream of the failing assets, as lineage stands now.

    Dashboards are sorted by name. Six queries, whatever the number of assets.
    """
    failing = list(incident.failing_assets.values_list("asset_id", flat=True))
    affected = affected_by(failing, snapshot(fresh=True))
    # A failing dashboard is affected too, though nothing leads there.
    own = Asset.objects.filter(pk__in=failing, type__in=DASHBOARD_TYPES)
    affected.update(own.values_list("pk", flat=True))
    types = Counter(
        Asset.objects.filter(pk__in=affected).values_list("type", flat=True)
    )
    shown = (
        Asset.objects.filter(pk__in=affected, type__in=DASHBOARD_TYPES)
        .for_list()
        .order_by("name", "pk")
    )
    targets = list(shown)
    paths = _paths(incident, failing, [asset.pk for asset in targets])
    on_the_way = Asset.objects.for_list().in_bulk(
        {pk for path in paths.values() for pk in path}
    )
    return Impact(
        dashboards=[
            AffectedDashboard(
                asset=asset,
                owners=tuple(owner.email for owner in asset.owners.all()),
                path=tuple(on_the_way[pk] for pk in paths.get(asset.pk, [])),
            )
            for asset in targets
        ],
        by_type=dict(types),
        assets=sum(types.values()),
    )


def _paths(
    incident: Incident, failing: list[int], targets: list[int]
) -> dict[int, list[int]]:
    """A path to each target from the suspected cause; where none leads there from it,
    from the nearest failing asset."""
    lineage = snapshot(fresh=True)
    best: dict[int, list[int]] = {pk: [pk] for pk in targets if pk in failing}
    for start in failing:
        for target, path in lineage.paths(start, targets).items():
            if target not in best or len(path) < len(best[target]):
                best[target] = path
    if incident.suspected_asset_id is not None:
        best |= lineage.paths(incident.suspected_asset_id, targets)
    return best
