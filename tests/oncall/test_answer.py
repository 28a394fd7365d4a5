"""The signed link in a page: a look never acts, a second tap does."""

from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.core import signing
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from oncall.channels.base import DeliveryError, RetryableDeliveryError
from oncall.models import (
    Bundle,
    Escalation,
    EscalationPolicy,
    Notification,
    Page,
)
from oncall.services import acknowledge_escalation, start_escalation, stop_escalation
from oncall.services.claimed import Claimed
from oncall.services.engine import claim
from oncall.services.recording import Outcome, record
from oncall.services.sending import LINK_SALT, message_of
from tests.factories import make_policy, make_user

pytestmark = pytest.mark.django_db


def ladder_to(*users: User) -> EscalationPolicy:
    policy = make_policy()
    step = policy.steps.create(position=0, delay=timedelta(minutes=5))
    for user in users:
        step.targets.create(user=user)
    return policy


def page(user: User, *others: User, **values: Any) -> Page:
    """A page to `user` about incident 7, its paging just begun."""
    start_escalation(
        **{
            "subject": "incident:7",
            "title": "orders_raw arrived empty",
            "body": "Two dashboards are stale.",
            "url": "https://headwater.example.com/incidents/7/",
            "severity": "SEV2",
            "policy": ladder_to(user, *others),
            "at": timezone.now(),
            **values,
        }
    )
    return Page.objects.get(user=user)


def link(page: Page) -> str:
    return reverse("oncall:answer", args=[signing.dumps(page.pk, salt=LINK_SALT)])


def test_looking_shows_what_it_is_about_and_acknowledges_nothing(
    client: Client,
) -> None:
    paged = page(make_user(name="Ada Winter"))
    for _ in range(3):
        response = client.get(link(paged))
    assert response.status_code == 200
    text = response.content.decode()
    assert "orders_raw arrived empty" in text
    assert "SEV2" in text
    assert "Ada Winter" in text
    assert text.count("<button") == 1
    assert "Acknowledge</button>" in text
    paged.refresh_from_db()
    assert paged.acknowledged_at is None
    assert paged.escalation.state == "running"


def test_the_button_acknowledges_without_a_session_or_csrf_token() -> None:
    paged = page(make_user(name="Ada Winter"))
    client = Client(enforce_csrf_checks=True)
    response = client.post(link(paged), follow=True)
    assert response.status_code == 200
    assert "You have it" in response.content.decode()
    assert "https://headwater.example.com/incidents/7/" in response.content.decode()
    paged.refresh_from_db()
    assert paged.acknowledged_at is not None
    assert paged.escalation.state == "acknowledged"
    assert paged.escalation.acknowledged_by == paged.user


def test_pressing_twice_is_fine(client: Client) -> None:
    paged = page(make_user())
    client.post(link(paged))
    assert client.post(link(paged), follow=True).status_code == 200


def test_who_comes_second_reads_who_has_it(client: Client) -> None:
    ada, bo = make_user(name="Ada Winter"), make_user(name="Bo Lind")
    paged = page(ada, bo)
    acknowledge_escalation(subject="incident:7", by=bo, at=timezone.now())
    before = client.get(link(paged)).content.decode()
    assert "Bo Lind has it" in before
    assert "<button" not in before
    late = client.post(link(paged), follow=True).content.decode()
    assert "Bo Lind has it" in late
    assert "that you answered too is on record" in late


def test_a_page_that_is_over_says_so(client: Client) -> None:
    paged = page(make_user())
    stop_escalation(subject="incident:7", at=timezone.now())
    response = client.get(link(paged))
    assert response.status_code == 200
    assert "This is over" in response.content.decode()


def test_an_expired_link_is_gone_and_does_not_act(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    paged = page(make_user())
    week_ago = timezone.now().timestamp() - 8 * 24 * 3600
    with monkeypatch.context() as patch:
        patch.setattr("django.core.signing.time.time", lambda: week_ago)
        old = link(paged)
    response = client.post(old)
    assert response.status_code == 410
    assert "expired" in response.content.decode()
    paged.refresh_from_db()
    assert paged.acknowledged_at is None


@pytest.mark.parametrize(
    "token",
    ["abc", "a:b:c", signing.dumps(1, salt="other")],
    ids=["no token", "no signature", "signed for another use"],
)
@pytest.mark.usefixtures("user")
def test_a_forged_link_is_not_found(client: Client, token: str) -> None:
    response = client.post(reverse("oncall:answer", args=[token]))
    assert response.status_code == 404
    assert "Nothing was acknowledged" in response.content.decode()


def test_a_page_to_somebody_who_has_left_cannot_be_answered(client: Client) -> None:
    gone = make_user()
    paged = page(gone)
    User.objects.filter(pk=gone.pk).update(is_active=False)
    assert client.post(link(paged)).status_code == 410
    paged.escalation.refresh_from_db()
    assert paged.escalation.state == "running"


def test_a_link_that_is_no_web_address_is_not_offered(client: Client) -> None:
    paged = page(make_user(), url="javascript:alert(1)")
    assert "javascript:" not in client.get(link(paged)).content.decode()


def bundle_of(user: User, count: int = 3) -> Bundle:
    """Pages about so many incidents, which went out to the person in one message."""
    policy, at = ladder_to(user), timezone.now()
    bundle = Bundle.objects.create(user=user, created_at=at)
    for number in range(count):
        start_escalation(
            subject=f"incident:{number}",
            title=f"table_{number} is late",
            body="",
            url=f"https://headwater.example.com/incidents/{number}/",
            severity="SEV3",
            policy=policy,
            at=at,
        )
    Page.objects.update(bundle=bundle)
    return bundle


def link_of(bundle: Bundle) -> str:
    """As it is in the message."""
    owed = Notification(subject=bundle.subject, user=bundle.user)
    message = message_of(Claimed.of(owed))
    assert message.is_for_several
    return urlsplit(message.acknowledge_url).path


def acknowledged() -> list[str]:
    ended = Escalation.objects.filter(state="acknowledged")
    return sorted(ended.values_list("subject", flat=True))


def test_one_link_answers_one_or_all_of_the_pages_in_a_message(client: Client) -> None:
    ada = make_user(name="Ada Winter")
    bundle = bundle_of(ada)
    path = link_of(bundle)
    for _ in range(3):  # a mail scanner
        text = client.get(path).content.decode()
        client.head(path)
    assert text.count("is late</a>") == 3
    assert acknowledged() == []
    one = bundle.pages.get(escalation__subject="incident:1")
    assert client.post(path, {"page": one.pk}).status_code == 302
    assert acknowledged() == ["incident:1"]
    assert "2 wait for an answer" in client.get(path).content.decode()
    client.post(path)
    client.post(path)
    assert acknowledged() == ["incident:0", "incident:1", "incident:2"]
    assert "Nothing waits for you" in client.get(path).content.decode()
    by = set(Escalation.objects.values_list("acknowledged_by", flat=True))
    assert by == {ada.pk}


def test_the_link_of_a_message_answers_no_page_of_another(client: Client) -> None:
    bundle, ben = bundle_of(make_user()), make_user()
    other = page(ben)
    for named in (str(other.pk), "1x", "9" * 30):
        assert client.post(link_of(bundle), {"page": named}).status_code == 404
    assert acknowledged() == []


def test_the_link_of_a_message_expires_and_ends_with_the_account(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    bundle = bundle_of(make_user())
    week_ago = timezone.now().timestamp() - 8 * 24 * 3600
    with monkeypatch.context() as patch:
        patch.setattr("django.core.signing.time.time", lambda: week_ago)
        old = link_of(bundle)
    assert client.post(old).status_code == 410
    as_page = reverse(
        "oncall:answer", args=[link_of(bundle).rstrip("/").rpartition("/")[2]]
    )
    assert client.post(as_page).status_code == 404  # neither is the other's
    User.objects.filter(pk=bundle.user_id).update(is_active=False)
    assert client.post(link_of(bundle)).status_code == 410
    assert acknowledged() == []


@pytest.mark.parametrize(
    "result", [RetryableDeliveryError("503"), DeliveryError("404")]
)
def test_a_message_that_fails_is_sent_by_the_next_method_at_once(
    result: DeliveryError,
) -> None:
    bundle = bundle_of(make_user())
    now = timezone.now()
    Notification.objects.all().delete()
    rows = [
        Notification(
            subject=bundle.subject,
            user=bundle.user,
            channel=channel,
            address="a",
            urgent=True,
            idempotency_key=channel,
            created_at=now,
            due_at=now + minutes * timedelta(minutes=30),
        )
        for minutes, channel in enumerate(("webhook", "sms", "call"))
    ]
    Notification.objects.bulk_create(rows)
    (first,) = claim(at=now, limit=9)
    record([Outcome(first, result, now)])
    assert [one.channel for one in claim(at=now, limit=9)] == ["sms"]
