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
    FoundLineage,
)
from catalog.models import Asset
from catalog.services.columns import (
    ColumnFacts,
    keep_statements,
    record_columns,
    record_schemas,
)
from catalog.services.edges import note_loops, upsert_edges, upsert_sightings
from catalog.services.takeover import Telling, ToldColumns
from catalog.services.upserts import AssetFacts, upsert_assets
from core.text import identifier


@dataclass(frozen=True, slots=True)
class LineageCount:
    """How many different assets and edges a message named."""

    assets: int
    edges: int


def record_lineage(
    *,
    assets: Iterable[FoundAsset],
    edges: Iterable[tuple[AssetKey, AssetKey]],
    source: str,
    overwrite: bool = False,
    at: datetime,
) -> LineageCount:
    """`record_found` of nothing but assets and edges."""
    found = FoundLineage(tuple(assets), tuple(edges))
    return record_found(found, source=source, overwrite=overwrite, at=at)


@transaction.atomic
def record_found(
    found: FoundLineage,
    *,
    source: str,
    overwrite: bool = False,
    also: Iterable[FoundAsset] = (),
    at: datetime,
) -> LineageCount:
    """Keep what a message tells; `source` is one of `Edge.Source`.

    Unknown assets are made, also those of `also`, in one go: making some after edges
    were written could deadlock. Of known ones only what is still blank is filled in: a
    person's word counts for more than a message's, unless `overwrite` says that the
    sender is the authority. Of edges from an asset to itself it is noted that they were
    told. Safe to repeat, and cheap when nothing is new.
    """
    told = telling_of(found, source=source)
    others = {fact.identity: fact for fact in map(_plain_facts, also)}
    ids = upsert_assets((others | told.facts).values(), at=at, overwrite=overwrite)
    mine = {identity: ids[identity] for identity in told.facts}
    upsert_sightings(mine.values(), source=source, origin=found.origin, at=at)
    if told.loops:
        loops = {ids[name] for name in told.loops}
        note_loops(loops, loops, source=source, origin=found.origin)
    joined = {(ids[up], ids[down]) for up, down in told.edges}
    count = upsert_edges(joined, source=source, origin=found.origin, at=at)
    _record_details(told, ids, at=at)
    return LineageCount(assets=len(set(mine.values())), edges=count)


def _record_details(told: Telling, ids: Mapping[str, int], *, at: datetime) -> None:
    columns = [
        ColumnFacts(ids[up], ids[down], columns, everywhere)
        for up, down, columns, everywhere in told.columns
    ]
    record_columns(columns, source=told.source, origin=told.origin, at=at)
    if told.schemas:
        schemas = {ids[name]: columns for name, columns in told.schemas.items()}
        record_schemas(schemas, source=told.source, at=at)
    if told.statements:
        texts = {ids[name]: one for name, one in told.statements.items()}
        keep_statements(texts, source=told.source, origin=told.origin, at=at)


def telling_of(found: FoundLineage, *, source: str) -> Telling:
    """Return what was found by the identities of assets."""
    teams = _team_ids(owner for asset in found.assets for owner in asset.owners)
    facts: dict[str, AssetFacts] = {}
    names: dict[AssetKey, str] = {}
    for fact in (_facts(asset, teams) for asset in found.assets):
        names[AssetKey(fact.namespace, fact.name)] = fact.identity
        facts.setdefault(fact.identity, fact)
    ends = {end for edge in found.edges for end in edge}
    for key in ends.union(found.loops) - names.keys():
        fact = AssetFacts(*key)
        names[key] = fact.identity
        facts.setdefault(fact.identity, fact)
    return Telling(
        source=source,
        origin=found.origin,
        facts=facts,
        edges=frozenset((names[up], names[down]) for up, down in found.edges),
        columns=tuple(
            ToldColumns(
                names[one.upstream],
                names[one.downstream],
                {made: list(of) for made, of in one.columns},
                list(one.everywhere),
            )
            for one in found.columns
        ),
        schemas={names[one.key]: one.columns for one in found.schemas},
        statements={names[o.key]: (o.text, o.dialect) for o in found.statements},
        warnings=found.warnings,
        loops=frozenset(names[key] for key in found.loops),
        is_whole=found.is_whole,
    )


@transaction.atomic
def find_or_create_asset(
    *, namespace: str, name: str, type: str = "", at: datetime
) -> Asset:
    """Return the asset of that name, made if it is unknown.

    `type` matters only when it is made; an unknown word for it means a dataset.
    Safe when several do it at once: all get the same row.
    """
    facts = _plain_facts(FoundAsset(namespace, name, type))
    found = Asset.objects.named(facts.namespace, facts.name).first()
    if found is not None:
        return found
    ids = upsert_assets([facts], at=at, overwrite=False)
    return Asset.objects.get(pk=ids[facts.identity])


def _plain_facts(found: FoundAsset) -> AssetFacts:
    """Its name and type, as somebody wrote them."""
    return AssetFacts(
        identifier(found.namespace, NAMESPACE_LENGTH),
        identifier(found.name, NAME_LENGTH),
        type=found.type if found.type in Asset.Type.values else None,
    )


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
        users=found.users,
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
