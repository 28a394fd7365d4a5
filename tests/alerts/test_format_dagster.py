from datetime import UTC, datetime

import pytest

from alerts.formats import dagster
from alerts.formats.base import AssetRef, ParseContext, Parsed
from core.errors import InvalidInputError
from tests.payloads import captured, load

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


def test_of_a_runs_log_its_failure_and_failed_checks_are_alerts() -> None:
    parsed = parse(load("dagster/events_list"))

    assert [(alert.title, alert.status) for alert in parsed.alerts] == [
        ("orders_not_empty failed on stg_orders", "firing"),
        ("nightly failed", "firing"),
    ]
    assert parsed.alerts[0].asset == AssetRef("dagster", "stg_orders")
    assert not parsed.rejected


@pytest.mark.parametrize(
    ("more", "status", "pages"),
    [
        ({"passed": False}, "firing", True),
        ({"passed": False, "severity": "WARN"}, "firing", False),
        ({"passed": True}, "resolved", True),
    ],
)
def test_an_asset_check_is_an_alert_on_its_asset(
    more: dict[str, object], status: str, pages: bool
) -> None:
    told = {"asset_key": "shop/orders", "check_name": "fresh", **more}
    (alert,) = parse({"event_type": "ASSET_CHECK_EVALUATION", **told}).alerts

    assert (alert.status, alert.pages) == (status, pages)
    assert alert.dedup_key == "shop/orders#fresh"


def test_a_check_that_does_not_say_how_it_went_is_refused() -> None:
    with pytest.raises(InvalidInputError, match="passed"):
        parse({"event_type": "ASSET_CHECK_EVALUATION", "asset_key": "orders"})


def test_an_alert_of_dagster_plus_is_read() -> None:
    told = {"alert_summary": "Job nightly failed", "alert_content": "1 step failed"}
    (alert,) = parse({**told, "alert_id": "a-1"}).alerts

    assert (alert.title, alert.dedup_key) == ("Job nightly failed", "a-1")
    assert alert.description == "1 step failed"
