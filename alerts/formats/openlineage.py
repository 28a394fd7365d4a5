"""OpenLineage events as alerts. https://openlineage.io/docs/spec/run-cycle"""

from datetime import datetime

from alerts.formats.base import (
    KEY_LENGTH,
    RUN_ID_LENGTH,
    TITLE_LENGTH,
    AssetRef,
    IncomingAlert,
    IncomingLoad,
    IncomingRun,
    ParseContext,
    Parsed,
    RunState,
    Status,
)
from alerts.formats.batch import Item, read_batch
from alerts.formats.text import labels_of, lines
from catalog.importers.base import FoundAsset
from catalog.importers.facets import written_rows
from catalog.importers.openlineage import (
    DBT_BUILDS,
    EventType,
    LineageEvent,
    TestResult,
    read_event,
)
from core.text import identifier, one_line

LABEL = "OpenLineage"
ABOUT = "Runs, failures and lineage of Airflow, Spark, Flink and dbt-ol."
BATCH_LIMIT = 10_000

# ABORT is a run that was cancelled or skipped, not one that failed.
STATUSES: dict[EventType | None, Status] = {"FAIL": "firing", "COMPLETE": "resolved"}
RUN_STATES: dict[EventType | None, RunState] = {
    "START": "running",
    "RUNNING": "running",
    "COMPLETE": "success",
    "FAIL": "failed",
    "ABORT": "skipped",
}


def parse(payload: object, context: ParseContext) -> Parsed:
    """Read one event or an array of them.

    The dedup key is the job, not the run: a later run's COMPLETE resolves the FAIL.
    Each assertion about a dataset is an alert of its own. Facets nobody knows stay in
    the message, which is kept as it came.
    """
    return read_batch(
        payload,
        lambda item: _parsed(item, read_event(item), context),
        limit=BATCH_LIMIT,
    )


def snippet(url: str, key: str) -> str:
    base = url.removesuffix(f"/in/{key}")
    return f"""\
# openlineage.yml: any OpenLineage client, dbt-ol and Spark
transport:
  type: http
  # Keep the slash at the end: without it the client drops the last part of a path.
  url: {base}/
  endpoint: api/v1/lineage
  auth:
    type: api_key
    apiKey: {key}

# Airflow: pip install apache-airflow-providers-openlineage
export AIRFLOW__OPENLINEAGE__NAMESPACE=airflow-prod
export AIRFLOW__OPENLINEAGE__TRANSPORT='{{"type": "http", "url": "{base}/",
  "endpoint": "api/v1/lineage", "auth": {{"type": "api_key", "apiKey": "{key}"}}}}'
"""


def sample(key: str, at: datetime) -> object:
    return {
        "eventType": "FAIL",
        "eventTime": at.isoformat(),
        "producer": "https://openlineage.io",
        "schemaURL": "https://openlineage.io/spec/2-0-2/OpenLineage.json",
        "run": {
            "runId": "00000000-0000-4000-8000-000000000000",
            "facets": {
                "errorMessage": {"message": "Test event: nothing is broken"},
            },
        },
        "job": {"namespace": "headwater", "name": "test_event"},
        "inputs": [],
        "outputs": [],
    }


def _parsed(item: Item, event: LineageEvent, context: ParseContext) -> Parsed:
    if event.is_noise:
        return Parsed(lineage=event.lineage)
    tests = _test_alerts(event)
    if event.job is None:
        return Parsed(alerts=tests, lineage=event.lineage)
    return Parsed(
        alerts=_alerts(event, event.job, tests),
        runs=_runs(event, event.job, context),
        loads=_loads(item, event, context),
        lineage=event.lineage,
    )


def _alerts(
    event: LineageEvent, job: FoundAsset, tests: tuple[IncomingAlert, ...]
) -> tuple[IncomingAlert, ...]:
    status = STATUSES.get(event.type)
    if status is None:
        return tests
    if status == "firing" and event.job_type == "TEST" and event.tests:
        return tests  # each test speaks for itself; skipped ones are silent
    return (_job_alert(event, job, status), *tests)


def _job_alert(event: LineageEvent, job: FoundAsset, status: Status) -> IncomingAlert:
    verb = "failed" if status == "firing" else "completed"
    return IncomingAlert(
        title=one_line(f"{_called(event, job)} {verb}", TITLE_LENGTH),
        dedup_key=_key(job.namespace, job.name),
        status=status,
        asset=_ref(job),
        description=_description(event) if status == "firing" else "",
        url=event.url,
        run_id=identifier(event.run_id, RUN_ID_LENGTH),
        labels=_labels(event),
        occurred_at=event.at,
        has_event_time=True,
        pages=not event.has_tries_left,
        parent_run_id=identifier(event.parent_run_id, RUN_ID_LENGTH),
        repeats_parts=event.repeats_parts,
    )


def _called(event: LineageEvent, job: FoundAsset) -> str:
    """The job's name; of a dbt node that is built, as dbt's own artifacts are read."""
    kind, _, rest = job.name.partition(".")
    if event.integration == "DBT" and kind in DBT_BUILDS and "." in rest:
        return f"dbt {kind} {rest.partition('.')[2]}"
    return job.name


def _test_alerts(event: LineageEvent) -> tuple[IncomingAlert, ...]:
    """What has only begun has no result yet, and what was cancelled none to trust."""
    if event.type in ("START", "ABORT"):
        return ()
    return tuple(
        _test_alert(event, test, about)
        for test in event.tests
        if test.was_run and (about := _about(event, test))
    )


def _about(event: LineageEvent, test: TestResult) -> AssetRef | None:
    if test.about:
        return AssetRef(*test.about)
    return _ref(event.job) if event.job else None


def _test_alert(
    event: LineageEvent, test: TestResult, about: AssetRef
) -> IncomingAlert:
    verb = "passed" if test.success else "failed"
    return IncomingAlert(
        title=one_line(f"{test.name} {verb} on {about.name}", TITLE_LENGTH),
        dedup_key=_key(about.namespace, f"{about.name}#{test.name}"),
        status="resolved" if test.success else "firing",
        severity="warning" if test.is_warning else None,
        asset=about,
        description=test.description,
        url=event.url,
        run_id=identifier(event.run_id, RUN_ID_LENGTH),
        labels=labels_of(
            [("test", test.name), ("column", test.column), *_labels(event).items()]
        ),
        occurred_at=event.at,
        has_event_time=True,
        pages=not test.is_warning,
        parent_run_id=identifier(event.parent_run_id, RUN_ID_LENGTH),
    )


def _runs(
    event: LineageEvent, job: FoundAsset, context: ParseContext
) -> tuple[IncomingRun, ...]:
    state = RUN_STATES.get(event.type)
    if state is None or not event.run_id:
        return ()
    at = event.at or context.received_at
    run_id = identifier(event.run_id, RUN_ID_LENGTH)
    error = event.error if state == "failed" else ""
    return (IncomingRun(_ref(job), run_id, state, at, error=error, url=event.url),)


def _loads(
    item: Item, event: LineageEvent, context: ParseContext
) -> tuple[IncomingLoad, ...]:
    """What the run wrote, once it is through: before, it counts what it has so far."""
    if event.type != "COMPLETE" or not event.run_id:
        return ()
    at = event.at or context.received_at
    run_id = identifier(event.run_id, RUN_ID_LENGTH)
    return tuple(
        IncomingLoad(AssetRef(*key), run_id, rows, at)
        for key, rows in written_rows(item.get("outputs"))
    )


def _description(event: LineageEvent) -> str:
    failed = [
        f"{test.name} failed{f' on {test.about.name}' if test.about else ''}."
        for test in event.tests
        if test.was_run and not test.success
    ]
    return lines(event.error, *failed, event.stack_trace)


def _labels(event: LineageEvent) -> dict[str, str]:
    return labels_of(
        [
            ("integration", event.integration),
            ("job_type", event.job_type),
            ("parent", event.parent.name if event.parent else ""),
            ("parent_run_id", event.parent_run_id),
            ("orchestrator_run_id", event.orchestrator_run_id),
            ("nominal_start", event.nominal_start),
            ("nominal_end", event.nominal_end),
        ]
    )


def _ref(job: FoundAsset) -> AssetRef:
    return AssetRef(job.namespace, job.name, job.type)


def _key(namespace: str, name: str) -> str:
    return identifier(f"{namespace}/{name}", KEY_LENGTH)
