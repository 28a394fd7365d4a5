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
