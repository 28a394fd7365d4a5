"""Web push: what a browser's push service gets, and what the browser then shows."""

import base64
import json
from typing import Any

import http_ece
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from django.test import Client
from py_vapid import Vapid02

from accounts.models import User
from core.errors import InvalidInputError
from oncall.channels.base import (
    DeliveryError,
    Message,
    RetryableDeliveryError,
    UnknownDeliveryError,
)
from oncall.channels.push import public_key
from oncall.channels.registry import channel_for
from tests.fakes.webhook import Answer, FakeWebhook

MESSAGE = Message(
    title="SEV2 #7 orders_raw arrived empty",
    body="Two dashboards are stale.",
    url="https://headwater.example.com/incidents/7/",
    acknowledge_url="https://headwater.example.com/p/abc/",
    idempotency_key="page:1:1",
)
SECRET = b"0123456789abcdef"


def text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


class Phone:
    """A browser's side: its keys, and reading what was encrypted for them."""

    def __init__(self, endpoint: str) -> None:
        self.key = ec.generate_private_key(ec.SECP256R1())
        point = self.key.public_key().public_bytes(
            Encoding.X962, PublicFormat.UncompressedPoint
        )
        self.address = f"{endpoint} {text(point)} {text(SECRET)}"

    def read(self, body: bytes) -> dict[str, Any]:
        plain = http_ece.decrypt(
            body, private_key=self.key, auth_secret=SECRET, version="aes128gcm"
        )
        read: dict[str, Any] = json.loads(plain)
        return read


@pytest.fixture
def phone(webhook_server: FakeWebhook) -> Phone:
    webhook_server.answer = Answer(status=201, headers={"Location": "/m/1"})
    return Phone(webhook_server.url)


def test_only_the_browser_can_read_it_and_it_knows_who_sent_it(
    webhook_server: FakeWebhook, phone: Phone
) -> None:
    receipt = channel_for("push").send(MESSAGE, to=phone.address, timeout_seconds=5)
    [request] = webhook_server.requests
    assert b"orders_raw" not in request.body
    page = phone.read(request.body)
    assert page["title"] == MESSAGE.title
    assert page["acknowledge_url"] == MESSAGE.acknowledge_url
    assert request.headers["content-encoding"] == "aes128gcm"
    assert request.headers["urgency"] == "high"
    assert Vapid02.verify(request.headers["authorization"])
    assert f"k={public_key()}" in request.headers["authorization"]
    assert receipt.provider_id == "/m/1"


def test_a_repeated_message_replaces_the_first(
    webhook_server: FakeWebhook, phone: Phone
) -> None:
    for _ in range(2):
        channel_for("push").send(MESSAGE, to=phone.address, timeout_seconds=5)
    first, second = (one.headers["topic"] for one in webhook_server.requests)
    assert first == second
    assert len(first) <= 32


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (410, DeliveryError),
        (404, DeliveryError),
        (403, DeliveryError),
        (413, DeliveryError),
        (429, RetryableDeliveryError),
        (502, UnknownDeliveryError),
    ],
)
def test_what_a_push_service_refuses(
    webhook_server: FakeWebhook, phone: Phone, status: int, error: type[DeliveryError]
) -> None:
    webhook_server.answer = Answer(status=status)
    with pytest.raises(DeliveryError) as raised:
        channel_for("push").send(MESSAGE, to=phone.address, timeout_seconds=5)
    assert type(raised.value) is error


def test_a_push_service_that_is_busy_says_when_to_come_again(
    webhook_server: FakeWebhook, phone: Phone
) -> None:
    webhook_server.answer = Answer(status=429, headers={"Retry-After": "12"})
    with pytest.raises(RetryableDeliveryError) as raised:
        channel_for("push").send(MESSAGE, to=phone.address, timeout_seconds=5)
    assert raised.value.retry_after == 12


@pytest.mark.parametrize("behaviour", ["hang", "cut"])
def test_a_push_service_may_have_taken_what_it_did_not_answer(
    webhook_server: FakeWebhook, phone: Phone, behaviour: Any
) -> None:
    webhook_server.answer = Answer(behaviour=behaviour)
    with pytest.raises(UnknownDeliveryError):
        channel_for("push").send(MESSAGE, to=phone.address, timeout_seconds=0.3)
    assert len(webhook_server.requests) == 1


@pytest.mark.parametrize(
    "address", ["", "https://example.com/x", "https://example.com/x AAAA AAAA", "a b c"]
)
def test_what_is_no_subscription_is_refused(address: str) -> None:
    with pytest.raises(InvalidInputError):
        channel_for("push").check_address(address)


def test_a_browser_is_added_once_and_needs_no_code(
    signed_in: Client, user: User, phone: Phone
) -> None:
    endpoint, key, auth = phone.address.split(" ")
    sent = {"endpoint": endpoint, "p256dh": key, "auth": auth}
    for _ in range(2):
        assert signed_in.post("/on-call/me/browsers/", sent).status_code == 302
    method = user.contact_methods.get()
    assert (method.kind, method.address) == ("push", phone.address)
    assert method.verified_at is not None
