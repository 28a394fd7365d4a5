"""Pictures of stored assets: what the catalog and the incidents show."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

from django.templatetags.static import static
from django.utils.safestring import SafeString, mark_safe

from catalog import graph
from catalog.collapsing import MOST_NODES, PictureNode, State
from catalog.models import Asset
from catalog.picture import draw
from catalog.standing import notes_on
from core.templatetags.headwater import initials


def draw_assets(
    asset_ids: Iterable[int],
    *,
    label: str,
    states: Mapping[int, State],
    focus_id: int | None = None,
    path: Collection[tuple[int, int]] = (),
    more_url: str = "",
    edges: Iterable[tuple[int, int]] | None = None,
    limit: int = MOST_NODES,
) -> SafeString:
    """Draw assets with the edges between them. Three queries, four with dashboards.

    An asset that `states` does not name is drawn by its own health. `edges` are drawn
    instead of those of the lineage, for a picture that leaves out what lies between.
    `path`, `more_url` and `limit` as in `picture.draw`. Do not call it in a
    transaction that holds locks: a large picture takes a second.
    """
    assets = Asset.objects.for_list().filter(pk__in=set(asset_ids)).order_by("pk")
    if edges is None:
        edges = graph.snapshot(fresh=True).edges_among(asset.pk for asset in assets)
    edges = list(edges)
    notes = notes_on({asset.pk for asset in assets}, edges)
    nodes = [
        _node(
            asset,
            states.get(asset.pk),
            is_focus=asset.pk == focus_id,
            note=notes.get(asset.pk, ""),
        )
        for asset in assets
    ]
    svg = draw(
        nodes,
        edges,
        label=label,
        icons=static("icons.svg"),
        path=path,
        more_url=more_url,
        limit=limit,
    )
    return mark_safe(svg)  # noqa: S308  `draw` escapes every name


def _node(
    asset: Asset, state: State | None, *, is_focus: bool, note: str
) -> PictureNode:
    own: State = "failing" if asset.health == Asset.Health.FAILING else "healthy"
    owner = next(iter(asset.owners.all()), None)
    is_dashboard = asset.type == Asset.Type.DASHBOARD
    return PictureNode(
        id=asset.pk,
        name=asset.short_name,
        kind=asset.kind,
        kind_word=asset.get_type_display(),
        full_name=f"{asset.name} ({asset.namespace})" + (f", {note}" if note else ""),
        url=asset.get_absolute_url(),
        state=state or own,
        is_focus=is_focus,
        initials=initials(owner.email) if owner and is_dashboard else "",
    )
