"""Making and changing assets in bulk: the ground of every importer.

First it is found out what there is to write, without writing: a preview shows just
that. Rows are written sorted, each kind in turn, so writers meet without deadlock.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from typing import Any, NamedTuple, TypeVar

from catalog.importers.base import AssetKey
from catalog.models import Asset, AssetAlias, AssetOwner

BATCH = 1000
LOOKED_UP_AT_ONCE = 20_000
ValueT = TypeVar("ValueT")
COLUMNS = ("type", "tier", "users", "description", "url", "team_id")


@dataclass(frozen=True, slots=True)
class AssetFacts:
    """What somebody says about an asset. None means: not said."""

    namespace: str
    name: str
    type: str | None = None
    tier: int | None = None
    users: int | None = None
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
        return {
            column: value
            for column in COLUMNS
            if (value := getattr(self, column)) is not None
        }


class KnownAsset(NamedTuple):
    id: int
    identity: str
    name: str
    type: str
    tier: int
    users: int | None
    description: str
    url: str
    team_id: int | None


@dataclass(slots=True)
class AssetPlan:
    """What there is to write about some assets.

    `facts` and `known` are by the identity told; `known` lacks those to be made.
    `changes` is {id: {column: (old, new)}}; owners are (asset id, address in lower
    case); `aliases` are by their identity.
    """

    facts: dict[str, AssetFacts]
    known: dict[str, KnownAsset]
    overwrite: bool
    changes: dict[int, dict[str, tuple[Any, Any]]] = field(default_factory=dict)
    owners_added: set[tuple[int, str]] = field(default_factory=set)
    owners_dropped: set[tuple[int, str]] = field(default_factory=set)

    @property
    def missing(self) -> list[str]:
        return sorted(self.facts.keys() - self.known.keys())


def upsert_assets(
    facts: Iterable[AssetFacts], *, at: datetime, overwrite: bool
) -> dict[str, int]:
    """Make or change assets and return {identity: id}.

    With `overwrite` what is said replaces what is stored; without it only blanks
    are filled. Of two that speak of one asset the first counts. Writes nothing and
    locks nothing unless there is something new. Call it in a transaction.
    """
    return write_assets(plan_assets(facts, overwrite=overwrite), at=at)


def plan_assets(facts: Iterable[AssetFacts], *, overwrite: bool) -> AssetPlan:
    """Find out what there is to write. Writes nothing."""
    by_identity: dict[str, AssetFacts] = {}
    for fact in facts:
        by_identity.setdefault(fact.identity, fact)
    plan = AssetPlan(by_identity, _known(by_identity), overwrite)
    for identity, asset in plan.known.items():
        changes = _changes(asset, by_identity[identity], overwrite=overwrite)
        if changes:
            plan.changes[asset.id] = changes
    _plan_owners(plan)
    return plan


def write_assets(plan: AssetPlan, *, at: datetime) -> dict[str, int]:
    """Write what `plan_assets` found and return {identity: id}."""
    missing = plan.missing
    if missing:
        _make_assets([plan.facts[identity] for identity in missing], at=at)
        made = _known({identity: plan.facts[identity] for identity in missing})
        plan.known |= made
    _keep_aliases(plan)
    _write_changes(plan)
    made_owners = {
        (plan.known[identity].id, owner.lower())
        for identity in missing
        for owner in plan.facts[identity].owners or ()
    }
    _write_owners(plan.owners_added | made_owners, plan.owners_dropped)
    return {identity: asset.id for identity, asset in plan.known.items()}


def in_batches(values: Iterable[ValueT], size: int) -> Iterator[list[ValueT]]:
    rest = iter(values)
    while batch := list(islice(rest, size)):
        yield batch


def _stored(identities: Iterable[str]) -> dict[str, KnownAsset]:
    found: dict[str, KnownAsset] = {}
    for some in in_batches(identities, LOOKED_UP_AT_ONCE):
        rows = Asset.objects.filter(identity__in=some).values_list(*KnownAsset._fields)
        found |= {row[1]: KnownAsset(*row) for row in rows}
    return found


def _known(facts: Mapping[str, AssetFacts]) -> dict[str, KnownAsset]:
    """Return {identity: asset} of those known by that name or by an alias."""
    found = _stored(facts)
    unknown = facts.keys() - found.keys()
    if not unknown:
        return found
    names = {
        identity: [identity, *_alias_identities(facts[identity])]
        for identity in unknown
    }
    every = {name for spellings in names.values() for name in spellings}
    known_as = _stored(every) | _stored_aliases(every)
    for identity, spellings in names.items():
        asset = next((known_as[name] for name in spellings if name in known_as), None)
        if asset is not None:
            found[identity] = asset
    return found


def _stored_aliases(identities: Iterable[str]) -> dict[str, KnownAsset]:
    columns = [f"asset__{name}" for name in KnownAsset._fields]
    found: dict[str, KnownAsset] = {}
    for some in in_batches(identities, LOOKED_UP_AT_ONCE):
        rows = AssetAlias.objects.filter(identity__in=some)
        for alias, *asset in rows.values_list("identity", *columns):
            found[alias] = KnownAsset(*asset)
    return found


def _alias_identities(facts: AssetFacts) -> list[str]:
    return [Asset.make_identity(*key) for key in facts.aliases]


def _make_assets(facts: Iterable[AssetFacts], *, at: datetime) -> None:
    Asset.objects.bulk_create(
        [
            Asset(namespace=one.namespace, name=one.name, created_at=at, **one.told())
            for one in facts
        ],
        ignore_conflicts=True,
        batch_size=BATCH,
    )


def _keep_aliases(plan: AssetPlan) -> None:
    """Keep each name by which an asset was told and that no asset has as its own."""
    told = {
        identity: (plan.known[of].id, key)
        for of, fact in plan.facts.items()
        for identity, key in _other_names(fact)
        if identity != plan.known[of].identity
    }
    fresh = told.keys() - _stored_aliases(told).keys() - _stored(told).keys()
    AssetAlias.objects.bulk_create(
        [
            AssetAlias(
                asset_id=told[identity][0],
                namespace=told[identity][1].namespace,
                name=told[identity][1].name,
                identity=identity,
            )
            for identity in sorted(fresh)
        ],
        ignore_conflicts=True,
        batch_size=BATCH,
    )


def _other_names(fact: AssetFacts) -> Iterator[tuple[str, AssetKey]]:
    for key in (*fact.aliases, AssetKey(fact.namespace, fact.name)):
        yield Asset.make_identity(*key), key


def _write_changes(plan: AssetPlan) -> None:
    if not plan.changes:
        return
    said = {asset.id: plan.facts[told] for told, asset in plan.known.items()}
    # Read again under lock: somebody may have edited one since. Not the key's lock,
    # which would hold up whoever writes an alert or an edge of the asset.
    rows = Asset.objects.filter(pk__in=plan.changes).order_by("pk")
    locked = list(rows.select_for_update(no_key=True))
    for asset in locked:
        changes = _changes(asset, said[asset.pk], overwrite=plan.overwrite)
        for column, (_, new) in changes.items():
            setattr(asset, column, new)
    # An upsert of rows that all exist: much quicker than bulk_update's CASE.
    Asset.objects.bulk_create(
        locked,
        batch_size=BATCH,
        update_conflicts=True,
        unique_fields=["id"],
        update_fields=["type", "tier", "users", "description", "url", "team"],
    )


def _changes(
    asset: KnownAsset | Asset, facts: AssetFacts, *, overwrite: bool
) -> dict[str, tuple[Any, Any]]:
    return {
        column: (getattr(asset, column), value)
        for column, value in facts.told().items()
        if getattr(asset, column) != value
        and (overwrite or _is_blank(column, getattr(asset, column)))
    }


def _is_blank(column: str, value: object) -> bool:
    """Whether a stored value may only be the default: nobody ever chose it."""
    if column == "type":
        return value == Asset.Type.DATASET
    return column != "tier" and value in ("", None)


def _plan_owners(plan: AssetPlan) -> None:
    told = {
        asset.id: {owner.lower() for owner in owners}
        for identity, asset in plan.known.items()
        if (owners := plan.facts[identity].owners) is not None
    }
    stored: dict[int, set[str]] = {}
    for some in in_batches(told, LOOKED_UP_AT_ONCE):
        rows = AssetOwner.objects.filter(asset__in=some)
        for asset_id, email in rows.values_list("asset_id", "email"):
            stored.setdefault(asset_id, set()).add(email.lower())
    for asset_id, wanted in told.items():
        known = stored.get(asset_id, set())
        if plan.overwrite or not known:
            plan.owners_added |= {(asset_id, owner) for owner in wanted - known}
        if plan.overwrite:
            plan.owners_dropped |= {(asset_id, owner) for owner in known - wanted}


def _write_owners(
    added: Iterable[tuple[int, str]], dropped: Iterable[tuple[int, str]]
) -> None:
    AssetOwner.objects.bulk_create(
        [
            AssetOwner(asset_id=asset_id, email=email)
            for asset_id, email in sorted(added)
        ],
        ignore_conflicts=True,
        batch_size=BATCH,
    )
    gone = set(dropped)
    if gone:
        rows = AssetOwner.objects.filter(asset__in={asset_id for asset_id, _ in gone})
        ids = [o.pk for o in rows if (o.asset_id, o.email.lower()) in gone]
        AssetOwner.objects.filter(pk__in=ids).delete()
