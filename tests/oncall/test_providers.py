"""Providers that are slow, out of reach, or take so many a second."""

import pytest
from django.utils import timezone
from pytest_django import Settings

from oncall.models import (
    Notification,
    RestingProvider,
)
from oncall.services.claimed import Claimed
from oncall.services.engine import claim
from oncall.services.escalations import Call, start_escalations
from oncall.services.providers import MOST_FAILURES, REST, Lanes, Providers
from oncall.services.recording import (
    RETRY_DELAYS,
    NotBegunError,
    Outcome,
    record,
)
from oncall.services.sending import Senders, attempt
from tests.factories import NOON, make_policy, make_user
from tests.fakes.smtp import FakeSMTP
from tests.fakes.webhook import Answer, FakeWebhook
from tests.oncall.ladders import MINUTE, add_step, make_method, start, two_step_policy
from tests.waiting import wait_until

pytestmark = pytest.mark.django_db


def test_a_provider_that_does_not_answer_is_left_alone_for_a_while() -> None:
    providers = Providers()
    for _ in range(MOST_FAILURES):
        assert providers.may_be_tried("email", at=NOON)
        providers.failed("email", at=NOON)
    assert not providers.may_be_tried("email", at=NOON + REST / 2)
    assert providers.may_be_tried("sms", at=NOON)
    assert providers.may_be_tried("email", at=NOON + REST)
    assert not providers.may_be_tried("email", at=NOON + REST)  # one tries it
    providers.answered("email")
    assert providers.may_be_tried("email", at=NOON + REST)


def test_while_a_provider_rests_the_next_method_is_used_at_once() -> None:
    policy, ana = make_policy(), make_user()
    add_step(policy, user=ana)
    make_method(ana, kind="webhook", address="http://hook.example.com/a")
    make_method(ana, address="next@example.com", position=1, delay=30 * MINUTE)
    start(policy)
    (claimed,) = claim(at=NOON, limit=1)
    providers = Providers()
    for _ in range(MOST_FAILURES):
        providers.failed("webhook hook.example.com", at=NOON)
    record([attempt(claimed, now=lambda: NOON, providers=providers)])
    (following,) = claim(at=NOON, limit=5)
    assert following.address == "next@example.com"
    rested = Notification.objects.get(pk=claimed.pk)
    assert rested.state == "due"
    assert rested.due_at >= NOON + RETRY_DELAYS[0]


def test_a_slow_provider_leaves_senders_to_the_others() -> None:
    def to(channel: str, number: int) -> Claimed:
        return Claimed.of(Notification(pk=number, channel=channel, address=""))

    lanes = Lanes({"sms": 2})
    texts = [to("sms", number) for number in range(3)]
    mail = to("email", 9)
    assert lanes.enter([*texts, mail]) == [*texts[:2], mail]
    assert lanes.leave(texts[0]) == texts[2]
    assert lanes.leave(mail) is None
    assert lanes.leave(texts[1]) is None
    assert lanes.leave(texts[2]) is None
    assert (lanes.busy, lanes.waiting) == ({}, {})


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    ("answer", "state"),
    [
        (Answer(status=404), "failed"),
        (Answer(status=503), "due"),
        (Answer(behaviour="cut"), "due"),
    ],
)
def test_a_channel_that_fails_falls_to_the_next_at_once(
    webhook_server: FakeWebhook, smtp_server: FakeSMTP, answer: Answer, state: str
) -> None:
    webhook_server.answer = answer
    policy, first, _ = two_step_policy()
    make_method(first, kind="webhook", address=webhook_server.url)
    make_method(first, position=1, delay=30 * MINUTE)
    start(policy)
    senders = Senders(claim=claim, record=record, now=lambda: NOON)

    def has_mail() -> bool:
        senders.wake()
        return Notification.objects.filter(channel="email", state="sent").exists()

    wait_until(has_mail)
    assert [mail.recipients for mail in smtp_server.mails] == [(first.email,)]
    assert Notification.objects.get(channel="webhook").state == state
    assert len(webhook_server.requests) == 1


def test_a_provider_gets_so_many_a_second_and_what_waits_long_is_due_then() -> None:
    lanes = Lanes(a_second={"sms": 2})
    text = Claimed.of(Notification(channel="sms", address="+34600000001"))
    turns = [lanes.turn(text, at=NOON) - NOON for _ in range(8)]
    seconds = [turn.total_seconds() for turn in turns]
    assert seconds == [0, 0.5, 1, 1.5, 2, 2.5, 2.5, 2.5]  # the last three are late
    later = NOON + MINUTE
    assert lanes.turn(text, at=later) == later
    mail = Claimed.of(Notification(channel="email", address="ana@example.com"))
    assert [lanes.turn(mail, at=NOON) for _ in range(3)] == [NOON] * 3


def test_what_waits_for_its_turn_is_due_then_and_was_not_tried() -> None:
    policy, _, _ = two_step_policy()
    start(policy)
    (claimed,) = claim(at=NOON, limit=1)
    record([Outcome(claimed, NotBegunError("Waits", NOON + MINUTE), NOON)])
    owed = Notification.objects.get()
    assert (owed.state, owed.attempts, owed.due_at) == ("due", 0, NOON + MINUTE)


@pytest.mark.django_db(transaction=True)
def test_a_real_provider_sees_the_rate(
    settings: Settings, webhook_server: FakeWebhook
) -> None:
    settings.PROVIDER_RATE = {"webhook": 4}
    policy, first, _ = two_step_policy()
    make_method(first, kind="webhook", address=webhook_server.url)
    calls = [Call(f"s{n}", f"s{n}", "", "", "SEV3", policy) for n in range(14)]
    start_escalations(calls, at=timezone.now())
    senders = Senders(claim=claim, record=record, now=timezone.now)
    unsent = Notification.objects.exclude(state="sent")

    def all_sent() -> bool:
        senders.wake()  # as the tick does, for those that are due again later
        return not unsent.exists()

    wait_until(all_sent)
    arrived = [one.at for one in webhook_server.requests]
    assert len(arrived) == 14
    assert arrived[-1] - arrived[0] > 13 / 4 - 1  # a slow machine only makes it longer


def test_which_providers_rest_is_written_down_for_all_to_see() -> None:
    providers = Providers()
    for _ in range(MOST_FAILURES):
        providers.failed("webhook a.example.com", at=NOON, words="timed out")
    providers.tell()
    providers.failed("webhook a.example.com", at=NOON + MINUTE, words="refused")
    providers.tell()
    resting = RestingProvider.objects.get()
    assert (resting.since, resting.detail) == (NOON, "refused")
    assert resting.until == NOON + MINUTE + REST
    providers.answered("webhook a.example.com")
    providers.tell()
    assert not RestingProvider.objects.exists()
