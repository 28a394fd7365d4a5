"""What can break and what hangs from it: assets, lineage, changes, runs."""

from catalog.models.asset import Asset, AssetAlias, AssetOwner, AssetQuerySet
from catalog.models.backfills import Backfill, BackfillAsset
from catalog.models.history import Change, KnownIssue, Load, Run
from catalog.models.imports import ImportJob
from catalog.models.lineage import (
    AssetSchema,
    ColumnMap,
    Edge,
    LineageStep,
    LineageVersion,
    Sighting,
    Source,
    SqlText,
)
from catalog.models.merging import MergedAsset

__all__ = [
    "Asset",
    "AssetAlias",
    "AssetOwner",
    "AssetQuerySet",
    "AssetSchema",
    "Backfill",
    "BackfillAsset",
    "Change",
    "ColumnMap",
    "Edge",
    "ImportJob",
    "KnownIssue",
    "LineageStep",
    "LineageVersion",
    "Load",
    "MergedAsset",
    "Run",
    "Sighting",
    "Source",
    "SqlText",
]
