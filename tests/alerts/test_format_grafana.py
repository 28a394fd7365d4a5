from datetime import UTC, datetime

import pytest

from alerts.formats import grafana
from alerts.formats.base import AssetRef, IncomingAlert, ParseContext
from core.errors import InvalidInputError
from tests.payloads import captured

CONTEXT = ParseContext(received_at=datetime(2026, 1, 10, 3, 5, tzinfo=UTC))


def read(**changes: object) -> IncomingAlert:
    body = captured("from_docs/grafana_firing").body
    body["alerts"][0].update(changes)
    return grafana.parse(body, CONTEXT).alerts[0]


def test_a_firing_alert_is_read() -> None:
    alert = read()

    assert alert.title == "This alert was triggered for zone us-1"
    assert (alert.status, alert.dedup_key) == ("firing", "c6eadffa33fcdf37")
    assert alert.occurred_at == datetime(2021, 10, 12, 7, 51, 3, 157076, UTC)
    assert alert.description.splitlines()[-1] == "B = 44.23943737541908, C = 1"
    assert alert.url == "https://play.grafana.org/alerting/1afz29v7z/edit"


def test_the_panel_is_the_link_where_there_is_one() -> None:
    alert = read(panelURL="https://g.example.com/p", dashboardURL="https://g.example")
    assert alert.url == "https://g.example.com/p"


def test_each_alert_has_its_own_status() -> None:
    assert read(status="resolved").status == "resolved"


OLD = {
    "title": "[Alerting] Rows of orders",
    "ruleId": 17,
    "ruleName": "Rows of orders",
    "state": "alerting",
    "message": "Too few rows",
    "evalMatches": [{"value": 42, "metric": "rows", "tags": None}],
    "ruleUrl": "https://grafana.example.com/d/1?panelId=2",
    "tags": {"dataset": "marts.orders", "severity": "critical"},
}


def test_a_rule_of_the_old_alerting_is_one_alert_until_it_is_ok() -> None:
    (alert,) = grafana.parse(OLD, CONTEXT).alerts
    (over,) = grafana.parse({**OLD, "state": "ok"}, CONTEXT).alerts

    assert (alert.title, alert.severity) == ("Rows of orders", "critical")
    assert alert.description == "Too few rows\nrows = 42"
    assert alert.url == OLD["ruleUrl"]
    assert alert.asset == AssetRef("default", "marts.orders")
    assert (over.status, over.dedup_key) == ("resolved", alert.dedup_key)


def test_the_old_alerting_tells_of_missing_data_and_nothing_of_what_is_pending() -> (
    None
):
    (alert,) = grafana.parse({**OLD, "state": "no_data"}, CONTEXT).alerts
    assert (alert.status, alert.title) == ("firing", "Rows of orders: no data")
    assert not grafana.parse({**OLD, "state": "pending"}, CONTEXT).alerts
    with pytest.raises(InvalidInputError, match="state"):
        grafana.parse({**OLD, "state": "odd"}, CONTEXT)


def test_a_body_without_alerts_is_refused() -> None:
    with pytest.raises(InvalidInputError, match="alerts"):
        grafana.parse({"status": "firing"}, CONTEXT)
