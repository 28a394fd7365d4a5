from datetime import UTC, datetime
from typing import Any

import pytest

from alerts.formats import dbt
from alerts.formats.base import AssetRef, ParseContext, Parsed
from core.errors import InvalidInputError
from tests.payloads import captured

NOW = datetime(2026, 1, 10, 3, 5, tzinfo=UTC)


def parse(payload: object) -> Parsed:
    return dbt.parse(payload, ParseContext(received_at=NOW))


def event(kind: str, status: str, **more: object) -> dict[str, Any]:
    body: dict[str, Any] = captured("from_docs/dbtcloud_completed").body
    data = {**body["data"], "runStatus": status, **more}
    return {**body, "eventType": kind, "data": data}


def test_a_completed_job_is_read_from_the_documented_body() -> None:
    parsed = parse(captured("from_docs/dbtcloud_completed").body)
    (alert,), (run,) = parsed.alerts, parsed.runs

    assert (alert.status, alert.dedup_key) == ("resolved", "dbt-cloud job 123")
    assert alert.asset == AssetRef("dbt-cloud://1", "Daily Job (dbt build)", "pipeline")
    assert alert.description == ""
    assert (run.state, run.run_id) == ("success", "12345")
    assert run.at == datetime(2023, 1, 31, 19, 29, 32, tzinfo=UTC)


@pytest.mark.parametrize(
    ("kind", "status", "alert", "run"),
    [
        ("job.run.started", "Running", [], "running"),
        ("job.run.started", "", [], "running"),
        ("job.run.errored", "Errored", ["firing"], "failed"),
        ("job.run.errored", "?", ["firing"], "failed"),
        ("job.run.completed", "Errored", ["firing"], "failed"),
        ("job.run.completed", "Success", ["resolved"], "success"),
        ("job.run.completed", "Cancelled", [], "skipped"),
    ],
)
def test_each_event_is_taken_for_what_it_is(
    kind: str, status: str, alert: list[str], run: str
) -> None:
    parsed = parse(event(kind, status))

    assert [one.status for one in parsed.alerts] == alert
    assert [one.state for one in parsed.runs] == [run]


def test_an_error_told_twice_is_one_alert() -> None:
    told = "Run failed: exit code 1"
    first = parse(event("job.run.errored", "Errored", runStatusMessage=told)).alerts
    second = parse(event("job.run.completed", "Errored", runStatusMessage=told)).alerts

    assert first == second
    assert first[0].description == told


@pytest.mark.parametrize(
    ("payload", "field"),
    [
        (event("job.run.completed", "?"), "data.runStatus"),
        (event("job.run.completed", "Success", jobId=None), "data.jobId"),
        ({"eventType": "job.run.completed", "data": []}, "data.jobId"),
    ],
)
def test_what_is_missing_is_named(payload: object, field: str) -> None:
    with pytest.raises(InvalidInputError) as caught:
        parse(payload)
    assert field in caught.value.errors
