from datetime import UTC, datetime

import pytest

from alerts.formats import soda
from alerts.formats.base import AssetRef, ParseContext, Parsed
from core.errors import InvalidInputError
from tests.payloads import load

CONTEXT = ParseContext(received_at=datetime(2026, 1, 10, 3, 5, tzinfo=UTC))


def parse(payload: object) -> Parsed:
    return soda.parse(payload, CONTEXT)


def test_each_check_of_a_scan_is_an_alert_on_its_table() -> None:
    alerts = parse(load("soda/scan_results_file")).alerts

    assert [(a.dedup_key, a.status) for a in alerts[:5]] == [
        ("65d2dff4", "resolved"),
        ("60f2db18", "firing"),
        ("a7365087", "firing"),
        ("13677d7e", "firing"),
        ("cc7f7a80", "firing"),
    ]
    assert alerts[2].title == "customer_id must be present failed on fct_orders"
    assert alerts[2].asset == AssetRef("warehouse", "fct_orders")
    assert alerts[2].description.startswith("Measured 1.")
    assert alerts[2].occurred_at == datetime(2026, 11, 22, 6, 32, 31, tzinfo=UTC)


def test_a_freshness_is_told_in_words_and_a_schema_by_its_columns() -> None:
    alerts = parse(load("soda/scan_results_file")).alerts
    assert alerts[4].description.startswith("Measured 112 days, 3:32:30.\n")
    assert alerts[1].description.startswith("Missing columns: refund_reason.\n")


def test_a_warning_pages_nobody() -> None:
    (alert,) = parse({"checks": [{"name": "rows", "outcome": "warn"}]}).alerts
    assert (alert.severity, alert.pages) == ("warning", False)


def test_a_scan_with_errors_is_an_alert_that_one_without_resolves() -> None:
    logs = [{"level": "error", "message": "no such table"}, {"level": "info"}]
    (failed,) = parse({"checks": [], "hasErrors": True, "logs": logs}).alerts
    (ran,) = parse({"checks": [], "hasErrors": False}).alerts

    assert (failed.status, failed.description) == ("firing", "no such table")
    assert (ran.status, ran.dedup_key) == ("resolved", failed.dedup_key)


def test_a_check_that_was_not_evaluated_is_silent() -> None:
    assert not parse({"checks": [{"name": "rows", "outcome": None}, 5]}).alerts


@pytest.mark.parametrize("payload", [None, [], {}, {"checks": {}}])
def test_what_is_no_scan_is_refused(payload: object) -> None:
    with pytest.raises(InvalidInputError, match="checks"):
        parse(payload)


CLOUD_CHECK = {
    "id": "39d706c3",
    "sodaCloudUrl": "https://cloud.soda.io/checks/39d706c3",
    "definition": "checks for bnm_orders:\n  - row_count > 0",
    "datasets": [{"name": "bnm_orders", "datasource": {"name": "sodaspark"}}],
    "column": "id",
    "outcome": "fail",
    "dataTimestamp": "2022-01-04T09:49:48.060897Z",
    "diagnostics": {"value": 0.0},
}


def from_cloud(**changes: object) -> Parsed:
    check = {**CLOUD_CHECK, **changes}
    return parse({"event": "checkEvaluation", "checkResults": [check, None]})


def test_a_check_of_soda_cloud_is_an_alert_on_its_dataset() -> None:
    (alert,) = from_cloud().alerts

    assert alert.title == "row_count > 0 failed on bnm_orders"
    assert (alert.dedup_key, alert.status, alert.pages) == ("39d706c3", "firing", True)
    assert alert.asset == AssetRef("sodaspark", "bnm_orders")
    assert alert.description.startswith("Measured 0")
    assert alert.url == "https://cloud.soda.io/checks/39d706c3"
    assert alert.labels == {"column": "id"}


@pytest.mark.parametrize(
    ("outcome", "told"),
    [
        ("pass", [("resolved", None, True)]),
        ("warn", [("firing", "warning", False)]),
        ("error", []),
        (None, []),
    ],
)
def test_each_outcome_of_soda_cloud_is_taken_for_what_it_is(
    outcome: object, told: object
) -> None:
    alerts = from_cloud(outcome=outcome).alerts
    assert [(one.status, one.severity, one.pages) for one in alerts] == told


@pytest.mark.parametrize(
    ("event", "status", "becomes"),
    [
        ("incidentCreated", "opened", "firing"),
        ("incidentUpdated", "fixing", "firing"),
        ("incidentUpdated", "resolved", "resolved"),
    ],
)
def test_an_incident_of_soda_cloud_is_one_alert_until_it_is_resolved(
    event: str, status: str, becomes: str
) -> None:
    incident = {
        "id": "e1f399a3",
        "title": "Invalid customer ids",
        "severity": "major",
        "status": status,
        "checkResults": [CLOUD_CHECK],
    }
    (alert,) = parse({"event": event, "incident": incident}).alerts

    assert (alert.status, alert.severity) == (becomes, "error")
    assert alert.dedup_key == "soda incident e1f399a3"
    assert alert.asset == AssetRef("sodaspark", "bnm_orders")


@pytest.mark.parametrize(
    "payload",
    [
        {"event": "validate", "sentAt": "2022-10-01T09:12:10.042323Z"},
        {"event": "contractCreated", "contract": {}},
        {"event": "checkEvaluation", "checkResults": {}},
        {"event": "incidentCreated", "incident": None},
    ],
)
def test_what_else_soda_cloud_says_is_taken_and_makes_nothing(payload: object) -> None:
    assert parse(payload) == Parsed()
