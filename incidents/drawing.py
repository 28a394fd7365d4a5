"""The picture of an incident: cause, what fails, what is stale, whom it reaches."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Set
from dataclasses import dataclass, replace
from itertools import pairwise

from django.urls import reverse
from django.utils.safestring import SafeString

from catalog.collapsing import (
    MOST_NODES,
    ORDER,
    PictureNode,
    State,
    ranks_of,
)
from catalog.drawing import draw_nodes, nodes_of
from catalog.graph import LineageSnapshot
from catalog.look import Look
from incidents.expected import Fault
from incidents.expected import State as Data
from incidents.models import Incident
from incidents.queries import failing_of
from incidents.services import Impact
from incidents.services.faults import expected_of

MOST_STALE = 480
SMALL_NODES = 24
SMALL_DASHBOARDS = 8
MOST_CRITICAL = 5

Edge = tuple[int, int]


@dataclass(frozen=True, slots=True)
class DrawnIncident:
    """The picture, and the same as steps from the cause on: the boxes of each column.
    `found` are the boxes with the name that was looked for."""

    svg: SafeString
    steps: list[list[PictureNode]]
    found: list[PictureNode]
    size: int


def picture_of(
    incident: Incident, impact: Impact, look: Look | None = None
) -> DrawnIncident | None:
    """Draw the failing assets, the suspect and the dashboards they reach.

    The large one has everything between them too. The small one fits its column: the
    cause, what it broke first, and the dashboards of the best tiers, where an arrow
    may stand for a long way. Once nothing fails any more, what failed is drawn as
    recovered; once the incident is resolved, on the lineage of that time. None when no
    asset is known to fail.
    """
    look = look or Look()
    failing = _failing(incident)
    cause = incident.suspected_asset_id
    sources = failing.keys() | ({cause} if cause else set())
    if not sources:
        return None
    lineage = impact.lineage
    most_important = sorted(impact.dashboards, key=lambda one: one.asset.tier)
    reached = [one.asset.pk for one in most_important]
    reached = reached if look.is_large else reached[:SMALL_DASHBOARDS]
    between = _between(sources, reached, lineage)
    edges = lineage.edges_among(between)
    shown = (
        between if look.is_large else _nearest(cause, sources, lineage) | set(reached)
    )
    if not look.is_large:
        edges = shortened(edges, shown)
    nodes = nodes_of(
        shown,
        edges=edges,
        states=_states(incident, impact.faults, failing, shown, lineage),
        focus=(),
    )
    found = [node for node in nodes if look.finds(node.full_name)]
    marked = {node.id for node in found}
    nodes = [replace(n, is_focus=True) if n.id in marked else n for n in nodes]
    picture_url = reverse("incidents:picture", args=[incident.pk])
    svg = draw_nodes(
        nodes,
        edges,
        label=f"From the likely cause of incident {incident.number} to the dashboards",
        path=_critical(impact) if look.is_large else (),
        more_url=f"{picture_url}#as-list" if look.is_large else picture_url,
        limit=MOST_NODES if look.is_large else SMALL_NODES,
        fold=look.fold,
        scale=look.size,
    )
    return DrawnIncident(svg, _steps(nodes, edges), found, len(nodes))


def _states(
    incident: Incident,
    faults: Mapping[int, Fault],
    failing: Mapping[int, bool],
    shown: Iterable[int],
    lineage: LineageSnapshot,
) -> dict[int, State]:
    """What each asset is drawn as; its own health where nothing is known better."""
    recovered: dict[int, State] = {pk: "recovered" for pk, now in failing.items()}
    is_over = not any(failing.values())
    otherwise: State = "fixing" if is_over else "stale"
    states: dict[int, State] = dict.fromkeys(
        shown, otherwise if incident.is_open else "healthy"
    )
    states |= recovered
    if not incident.is_open:
        return states
    if not is_over:
        expected = expected_of(states, faults.values(), lineage)
        wrong = [pk for pk, one in expected.items() if one.state == Data.WRONG]
        states |= dict.fromkeys(wrong, "wrong")
    states |= {pk: "failing" for pk, now in failing.items() if now}
    if incident.suspected_asset_id:
        states[incident.suspected_asset_id] = "cause"
    return states


def _critical(impact: Impact) -> set[Edge]:
    """The ways to the dashboards that matter most."""
    worst = sorted(impact.dashboards, key=lambda one: (one.asset.tier, len(one.path)))
    return {
        (up.pk, down.pk)
        for one in worst[:MOST_CRITICAL]
        for up, down in pairwise(one.path)
    }


def _steps(
    nodes: Iterable[PictureNode], edges: Iterable[Edge]
) -> list[list[PictureNode]]:
    """The boxes by column, the cause and what fails first in each."""
    listed = sorted(nodes, key=lambda node: (ORDER[node.state], node.name))
    known = {node.id for node in listed}
    inside = [(a, b) for a, b in edges if a in known and b in known and a != b]
    ranks = ranks_of([node.id for node in listed], inside)
    steps: dict[int, list[PictureNode]] = defaultdict(list)
    for node in listed:
        steps[ranks[node.id]].append(node)
    return [steps[rank] for rank in sorted(steps)]


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


def _nearest(
    cause: int | None, sources: Set[int], lineage: LineageSnapshot
) -> set[int]:
    """The cause, what fails nearest downstream of it, and what fails elsewhere."""
    if cause is None:
        return set(sources)
    below = lineage.descendants(cause)
    first = min((below[pk] for pk in sources if pk in below), default=0)
    return {pk for pk in sources if below.get(pk, first) == first}


def _failing(incident: Incident) -> dict[int, bool]:
    """{asset that fails or failed: whether it fails now}. While some do, those that
    do not are left out."""
    rows = {one.asset_id: one.until for one in failing_of(incident)}
    now = {pk: True for pk, until in rows.items() if until is None}
    return now or dict.fromkeys(rows, False)


def _between(
    sources: Set[int], reached: list[int], lineage: LineageSnapshot
) -> set[int]:
    """The failing assets and all that lies on the way from them to the dashboards,
    nearest first when there is more than can be shown."""
    below: dict[int, int] = {}
    for source in sources:
        for asset, distance in lineage.descendants(source).items():
            below[asset] = min(distance, below.get(asset, distance))
    targets = {*reached, *sources}
    above = set(lineage.reach(targets, upstream=True).ids.tolist()) | targets
    on_the_way = [asset for asset in below if asset in above]
    on_the_way.sort(key=lambda asset: below[asset])
    return set(sources).union(on_the_way[:MOST_STALE], reached[:MOST_STALE])
