"""How an asset stands in lineage: who tells of it, since when, and what is odd."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from graphlib import CycleError, TopologicalSorter

from django.db.models import Count, Max, Q

from catalog.models import Asset, AssetSchema, Edge, MergedAsset, Sighting
from catalog.snapshots import LineageSnapshot

CYCLE_SHOWN = 6
ENDED_SHOWN = 20
FORMERLY_SHOWN = 5


@dataclass(frozen=True, slots=True)
class Standing:
    """`not_seen_since` is set when all who told of the asset have stopped to. `cycle`
    are the first of the `cycle_size` others it is in a circle with. `formerly`: what
    became part of it, as a table that was renamed does. `feeds_itself`: it was told
    to."""

    not_seen_since: datetime | None
    sightings: list[Sighting]
    cycle: list[Asset]
    cycle_size: int
    columns: list[dict[str, str]]
    formerly: list[MergedAsset]
    feeds_itself: bool = False


@dataclass(frozen=True, slots=True)
class Told:
    """An edge, whoever tells it. `edge` is the row seen last."""

    other: Asset
    edge: Edge
    sources: str


def standing_of(
    asset: Asset, above: Collection[int], below: Collection[int]
) -> Standing:
    """`above` and `below` are all its ancestors and descendants. Four queries."""
    sightings = list(asset.sightings.all())
    circle = set(above) & set(below)
    schema = AssetSchema.objects.filter(asset=asset).first()
    return Standing(
        not_seen_since=_gone_since(sightings),
        sightings=sightings,
        cycle=list(Asset.objects.filter(pk__in=circle)[:CYCLE_SHOWN]) if circle else [],
        cycle_size=len(circle),
        columns=schema.columns if schema else [],
        feeds_itself=any(one.feeds_itself and not one.ended_at for one in sightings),
        formerly=list(asset.merged_assets.all()[:FORMERLY_SHOWN]),
    )


def _gone_since(sightings: Iterable[Sighting]) -> datetime | None:
    ended = [one.last_seen_at for one in sightings if one.ended_at is not None]
    is_known = any(one.ended_at is None for one in sightings)
    return None if is_known else max(ended, default=None)


def notes_on(
    asset_ids: Collection[int], edges: Iterable[tuple[int, int]]
) -> dict[int, str]:
    """Return what a picture of these assets and edges should say of some: that they
    are in a cycle, feed themselves, or are gone. One query."""
    notes: dict[int, list[str]] = defaultdict(list)
    for asset_id in _in_cycles(list(edges)):
        notes[asset_id].append("part of a cycle")
    odd = (
        Sighting.objects.filter(asset__in=asset_ids)
        .values("asset")
        .annotate(
            known=Count("pk", filter=Q(ended_at=None)),
            loops=Count("pk", filter=Q(ended_at=None, feeds_itself=True)),
            seen_at=Max("last_seen_at"),
        )
        .filter(Q(known=0) | Q(loops__gt=0))
    )
    for asset_id, loops, seen_at in odd.values_list("asset", "loops", "seen_at"):
        gone = f"not seen since {seen_at:%-d %b %Y}"
        notes[asset_id].append("feeds itself" if loops else gone)
    return {asset_id: ", ".join(words) for asset_id, words in notes.items()}


def _in_cycles(edges: list[tuple[int, int]]) -> list[int]:
    """Most lineage has none, which is soon seen."""
    upstream: dict[int, list[int]] = defaultdict(list)
    for up, down in edges:
        upstream[down].append(up)
    try:
        TopologicalSorter(upstream).prepare()
    except CycleError:
        drawn = LineageSnapshot.build(edges)
        return [one for one in drawn.ids.tolist() if drawn.cycle_of(one)]
    return []


def edges_of(asset: Asset) -> Mapping[str, list[Told]]:
    """Who feeds the asset and who reads it, as told now; and what ended lately."""
    rows = Edge.objects.touching(asset).select_related("upstream", "downstream")
    now = list(rows.current().order_by("upstream__name", "downstream__name"))
    pairs = {(edge.upstream_id, edge.downstream_id) for edge in now}
    ended = rows.filter(ended_at__isnull=False).order_by("-ended_at")[:ENDED_SHOWN]
    gone = [e for e in ended if (e.upstream_id, e.downstream_id) not in pairs]
    return {
        "upstream": _told([e for e in now if e.downstream_id == asset.pk], asset),
        "downstream": _told([e for e in now if e.upstream_id == asset.pk], asset),
        "ended": _told(gone, asset),
    }


def _told(edges: Iterable[Edge], asset: Asset) -> list[Told]:
    by_pair: dict[tuple[int, int], list[Edge]] = defaultdict(list)
    for edge in edges:
        by_pair[edge.upstream_id, edge.downstream_id].append(edge)
    found = []
    for rows in by_pair.values():
        latest = max(rows, key=lambda edge: edge.last_seen_at)
        is_up = latest.downstream_id == asset.pk
        names = dict.fromkeys(
            f"{edge.get_source_display()} {edge.origin}".strip() for edge in rows
        )
        other = latest.upstream if is_up else latest.downstream
        found.append(Told(other, latest, ", ".join(names)))
    return found
