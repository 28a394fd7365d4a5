"""What a fault in one column reaches: only what is made from it.

Where it is known which columns an asset makes from another, a fault goes on in these
columns alone, and nowhere if none of them reads it. Where it is not known, the whole
asset is affected, and all below it. A job has no columns: through it the fault reaches
those of its outputs that are made from the column.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

from django.db.models import Q

from catalog.models import Asset, ColumnMap
from catalog.snapshots import LineageSnapshot

JOB_TYPES = (Asset.Type.PIPELINE, Asset.Type.TASK)
MOST_STEPS = 200

# The columns that fail, by asset; None: all of it.
Failing = Mapping[int, frozenset[str] | None]


class Reading(NamedTuple):
    """How one asset reads another: {its column: those it is made from}, and those
    that touch every row. "*" made from "*" is each column under its own name."""

    columns: Mapping[str, Collection[str]]
    everywhere: Collection[str]

    def reached_by(self, wrong: frozenset[str]) -> frozenset[str] | None:
        """The columns that `wrong` ones go into; None: all of them."""
        if wrong & set(self.everywhere):
            return None
        same = wrong if "*" in self.columns.get("*", ()) else frozenset()
        return same | {
            made for made, of in self.columns.items() if wrong & set(of) or "*" in of
        } - {"*"}


# {upstream asset: {downstream asset: how it is read}}, where that is known.
Readings = Mapping[int, Mapping[int, Reading]]


@dataclass(slots=True)
class ColumnReach:
    """What is affected: `whole` assets, and `parts` of others by column."""

    whole: set[int] = field(default_factory=set)
    parts: dict[int, set[str]] = field(default_factory=dict)

    @property
    def assets(self) -> set[int]:
        return self.whole | self.parts.keys()


def affected_by_columns(
    failing: Failing, lineage: LineageSnapshot, *, at: datetime | None = None
) -> ColumnReach:
    """Return what is downstream of faults, as far as columns are known.

    The failing assets are left out unless another fault reaches them. One to two
    queries for each step away from a fault whose column is known, none for others.
    `at`: as column lineage was known then.
    """
    walk = _Walk(lineage, at)
    for asset_id, columns in failing.items():
        if columns is None:
            walk.reach.whole |= set(lineage.reach([asset_id]).ids.tolist())
        else:
            walk.waiting.append((asset_id, frozenset(c.lower() for c in columns)))
    for _ in range(MOST_STEPS):
        if not walk.waiting:
            break
        walk.step()
    return walk.reach


class _Walk:
    def __init__(self, lineage: LineageSnapshot, at: datetime | None) -> None:
        self.lineage = lineage
        self.at = at
        self.reach = ColumnReach()
        self.waiting: list[tuple[int, frozenset[str]]] = []
        self.seen: set[tuple[int, frozenset[str]]] = set()

    def step(self) -> None:
        """Go on from all that wait, by one table each."""
        now = [one for one in self.waiting if one not in self.seen]
        self.waiting = []
        self.seen.update(now)
        readings = stored_readings({asset_id for asset_id, _ in now}, at=self.at)
        below = {asset_id: self.lineage.children(asset_id) for asset_id, _ in now}
        near = {child for children in below.values() for child in children}
        jobs = _jobs_among(near.union(*map(self.lineage.children, near)))
        for asset_id, columns in now:
            known = dict(readings.get(asset_id, {}))
            for child in below[asset_id]:
                if child in jobs:
                    self._go_through(child, known, columns, jobs)
                elif child in known:
                    self._read(child, known[child], columns)
                else:
                    self._take_whole(child)
            for table, reading in known.items():
                self._read(table, reading, columns)

    def _go_through(
        self,
        job: int,
        known: Mapping[int, Reading],
        columns: frozenset[str],
        jobs: Collection[int],
    ) -> None:
        """Through a job to what it makes; that is affected if one of these is, or if
        it is not told what it makes. Jobs that only wait for it are not."""
        tables = [made for made in self.lineage.children(job) if made not in jobs]
        if not tables:
            self._take_whole(job)
            return
        is_hit = False
        for table in tables:
            if table not in known:
                self._take_whole(table)
                is_hit = True
            elif self._read(table, known[table], columns):
                is_hit = True
        if is_hit:
            self.reach.parts.setdefault(job, set())

    def _read(self, table: int, reading: Reading, columns: frozenset[str]) -> bool:
        """Go on to a table that is known to read some columns; whether it reads
        these."""
        reached = reading.reached_by(columns)
        if reached is None:
            self._take_whole(table)
            return True
        if not reached:
            return False
        self.reach.parts.setdefault(table, set()).update(reached)
        self.waiting.append((table, reached))
        return True

    def _take_whole(self, asset_id: int) -> None:
        if asset_id not in self.reach.whole:
            self.reach.whole.add(asset_id)
            self.reach.whole |= set(self.lineage.reach([asset_id]).ids.tolist())


def stored_readings(
    asset_ids: Collection[int], *, at: datetime | None = None
) -> dict[int, dict[int, Reading]]:
    """What is known of who reads the columns of these assets; several who tell of one
    pair are joined. One query."""
    held = Q(ended_at=None)
    if at is not None:
        held = Q(first_seen_at__lte=at) & (held | Q(ended_at__gt=at))
    rows = ColumnMap.objects.filter(held, upstream__in=asset_ids).values_list(
        "upstream_id", "downstream_id", "columns", "everywhere"
    )
    found: dict[int, dict[int, Reading]] = defaultdict(dict)
    for up, down, columns, everywhere in rows:
        before = found[up].get(down, Reading({}, ()))
        joined = {
            made: {*before.columns.get(made, ()), *columns.get(made, ())}
            for made in before.columns.keys() | columns.keys()
        }
        found[up][down] = Reading(joined, {*before.everywhere, *everywhere})
    return found


def _jobs_among(asset_ids: Collection[int]) -> set[int]:
    if not asset_ids:
        return set()
    rows = Asset.objects.filter(pk__in=asset_ids, type__in=JOB_TYPES)
    return set(rows.values_list("pk", flat=True))
