"""The picture of an asset: what feeds it and what it feeds."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from itertools import pairwise

from django.urls import reverse
from django.utils.safestring import SafeString

from catalog.collapsing import MOST_NODES, PictureNode
from catalog.conditions import Condition
from catalog.drawing import draw_nodes, nodes_of
from catalog.look import Look
from catalog.models import Asset
from catalog.snapshots import LineageSnapshot
from core.bulk import any_of

MOST_DRAWN = 500
MOST_CRITICAL = 5
LOOKED_AT = (Asset.Type.DASHBOARD, Asset.Type.PRODUCT)


@dataclass(frozen=True, slots=True)
class DrawnAsset:
    """`found` are the boxes with the name that was looked for; `upstream` and
    `downstream` all of them with how many steps away, nearest first. `total` counts
    what there is within the steps asked for, `size` what of it is drawn or gathered.
    `focus_share`: how far to the right the asset stands."""

    svg: SafeString
    found: list[PictureNode]
    upstream: list[tuple[int, PictureNode]]
    downstream: list[tuple[int, PictureNode]]
    size: int
    total: int
    focus_share: float

    @property
    def is_gathered(self) -> bool:
        return self.size > MOST_NODES


def picture_of_asset(
    asset: Asset,
    above: Mapping[int, int],
    below: Mapping[int, int],
    lineage: LineageSnapshot,
    look: Look,
    *,
    conditions: Mapping[int, Condition],
) -> DrawnAsset | None:
    """Draw what is `above` and `below` ({asset id: steps}), the nearest MOST_DRAWN
    within the steps asked for. None where there is nothing. Five queries.

    The ways from what fails upstream, and to the dashboards that matter most, are
    drawn first and never gathered.
    """
    distances = {
        pk: steps
        for side in (above, below)
        for pk, steps in side.items()
        if look.hops is None or steps <= look.hops
    } | {asset.pk: 0}
    if len(distances) == 1:
        return None
    near = sorted(distances, key=lambda pk: distances[pk])[:MOST_DRAWN]
    edges = lineage.edges_among(near)
    failing = _failing(above, near)
    nodes = nodes_of(near, edges=edges, conditions=conditions, focus={asset.pk})
    found = [node for node in nodes if look.finds(node.full_name)]
    marked = {node.id for node in found}
    nodes = [replace(n, is_focus=True) if n.id in marked else n for n in nodes]
    svg = draw_nodes(
        nodes,
        edges,
        label=f"Lineage of {asset.name}",
        path=_critical(asset, failing & set(near), near, lineage),
        more_url="#as-list" if look.is_large else _full(asset),
        fold=look.fold,
        scale=look.size,
    )
    return DrawnAsset(
        svg,
        found,
        upstream=_listed(nodes, above),
        downstream=_listed(nodes, below),
        size=len(nodes),
        total=len(distances),
        focus_share=_focus_share(distances, above),
    )


def _listed(
    nodes: Iterable[PictureNode], steps: Mapping[int, int]
) -> list[tuple[int, PictureNode]]:
    found = [(steps[node.id], node) for node in nodes if node.id in steps]
    return sorted(found, key=lambda one: (one[0], one[1].name.lower()))


def _full(asset: Asset) -> str:
    return reverse("catalog:picture", args=[asset.pk])


def _failing(above: Mapping[int, int], near: Collection[int]) -> set[int]:
    """What fails in the picture, or far upstream of it."""
    rows = Asset.objects.filter(
        pk__in=any_of({*above, *near}), health=Asset.Health.FAILING
    )
    return set(rows.values_list("pk", flat=True))


def _critical(
    asset: Asset,
    failing: Collection[int],
    near: Collection[int],
    lineage: LineageSnapshot,
) -> set[tuple[int, int]]:
    rows = Asset.objects.filter(pk__in=any_of(near), type__in=LOOKED_AT)
    worst = rows.order_by("tier", "name").values_list("pk", flat=True)[:MOST_CRITICAL]
    ways = list(lineage.paths(asset.pk, worst).values())
    for start in sorted(failing)[:MOST_CRITICAL]:
        ways += lineage.paths(start, [asset.pk]).values()
    inside = set(near)
    return {step for way in ways if inside.issuperset(way) for step in pairwise(way)}


def _focus_share(distances: Mapping[int, int], above: Mapping[int, int]) -> float:
    """A narrow screen scrolls there."""
    left = max((d for pk, d in distances.items() if pk in above), default=0)
    right = max((d for pk, d in distances.items() if pk not in above), default=0)
    return left / max(left + right, 1)
