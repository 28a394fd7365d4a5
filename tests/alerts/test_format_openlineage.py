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
    assert alert.parent_run_id == "01a0219e-0800-7c16-b6d8-98143ddde60b"
    assert not alert.repeats_parts
    assert alert.dedup_key == "airflow-prod/orders_etl.load_fct_orders"
    assert alert.asset == AssetRef("airflow-prod", "orders_etl.load_fct_orders", "task")
    assert alert.description.startswith('column "amount" does not exist in orders_raw')
    assert alert.run_id == run.run_id == "01a0219e-0800-798a-9b49-695db02a7d6f"
    assert alert.pages
    assert (run.state, run.error) == ("failed", alert.description.splitlines()[0])
    assert len(parsed.lineage.edges) == 4


def test_a_later_run_that_completes_resolves_the_job() -> None:
    failed, *_ = parse(captured("openlineage-python/05").body).alerts
    completed, *_ = parse(captured("openlineage-python/03").body).alerts

    assert (failed.status, completed.status) == ("firing", "resolved")
    assert failed.run_id != completed.run_id
    assert failed.dedup_key == completed.dedup_key


def test_a_failure_names_the_assertions_that_failed_before_it() -> None:
    alert, *_ = parse(captured("openlineage-python/05").body).alerts
    assert "not_null(order_id) failed on shop.public.orders_raw." in alert.description


def test_a_failure_says_for_what_time_the_run_was() -> None:
    alert = parse(captured("openlineage-python/05").body).alerts[0]
    assert alert.labels["nominal_start"] == "2026-08-20T02:00:00Z"
    assert alert.labels["nominal_end"] == "2026-08-21T02:00:00Z"


def test_the_failed_run_of_a_dag_repeats_its_tasks_failure() -> None:
    (task,) = parse(captured("airflow-openlineage/04").body).alerts
    (dag,) = parse(captured("airflow-openlineage/05").body).alerts

    assert (dag.title, dag.repeats_parts) == ("orders_etl failed", True)
    assert dag.run_id == task.parent_run_id


def test_a_dag_that_failed_for_a_reason_of_its_own_repeats_nothing() -> None:
    body = captured("airflow-openlineage/05").body
    body["run"]["facets"]["errorMessage"]["message"] = "timed_out"

    assert not parse(body).alerts[0].repeats_parts


@pytest.mark.parametrize(
    ("tried", "retries", "max_tries", "pages"),
    [
        (1, "2", None, False),
        ("2", 2, None, False),
        (3, 2, None, True),
        (3, 2, "4", False),  # tasks that were cleared are given more tries
        ("None", "1", None, True),
        (1, 0, None, True),
    ],
)
def test_a_failed_try_with_tries_left_is_recorded_and_does_not_page(
    tried: object, retries: object, max_tries: object, pages: bool
) -> None:
    body = captured("airflow-openlineage/04").body
    airflow = body["run"]["facets"]["airflow"]
    airflow["task"]["retries"] = retries
    airflow["taskInstance"] |= {"try_number": tried, "max_tries": max_tries}

    parsed = parse(body)

    assert parsed.alerts[0].pages is pages
    assert [run.state for run in parsed.runs] == ["failed"]


@pytest.mark.parametrize(
    ("printed", "names"),
    [
        ("['b', 'c']", ["etl.b", "etl.c"]),
        ('["b"]', ["etl.b"]),
        ("""["it's", None, 'b']""", ["etl.it's", "etl.b"]),
        ("[]", []),
        ("None", []),
        ("['b'", []),
        ("[" * 5000, []),
        (["b"], ["etl.b"]),
    ],
)
def test_lists_as_python_prints_them_are_read(
    printed: object, names: list[str]
) -> None:
    airflow = {"dag": {"dag_id": "etl"}, "task": {"downstream_task_ids": printed}}
    run = {"runId": "r1", "facets": {"airflow": airflow}}

    edges = parse(event("COMPLETE", run=run)).lineage.edges

    assert [downstream.name for _, downstream in edges] == names


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


@pytest.mark.parametrize(
    ("told", "at"),
    [
        ("2026-01-10T03:02:00", datetime(2026, 1, 10, 3, 2, tzinfo=UTC)),
        (
            "2026-01-10T03:02:00.123456789Z",
            datetime(2026, 1, 10, 3, 2, 0, 123456, tzinfo=UTC),
        ),
        ("2026-01-10T05:02:00+02:00", datetime(2026, 1, 10, 3, 2, tzinfo=UTC)),
        ("2026-01-10 03:02:00.5", datetime(2026, 1, 10, 3, 2, 0, 500000, tzinfo=UTC)),
    ],
)
def test_times_without_zone_and_with_nanoseconds_are_read(
    told: str, at: datetime
) -> None:
    assert parse(event("FAIL", eventTime=told)).alerts[0].occurred_at == at


def test_only_time_run_id_and_job_are_missed() -> None:
    bare = {
        "eventTime": "2026-01-10T03:02:00Z",
        "eventType": "FAIL",
        "run": {"runId": "r1", "facets": None},
        "job": {"namespace": "prod", "name": "load"},
        "inputs": None,
        "strange": {"_producer": "https://example.com", "deep": [1, {"a": None}]},
    }

    assert [alert.title for alert in parse(bare).alerts] == ["load failed"]


def test_an_assertion_of_any_job_is_an_alert_on_its_dataset() -> None:
    _, *tests = parse(captured("openlineage-python/03").body).alerts

    assert {alert.asset for alert in tests} == {
        AssetRef("postgres://warehouse.acme.internal:5432", "shop.public.orders_raw")
    }
    assert [(alert.title, alert.status) for alert in tests] == [
        ("not_null(order_id) failed on shop.public.orders_raw", "firing"),
        ("unique(order_id) passed on shop.public.orders_raw", "resolved"),
    ]


@pytest.mark.parametrize("kind", ["START", "ABORT"])
def test_what_has_begun_or_was_cancelled_has_no_test_results(kind: str) -> None:
    bad = {"assertion": "unique", "success": False, "actual": "3"}
    assert parse(dbt_test(kind, bad)).alerts == ()


def test_assertions_about_what_is_written_count_too() -> None:
    quality = {"assertions": [{"assertion": "row_count", "success": False}]}
    written = {
        "namespace": "db",
        "name": "orders",
        "outputFacets": {"dataQualityAssertions": quality},
    }

    job, test = parse(event("COMPLETE", outputs=[written])).alerts

    assert (job.status, test.title) == ("resolved", "row_count failed on orders")


def test_a_dataset_event_may_tell_of_assertions() -> None:
    quality = {"assertions": [{"assertion": "fresh", "success": False}]}
    dataset = {
        "namespace": "db",
        "name": "orders",
        "facets": {"dataQualityAssertions": quality},
    }

    (alert,) = parse({"eventTime": "2026-01-10T03:02:00Z", "dataset": dataset}).alerts

    assert (alert.title, alert.asset) == (
        "fresh failed on orders",
        AssetRef("db", "orders"),
    )


@pytest.mark.parametrize(
    ("number", "statuses", "states"),
    [
        ("01", [], ["running"]),
        ("02", ["firing", "resolved"], ["running"]),
        ("04", [], ["running"]),
        ("06", [], ["running"]),
        ("07", [], ["skipped"]),
        ("08", ["firing", "resolved"], []),
        ("11", ["firing", "firing", "resolved"], ["failed"]),
        ("12", ["firing"], ["failed"]),
        ("13", ["firing"], ["failed"]),
        ("14", ["firing"], ["failed"]),
        ("15", ["firing"], ["failed"]),
    ],
)
def test_each_captured_run_event_says_what_it_said(
    number: str, statuses: list[str], states: list[str]
) -> None:
    parsed = parse(captured(f"openlineage-python/{number}").body)

    assert [alert.status for alert in parsed.alerts] == statuses
    assert [run.state for run in parsed.runs] == states


@pytest.mark.parametrize(
    ("number", "status", "state"),
    [
        ("01", None, "running"),
        ("02", "resolved", "success"),
        ("03", None, "running"),
        ("05", "firing", "failed"),
    ],
)
def test_each_captured_airflow_event_says_what_it_said(
    number: str, status: str | None, state: str
) -> None:
    parsed = parse(captured(f"airflow-openlineage/{number}").body)

    assert [alert.status for alert in parsed.alerts] == ([status] if status else [])
    assert [run.state for run in parsed.runs] == [state]


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


def test_an_array_that_is_too_long_is_refused_by_its_own_limit() -> None:
    with pytest.raises(InvalidInputError) as caught:
        openlineage.parse([{}] * 10_001, ParseContext(received_at=NOW))
    assert "at most 10000" in caught.value.errors["detail"][0]
