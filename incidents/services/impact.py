"""Who and what is affected, with the path that leads there."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

from catalog.columns import affected_by_columns
from catalog.graph import LineageSnapshot, snapshot, snapshot_at
from catalog.models import Asset
from incidents import wording
from incidents.affected_dates import Days, all_partitions, together
from incidents.expected import Expected, Fault, State
from incidents.models import Incident
from incidents.services.faults import columns_of, expected_of, faults_in
from incidents.services.lineage import WEIGHED_TYPES


@dataclass(frozen=True, slots=True)
class AffectedDashboard:
    """A dashboard, product or ML model; `path` leads to it from the suspected cause, or
    from the nearest failing asset, both included. `owners` are e-mail addresses.

    `expected` is the state it is probably in; `fails` when it failed itself.
    """

    asset: Asset
    owners: tuple[str, ...]
    path: tuple[Asset, ...]
    expected: Expected
    fails: bool = False


@dataclass(frozen=True, slots=True)
class Impact:
    """`assets` counts what is affected, `by_type` the same by kind of asset. `days`
    and `partitions`: for which the data is affected, where that is known; `faults`
    what fails, by asset; `lineage` the graph that counts for it."""

    lineage: LineageSnapshot
    dashboards: list[AffectedDashboard]
    by_type: dict[str, int]
    assets: int
    days: Days | None = None
    partitions: tuple[str, ...] = ()
    faults: Mapping[int, Fault] = field(default_factory=dict)

    @property
    def words(self) -> str:
        """ "2 dashboards and 1 data product" """
        kinds = Counter(one.asset.get_type_display() for one in self.dashboards)
        counted = [
            wording.counted(number, kind if kind[:2].isupper() else kind.lower())
            for kind, number in sorted(kinds.items())
        ]
        return wording.listed(counted) or "0 dashboards"


def impact_of(incident: Incident) -> Impact:
    """Everything downstream of the failing assets, as lineage stands now; once the
    incident is resolved, as it stood then.

    What fails in some columns only affects what is made from these, where that is
    known. Dashboards are sorted by name. Six queries, whatever the number of assets,
    and two more for each step along columns.
    """
    lineage = lineage_of(incident)
    faults = faults_in(incident)
    failing = list(faults)
    affected = affected_by_columns(
        columns_of(faults.values()), lineage, at=incident.resolved_at
    ).assets
    near = Asset.objects.filter(pk__in=affected.union(failing))
    types = dict(near.values_list("pk", "type"))
    # A failing dashboard is affected too, though nothing leads there.
    affected.update(pk for pk in failing if types.get(pk) in WEIGHED_TYPES)
    by_type = Counter(types[pk] for pk in affected if pk in types)
    targets = [pk for pk in affected if types.get(pk) in WEIGHED_TYPES]
    return Impact(
        lineage=lineage,
        dashboards=_dashboards(incident, targets, faults, lineage),
        by_type=dict(by_type),
        assets=by_type.total(),
        days=together(fault.days for fault in faults.values()),
        partitions=all_partitions(fault.partitions for fault in faults.values()),
        faults=faults,
    )


def _dashboards(
    incident: Incident,
    ids: list[int],
    faults: dict[int, Fault],
    lineage: LineageSnapshot,
) -> list[AffectedDashboard]:
    """The targets by name, each with what to expect of it and the way there."""
    expected = expected_of(ids, faults.values(), lineage, at=incident.resolved_at)
    targets = set(ids)
    unknown = Expected(
        State.EITHER, incident.impact_started_at, until=incident.resolved_at
    )
    paths = _paths(incident, list(faults), ids, lineage)
    wanted = set(ids).union(pk for path in paths.values() for pk in path)
    rows = Asset.objects.for_list().filter(pk__in=wanted).order_by("name", "pk")
    known = {asset.pk: asset for asset in rows}
    return [
        AffectedDashboard(
            asset=asset,
            owners=tuple(owner.email for owner in asset.owners.all()),
            path=tuple(known[pk] for pk in paths.get(asset.pk, []) if pk in known),
            expected=expected.get(asset.pk, unknown),
            fails=asset.pk in faults,
        )
        for asset in known.values()
        if asset.pk in targets
    ]


def lineage_of(incident: Incident) -> LineageSnapshot:
    """The graph that counts for the incident: of its end, where it has one."""
    if incident.resolved_at is not None:
        return snapshot_at(incident.resolved_at)
    return snapshot(fresh=True)


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
