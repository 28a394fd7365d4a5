"""Every captured request means what its sender meant by it.

Those of OpenLineage and of whole result files have tests of their own.
"""

from datetime import UTC, datetime

import pytest

from alerts.formats import pagerduty
from alerts.formats.base import ParseContext
from alerts.formats.registry import FORMATS
from tests.payloads import FOLDER, captured

CONTEXT = ParseContext(received_at=datetime(2026, 11, 22, 13, tzinfo=UTC))
FORMAT_OF = {
    "airflow-http": "airflow",
    "airflow-pagerduty": "pagerduty",
    "alertmanager-pagerduty": "pagerduty",
    "alertmanager-webhook": "alertmanager",
    "dagster": "dagster",
    "elementary-slack": "elementary",
    "pagerduty": "pagerduty",
    "prefect": "prefect",
}
# {request: (what it is, its title, what it is about)}; "quiet" pages nobody.
MEANT = {
    "airflow-http/01": (
        "resolved, run success",
        "warehouse_nightly.ingest_orders succeeded",
        "warehouse_nightly.ingest_orders",
    ),
    "airflow-http/02": (
        "firing, quiet, run running",
        "warehouse_nightly.ingest_payments failed",
        "warehouse_nightly.ingest_payments",
    ),
    "airflow-http/03": (
        "resolved, run success",
        "warehouse_nightly.stg_orders succeeded",
        "warehouse_nightly.stg_orders",
    ),
    "airflow-http/04": (
        "firing, run failed",
        "warehouse_nightly.ingest_payments failed",
        "warehouse_nightly.ingest_payments",
    ),
    "airflow-http/05": (
        "firing, quiet, run running",
        "warehouse_nightly.stg_payments failed",
        "warehouse_nightly.stg_payments",
    ),
    "airflow-http/06": (
        "firing, run failed",
        "warehouse_nightly.stg_payments failed",
        "warehouse_nightly.stg_payments",
    ),
    "airflow-http/07": (
        "resolved, run success",
        "warehouse_nightly.ingest_orders succeeded",
        "warehouse_nightly.ingest_orders",
    ),
    "airflow-http/08": (
        "resolved, run success",
        "warehouse_nightly.ingest_payments succeeded",
        "warehouse_nightly.ingest_payments",
    ),
    "airflow-http/09": (
        "resolved, run success",
        "warehouse_nightly.stg_payments succeeded",
        "warehouse_nightly.stg_payments",
    ),
    "airflow-http/10": (
        "resolved, run success",
        "warehouse_nightly.stg_orders succeeded",
        "warehouse_nightly.stg_orders",
    ),
    "airflow-http/11": (
        "resolved, run success",
        "warehouse_nightly.fct_orders succeeded",
        "warehouse_nightly.fct_orders",
    ),
    "airflow-http/12": (
        "resolved, run success",
        "warehouse_nightly.revenue_dashboard succeeded",
        "warehouse_nightly.revenue_dashboard",
    ),
    "airflow-pagerduty/01": (
        "firing, error",
        "Airflow task failed: orders_etl.load_fct_orders",
        "orders_etl.load_fct_orders",
    ),
    "airflow-pagerduty/02": (
        "firing, warning",
        "DAG orders_etl missed its deadline",
        "orders_etl",
    ),
    "alertmanager-pagerduty/01": (
        "firing, critical",
        "[FIRING:1] DatasetStale (prod ANALYTICS.MARTS.FCT_ORDERS "
        "snowflake://acme-analytics orders_etl a critical data-platform)",
        "ANALYTICS.MARTS.FCT_ORDERS",
    ),
    "alertmanager-pagerduty/02": (
        "firing, warning",
        "[FIRING:1] AirflowTaskFailures (prod orders_etl a warning load_fct_orders)",
        "orders_etl.load_fct_orders",
    ),
    "alertmanager-pagerduty/03": (
        "resolved, warning",
        "[RESOLVED] AirflowTaskFailures (prod orders_etl a warning load_fct_orders)",
        "orders_etl.load_fct_orders",
    ),
    "alertmanager-pagerduty/04": (
        "resolved, critical",
        "[RESOLVED] DatasetStale (prod ANALYTICS.MARTS.FCT_ORDERS "
        "snowflake://acme-analytics orders_etl a critical data-platform)",
        "ANALYTICS.MARTS.FCT_ORDERS",
    ),
    "alertmanager-webhook/01": (
        "firing, warning",
        "Task orders_etl.load_fct_orders failed 3 times",
        "orders_etl.load_fct_orders",
    ),
    "alertmanager-webhook/02": (
        "firing, critical",
        "ANALYTICS.MARTS.FCT_ORDERS has not been updated for 1d 2h 0m 0s",
        "ANALYTICS.MARTS.FCT_ORDERS",
    ),
    "alertmanager-webhook/03": (
        "resolved, warning",
        "Task orders_etl.load_fct_orders failed 3 times",
        "orders_etl.load_fct_orders",
    ),
    "alertmanager-webhook/04": (
        "resolved, critical",
        "ANALYTICS.MARTS.FCT_ORDERS has not been updated for 1d 2h 0m 0s",
        "ANALYTICS.MARTS.FCT_ORDERS",
    ),
    "dagster/01": (
        "firing, run failed",
        "nightly failed",
        "nightly",
    ),
    "elementary-slack/01": (
        "firing",
        'Failure: "assert_every_order_paid" test failed on '
        "shop_el.main_intermediate.int_order_payments",
        "shop_el.main_intermediate.int_order_payments",
    ),
    "elementary-slack/02": (
        "firing",
        'Error: dbt failed to build table "fct_refunds"',
        "fct_refunds",
    ),
    "elementary-slack/03": (
        "firing",
        'Failure: "assert_every_order_paid" test failed on '
        "shop_el.main_intermediate.int_order_payments",
        "shop_el.main_intermediate.int_order_payments",
    ),
    "elementary-slack/04": (
        "firing",
        'Failure: "unique" test failed on shop_el.main_marts.fct_orders.order_id',
        "shop_el.main_marts.fct_orders",
    ),
    "elementary-slack/05": (
        "firing, warning, quiet",
        'Warning: "accepted_values" test failed on '
        "shop_el.main_marts.fct_orders.status",
        "shop_el.main_marts.fct_orders",
    ),
    "pagerduty/01": (
        "firing, error",
        "dbt model fct_orders failed",
        "ANALYTICS.MARTS.FCT_ORDERS",
    ),
    "pagerduty/02": (
        "firing, critical",
        "minimal",
        "",
    ),
    "pagerduty/03": (
        "acknowledged",
        "dbt:model.shop.fct_orders",
        "",
    ),
    "pagerduty/04": (
        "resolved",
        "dbt:model.shop.fct_orders",
        "",
    ),
    "prefect/01": (
        "firing, run failed",
        "orders-etl failed",
        "orders-etl",
    ),
    "prefect/02": (
        "firing",
        "orders-etl failed",
        "orders-etl",
    ),
    "prefect/03": (
        "firing, run failed",
        "orders-etl failed",
        "orders-etl",
    ),
}


@pytest.mark.parametrize("name", MEANT)
def test_a_captured_request_is_read_as_it_was_meant(name: str) -> None:
    parsed = FORMATS[FORMAT_OF[name.partition("/")[0]]].parse(
        captured(name).body, CONTEXT
    )
    (alert,) = parsed.alerts

    words = [alert.status, alert.severity or "", "" if alert.pages else "quiet"]
    words += [f"run {run.state}" for run in parsed.runs]
    about = alert.asset.name if alert.asset else ""
    assert (", ".join(filter(None, words)), alert.title, about) == MEANT[name]


def test_the_captured_change_is_a_deploy() -> None:
    (change,) = pagerduty.parse_change(captured("pagerduty/05").body, CONTEXT).changes

    assert (change.title, change.kind) == ("Deployed orders-pipeline 1.4.2", "deploy")


def test_no_captured_request_is_left_out() -> None:
    kept = {
        f"{folder}/{path.stem}"
        for folder in FORMAT_OF
        for path in (FOLDER / folder).glob("[0-9][0-9].json")
    }

    assert kept == {*MEANT, "pagerduty/05"}


@pytest.mark.parametrize(
    ("opened", "closed"),
    [
        ("airflow-http/04", "airflow-http/08"),
        ("airflow-http/06", "airflow-http/09"),
        ("alertmanager-webhook/01", "alertmanager-webhook/03"),
        ("alertmanager-webhook/02", "alertmanager-webhook/04"),
        ("alertmanager-pagerduty/01", "alertmanager-pagerduty/04"),
        ("alertmanager-pagerduty/02", "alertmanager-pagerduty/03"),
        ("pagerduty/01", "pagerduty/03"),
        ("pagerduty/01", "pagerduty/04"),
    ],
)
def test_what_closes_an_alert_has_its_key(opened: str, closed: str) -> None:
    one, other = (
        FORMATS[FORMAT_OF[name.partition("/")[0]]]
        .parse(captured(name).body, CONTEXT)
        .alerts[0]
        for name in (opened, closed)
    )

    assert (one.status, one.dedup_key) == ("firing", other.dedup_key)
    assert other.status != "firing"
