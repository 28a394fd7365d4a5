"""https://sqlglot.com

What a statement reads and makes, down to columns where that can be told. Nothing is
run. What sqlglot does not understand raises UnreadableSqlError and costs no more.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError
from sqlglot.optimizer.qualify import qualify
from sqlglot.optimizer.scope import Scope, traverse_scope

# Adapters of dbt and systems of OpenLineage whose dialect sqlglot calls otherwise.
DIALECTS = {
    "sqlserver": "tsql",
    "synapse": "tsql",
    "fabric": "tsql",
    "mssql": "tsql",
    "postgresql": "postgres",
    "greenplum": "postgres",
    "awsathena": "athena",
    "glue": "spark",
    "sparksql": "spark",
    "mariadb": "mysql",
}
ALL = "*"

Origin = tuple[str, str]  # table, column
Origins = set[Origin]


class UnreadableSqlError(Exception):
    """Why a statement could not be read, fit to show."""


@dataclass(slots=True)
class SqlLineage:
    """What one text reads and makes. Tables are "db.schema.table" in lower case, with
    as many parts as are written.

    `columns` is {table read: {column made: columns it is made from}}; "*" made from
    "*" is all of a table's columns, by the same names. `everywhere` are those that
    touch every row. `makes` is "" for a bare SELECT.
    """

    makes: str = ""
    reads: set[str] = field(default_factory=set)
    columns: dict[str, dict[str, set[str]]] = field(default_factory=dict)
    everywhere: dict[str, set[str]] = field(default_factory=dict)


def read_statements(
    text: str, dialect: str, schema: Mapping[str, Iterable[str]] | None = None
) -> list[SqlLineage]:
    """Return what each statement of the text does. `schema` is {table: columns}, to
    know what "*" stands for. Raises UnreadableSqlError."""
    known = DIALECTS.get(dialect, dialect) or None
    try:
        if known is not None and sqlglot.Dialect.get(known) is None:
            known = None
        trees = sqlglot.parse(text, dialect=known)
        return [
            found
            for tree in trees
            if tree is not None and (found := _read(tree, known, schema or {}))
        ]
    except SqlglotError as error:
        raise UnreadableSqlError(str(error).split("\n")[0][:200]) from error
    except RecursionError as error:
        raise UnreadableSqlError("It is nested too deeply.") from error
    except Exception as error:  # sqlglot raises many a kind for SQL it half knows
        raise UnreadableSqlError(f"{type(error).__name__}: {error}"[:200]) from error


def _read(
    tree: exp.Expr, dialect: str | None, schema: Mapping[str, Iterable[str]]
) -> SqlLineage | None:
    target, query = _parts(tree)
    if query is None:
        return None
    listed = _listed_columns(target)
    target = target.this if isinstance(target, exp.Schema) else target
    found = SqlLineage(makes=_name(target) if target is not None else "")
    whole = _qualified(query.copy(), dialect, schema)
    outputs: dict[int, dict[str, Origins]] = {}
    touching: Origins = set()
    last: dict[str, Origins] = {}
    for scope in traverse_scope(whole):
        found.reads |= {_name(s) for s in _sources(scope).values() if _is_table(s)}
        last = _outputs(scope, outputs)
        outputs[id(scope.expression)] = last
        touching |= _touching(scope, outputs)
    if len(listed) == len(last):
        last = dict(zip(listed, last.values(), strict=True))
    columns: dict[str, dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
    for made, origins in last.items():
        for table, column in origins:
            columns[table][made].add(column)
    found.columns = {table: dict(made) for table, made in columns.items()}
    for table, column in touching:
        found.everywhere.setdefault(table, set()).add(column)
    return found


def _parts(tree: exp.Expr) -> tuple[exp.Expr | None, exp.Query | None]:
    """Return the table that is made, and the query that makes it."""
    if isinstance(tree, exp.Query):
        return None, tree
    if isinstance(tree, exp.Create | exp.Insert):
        target, query = tree.this, tree.expression
        if isinstance(target, exp.Table | exp.Schema) and isinstance(query, exp.Query):
            return target, query
    return None, None


def _listed_columns(target: exp.Expr | None) -> list[str]:
    """Return the columns of "insert into t (a, b)"."""
    if not isinstance(target, exp.Schema):
        return []
    return [one.name.lower() for one in target.expressions]


def _qualified(
    query: exp.Query, dialect: str | None, schema: Mapping[str, Iterable[str]]
) -> exp.Expr:
    nested: dict[str, object] = {}
    depth = max((name.count(".") for name in schema), default=0)
    for name, columns in schema.items():
        *parents, table = name.split(".")
        if len(parents) == depth:  # sqlglot wants one depth for all
            place = nested
            for parent in parents:
                place = place.setdefault(parent, {})  # type: ignore[assignment]
            place[table] = dict.fromkeys(columns, "text")
    return qualify(
        query,
        dialect=dialect,
        schema=nested,
        validate_qualify_columns=False,
        quote_identifiers=False,
        identify=False,
    )


def _outputs(
    scope: Scope, outputs: Mapping[int, dict[str, Origins]]
) -> dict[str, Origins]:
    """Return what each column that the scope yields is made from."""
    expression = scope.expression
    if isinstance(expression, exp.SetOperation):
        return _united(expression, outputs)
    found: dict[str, Origins] = defaultdict(set)
    for projection in getattr(expression, "selects", ()):
        made = projection.alias_or_name.lower()
        if projection.is_star:
            for origins in _of_star(projection, scope, outputs):
                for name, origin in origins.items():
                    found[name] |= origin
            continue
        found[made] |= _origins(projection, scope, outputs)
    return found


def _united(
    union: exp.SetOperation, outputs: Mapping[int, dict[str, Origins]]
) -> dict[str, Origins]:
    """The sides of a UNION go together by position, under the names of the first."""
    sides = [outputs.get(id(side.unnest()), {}) for side in (union.left, union.right)]
    found = {name: set(origins) for name, origins in sides[0].items()}
    for name, origins in zip(list(found), sides[1].values(), strict=False):
        found[name] |= origins
    return found


def _of_star(
    star: exp.Expression, scope: Scope, outputs: Mapping[int, dict[str, Origins]]
) -> Iterator[Mapping[str, Origins]]:
    of = star.table if isinstance(star, exp.Column) else ""
    for name, source in _sources(scope).items():
        if of and name != of:
            continue
        if _is_table(source):
            yield {ALL: {(_name(source), ALL)}}
        else:
            yield outputs.get(id(source.expression), {})


def _origins(
    part: exp.Expression, scope: Scope, outputs: Mapping[int, dict[str, Origins]]
) -> Origins:
    """Return the columns of tables that an expression uses."""
    found: Origins = set()
    for column in part.find_all(exp.Column):
        name = column.name.lower()
        if column.table:
            sources = [s for s in [scope.sources.get(column.table)] if s]
        else:  # it is not known whose it is: any of them may be
            sources = list(_sources(scope).values())
        for source in sources:
            if source is not None:
                found |= _of_source(source, name, outputs)
    for inner in part.find_all(exp.Select):
        found |= set().union(*outputs.get(id(inner), {}).values())
    return found


def _of_source(
    source: object, column: str, outputs: Mapping[int, dict[str, Origins]]
) -> Origins:
    if _is_table(source):
        return {(_name(source), column)}
    assert isinstance(source, Scope)
    made = outputs.get(id(source.expression), {})
    if column in made:
        return made[column]
    return {(table, column) for table, _ in made.get(ALL, ())}


def _touching(scope: Scope, outputs: Mapping[int, dict[str, Origins]]) -> Origins:
    """Return the columns that decide which rows there are, or how they are grouped."""
    expression, found = scope.expression, set()
    keys = ("where", "group", "having", "qualify")
    parts = [expression.args.get(key) for key in keys]
    parts += expression.args.get("joins") or []
    for part in parts:
        if isinstance(part, exp.Join):
            part = part.args.get("on")
        if isinstance(part, exp.Expression):
            found |= _origins(part, scope, outputs)
    return found


def _sources(scope: Scope) -> dict[str, exp.Table | Scope]:
    """What the scope selects from, by the name it has there."""
    return {name: source for name, (_, source) in scope.selected_sources.items()}


def _is_table(source: object) -> bool:
    return isinstance(source, exp.Table)


def _name(table: object) -> str:
    assert isinstance(table, exp.Table)
    return ".".join(part.name for part in table.parts).lower()
