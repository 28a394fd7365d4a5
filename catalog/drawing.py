"""Pictures of stored assets: what the catalog and the incidents show."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence

from django.templatetags.static import static
from django.utils.safestring import SafeString, mark_safe

from catalog.collapsing import MOST_NODES, Fold, PictureNode, State
from catalog.conditions import Condition
from catalog.models import Asset
from catalog.picture import draw
from catalog.standing import notes_on
from core.templatetags.headwater import initials


def nodes_of(
    asset_ids: Iterable[int],
    *,
    edges: Collection[tuple[int, int]],
    states: Mapping[int, State] | None = None,
    conditions: Mapping[int, Condition] | None = None,
    focus: Collection[int] = (),
) -> list[PictureNode]:
    """The boxes of assets. One that neither `states` nor `conditions` names has its own
    health; those in `focus` stand out and are never gathered. Three queries."""
    assets = Asset.objects.for_list().filter(pk__in=set(asset_ids)).order_by("pk")
    notes = notes_on({asset.pk for asset in assets}, edges)
    states, conditions = states or {}, conditions or {}
    return [
        _node(
            asset,
            states.get(asset.pk),
            conditions.get(asset.pk),
            is_focus=asset.pk in focus,
            note=notes.get(asset.pk, ""),
        )
        for asset in assets
    ]


def draw_nodes(
    nodes: Sequence[PictureNode],
    edges: Iterable[tuple[int, int]],
    *,
    label: str,
    path: Collection[tuple[int, int]] = (),
    more_url: str = "",
    limit: int = MOST_NODES,
    fold: Fold = "",
    scale: float = 1,
) -> SafeString:
    """`picture.draw` with the icons of this installation, fit for a page."""
    svg = draw(
        nodes,
        edges,
        label=label,
        icons=static("icons.svg"),
        path=path,
        more_url=more_url,
        limit=limit,
        fold=fold,
        scale=scale,
    )
    return mark_safe(svg)  # noqa: S308  `draw` escapes every name


def _node(
    asset: Asset,
    state: State | None,
    condition: Condition | None,
    *,
    is_focus: bool,
    note: str,
) -> PictureNode:
    own: State = "failing" if asset.health == Asset.Health.FAILING else "healthy"
    if condition is not None:
        own = condition.state
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
        note=note,
        word=condition.word if condition and not state else "",
        is_being_fixed=condition is not None and condition.is_being_fixed,
    )
