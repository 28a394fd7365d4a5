"""Taking over what dbt's artifacts say."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from accounts.models import User
from accounts.services import record_audit
from catalog.importers.dbt import read_manifest, read_results
from catalog.models import Asset, Edge, Run
from catalog.services.history import RunReport, record_runs
from catalog.services.lineage import find_or_create_asset, record_lineage

RUN_STATES = {
    "success": Run.State.SUCCESS,
    "error": Run.State.FAILED,
    "skipped": Run.State.SKIPPED,
}


@dataclass(frozen=True, slots=True)
class DbtCount:
    """How many different things the manifest names."""

    assets: int
    edges: int
    dashboards: int


@transaction.atomic
def import_dbt(
    *, manifest: object, run_results: object | None, by: User, at: datetime
) -> DbtCount:
    """Keep the tables, exposures, edges and, with `run_results`, runs of a project.

    Safe to repeat. Raises InvalidInputError for what are not dbt's artifacts.
    """
    lineage = read_manifest(manifest)
    count = record_lineage(
        assets=lineage.assets,
        edges=lineage.edges,
        source=Edge.Source.DBT,
        overwrite=True,
        at=at,
    )
    if run_results is not None:
        _record_results(run_results, manifest, at=at)
    told = {"assets": count.assets, "edges": count.edges, "source": "dbt"}
    record_audit(actor=by, action="catalog.imported", target=by, changes=told, at=at)
    dashboards = [a for a in lineage.assets if a.type == Asset.Type.DASHBOARD]
    return DbtCount(count.assets, count.edges, len(dashboards))


def _record_results(run_results: object, manifest: object, *, at: datetime) -> None:
    reports = []
    for result in read_results(run_results, manifest):
        state = RUN_STATES.get(result.status)
        if not (result.builds_it and result.about and result.run_id and state):
            continue
        asset = find_or_create_asset(
            namespace=result.about.namespace,
            name=result.about.name,
            type=result.about.type,
            at=at,
        )
        reports.append(
            RunReport(
                asset_id=asset.pk,
                run_id=result.run_id,
                state=state,
                reported_at=result.completed_at or at,
                error=result.message if state == Run.State.FAILED else "",
            )
        )
    record_runs(reports)
