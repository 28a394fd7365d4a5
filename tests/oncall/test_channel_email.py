"""E-mail against a real SMTP dialogue."""

import time
from dataclasses import replace
from typing import Any

import pytest
from pytest_django import Settings

from core.errors import InvalidInputError
from oncall.channels.base import (
    DeliveryError,
    Message,
    RetryableDeliveryError,
    UnknownDeliveryError,
)
from oncall.channels.email import Email
from tests.fakes.smtp import FakeSMTP, ReceivedMail

MESSAGE = Message(
    title="SEV2 orders_daily failed",
    body="Loading <orders> stopped.\nThree dashboards are stale.",
    url="https://headwater.example.com/incidents/7/",
    acknowledge_url="https://headwater.example.com/a/abc?x=1&y=2",
    idempotency_key="notification-41",
)


def send(message: Message = MESSAGE, *, timeout_seconds: float = 5) -> Any:
    return Email().send(message, to="ana@example.com", timeout_seconds=timeout_seconds)


def sent(smtp: FakeSMTP) -> ReceivedMail:
    [mail] = smtp.mails
    return mail


def test_a_page_arrives_as_text_and_html_with_both_links(
    smtp_server: FakeSMTP,
) -> None:
    send()
    mail = sent(smtp_server)
    assert mail.recipients == ("ana@example.com",)
    assert mail.subject == MESSAGE.title
    assert "Loading <orders> stopped." in mail.text
    assert f"Acknowledge: {MESSAGE.acknowledge_url}" in mail.text
    assert f"Open: {MESSAGE.url}" in mail.text
    assert "Loading &lt;orders&gt; stopped.<br>" in mail.html
    assert 'href="https://headwater.example.com/a/abc?x=1&amp;y=2"' in mail.html
    assert mail.message["X-Headwater-Idempotency-Key"] == "notification-41"
    assert mail.message["Auto-Submitted"] == "auto-generated"
    assert mail.message["Importance"] == "high"


def test_lists_and_addresses_of_the_text_can_be_read_and_followed(
    smtp_server: FakeSMTP,
) -> None:
    body = "Not to be trusted:\n- a <b>\n- c\n\nTo stop: https://h.example.com/t/x:y/?a=1&b=2"
    send(replace(MESSAGE, body=body))
    page = sent(smtp_server).html
    assert "<ul><li>a &lt;b&gt;</li><li>c</li></ul>" in page
    assert '<a href="https://h.example.com/t/x:y/?a=1&amp;b=2">' in page
    assert "- c" in sent(smtp_server).text


def test_the_receipt_keeps_what_the_mail_server_said(smtp_server: FakeSMTP) -> None:
    receipt = send()
    assert receipt.detail == "250 2.0.0 Queued as 1"
    assert receipt.provider_id == sent(smtp_server).message["Message-ID"]


def test_there_is_no_acknowledge_link_where_nothing_is_to_be_acknowledged(
    smtp_server: FakeSMTP,
) -> None:
    send(replace(MESSAGE, acknowledge_url="", urgent=False))
    mail = sent(smtp_server)
    assert "Acknowledge" not in mail.text + mail.html
    assert mail.message["Importance"] == "normal"


def test_a_repeated_notification_has_the_same_message_id_and_another_one_has_not(
    smtp_server: FakeSMTP,
) -> None:
    for key in ("notification-41", "notification-41", "notification-42"):
        send(replace(MESSAGE, idempotency_key=key))
    first, again, other = (mail.message["Message-ID"] for mail in smtp_server.mails)
    assert first == again != other


@pytest.mark.parametrize(
    "title",
    [
        "failed\r\nBcc: everybody@example.org",
        "failed\nBcc: everybody@example.org",
        "failed\rBcc: everybody@example.org",
        "failed\u2028Bcc: everybody@example.org",
        "failed\x00\x0b\x1b Bcc: everybody@example.org",
    ],
)
def test_a_hostile_title_stays_one_subject_line(
    smtp_server: FakeSMTP, title: str
) -> None:
    send(replace(MESSAGE, title=title))
    mail = sent(smtp_server)
    assert mail.subject == "failed Bcc: everybody@example.org"
    assert mail.message["Bcc"] is None
    assert mail.recipients == ("ana@example.com",)


def test_a_title_of_any_length_and_script_arrives(smtp_server: FakeSMTP) -> None:
    send(replace(MESSAGE, title="données périmées 数据 " * 100))
    assert sent(smtp_server).subject.startswith("données périmées 数据 données")


def test_a_lone_dot_in_the_body_does_not_end_the_mail(smtp_server: FakeSMTP) -> None:
    send(replace(MESSAGE, body="before\n.\nafter"))
    assert "after" in sent(smtp_server).text


@pytest.mark.parametrize("step", ["CONNECT", "MAIL", "RCPT", "DATA", "CONTENT"])
def test_a_4xx_answer_is_worth_another_try(smtp_server: FakeSMTP, step: str) -> None:
    smtp_server.answers[step] = "451 4.3.0 Try later"
    with pytest.raises(RetryableDeliveryError, match="451 4.3.0 Try later"):
        send()
    assert smtp_server.mails == []


@pytest.mark.parametrize("step", ["CONNECT", "MAIL", "RCPT", "DATA", "CONTENT"])
def test_a_5xx_answer_is_final(smtp_server: FakeSMTP, step: str) -> None:
    smtp_server.answers[step] = "550 5.1.1 No such user"
    with pytest.raises(DeliveryError, match="550 5.1.1 No such user") as raised:
        send()
    assert not isinstance(raised.value, RetryableDeliveryError)


def test_refused_credentials_are_final(
    smtp_server: FakeSMTP, settings: Settings
) -> None:
    settings.EMAIL_HOST_USER, settings.EMAIL_HOST_PASSWORD = "headwater", "wrong"
    smtp_server.answers["AUTH"] = "535 5.7.8 Bad credentials"
    with pytest.raises(DeliveryError, match="535 5.7.8 Bad credentials") as raised:
        send()
    assert not isinstance(raised.value, RetryableDeliveryError)


@pytest.mark.parametrize("step", ["CONNECT", "RCPT", "CONTENT"])
def test_a_server_that_falls_silent_ends_with_the_time_out(
    smtp_server: FakeSMTP, step: str
) -> None:
    smtp_server.hang_at = step
    began = time.monotonic()
    with pytest.raises(RetryableDeliveryError, match="timed out"):
        send(timeout_seconds=0.4)
    assert time.monotonic() - began < 3


def test_a_server_that_is_slow_at_every_answer_ends_with_the_time_out(
    smtp_server: FakeSMTP,
) -> None:
    smtp_server.pause_seconds = 0.4
    began = time.monotonic()
    with pytest.raises(RetryableDeliveryError, match="timed out"):
        send(timeout_seconds=0.6)
    assert time.monotonic() - began < 1.5


def test_only_a_mail_that_was_on_its_way_may_have_arrived(
    smtp_server: FakeSMTP,
) -> None:
    smtp_server.cut_at = "RCPT"
    with pytest.raises(RetryableDeliveryError) as refused:
        send()
    assert not isinstance(refused.value, UnknownDeliveryError)
    smtp_server.cut_at = "CONTENT"
    with pytest.raises(UnknownDeliveryError):
        send()
    assert len(smtp_server.mails) == 1


@pytest.mark.parametrize("step", ["CONNECT", "MAIL", "CONTENT"])
def test_a_lost_connection_is_worth_another_try(
    smtp_server: FakeSMTP, step: str
) -> None:
    smtp_server.cut_at = step
    with pytest.raises(RetryableDeliveryError, match="out of reach"):
        send()


def test_a_connection_lost_after_the_mail_was_taken_does_not_send_it_again(
    smtp_server: FakeSMTP,
) -> None:
    smtp_server.cut_at = "QUIT"
    assert send().detail == "250 2.0.0 Queued as 1"


def test_a_mail_server_that_is_not_there_is_worth_another_try(
    smtp_server: FakeSMTP, settings: Settings
) -> None:
    settings.EMAIL_PORT = 1
    with pytest.raises(RetryableDeliveryError, match="refused"):
        send()


def test_another_mail_backend_is_used_as_it_is(settings: Settings) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.dummy.EmailBackend"
    assert send().detail == ""


@pytest.mark.parametrize("typed", ["ana@example.com", "  ana@example.com\n"])
def test_an_address_is_trimmed(typed: str) -> None:
    assert Email().check_address(typed) == "ana@example.com"


@pytest.mark.parametrize(
    "typed",
    ["", "ana", "ana@", "a@b@c", "ana@example.com\nBcc: x@example.org", "<a@b.org>"],
)
def test_what_is_no_address_is_refused(typed: str) -> None:
    with pytest.raises(InvalidInputError, match="e-mail address"):
        Email().check_address(typed)
