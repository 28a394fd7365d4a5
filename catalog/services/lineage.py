"""Writing down what machines tell about assets and the edges between them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import connection, transaction

from accounts.models import Team
from catalog.importers.base import (
    NAME_LENGTH,
    NAMESPACE_LENGTH,
    AssetKey,
    FoundAsset,
)
from catalog.models import Asset, AssetAlias, AssetOwner
from core.text import identifier

BATCH = 1000


@dataclass(frozen=True, slots=True)
class AssetFacts:
    """What somebody says about an asset. None means: not said."""

    namespace: str
    name: str
    type: str | None = None
    tier: int | None = None
    description: str | None = None
    url: str | None = None
    team_id: int | None = None
    owners: tuple[str, ...] | None = None
    aliases: tuple[AssetKey, ...] = ()

    @property
    def identity(self) -> str:
        return Asset.make_identity(self.namespace, self.name)

    def told(self) -> dict[str, Any]:
        """The columns of the asset's own row that are said."""
        columns = ("type", "tier", "description", "url", "team_id")
        return {
            column: value
            for column in columns
            if (value := getattr(self, column)) is not None
        }


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


def upsert_assets(
    facts: Iterable[AssetFacts], *, at: datetime, overwrite: bool
) -> dict[str, int]:
    """Make or change assets and return {identity: id}.

    With `overwrite` what is said replaces what is stored; without it only blanks
    are filled. Of two that speak of one asset the first counts. Rows are made and
    locked in one order, so that two imports at once wait for each other rather than
    deadlock. Call it in a transaction.
    """
    by_identity: dict[str, AssetFacts] = {}
    for fact in facts:
        by_identity.setdefault(fact.identity, fact)
    found = _known(by_identity)
    missing = sorted(by_identity.keys() - found.keys())
    if missing:
        Asset.objects.bulk_create(
            [_new_asset(by_identity[identity], at=at) for identity in missing],
            ignore_conflicts=True,
            batch_size=BATCH,
        )
        found |= _stored(missing)
    _keep_aliases(found, by_identity)
    said = {found[identity].pk: fact for identity, fact in by_identity.items()}
    _change_assets(found.values(), said, overwrite=overwrite)
    _set_owners(said, overwrite=overwrite)
    return {identity: asset.pk for identity, asset in found.items()}


def upsert_edges(pairs: Iterable[tuple[int, int]], *, source: str, at: datetime) -> int:
    """Make the edges (upstream id, downstream id) and return how many there are.

    An edge keeps the source that told it first, so one made by hand stays so.
    """
    joined = sorted({(up, down) for up, down in pairs if up != down})
    if not joined:
        return 0
    with connection.cursor() as cursor:
        cursor.execute(
            _UPSERT_EDGES, [source, at, at, *map(list, zip(*joined, strict=True))]
        )
        row = cursor.fetchone()
    if row[0]:
        bump_lineage_version(at=at)
    return len(joined)


# An edge that is told every minute need not be rewritten every minute.
_UPSERT_EDGES = """
    WITH written AS (
        INSERT INTO catalog_edge AS edge
            (source, first_seen_at, last_seen_at, upstream_id, downstream_id)
        SELECT %s, %s, %s, told.up, told.down
        FROM unnest(%s::bigint[], %s::bigint[]) AS told (up, down)
        ORDER BY told.up, told.down
        ON CONFLICT (upstream_id, downstream_id) DO UPDATE
            SET last_seen_at = EXCLUDED.last_seen_at
            WHERE edge.last_seen_at < EXCLUDED.last_seen_at - interval '1 hour'
        RETURNING xmax = 0 AS is_new
    )
    SELECT count(*) FILTER (WHERE is_new) FROM written
"""


def bump_lineage_version(*, at: datetime) -> None:
    """Say that the graph has changed. Call it last, in the change's transaction.

    Versions come from a sequence: a rolled-back transaction's version is never given
    to another graph, which a process that saw the first would take for the same.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            """
            INSERT INTO catalog_lineageversion AS kept (id, version, changed_at)
            VALUES (1, nextval(pg_get_serial_sequence('catalog_lineageversion', 'id')),
                    %s)
            ON CONFLICT (id) DO UPDATE SET
                version = EXCLUDED.version, changed_at = EXCLUDED.changed_at
            """,
            [at],
        )


def _stored(identities: Iterable[str]) -> dict[str, Asset]:
    rows = Asset.objects.filter(identity__in=list(identities))
    return {asset.identity: asset for asset in rows}


def _known(facts: Mapping[str, AssetFacts]) -> dict[str, Asset]:
    """Return {identity: asset} of those known by that name or by an alias."""
    found = _stored(facts)
    unknown = facts.keys() - found.keys()
    if not unknown:
        return found
    names = {
        identity: [identity, *_alias_identities(facts[identity])]
        for identity in unknown
    }
    every = [name for spellings in names.values() for name in spellings]
    known_as = _stored(every) | {
        alias.identity: alias.asset
        for alias in AssetAlias.objects.filter(identity__in=every).select_related(
            "asset"
        )
    }
    for identity, spellings in names.items():
        asset = next((known_as[name] for name in spellings if name in known_as), None)
        if asset is not None:
            found[identity] = asset
    return found


def _alias_identities(facts: AssetFacts) -> list[str]:
    return [Asset.make_identity(*key) for key in facts.aliases]


def _keep_aliases(found: Mapping[str, Asset], facts: Mapping[str, AssetFacts]) -> None:
    """Keep each name by which an asset was told and that no asset has as its own."""
    told = {
        Asset.make_identity(*key): (found[identity], key)
        for identity, fact in facts.items()
        for key in (*fact.aliases, AssetKey(fact.namespace, fact.name))
        if Asset.make_identity(*key) != found[identity].identity
    }
    if not told:
        return
    kept = AssetAlias.objects.filter(identity__in=told).values_list("identity")
    fresh = told.keys() - {identity for (identity,) in kept} - _stored(told).keys()
    AssetAlias.objects.bulk_create(
        [
            AssetAlias(
                asset=told[identity][0],
                namespace=told[identity][1].namespace,
                name=told[identity][1].name,
                identity=identity,
            )
            for identity in sorted(fresh)
        ],
        ignore_conflicts=True,
        batch_size=BATCH,
    )


def _new_asset(facts: AssetFacts, *, at: datetime) -> Asset:
    return Asset(
        namespace=facts.namespace, name=facts.name, created_at=at, **facts.told()
    )


def _change_assets(
    assets: Iterable[Asset], said: Mapping[int, AssetFacts], *, overwrite: bool
) -> None:
    stale = [
        asset.pk
        for asset in assets
        if _changes(asset, said[asset.pk], overwrite=overwrite)
    ]
    if not stale:
        return
    # Read again under lock: somebody may have edited one since.
    locked = list(Asset.objects.filter(pk__in=stale).select_for_update().order_by("pk"))
    for asset in locked:
        changes = _changes(asset, said[asset.pk], overwrite=overwrite)
        for column, value in changes.items():
            setattr(asset, column, value)
    # An upsert of rows that all exist: much quicker than bulk_update's CASE.
    Asset.objects.bulk_create(
        locked,
        batch_size=BATCH,
        update_conflicts=True,
        unique_fields=["id"],
        update_fields=["type", "tier", "description", "url", "team"],
    )


def _changes(asset: Asset, facts: AssetFacts, *, overwrite: bool) -> dict[str, Any]:
    return {
        column: value
        for column, value in facts.told().items()
        if getattr(asset, column) != value
        and (overwrite or _is_blank(column, getattr(asset, column)))
    }


def _is_blank(column: str, value: object) -> bool:
    """Whether a stored value may only be the default: nobody ever chose it."""
    if column == "type":
        return value == Asset.Type.DATASET
    return column != "tier" and value in ("", None)


def _set_owners(said: Mapping[int, AssetFacts], *, overwrite: bool) -> None:
    told = {pk: facts.owners for pk, facts in said.items() if facts.owners is not None}
    if not told:
        return
    stored: dict[int, set[str]] = {pk: set() for pk in told}
    for pk, email in AssetOwner.objects.filter(asset__in=told).values_list(
        "asset_id", "email"
    ):
        stored[pk].add(email.lower())
    added = [
        AssetOwner(asset_id=pk, email=email)
        for pk, owners in told.items()
        if overwrite or not stored[pk]
        for email in {owner.lower() for owner in owners} - stored[pk]
    ]
    AssetOwner.objects.bulk_create(added, ignore_conflicts=True, batch_size=BATCH)
    if overwrite:
        _drop_other_owners(told)


def _drop_other_owners(told: Mapping[int, tuple[str, ...]]) -> None:
    kept = {(pk, owner.lower()) for pk, owners in told.items() for owner in owners}
    dropped = [
        owner.pk
        for owner in AssetOwner.objects.filter(asset__in=told)
        if (owner.asset_id, owner.email.lower()) not in kept
    ]
    AssetOwner.objects.filter(pk__in=dropped).delete()


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
