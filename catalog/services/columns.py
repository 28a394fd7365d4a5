"""Keeping what is told of columns: schemas, which column feeds which, SQL to read."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from catalog.importers.base import Column
from catalog.models import AssetSchema, Change, ColumnMap, SqlText
from catalog.services.edges import SEEN_PRECISION
from catalog.services.upserts import BATCH

MOST_NAMED = 8


@dataclass(frozen=True, slots=True)
class ColumnFacts:
    """The columns of one asset that go into another; as `ColumnMap` keeps them."""

    upstream_id: int
    downstream_id: int
    columns: dict[str, list[str]]
    everywhere: list[str]


def record_columns(
    told: Iterable[ColumnFacts],
    *,
    source: str,
    origin: str = "",
    whole_of: Collection[int] = (),
    at: datetime,
) -> None:
    """Keep what `source` tells; a map that says something else ends and begins anew.

    Of the downstream assets in `whole_of` all is told: what is not has ended.
    """
    facts = {
        (one.upstream_id, one.downstream_id): one
        for one in told
        if one.upstream_id != one.downstream_id
    }
    below = {down for _, down in facts} | set(whole_of)
    if not below:
        return
    rows = ColumnMap.objects.filter(
        downstream__in=below, source=source, origin=origin, ended_at=None
    )
    ended, seen = [], []
    for row in rows.order_by("pk").select_for_update(skip_locked=True):
        pair = (row.upstream_id, row.downstream_id)
        fact = facts.get(pair)
        if fact and (fact.columns, fact.everywhere) == (row.columns, row.everywhere):
            del facts[pair]
            if row.last_seen_at < at - SEEN_PRECISION:
                seen.append(row.pk)
        elif fact or row.downstream_id in whole_of:
            ended.append(row.pk)
    ColumnMap.objects.filter(pk__in=seen).update(last_seen_at=at)
    ColumnMap.objects.filter(pk__in=ended).update(ended_at=at)
    ColumnMap.objects.bulk_create(
        [
            ColumnMap(
                upstream_id=fact.upstream_id,
                downstream_id=fact.downstream_id,
                source=source,
                origin=origin,
                columns=fact.columns,
                everywhere=fact.everywhere,
                first_seen_at=at,
                last_seen_at=at,
            )
            for _, fact in sorted(facts.items())
        ],
        ignore_conflicts=True,  # who tells it at the same time tells the same
        batch_size=BATCH,
    )


def record_schemas(
    told: Mapping[int, tuple[Column, ...]], *, source: str, at: datetime
) -> None:
    """Keep the columns of assets; one whose columns changed has a schema change."""
    columns = {pk: [_as_json(one) for one in fields] for pk, fields in told.items()}
    stored = AssetSchema.objects.filter(asset__in=columns).order_by("asset")
    known = {schema.asset_id: schema for schema in stored}
    changed = [known[pk] for pk in sorted(known) if known[pk].columns != columns[pk]]
    changes = [
        Change(asset_id=schema.asset_id, title=title, kind="schema", occurred_at=at)
        for schema in changed
        if (title := _difference(schema.columns, columns[schema.asset_id]))
    ]
    for schema in changed:
        schema.columns, schema.source = columns[schema.asset_id], source
        schema.seen_at = at
    AssetSchema.objects.bulk_update(
        changed, ["columns", "source", "seen_at"], batch_size=BATCH
    )
    Change.objects.bulk_create(changes, batch_size=BATCH)
    AssetSchema.objects.bulk_create(
        [
            AssetSchema(asset_id=pk, columns=columns[pk], source=source, seen_at=at)
            for pk in sorted(columns.keys() - known.keys())
        ],
        ignore_conflicts=True,
        batch_size=BATCH,
    )


def keep_statements(
    told: Mapping[int, tuple[str, str]], *, source: str, origin: str = "", at: datetime
) -> int:
    """Keep {asset id: (text, dialect)} to be read soon; return how many are new."""
    digests = {pk: _digest(*one) for pk, one in told.items()}
    known = dict(
        SqlText.objects.filter(asset__in=told).values_list("asset_id", "digest")
    )
    fresh = [pk for pk in sorted(told) if known.get(pk) != digests[pk]]
    SqlText.objects.bulk_create(
        [
            SqlText(
                asset_id=pk,
                source=source,
                origin=origin,
                text=told[pk][0],
                dialect=told[pk][1],
                digest=digests[pk],
                told_at=at,
            )
            for pk in fresh
        ],
        batch_size=BATCH,
        update_conflicts=True,
        unique_fields=["asset"],
        update_fields=[
            "source",
            "origin",
            "text",
            "dialect",
            "digest",
            "state",
            "problem",
            "told_at",
        ],
    )
    return len(fresh)


def _digest(text: str, dialect: str) -> str:
    return hashlib.sha256(f"{dialect}\n{text}".encode()).hexdigest()


def _as_json(column: Column) -> dict[str, Any]:
    return {key: value for key, value in column._asdict().items() if value}


def _difference(old: list[dict[str, Any]], new: list[dict[str, Any]]) -> str:
    """Say in words what changed about names and types; "" if only descriptions did."""
    before = {one["name"]: one.get("type", "") for one in old}
    after = {one["name"]: one.get("type", "") for one in new}
    parts = [
        (word, sorted(names))
        for word, names in (
            ("added", after.keys() - before.keys()),
            ("removed", before.keys() - after.keys()),
            (
                "now of another type",
                {
                    name
                    for name in before.keys() & after.keys()
                    if before[name] and after[name] and before[name] != after[name]
                },
            ),
        )
    ]
    return "; ".join(
        f"Columns {word}: {_some(names)}" for word, names in parts if names
    )


def _some(names: list[str]) -> str:
    more = f" and {len(names) - MOST_NAMED} more" if len(names) > MOST_NAMED else ""
    return ", ".join(names[:MOST_NAMED]) + more
