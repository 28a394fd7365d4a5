"""Causes and effects of many incidents at once, from the lineage snapshot."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import NamedTuple

from django.conf import settings

from alerts.models import Alert
from catalog.columns import affected_by_columns
from catalog.graph import LineageSnapshot, snapshot
from catalog.models import Asset, Change, Run
from core.bulk import any_of
from incidents.cause import Case, Evidence, KnownChange, Suspect, rank
from incidents.models import CauseVerdict, FailingAsset
from incidents.services.failures import Failure, Way, failures_of
from incidents.services.knowing import (
    changes_before,
    know_of,
    overdue_by,
    sound_since,
)
from incidents.severity import TOP_TIER, Downstream

# How long before or after an alert the run it is about may have ended.
NEAR = timedelta(hours=1)
DASHBOARD_TYPES = (Asset.Type.DASHBOARD, Asset.Type.PRODUCT)
WEIGHED_TYPES = (*DASHBOARD_TYPES, Asset.Type.MODEL)


class AssetRow(NamedTuple):
    id: int
    name: str
    type: str
    tier: int
    team_id: int | None
    users: int | None = None


@dataclass(frozen=True, slots=True)
class Findings:
    """What hangs from some failing assets, and what probably broke them.

    `affected` counts everything downstream. `dashboards` are the affected dashboards
    and products, failing ones included.
    """

    causes: list[Suspect] = field(default_factory=list)
    affected: int = 0
    dashboards: list[AssetRow] = field(default_factory=list)
    top_tier_asset: str | None = None
    downstream: list[Downstream] = field(default_factory=list)

    @property
    def dashboard_count(self) -> int:
        """Dashboards alone: a data product is not one."""
        return sum(row.type == Asset.Type.DASHBOARD for row in self.dashboards)


def examine(
    failing: Mapping[int, Mapping[int, datetime]],
    *,
    joined: Iterable[tuple[int, Alert]] = (),
) -> tuple[dict[int, Findings], dict[int, AssetRow]]:
    """Return findings for each {incident: {failing asset: since}}, and the assets.

    Incidents that do not exist yet have keys below 0. `joined` are the alerts that are
    not saved with them yet. Some fifteen queries, however many incidents; where assets
    fail in some columns only, two more for each incident and step along columns.
    """
    lineage = snapshot(fresh=True)
    told = failures_of((key for key in failing if key > 0), joined=joined)
    below = {
        key: affected_by(since, lineage, told=told.get(key, {}))
        for key, since in failing.items()
    }
    assets = _assets(set[int]().union(*failing.values(), *below.values()))
    ranked = _ranked(failing, lineage, told)
    assets |= _assets(
        {s["asset"] for listed in ranked.values() for s in listed} - assets.keys()
    )
    found = {}
    for key, since in failing.items():
        reached = [assets[a] for a in below[key] | set(since) if a in assets]
        found[key] = _findings(ranked[key], below[key], reached)
    return found, assets


def _ranked(
    failing: Mapping[int, Mapping[int, datetime]],
    lineage: LineageSnapshot,
    told: Mapping[int, Mapping[int, Failure]],
) -> dict[int, list[Suspect]]:
    times = [at for since in failing.values() for at in since.values()]
    if not times:
        return {key: [] for key in failing}
    verdicts = _verdicts(key for key in failing if key > 0)
    nothing: tuple[set[int], set[int]] = (set(), set())
    cases = {
        key: Case(since, *verdicts.get(key, nothing)) for key, since in failing.items()
    }
    between = (min(times), max(times))
    hops = settings.CORRELATION_HOPS
    near: set[int] = set().union(*failing.values())
    near.update(lineage.reach(near, upstream=True, hops=hops).ids.tolist())
    children = lineage.reach(near, hops=1).ids.tolist()
    return rank(
        cases,
        Evidence(
            lineage,
            hops=hops,
            others=_failing_elsewhere(failing),
            changes=_known(changes_before(near, between=between)),
            sound=sound_since(near.union(children), since=between[0]),
            failed=_failed_runs(near, between=between),
            broke=_failing_by(Way.RUN, told),
            tested=_failing_by(Way.TEST, told),
            overdue=overdue_by(near, at=between[1]),
            know=partial(know_of, between=between),
        ),
    )


def _known(changes: Iterable[Change]) -> list[KnownChange]:
    return [
        KnownChange(c.asset_id, c.kind, c.title, c.occurred_at, c.url)
        for c in changes
        if c.asset_id is not None
    ]


def _failing_elsewhere(keys: Iterable[int]) -> set[int]:
    """What fails in other open incidents."""
    rows = FailingAsset.objects.filter(incident__resolved_at=None, until=None)
    rows = rows.exclude(incident__in=[key for key in keys if key > 0])
    return set(rows.values_list("asset_id", flat=True))


def _failed_runs(
    asset_ids: Collection[int], *, between: tuple[datetime, datetime]
) -> dict[int, datetime]:
    """{asset: when a run of it failed around then}."""
    rows = Run.objects.filter(
        asset__in=any_of(asset_ids),
        state=Run.State.FAILED,
        updated_at__gte=between[0] - NEAR,
        updated_at__lte=between[1] + NEAR,
    ).order_by("-updated_at")
    return {
        run.asset_id: run.ended_at or run.updated_at
        for run in rows.only("asset_id", "ended_at", "updated_at")
    }


def _findings(
    causes: list[Suspect], below: Collection[int], reached: Collection[AssetRow]
) -> Findings:
    dashboards = sorted(
        (row for row in reached if row.type in DASHBOARD_TYPES), key=lambda r: r.name
    )
    return Findings(
        causes=causes,
        affected=len(set(below).union(row.id for row in dashboards)),
        dashboards=dashboards,
        top_tier_asset=min(
            (row.name for row in reached if row.tier == TOP_TIER), default=None
        ),
        downstream=[
            Downstream(row.name, row.type, row.tier, row.users)
            for row in reached
            if row.type in WEIGHED_TYPES
        ],
    )


def _failing_by(way: Way, told: Mapping[int, Mapping[int, Failure]]) -> set[int]:
    return {
        asset_id
        for by_asset in told.values()
        for asset_id, failure in by_asset.items()
        if failure.way is way
    }


def affected_by(
    failing: Iterable[int],
    lineage: LineageSnapshot,
    *,
    told: Mapping[int, Failure] | None = None,
) -> set[int]:
    """Ids of everything downstream of the failing assets; of one that is told to fail
    in some columns, only what is made from these."""
    failures = told or {}
    columns = {a: failures.get(a, Failure()).columns for a in failing}
    return affected_by_columns(columns, lineage).assets


def _assets(ids: Collection[int]) -> dict[int, AssetRow]:
    rows = Asset.objects.filter(pk__in=any_of(ids)).values_list(
        "id", "name", "type", "tier", "team_id", "users"
    )
    return {row[0]: AssetRow(*row) for row in rows}


def _verdicts(incident_ids: Iterable[int]) -> dict[int, tuple[set[int], set[int]]]:
    """{incident: (confirmed assets, rejected assets)}."""
    verdicts: dict[int, tuple[set[int], set[int]]] = {}
    ids = list(incident_ids)
    if not ids:
        return verdicts
    for incident_id, asset_id, verdict in CauseVerdict.objects.filter(
        incident__in=ids
    ).values_list("incident_id", "asset_id", "verdict"):
        confirmed, rejected = verdicts.setdefault(incident_id, (set(), set()))
        is_it = verdict == CauseVerdict.Verdict.CONFIRMED
        (confirmed if is_it else rejected).add(asset_id)
    return verdicts
