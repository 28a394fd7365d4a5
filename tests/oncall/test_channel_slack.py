"""Slack against a server that speaks its Web API, and the buttons it sends back."""

import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.core import signing
from django.utils import timezone
from pytest_django import Settings

from accounts.models import User
from core.errors import InvalidInputError
from oncall.channels.base import (
    DeliveryError,
    Message,
    RetryableDeliveryError,
    UnknownDeliveryError,
)
from oncall.channels.registry import channel_for
from oncall.models import ContactMethod, Escalation, Notification, Page
from oncall.services import start_escalation
from oncall.services.claimed import Claimed
from oncall.services.sending import LINK_SALT, message_of
from tests.factories import make_policy, make_user
from tests.fakes.webhook import Answer, FakeWebhook, running_webhook
from tests.oncall.slack_buttons import press_button

MEMBER = "U012ABCDEF"
MESSAGE = Message(
    title="SEV2 #7 orders_raw <late> & empty",
    body="Two dashboards are stale.",
    url="https://headwater.example.com/incidents/7/",
    acknowledge_url="https://headwater.example.com/p/token-of-page/",
    idempotency_key="page:1:1",
)


def said(body: dict[str, Any], status: int = 200, **headers: str) -> Answer:
    return Answer(status=status, body=json.dumps(body).encode(), headers=headers)


@pytest.fixture
def slack(settings: Settings) -> Iterator[FakeWebhook]:
    with running_webhook() as server:
        server.answer = said({"ok": True, "channel": "D024BE91L", "ts": "1.000100"})
        settings.SLACK_URL = f"http://{server.host}:{server.port}"
        settings.SLACK_BOT_TOKEN = "xoxb-token"
        settings.SLACK_SIGNING_SECRET = "secret-of-slack"
        settings.ALLOW_PRIVATE_URLS = True
        yield server


def test_a_page_is_a_direct_message_with_working_buttons(slack: FakeWebhook) -> None:
    receipt = channel_for("slack").send(MESSAGE, to=MEMBER, timeout_seconds=5)
    [request] = slack.requests
    assert request.path == "/api/chat.postMessage"
    assert request.headers["authorization"] == "Bearer xoxb-token"
    sent = request.json
    assert sent["channel"] == MEMBER
    section, acts = sent["blocks"]
    assert "&lt;late&gt; &amp; empty" in section["text"]["text"]
    values = {one["action_id"]: one["value"] for one in acts["elements"]}
    assert values["acknowledge"] == values["resolve"] == "token-of-page"
    assert receipt.provider_id == "D024BE91L:1.000100"


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (said({"ok": False, "error": "token_revoked"}), DeliveryError),
        (said({"ok": False, "error": "channel_not_found"}), DeliveryError),
        (said({"ok": False, "error": "internal_error"}), RetryableDeliveryError),
        (said({"ok": False, "error": "x"}, 503), RetryableDeliveryError),
        (said({"ok": False, "error": "token_expired"}), DeliveryError),
        (said({"ok": False, "error": "is_archived"}), DeliveryError),
        (said({"ok": False, "error": "x"}, 500), UnknownDeliveryError),
        (Answer(body=b"<html>"), UnknownDeliveryError),
        (Answer(behaviour="cut"), UnknownDeliveryError),
    ],
)
def test_slack_says_in_its_body_what_is_wrong(
    slack: FakeWebhook, answer: Answer, error: type[DeliveryError]
) -> None:
    slack.answer = answer
    with pytest.raises(DeliveryError) as raised:
        channel_for("slack").send(MESSAGE, to=MEMBER, timeout_seconds=5)
    assert type(raised.value) is error


def test_a_rate_limit_is_waited_for(slack: FakeWebhook) -> None:
    limited = {"ok": False, "error": "ratelimited"}
    slack.answer = said(limited, 429, **{"Retry-After": "30"})
    with pytest.raises(RetryableDeliveryError) as raised:
        channel_for("slack").send(MESSAGE, to=MEMBER, timeout_seconds=5)
    assert raised.value.retry_after == 30


def test_an_answer_that_does_not_come_in_time_is_lost(slack: FakeWebhook) -> None:
    slack.answer = Answer(behaviour="hang")
    with pytest.raises(UnknownDeliveryError, match="within 0.3 seconds"):
        channel_for("slack").send(MESSAGE, to=MEMBER, timeout_seconds=0.3)
    assert len(slack.requests) == 1


def test_an_address_is_found_by_e_mail(slack: FakeWebhook) -> None:
    slack.answer = said({"ok": True, "user": {"id": MEMBER}})
    assert channel_for("slack").check_address("ana@example.com") == MEMBER
    assert channel_for("slack").check_address(" C024BE91L ") == "C024BE91L"
    with pytest.raises(InvalidInputError):
        channel_for("slack").check_address("ana")


@pytest.fixture
def page(db: None) -> Page:
    user = make_user()
    ContactMethod.objects.create(
        user=user, kind="slack", address=MEMBER, verified_at=timezone.now()
    )
    return page_to(user)


def page_to(user: User) -> Page:
    policy = make_policy()
    step = policy.steps.create(position=0, delay=timedelta(minutes=5))
    step.targets.create(user=user)
    start_escalation(
        subject="page:one",
        title="orders_raw arrived empty",
        body="",
        url="https://headwater.example.com/",
        severity="SEV2",
        policy=policy,
        at=timezone.now(),
    )
    return Page.objects.get()


def press(
    page: Page,
    action: str,
    *,
    member: str = MEMBER,
    secret: str = "secret-of-slack",
    age: int = 0,
    response_url: str = "",
) -> Any:
    return press_button(
        action,
        value=signing.dumps(page.pk, salt=LINK_SALT),
        member=member,
        secret=secret,
        age=age,
        response_url=response_url,
    )


def state() -> str:
    return Escalation.objects.get().state


def test_a_button_acts_and_the_message_says_so(slack: FakeWebhook, page: Page) -> None:
    assert press(page, "acknowledge", response_url=slack.url).status_code == 200
    assert state() == "acknowledged"
    [request] = slack.requests
    assert request.json["text"] == "Acknowledged: orders_raw arrived empty"
    assert request.json["replace_original"] is True


def test_resolve_ends_it(slack: FakeWebhook, page: Page) -> None:
    press(page, "resolve")
    assert state() == "stopped"


@pytest.mark.parametrize(
    "changed", [{"secret": "another"}, {"age": 600}, {"member": "U0STRANGER"}]
)
def test_only_slack_and_only_now_and_only_whom_it_is_for(
    slack: FakeWebhook, page: Page, changed: dict[str, Any]
) -> None:
    answer = press(page, "acknowledge", **changed)
    assert answer.status_code == (200 if "member" in changed else 403)
    assert state() == "running"


def test_a_second_message_about_a_subject_goes_into_the_thread_of_the_first(
    slack: FakeWebhook, page: Page
) -> None:
    first = page.notifications.get(channel="slack")
    assert message_of(Claimed.of(first)).thread == ""
    Notification.objects.filter(pk=first.pk).update(
        state="sent", sent_at=timezone.now(), provider_id="D024BE91L:1.000100"
    )
    first.pk, first.idempotency_key, first.provider_id = None, "another", ""
    first.state = Notification.State.DUE
    first.save()
    message = message_of(Claimed.of(first))
    channel_for("slack").send(message, to=MEMBER, timeout_seconds=5)
    assert slack.requests[-1].json["thread_ts"] == "1.000100"
    assert slack.requests[-1].json["channel"] == "D024BE91L"
