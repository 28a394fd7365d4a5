"""Who and what is affected, with the path that leads there."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass

from catalog.columns import affected_by_columns
from catalog.graph import LineageSnapshot, snapshot, snapshot_at
from catalog.models import Asset
from incidents.models import Incident
from incidents.services.lineage import DASHBOARD_TYPES


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
    """Everything downstream of the failing assets, as lineage stands now; once the
    incident is resolved, as it stood then.

    What fails in some columns only affects what is made from these, where that is
    known. Dashboards are sorted by name. Eight queries, whatever the number of assets,
    and two more for each step along columns.
    """
    lineage = lineage_of(incident)
    columns = failing_columns(incident)
    failing = list(columns)
    affected = affected_by_columns(columns, lineage, at=incident.resolved_at).assets
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
    paths = _paths(incident, failing, [asset.pk for asset in targets], lineage)
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


def lineage_of(incident: Incident) -> LineageSnapshot:
    """The graph that counts for the incident: of its end, where it has one."""
    if incident.resolved_at is not None:
        return snapshot_at(incident.resolved_at)
    return snapshot(fresh=True)


def failing_columns(incident: Incident) -> dict[int, frozenset[str] | None]:
    """{failing asset: the columns in which it fails}; None is all of it.

    An alert of a test of one column names it in the label "column"; an asset fails in
    columns only if all its alerts in the incident name one.
    """
    found: dict[int, frozenset[str] | None] = dict.fromkeys(incident.failing_assets.values_list("asset_id", flat=True))
    named: dict[int, set[str]] = defaultdict(set)
    rows = incident.members.filter(alert__asset__in=found)
    for asset_id, labels in rows.values_list("alert__asset_id", "alert__labels"):
        named[asset_id].add(str(labels.get("column", "")).lower())
    found |= {
        asset_id: frozenset(columns)
        for asset_id, columns in named.items()
        if "" not in columns
    }
    return found


def _paths(
    incident: Incident,
    failing: list[int],
    targets: list[int],
    lineage: LineageSnapshot,
) -> dict[int, list[int]]:
    """A path to each target from the suspected cause; where none leads there from it,
    from the nearest failing asset."""
    best: dict[int, list[int]] = {pk: [pk] for pk in targets if pk in failing}
    for start in failing:
        for target, path in lineage.paths(start, targets).items():
            if target not in best or len(path) < len(best[target]):
                best[target] = path
    if incident.suspected_asset_id is not None:
        best |= lineage.paths(incident.suspected_asset_id, targets)
    return best
