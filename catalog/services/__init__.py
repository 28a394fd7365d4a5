"""The catalog's use cases."""

from catalog.services.aliases import add_alias, remove_alias
from catalog.services.assets import (
    add_edge,
    edit_asset,
    remove_edge,
    set_asset_health,
)
from catalog.services.backfills import move_backfill, record_backfill
from catalog.services.edges import bump_lineage_version
from catalog.services.history import (
    LoadReport,
    RunReport,
    record_change,
    record_loads,
    record_runs,
)
from catalog.services.imports import (
    DbtCount,
    import_catalog,
    import_dbt,
    preview,
    take_over,
)
from catalog.services.jobs import (
    cancel_import,
    run_import_again,
    run_next_import,
    start_import,
)
from catalog.services.known_issues import add_known_issue, end_known_issue
from catalog.services.lineage import (
    LineageCount,
    find_or_create_asset,
    record_found,
    record_lineage,
)
from catalog.services.merging import merge_assets, merged_into
from catalog.services.upserts import AssetFacts

__all__ = [
    "AssetFacts",
    "DbtCount",
    "LineageCount",
    "LoadReport",
    "RunReport",
    "add_alias",
    "add_edge",
    "add_known_issue",
    "bump_lineage_version",
    "cancel_import",
    "edit_asset",
    "end_known_issue",
    "find_or_create_asset",
    "import_catalog",
    "import_dbt",
    "merge_assets",
    "merged_into",
    "move_backfill",
    "preview",
    "record_backfill",
    "record_change",
    "record_found",
    "record_lineage",
    "record_loads",
    "record_runs",
    "remove_alias",
    "remove_edge",
    "run_import_again",
    "run_next_import",
    "set_asset_health",
    "start_import",
    "take_over",
]
