"""Causes and effects of many incidents at once, from the lineage snapshot."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

from catalog.graph import LineageSnapshot, snapshot
from catalog.models import Asset, Change
from incidents.cause import CHANGE_LOOKBACK, Evidence, KnownChange, Suspect, rank
from incidents.models import CauseVerdict
from incidents.severity import TOP_TIER

DASHBOARD_TYPES = (Asset.Type.DASHBOARD, Asset.Type.PRODUCT)


class AssetRow(NamedTuple):
    id: int
    name: str
    type: str
    tier: int
    team_id: int | None


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


def examine(
    failing: Mapping[int, Mapping[int, datetime]],
) -> tuple[dict[int, Findings], dict[int, AssetRow]]:
    """Return findings for each {incident: {failing asset: since}}, and the assets.

    Incidents that do not exist yet have keys below 0. Three queries for all, plus
    one for the lineage's version.
    """
    lineage = snapshot(fresh=True)
    up = {a: lineage.ancestors(a) for since in failing.values() for a in since}
    below = {key: affected_by(since, lineage) for key, since in failing.items()}
    assets = _assets(set(up).union(*below.values()))
    changes = _changes(up, failing)
    verdicts = _verdicts(key for key in failing if key > 0)
    found = {}
    for key, since in failing.items():
        confirmed, rejected = verdicts.get(key, (set(), set()))
        evidence = Evidence(
            since=since,
            upstream={asset_id: up[asset_id] for asset_id in since},
            changes=changes,
            confirmed=confirmed,
            rejected=rejected,
        )
        reached = [assets[a] for a in below[key] | set(since) if a in assets]
        found[key] = _findings(rank(evidence), below[key], reached)
    return found, assets


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
    )


def affected_by(failing: Iterable[int], lineage: LineageSnapshot) -> set[int]:
    """Ids of everything downstream of the failing assets."""
    affected: set[int] = set()
    for asset_id in failing:
        affected |= lineage.descendants(asset_id).keys()
    return affected


def _assets(ids: Collection[int]) -> dict[int, AssetRow]:
    rows = Asset.objects.filter(pk__in=ids).values_list(
        "id", "name", "type", "tier", "team_id"
    )
    return {row[0]: AssetRow(*row) for row in rows}


def _changes(
    up: Mapping[int, Mapping[int, int]],
    failing: Mapping[int, Mapping[int, datetime]],
) -> list[KnownChange]:
    suspects = set(up).union(*up.values())
    began = [at for since in failing.values() for at in since.values()]
    if not began:
        return []
    rows = Change.objects.filter(
        asset__in=suspects,
        occurred_at__gte=min(began) - CHANGE_LOOKBACK,
        occurred_at__lte=max(began),
    ).values_list("asset_id", "kind", "title", "occurred_at")
    return [KnownChange(a, kind, title, at) for a, kind, title, at in rows if a]


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
