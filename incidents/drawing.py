"""The picture of an incident: cause, what fails, what is stale, whom it reaches."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from django.urls import reverse
from django.utils.safestring import SafeString

from catalog.collapsing import MOST_NODES, State
from catalog.drawing import draw_assets
from catalog.graph import snapshot
from incidents.models import Incident
from incidents.services import Impact

MOST_STALE = 400
SMALL_NODES = 24
SMALL_DASHBOARDS = 8

Edge = tuple[int, int]


def picture_of(
    incident: Incident, impact: Impact, *, is_large: bool = False
) -> SafeString | None:
    """Draw the failing assets, the suspect and the dashboards they reach.

    The large one has everything between them too. The small one fits its column: the
    cause, what it broke first, and the dashboards of the best tiers, where an arrow
    may stand for a long way.
    None when no asset is known to fail.
    """
    failing = _failing(incident)
    cause = incident.suspected_asset_id
    sources = failing | ({cause} if cause else set())
    if not sources:
        return None
    most_important = sorted(impact.dashboards, key=lambda one: one.asset.tier)
    reached = [one.asset.pk for one in most_important]
    reached = reached if is_large else reached[:SMALL_DASHBOARDS]
    between = _between(sources, failing, reached)
    edges = snapshot().edges_among(between)
    shown = between if is_large else _nearest(cause, sources).union(reached)
    states: dict[int, State] = dict.fromkeys(shown, "stale")
    states |= dict.fromkeys(failing, "failing")
    if cause:
        states[cause] = "cause"
    picture_url = reverse("incidents:picture", args=[incident.pk])
    return draw_assets(
        shown,
        label=f"From the likely cause of incident {incident.number} to the dashboards",
        states=states,
        edges=edges if is_large else shortened(edges, shown),
        more_url=reverse("catalog:list") if is_large else picture_url,
        limit=MOST_NODES if is_large else SMALL_NODES,
    )


def shortened(edges: Iterable[Edge], kept: set[int]) -> list[Edge]:
    """Edges between the `kept` nodes: one wherever a way leads from one to the other
    without passing a third."""
    children: dict[int, list[int]] = defaultdict(list)
    for upstream, downstream in edges:
        children[upstream].append(downstream)
    found: list[Edge] = []
    for start in sorted(kept):
        seen, waiting = {start}, [start]
        while waiting:
            for child in children[waiting.pop()]:
                if child in seen:
                    continue
                seen.add(child)
                if child in kept:
                    found.append((start, child))
                else:
                    waiting.append(child)
    return found


def _nearest(cause: int | None, sources: set[int]) -> set[int]:
    """The cause, what fails nearest downstream of it, and what fails elsewhere."""
    if cause is None:
        return sources
    below = snapshot().descendants(cause)
    first = min((below[pk] for pk in sources if pk in below), default=0)
    return {pk for pk in sources if below.get(pk, first) == first}


def _failing(incident: Incident) -> set[int]:
    """What fails now; once all is over, what did."""
    rows = list(incident.failing_assets.values_list("asset_id", "until"))
    return {pk for pk, until in rows if until is None} or {pk for pk, _ in rows}


def _between(sources: set[int], failing: set[int], reached: list[int]) -> set[int]:
    """The failing assets and all that lies on the way from them to the dashboards,
    nearest first when there is more than can be shown."""
    lineage = snapshot()
    below: dict[int, int] = {}
    for source in sources:
        for asset, distance in lineage.descendants(source).items():
            below[asset] = min(distance, below.get(asset, distance))
    above: set[int] = set()
    for target in {*reached, *failing}:
        above |= {target, *lineage.ancestors(target)}
    on_the_way = [asset for asset in below if asset in above]
    on_the_way.sort(key=lambda asset: below[asset])
    return sources.union(on_the_way[:MOST_STALE], reached)
