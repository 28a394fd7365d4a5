"""Merging two assets that are one thing: what moves, and moving it.

Whatever refers to an asset by a foreign key, in any app, is found by asking Django and
moved alike, so a new table needs no line here. Where both have the same (a run told
under both names), the row of the one that stays is kept.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from django.db import IntegrityError, OperationalError, models, transaction
from django.db.models import ForeignKey, Q
from psycopg.errors import DeadlockDetected

from accounts.models import User
from accounts.services import record_audit
from catalog.models import Asset, AssetAlias, Edge, MergedAsset
from catalog.services.edges import Pair, bump_lineage_version
from catalog.signals import asset_merging
from core.errors import DomainError
from core.live import publish

TRIES = 4
# What people call the rows of a table, where its own name is not it.
WORDS = {
    "alerts.alert": "alerts",
    "alerts.heartbeat": "heartbeats",
    "catalog.assetalias": "other names",
    "catalog.assetowner": "owners",
    "catalog.change": "changes",
    "catalog.edge": "edges of lineage",
    "catalog.run": "runs",
    "incidents.failingasset": "incidents",
}
# Kept about each asset for the machines; nobody counts them.
UNTOLD = {
    "catalog.sighting",
    "catalog.assetschema",
    "catalog.sqltext",
    "catalog.columnmap",
    "catalog.mergedasset",
    "incidents.incident",
    "incidents.mergeoffer",
    "incidents.causeverdict",
}


@dataclass(frozen=True, slots=True)
class MergePreview:
    """What a merge would do. `moves` are (what, how many) that would come along;
    `filled` names the fields of the one that stays that are blank and would be filled;
    `between` are edges between the two, which have no meaning afterwards."""

    moves: list[tuple[str, int]]
    filled: list[str]
    between: int


def preview_merge(old: Asset, into: Asset) -> MergePreview:
    """One query for each table that refers to assets."""
    counts: Counter[str] = Counter()
    for model, field in _references():
        label = model._meta.label_lower
        if label not in UNTOLD:
            word = WORDS.get(label, str(model._meta.verbose_name_plural))
            counts[word] += model._base_manager.filter(**{field: old.pk}).count()
    between = _between(old, into).count()
    return MergePreview(
        moves=[(word, total) for word, total in sorted(counts.items()) if total],
        filled=sorted(_filled(old, into)),
        between=between,
    )


def merge_assets(*, old_id: int, into_id: int, by: User, at: datetime) -> Asset:
    """Make the old asset part of the other and return that. It cannot be undone.

    History comes along, the old name becomes another name of the one that stays, and
    the old address leads there. Both rows are locked, so what arrives meanwhile under
    the old name either came before or finds the new one. Raises DomainError when both
    are the same, or one of them is gone.
    """
    if old_id == into_id:
        raise DomainError("An asset cannot be merged with itself.")
    for _ in range(TRIES - 1):
        try:
            return _merge(old_id, into_id, by=by, at=at)
        except OperationalError as error:
            if not isinstance(error.__cause__, DeadlockDetected):
                raise
    return _merge(old_id, into_id, by=by, at=at)


def merged_into(pk: int) -> int | None:
    """The id of the asset that an asset with this id became part of."""
    found = MergedAsset.objects.filter(pk=pk).values_list("into", flat=True)
    return found.first()


@transaction.atomic
def _merge(old_id: int, into_id: int, *, by: User, at: datetime) -> Asset:
    found = Asset.objects.in_bulk([old_id, into_id])
    if len(found) < 2:
        raise DomainError("One of the two is not there any more.")
    asset_merging.send(sender=Asset, old=found[old_id], into=found[into_id])
    rows = Asset.objects.select_for_update(of=["self"]).order_by("pk")
    locked = {asset.pk: asset for asset in rows.filter(pk__in=found)}
    if len(locked) < 2:
        raise DomainError("One of the two is not there any more.")
    old, into = locked[old_id], locked[into_id]
    moved = dict(preview_merge(old, into).moves)
    added, removed = _changed_pairs(old, into)
    for model, field in _references():
        _move(model, field, old, into, at=at)
    _take_over(old, into)
    old.delete()
    AssetAlias.objects.create(
        asset=into, namespace=old.namespace, name=old.name, identity=old.identity
    )
    MergedAsset.objects.create(
        old_id=old_id,
        into=into,
        namespace=old.namespace,
        name=old.name,
        at=at,
        by=by,
        moved=moved,
    )
    _tell(old, old_id, into, moved, by=by, at=at)
    if added or removed:
        bump_lineage_version(at=at, added=added, removed=removed)
    return into


def _references() -> Iterator[tuple[type[models.Model], str]]:
    """(model, field) of each foreign key to an asset, those of edges last: writers
    take assets, other names and then edges."""
    fields = [
        relation.field
        for relation in Asset._meta.get_fields(include_hidden=True)
        if isinstance(relation, models.ManyToOneRel)
        and isinstance(relation.field, ForeignKey)
    ]
    fields.sort(key=lambda field: (field.model is Edge, field.model._meta.label_lower))
    for field in fields:
        yield field.model, field.name


def _move(
    model: type[models.Model], field: str, old: Asset, into: Asset, *, at: datetime
) -> None:
    """Point rows of the old asset at the other: all at once, or one by one where some
    of them would be there twice."""
    rows = model._base_manager.filter(**{field: old.pk})
    try:
        with transaction.atomic():
            rows.update(**{field: into})
        return
    except IntegrityError:
        pass
    for pk in list(rows.values_list("pk", flat=True)):
        _move_one(model, field, pk, into, at=at)


def _move_one(
    model: type[models.Model], field: str, pk: object, into: Asset, *, at: datetime
) -> None:
    """A row that the other has already is ended where rows can end, so that history
    keeps it; else it goes."""
    row = model._base_manager.filter(pk=pk)
    attempts: list[dict[str, object]] = [{field: into}]
    if any(one.name == "ended_at" for one in model._meta.fields):
        attempts.append({field: into, "ended_at": at})
    for values in attempts:
        try:
            with transaction.atomic():
                row.update(**values)
            return
        except IntegrityError:
            continue
    row.delete()


def _changed_pairs(old: Asset, into: Asset) -> tuple[list[Pair], list[Pair]]:
    """(added, removed) pairs of the graph."""

    def pairs(asset: Asset) -> set[Pair]:
        edges = Edge.objects.current().touching(asset)
        return set(edges.values_list("upstream_id", "downstream_id"))

    def renamed(pk: int) -> int:
        return into.pk if pk == old.pk else pk

    removed = pairs(old)
    there = {(renamed(up), renamed(down)) for up, down in removed}
    added = {(up, down) for up, down in there if up != down} - pairs(into)
    return sorted(added), sorted(removed)


def _filled(old: Asset, into: Asset) -> dict[str, object]:
    """{field: value} of what is blank on the one that stays."""
    filled: dict[str, object] = {
        field: getattr(old, field)
        for field in ("description", "url", "team_id")
        if getattr(old, field) and not getattr(into, field)
    }
    if into.type == Asset.Type.DATASET != old.type:
        filled["type"] = old.type
    if old.tier < into.tier:
        filled["tier"] = old.tier
    if into.users is None and old.users is not None:
        filled["users"] = old.users
    return filled


def _take_over(old: Asset, into: Asset) -> None:
    filled = _filled(old, into)
    for field, value in filled.items():
        setattr(into, field, value)
    into.created_at = min(old.created_at, into.created_at)
    written = [*filled, "created_at"]
    if old.health == Asset.Health.FAILING:
        since = [
            asset.health_since
            for asset in (old, into)
            if asset.health == Asset.Health.FAILING and asset.health_since
        ]
        into.health, into.health_since = old.health, min(since, default=None)
        written += ["health", "health_since"]
    into.save(update_fields=written)


def _tell(
    old: Asset,
    old_id: int,
    into: Asset,
    moved: dict[str, int],
    *,
    by: User,
    at: datetime,
) -> None:
    record_audit(
        actor=by,
        action="asset.merged",
        target=into,
        changes={"merged": f"{old.namespace} {old.name}", "id": old_id, "moved": moved},
        at=at,
    )
    publish(f"asset:{old_id}", f"asset:{into.pk}")


def doubt_of(old: Asset, into: Asset) -> str:
    """Why the two had better stay apart; "" when nothing speaks against it."""
    if _between(old, into).exists():
        return "One of them feeds the other, so they seem to be two things."
    if old.type != into.type:
        kinds = (
            f"{old.get_type_display().lower()} and {into.get_type_display().lower()}"
        )
        return f"They are of different types: {kinds}."
    return ""


def _between(old: Asset, into: Asset) -> models.QuerySet[Edge]:
    pair = Q(upstream=old, downstream=into) | Q(upstream=into, downstream=old)
    return Edge.objects.current().filter(pair)
