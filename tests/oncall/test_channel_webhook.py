"""The signed webhook against a real HTTP server."""

import hmac
import re
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from hashlib import sha256
from typing import Any

import pytest
from pytest_django import Settings

from core.errors import InvalidInputError
from oncall.channels.base import DeliveryError, Message, RetryableDeliveryError
from oncall.channels.webhook import Webhook, signing_secret
from tests.fakes.webhook import Answer, FakeWebhook, ReceivedRequest

MESSAGE = Message(
    title="SEV2 orders_daily failed",
    body="Three dashboards are stale.",
    url="https://headwater.example.com/incidents/7/",
    acknowledge_url="https://headwater.example.com/a/abc",
    idempotency_key="notification-41",
)


def send(
    to: FakeWebhook | str, message: Message = MESSAGE, *, timeout_seconds: float = 5
) -> Any:
    address = to if isinstance(to, str) else to.url
    return Webhook().send(message, to=address, timeout_seconds=timeout_seconds)


def sent(webhook: FakeWebhook) -> ReceivedRequest:
    [request] = webhook.requests
    return request


def test_a_page_arrives_as_json_with_its_key(webhook_server: FakeWebhook) -> None:
    send(webhook_server)
    request = sent(webhook_server)
    assert request.method == "POST"
    assert request.headers["content-type"] == "application/json"
    assert request.headers["idempotency-key"] == "notification-41"
    assert request.json == {
        "title": "SEV2 orders_daily failed",
        "body": "Three dashboards are stale.",
        "url": "https://headwater.example.com/incidents/7/",
        "acknowledge_url": "https://headwater.example.com/a/abc",
        "urgent": True,
        "idempotency_key": "notification-41",
    }


def test_a_receiver_can_check_the_signature_with_the_secret_of_its_address(
    webhook_server: FakeWebhook,
) -> None:
    send(webhook_server)
    request = sent(webhook_server)
    signature = request.headers["x-headwater-signature"]
    parts = re.fullmatch(r"t=(\d+),v1=([0-9a-f]{64})", signature)
    assert parts is not None
    secret = signing_secret(webhook_server.url).encode()
    signed = f"{parts[1]}.".encode() + request.body
    assert hmac.new(secret, signed, sha256).hexdigest() == parts[2]
    assert abs(time.time() - int(parts[1])) < 60


def test_each_address_and_each_installation_has_its_own_secret(
    settings: Settings,
) -> None:
    here = signing_secret("https://example.org/a")
    assert here == signing_secret("https://example.org/a")
    assert here != signing_secret("https://example.org/b")
    settings.SECRET_KEY = "another installation"
    assert here != signing_secret("https://example.org/a")


def test_the_receipt_keeps_the_first_words_of_the_answer(
    webhook_server: FakeWebhook,
) -> None:
    webhook_server.answer = Answer(201, b"queued\r\n\x00 as \xff9" + b"x" * 500)
    detail = send(webhook_server).detail
    assert detail.startswith("queued as \ufffd9xxx")
    assert len(detail) == 200


def test_an_empty_answer_is_told_by_its_status(webhook_server: FakeWebhook) -> None:
    webhook_server.answer = Answer(204, b"")
    assert send(webhook_server).detail == "HTTP 204"


@pytest.mark.parametrize("status", [408, 425, 429, 500, 502, 503, 504])
def test_a_busy_receiver_is_worth_another_try(
    webhook_server: FakeWebhook, status: int
) -> None:
    webhook_server.answer = Answer(status, b"busy")
    with pytest.raises(RetryableDeliveryError, match=f"HTTP {status} busy") as raised:
        send(webhook_server)
    assert raised.value.retry_after is None


@pytest.mark.parametrize("status", [301, 302, 307, 308, 400, 401, 403, 404, 410, 422])
def test_a_refusal_or_a_redirect_is_final(
    webhook_server: FakeWebhook, status: int
) -> None:
    webhook_server.answer = Answer(status, b"no", {"Location": webhook_server.url})
    with pytest.raises(DeliveryError, match=f"HTTP {status} no") as raised:
        send(webhook_server)
    assert not isinstance(raised.value, RetryableDeliveryError)
    assert len(webhook_server.requests) == 1


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("7", 7),
        ("0", 0),
        ("-5", 0),
        ("99999999", 3600),
        ("nan", None),
        ("inf", None),
        ("soon", None),
        ("Thu, 01 Jan 2026 00:00:00 GMT", 0),
    ],
)
def test_the_wait_a_receiver_asks_for_is_honoured_within_an_hour(
    webhook_server: FakeWebhook, header: str, seconds: float | None
) -> None:
    webhook_server.answer = Answer(429, b"", {"Retry-After": header})
    with pytest.raises(RetryableDeliveryError) as raised:
        send(webhook_server)
    assert raised.value.retry_after == seconds


def test_the_wait_may_be_given_as_a_date(webhook_server: FakeWebhook) -> None:
    later = format_datetime(datetime.now(UTC) + timedelta(minutes=5), usegmt=True)
    webhook_server.answer = Answer(503, b"", {"Retry-After": later})
    with pytest.raises(RetryableDeliveryError) as raised:
        send(webhook_server)
    assert raised.value.retry_after == pytest.approx(300, abs=30)


@pytest.mark.parametrize("behaviour", ["hang", "drip"])
def test_a_receiver_that_takes_too_long_is_worth_another_try(
    webhook_server: FakeWebhook, behaviour: Any
) -> None:
    webhook_server.answer = Answer(behaviour=behaviour)
    began = time.monotonic()
    with pytest.raises(RetryableDeliveryError, match="within 0.4 seconds"):
        send(webhook_server, timeout_seconds=0.4)
    assert time.monotonic() - began < 2


def test_a_line_cut_after_accepting_is_repeated_with_the_same_key(
    webhook_server: FakeWebhook,
) -> None:
    webhook_server.next_answers.append(Answer(behaviour="cut"))
    with pytest.raises(RetryableDeliveryError, match="closed connection"):
        send(webhook_server)
    send(webhook_server)
    keys = [request.headers["idempotency-key"] for request in webhook_server.requests]
    assert keys == ["notification-41", "notification-41"]


def test_a_receiver_that_is_not_there_is_worth_another_try(
    settings: Settings,
) -> None:
    settings.ALLOW_PRIVATE_URLS = True
    with pytest.raises(RetryableDeliveryError, match="refused"):
        send("http://127.0.0.1:1/hook")


def test_a_name_that_cannot_be_found_is_worth_another_try() -> None:
    with pytest.raises(RetryableDeliveryError, match="cannot be found"):
        send("https://hooks.invalid/")


def test_a_private_address_is_refused_when_it_is_used(
    webhook_server: FakeWebhook, settings: Settings
) -> None:
    settings.ALLOW_PRIVATE_URLS = False
    with pytest.raises(DeliveryError, match="private or local network") as raised:
        send(webhook_server)
    assert not isinstance(raised.value, RetryableDeliveryError)
    assert webhook_server.requests == []


def test_a_hostile_title_stays_inside_the_json(webhook_server: FakeWebhook) -> None:
    title = 'failed"}\r\nX-Evil: 1\r\n\r\n{"title": "\x00<script>\u2028'
    send(webhook_server, replace(MESSAGE, title=title))
    request = sent(webhook_server)
    assert request.json["title"] == title
    assert "x-evil" not in request.headers


def test_an_address_is_checked_when_it_is_saved(settings: Settings) -> None:
    settings.ALLOW_PRIVATE_URLS = False
    for address in ("http://10.0.0.1/", "localhost:80", "https://a:b@8.8.8.8/"):
        with pytest.raises(InvalidInputError) as raised:
            Webhook().check_address(address)
        assert list(raised.value.errors) == ["address"]
    assert Webhook().check_address(" https://8.8.8.8/a#b ") == "https://8.8.8.8/a"


def test_many_messages_to_one_host_share_a_connection(
    webhook_server: FakeWebhook,
) -> None:
    webhook_server.keeps_alive = True
    for _ in range(3):
        send(webhook_server)
    assert len(webhook_server.requests) == 3
    assert webhook_server.connections == 1


def test_a_connection_that_the_other_side_closed_is_not_used_again(
    webhook_server: FakeWebhook,
) -> None:
    webhook_server.keeps_alive = True
    send(webhook_server)
    webhook_server.next_answers += [Answer(behaviour="cut")]
    with pytest.raises(RetryableDeliveryError):
        send(webhook_server)
    send(webhook_server)
    assert len(webhook_server.requests) == 3
    assert webhook_server.connections == 2
