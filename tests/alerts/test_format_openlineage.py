from datetime import UTC, datetime
from typing import Any

import pytest

from alerts.formats import openlineage
from alerts.formats.base import AssetRef, ParseContext, Parsed
from core.errors import InvalidInputError
from tests.payloads import captured

NOW = datetime(2026, 1, 10, 3, 5, tzinfo=UTC)


def parse(payload: object) -> Parsed:
    return openlineage.parse(payload, ParseContext(received_at=NOW))


def event(kind: str | None, **more: object) -> dict[str, Any]:
    return {
        "eventTime": "2026-01-10T03:02:00Z",
        "eventType": kind,
        "run": {"runId": "r1"},
        "job": {"namespace": "prod", "name": "load"},
        **more,
    }


def dbt_test(kind: str, *assertions: dict[str, object]) -> dict[str, Any]:
    facets = {"jobType": {"jobType": "TEST", "integration": "DBT"}}
    quality = {"dataQualityAssertions": {"assertions": list(assertions)}}
    return event(
        kind,
        job={"namespace": "dbt", "name": "orders.test", "facets": facets},
        inputs=[{"namespace": "db", "name": "orders", "inputFacets": quality}],
    )


def test_a_failed_job_is_an_alert_with_its_error_run_and_lineage() -> None:
    parsed = parse(captured("airflow-openlineage/04").body)
    (alert,), (run,) = parsed.alerts, parsed.runs

    assert alert.title == "orders_etl.load_fct_orders failed"
    assert alert.dedup_key == "airflow-prod/orders_etl.load_fct_orders"
    assert alert.asset == AssetRef("airflow-prod", "orders_etl.load_fct_orders", "task")
    assert alert.description.startswith('column "amount" does not exist in orders_raw')
    assert alert.run_id == run.run_id == "01a0219e-0800-798a-9b49-695db02a7d6f"
    assert alert.pages
    assert (run.state, run.error) == ("failed", alert.description.splitlines()[0])
    assert len(parsed.lineage.edges) == 4


def test_a_later_run_that_completes_resolves_the_job() -> None:
    failed = parse(captured("openlineage-python/05").body)
    completed = parse(captured("openlineage-python/03").body)

    assert [a.status for a in (*failed.alerts, *completed.alerts)] == [
        "firing",
        "resolved",
    ]
    assert failed.alerts[0].dedup_key == completed.alerts[0].dedup_key


def test_a_failure_names_the_assertions_that_failed_before_it() -> None:
    (alert,) = parse(captured("openlineage-python/05").body).alerts
    assert "not_null(order_id) failed on shop.public.orders_raw." in alert.description


def test_the_failed_run_of_a_dag_is_recorded_and_does_not_page_again() -> None:
    (alert,) = parse(captured("airflow-openlineage/05").body).alerts

    assert (alert.title, alert.pages) == ("orders_etl failed", False)


def test_a_dag_that_failed_for_a_reason_of_its_own_pages() -> None:
    body = captured("airflow-openlineage/05").body
    body["run"]["facets"]["errorMessage"]["message"] = "timed_out"

    assert parse(body).alerts[0].pages


def test_a_dbt_run_whose_model_failed_pages_once() -> None:
    parsed = parse([captured(f"dbt-ol-run/{n}").body for n in (19, 22, 23, 24)])

    firing = [alert for alert in parsed.alerts if alert.status == "firing"]
    assert [(alert.title, alert.pages) for alert in firing] == [
        ("shop.main_marts.shop.fct_refunds failed", True),
        ("nightly_dbt_build failed", False),
    ]


def test_a_failed_try_with_tries_left_does_not_page() -> None:
    body = captured("airflow-openlineage/04").body
    body["run"]["facets"]["airflow"]["task"]["retries"] = "2"

    assert not parse(body).alerts[0].pages


@pytest.mark.parametrize(
    ("kind", "state"),
    [("START", "running"), ("running", "running"), ("ABORT", "skipped")],
)
def test_what_did_not_fail_is_only_a_run(kind: str, state: str) -> None:
    parsed = parse(event(kind))

    assert parsed.alerts == ()
    assert [run.state for run in parsed.runs] == [state]


@pytest.mark.parametrize("kind", ["OTHER", None, "NEW"])
def test_other_events_bring_only_lineage(kind: str | None) -> None:
    parsed = parse(event(kind))

    assert not parsed.alerts
    assert not parsed.runs
    assert [asset.name for asset in parsed.lineage.assets] == ["load"]


@pytest.mark.parametrize("number", ["09", "10"])
def test_job_and_dataset_events_bring_only_lineage(number: str) -> None:
    parsed = parse(captured(f"openlineage-python/{number}").body)

    assert not parsed.alerts
    assert not parsed.runs
    assert parsed.lineage.assets


def test_each_test_of_a_test_job_is_an_alert_on_its_dataset() -> None:
    parsed = parse(
        dbt_test(
            "FAIL",
            {"assertion": "unique", "column": "id", "success": False, "actual": "3"},
            {"assertion": "not_null", "column": "id", "success": True},
            {"assertion": "skipped", "success": False},
            {
                "assertion": "row_count",
                "success": False,
                "actual": "0",
                "severity": "warn",
            },
        )
    )

    assert [(a.title, a.status, a.pages) for a in parsed.alerts] == [
        ("unique(id) failed on orders", "firing", True),
        ("not_null(id) passed on orders", "resolved", True),
        ("row_count failed on orders", "firing", False),
    ]
    assert {a.asset for a in parsed.alerts} == {AssetRef("db", "orders")}


def test_a_test_job_whose_tests_were_all_skipped_is_silent() -> None:
    assert parse(dbt_test("FAIL", {"assertion": "a", "success": False})).alerts == ()


def test_a_test_that_passes_later_resolves_its_alert() -> None:
    bad = {"assertion": "unique", "success": False, "actual": "3"}
    failed = parse(dbt_test("FAIL", bad)).alerts
    passed = parse(dbt_test("COMPLETE", {**bad, "success": True})).alerts

    assert failed[0].dedup_key in {
        alert.dedup_key for alert in passed if alert.status == "resolved"
    }


def test_the_test_facet_of_a_run_is_read() -> None:
    tests = [{"name": "no_orphans", "status": "fail", "expected": "0", "actual": "2"}]
    body = dbt_test("FAIL")
    body["run"]["facets"] = {"test": {"tests": tests}}

    (alert,) = parse(body).alerts

    assert alert.title == "no_orphans failed on orders"
    assert alert.description == "Expected 0, found 2."


def test_a_bad_event_does_not_spoil_the_others() -> None:
    parsed = parse([event("FAIL"), {"eventType": "FAIL"}])

    assert len(parsed.alerts) == 1
    assert [(bad.index, list(bad.errors)) for bad in parsed.rejected] == [
        (1, ["eventTime", "job"])
    ]


def test_an_event_in_an_impossible_year_happened_when_it_came() -> None:
    parsed = parse(event("FAIL", eventTime="0001-01-01T00:00:00Z"))

    assert parsed.alerts[0].occurred_at is None
    assert parsed.runs[0].at == NOW


def test_a_body_that_is_no_event_is_refused() -> None:
    with pytest.raises(InvalidInputError):
        parse("FAIL")
