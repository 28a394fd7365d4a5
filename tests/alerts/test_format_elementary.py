from datetime import UTC, datetime

import pytest

from alerts.formats import elementary
from alerts.formats.base import AssetRef, IncomingAlert, ParseContext
from core.errors import InvalidInputError
from tests.payloads import captured

CONTEXT = ParseContext(received_at=datetime(2026, 1, 10, 3, 5, tzinfo=UTC))


def read(payload: object) -> IncomingAlert:
    return elementary.parse(payload, CONTEXT).alerts[0]


def test_a_failed_test_is_read_out_of_the_blocks() -> None:
    alert = read(captured("elementary-slack/04").body)

    assert alert.title == (
        'Failure: "unique" test failed on shop_el.main_marts.fct_orders.order_id'
    )
    assert alert.dedup_key == "shop_el.main_marts.fct_orders unique order_id"
    assert alert.asset == AssetRef("default", "shop_el.main_marts.fct_orders")
    assert alert.description.startswith("Got 1 result, configured to fail if != 0")
    assert alert.labels["owners"] == "@finance-analytics"
    assert alert.occurred_at == datetime(2026, 11, 22, 6, 54, 6, tzinfo=UTC)
    assert (alert.severity, alert.pages) == (None, True)


def test_a_failed_model_is_read_out_of_the_blocks() -> None:
    alert = read(captured("elementary-slack/02").body)

    assert alert.title == 'Error: dbt failed to build table "fct_refunds"'
    assert alert.asset == AssetRef("default", "fct_refunds")
    assert "Binder Error" in alert.description


def test_the_same_test_failing_again_has_the_same_key() -> None:
    first, again = (read(captured(f"elementary-slack/0{n}").body) for n in (1, 3))

    assert first.dedup_key == again.dedup_key
    assert first.occurred_at != again.occurred_at


def test_a_warning_pages_nobody() -> None:
    alert = read(captured("elementary-slack/05").body)
    assert (alert.severity, alert.pages) == ("warning", False)


def test_a_plain_slack_message_is_an_alert() -> None:
    alert = read({"text": "nightly load failed\ncolumn amount does not exist"})

    assert alert.title == "nightly load failed column amount does not exist"
    assert alert.description == "nightly load failed\ncolumn amount does not exist"


def test_an_old_style_attachment_is_an_alert() -> None:
    alert = read({"attachments": [{"fallback": "It broke", "color": "danger"}]})
    assert alert.title == "It broke"


@pytest.mark.parametrize("payload", [None, [], {}, {"text": " "}, {"blocks": [{}]}])
def test_a_message_without_words_is_refused(payload: object) -> None:
    with pytest.raises(InvalidInputError, match="text"):
        read(payload)
