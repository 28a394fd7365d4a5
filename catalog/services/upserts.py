"""Writing assets and edges in bulk: the ground of every importer."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import connection

from catalog.importers.base import AssetKey
from catalog.models import Asset, AssetAlias, AssetOwner

BATCH = 1000
# An edge that is told every minute need not be rewritten every minute.
SEEN_PRECISION = timedelta(hours=1)
LINEAGE_LOCK = 0x4C494E45  # any number that no other advisory lock of ours has


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


def upsert_assets(
    facts: Iterable[AssetFacts], *, at: datetime, overwrite: bool
) -> dict[str, int]:
    """Make or change assets and return {identity: id}.

    With `overwrite` what is said replaces what is stored; without it only blanks
    are filled. Of two that speak of one asset the first counts. Locks nothing unless
    there is something to write. Call it in a transaction.
    """
    by_identity: dict[str, AssetFacts] = {}
    for fact in facts:
        by_identity.setdefault(fact.identity, fact)
    found = _known(by_identity)
    if len(found) < len(by_identity):
        lock_lineage()
        found = _known(by_identity)
        missing = sorted(by_identity.keys() - found.keys())
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
    ups, downs = map(list, zip(*joined, strict=True))
    stale_before = at - SEEN_PRECISION
    with connection.cursor() as cursor:
        cursor.execute(_COUNT_FRESH_EDGES, [ups, downs, stale_before])
        if cursor.fetchone()[0] == len(joined):
            return len(joined)
        lock_lineage()
        cursor.execute(_UPSERT_EDGES, [source, at, at, ups, downs, stale_before])
        is_new = cursor.fetchone()[0] > 0
    if is_new:
        bump_lineage_version(at=at)
    return len(joined)


_COUNT_FRESH_EDGES = """
    SELECT count(*) FROM catalog_edge AS edge
    JOIN unnest(%s::bigint[], %s::bigint[]) AS told (up, down)
        ON edge.upstream_id = told.up AND edge.downstream_id = told.down
    WHERE edge.last_seen_at >= %s
"""

_UPSERT_EDGES = """
    WITH written AS (
        INSERT INTO catalog_edge AS edge
            (source, first_seen_at, last_seen_at, upstream_id, downstream_id)
        SELECT %s, %s, %s, told.up, told.down
        FROM unnest(%s::bigint[], %s::bigint[]) AS told (up, down)
        ORDER BY told.up, told.down
        ON CONFLICT (upstream_id, downstream_id) DO UPDATE
            SET last_seen_at = EXCLUDED.last_seen_at
            WHERE edge.last_seen_at < %s
        RETURNING xmax = 0 AS is_new
    )
    SELECT count(*) FILTER (WHERE is_new) FROM written
"""


def lock_lineage() -> None:
    """Let one transaction at a time write lineage, until it ends.

    Taken before any row is locked: writers that lock assets, edges and the version
    in different orders would deadlock. Those who find nothing to write, which is
    nearly all who tell of a run, never ask for it.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [LINEAGE_LOCK])


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
    if not fresh:
        return
    lock_lineage()
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
    lock_lineage()
    # Read again under lock: somebody may have edited one since. Not the key's lock,
    # which would hold up whoever writes an alert or an edge of the asset.
    rows = Asset.objects.filter(pk__in=stale).order_by("pk")
    locked = list(rows.select_for_update(no_key=True))
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
    if added:
        lock_lineage()
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
