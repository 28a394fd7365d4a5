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


def test_a_title_reads_without_slacks_marks_and_its_link_is_kept() -> None:
    alert = read(
        {
            "text": ":rotating_light: *Load failed* &amp; stopped <!channel>: "
            "<https://jenkins.example.com/7|build 7> of `orders_daily`"
        }
    )

    assert alert.title == "Load failed & stopped : build 7 of orders_daily"
    assert alert.url == "https://jenkins.example.com/7"


def test_what_only_looks_like_a_mark_stays_in_the_title() -> None:
    text = "host:prod:down since 10:30:15, 2 * 3 * 4, raw_orders_v2"
    assert read({"text": text}).title == text


def test_the_fields_of_an_old_attachment_are_labels_and_name_the_table() -> None:
    attachment = {
        "fallback": "short",
        "pretext": "Check failed",
        "title": "Rows missing",
        "title_link": "https://checks.example.com/1",
        "text": "Expected 100, found 42",
        "fields": [
            {"title": "Table", "value": "shop.marts.orders", "short": True},
            {"title": "Owner", "value": "<@U1|finance>"},
        ],
    }
    alert = read({"attachments": [attachment]})

    assert (alert.title, alert.url) == ("Check failed", "https://checks.example.com/1")
    assert alert.description == "Rows missing\nExpected 100, found 42"
    assert alert.asset == AssetRef("default", "shop.marts.orders")
    assert alert.labels["owner"] == "finance"


def test_rich_text_is_read() -> None:
    words = [
        {"type": "text", "text": "Load of "},
        {"type": "link", "url": "https://airflow.example.com/x", "text": "orders"},
        {"type": "text", "text": " failed"},
    ]
    section = {"type": "rich_text_section", "elements": words}
    alert = read({"blocks": [{"type": "rich_text", "elements": [section]}]})

    assert alert.title == "Load of orders failed"
    assert alert.url == "https://airflow.example.com/x"


def test_elementarys_own_address_is_not_the_alerts() -> None:
    alert = read(captured("elementary-slack/04").body)
    assert alert.url == ""
    assert "Powered by" not in alert.description


@pytest.mark.parametrize("payload", [None, [], {}, {"text": " "}, {"blocks": [{}]}])
def test_a_message_without_words_is_refused(payload: object) -> None:
    with pytest.raises(InvalidInputError, match="text"):
        read(payload)
