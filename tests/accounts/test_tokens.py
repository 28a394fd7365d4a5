from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.test import Client

from accounts.models import ApiToken, AuditEntry, User
from accounts.services import (
    create_api_token,
    deactivate_person,
    revoke_api_token,
    use_api_token,
)
from tests.factories import NOON, make_user

pytestmark = pytest.mark.django_db


def bearer(secret: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {secret}"}


def test_a_token_acts_as_its_owner(client: Client, user: User) -> None:
    _, secret = create_api_token(owner=user, name="deploy", at=NOON)
    response = client.get("/api/v1/me/", headers=bearer(secret))
    assert (response.status_code, response.json()["email"]) == (200, user.email)


def test_the_secret_is_kept_nowhere(user: User) -> None:
    token, secret = create_api_token(owner=user, name="deploy", at=NOON)
    assert secret.startswith("hw_")
    assert secret not in str(ApiToken.objects.filter(pk=token.pk).values().get())
    assert secret not in str(list(AuditEntry.objects.values()))


@pytest.mark.parametrize("credentials", ["Bearer hw_wrong", "Bearer ", "bearer é"])
def test_a_wrong_token_is_401_and_says_how_to_do_it(
    client: Client, user: User, credentials: str
) -> None:
    client.force_login(user)  # a session does not rescue a wrong token
    response = client.get("/api/v1/me/", headers={"Authorization": credentials})
    assert response.status_code == 401
    assert response.headers["WWW-Authenticate"].startswith("Bearer")
    assert "detail" in response.json()


def test_without_credentials_it_is_401(client: Client, user: User) -> None:
    response = client.get("/api/v1/me/")
    assert response.status_code == 401
    assert response.headers["WWW-Authenticate"].startswith("Bearer")


def test_a_revoked_token_stops_working(client: Client, user: User) -> None:
    token, secret = create_api_token(owner=user, name="deploy", at=NOON)
    for _ in range(2):
        revoke_api_token(token_id=token.pk, by=user, at=NOON)
    assert client.get("/api/v1/me/", headers=bearer(secret)).status_code == 401
    assert AuditEntry.objects.filter(action="token.revoked").count() == 1


def test_a_deactivated_owner_takes_their_tokens_along(user: User) -> None:
    _, secret = create_api_token(owner=user, name="deploy", at=NOON)
    deactivate_person(person_id=user.pk, by=user, at=NOON)
    assert use_api_token(secret=secret, at=NOON) is None


def test_last_use_is_noted_at_most_once_a_minute(user: User) -> None:
    token, secret = create_api_token(owner=user, name="deploy", at=NOON)
    noted = []
    for seconds in (0, 30, 59, 60, 70, 121):
        use_api_token(secret=secret, at=NOON + timedelta(seconds=seconds))
        token.refresh_from_db()
        assert token.last_used_at is not None
        noted.append((token.last_used_at - NOON).total_seconds())
    assert noted == [0, 0, 0, 60, 60, 121]


def test_the_page_shows_a_new_token_once(signed_in: Client, user: User) -> None:
    response = signed_in.post("/settings/tokens/", {"name": "deploy"})
    secret = response.context["secret"]
    assert secret in response.content.decode()
    assert "no-store" in response.headers["Cache-Control"]
    again = signed_in.get("/settings/tokens/").content.decode()
    assert secret not in again
    assert "deploy" in again


def test_nobody_revokes_the_token_of_somebody_else(signed_in: Client) -> None:
    token, secret = create_api_token(owner=make_user(), name="theirs", at=NOON)
    assert signed_in.post(f"/settings/tokens/{token.pk}/revoke/").status_code == 404
    assert use_api_token(secret=secret, at=NOON) is not None


def test_the_command_prints_a_working_token_as_its_last_line(
    client: Client, user: User
) -> None:
    out = StringIO()
    call_command("token", user.email.upper(), stdout=out)
    secret = out.getvalue().strip().splitlines()[-1]
    assert client.get("/api/v1/me/", headers=bearer(secret)).status_code == 200


def test_the_command_says_when_it_knows_nobody() -> None:
    with pytest.raises(CommandError, match=r"Nobody signs in with x@example\.com"):
        call_command("token", "x@example.com")
    gone = make_user(is_active=False)
    with pytest.raises(CommandError, match="deactivated"):
        call_command("token", gone.email)
