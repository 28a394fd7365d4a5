"""Taking over a whole catalog at once, all of it or nothing."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from django.db import transaction

from accounts.models import Team, User
from accounts.services import create_team, record_audit
from catalog.importers.bulk import CatalogDocument, DescribedAsset
from catalog.models import Edge
from catalog.services.edges import bump_lineage_version, end_edges, upsert_edges
from catalog.services.lineage import LineageCount
from catalog.services.upserts import AssetFacts, upsert_assets


@transaction.atomic
def import_catalog(
    *, document: CatalogDocument, by: User, at: datetime
) -> LineageCount:
    """Make the catalog say what the document says. Safe to repeat.

    What the document says of an asset replaces what is stored; what it does not
    mention stays. Unknown ends of edges become assets, unknown teams teams. With
    `replace`, edges of earlier imports that it does not hold are taken away; edges
    made by hand or told by other sources stay, and so do assets, which have history.
    """
    teams = _teams(document.assets, by=by, at=at)
    facts = {
        asset.key: AssetFacts(
            asset.namespace,
            asset.name,
            type=asset.type,
            tier=asset.tier,
            description=asset.description,
            url=asset.url,
            team_id=teams.get((asset.team or "").strip().lower()),
            owners=asset.owners,
        )
        for asset in document.assets
    }
    by_identity = {fact.identity: fact for fact in facts.values()}
    for key in {key for edge in document.edges for key in edge}:
        end = AssetFacts(*key)
        by_identity.setdefault(end.identity, end)
        facts.setdefault(key, end)
    ids = upsert_assets(by_identity.values(), at=at, overwrite=True)
    pairs = {
        (ids[facts[up].identity], ids[facts[down].identity])
        for up, down in document.edges
    }
    if document.replace:
        _drop_other_edges(pairs, at=at)
    edges = upsert_edges(pairs, source=Edge.Source.IMPORT, at=at)
    told = {"assets": len(ids), "edges": edges, "replace": document.replace}
    record_audit(actor=by, action="catalog.imported", target=by, changes=told, at=at)
    return LineageCount(assets=len(ids), edges=edges)


def _drop_other_edges(kept: set[tuple[int, int]], *, at: datetime) -> None:
    imported = (
        Edge.objects.current()
        .filter(source=Edge.Source.IMPORT)
        .values_list("pk", "upstream_id", "downstream_id")
    )
    dropped = [pk for pk, up, down in imported if (up, down) not in kept]
    if dropped and (gone := end_edges(dropped, at=at)):
        bump_lineage_version(at=at, removed=gone)


def _teams(
    assets: Iterable[DescribedAsset], *, by: User, at: datetime
) -> dict[str, int]:
    """Return {folded name or slug: team id}, with new teams for unknown names."""
    said = {asset.team.strip() for asset in assets if asset.team}
    named = {name.lower(): name for name in sorted(said) if name}
    if not named:
        return {}
    found: dict[str, int] = {}
    for pk, name, slug in Team.objects.values_list("pk", "name", "slug"):
        found |= {slug: pk, name.lower(): pk}
    for folded in sorted(named.keys() - found.keys()):
        found[folded] = create_team(name=named[folded], by=by, at=at).pk
    return found
