from datetime import UTC, datetime
from typing import Any

import pytest

from alerts.formats import pagerduty
from alerts.formats.base import AssetRef, IncomingAlert, ParseContext
from core.errors import InvalidInputError
from tests.payloads import captured

CONTEXT = ParseContext(received_at=datetime(2026, 1, 10, 3, 5, tzinfo=UTC))
KEY = "0123456789abcdef0123456789abcdef"


def trigger(**payload: object) -> dict[str, Any]:
    told = {"summary": "It broke", "source": "ci", "severity": "error", **payload}
    return {"routing_key": KEY, "event_action": "trigger", "payload": told}


def read(event: object) -> IncomingAlert:
    return pagerduty.parse(event, CONTEXT).alerts[0]


def refused(event: object) -> object:
    with pytest.raises(InvalidInputError) as caught:
        pagerduty.parse(event, CONTEXT)
    return pagerduty.refused_answer(caught.value)["errors"]


def test_a_trigger_of_the_python_client_is_read() -> None:
    alert = read(captured("pagerduty/01").body)

    assert alert.title == "dbt model fct_orders failed"
    assert alert.dedup_key == "dbt:model.shop.fct_orders"
    assert (alert.status, alert.severity) == ("firing", "error")
    assert alert.asset == AssetRef(
        "snowflake://acme-analytics", "ANALYTICS.MARTS.FCT_ORDERS"
    )
    assert alert.run_id == "scheduled__2026-08-20T02:00:00+00:00"
    assert alert.url == "https://airflow.acme.internal/dags/orders_etl/grid"
    assert alert.labels["dag_id"] == "orders_etl"
    assert alert.labels["class"] == "dbt_model_error"


@pytest.mark.parametrize(
    ("name", "status"), [("03", "acknowledged"), ("04", "resolved")]
)
def test_acknowledge_and_resolve_need_only_the_key(name: str, status: str) -> None:
    alert = read(captured(f"pagerduty/{name}").body)

    assert (alert.status, alert.dedup_key) == (status, "dbt:model.shop.fct_orders")


def test_a_trigger_without_key_gets_a_new_one_and_is_told() -> None:
    event = captured("pagerduty/02").body
    first, second = (pagerduty.parse(event, CONTEXT) for _ in range(2))

    assert first.alerts[0].dedup_key != second.alerts[0].dedup_key
    assert pagerduty.accepted_answer(first) == {
        "status": "success",
        "message": "Event processed",
        "dedup_key": first.alerts[0].dedup_key,
    }


def test_airflows_notifier_is_read_and_its_task_found_by_the_logs_address() -> None:
    alert = read(captured("airflow-pagerduty/01").body)

    assert alert.asset == AssetRef("airflow", "orders_etl.load_fct_orders", "task")
    assert alert.description.startswith('column "amount" does not exist in orders_raw')
    assert alert.dedup_key.startswith("orders_etl-load_fct_orders-manual__")


def test_a_stray_action_key_is_left_alone() -> None:
    alert = read(captured("airflow-pagerduty/02").body)

    assert (alert.dedup_key, alert.severity) == ("orders_etl-deadline", "warning")
    assert alert.asset == AssetRef("airflow", "orders_etl", "pipeline")


def test_alertmanagers_receiver_opens_and_resolves_one_key() -> None:
    opened = read(captured("alertmanager-pagerduty/01").body)
    resolved = read(captured("alertmanager-pagerduty/04").body)

    assert (opened.status, resolved.status) == ("firing", "resolved")
    assert opened.dedup_key == resolved.dedup_key
    assert opened.asset == AssetRef(
        "snowflake://acme-analytics", "ANALYTICS.MARTS.FCT_ORDERS"
    )
    assert opened.labels["team"] == "data-platform"


@pytest.mark.parametrize(
    ("event", "error"),
    [
        ({}, "'event_action' is missing or blank"),
        ({"event_action": " "}, "'event_action' is missing or blank"),
        (
            {"event_action": "open"},
            "'event_action' is invalid (must be one of: "
            "'trigger', 'acknowledge', 'resolve')",
        ),
        ({"event_action": "trigger"}, "'payload' is missing or blank"),
        (trigger(summary=""), "'payload.summary' is missing or blank"),
        (trigger(source=None), "'payload.source' is missing or blank"),
        (trigger(severity=None), "'payload.severity' is missing or blank"),
        (
            trigger(severity="bad"),
            "'payload.severity' is invalid (must be one of: "
            "'critical', 'error', 'warning', 'info')",
        ),
        ({"event_action": "resolve"}, "'dedup_key' is missing or blank"),
        (
            {"event_action": "acknowledge", "dedup_key": ""},
            "'dedup_key' is missing or blank",
        ),
        (
            {**trigger(), "dedup_key": "k" * 256},
            "Length of 'dedup_key' is incorrect (should be at most 255 characters)",
        ),
        ([], "The event must be a JSON object"),
    ],
)
def test_a_wrong_event_is_answered_as_pagerduty_does(event: object, error: str) -> None:
    assert refused(event) == [error]


@pytest.mark.parametrize(
    ("event", "error"),
    [
        ({}, "'routing_key' is missing or blank"),
        ({"routing_key": 5}, "'routing_key' is missing or blank"),
        (
            {"routing_key": "short"},
            "Length of 'routing_key' is incorrect (should be 32 characters)",
        ),
    ],
)
def test_a_wrong_routing_key_is_named(event: object, error: str) -> None:
    with pytest.raises(InvalidInputError) as caught:
        pagerduty.routing_key(event)
    assert pagerduty.refused_answer(caught.value)["errors"] == [error]


def test_a_routing_key_is_returned() -> None:
    assert pagerduty.routing_key(trigger()) == KEY


def test_a_summary_is_cut_at_1024_characters() -> None:
    assert read(trigger(summary="s" * 1025)).title == "s" * 1024


def test_a_key_of_255_characters_is_kept_as_sent() -> None:
    key = " A/b:" + "k" * 250
    assert read({**trigger(), "dedup_key": key}).dedup_key == key


def test_long_and_nested_details_are_read_in_the_description() -> None:
    alert = read(trigger(custom_details={"trace": "a\nb", "rows": [1], "env": "prod"}))

    assert alert.description == "trace: a\nb\nrows: [1]"
    assert alert.labels["env"] == "prod"


def test_details_may_be_a_text() -> None:
    assert read(trigger(custom_details="no disk left")).description == "no disk left"


def test_only_web_addresses_become_links() -> None:
    event = {**trigger(), "links": [{"href": "javascript:x"}, 5], "client_url": "ftp:x"}
    assert read(event).url == ""


def test_a_change_is_read() -> None:
    (change,) = pagerduty.parse_change(captured("pagerduty/05").body, CONTEXT).changes

    assert change.title == "Deployed orders-pipeline 1.4.2"
    assert (change.kind, change.url) == ("deploy", "https://ci/1")
    assert change.occurred_at == datetime(2026, 8, 20, 2, 0, tzinfo=UTC)


def test_a_change_names_its_asset_kind_and_author() -> None:
    details = {
        "dataset": "duckdb:///srv/shop.duckdb/shop.main.orders",
        "kind": "schema",
        "author": "release bot",
    }
    event = {"payload": {"summary": "Dropped a column", "custom_details": details}}

    (change,) = pagerduty.parse_change(event, CONTEXT).changes

    assert change.asset == AssetRef("duckdb:///srv/shop.duckdb", "shop.main.orders")
    assert (change.kind, change.author) == ("schema", "release bot")


def test_a_change_without_summary_is_refused() -> None:
    with pytest.raises(InvalidInputError, match="payload.summary"):
        pagerduty.parse_change({"payload": {"source": "ci"}}, CONTEXT)
