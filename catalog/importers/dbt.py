"""https://docs.getdbt.com/reference/artifacts/manifest-json

dbt's artifacts: manifest v12, run_results v6 and catalog v1.

A manifest does not say where its warehouse is, so the namespace OpenLineage would
give is derived only for BigQuery; else it is "<adapter>://<project>".
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from catalog.importers.base import (
    DESCRIPTION_LENGTH,
    NAMESPACE_LENGTH,
    OWNER_LENGTH,
    AssetKey,
    FoundAsset,
    FoundLineage,
    FoundSchema,
    FoundSql,
    lineage,
    users_of,
)
from catalog.importers.columns import columns_of_node, sql_of
from catalog.importers.facets import EXPOSURE_TYPES, asset_key, exposure_asset
from core.errors import InvalidInputError
from core.text import items, link, mapping, told
from core.times import instant_or_none

# Tests, analyses, operations and unit tests are no assets.
TABLE_TYPES = frozenset({"model", "seed", "snapshot", "source"})
# Found on the way from an exposure to the models it shows.
IN_BETWEEN = ("metrics", "semantic_models", "saved_queries")
RUN_ID_LENGTH = 255
MESSAGE_LENGTH = 8192

_QUOTES = re.compile(r'["`\[\]]')
_TIER_TAG = re.compile(r"tier[-_: ]?([1-4])", re.IGNORECASE)

Node = Mapping[str, Any]
Errors = dict[str, list[str]]


@dataclass(frozen=True, slots=True)
class NodeResult:
    """What one node of a dbt run came to.

    `status` is dbt's own word in lower case. `about` is the table it builds or tests,
    None where that is not told. `builds_it` is False for tests. `completed_at` is
    aware UTC. `column` is what a test of a single column tests. `check` is what a test
    of a package checks, "dbt_expectations.expect_table_row_count_to_be_between": its
    own name repeats the table and all arguments.
    """

    unique_id: str
    resource_type: str
    name: str
    status: str
    message: str
    about: FoundAsset | None
    builds_it: bool
    run_id: str
    completed_at: datetime | None
    column: str = ""
    check: str = ""


def read_manifest(
    manifest: object, *, namespace: str = "", catalog: object = None
) -> FoundLineage:
    """Return tables and exposures with their edges, columns and SQL. Tests are left
    out.

    `namespace` overrides the derived one for every table; `catalog` is catalog.json.
    Raises InvalidInputError for what is no manifest.
    """
    nodes = _nodes(manifest)
    tables = _tables(manifest, nodes, namespace)
    assets = list(tables.values())
    edges = [
        (parent, table.key)
        for unique_id, table in tables.items()
        for parent in _parents(nodes[unique_id], nodes, tables)
    ]
    for unique_id, node in mapping(mapping(manifest).get("exposures")).items():
        exposure = _exposure(unique_id, mapping(node))
        if exposure is not None:
            assets.append(exposure)
            onward = _parents(mapping(node), nodes, tables)
            edges += [(parent, exposure.key) for parent in onward]
    return replace(
        lineage(assets, edges),
        schemas=tuple(_schemas(nodes, tables, catalog)),
        statements=tuple(_statements(manifest, nodes, tables)),
        warnings=tuple(_missing_ends(nodes, tables)),
        origin=project_of(manifest),
        is_whole=True,
    )


def project_of(manifest: object) -> str:
    """Return the name of the manifest's project."""
    metadata = mapping(mapping(manifest).get("metadata"))
    return told(metadata.get("project_name"), NAMESPACE_LENGTH) or "dbt"


def _schemas(
    nodes: Mapping[str, Node], tables: Mapping[str, FoundAsset], catalog: object
) -> Iterator[FoundSchema]:
    described = {
        **mapping(mapping(catalog).get("sources")),
        **mapping(mapping(catalog).get("nodes")),
    }
    for unique_id, table in tables.items():
        columns = columns_of_node(nodes[unique_id], mapping(described.get(unique_id)))
        if columns:
            yield FoundSchema(table.key, columns)


def _statements(
    manifest: object, nodes: Mapping[str, Node], tables: Mapping[str, FoundAsset]
) -> Iterator[FoundSql]:
    metadata = mapping(mapping(manifest).get("metadata"))
    dialect = told(metadata.get("adapter_type"), 30)
    for unique_id, table in tables.items():
        text = nodes[unique_id].get("compiled_code")
        if found := sql_of(table.key, text, dialect):
            yield found


def _missing_ends(
    nodes: Mapping[str, Node], tables: Mapping[str, FoundAsset]
) -> Iterator[str]:
    """Say which of the nodes a table depends on are not in the manifest."""
    for unique_id in tables:
        for parent in _depends_on(nodes[unique_id]):
            if parent not in nodes:
                yield f"{unique_id} depends on {parent}, which the manifest lacks."


def read_results(
    run_results: object, manifest: object = None, *, namespace: str = ""
) -> tuple[NodeResult, ...]:
    """Return what each node came to. With `manifest`, tests know what they test.

    Without it a table is named in the namespace "dbt://<project>", which is an alias
    of the one `read_manifest` gives. Raises InvalidInputError for what is no
    run_results.json.
    """
    results = mapping(run_results).get("results")
    if not isinstance(results, list):
        wanted = "This field is required, as in run_results.json."
        raise InvalidInputError({"results": [wanted]})
    nodes = _nodes(manifest) if manifest is not None else {}
    tables = _tables(manifest, nodes, namespace)
    metadata = mapping(mapping(run_results).get("metadata"))
    read = (_result(mapping(one), metadata, nodes, tables) for one in results)
    return tuple(result for result in read if result is not None)


def _nodes(manifest: object) -> dict[str, Node]:
    """Return every node by unique id."""
    holder = mapping(manifest)
    if not isinstance(holder.get("nodes"), dict):
        wanted = "This field is required, as in manifest.json."
        raise InvalidInputError({"nodes": [wanted]})
    return {
        unique_id: mapping(node)
        for field in ("nodes", "sources", *IN_BETWEEN)
        for unique_id, node in mapping(holder.get(field)).items()
    }


def _tables(
    manifest: object, nodes: Mapping[str, Node], namespace: str
) -> dict[str, FoundAsset]:
    """Return the tables by unique id; a seed and a source may be the same table."""
    holder = mapping(manifest)
    project = project_of(manifest)
    adapter = told(mapping(holder.get("metadata")).get("adapter_type")) or "dbt"
    derived = "bigquery" if adapter == "bigquery" else f"{adapter}://{project}"
    groups = {
        told(mapping(group).get("name")): mapping(group)
        for group in mapping(holder.get("groups")).values()
    }
    tables = {}
    for unique_id, node in nodes.items():
        table = _table(unique_id, node, namespace or derived, groups)
        if table is not None:
            tables[unique_id] = table
    return tables


def _table(
    unique_id: str, node: Node, namespace: str, groups: Mapping[str, Node]
) -> FoundAsset | None:
    if told(node.get("resource_type")) not in TABLE_TYPES:
        return None
    key = asset_key({"namespace": namespace, "name": _relation(node)})
    if key is None:
        return None
    alias = asset_key({"namespace": _project(unique_id), "name": key.name})
    return FoundAsset(
        *key,
        description=told(node.get("description"), DESCRIPTION_LENGTH),
        tier=_tier(node),
        users=users_of(_meta(node).get("users")),
        owners=_owners(node, groups),
        aliases=(alias,) if alias and alias != key else (),
    )


def _relation(node: Node) -> str:
    """Return "database.schema.table", which an ephemeral model has no relation for."""
    if relation := told(node.get("relation_name")):
        return _QUOTES.sub("", relation)
    table = node.get("alias") or node.get("identifier") or node.get("name")
    parts = (told(part) for part in (node.get("database"), node.get("schema"), table))
    return ".".join(part for part in parts if part)


def _project(unique_id: str) -> str:
    """Return the namespace a node has when only its id is known."""
    parts = unique_id.split(".")
    return f"dbt://{parts[1]}" if len(parts) > 2 else "dbt://dbt"


def _exposure(unique_id: str, node: Node) -> FoundAsset | None:
    name = told(node.get("name"))
    if not name:
        return None
    owner = mapping(node.get("owner"))
    owned_by = told(owner.get("email"), OWNER_LENGTH) or told(owner.get("name"), 200)
    label = told(node.get("label"))
    texts = (label, told(node.get("description"), DESCRIPTION_LENGTH))
    return exposure_asset(
        _project(unique_id).removeprefix("dbt://"),
        name,
        EXPOSURE_TYPES.get(told(node.get("type")).lower(), "product"),
        description="\n".join(text for text in texts if text)[:DESCRIPTION_LENGTH],
        url=link(node.get("url")),
        tier=_tier(node),
        users=users_of(_meta(node).get("users")),
        owners=(owned_by,) if owned_by else (),
    )


def _parents(
    node: Node, nodes: Mapping[str, Node], tables: Mapping[str, FoundAsset]
) -> Iterator[AssetKey]:
    """Yield the tables `node` depends on, also those behind metrics."""
    waiting, seen = _depends_on(node), set()
    while waiting:
        unique_id = waiting.pop()
        if unique_id in seen:
            continue
        seen.add(unique_id)
        if unique_id in tables:
            yield tables[unique_id].key
        elif unique_id in nodes:
            waiting += _depends_on(nodes[unique_id])


def _depends_on(node: Node) -> list[str]:
    named = items(mapping(node.get("depends_on")).get("nodes"))
    return [unique_id for unique_id in named if isinstance(unique_id, str)]


def _meta(node: Node) -> Node:
    return {
        **mapping(mapping(node.get("config")).get("meta")),
        **mapping(node.get("meta")),
    }


def _tier(node: Node) -> int | None:
    """Return the tier of `meta.tier`, or of a tag such as "tier-1"."""
    tier = told(_meta(node).get("tier"), 20)
    for text in (f"tier{tier}", tier, *(told(tag) for tag in items(node.get("tags")))):
        if match := _TIER_TAG.fullmatch(text):
            return int(match[1])
    return None


def _owners(node: Node, groups: Mapping[str, Node]) -> tuple[str, ...]:
    """Return who `meta.owner` names, else the owner of the node's group; and the team
    of `meta.team`, else of that group's name."""
    owner = _meta(node).get("owner")
    names = owner if isinstance(owner, list) else [owner]
    found = [text for name in names if (text := told(name, OWNER_LENGTH))]
    group_name = told(node.get("group"), 80)
    group = mapping(groups.get(group_name, {}).get("owner"))
    if not found and (email := told(group.get("email"), OWNER_LENGTH)):
        found = [email]
    team = told(_meta(node).get("team"), 80) or group_name
    if team:
        found.append(f"team:{team}")
    return tuple(dict.fromkeys(found))


def _result(
    one: Node,
    metadata: Node,
    nodes: Mapping[str, Node],
    tables: Mapping[str, FoundAsset],
) -> NodeResult | None:
    unique_id, status = told(one.get("unique_id")), told(one.get("status")).lower()
    if not unique_id or not status:
        return None
    resource_type, _, rest = unique_id.partition(".")
    node = nodes.get(unique_id, {})
    test = mapping(node.get("test_metadata"))
    package, check = told(test.get("namespace"), 80), told(test.get("name"), 200)
    finished = (mapping(step).get("completed_at") for step in items(one.get("timing")))
    instants = [at for at in map(instant_or_none, finished) if at is not None]
    return NodeResult(
        unique_id=unique_id,
        resource_type=resource_type,
        name=told(node.get("name")) or _name(resource_type, rest) or unique_id,
        status=status,
        message=told(one.get("message"), MESSAGE_LENGTH),
        about=_about(unique_id, one, node, tables),
        builds_it=resource_type in TABLE_TYPES,
        run_id=told(metadata.get("invocation_id"), RUN_ID_LENGTH),
        completed_at=max(instants, default=None)
        or instant_or_none(metadata.get("generated_at")),
        column=told(node.get("column_name"), 200) or _columns_tested(test),
        check=f"{package}.{check}" if package and check else "",
    )


def _name(resource_type: str, rest: str) -> str:
    """The name in "<project>.<name>", after which a test has the hash of its arguments
    and a model its version; a source's table stands last."""
    parts = rest.split(".")
    return parts[-1] if resource_type == "source" or len(parts) < 2 else parts[1]


def _columns_tested(test: Node) -> str:
    """What a test of a whole table says of columns: dbt_utils' combination, a pair of
    dbt_expectations. Several are joined by commas."""
    given = mapping(test.get("kwargs"))
    if column := told(given.get("column_name"), 200):
        return column
    several = items(given.get("combination_of_columns")) or items(
        given.get("column_list")
    )
    pair = several or (given.get("column_A"), given.get("column_B"))
    return ", ".join(name for one in pair if (name := told(one, 200)))


def _about(
    unique_id: str, one: Node, node: Node, tables: Mapping[str, FoundAsset]
) -> FoundAsset | None:
    """Return the table a node builds; for a test, the one it is attached to."""
    if unique_id in tables:
        return tables[unique_id]
    for tested in (told(node.get("attached_node")), *_depends_on(node)):
        if tested in tables:
            return tables[tested]
    key = asset_key({"namespace": _project(unique_id), "name": _relation(one)})
    return FoundAsset(*key) if key and told(one.get("relation_name")) else None
