"""Apprise services, by those of its URLs that speak to a server of one's own."""

import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from pytest_django import Settings

from core.errors import InvalidInputError
from oncall.channels.apprise import AppriseService
from oncall.channels.base import DeliveryError, Message, RetryableDeliveryError
from tests.fakes.smtp import FakeSMTP
from tests.fakes.webhook import Answer, FakeWebhook, ReceivedRequest

MESSAGE = Message(
    title="SEV2 orders_daily failed",
    body="Three dashboards are stale.",
    url="https://headwater.example.com/incidents/7/",
    acknowledge_url="https://headwater.example.com/a/abc",
    idempotency_key="notification-41",
)


def send(to: str, message: Message = MESSAGE, *, timeout_seconds: float = 5) -> Any:
    return AppriseService().send(message, to=to, timeout_seconds=timeout_seconds)


def ntfy(webhook: FakeWebhook) -> str:
    return f"ntfy://{webhook.host}:{webhook.port}/on-call"


def generic(webhook: FakeWebhook) -> str:
    return f"json://{webhook.host}:{webhook.port}/hook"


def sent(webhook: FakeWebhook) -> ReceivedRequest:
    [request] = webhook.requests
    return request


def test_a_page_arrives_with_both_links(webhook_server: FakeWebhook) -> None:
    webhook_server.answer = Answer(200, b'{"id": "x"}')
    receipt = send(ntfy(webhook_server))
    body = sent(webhook_server).json
    assert body["topic"] == "on-call"
    assert body["title"] == MESSAGE.title
    assert "Three dashboards are stale." in body["message"]
    assert f"Acknowledge: {MESSAGE.acknowledge_url}" in body["message"]
    assert f"Open: {MESSAGE.url}" in body["message"]
    assert receipt.detail == "ntfy took it."


def test_urgency_is_passed_on(webhook_server: FakeWebhook) -> None:
    send(generic(webhook_server))
    send(generic(webhook_server), replace(MESSAGE, urgent=False, acknowledge_url=""))
    urgent, calm = (request.json for request in webhook_server.requests)
    assert (urgent["type"], calm["type"]) == ("failure", "info")
    assert "Acknowledge" not in calm["message"]


@pytest.mark.parametrize("status", [401, 404, 429, 500, 503])
def test_a_failure_is_worth_another_try_and_tells_why(
    webhook_server: FakeWebhook, status: int
) -> None:
    webhook_server.answer = Answer(status, b"no")
    with pytest.raises(RetryableDeliveryError, match=f"JSON: .*{status}"):
        send(generic(webhook_server))


@pytest.mark.parametrize("behaviour", ["hang", "drip"])
def test_a_service_that_takes_too_long_is_worth_another_try(
    webhook_server: FakeWebhook, behaviour: Any
) -> None:
    webhook_server.answer = Answer(behaviour=behaviour)
    began = time.monotonic()
    with pytest.raises(RetryableDeliveryError, match="JSON: "):
        send(generic(webhook_server), timeout_seconds=0.5)
    assert time.monotonic() - began < 3


def test_a_cut_line_is_worth_another_try(webhook_server: FakeWebhook) -> None:
    webhook_server.answer = Answer(behaviour="cut")
    with pytest.raises(RetryableDeliveryError, match="Connection error"):
        send(generic(webhook_server))


def test_a_service_that_is_not_there_is_worth_another_try(settings: Settings) -> None:
    settings.ALLOW_PRIVATE_URLS = True
    with pytest.raises(RetryableDeliveryError, match="Connection error"):
        send("json://127.0.0.1:1/hook")


def test_a_url_that_is_no_longer_understood_is_final() -> None:
    with pytest.raises(DeliveryError, match="does not understand") as raised:
        send("nosuchservice://token/")
    assert not isinstance(raised.value, RetryableDeliveryError)


def test_a_hostile_title_stays_a_title(webhook_server: FakeWebhook) -> None:
    title = 'failed"}\r\nX-Evil: 1\r\n\r\n{\x00<b>'
    send(generic(webhook_server), replace(MESSAGE, title=title))
    request = sent(webhook_server)
    assert request.json["title"] == 'failed"} X-Evil: 1 { <b>'
    assert "x-evil" not in request.headers


def test_a_private_service_is_not_reached_when_it_is_not_allowed(
    webhook_server: FakeWebhook, smtp_server: FakeSMTP, settings: Settings
) -> None:
    settings.ALLOW_PRIVATE_URLS = False
    for address in (
        generic(webhook_server),
        f"json://localhost:{webhook_server.port}/hook",
        f"mailto://ana:pw@example.org:{smtp_server.port}/?smtp=127.0.0.1&to=b@example.org",
    ):
        with pytest.raises(RetryableDeliveryError):
            send(address)
    assert webhook_server.requests == []
    assert smtp_server.mails == []


def test_a_redirect_to_a_private_address_is_not_followed(
    webhook_server: FakeWebhook,
) -> None:
    webhook_server.answer = Answer(
        307, b"", {"Location": "http://169.254.169.254/latest"}
    )
    with pytest.raises(RetryableDeliveryError):
        send(generic(webhook_server) + "?redirect=yes")
    assert len(webhook_server.requests) == 1


@pytest.mark.parametrize(
    "address",
    [
        "ntfys://ntfy.sh/on-call",
        "discord://1234567890/abcdefghijklmnop",
        "tgram://123456789:abcdefg_hijklmnop/lead2gold/",
        "json://8.8.8.8/hook",
        "https://discord.com/api/webhooks/1234567890/abcdefghijklmnop",
    ],
)
def test_urls_of_known_services_are_accepted(settings: Settings, address: str) -> None:
    settings.ALLOW_PRIVATE_URLS = False
    assert AppriseService().check_address(f"  {address} ") == address


@pytest.mark.parametrize(
    ("address", "why"),
    [
        ("", "Apprise knows"),
        ("hello", "Apprise knows"),
        ("nosuchservice://token", "Apprise knows"),
        ("discord://", "Apprise knows"),
        ("json://8.8.8.8/a json://8.8.8.8/b", "without spaces"),
        ("json://8.8.8.8/\nhook", "without spaces"),
        ("json://8.8.8.8/" + "a" * 3000, "2048"),
        ("json://127.0.0.1/hook", "private"),
        ("json://localhost/hook", "private"),
        ("json://169.254.169.254/latest", "private"),
        ("jsons://[::1]/hook", "private"),
        ("ntfy://10.0.0.1/on-call", "private"),
        ("syslog://", "the server"),
        ("SYSLOG://", "the server"),
        ("rsyslog://10.0.0.1", "the server"),
        ("file:///etc/passwd", "the server"),
        ("windows://", "the server"),
        ("dbus://", "the server"),
        ("gnome://", "the server"),
        ("macosx://", "the server"),
    ],
)
def test_other_urls_are_refused(settings: Settings, address: str, why: str) -> None:
    settings.ALLOW_PRIVATE_URLS = False
    with pytest.raises(InvalidInputError, match=why) as raised:
        AppriseService().check_address(address)
    assert list(raised.value.errors) == ["address"]


def test_a_url_cannot_have_files_of_the_server_sent(
    webhook_server: FakeWebhook, tmp_path: Path
) -> None:
    secret = tmp_path / "secret.json"
    secret.write_text('{"text": "of the server"}')
    for query in (f"template={secret}", f"template=file://{secret}"):
        address = f"slack://T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ?{query}"
        with pytest.raises(InvalidInputError):
            AppriseService().check_address(address)
        with pytest.raises(DeliveryError):
            send(address)
