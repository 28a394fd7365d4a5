"""Writing down what machines tell about assets and the edges between them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction

from accounts.models import Team
from catalog.importers.base import (
    NAME_LENGTH,
    NAMESPACE_LENGTH,
    AssetKey,
    FoundAsset,
)
from catalog.models import Asset
from catalog.services.edges import upsert_edges, upsert_sightings
from catalog.services.upserts import AssetFacts, upsert_assets
from core.text import identifier


@dataclass(frozen=True, slots=True)
class LineageCount:
    """How many different assets and edges a message named."""

    assets: int
    edges: int


@transaction.atomic
def record_lineage(
    *,
    assets: Iterable[FoundAsset],
    edges: Iterable[tuple[AssetKey, AssetKey]],
    source: str,
    overwrite: bool = False,
    at: datetime,
) -> LineageCount:
    """Keep what a machine tells; `source` is one of `Edge.Source`.

    Unknown assets are made. Of known ones only what is still blank is filled in: a
    person's word counts for more than a message's, unless `overwrite` says that the
    sender is the authority. Edges from an asset to itself are left out. Safe to
    repeat, and cheap when nothing is new.
    """
    teams = _team_ids(owner for asset in assets for owner in asset.owners)
    facts = {asset.key: _facts(asset, teams) for asset in assets}
    pairs = list(edges)
    for key in (key for pair in pairs for key in pair):
        facts.setdefault(key, AssetFacts(*key))
    ids = upsert_assets(facts.values(), at=at, overwrite=overwrite)
    by_key = {key: ids[fact.identity] for key, fact in facts.items()}
    upsert_sightings(ids.values(), source=source, at=at)
    joined = {(by_key[up], by_key[down]) for up, down in pairs}
    count = upsert_edges(joined, source=source, at=at)
    return LineageCount(assets=len(ids), edges=count)


@transaction.atomic
def find_or_create_asset(
    *, namespace: str, name: str, type: str = "", at: datetime
) -> Asset:
    """Return the asset of that name, made if it is unknown.

    `type` matters only when it is made; an unknown word for it means a dataset.
    Safe when several do it at once: all get the same row.
    """
    facts = AssetFacts(
        identifier(namespace, NAMESPACE_LENGTH),
        identifier(name, NAME_LENGTH),
        type=type if type in Asset.Type.values else None,
    )
    found = Asset.objects.named(facts.namespace, facts.name).first()
    if found is not None:
        return found
    ids = upsert_assets([facts], at=at, overwrite=False)
    return Asset.objects.get(pk=ids[facts.identity])


def _facts(found: FoundAsset, teams: Mapping[str, int]) -> AssetFacts:
    emails = tuple(owner for owner in found.owners if is_email(owner))
    team_id = next(
        (teams[key] for owner in found.owners if (key := _team_key(owner)) in teams),
        None,
    )
    return AssetFacts(
        found.namespace,
        found.name,
        type=None if found.type == Asset.Type.DATASET else found.type,
        tier=found.tier,
        description=found.description or None,
        url=found.url or None,
        team_id=team_id,
        owners=emails or None,
        aliases=found.aliases,
    )


def _team_key(owner: str) -> str:
    """How a machine writes a team: "team:orders" (OpenLineage) or "@orders"."""
    return owner.removeprefix("team:").removeprefix("@").strip().lower()


def _team_ids(owners: Iterable[str]) -> dict[str, int]:
    """Return {name or slug: id} of the teams that exist; a message makes none."""
    keys = {_team_key(owner) for owner in owners if not is_email(owner)}
    if not keys:
        return {}
    return {
        key: team.pk
        for team in Team.objects.all()
        for key in (team.name.lower(), team.slug)
        if key in keys
    }


def is_email(value: str) -> bool:
    try:
        validate_email(value)
    except ValidationError:
        return False
    return True
