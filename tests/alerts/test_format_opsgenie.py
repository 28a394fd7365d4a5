from datetime import UTC, datetime

import pytest

from alerts.formats import opsgenie
from alerts.formats.base import AssetRef, IncomingAlert, ParseContext
from core.errors import InvalidInputError

CONTEXT = ParseContext(received_at=datetime(2026, 1, 10, 3, 5, tzinfo=UTC))


def read(**body: object) -> IncomingAlert:
    return opsgenie.parse({"message": "It broke", **body}, CONTEXT).alerts[0]


def test_a_create_request_is_read() -> None:
    alert = read(
        alias="orders_etl",
        description="column amount does not exist",
        priority="P2",
        tags=["prod", 5],
        details={"dag_id": "orders_etl", "run_id": "r1"},
        source="airflow",
    )

    assert (alert.title, alert.dedup_key) == ("It broke", "orders_etl")
    assert (alert.status, alert.severity) == ("firing", "error")
    assert alert.asset == AssetRef("airflow", "orders_etl", "pipeline")
    assert alert.run_id == "r1"
    assert alert.labels["tags"] == "prod, 5"


def test_without_alias_each_alert_is_new() -> None:
    assert read().dedup_key != read().dedup_key


@pytest.mark.parametrize(
    ("action", "status"), [("close", "resolved"), ("acknowledge", "acknowledged")]
)
def test_an_alias_closes_and_acknowledges(action: str, status: str) -> None:
    (alert,) = opsgenie.parse_action("orders_etl", action).alerts
    assert (alert.dedup_key, alert.status) == ("orders_etl", status)


def test_a_long_alias_closes_what_it_opened() -> None:
    alias = "a" * 512
    (closed,) = opsgenie.parse_action(alias, "close").alerts
    assert read(alias=alias).dedup_key == closed.dedup_key


@pytest.mark.parametrize(
    ("body", "field"),
    [({}, "message"), ({"message": "x", "priority": "P9"}, "priority")],
)
def test_errors_are_answered_as_opsgenie_does(body: object, field: str) -> None:
    with pytest.raises(InvalidInputError) as caught:
        opsgenie.parse(body, CONTEXT)

    answer = opsgenie.refused_answer(caught.value, 0.0123)
    assert list(answer) == ["message", "errors", "took", "requestId"]
    assert field in str(answer["errors"])


def test_the_answer_carries_a_request_id() -> None:
    one, other = (
        opsgenie.accepted_answer(0.0123, alert_id=7, status="resolved")
        for _ in range(2)
    )

    assert (one["result"], one["took"]) == ("Request will be processed", 0.012)
    assert one["requestId"] != other["requestId"]
    assert opsgenie.read_request_id(str(one["requestId"])) == (7, "resolved")


def test_another_action_is_refused() -> None:
    with pytest.raises(InvalidInputError, match="close, acknowledge"):
        opsgenie.parse_action("orders_etl", "snooze")
