"""Taking over all that one source tells at once: first a plan, then one short write.

Reading the document and finding out what differs holds no lock; so whoever writes
alerts or names assets meanwhile waits for the last part only, and only if it touches
the same rows. Imports wait for each other.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

from django.db import OperationalError, connection, transaction
from psycopg.errors import LockNotAvailable

from catalog.importers.base import Column
from catalog.models import Asset, Edge, Sighting
from catalog.services.columns import (
    ColumnFacts,
    keep_statements,
    record_columns,
    record_schemas,
)
from catalog.services.edges import (
    begin_edges,
    bump_lineage_version,
    end_edges,
    note_loops,
    upsert_sightings,
)
from catalog.services.upserts import (
    AssetFacts,
    AssetPlan,
    in_batches,
    plan_assets,
    write_assets,
)
from core.errors import DomainError

EDGES_AT_ONCE = 20_000
LOCK = 0x4C494E45  # of pg_advisory_xact_lock; any number used for nothing else
LOCK_WAIT = "10s"
SHOWN = 100  # names of each kind in a preview

# Told what is being done, how much of it is, and of how much. May raise to stop.
Progress = Callable[[str, int, int], None]
NamedPair = tuple[str, str]


class ToldColumns(NamedTuple):
    """Like `FoundColumns`, with the identities of the assets."""

    upstream: str
    downstream: str
    columns: dict[str, list[str]]
    everywhere: list[str]


@dataclass(frozen=True, slots=True)
class Telling:
    """What one source tells, by the identities of assets.

    With `is_whole`, what `origin` told before and does not tell now has ended. With
    `is_authority` what is said of assets replaces what is stored. `loops` feed
    themselves.
    """

    source: str
    origin: str
    facts: dict[str, AssetFacts]
    edges: frozenset[NamedPair]
    columns: tuple[ToldColumns, ...] = ()
    schemas: Mapping[str, tuple[Column, ...]] = field(default_factory=dict)
    statements: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()
    loops: frozenset[str] = frozenset()
    is_whole: bool = False
    is_authority: bool = True


@dataclass(slots=True)
class Takeover:
    """What there is to write. `ended` are edges by id, `gone` assets by id."""

    telling: Telling
    assets: AssetPlan
    added: list[NamedPair]
    ended: dict[int, tuple[int, int]]
    gone: list[int]


def quietly(step: str, done: int, total: int) -> None:
    """Progress nobody asked for."""


def lock_imports() -> None:
    """Let one import at a time plan and write, until its transaction ends.

    Waits a while; raises DomainError when another is still at it.
    """
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(f"SET LOCAL lock_timeout = '{LOCK_WAIT}'")
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])
            cursor.execute("SET LOCAL lock_timeout = 0")
    except OperationalError as error:
        if not isinstance(error.__cause__, LockNotAvailable):
            raise
        busy = "Another import is running. Send this one when it ends."
        raise DomainError(busy) from error


def plan_takeover(telling: Telling, progress: Progress = quietly) -> Takeover:
    """Find out what differs from what is stored. Writes nothing."""
    progress("Comparing assets", 0, len(telling.facts))
    assets = plan_assets(telling.facts.values(), overwrite=telling.is_authority)
    progress("Comparing edges", 0, len(telling.edges))
    ids = {identity: known.id for identity, known in assets.known.items()}
    stored = Edge.objects.current().filter(source=telling.source, origin=telling.origin)
    if not telling.is_whole:
        stored = stored.filter(upstream__in=set(ids.values()))
    known = {
        (up, down): pk
        for pk, up, down in stored.values_list("pk", "upstream_id", "downstream_id")
    }
    told = {(ids.get(up), ids.get(down)): (up, down) for up, down in telling.edges}
    unknown = [
        edge for edge in telling.edges if not (edge[0] in ids and edge[1] in ids)
    ]
    added = [
        names
        for pair, names in told.items()
        if None not in pair and pair[0] != pair[1] and pair not in known
    ]
    ended = {pk: pair for pair, pk in known.items() if pair not in told}
    return Takeover(
        telling,
        assets,
        sorted(added + unknown),
        ended if telling.is_whole else {},
        _gone(telling, set(ids.values())) if telling.is_whole else [],
    )


def _gone(telling: Telling, told: set[int]) -> list[int]:
    """Assets this origin told before and does not tell now."""
    rows = Sighting.objects.filter(
        source=telling.source, origin=telling.origin, ended_at=None
    )
    return sorted(set(rows.values_list("asset_id", flat=True)) - told)


def write_takeover(
    plan: Takeover, *, at: datetime, progress: Progress = quietly
) -> dict[str, int]:
    """Write the plan and return {identity: asset id}. Call it in a transaction."""
    telling = plan.telling
    progress("Writing assets", 0, len(telling.facts))
    ids = write_assets(plan.assets, at=at)
    upsert_sightings(ids.values(), source=telling.source, origin=telling.origin, at=at)
    Sighting.objects.filter(
        source=telling.source, origin=telling.origin, asset__in=plan.gone
    ).update(ended_at=at)
    _write_edges(plan, ids, at=at, progress=progress)
    _write_columns(telling, ids, at=at, progress=progress)
    return ids


def _write_edges(
    plan: Takeover, ids: Mapping[str, int], *, at: datetime, progress: Progress
) -> None:
    telling = plan.telling
    pairs = sorted({(ids[up], ids[down]) for up, down in telling.edges})
    apart = [pair for pair in pairs if pair[0] != pair[1]]
    # Two names of one asset make a loop too.
    loops = {up for up, down in pairs if up == down} | {ids[n] for n in telling.loops}
    note_loops(ids.values(), loops, source=telling.source, origin=telling.origin)
    added: list[tuple[int, int]] = []
    for done, some in enumerate(in_batches(apart, EDGES_AT_ONCE)):
        progress("Writing edges", done * EDGES_AT_ONCE, len(apart))
        added += begin_edges(some, source=telling.source, origin=telling.origin, at=at)
    removed = end_edges(plan.ended, at=at)
    if added or removed:
        bump_lineage_version(at=at, added=added, removed=removed)


def _write_columns(
    telling: Telling, ids: Mapping[str, int], *, at: datetime, progress: Progress
) -> None:
    progress("Writing columns", 0, len(telling.columns))
    record_columns(
        [
            ColumnFacts(ids[up], ids[down], columns, everywhere)
            for up, down, columns, everywhere in telling.columns
        ],
        source=telling.source,
        origin=telling.origin,
        whole_of=set(ids.values()) if telling.is_whole else (),
        at=at,
    )
    schemas = {ids[name]: columns for name, columns in telling.schemas.items()}
    record_schemas(schemas, source=telling.source, at=at)
    statements = {ids[name]: one for name, one in telling.statements.items()}
    keep_statements(statements, source=telling.source, origin=telling.origin, at=at)


def summary(plan: Takeover) -> dict[str, Any]:
    """What the plan adds, changes and takes away: counts, and the first names."""
    names = _names(plan)
    facts = plan.assets.facts
    changed = sorted(plan.assets.changes.items())
    owners = plan.assets.owners_added | plan.assets.owners_dropped
    return {
        "assets": _counted([facts[identity].name for identity in plan.assets.missing]),
        "unchanged_assets": len(facts) - len(plan.assets.missing) - len(changed),
        "changed": _counted(
            [f"{names[pk]}: {', '.join(_words(columns))}" for pk, columns in changed]
        ),
        "owners": len(owners),
        "gone": _counted([names[pk] for pk in plan.gone]),
        "edges": _counted(
            [f"{facts[up].name} → {facts[down].name}" for up, down in plan.added]
        ),
        "ended": _counted(
            [f"{names[up]} → {names[down]}" for up, down in plan.ended.values()]
        ),
        "told": {"assets": len(facts), "edges": len(plan.telling.edges)},
        "dashboards": len([f for f in facts.values() if f.type == "dashboard"]),
        "schemas": len(plan.telling.schemas),
        "statements": len(plan.telling.statements),
        "warnings": _counted(list(plan.telling.warnings)),
    }


def _names(plan: Takeover) -> dict[int, str]:
    ends = {end for pair in list(plan.ended.values())[:SHOWN] for end in pair}
    some = {*list(plan.assets.changes)[:SHOWN], *plan.gone[:SHOWN], *ends}
    known = dict(Asset.objects.filter(pk__in=some).values_list("pk", "name"))
    rest = {*plan.assets.changes, *plan.gone}.union(*plan.ended.values())
    return dict.fromkeys(rest, "") | known


def _words(columns: Iterable[str]) -> list[str]:
    return ["team" if column == "team_id" else column for column in columns]


def _counted(names: list[str]) -> dict[str, Any]:
    return {"count": len(names), "first": names[:SHOWN]}
