"""Writing many rows at once, and asking for many.

    insert_all(incidents)
    insert_values(TimelineEntry, ["incident_id", "text"], [(12, "Opened.")])
    update_all(incidents, ["status", "severity"])
    Asset.objects.filter(pk__in=any_of(ids))

`bulk_create` spends some 60 µs a row on preparing each value anew; COPY with values
taken as they are spends 10 (docs/benchmarks.md). For rows that are certainly new, of
models whose `save` adds nothing: a row that conflicts fails them all. `bulk_update`
writes a CASE of as many branches as there are rows for each column, which takes
seconds for 500 rows of a dozen columns; here it is one array a column. And a plain
`__in` of tens of thousands of ids is as many parameters, where one array will do.
"""

import json
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from functools import cache
from operator import attrgetter
from typing import Any, NamedTuple

from django.db import connection, models
from django.db.models.expressions import RawSQL
from psycopg import sql
from psycopg.types.json import Jsonb


class _Table(NamedTuple):
    copy: sql.Composed
    next_keys: sql.Composed
    values_of: Callable[[models.Model], tuple[Any, ...]]
    json_at: tuple[int, ...]
    related: "tuple[models.ForeignKey[Any, Any], ...]"


def insert_all(rows: Iterable[models.Model]) -> None:
    """Insert rows of one model, in their order, and set their primary keys.

    Two statements. Values are not cleaned: datetimes must be aware, related rows
    saved. Raises IntegrityError and DataError as `save` does.
    """
    listed = list(rows)
    if not listed:
        return
    table = _table(type(listed[0]))
    with connection.cursor() as cursor:
        cursor.execute(table.next_keys, [len(listed)])
        for row, (key,) in zip(listed, cursor.fetchall(), strict=True):
            row.pk = key
        written: dict[int, str] = {}
        with connection.wrap_database_errors, cursor.copy(table.copy) as copy:
            for row in listed:
                _follow(row, table.related)
                values = table.values_of(row)
                if table.json_at:
                    values = _with_json(values, table.json_at, written)
                copy.write_row(values)
    for row in listed:
        row._state.adding = False
        row._state.db = connection.alias


def insert_values(
    model: type[models.Model],
    names: Sequence[str],
    rows: Iterable[tuple[Any, ...]],
) -> None:
    """Insert rows of one model that nobody needs again, given as the values of its
    columns `names`; the others have the model's defaults. One statement.

    Spares making each of them an object, and asking for its key. As `insert_all`
    otherwise; `names` hold no field of JSON.
    """
    listed = list(rows)
    if not listed:
        return
    statement, defaults = _statement(model, tuple(names))
    with (
        connection.cursor() as cursor,
        connection.wrap_database_errors,
        cursor.copy(statement) as copy,
    ):
        write = copy.write_row
        for row in listed:
            write(row + defaults)


def update_all(rows: Iterable[models.Model], names: Sequence[str]) -> None:
    """Write these fields of saved rows of one model. One statement; values are not
    cleaned. Rows that are gone are passed over."""
    listed = list(rows)
    if not listed:
        return
    model = type(listed[0])
    columns = [array([row.pk for row in listed])]
    for field in _fields(model, names):
        values = [getattr(row, field.attname) for row in listed]
        is_json = isinstance(field, models.JSONField)
        columns.append([Jsonb(one) for one in values] if is_json else array(values))
    with connection.cursor() as cursor:
        cursor.execute(_update(model, tuple(names)), columns)


def _fields(
    model: type[models.Model], names: Sequence[str]
) -> "list[models.Field[Any, Any]]":
    by_name = {field.name: field for field in model._meta.concrete_fields}
    return [by_name[name] for name in names]


@cache
def _update(model: type[models.Model], names: tuple[str, ...]) -> sql.Composed:
    key, fields = model._meta.pk, _fields(model, names)
    columns = [sql.Identifier(field.column or field.name) for field in fields]
    # Without its length: a cast to varchar(20) would cut what is longer.
    types = ["bigint", *(_bare(field.db_type(connection)) for field in fields)]
    return sql.SQL(
        "UPDATE {table} AS kept SET {sets} FROM unnest({arrays}) AS new (id, {columns})"
        " WHERE kept.{key} = new.id"
    ).format(
        table=sql.Identifier(model._meta.db_table),
        sets=sql.SQL(", ").join(
            [sql.SQL("{0} = new.{0}").format(column) for column in columns]
        ),
        arrays=sql.SQL(", ").join(
            [sql.SQL("%s::") + sql.SQL(one) + sql.SQL("[]") for one in types]
        ),
        columns=sql.SQL(", ").join(columns),
        key=sql.Identifier(key.column or key.name),
    )


def _bare(type_: str | None) -> str:
    assert type_ is not None  # every concrete field has a column
    return type_.partition("(")[0]


def any_of(ids: Iterable[int]) -> RawSQL:
    """What `__in` takes in place of very many integer keys: one array of them."""
    return RawSQL("SELECT unnest(%s::bigint[])", [array(list(ids))])


def array(values: Sequence[Any]) -> Any:
    """A parameter for an array that the statement casts to its type.

    Whole numbers, truth values, aware datetimes and texts, with None among them, as
    PostgreSQL writes an array of them: psycopg asks each value for its type, which
    takes ten times as long. All else is left to psycopg.
    https://www.postgresql.org/docs/current/arrays.html#ARRAYS-IO
    """
    write = _WRITTEN.get(frozenset(map(type, values)) - _NOTHING)
    if write is None:
        return list(values)
    return f"{{{','.join('NULL' if one is None else write(one) for one in values)}}}"


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


_NOTHING = {type(None)}
_WRITTEN: dict[frozenset[type], Callable[[Any], str]] = {
    frozenset({int}): str,
    frozenset({bool}): str,
    frozenset({datetime}): datetime.isoformat,
    frozenset({str}): _quoted,
}


def _follow(
    row: models.Model, related: "Iterable[models.ForeignKey[Any, Any]]"
) -> None:
    """Take the key of a related row that was saved after it was set."""
    for field in related:
        if row.__dict__[field.attname] is None and field.is_cached(row):
            other = field.get_cached_value(row)
            # Not by setattr, which would forget the related row.
            row.__dict__[field.attname] = other.pk if other else None


def _with_json(
    values: tuple[Any, ...], places: tuple[int, ...], written: dict[int, str]
) -> tuple[Any, ...]:
    """`written` is {id of a value: its JSON}: many rows often share one."""
    changed = list(values)
    for place in places:
        value = changed[place]
        if id(value) not in written:
            written[id(value)] = json.dumps(value)
        changed[place] = written[id(value)]
    return tuple(changed)


@cache
def _statement(
    model: type[models.Model], names: tuple[str, ...]
) -> tuple[sql.Composed, tuple[Any, ...]]:
    """The COPY of these columns and of the others, and the defaults of those."""
    fields = {
        field.attname: field
        for field in model._meta.concrete_fields
        if not field.primary_key
    }
    others = [name for name in fields if name not in names]
    columns = [fields[name].column or name for name in (*names, *others)]
    defaults = tuple(
        Jsonb(value) if isinstance(fields[name], models.JSONField) else value
        for name in others
        for value in [fields[name].get_default()]
    )
    statement = sql.SQL("COPY {} ({}) FROM STDIN").format(
        sql.Identifier(model._meta.db_table),
        sql.SQL(", ").join([sql.Identifier(column) for column in columns]),
    )
    return statement, defaults


@cache
def _table(model: type[models.Model]) -> _Table:
    fields = model._meta.concrete_fields
    name = model._meta.db_table
    columns = sql.SQL(", ").join(
        [sql.Identifier(field.column or field.name) for field in fields]
    )
    return _Table(
        copy=sql.SQL("COPY {} ({}) FROM STDIN").format(sql.Identifier(name), columns),
        next_keys=sql.SQL(
            "SELECT nextval(pg_get_serial_sequence({}, 'id')) "
            "FROM generate_series(1, %s)"
        ).format(sql.Literal(name)),
        values_of=attrgetter(*(field.attname for field in fields)),
        json_at=tuple(
            place
            for place, field in enumerate(fields)
            if isinstance(field, models.JSONField)
        ),
        related=tuple(f for f in fields if isinstance(f, models.ForeignKey)),
    )
