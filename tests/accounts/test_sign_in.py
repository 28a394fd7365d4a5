import re
from collections.abc import Callable, Iterator
from urllib.parse import urlsplit

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import (
    format_hotp_value,
    hotp_value,
    yield_hotp_counters_from_time,
)
from django.core import mail
from django.core.cache import cache
from django.test import Client
from pytest_django import Settings

from accounts.models import AuditEntry, User
from tests.factories import make_user

pytestmark = pytest.mark.django_db

PASSWORD = "a quiet river at dawn"
SignIn = Callable[..., Client]


@pytest.fixture(autouse=True)
def _no_earlier_attempts() -> Iterator[None]:
    cache.clear()
    yield
    cache.clear()


@pytest.fixture
def person(db: None) -> User:
    return make_user(email="pat@example.com", password=PASSWORD, name="Pat")


def sign_in_with(client: Client, password: str, email: str = "pat@example.com") -> int:
    answer = {"login": email, "password": password}
    return client.post("/accounts/login/", answer).status_code


def totp_code(secret: str) -> str:
    counter = next(iter(yield_hotp_counters_from_time()))
    return str(format_hotp_value(hotp_value(secret, counter)))


def set_up_app(client: Client) -> str:
    """Return the secret that the person's app now holds."""
    path = "/accounts/2fa/totp/activate/"
    asked = client.get(path)
    assert asked.headers["Location"].startswith("/accounts/reauthenticate/")
    client.post(asked.headers["Location"], {"password": PASSWORD})
    secret: str = client.get(path).context["form"].secret
    client.post(path, {"code": totp_code(secret)})
    return secret


def test_signing_in_leads_to_where_one_wanted_to_go(person: User) -> None:
    client = Client()
    asked = client.get("/settings/tokens/")
    assert asked.headers["Location"] == "/accounts/login/?next=/settings/tokens/"
    answer = {"login": "PAT@example.com", "password": PASSWORD}
    response = client.post("/accounts/login/?next=/settings/tokens/", answer)
    assert response.headers["Location"] == "/settings/tokens/"


def test_signing_in_leads_nowhere_else(person: User) -> None:
    answer = {"login": person.email, "password": PASSWORD}
    for elsewhere in ("https://evil.example/", "//evil.example/"):
        response = Client().post(f"/accounts/login/?next={elsewhere}", answer)
        assert response.headers["Location"] == "/"


def test_a_wrong_password_and_an_unknown_address_look_alike(person: User) -> None:
    said = []
    for email in ("pat@example.com", "nobody@example.com"):
        answer = {"login": email, "password": "wrong password"}
        html = Client().post("/accounts/login/", answer).content.decode()
        said.append(re.findall(r'role="alert">(.*?)</div>', html, re.DOTALL))
    assert said[0]
    assert said[0] == said[1]


def test_guessing_is_slowed_down(person: User) -> None:
    client = Client()
    for _ in range(12):
        sign_in_with(client, "wrong password")
    assert sign_in_with(client, PASSWORD) != 302


def test_a_deactivated_person_is_told_so(person: User) -> None:
    person.is_active = False
    person.save(update_fields=["is_active"])
    answer = {"login": person.email, "password": PASSWORD}
    response = Client().post("/accounts/login/", answer, follow=True)
    assert "deactivated" in response.content.decode()


def test_nobody_signs_up(person: User) -> None:
    answer = {"email": "me@example.com", "password1": PASSWORD}
    response = Client().post("/accounts/signup/", answer)
    assert "by invitation" in response.content.decode()
    assert User.objects.count() == 1


def test_signing_out_ends_the_session(signed_in: Client) -> None:
    signed_in.post("/accounts/logout/")
    assert signed_in.get("/settings/").status_code == 302


def test_a_forgotten_password_is_set_by_mail(person: User, settings: Settings) -> None:
    settings.PUBLIC_URL = "https://ops.example.org"
    settings.ALLOWED_HOSTS = ["evil.example", "testserver"]
    client = Client()
    client.post(
        "/accounts/password/reset/",
        {"email": person.email},
        headers={"Host": "evil.example"},
    )
    link = re.search(r"https?://\S+", str(mail.outbox[0].body))
    assert link
    assert link[0].startswith("https://ops.example.org/")  # not where the Host says
    assert mail.outbox[0].subject == "Headwater: Choose a new password"
    form = client.get(urlsplit(link[0]).path, follow=True)
    action = form.redirect_chain[-1][0]
    new = {"password1": "another calm river", "password2": "another calm river"}
    client.post(action, new)
    person.refresh_from_db()
    assert person.check_password("another calm river")
    assert AuditEntry.objects.get().action == "person.password"
    assert "no longer works" in Client().get(action, follow=True).content.decode()


def test_asking_for_an_unknown_address_mails_nobody_and_looks_the_same(
    person: User,
) -> None:
    said = [
        Client().post("/accounts/password/reset/", {"email": email}, follow=True)
        for email in (person.email, "nobody@example.com")
    ]
    assert said[0].content == said[1].content
    assert [message.to for message in mail.outbox] == [[person.email]]


def test_a_mail_server_that_is_away_is_said_and_no_500(
    person: User, settings: Settings
) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 9
    response = Client().post("/accounts/password/reset/", {"email": person.email})
    assert response.status_code == 503
    assert "mail server" in response.content.decode()


def test_a_changed_password_is_noted_and_mailed(person: User) -> None:
    client = Client()
    sign_in_with(client, PASSWORD)
    response = client.post(
        "/accounts/password/change/",
        {
            "oldpassword": PASSWORD,
            "password1": "another calm river",
            "password2": "another calm river",
        },
    )
    assert response.headers["Location"] == "/settings/"
    assert client.get("/settings/").status_code == 200  # still signed in
    assert AuditEntry.objects.get().action == "person.password"
    assert mail.outbox[0].subject == "Headwater: Your password was changed"


def test_a_second_factor_is_asked_for_from_then_on(person: User) -> None:
    client = Client()
    sign_in_with(client, PASSWORD)
    secret = set_up_app(client)
    kept = Authenticator.objects.get(type="totp")
    assert secret not in str(kept.data)
    actions = AuditEntry.objects.values_list("action", flat=True)
    assert set(actions) == {"person.second_factor_added"}
    codes = client.get("/accounts/2fa/recovery-codes/").context["unused_codes"]

    cache.clear()  # a code works once, and this one has just been used
    other = Client()
    asked = other.post(
        "/accounts/login/", {"login": person.email, "password": PASSWORD}
    )
    assert asked.headers["Location"].startswith("/accounts/2fa/authenticate/")
    assert other.get("/settings/").status_code == 302
    wrong = other.post("/accounts/2fa/authenticate/", {"code": "000000"})
    assert wrong.status_code == 200
    other.post("/accounts/2fa/authenticate/", {"code": totp_code(secret)})
    assert other.get("/settings/").status_code == 200

    lost = Client()
    sign_in_with(lost, PASSWORD)
    lost.post("/accounts/2fa/authenticate/", {"code": codes[0]})
    assert lost.get("/settings/").status_code == 200


def test_removing_the_second_factor_is_noted(person: User) -> None:
    client = Client()
    sign_in_with(client, PASSWORD)
    set_up_app(client)
    client.post("/accounts/2fa/totp/deactivate/")
    assert not Authenticator.objects.exists()
    noted = AuditEntry.objects.filter(action="person.second_factor_removed")
    assert noted.count() == 2  # the app and its recovery codes


def test_addresses_are_not_changed_behind_the_admins_back(signed_in: Client) -> None:
    assert signed_in.get("/accounts/email/").status_code == 404
    assert signed_in.post("/accounts/email/", {"email": "a@b.com"}).status_code == 404
