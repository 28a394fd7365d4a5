from datetime import UTC, datetime

import pytest

from alerts.formats import prefect
from alerts.formats.base import AssetRef, ParseContext, Parsed
from core.errors import InvalidInputError
from tests.payloads import captured

NOW = datetime(2026, 1, 10, 3, 5, tzinfo=UTC)


def parse(payload: object) -> Parsed:
    return prefect.parse(payload, ParseContext(received_at=NOW))


@pytest.mark.parametrize("number", ["01", "02", "03"])
def test_hook_notification_and_automation_tell_the_same_failure(number: str) -> None:
    (alert,) = parse(captured(f"prefect/{number}").body).alerts

    assert (alert.title, alert.dedup_key) == ("orders-etl failed", "orders-etl")
    assert alert.status == "firing"
    assert alert.asset == AssetRef("prefect", "orders-etl", "pipeline")
    assert 'column "amount" does not exist' in alert.description


def test_a_run_is_recorded_when_it_was() -> None:
    (run,) = parse(captured("prefect/03").body).runs

    assert run.state == "failed"
    assert run.at == datetime(2026, 11, 22, 6, 41, 43, 932878, UTC)
    assert run.url.startswith("http://prefect.acme.internal:4200/")


@pytest.mark.parametrize(
    ("state", "statuses", "run"),
    [
        ("COMPLETED", ["resolved"], "success"),
        ("StateType.CRASHED", ["firing"], "failed"),
        ("Timed Out", ["firing"], "failed"),
        ("CANCELLED", [], "skipped"),
        ("AwaitingRetry", [], "running"),
    ],
)
def test_each_state_is_taken_for_what_it_is(
    state: str, statuses: list[str], run: str
) -> None:
    parsed = parse({"flow_name": "etl", "flow_run_id": "r", "state_type": state})

    assert [alert.status for alert in parsed.alerts] == statuses
    assert parsed.runs[0].state == run


@pytest.mark.parametrize(
    ("payload", "field"),
    [
        ({}, "flow"),
        ({"title": "Hello"}, "flow"),
        ({"flow": "etl"}, "state_type"),
        ({"flow": "etl", "state": "odd"}, "state_type"),
        (None, "detail"),
    ],
)
def test_what_is_missing_is_named(payload: object, field: str) -> None:
    with pytest.raises(InvalidInputError) as caught:
        parse(payload)
    assert list(caught.value.errors) == [field]
