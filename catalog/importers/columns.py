"""Which columns are made from which: OpenLineage's facets and dbt's catalog.json.

https://openlineage.io/docs/spec/facets/dataset-facets/column_lineage_facet
https://docs.getdbt.com/reference/artifacts/catalog-json
Names of columns are kept in lower case, as databases tell them apart in no one way.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from catalog.importers.base import (
    AssetKey,
    Column,
    FoundAsset,
    FoundColumns,
    FoundLineage,
    FoundSchema,
    FoundSql,
)
from catalog.importers.facets import asset_key
from core.text import items, mapping, text_of, told

COLUMN_LENGTH = 200
COLUMNS_KEPT = 2000
SQL_LENGTH = 100_000

Node = Mapping[str, Any]


def column_name(value: object) -> str:
    return told(value, COLUMN_LENGTH).strip('"`').lower()


def read_column_lineage(output: AssetKey, facets: Node) -> Iterator[FoundColumns]:
    """Yield one FoundColumns for each table the facet names as an input."""
    facet = mapping(facets.get("columnLineage"))
    columns: dict[AssetKey, dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
    everywhere: dict[AssetKey, set[str]] = defaultdict(set)
    for made, told_of in list(mapping(facet.get("fields")).items())[:COLUMNS_KEPT]:
        for one in items(mapping(told_of).get("inputFields")):
            key, column = asset_key(one), column_name(mapping(one).get("field"))
            if key is None or not column or key == output:
                continue
            if _is_indirect(mapping(one)):
                everywhere[key].add(column)
            else:
                columns[key][column_name(made)].add(column)
    for one in items(facet.get("dataset")):
        key, column = asset_key(one), column_name(mapping(one).get("field"))
        if key is not None and column and key != output:
            everywhere[key].add(column)
    for key in columns.keys() | everywhere.keys():
        yield FoundColumns(
            key,
            output,
            tuple(
                (made, tuple(sorted(of))) for made, of in sorted(columns[key].items())
            ),
            tuple(sorted(everywhere[key])),
        )


def _is_indirect(field: Node) -> bool:
    """Whether the column only filters, joins or sorts: then it touches every row."""
    kinds = {
        told(mapping(one).get("type"), 20).upper()
        for one in items(field.get("transformations"))
    }
    return kinds == {"INDIRECT"}


def read_schema(key: AssetKey, facets: Node) -> FoundSchema | None:
    fields = items(mapping(facets.get("schema")).get("fields"))
    found = [
        Column(name, told(mapping(one).get("type"), 100), _about(mapping(one)))
        for one in fields[:COLUMNS_KEPT]
        if (name := column_name(mapping(one).get("name")))
    ]
    return FoundSchema(key, tuple(found)) if found else None


def read_sql(key: AssetKey, facets: Node) -> FoundSql | None:
    facet = mapping(facets.get("sql"))
    return sql_of(key, facet.get("query"), told(facet.get("dialect"), 30))


def sql_of(key: AssetKey, text: object, dialect: str) -> FoundSql | None:
    """Return the statement, if it is one and not too long to be read."""
    statement = text_of(text, SQL_LENGTH + 1).strip()
    if not statement or len(statement) > SQL_LENGTH:
        return None
    return FoundSql(key, statement, dialect.lower())


def detailed(found: FoundLineage, event: Node) -> FoundLineage:
    """Return the lineage of an OpenLineage event with its columns and statement."""
    named = {asset.key for asset in found.assets}
    columns: list[FoundColumns] = []
    schemas: list[FoundSchema] = []
    outputs = items(event.get("outputs"))
    for one in (*items(event.get("inputs")), *outputs, event.get("dataset")):
        key, facets = asset_key(one), mapping(mapping(one).get("facets"))
        if key is None or key not in named:
            continue
        if schema := read_schema(key, facets):
            schemas.append(schema)
        if one in outputs or "job" not in event:
            columns += read_column_lineage(key, facets)
    inputs = [FoundAsset(*one.upstream) for one in columns if one.upstream not in named]
    return replace(
        found,
        assets=(*found.assets, *dict.fromkeys(inputs)),
        columns=tuple(columns),
        schemas=tuple({schema.key: schema for schema in schemas}.values()),
    )


def columns_of_node(node: Node, described: Node) -> tuple[Column, ...]:
    """Return the columns of a dbt node: as `described` in catalog.json, in its order,
    with what the manifest says of them."""
    noted = {
        column_name(name): mapping(one)
        for name, one in mapping(node.get("columns")).items()
    }
    typed = {
        column_name(name): mapping(one)
        for name, one in mapping(described.get("columns")).items()
    }
    order = sorted(typed, key=lambda name: _index(typed[name]))
    order += [name for name in noted if name not in typed]
    return tuple(
        Column(
            name,
            told(typed.get(name, {}).get("type"), 100)
            or told(noted.get(name, {}).get("data_type"), 100),
            _about(noted.get(name, {}))
            or told(typed.get(name, {}).get("comment"), 500),
        )
        for name in order[:COLUMNS_KEPT]
        if name
    )


def _index(column: Node) -> int:
    index = column.get("index")
    return index if isinstance(index, int) else 0


def _about(column: Node) -> str:
    return told(column.get("description"), 500)
