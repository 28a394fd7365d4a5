"""https://docs.getdbt.com/reference/artifacts/dbt-artifacts

dbt's run_results.json and sources.json, alone or with manifest.json, and the webhook
of dbt Cloud.
"""

from collections.abc import Mapping
from datetime import datetime

from alerts.formats import dbt_cloud, dbt_sources
from alerts.formats.base import (
    KEY_LENGTH,
    TITLE_LENGTH,
    AssetRef,
    IncomingAlert,
    IncomingRun,
    ParseContext,
    Parsed,
    RunState,
    Status,
)
from alerts.formats.text import labels_of
from catalog.importers.base import FoundLineage
from catalog.importers.dbt import NodeResult, read_manifest, read_results
from core.errors import InvalidInputError
from core.text import identifier, one_line

LABEL = "dbt"
ABOUT = "dbt's artifacts after each run, or the webhook of dbt Cloud."

# A skipped node is not a failure: what it waited for is.
STATUSES: Mapping[str, Status] = {
    "error": "firing",
    "fail": "firing",
    "warn": "firing",
    "runtime error": "firing",
    "partial success": "firing",
    "success": "resolved",
    "pass": "resolved",
}
RUN_STATES: Mapping[str, RunState] = {
    "error": "failed",
    "partial success": "failed",
    "success": "success",
    "skipped": "skipped",
}


def parse(payload: object, context: ParseContext) -> Parsed:
    """Read run_results.json, sources.json, an object of "manifest" with "run_results"
    or "sources" or both, or what dbt Cloud sends.

    The dedup key is the node: the next run in which it succeeds resolves it.
    """
    if not isinstance(payload, dict):
        wanted = "Send run_results.json, or an object of manifest and run_results."
        raise InvalidInputError({"detail": [wanted]})
    if dbt_cloud.is_one(payload):
        return dbt_cloud.parse(payload, context)
    manifest = payload.get("manifest")
    run_results, sources = _artifacts(payload)
    results = read_results(run_results, manifest) if run_results is not None else ()
    freshness = dbt_sources.alerts(sources, manifest) if sources is not None else ()
    return Parsed(
        alerts=(
            *(_alert(one) for one in results if one.status in STATUSES),
            *freshness,
        ),
        runs=tuple(run for one in results if (run := _run(one, context))),
        lineage=read_manifest(manifest) if manifest is not None else FoundLineage(),
    )


def _artifacts(payload: Mapping[str, object]) -> tuple[object, object]:
    """Return run_results and sources, None for what was not sent."""
    if payload.keys() & {"run_results", "manifest", "sources"}:
        sources = payload.get("sources")
        run_results = payload.get("run_results")
        # A manifest alone tells of no run: that is said as a missing result.
        return run_results if sources is not None or run_results else {}, sources
    if dbt_sources.is_one(payload):
        return None, payload
    return payload, None


def snippet(url: str, key: str) -> str:
    return f"""\
# After every dbt run, failed or not. The manifest tells which table a test is about.
dbt build; status=$?
jq -n --slurpfile manifest target/manifest.json \\
      --slurpfile results target/run_results.json \\
      '{{manifest: $manifest[0], run_results: $results[0]}}' |
  curl -sS {url} -H 'Content-Type: application/json' --data-binary @-
exit $status

# After dbt source freshness: how stale the sources are
jq -n --slurpfile manifest target/manifest.json \\
      --slurpfile sources target/sources.json \\
      '{{manifest: $manifest[0], sources: $sources[0]}}' |
  curl -sS {url} -H 'Content-Type: application/json' --data-binary @-

# dbt Cloud: Account settings > Webhooks > Create webhook, with all events of runs
{url}
"""


def sample(key: str, at: datetime) -> object:
    return {
        "metadata": {"generated_at": at.isoformat(), "invocation_id": "headwater-test"},
        "results": [
            {
                "unique_id": "test.headwater.nothing_is_broken",
                "status": "warn",
                "message": "Test event: nothing is broken",
            }
        ],
    }


def _alert(one: NodeResult) -> IncomingAlert:
    return IncomingAlert(
        title=one_line(f"dbt {one.resource_type} {_told(one)}", TITLE_LENGTH),
        dedup_key=identifier(one.unique_id, KEY_LENGTH),
        status=STATUSES[one.status],
        severity="warning" if one.status == "warn" else None,
        asset=_ref(one),
        description=one.message,
        run_id=one.run_id,
        labels=labels_of(
            [
                ("unique_id", one.unique_id),
                ("resource_type", one.resource_type),
                ("dbt_status", one.status),
                ("column", one.column),
                ("check", one.check),
            ]
        ),
        occurred_at=one.completed_at,
        has_event_time=True,
        pages=one.status != "warn",
    )


def _told(one: NodeResult) -> str:
    if not one.check:
        return f"{one.name} {_verb(one)}"
    check = one.check.partition(".")[2]
    columns = f"({one.column})" if one.column else ""
    on = f" on {one.about.name}" if one.about else ""
    return f"{check}{columns} {_verb(one)}{on}"


def _verb(one: NodeResult) -> str:
    if STATUSES[one.status] == "resolved":
        return "succeeded"
    return "warns" if one.status == "warn" else "failed"


def _run(one: NodeResult, context: ParseContext) -> IncomingRun | None:
    about, state = _ref(one), RUN_STATES.get(one.status)
    if about is None or state is None or not one.run_id or not one.builds_it:
        return None
    return IncomingRun(
        asset=about,
        run_id=one.run_id,
        state=state,
        at=one.completed_at or context.received_at,
        error=one.message if state == "failed" else "",
    )


def _ref(one: NodeResult) -> AssetRef | None:
    return dbt_sources.ref(one.about) if one.about else None
