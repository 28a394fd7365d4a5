"""How I am reached: proven by a code, in my order, seen by nobody else."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import AuditEntry, User
from oncall.channels.webhook import signing_secret
from oncall.models import ContactMethod, Notification
from oncall.services.engine import claim
from oncall.services.methods import send_code, verify_method
from oncall.services.recording import record
from oncall.services.sending import attempt
from tests.factories import make_user
from tests.fakes.smtp import FakeSMTP
from tests.fakes.webhook import FakeWebhook

pytestmark = pytest.mark.django_db

ME = "/on-call/me/"


def make_method(user: User, **values: Any) -> ContactMethod:
    number = user.contact_methods.count()
    defaults = {
        "kind": "email",
        "address": f"phone{number}@example.com",
        "position": number,
        "verified_at": timezone.now(),
    }
    return user.contact_methods.create(**{**defaults, **values})


def add(client: Client, **values: str) -> Any:
    fields = {"kind": "email", "address": "phone@example.com", "delay": "0"}
    return client.post(f"{ME}methods/", {**fields, **values}, follow=True)


def code_in(text: str) -> str:
    found = re.search(r"\b\d{6}\b", text)
    assert found
    return found[0]


def test_without_a_method_the_page_says_where_pages_go(
    signed_in: Client, user: User
) -> None:
    text = signed_in.get(ME).content.decode()
    assert "no verified way to be reached" in text
    assert user.email in text


def test_an_address_is_used_once_its_code_was_typed_in(
    signed_in: Client, user: User, smtp_server: FakeSMTP
) -> None:
    assert "A code is on its way" in add(signed_in).content.decode()
    [mail] = smtp_server.mails
    assert mail.recipients == ("phone@example.com",)
    method = user.contact_methods.get()
    assert method.verified_at is None
    code = code_in(mail.subject)
    assert code not in method.code_hash
    path = f"{ME}methods/{method.pk}/verify/"
    page = signed_in.post(path, {"code": f" {code[:3]} {code[3:]} "}, follow=True)
    assert "Verified." in page.content.decode()
    verified = user.contact_methods.get()
    assert verified.verified_at is not None
    assert verified.code_hash == ""


def test_a_webhook_gets_the_code_signed_and_its_owner_sees_the_secret(
    signed_in: Client, sign_in: Any, user: User, webhook_server: FakeWebhook
) -> None:
    add(signed_in, kind="webhook", address=webhook_server.url)
    [request] = webhook_server.requests
    assert code_in(request.json["title"])
    secret = signing_secret(webhook_server.url)
    assert secret in signed_in.get(ME).content.decode()
    assert secret not in sign_in(role="admin").get(ME).content.decode()


def test_five_wrong_codes_spoil_the_right_one(
    signed_in: Client, user: User, smtp_server: FakeSMTP
) -> None:
    add(signed_in)
    method = user.contact_methods.get()
    code = code_in(smtp_server.mails[0].subject)
    wrong = f"{(int(code) + 1) % 10**6:06d}"
    path = f"{ME}methods/{method.pk}/verify/"
    for _ in range(5):
        page = signed_in.post(path, {"code": wrong}, follow=True)
    assert "This is not the code" in page.content.decode()
    page = signed_in.post(path, {"code": code}, follow=True)
    assert "tried too often" in page.content.decode()
    method.refresh_from_db()
    assert method.verified_at is None


def test_a_code_is_good_for_fifteen_minutes(
    signed_in: Client, user: User, smtp_server: FakeSMTP
) -> None:
    method = make_method(user, verified_at=None)
    at = timezone.now() - timedelta(minutes=15)
    send_code(method_id=method.pk, by=user, at=at)
    code = code_in(smtp_server.mails[0].subject)
    path = f"{ME}methods/{method.pk}/verify/"
    page = signed_in.post(path, {"code": code}, follow=True)
    assert "too old" in page.content.decode()
    verify_method(
        method_id=method.pk, code=code, by=user, at=at + timedelta(minutes=14)
    )


def test_another_code_is_sent_after_a_minute_and_ten_an_hour(
    signed_in: Client, user: User, smtp_server: FakeSMTP
) -> None:
    method = make_method(user, verified_at=None)
    path = f"{ME}methods/{method.pk}/code/"
    signed_in.post(path)
    page = signed_in.post(path, follow=True)
    assert "A code was sent just now" in page.content.decode()
    for minute in range(1, 10):
        at = timezone.now() + timedelta(minutes=minute, seconds=1)
        send_code(method_id=method.pk, by=user, at=at)
    ContactMethod.objects.update(code_expires_at=None)
    page = signed_in.post(path, follow=True)
    assert "10 codes an hour are enough" in page.content.decode()
    assert len(smtp_server.mails) == 10


def test_a_code_that_cannot_be_sent_says_what_the_provider_said(
    signed_in: Client, user: User, smtp_server: FakeSMTP
) -> None:
    smtp_server.answers["RCPT"] = "550 5.1.1 No such mailbox"
    page = add(signed_in)
    assert "No such mailbox" in page.content.decode()
    assert user.contact_methods.count() == 1


@pytest.mark.parametrize(
    ("values", "told"),
    [
        ({"address": "nobody"}, "Enter an e-mail address"),
        ({"kind": "webhook", "address": "gopher://x"}, "address_error"),
        ({"kind": "apprise", "address": "file:///etc/passwd"}, "reach the server"),
        ({"kind": "pigeon"}, "kind_error"),
        ({"delay": "9999"}, "delay_error"),
        ({"address": "x" * 501}, "address_error"),
    ],
)
def test_an_address_that_cannot_work_is_refused_at_once(
    signed_in: Client, user: User, values: dict[str, str], told: str
) -> None:
    response = add(signed_in, **values)
    assert response.status_code == 400
    assert told in response.content.decode()
    assert not user.contact_methods.exists()


def test_the_same_address_is_kept_once(signed_in: Client, user: User) -> None:
    make_method(user, address="phone@example.com")
    response = add(signed_in)
    assert response.status_code == 400
    assert "You have this one already" in response.content.decode()


def test_methods_are_put_in_order_delayed_and_removed(
    signed_in: Client, user: User
) -> None:
    first, second = make_method(user), make_method(user)
    signed_in.post(f"{ME}methods/{second.pk}/move/", {"to": "earlier"})
    assert list(user.contact_methods.all()) == [second, first]
    signed_in.post(f"{ME}methods/{second.pk}/move/", {"to": "earlier"})
    signed_in.post(f"{ME}methods/{second.pk}/move/", {"to": "later"})
    assert list(user.contact_methods.all()) == [first, second]
    signed_in.post(f"{ME}methods/{first.pk}/delay/", {"delay": "5"})
    first.refresh_from_db()
    assert first.delay == timedelta(minutes=5)
    signed_in.post(f"{ME}methods/{first.pk}/delete/")
    assert list(user.contact_methods.all()) == [second]


def test_a_test_page_takes_the_way_of_every_page(
    signed_in: Client, user: User, smtp_server: FakeSMTP
) -> None:
    method = make_method(user)
    path = f"{ME}methods/{method.pk}/test/"
    assert "on its way" in signed_in.post(path, follow=True).content.decode()
    again = signed_in.post(path, follow=True).content.decode()
    assert "sent just now" in again
    [notification] = claim(at=timezone.now(), limit=5)
    record([attempt(notification, now=timezone.now)])
    assert smtp_server.mails[0].subject == "Test page from Headwater"
    assert "Queued as 1" in signed_in.get(ME).content.decode()


def test_an_unverified_method_gets_no_test_page(signed_in: Client, user: User) -> None:
    method = make_method(user, verified_at=None)
    signed_in.post(f"{ME}methods/{method.pk}/test/")
    assert not Notification.objects.exists()


@pytest.mark.parametrize("act", ["code", "verify", "move", "delay", "delete", "test"])
def test_the_methods_of_others_are_not_there(signed_in: Client, act: str) -> None:
    theirs = make_method(make_user())
    assert signed_in.post(f"{ME}methods/{theirs.pk}/{act}/").status_code == 404


def test_viewers_are_reached_too(sign_in: Any, smtp_server: FakeSMTP) -> None:
    add(sign_in(role="viewer"))
    assert len(smtp_server.mails) == 1


def test_the_api_lists_my_methods(signed_in: Client, user: User) -> None:
    make_method(user, delay=timedelta(minutes=5))
    make_method(make_user())
    [method] = signed_in.get("/api/v1/me/contact-methods/").json()["results"]
    assert method["kind"] == "email"
    assert method["delay_minutes"] == 5
    assert method["verified_at"].endswith("Z")


def test_the_audit_log_holds_no_address(
    signed_in: Client, user: User, webhook_server: FakeWebhook
) -> None:
    add(signed_in, kind="webhook", address=f"{webhook_server.url}/secret-token")
    entries = list(AuditEntry.objects.values())
    assert len(entries) == 2
    assert "secret-token" not in str(entries)
