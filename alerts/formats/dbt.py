"""https://docs.getdbt.com/reference/artifacts/run-results-json

dbt's run_results.json, alone or with its manifest.json.
"""

from collections.abc import Mapping
from datetime import datetime

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
ABOUT = "run_results.json after each run, best with manifest.json."

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
    """Read run_results.json, or an object with "manifest" and "run_results".

    The dedup key is the node: the next run in which it succeeds resolves it.
    """
    if not isinstance(payload, dict):
        wanted = "Send run_results.json, or an object of manifest and run_results."
        raise InvalidInputError({"detail": [wanted]})
    manifest = payload.get("manifest")
    has_parts = "run_results" in payload or "manifest" in payload
    run_results = payload.get("run_results") if has_parts else payload
    results = read_results(run_results, manifest)
    return Parsed(
        alerts=tuple(_alert(one) for one in results if one.status in STATUSES),
        runs=tuple(run for one in results if (run := _run(one, context))),
        lineage=read_manifest(manifest) if manifest is not None else FoundLineage(),
    )


def snippet(url: str, key: str) -> str:
    return f"""\
# After every dbt run, failed or not. The manifest tells which table a test is about.
dbt build; status=$?
jq -n --slurpfile manifest target/manifest.json \\
      --slurpfile results target/run_results.json \\
      '{{manifest: $manifest[0], run_results: $results[0]}}' |
  curl -sS {url} -H 'Content-Type: application/json' --data-binary @-
exit $status
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
        title=one_line(
            f"dbt {one.resource_type} {one.name} {_verb(one)}", TITLE_LENGTH
        ),
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
            ]
        ),
        occurred_at=one.completed_at,
        pages=one.status != "warn",
    )


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
    return AssetRef(one.about.namespace, one.about.name) if one.about else None
