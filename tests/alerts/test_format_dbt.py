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


PACKAGE_TESTS = [
    (
        {
            "namespace": "dbt_expectations",
            "name": "expect_column_values_to_be_between",
            "kwargs": {"column_name": "amount", "min_value": 0},
        },
        "amount",
        "expect_column_values_to_be_between(amount)",
    ),
    (
        {
            "namespace": "dbt_expectations",
            "name": "expect_column_pair_values_A_to_be_greater_than_B",
            "kwargs": {"column_A": "due", "column_B": "paid"},
        },
        None,
        "expect_column_pair_values_A_to_be_greater_than_B(due, paid)",
    ),
    (
        {
            "namespace": "dbt_utils",
            "name": "unique_combination_of_columns",
            "kwargs": {"combination_of_columns": ["order_id", "line"]},
        },
        None,
        "unique_combination_of_columns(order_id, line)",
    ),
    (
        {"namespace": "elementary", "name": "volume_anomalies", "kwargs": {}},
        None,
        "volume_anomalies",
    ),
]


@pytest.mark.parametrize(("metadata", "column", "told"), PACKAGE_TESTS)
def test_a_test_of_a_package_says_what_it_checks_of_which_table(
    metadata: dict[str, object], column: str | None, told: str
) -> None:
    unique_id = f"test.shop.{metadata['namespace']}_{metadata['name']}_x.a1b2c3d4e5"
    test = {
        "name": f"{metadata['namespace']}_{metadata['name']}_fct_orders_and_so_on",
        "resource_type": "test",
        "test_metadata": metadata,
        "column_name": column,
        "attached_node": "model.shop.fct_orders",
        "depends_on": {"nodes": ["model.shop.dim_customers", "model.shop.fct_orders"]},
    }
    manifest = load("dbt/manifest_failed")
    manifest = {**manifest, "nodes": {**manifest["nodes"], unique_id: test}}
    results = {"results": [{"unique_id": unique_id, "status": "fail"}]}
    (alert,) = parse({"manifest": manifest, "run_results": results}).alerts

    assert alert.title.startswith(f"dbt test {told} failed on shop.")
    assert alert.dedup_key == unique_id
    assert alert.asset is not None
    assert alert.asset.name.endswith("fct_orders")
    assert alert.labels["check"] == f"{metadata['namespace']}.{metadata['name']}"


@pytest.mark.parametrize(
    ("unique_id", "title"),
    [
        ("test.shop.not_null_orders_id.4e687af8d0", "dbt test not_null_orders_id"),
        ("model.shop.orders.v2", "dbt model orders"),
        ("source.shop.raw.orders", "dbt source orders"),
    ],
)
def test_without_a_manifest_a_node_is_called_by_its_name(
    unique_id: str, title: str
) -> None:
    results = {"results": [{"unique_id": unique_id, "status": "error"}]}
    (alert,) = parse(results).alerts

    assert alert.title == f"{title} failed"
