from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client

from accounts.models import AuditEntry, User
from accounts.services import create_first_admin
from core.errors import InvalidTransitionError
from tests.factories import NOON, make_user

FIRST = {
    "email": "Ada@Example.com",
    "name": "Ada Admin",
    "password": "a quiet river at dawn",
    "time_zone": "europe/madrid",
}


@pytest.mark.django_db
def test_a_stranger_is_sent_to_the_first_run_page_while_there_is_nobody() -> None:
    response = Client().get("/incidents/")
    assert (response.status_code, response.headers["Location"]) == (302, "/setup/")


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["/api/v1/me/", "/healthz"])
def test_programs_are_answered_as_usual_while_there_is_nobody(path: str) -> None:
    assert Client().get(path).status_code in (200, 401)


@pytest.mark.django_db
def test_the_first_run_makes_an_admin_and_signs_them_in() -> None:
    client = Client()
    response = client.post("/setup/", FIRST)
    assert response.status_code == 302
    admin = User.objects.get()
    assert (admin.email, admin.role) == ("ada@example.com", "admin")
    assert admin.time_zone == "Europe/Madrid"
    assert client.get("/settings/").status_code == 200
    assert AuditEntry.objects.get().action == "person.first_admin"


@pytest.mark.django_db
def test_the_first_run_page_is_gone_once_there_is_somebody() -> None:
    make_user()
    assert Client().get("/setup/").status_code == 404
    assert Client().post("/setup/", FIRST).status_code == 404
    assert User.objects.count() == 1


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("email", "ada", "valid email"),
        ("password", "short", "at least 10 characters"),
        ("password", "password1234", "too common"),
        ("time_zone", "Nowhere", "no time zone"),
        ("time_zone", "../../etc/passwd", "no time zone"),
        ("name", "a\x00b", "Null characters"),
    ],
)
def test_the_first_run_says_what_is_wrong(field: str, value: str, said: str) -> None:
    response = Client().post("/setup/", {**FIRST, field: value})
    assert response.status_code == 400
    assert said in response.content.decode()
    assert not User.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_two_first_runs_at_once_make_one_admin() -> None:
    def run(number: int) -> Any:
        try:
            return create_first_admin(
                email=f"person{number}@example.com",
                name="",
                password="a quiet river at dawn",
                time_zone="UTC",
                at=NOON,
            )
        except InvalidTransitionError:
            return None
        finally:
            connection.close()

    with ThreadPoolExecutor(6) as pool:
        made = [user for user in pool.map(run, range(6)) if user]
    assert list(User.objects.all()) == made
    assert len(made) == 1


@pytest.mark.django_db
def test_createsuperuser_makes_an_admin_without_asking(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("DJANGO_SUPERUSER_EMAIL", "Root@Example.com")
    monkeypatch.setenv("DJANGO_SUPERUSER_PASSWORD", "a quiet river at dawn")
    call_command("createsuperuser", "--noinput", verbosity=0)
    admin = User.objects.get()
    assert (admin.email, admin.role) == ("root@example.com", "admin")
    assert admin.check_password("a quiet river at dawn")
    with pytest.raises(CommandError, match="already taken"):
        call_command("createsuperuser", "--noinput", verbosity=0)
