"""The catalog's use cases."""

from catalog.services.assets import (
    add_edge,
    edit_asset,
    remove_edge,
    set_asset_health,
)
from catalog.services.dbt import DbtCount, import_dbt
from catalog.services.edges import bump_lineage_version
from catalog.services.history import RunReport, record_change, record_runs
from catalog.services.imports import import_catalog
from catalog.services.lineage import (
    LineageCount,
    find_or_create_asset,
    record_lineage,
)
from catalog.services.upserts import AssetFacts

__all__ = [
    "AssetFacts",
    "DbtCount",
    "LineageCount",
    "RunReport",
    "add_edge",
    "bump_lineage_version",
    "edit_asset",
    "find_or_create_asset",
    "import_catalog",
    "import_dbt",
    "record_change",
    "record_lineage",
    "record_runs",
    "remove_edge",
    "set_asset_health",
]
