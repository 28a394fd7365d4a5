"""Keeping the runs that dbt's run_results.json tells of."""

from __future__ import annotations

from datetime import datetime

from catalog.importers.dbt import read_results
from catalog.models import Run
from catalog.services.history import RunReport, record_runs
from catalog.services.lineage import find_or_create_asset

RUN_STATES = {
    "success": Run.State.SUCCESS,
    "error": Run.State.FAILED,
    "skipped": Run.State.SKIPPED,
}


def record_results(run_results: object, manifest: object, *, at: datetime) -> None:
    """Keep how the tables of a run came out; None is a run nobody told of."""
    if run_results is None:
        return
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
