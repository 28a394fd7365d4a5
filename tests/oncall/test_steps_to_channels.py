"""Steps that tell a channel."""

import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.core import signing
from django.test import Client
from pytest_django import Settings

from oncall.channels.base import DeliveryError, Receipt, RetryableDeliveryError
from oncall.models import (
    Escalation,
    Notification,
    Page,
)
from oncall.services import (
    acknowledge_page,
    keep_from_channels,
    ladder,
)
from oncall.services.engine import claim
from oncall.services.recording import Outcome, record
from oncall.services.sending import LEASE, NOTICE_SALT, attempt
from oncall.services.walking import walk_due_escalations
from tests.factories import NOON, make_policy, make_schedule, make_user
from tests.fakes.webhook import Answer, FakeWebhook, running_webhook
from tests.oncall.slack_buttons import press_button
from tests.oncall.steps import MINUTE, add_step, paged, start

pytestmark = pytest.mark.django_db


@pytest.fixture
def slack(settings: Settings) -> Iterator[FakeWebhook]:
    with running_webhook() as server:
        took = {"ok": True, "channel": "C024BE91L", "ts": "1.000100"}
        server.answer = Answer(status=200, body=json.dumps(took).encode())
        settings.SLACK_URL = f"http://{server.host}:{server.port}"
        settings.SLACK_BOT_TOKEN = "xoxb-token"
        settings.SLACK_SIGNING_SECRET = "secret-of-slack"
        settings.ALLOW_PRIVATE_URLS = True
        yield server


def deliver() -> None:
    claimed = claim(at=NOON, limit=10)
    record([attempt(one, now=lambda: NOON) for one in claimed])


def test_a_channel_is_told_and_its_buttons_act_for_whoever_is_known(
    slack: FakeWebhook,
) -> None:
    known = make_user(role="responder")
    known.contact_methods.create(kind="slack", address="U012ABCDEF", verified_at=NOON)
    policy = make_policy()
    add_step(policy, channel="slack", address="#data-alerts")
    add_step(policy, user=make_user())
    escalation = start(policy)
    deliver()
    [request] = slack.requests
    assert request.json["channel"] == "#data-alerts"
    value = request.json["blocks"][1]["elements"][0]["value"]
    assert signing.loads(value, salt=NOTICE_SALT) == escalation.notices.get().pk
    rungs = ladder(subject=escalation.subject, at=NOON)
    assert [(one.room, one.state) for one in rungs[:1]] == [
        ("Slack #data-alerts", "told")
    ]
    assert rungs[1].at == NOON + 5 * MINUTE  # it is waited for: somebody may answer
    press_button("acknowledge", value=value, member="U0STRANGER")
    assert Escalation.objects.get().state == "running"
    press_button("acknowledge", value=value, member="U012ABCDEF")
    assert Escalation.objects.get().acknowledged_by == known


def test_the_token_of_a_channel_opens_no_page_of_a_person(client: Client) -> None:
    make_user()
    policy = make_policy()
    add_step(policy, channel="slack", address="#data-alerts")
    notice = start(policy).notices.get()
    token = signing.dumps(notice.pk, salt=NOTICE_SALT)
    assert client.get(f"/p/{token}/").status_code == 404


def test_an_answer_stops_a_notice_that_is_not_sent_yet() -> None:
    user = make_user()
    policy = make_policy()
    add_step(policy, user=user)
    policy.steps.get().targets.create(channel="email", address="list@example.com")
    escalation = start(policy)
    assert Notification.objects.filter(state="due").count() == 2
    page = escalation.pages.get()
    acknowledge_page(page_id=page.pk, at=NOON, via="link")
    assert set(Notification.objects.values_list("state", flat=True)) == {"cancelled"}


def test_a_channel_is_not_told_again_of_what_was_answered_meanwhile() -> None:
    policy = make_policy()
    add_step(policy, user=make_user())
    policy.steps.get().targets.create(channel="email", address="list@example.com")
    page = start(policy).pages.get()
    on_the_way = claim(at=NOON, limit=10)
    told = next(one for one in on_the_way if one.notice_id)
    acknowledge_page(page_id=page.pk, at=NOON, via="link")
    late = NOON + LEASE  # its sender has died
    assert told.pk not in [one.pk for one in claim(at=late, limit=10)]
    Notification.objects.filter(pk=told.pk).update(state="sending", lease_until=late)
    record([Outcome(told, RetryableDeliveryError("503"), NOON)])
    assert Notification.objects.get(pk=told.pk).state == "cancelled"


@pytest.mark.parametrize("result", [Receipt("1"), DeliveryError("channel_not_found")])
def test_a_step_whose_only_channel_fails_makes_the_next_step_due(result: Any) -> None:
    policy = make_policy()
    add_step(policy, channel="email", address="list@example.com")
    add_step(policy, user=make_user())
    start(policy)
    [owed] = claim(at=NOON, limit=10)
    record([Outcome(owed, result, NOON)])
    walk_due_escalations(at=NOON)
    assert Page.objects.exists() == isinstance(result, DeliveryError)


def test_nobody_on_call_is_passed_over_at_once_though_a_channel_is_told() -> None:
    policy = make_policy()
    add_step(policy, schedule=make_schedule())
    policy.steps.get().targets.create(channel="email", address="list@example.com")
    user = make_user()
    add_step(policy, user=user)
    escalation = start(policy)
    assert paged() == [user.pk]
    assert escalation.notices.count() == 1


def test_a_channel_is_not_told_of_what_is_private() -> None:
    policy = make_policy()
    add_step(policy, channel="email", address="list@example.com")
    add_step(policy, user=make_user())
    escalation = start(policy, is_private=True)
    assert not escalation.notices.exists()


@pytest.mark.parametrize("is_tried", [False, True])
def test_what_becomes_private_is_not_sent_to_channels_any_more(is_tried: bool) -> None:
    policy, user = make_policy(), make_user()
    add_step(policy, channel="email", address="list@example.com")
    add_step(policy, user=user)
    escalation = start(policy)
    claimed = claim(at=NOON, limit=10) if is_tried else []
    keep_from_channels(subject=escalation.subject, is_private=True, at=NOON)
    for one in claimed:  # it was on its way just then, and is not tried again
        record([Outcome(one, RetryableDeliveryError("503"), NOON)])
    walk_due_escalations(at=NOON + MINUTE)
    assert Notification.objects.get(notice__escalation=escalation).state == "cancelled"
    assert paged() == ([] if is_tried else [user.pk])
    walk_due_escalations(at=NOON + timedelta(hours=1))
    assert escalation.notices.count() == 1
