"""What OpenLineage facets say about jobs and datasets. https://openlineage.io/spec"""

import json
import re
from ast import literal_eval
from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import Any

from catalog.importers.base import (
    DESCRIPTION_LENGTH,
    NAME_LENGTH,
    NAMESPACE_LENGTH,
    OWNER_LENGTH,
    AssetKey,
    FoundAsset,
    users_of,
)
from core.text import identifier, items, link, mapping, text_of, told

Facets = Mapping[str, Any]

# A longer list is none that was meant to be read; a deep one could be a trap.
PRINTED_LENGTH = 8192
UNREADABLE = (
    ValueError,
    SyntaxError,
    TypeError,
    MemoryError,
    RecursionError,
    SystemError,  # Python 3.11's parser, of what is nested deep
)
OWNERS_KEPT = 50
ALIASES_KEPT = 50
MOST_ROWS = 2**63 - 1  # as many as its column holds

# Jobs that are made of other jobs; every other job type is a task.
PIPELINE_JOB_TYPES = frozenset({"DAG", "JOB", "PIPELINE", "WORKFLOW", "APPLICATION"})
DATASET_TYPES = {"DASHBOARD": "dashboard", "REPORT": "dashboard", "MODEL": "model"}
DASHBOARD_SCHEMES = frozenset(
    {
        "looker",
        "tableau",
        "metabase",
        "superset",
        "powerbi",
        "mode",
        "sigma",
        "lightdash",
    }
)
EXPOSURE_TYPES = {
    "dashboard": "dashboard",
    "notebook": "dashboard",
    "analysis": "dashboard",
    "ml": "model",
    "application": "product",
}

_TIER = re.compile(r"tier[-_: ]?([1-4])", re.IGNORECASE)


def asset_key(named: object) -> AssetKey | None:
    """Return the identity of a job or dataset; None when a part of it is missing."""
    holder = mapping(named)
    namespace, name = (
        told(holder.get("namespace"), 2048),
        told(holder.get("name"), 2048),
    )
    if not namespace or not name:
        return None
    return AssetKey(
        identifier(namespace, NAMESPACE_LENGTH), identifier(name, NAME_LENGTH)
    )


def facets_of(holder: object, field: str = "facets") -> Facets:
    return mapping(mapping(holder).get(field))


def listed(value: object) -> list[Any]:
    """Return a list, also one sent as the text Python prints for it: "['a', 'b']"."""
    if not isinstance(value, str):
        return items(value)
    if len(value) <= PRINTED_LENGTH and value.startswith("["):
        for read in (json.loads, literal_eval):
            with suppress(*UNREADABLE):
                return items(read(value))
    return []


def job_asset(key: AssetKey, facets: Facets, *, has_parent: bool) -> FoundAsset:
    """Return the job as an asset: a pipeline, or a task where it is part of one."""
    job_type = job_type_of(facets)
    is_pipeline = job_type in PIPELINE_JOB_TYPES or not (job_type or has_parent)
    return FoundAsset(
        *key,
        type="pipeline" if is_pipeline else "task",
        description=_description(facets),
        url=link(mapping(facets.get("sourceCodeLocation")).get("url")),
        tier=tier_in(facets),
        owners=_owners(facets),
    )


def dataset_asset(key: AssetKey, facets: Facets, tier: int | None = None) -> FoundAsset:
    return FoundAsset(
        *key,
        type=_dataset_type(key, facets),
        description=_description(facets),
        tier=tier_in(facets) or tier,
        users=_users_in(facets),
        owners=_owners(facets),
        aliases=_aliases(key, facets),
    )


def exposures(facets: Facets) -> Iterator[FoundAsset]:
    """Yield the dbt exposures a dataset feeds, named as dbt's importer names them."""
    for one in listed(mapping(facets.get("dbt_exposures")).get("exposures")):
        parts = told(mapping(one).get("unique_id"), 2048).split(".", 2)
        if len(parts) == 3 and all(parts):
            kind = EXPOSURE_TYPES.get(told(mapping(one).get("type")), "product")
            yield exposure_asset(parts[1], parts[2], kind)


def exposure_asset(project: str, name: str, type_: str, **more: Any) -> FoundAsset:
    return FoundAsset(
        identifier(f"dbt://{project}", NAMESPACE_LENGTH),
        identifier(name, NAME_LENGTH),
        type_,
        **more,
    )


def written_rows(outputs: object) -> list[tuple[AssetKey, int]]:
    """Return (dataset, rows) for each output that tells how many were written.
    https://openlineage.io/docs/spec/facets/dataset-facets/output-dataset-facets/output_statistics
    """
    found: dict[AssetKey, int] = {}
    for output in listed(outputs):
        key = asset_key(output)
        facets = facets_of(output, "outputFacets")
        rows = mapping(facets.get("outputStatistics")).get("rowCount")
        if key is None or isinstance(rows, bool) or not isinstance(rows, int):
            continue
        if 0 <= rows <= MOST_ROWS:
            found[key] = rows
    return list(found.items())


def job_type_of(facets: Facets) -> str:
    return told(mapping(facets.get("jobType")).get("jobType"), 40).upper()


def integration_of(facets: Facets) -> str:
    return told(mapping(facets.get("jobType")).get("integration"), 40).upper()


def tier_in(facets: Facets) -> int | None:
    """Return the tier a tag gives: "tier-1", "tier:1", or the key tier with value 1."""
    for tag in listed(mapping(facets.get("tags")).get("tags")):
        key = text_of(mapping(tag).get("key"), 40) or text_of(tag, 40)
        value = text_of(mapping(tag).get("value"), 40)
        for text in (key, f"{key}{value}"):
            if match := _TIER.fullmatch(text):
                return int(match[1])
    return None


def _users_in(facets: Facets) -> int | None:
    """Return what a tag with the key users says."""
    for tag in listed(mapping(facets.get("tags")).get("tags")):
        if text_of(mapping(tag).get("key"), 40).lower() == "users":
            return users_of(text_of(mapping(tag).get("value"), 40))
    return None


def _description(facets: Facets) -> str:
    documentation = mapping(facets.get("documentation"))
    return told(documentation.get("description"), DESCRIPTION_LENGTH)


def _owners(facets: Facets) -> tuple[str, ...]:
    names = (
        told(mapping(owner).get("name") or owner, OWNER_LENGTH)
        for owner in listed(mapping(facets.get("ownership")).get("owners"))
    )
    return tuple(dict.fromkeys(name for name in names if name))[:OWNERS_KEPT]


def _aliases(key: AssetKey, facets: Facets) -> tuple[AssetKey, ...]:
    found = map(asset_key, listed(mapping(facets.get("symlinks")).get("identifiers")))
    others = dict.fromkeys(alias for alias in found if alias and alias != key)
    return tuple(others)[:ALIASES_KEPT]


def _dataset_type(key: AssetKey, facets: Facets) -> str:
    told_type = told(mapping(facets.get("datasetType")).get("datasetType"), 40).upper()
    if told_type in DATASET_TYPES:
        return DATASET_TYPES[told_type]
    scheme = key.namespace.partition("://")[0].lower()
    if scheme in DASHBOARD_SCHEMES and "dashboard" in key.name.lower():
        return "dashboard"
    return "dataset"
