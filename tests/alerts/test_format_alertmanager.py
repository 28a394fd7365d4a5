from datetime import UTC, datetime
from typing import Any

import pytest

from alerts.formats import alertmanager
from alerts.formats.base import AssetRef, IncomingAlert, ParseContext, Parsed
from core.errors import InvalidInputError
from tests.payloads import captured

CONTEXT = ParseContext(received_at=datetime(2026, 1, 10, 3, 5, tzinfo=UTC))


def parse(payload: object) -> Parsed:
    return alertmanager.parse(payload, CONTEXT)


def read(one: dict[str, Any], **group: object) -> IncomingAlert:
    return parse({"alerts": [{"status": "firing", **one}], **group}).alerts[0]


def test_a_firing_alert_is_read() -> None:
    (alert,) = parse(captured("alertmanager-webhook/02").body).alerts

    assert alert.title.startswith("ANALYTICS.MARTS.FCT_ORDERS has not been updated")
    assert (alert.status, alert.severity) == ("firing", "critical")
    assert alert.dedup_key == "846fe55e0ad75346"
    assert alert.asset == AssetRef(
        "snowflake://acme-analytics", "ANALYTICS.MARTS.FCT_ORDERS"
    )
    assert alert.description == "SLA is 24h"
    assert alert.labels["team"] == "data-platform"
    assert alert.labels["runbook_url"].startswith("https://wiki.acme.internal/")
    assert alert.url.startswith("http://vm:19090/graph")
    assert alert.occurred_at == datetime(2026, 11, 22, 6, 33, 25, 483000, UTC)


def test_a_resolved_alert_has_its_firing_ones_key() -> None:
    (firing,) = parse(captured("alertmanager-webhook/01").body).alerts
    (resolved,) = parse(captured("alertmanager-webhook/03").body).alerts

    assert (firing.status, resolved.status) == ("firing", "resolved")
    assert firing.dedup_key == resolved.dedup_key
    assert firing.asset == AssetRef("airflow", "orders_etl.load_fct_orders", "task")
    assert resolved.occurred_at == datetime(2026, 11, 22, 6, 33, 49, 483000, UTC)


def test_each_alert_of_a_group_has_its_own_status() -> None:
    alerts = [{"status": "resolved", "fingerprint": "a"}, {"fingerprint": "b"}]

    parsed = parse({"status": "firing", "alerts": alerts})

    assert [(a.dedup_key, a.status) for a in parsed.alerts] == [
        ("a", "resolved"),
        ("b", "firing"),
    ]


def test_an_end_in_year_one_is_no_time() -> None:
    alert = read({"status": "resolved", "endsAt": "0001-01-01T00:00:00Z"})
    assert alert.occurred_at is None


def test_without_fingerprint_the_labels_are_the_key() -> None:
    first = read({"labels": {"alertname": "A", "env": "prod"}})
    same = read({"labels": {"env": "prod", "alertname": "A"}})
    other = read({"labels": {"env": "test", "alertname": "A"}})

    assert first.dedup_key == same.dedup_key != other.dedup_key


@pytest.mark.parametrize(
    ("word", "severity"),
    [
        ("page", "critical"),
        ("Critical", "critical"),
        ("error", "error"),
        ("warning", "warning"),
        ("info", "info"),
        ("none", "info"),
        ("purple", None),
        (None, None),
    ],
)
def test_the_severity_label_is_mapped(word: object, severity: str | None) -> None:
    assert read({"labels": {"severity": word}}).severity == severity


def test_an_alert_of_severity_none_pages_nobody() -> None:
    assert not read({"labels": {"alertname": "Watchdog", "severity": "none"}}).pages


def test_alerts_left_out_by_the_sender_are_shown() -> None:
    alert = read({}, truncatedAlerts=3)

    assert alert.labels["truncated_alerts"] == "3"
    assert "3 more alerts" in alert.description


@pytest.mark.parametrize(
    ("labels", "asset"),
    [
        ({"dataset": "s3://lake/raw/orders"}, AssetRef("s3://lake", "raw/orders")),
        ({"dataset": "orders"}, AssetRef("default", "orders")),
        ({"dag_id": "etl"}, AssetRef("airflow", "etl", "pipeline")),
        ({"pipeline": "etl"}, AssetRef("default", "etl", "pipeline")),
        ({"job": "node"}, None),
    ],
)
def test_labels_name_the_asset(labels: object, asset: AssetRef | None) -> None:
    assert read({"labels": labels}).asset == asset


def test_a_bad_alert_does_not_spoil_the_others() -> None:
    parsed = parse({"alerts": ["x", {"status": "firing"}, {"status": "odd"}]})

    assert [alert.title for alert in parsed.alerts] == ["Unnamed alert"]
    assert [bad.index for bad in parsed.rejected] == [0, 2]


@pytest.mark.parametrize(
    "payload", [None, [], {}, {"alerts": {}}, {"alerts": [{"status": 5}]}]
)
def test_a_body_without_alerts_is_refused(payload: object) -> None:
    with pytest.raises(InvalidInputError, match="alerts"):
        parse(payload)
