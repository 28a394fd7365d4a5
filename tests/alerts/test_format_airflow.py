from datetime import UTC, datetime
from typing import Any

import pytest

from alerts.formats import airflow
from alerts.formats.base import AssetRef, ParseContext, Parsed
from core.errors import InvalidInputError
from tests.payloads import captured

NOW = datetime(2026, 1, 10, 3, 5, tzinfo=UTC)
TASK: dict[str, Any] = {
    "event": "failed",
    "dag_id": "etl",
    "task_id": "load",
    "run_id": "scheduled__1",
}


def parse(payload: object) -> Parsed:
    return airflow.parse(payload, ParseContext(received_at=NOW))


def test_a_final_failure_pages() -> None:
    parsed = parse(captured("airflow-http/04").body)
    (alert,), (run,) = parsed.alerts, parsed.runs

    assert alert.title == "warehouse_nightly.ingest_payments failed"
    assert alert.dedup_key == "warehouse_nightly.ingest_payments"
    assert (alert.status, alert.pages) == ("firing", True)
    assert alert.asset == AssetRef(
        "airflow", "warehouse_nightly.ingest_payments", "task"
    )
    assert alert.description.startswith("HTTPError: 503 Server Error")
    assert alert.url.endswith("?try_number=2")
    assert alert.labels["owner"] == "data-platform"
    assert (run.state, run.at, run.run_id) == ("failed", NOW, alert.run_id)


def test_a_failed_try_with_tries_left_is_recorded_and_does_not_page() -> None:
    parsed = parse(captured("airflow-http/02").body)

    assert (parsed.alerts[0].status, parsed.alerts[0].pages) == ("firing", False)
    assert parsed.runs[0].state == "running"


def test_the_next_runs_success_resolves_the_job() -> None:
    failed = parse(captured("airflow-http/04").body).alerts[0]
    parsed = parse(captured("airflow-http/08").body)

    assert parsed.alerts[0].status == "resolved"
    assert parsed.alerts[0].dedup_key == failed.dedup_key
    assert parsed.alerts[0].run_id != failed.run_id
    assert parsed.alerts[0].description == ""
    assert parsed.runs[0].state == "success"


@pytest.mark.parametrize(
    ("try_number", "max_tries", "pages"),
    [
        (1, 0, True),
        ("1", "1", False),
        ("2", "1", True),
        (2, 3, False),
        ("None", "None", True),
        (None, 2, True),
        ("many", "1", True),
    ],
)
def test_only_the_last_try_pages(
    try_number: object, max_tries: object, pages: bool
) -> None:
    tries = {"try_number": try_number, "max_tries": max_tries}
    assert parse({**TASK, **tries}).alerts[0].pages is pages


def test_a_retry_callback_never_pages() -> None:
    assert not parse({**TASK, "event": "retry"}).alerts[0].pages


@pytest.mark.parametrize("task_id", [None, "", "None"])
def test_a_dags_failure_is_about_the_dag(task_id: object) -> None:
    (alert,) = parse({**TASK, "task_id": task_id, "try_number": "None"}).alerts

    assert alert.asset == AssetRef("airflow", "etl", "pipeline")
    assert (alert.dedup_key, alert.pages) == ("etl", True)
    assert alert.labels["dag_id"] == "etl"


@pytest.mark.parametrize("event", ["skipped", "upstream_failed", "removed", "running"])
def test_what_did_not_fail_is_only_a_run(event: str) -> None:
    parsed = parse({**TASK, "event": event})

    assert parsed.alerts == ()
    assert parsed.runs[0].state in ("skipped", "running")


def test_mapped_tasks_fail_and_recover_one_by_one() -> None:
    keys = [parse({**TASK, "map_index": n}).alerts[0].dedup_key for n in ("-1", 0, "1")]
    assert keys == ["etl.load", "etl.load[0]", "etl.load[1]"]


def test_a_namespace_keeps_two_airflows_apart() -> None:
    (alert,) = parse({**TASK, "namespace": "airflow-prod"}).alerts

    assert alert.dedup_key == "airflow-prod/etl.load"
    assert alert.asset == AssetRef("airflow-prod", "etl.load", "task")


def test_a_missed_deadline_is_a_warning() -> None:
    (alert,) = parse({**TASK, "event": "deadline_missed"}).alerts

    assert (alert.title, alert.severity) == ("etl.load missed its deadline", "warning")


def test_a_state_is_as_good_as_an_event() -> None:
    told = {"dag_id": "etl", "state": "TaskInstanceState.SUCCESS"}
    assert parse(told).alerts[0].status == "resolved"


def test_an_array_of_callbacks_is_read() -> None:
    parsed = parse([TASK, {**TASK, "event": "odd"}, {**TASK, "event": "success"}])

    assert [alert.status for alert in parsed.alerts] == ["firing", "resolved"]
    assert [bad.index for bad in parsed.rejected] == [1]


@pytest.mark.parametrize(
    ("payload", "fields"),
    [
        ({"event": "failed"}, ["dag_id"]),
        ({"dag_id": "None", "event": "odd"}, ["dag_id", "event"]),
        ({"dag_id": "etl"}, ["event"]),
        ("text", ["detail"]),
    ],
)
def test_what_is_missing_is_named(payload: object, fields: list[str]) -> None:
    with pytest.raises(InvalidInputError) as caught:
        parse(payload)
    assert list(caught.value.errors) == fields


@pytest.mark.parametrize(
    ("more", "repeats"),
    [
        ({"task_id": "None", "exception": "None"}, True),
        ({"task_id": None, "reason": "task_failure"}, True),
        ({"task_id": None, "reason": "timed_out"}, False),
        ({"task_id": None, "exception": "DagRunTimeout"}, False),
        ({"task_id": None, "event": "deadline_missed"}, False),
        ({}, False),
    ],
)
def test_a_dag_without_a_reason_of_its_own_repeats_its_tasks(
    more: dict[str, Any], repeats: bool
) -> None:
    assert parse({**TASK, **more}).alerts[0].repeats_parts is repeats


def test_a_task_and_its_dag_are_tied_by_the_run() -> None:
    (task,) = parse(TASK).alerts
    (dag,) = parse({**TASK, "task_id": None}).alerts

    assert dag.run_id == task.parent_run_id == TASK["run_id"]
    assert dag.parent_run_id == ""


def test_upstream_failed_and_removed_tasks_are_no_failures() -> None:
    parsed = [parse({**TASK, "event": word}) for word in ("upstream_failed", "removed")]

    assert [(one.alerts, one.runs[0].state) for one in parsed] == [((), "skipped")] * 2
