from datetime import UTC, datetime

import pytest

from alerts.formats import great_expectations
from alerts.formats.base import AssetRef, ParseContext, Parsed
from core.errors import InvalidInputError
from tests.payloads import load

CONTEXT = ParseContext(received_at=datetime(2026, 1, 10, 3, 5, tzinfo=UTC))


def parse(payload: object) -> Parsed:
    return great_expectations.parse(payload, CONTEXT)


@pytest.mark.parametrize("name", ["validation_result", "describe_dict"])
def test_each_expectation_is_an_alert_on_its_table(name: str) -> None:
    alerts = parse(load(f"great_expectations/{name}")).alerts

    assert [alert.status for alert in alerts] == ["firing"] * 3 + ["resolved"]
    assert {alert.asset for alert in alerts} == {
        AssetRef("warehouse", "marts.fct_orders")
    }
    assert alerts[0].title == (
        "column_values_to_not_be_null(order_id) failed on marts.fct_orders"
    )
    assert alerts[0].description == "Unexpected in 1 of 5 rows."
    assert len({alert.dedup_key for alert in alerts}) == 4


def test_what_was_expected_is_told_with_what_was_found() -> None:
    alerts = parse(load("great_expectations/validation_result")).alerts
    assert alerts[2].description.splitlines() == [
        "Unexpected in 1 of 5 rows.",
        "Expected value_set completed, returned.",
    ]


def test_a_warning_pages_nobody() -> None:
    alerts = parse(load("great_expectations/validation_result")).alerts

    assert [(alert.severity, alert.pages) for alert in alerts[:2]] == [
        (None, True),
        ("warning", False),
    ]


def test_a_raised_exception_is_told() -> None:
    one = {
        "success": False,
        "expectation_config": {"type": "expect_column_to_exist"},
        "exception_info": {"exception_message": "no such table"},
    }
    (alert,) = parse({"results": [one, {}, None]}).alerts

    assert (alert.description, alert.asset) == ("no such table", None)


@pytest.mark.parametrize("payload", [None, [], {}, {"results": {}}])
def test_what_is_no_result_is_refused(payload: object) -> None:
    with pytest.raises(InvalidInputError, match="results"):
        parse(payload)


def test_all_runs_of_a_checkpoint_are_read() -> None:
    one = load("great_expectations/validation_result")
    alerts = parse({"success": False, "run_results": {"a": one, "b": {}}}).alerts

    assert alerts == parse(one).alerts


def test_a_checkpoint_of_before_1_0_is_read() -> None:
    config = {
        "expectation_type": "expect_column_pair_values_to_be_equal",
        "kwargs": {"column_A": "paid", "column_B": "due", "batch_id": "0a1b2c3d"},
    }
    result = {
        "success": False,
        "results": [{"success": False, "expectation_config": config, "result": {}}],
        "meta": {
            "active_batch_definition": {
                "datasource_name": "warehouse",
                "data_asset_name": "marts.fct_orders",
            },
            "validation_time": "20260110T030200.500000Z",
        },
    }
    run = {"validation_result": result, "actions_results": {}}
    payload = {"run_id": {}, "run_results": {"ValidationResultIdentifier::a": run}}
    (alert,) = parse(payload).alerts

    assert alert.asset == AssetRef("warehouse", "marts.fct_orders")
    assert alert.title == (
        "column_pair_values_to_be_equal(paid, due) failed on marts.fct_orders"
    )
    assert alert.occurred_at == datetime(2026, 1, 10, 3, 2, 0, 500000, UTC)


def test_the_oldest_results_name_their_table_in_the_batch_s_arguments() -> None:
    one = {
        "success": False,
        "expectation_config": {"expectation_type": "expect_table_row_count_to_equal"},
    }
    meta = {"batch_kwargs": {"datasource": "warehouse", "table": "orders"}}
    (alert,) = parse({"results": [one], "meta": meta}).alerts

    assert alert.asset == AssetRef("warehouse", "orders")
    assert alert.dedup_key == "table_row_count_to_equal on orders"
