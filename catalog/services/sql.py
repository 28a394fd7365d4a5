"""Reading the SQL of jobs and models for what imports and messages did not tell.

Behind everybody's back: a text is kept when it is told, and read here later, for a
bounded time at once. What cannot be read is marked with the reason, and ignored.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from catalog.importers.sql import ALL, SqlLineage, UnreadableSqlError, read_statements
from catalog.models import Asset, AssetSchema, Edge, Source, SqlText
from catalog.services.columns import ColumnFacts, record_columns
from catalog.services.edges import upsert_edges
from catalog.services.upserts import AssetFacts, upsert_assets

JOB_TYPES = (Asset.Type.PIPELINE, Asset.Type.TASK)
MOST_SECONDS = 2.0


@dataclass(frozen=True, slots=True)
class _Table:
    id: int
    namespace: str
    name: str  # in lower case

    def is_called(self, name: str) -> bool:
        """Whether one of the names is the end of the other: "s.t" and "db.s.t"."""
        return f".{self.name}".endswith(f".{name}") or f".{name}".endswith(
            f".{self.name}"
        )


def read_waiting_sql(*, at: datetime, seconds: float = MOST_SECONDS) -> int:
    """Read texts that wait, for about so many seconds; return how many. Claims rows
    with SKIP LOCKED: safe to run in many processes, and to repeat."""
    until = time.monotonic() + seconds
    done = 0
    while time.monotonic() < until and _read_next(at=at):
        done += 1
    return done


@transaction.atomic
def _read_next(*, at: datetime) -> bool:
    waiting = SqlText.objects.filter(state=SqlText.State.WAITING).order_by("pk")
    rows = waiting.select_for_update(skip_locked=True, of=["self"])
    text = rows.select_related("asset").first()
    if text is None:
        return False
    try:
        _take(text, at=at)
        text.state, text.problem = SqlText.State.READ, ""
    except UnreadableSqlError as error:
        text.state, text.problem = SqlText.State.FAILED, str(error)[:300]
    text.read_at = at
    text.save(update_fields=["state", "problem", "read_at"])
    return True


def _take(text: SqlText, *, at: datetime) -> None:
    asset = text.asset
    is_job = asset.type in JOB_TYPES
    above, below = _neighbours(asset, is_job=is_job)
    schema = _schema(above)
    statements = read_statements(text.text, text.dialect, schema)
    if not statements:
        raise UnreadableSqlError("It reads nothing.")
    if is_job and not (above and below):
        above, below = _told_by_sql(asset, statements, above, below, at=at)
    facts: list[ColumnFacts] = []
    made: set[int] = set()
    for statement in statements:
        outputs = below if is_job else [_Table(asset.pk, asset.namespace, "")]
        output = _output(statement, outputs, is_job=is_job)
        if output is not None:
            made.add(output.id)
            facts += _facts(statement, above, output)
    record_columns(facts, source=Source.SQL, origin=str(asset.pk), whole_of=made, at=at)


def _neighbours(asset: Asset, *, is_job: bool) -> tuple[list[_Table], list[_Table]]:
    """The tables the asset reads, also through the job that makes it, and makes."""
    # From the tables, as the text was told a moment ago, together with its edges.
    parents = _parents({asset.pk})
    if not is_job:
        parents |= _parents(parents)
    below = Edge.objects.current().filter(upstream=asset).order_by("downstream")
    children = list(below.values_list("downstream", flat=True).distinct())
    children = children if is_job else []
    rows = Asset.objects.filter(pk__in=parents.union(children)).exclude(
        type__in=JOB_TYPES
    )
    tables = {
        pk: _Table(pk, namespace, name.lower())
        for pk, namespace, name in rows.values_list("pk", "namespace", "name")
    }
    return (
        [tables[pk] for pk in sorted(parents) if pk in tables],
        [tables[pk] for pk in children if pk in tables],
    )


def _parents(asset_ids: Iterable[int]) -> set[int]:
    edges = Edge.objects.current().filter(downstream__in=asset_ids)
    return set(edges.values_list("upstream", flat=True))


def _schema(tables: Iterable[_Table]) -> dict[str, list[str]]:
    names = {table.id: table.name for table in tables}
    stored = AssetSchema.objects.filter(asset__in=names)
    return {
        names[schema.asset_id]: [column["name"] for column in schema.columns]
        for schema in stored
    }


def _told_by_sql(
    asset: Asset,
    statements: Iterable[SqlLineage],
    above: list[_Table],
    below: list[_Table],
    *,
    at: datetime,
) -> tuple[list[_Table], list[_Table]]:
    """Find, or make, the tables that only the SQL names, and keep the edges to them.

    Their namespace is that of the job's other tables: where there is none, nothing can
    be told of them.
    """
    near = [*above, *below]
    if not near:
        raise UnreadableSqlError("It is not known where its tables are.")
    reads = {name for one in statements for name in one.reads}
    makes = {one.makes for one in statements if one.makes}
    read = above or _named(reads - makes, near[0], at=at)
    made = below or _named(makes, near[0], at=at)
    edges = [(table.id, asset.pk) for table in read if table not in above]
    edges += [(asset.pk, table.id) for table in made if table not in below]
    upsert_edges(edges, source=Source.SQL, at=at)
    return read, made


def _named(names: Iterable[str], near: _Table, *, at: datetime) -> list[_Table]:
    """Tables by name, with the database and schema of `near` where they lack theirs."""
    parts = near.name.split(".")
    whole = {
        ".".join([*parts[: max(len(parts) - name.count(".") - 1, 0)], name])
        for name in names
    }
    facts = [AssetFacts(near.namespace, name) for name in sorted(whole)]
    ids = upsert_assets(facts, at=at, overwrite=False)
    return [_Table(ids[one.identity], one.namespace, one.name) for one in facts]


def _output(
    statement: SqlLineage, outputs: list[_Table], *, is_job: bool
) -> _Table | None:
    named = [one for one in outputs if is_job and one.is_called(statement.makes)]
    if statement.makes and named:
        return named[0]
    return outputs[0] if len(outputs) == 1 else None


def _facts(
    statement: SqlLineage, above: list[_Table], output: _Table
) -> Iterable[ColumnFacts]:
    for name in sorted(statement.reads):
        table = next((one for one in above if one.is_called(name)), None)
        if table is not None and table.id != output.id:
            yield ColumnFacts(
                table.id,
                output.id,
                _as_json(statement.columns.get(name, {})),
                sorted(statement.everywhere.get(name, ())),
            )


def _as_json(columns: Mapping[str, set[str]]) -> dict[str, list[str]]:
    known = {made: of for made, of in columns.items() if made or ALL in of}
    return {made: sorted(of) for made, of in sorted(known.items())}
