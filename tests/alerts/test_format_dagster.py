from datetime import UTC, datetime

import pytest

from alerts.formats import dagster
from alerts.formats.base import AssetRef, ParseContext, Parsed
from core.errors import InvalidInputError
from tests.payloads import captured

NOW = datetime(2026, 1, 10, 3, 5, tzinfo=UTC)


def parse(payload: object) -> Parsed:
    return dagster.parse(payload, ParseContext(received_at=NOW))


def test_a_failed_run_names_its_steps_and_their_causes() -> None:
    parsed = parse(captured("dagster/01").body)
    (alert,), (run,) = parsed.alerts, parsed.runs

    assert (alert.title, alert.dedup_key) == ("nightly failed", "nightly")
    assert alert.asset == AssetRef("dagster", "nightly", "pipeline")
    assert alert.labels["failed_steps"] == "fct_orders"
    assert 'ValueError: column "amount" does not exist' in alert.description
    assert (run.state, run.run_id, run.at) == ("failed", alert.run_id, NOW)


@pytest.mark.parametrize(
    ("status", "statuses", "run"),
    [
        ("SUCCESS", ["resolved"], "success"),
        ("DagsterRunStatus.FAILURE", ["firing"], "failed"),
        ("CANCELED", [], "skipped"),
        ("STARTED", [], "running"),
    ],
)
def test_each_status_is_taken_for_what_it_is(
    status: str, statuses: list[str], run: str
) -> None:
    parsed = parse({"job_name": "etl", "run_id": "r", "status": status})

    assert [alert.status for alert in parsed.alerts] == statuses
    assert parsed.runs[0].state == run


@pytest.mark.parametrize(
    ("payload", "fields"),
    [({}, ["job_name", "status"]), ({"job_name": "etl", "status": "?"}, ["status"])],
)
def test_what_is_missing_is_named(payload: object, fields: list[str]) -> None:
    with pytest.raises(InvalidInputError) as caught:
        parse(payload)
    assert list(caught.value.errors) == fields
