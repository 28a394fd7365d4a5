"""SMS and calls against a server that speaks Twilio's API, and what it sends back."""

import base64
import hmac
import json
from collections.abc import Iterator
from datetime import timedelta
from hashlib import sha1
from typing import Any
from urllib.parse import parse_qsl
from xml.etree import ElementTree

import pytest
from django.core import signing
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django import Settings

from accounts.models import User
from core.errors import InvalidInputError
from core.http import absolute_url
from oncall.channels.base import (
    DeliveryError,
    Message,
    RetryableDeliveryError,
    UnknownDeliveryError,
)
from oncall.channels.registry import channel_for, offered
from oncall.models import ContactMethod, Escalation, Notification, Page
from oncall.services import start_escalation
from oncall.services.sending import LINK_SALT
from tests.factories import make_policy, make_user
from tests.fakes.webhook import Answer, FakeWebhook, running_webhook

NUMBER = "+34600000001"
MESSAGE = Message(
    title="SEV2 #7 orders_raw arrived empty & late",
    body="Two dashboards are stale.",
    url="https://headwater.example.com/incidents/7/",
    acknowledge_url="https://headwater.example.com/p/abc/",
    idempotency_key="page:1:1",
)
QUEUED = {"sid": "SM" + "0" * 32, "status": "queued", "error_code": None}


def created(body: dict[str, Any]) -> Answer:
    headers = {"Content-Type": "application/json"}
    return Answer(status=201, body=json.dumps(body).encode(), headers=headers)


def refused(status: int, code: int, message: str, **headers: str) -> Answer:
    body = {"code": code, "message": message, "status": status}
    return Answer(status=status, body=json.dumps(body).encode(), headers=headers)


@pytest.fixture
def twilio(settings: Settings) -> Iterator[FakeWebhook]:
    with running_webhook() as server:
        server.answer = created(QUEUED)
        settings.TWILIO_URL = f"http://{server.host}:{server.port}"
        settings.TWILIO_ACCOUNT_SID = "AC" + "1" * 32
        settings.TWILIO_AUTH_TOKEN = "token-of-twilio"
        settings.TWILIO_FROM = "+15005550006"
        yield server


def fields_sent(twilio: FakeWebhook) -> dict[str, str]:
    [request] = twilio.requests
    return dict(parse_qsl(request.body.decode()))


def test_a_text_goes_to_the_messages_of_the_account(twilio: FakeWebhook) -> None:
    receipt = channel_for("sms").send(MESSAGE, to=NUMBER, timeout_seconds=5)
    [request] = twilio.requests
    account = "AC" + "1" * 32
    assert request.path == f"/2010-04-01/Accounts/{account}/Messages.json"
    credentials = base64.b64decode(request.headers["authorization"].split()[1])
    assert credentials == f"{account}:token-of-twilio".encode()
    fields = fields_sent(twilio)
    assert fields["To"] == NUMBER
    assert fields["From"] == "+15005550006"
    assert fields["Body"].startswith("SEV2 #7 orders_raw arrived empty & late\nReply A")
    assert fields["StatusCallback"].endswith("/twilio/status/")
    assert receipt.provider_id == QUEUED["sid"]


def test_a_call_reads_the_page_out_and_takes_keys(twilio: FakeWebhook) -> None:
    channel_for("call").send(MESSAGE, to=NUMBER, timeout_seconds=5)
    fields = fields_sent(twilio)
    spoken = ElementTree.fromstring(fields["Twiml"])  # noqa: S314  # our own
    gather = spoken.find("Gather")
    assert gather is not None
    assert gather.get("action") == "https://headwater.example.com/p/abc/call/"
    assert "arrived empty & late" in (gather.findtext("Say") or "")


def test_a_messaging_service_may_send_instead_of_a_number(
    twilio: FakeWebhook, settings: Settings
) -> None:
    settings.TWILIO_FROM = "MG" + "2" * 32
    channel_for("sms").send(MESSAGE, to=NUMBER, timeout_seconds=5)
    assert fields_sent(twilio)["MessagingServiceSid"] == settings.TWILIO_FROM
    assert "call" not in dict(offered())


@pytest.mark.parametrize(
    ("answer", "error", "words"),
    [
        (refused(400, 21211, "Invalid 'To' Phone Number"), DeliveryError, "21211"),
        (refused(401, 20003, "Authenticate"), DeliveryError, "20003"),
        (refused(400, 21610, "Recipient has unsubscribed"), DeliveryError, "21610"),
        (refused(503, 20503, "Unavailable"), RetryableDeliveryError, "20503"),
        (refused(500, 20500, "Internal"), UnknownDeliveryError, "20500"),
        (Answer(behaviour="cut"), UnknownDeliveryError, "Twilio"),
    ],
)
def test_what_twilio_refuses_is_told_in_its_words(
    twilio: FakeWebhook, answer: Answer, error: type[DeliveryError], words: str
) -> None:
    twilio.answer = answer
    with pytest.raises(DeliveryError, match=words) as raised:
        channel_for("sms").send(MESSAGE, to=NUMBER, timeout_seconds=5)
    assert type(raised.value) is error


def test_a_rate_limit_is_waited_for(twilio: FakeWebhook) -> None:
    twilio.answer = refused(429, 20429, "Too many", **{"Retry-After": "7"})
    with pytest.raises(RetryableDeliveryError) as raised:
        channel_for("sms").send(MESSAGE, to=NUMBER, timeout_seconds=5)
    assert raised.value.retry_after == 7


@pytest.mark.parametrize("kind", ["sms", "call"])
def test_an_answer_that_does_not_come_in_time_is_lost(
    twilio: FakeWebhook, kind: str
) -> None:
    twilio.answer = Answer(behaviour="hang")
    with pytest.raises(UnknownDeliveryError, match="within 0.3 seconds"):
        channel_for(kind).send(MESSAGE, to=NUMBER, timeout_seconds=0.3)
    assert len(twilio.requests) == 1


def test_without_an_account_neither_is_offered(settings: Settings) -> None:
    settings.TWILIO_ACCOUNT_SID = ""
    assert not {"sms", "call"} & set(dict(offered()))


@pytest.mark.parametrize("wrong", ["", "600 000 000", "+0", "+34 six", "+" + "1" * 16])
def test_a_number_wants_its_country(wrong: str) -> None:
    with pytest.raises(InvalidInputError):
        channel_for("sms").check_address(wrong)
    assert channel_for("sms").check_address("+34 (600) 000-001") == NUMBER


def page_to(user: User, *, subject: str = "page:one") -> Page:
    policy = make_policy()
    policy.steps.create(position=0, delay=timedelta(minutes=5)).targets.create(
        user=user
    )
    start_escalation(
        subject=subject,
        title=f"about {subject}",
        body="",
        url="https://headwater.example.com/",
        severity="SEV2",
        policy=policy,
        at=timezone.now(),
    )
    return Page.objects.get(user=user, escalation__subject=subject)


@pytest.fixture
def reachable(db: None) -> User:
    user = make_user()
    ContactMethod.objects.create(
        user=user, kind="sms", address=NUMBER, verified_at=timezone.now()
    )
    ContactMethod.objects.create(
        user=user,
        kind="email",
        address=user.email,
        position=1,
        delay=timedelta(minutes=10),
        verified_at=timezone.now(),
    )
    return user


def twilio_posts(path: str, token: str = "token-of-twilio", **fields: str) -> Any:
    text = absolute_url(path) + "".join(f"{key}{fields[key]}" for key in sorted(fields))
    digest = hmac.new(token.encode(), text.encode(), sha1).digest()
    signature = base64.b64encode(digest).decode()
    client = Client(enforce_csrf_checks=True)
    return client.post(path, fields, headers={"X-Twilio-Signature": signature})


def state_of(subject: str) -> str:
    return Escalation.objects.get(subject=subject).state


def test_a_reply_acknowledges_the_only_page_that_waits(
    twilio: FakeWebhook, reachable: User
) -> None:
    page_to(reachable)
    answer = twilio_posts("/twilio/sms/", From=NUMBER, Body=" a ")
    assert "Acknowledged: about page:one" in answer.content.decode()
    assert state_of("page:one") == "acknowledged"


def test_of_several_pages_the_reply_says_which(
    twilio: FakeWebhook, reachable: User
) -> None:
    page_to(reachable, subject="page:one")
    second = page_to(reachable, subject="page:two")
    asked = twilio_posts("/twilio/sms/", From=NUMBER, Body="ack").content.decode()
    assert f"A {second.pk}: about page:two" in asked
    twilio_posts("/twilio/sms/", From=NUMBER, Body=f"R {second.pk}")
    assert (state_of("page:one"), state_of("page:two")) == ("running", "stopped")


def test_a_key_answers_the_page_of_its_call(
    twilio: FakeWebhook, reachable: User
) -> None:
    page = page_to(reachable)
    token = signing.dumps(page.pk, salt=LINK_SALT)
    path = reverse("oncall:answer_call", args=[token])
    assert b"Nothing was done" in twilio_posts(path, Digits="9").content
    assert state_of("page:one") == "running"
    assert b"Acknowledged" in twilio_posts(path, Digits="1").content
    assert state_of("page:one") == "acknowledged"


def test_who_is_not_twilio_is_refused(twilio: FakeWebhook, reachable: User) -> None:
    page_to(reachable)
    forged = twilio_posts("/twilio/sms/", token="another", From=NUMBER, Body="a")
    assert forged.status_code == 403
    assert state_of("page:one") == "running"


def test_a_number_nobody_verified_answers_for_nobody(
    twilio: FakeWebhook, reachable: User
) -> None:
    page_to(reachable)
    ContactMethod.objects.filter(address=NUMBER).update(verified_at=None)
    answer = twilio_posts("/twilio/sms/", From=NUMBER, Body="a")
    assert b"belongs to nobody" in answer.content
    assert state_of("page:one") == "running"


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        (
            {"MessageSid": "SM1", "MessageStatus": "undelivered", "ErrorCode": "30003"},
            "Twilio: undelivered (30003)",
        ),
        ({"CallSid": "SM1", "CallStatus": "no-answer"}, "Twilio: no-answer"),
    ],
)
def test_what_did_not_arrive_or_nobody_answered_makes_the_next_method_due_at_once(
    twilio: FakeWebhook, reachable: User, fields: dict[str, str], words: str
) -> None:
    page = page_to(reachable)
    now = timezone.now()
    text = page.notifications.get(channel="sms")
    Notification.objects.filter(pk=text.pk).update(
        state="sent", sent_at=now, provider_id="SM1"
    )
    assert twilio_posts("/twilio/status/", **fields).status_code == 204
    text.refresh_from_db()
    assert (text.state, text.detail) == ("failed", words)
    assert page.notifications.get(channel="email").due_at <= timezone.now()


def test_a_text_that_arrived_says_when(twilio: FakeWebhook, reachable: User) -> None:
    page = page_to(reachable)
    sent = page.notifications.filter(channel="sms")
    sent.update(state="sent", sent_at=timezone.now(), provider_id="SM1")
    twilio_posts("/twilio/status/", MessageSid="SM1", MessageStatus="delivered")
    assert sent.get().delivered_at is not None
