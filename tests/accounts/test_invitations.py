import re
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from urllib.parse import urlsplit

import pytest
from django.core import mail
from django.db import connection
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from accounts.models import AuditEntry, Invitation, User
from accounts.services import (
    accept_invitation,
    invite,
    revoke_invitation,
    send_invitation,
)
from core.errors import DomainError, InvalidTransitionError
from tests.factories import NOON, make_team, make_user

ABOUT_ME = {
    "name": "Noor New",
    "password": "a quiet river at dawn",
    "time_zone": "Asia/Tokyo",
}


@pytest.fixture
def admin(db: None) -> User:
    return make_user(role="admin", name="Ada Admin")


def invited(admin: User, **values: object) -> tuple[Invitation, str]:
    given = {
        "email": "noor@example.com",
        "role": "responder",
        "team": None,
        "at": timezone.now(),
        **values,
    }
    invitation, link = invite(by=admin, **given)  # type: ignore[arg-type]  # few tests
    return invitation, urlsplit(link).path


def test_the_link_is_shown_once_and_mailed(admin: User, client: Client) -> None:
    client.force_login(admin)
    answer = {"email": "Noor@Example.com", "role": "viewer", "team": ""}
    response = client.post("/settings/people/", answer)
    link = response.context["link"]
    assert link in response.content.decode()
    assert link in mail.outbox[0].body
    assert mail.outbox[0].to == ["noor@example.com"]
    assert link not in client.get("/settings/people/").content.decode()
    token = re.search(r"/invitation/(.+)/", link)
    assert token
    assert token[1] not in str(list(Invitation.objects.values()))


def test_an_invited_person_joins_the_team_and_is_signed_in(admin: User) -> None:
    team = make_team()
    invitation, path = invited(admin, role="viewer", team=team)
    client = Client()
    assert "noor@example.com" in client.get(path).content.decode()
    assert client.post(path, ABOUT_ME).status_code == 302
    person = User.objects.get(email="noor@example.com")
    assert (person.name, person.role) == ("Noor New", "viewer")
    assert person.time_zone == "Asia/Tokyo"
    assert list(team.members.all()) == [person]
    assert client.get("/api/v1/me/").json()["email"] == "noor@example.com"
    noted = AuditEntry.objects.get(action="invitation.accepted")
    assert noted.actor == person


def test_a_used_link_says_so(admin: User) -> None:
    _, path = invited(admin)
    Client().post(path, ABOUT_ME)
    response = Client().post(path, {**ABOUT_ME, "name": "Somebody else"})
    assert response.status_code == 410
    assert "already used" in response.content.decode()
    assert User.objects.filter(email="noor@example.com").count() == 1


def test_a_link_expires_after_seven_days(admin: User) -> None:
    _, path = invited(admin, at=timezone.now() - timedelta(days=7, seconds=1))
    response = Client().get(path)
    assert response.status_code == 410
    assert "expired" in response.content.decode()


def test_a_withdrawn_link_says_so(admin: User, client: Client) -> None:
    invitation, path = invited(admin)
    client.force_login(admin)
    client.post(f"/settings/invitations/{invitation.pk}/revoke/")
    response = Client().get(path)
    assert response.status_code == 410
    assert "withdrawn" in response.content.decode()


def test_an_unknown_link_is_explained(admin: User) -> None:
    response = Client().get("/invitation/nonsense/")
    assert response.status_code == 404
    assert "not known" in response.content.decode()


def test_inviting_again_makes_the_earlier_link_useless(admin: User) -> None:
    _, first = invited(admin)
    _, second = invited(admin)
    assert Client().get(first).status_code == 410
    assert Client().get(second).status_code == 200


def test_somebody_with_an_account_is_not_invited(admin: User, client: Client) -> None:
    client.force_login(admin)
    answer = {"email": admin.email.upper(), "role": "viewer"}
    response = client.post("/settings/people/", answer)
    assert response.status_code == 400
    assert "already signs in" in response.content.decode()
    with pytest.raises(DomainError, match="already has an account"):
        invite(email=admin.email, role="viewer", team=None, by=admin, at=NOON)


def test_an_address_that_got_an_account_otherwise_is_refused(admin: User) -> None:
    invitation, path = invited(admin)
    make_user(email="noor@example.com")
    response = Client().post(path, ABOUT_ME)
    assert response.status_code == 409
    invitation.refresh_from_db()
    assert invitation.accepted_at is None


def test_an_accepted_invitation_cannot_be_withdrawn(admin: User) -> None:
    invitation, path = invited(admin)
    Client().post(path, ABOUT_ME)
    with pytest.raises(InvalidTransitionError, match="already accepted"):
        revoke_invitation(invitation_id=invitation.pk, by=admin, at=NOON)


def test_a_mail_server_that_is_away_does_not_lose_the_link(
    admin: User, client: Client, settings: Settings
) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 9
    client.force_login(admin)
    answer = {"email": "noor@example.com", "role": "viewer"}
    response = client.post("/settings/people/", answer)
    assert response.status_code == 200
    assert "did not take the mail" in response.content.decode()
    assert Client().get(urlsplit(response.context["link"]).path).status_code == 200


def test_sending_tells_whether_it_worked(admin: User) -> None:
    invitation, link = invited(admin)
    assert send_invitation(invitation=invitation, link=link)


@pytest.mark.django_db(transaction=True)
def test_two_who_use_one_link_at_once_make_one_account() -> None:
    admin = make_user(role="admin")
    invitation, _ = invited(admin)

    def accept(number: int) -> bool:
        try:
            accept_invitation(
                invitation_id=invitation.pk,
                name=f"Number {number}",
                password="a quiet river at dawn",
                time_zone="UTC",
                at=timezone.now(),
            )
        except InvalidTransitionError:
            return False
        finally:
            connection.close()
        return True

    with ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(accept, range(4))) == 1
    assert User.objects.filter(email="noor@example.com").count() == 1
