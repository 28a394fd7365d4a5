"""Who and what is affected, with the path that leads there."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q

from catalog.columns import affected_by_columns
from catalog.graph import LineageSnapshot, snapshot, snapshot_at
from catalog.models import Asset, AssetAlias
from incidents import wording
from incidents.affected_dates import Days, affected_days
from incidents.models import Incident
from incidents.services.lineage import WEIGHED_TYPES

MOST_LABELS = 2_000
Span = tuple[datetime, datetime | None]


@dataclass(frozen=True, slots=True)
class AffectedDashboard:
    """A dashboard, product or ML model; `path` leads to it from the suspected cause, or
    from the nearest failing asset, both included. `owners` are e-mail addresses.

    It may be stale or wrong since `since`, and was until `until` where that is over;
    `fails` when it failed itself.
    """

    asset: Asset
    owners: tuple[str, ...]
    path: tuple[Asset, ...]
    since: datetime
    until: datetime | None = None
    fails: bool = False


@dataclass(frozen=True, slots=True)
class Impact:
    """`assets` counts what is affected, `by_type` the same by kind of asset. `days`:
    for which the data is affected, where that is known."""

    dashboards: list[AffectedDashboard]
    by_type: dict[str, int]
    assets: int
    days: Days | None = None

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
    known. Dashboards are sorted by name. Ten queries, whatever the number of assets,
    and two more for each step along columns.
    """
    lineage = lineage_of(incident)
    columns = failing_columns(incident)
    failing = list(columns)
    affected = affected_by_columns(columns, lineage, at=incident.resolved_at).assets
    # A failing dashboard is affected too, though nothing leads there.
    own = Asset.objects.filter(pk__in=failing, type__in=WEIGHED_TYPES)
    affected.update(own.values_list("pk", flat=True))
    types = Counter(
        Asset.objects.filter(pk__in=affected).values_list("type", flat=True)
    )
    shown = (
        Asset.objects.filter(pk__in=affected, type__in=WEIGHED_TYPES)
        .for_list()
        .order_by("name", "pk")
    )
    targets = list(shown)
    spans = {
        asset_id: (since, until)
        for asset_id, since, until in incident.failing_assets.values_list(
            "asset_id", "since", "until"
        )
    }
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
                since=_since(paths.get(asset.pk, []), spans, incident),
                until=incident.resolved_at,
                fails=asset.pk in spans,
            )
            for asset in targets
        ],
        by_type=dict(types),
        assets=sum(types.values()),
        days=_days(incident),
    )


def _since(
    path: Iterable[int], spans: Mapping[int, Span], incident: Incident
) -> datetime:
    """When the first on the way to it failed; the start of the incident's impact where
    none did, as with a suspect that is silent."""
    began = [spans[pk][0] for pk in path if pk in spans]
    return min(began, default=incident.impact_started_at)


def _days(incident: Incident) -> Days | None:
    rows = incident.members.order_by("-alert_id").values_list(
        "alert__labels", flat=True
    )
    return affected_days(rows[:MOST_LABELS])


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
    found: dict[int, frozenset[str] | None] = dict.fromkeys(
        incident.failing_assets.values_list("asset_id", flat=True)
    )
    named: dict[int, set[str]] = defaultdict(set)
    known = Q(alert__asset__in=found) | Q(alert__asset=None, alert__asset_name__gt="")
    rows = incident.members.filter(known).values_list(
        "alert__asset_id",
        "alert__labels",
        "alert__asset_namespace",
        "alert__asset_name",
    )
    unlinked: list[tuple[str, str]] = []
    for asset_id, labels, namespace, name in rows:
        column = str(labels.get("column", "")).lower()
        if not asset_id:
            unlinked.append((Asset.make_identity(namespace, name), column))
        else:
            named[asset_id].add(column)
    if unlinked:
        pks = _by_identity(found, {identity for identity, _ in unlinked})
        for identity, column in unlinked:
            if identity in pks:
                named[pks[identity]].add(column)
    found |= {
        asset_id: frozenset(columns)
        for asset_id, columns in named.items()
        if "" not in columns
    }
    return found


def _by_identity(
    failing: Collection[int], identities: Collection[str]
) -> dict[str, int]:
    """{identity: failing asset}. Alerts are linked to their assets only once the batch
    that takes them is done, and people are told before. Two queries."""
    named = Asset.objects.filter(pk__in=failing, identity__in=identities)
    aliases = AssetAlias.objects.filter(asset__in=failing, identity__in=identities)
    return dict(aliases.values_list("identity", "asset_id")) | dict(
        named.values_list("identity", "pk")
    )


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
