from datetime import UTC, datetime

import pytest

from alerts.formats import dbt
from alerts.formats.base import AssetRef, ParseContext, Parsed
from core.errors import InvalidInputError
from tests.payloads import load

NOW = datetime(2026, 1, 10, 3, 5, tzinfo=UTC)
FAILED = {
    "manifest": load("dbt/manifest_failed"),
    "run_results": load("dbt/run_results_failed"),
}


def parse(payload: object) -> Parsed:
    return dbt.parse(payload, ParseContext(received_at=NOW))


def result(status: str) -> Parsed:
    one = {
        "unique_id": "model.shop.orders",
        "status": status,
        "relation_name": '"shop"."main"."orders"',
    }
    return parse({"metadata": {"invocation_id": "i1"}, "results": [one]})


def test_of_a_failed_build_only_the_failed_test_is_an_alert() -> None:
    parsed = parse(FAILED)
    (alert,) = (one for one in parsed.alerts if one.status == "firing")

    assert alert.title == "dbt test assert_every_order_paid failed"
    assert alert.dedup_key == "test.shop.assert_every_order_paid"
    assert alert.description == "Got 2 results, configured to fail if != 0"
    assert alert.asset == AssetRef(
        "dbt://shop", "shop.main_intermediate.int_order_payments"
    )
    assert alert.run_id == "46426046-cb5f-48c7-9fa7-b878e0d5fa05"
    assert alert.occurred_at == datetime(2026, 11, 22, 6, 27, 38, 181400, UTC)


def test_the_next_success_resolves_what_failed() -> None:
    parsed = parse(
        {
            "manifest": load("dbt/manifest_succeeded"),
            "run_results": load("dbt/run_results_succeeded"),
        }
    )

    assert {alert.status for alert in parsed.alerts} == {"resolved"}


def test_skipped_nodes_are_skipped_runs_and_no_failures() -> None:
    skipped = [run for run in parse(FAILED).runs if run.state == "skipped"]

    assert len(skipped) == 6
    assert all(run.asset.name.startswith("shop.main_") for run in skipped)


def test_a_manifest_brings_its_lineage() -> None:
    assert len(parse(FAILED).lineage.edges) == 21
    assert not parse(FAILED["run_results"]).lineage.edges


@pytest.mark.parametrize(
    ("status", "alert", "run"),
    [
        ("error", ("firing", None, True), "failed"),
        ("fail", ("firing", None, True), None),
        ("warn", ("firing", "warning", False), None),
        ("success", ("resolved", None, True), "success"),
        ("skipped", None, "skipped"),
        ("no-op", None, None),
    ],
)
def test_each_status_is_taken_for_what_it_is(
    status: str, alert: object, run: str | None
) -> None:
    parsed = result(status)

    alerts = [(one.status, one.severity, one.pages) for one in parsed.alerts]
    assert alerts == ([alert] if alert else [])
    assert [one.state for one in parsed.runs] == ([run] if run else [])


@pytest.mark.parametrize(
    ("payload", "field"),
    [
        (None, "detail"),
        ({}, "results"),
        ({"manifest": {}, "run_results": {"results": []}}, "nodes"),
        ({"manifest": FAILED["manifest"]}, "results"),
    ],
)
def test_what_is_missing_is_named(payload: object, field: str) -> None:
    with pytest.raises(InvalidInputError) as caught:
        parse(payload)
    assert list(caught.value.errors) == [field]
