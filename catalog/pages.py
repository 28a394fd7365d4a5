"""What the asset pages show, gathered from the graph and the tables."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.http import HttpRequest, QueryDict
from django.template.loader import render_to_string

from accounts.models import Team, User
from catalog import graph
from catalog.asset_picture import picture_of_asset
from catalog.conditions import HEALTHY, Condition, conditions_of
from catalog.look import Look
from catalog.models import Asset, Run
from catalog.panels import Panel
from catalog.search import NO_TEAM, AssetFilter, Relative, relatives
from catalog.services.known_issues import known_issues_of
from catalog.signals import asset_panels
from catalog.standing import standing_of
from core.templatetags.headwater import duration, exact

RUNS_SHOWN = 40
RELATIVES_SHOWN = 12
DASHBOARDS_SHOWN = 20

RUN_HEALTH = {"success": "healthy", "failed": "failing", "running": "running"}


@dataclass(frozen=True, slots=True)
class Option:
    """One link of a facet. `query` is the address that chooses it, or lets it go."""

    value: str
    label: str
    count: int
    query: str
    is_chosen: bool


@dataclass(frozen=True, slots=True)
class Facet:
    field: str
    name: str
    options: list[Option]


def facets(chosen: AssetFilter, query: QueryDict) -> list[Facet]:
    """Return the filters beside the list, with what each choice would give."""
    teams = dict(Team.objects.values_list("slug", "name"))
    named: dict[str, tuple[str, Mapping[str, str]]] = {
        "health": ("Health", {"failing": "Failing", "healthy": "Not failing"}),
        "type": ("Type", {str(value): str(name) for value, name in Asset.Type.choices}),
        "tier": ("Tier", {str(tier): f"Tier {tier}" for tier in range(1, 5)}),
        "team": ("Team", {**teams, NO_TEAM: "No team"}),
    }
    counts = chosen.counts()
    return [
        Facet(field, name, _options(field, labels, counts[field], chosen, query))
        for field, (name, labels) in named.items()
    ]


def _options(
    field: str,
    labels: Mapping[str, str],
    counts: Mapping[str, int],
    chosen: AssetFilter,
    query: QueryDict,
) -> list[Option]:
    current: tuple[str, ...] = getattr(chosen, field)
    options = []
    for value, label in labels.items():
        if not counts.get(value) and value not in current:
            continue
        address = query.copy()
        address.pop("page", None)
        address.setlist(field, [] if value in current else [value])
        options.append(
            Option(
                value,
                label,
                counts.get(value, 0),
                address.urlencode(),
                value in current,
            )
        )
    return options


@dataclass(frozen=True, slots=True)
class RunCell:
    run: Run
    health: str
    words: str


def recent_runs(asset: Asset) -> list[RunCell]:
    """The latest runs, oldest first, as the strip of cells shows them."""
    runs = list(asset.runs.all()[:RUNS_SHOWN])[::-1]
    return [RunCell(run, RUN_HEALTH.get(run.state, ""), _words(run)) for run in runs]


def _words(run: Run) -> str:
    words = [run.get_state_display(), f"run {run.run_id}"]
    if run.started_at and run.ended_at and run.ended_at > run.started_at:
        words.append(duration(run.ended_at - run.started_at))
    words.append(exact(run.ended_at or run.started_at or run.updated_at))
    if run.error:
        words.append(run.error.strip().splitlines()[0][:200])
    return " · ".join(words)


@dataclass(frozen=True, slots=True)
class Affected:
    """A dashboard downstream, and the names on the way to it."""

    asset: Asset
    path: list[Asset]


def dashboards_downstream(asset: Asset, below: Mapping[int, int]) -> list[Affected]:
    """The dashboards and products fed by the asset, nearest and weightiest first."""
    reached = (
        Asset.objects.for_list()
        .filter(pk__in=below, type__in=[Asset.Type.DASHBOARD, Asset.Type.PRODUCT])
        .order_by("tier", "name")[:DASHBOARDS_SHOWN]
    )
    dashboards = {found.pk: found for found in reached}
    paths = graph.snapshot().paths(asset.pk, dashboards)
    between = Asset.objects.in_bulk({pk for path in paths.values() for pk in path})
    return [
        Affected(found, [between[id] for id in paths[pk][1:-1] if id in between])
        for pk, found in dashboards.items()
        if pk in paths
    ]


def asset_page(asset: Asset, *, request: HttpRequest, at: datetime) -> dict[str, Any]:
    """Everything the page of an asset shows."""
    assert isinstance(request.user, User)
    lineage = graph.snapshot(fresh=True)
    above, below = lineage.ancestors(asset.pk), lineage.descendants(asset.pk)
    upstream = relatives(above, type="", limit=RELATIVES_SHOWN)
    downstream = relatives(below, type="", limit=RELATIVES_SHOWN)
    sides = (upstream["results"], downstream["results"])
    near = {asset.pk, *above, *below}
    conditions = conditions_of(near, lineage, user=request.user)
    return {
        "asset": asset,
        "condition": conditions.get(asset.pk, HEALTHY),
        "picture": picture_of_asset(
            asset, above, below, lineage, Look(), conditions=conditions
        ),
        "upstream": {**upstream, "results": _told(sides[0], conditions)},
        "downstream": {**downstream, "results": _told(sides[1], conditions)},
        "dashboards": dashboards_downstream(asset, below),
        "runs": recent_runs(asset),
        "changes": asset.changes.select_related("recorded_by")[:8],
        "aliases": asset.aliases.all()[:10],
        "standing": standing_of(asset, above.keys(), below.keys()),
        "known_issues": known_issues_of([asset.pk], at=at),
        "panels": _panels(asset, request=request, at=at),
    }


def _told(
    side: Iterable[Relative], conditions: Mapping[int, Condition]
) -> list[dict[str, object]]:
    return [
        {**one, "condition": conditions.get(one["asset"].pk, HEALTHY)} for one in side
    ]


def with_conditions(
    assets: Iterable[Asset], *, user: User
) -> list[tuple[Asset, Condition]]:
    """The assets in their order, each with how it is."""
    listed = list(assets)
    found = conditions_of((asset.pk for asset in listed), graph.snapshot(), user=user)
    return [(asset, found.get(asset.pk, HEALTHY)) for asset in listed]


def _panels(asset: Asset, *, request: HttpRequest, at: datetime) -> list[str]:
    answers: Sequence[tuple[object, Any]] = asset_panels.send(
        sender=Asset, asset=asset, user=request.user, at=at
    )
    panels: list[Panel] = [panel for _, told in answers for panel in told or ()]
    panels.sort(key=lambda panel: panel.order)
    return [
        render_to_string(panel.template, {**panel.context, "asset": asset}, request)
        for panel in panels
    ]
