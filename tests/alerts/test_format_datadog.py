from datetime import UTC, datetime

import pytest

from alerts.formats import datadog
from alerts.formats.base import AssetRef, IncomingAlert, ParseContext
from core.errors import InvalidInputError
from tests.payloads import captured

CONTEXT = ParseContext(received_at=datetime(2026, 1, 10, 3, 5, tzinfo=UTC))


def read(**changes: object) -> IncomingAlert:
    body = {**captured("from_docs/datadog_keep_template").body, **changes}
    return datadog.parse(body, CONTEXT).alerts[0]


def test_a_triggered_monitor_is_read() -> None:
    alert = read()

    assert alert.title == "[Triggered] fct_orders freshness"
    assert (alert.status, alert.severity) == ("firing", "error")
    assert alert.dedup_key == "987 model:fct_orders"
    assert alert.description == "dbt model fct_orders stale"
    assert alert.labels["team"] == "data-platform"
    assert alert.occurred_at == datetime(2025, 12, 22, 8, 0, tzinfo=UTC)


def test_a_recovery_resolves_the_same_key() -> None:
    recovered = read(title="[Recovered] fct_orders", alert_transition="Recovered")

    assert recovered.status == "resolved"
    assert recovered.dedup_key == read().dedup_key


def test_without_monitor_the_title_less_its_state_is_the_key() -> None:
    nothing = {"monitor_id": "", "scopes": ""}
    first = read(title="[Triggered] x", **nothing)
    again = read(title="[Recovered] x", **nothing)

    assert first.dedup_key == again.dedup_key == "x"


def test_each_scope_of_a_monitor_is_an_alert_whatever_groups_them() -> None:
    one, other = (read(scopes=scope, aggregation_key="k") for scope in ("a:1", "a:2"))
    assert one.dedup_key != other.dedup_key


@pytest.mark.parametrize("unsaid", ["", "null", None, "$ALERT_TRANSITION"])
def test_an_event_of_no_monitor_is_told_by_its_type(unsaid: object) -> None:
    nothing = {"alert_transition": unsaid, "monitor_id": unsaid, "scopes": "$SCOPE"}
    failed = read(**nothing, aggregation_key="load")
    over = read(**nothing, aggregation_key="load", alert_type="success")

    assert (failed.status, over.status) == ("firing", "resolved")
    assert failed.dedup_key == over.dedup_key == "load"
    assert "scopes" not in failed.labels


def test_a_monitor_without_priority_has_the_severity_of_its_type() -> None:
    assert read(severity="Not prioritized", alert_type="error").severity == "error"


def test_a_warning_is_a_warning() -> None:
    assert read(alert_transition="Re-Warn").severity == "warning"


def test_tags_name_the_asset() -> None:
    alert = read(tags="dag_id:orders_etl, task_id:load, odd")
    assert alert.asset == AssetRef("airflow", "orders_etl.load", "task")


@pytest.mark.parametrize("date", ["0", "9" * 13, "9" * 15, "9" * 40, "soon", None])
def test_an_odd_date_is_no_error(date: object) -> None:
    at = read(date=date).occurred_at
    assert at is None or 1970 <= at.year < 2200


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"title": None}, "title"),
        ({"alert_transition": "Odd"}, "alert_transition"),
        ({"alert_transition": "", "alert_type": ""}, "alert_transition"),
    ],
)
def test_what_is_missing_is_named(changes: dict[str, object], field: str) -> None:
    with pytest.raises(InvalidInputError) as caught:
        read(**changes)
    assert list(caught.value.errors) == [field]
