from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import AuditEntry, User
from accounts.services import (
    change_role,
    create_api_token,
    deactivate_person,
    record_audit,
)
from core.errors import DomainError
from tests.factories import NOON, make_team, make_user

SignIn = Callable[..., Client]


@pytest.mark.django_db
def test_an_admin_changes_a_role(sign_in: SignIn, user: User) -> None:
    admin = sign_in(role="admin")
    admin.post(f"/settings/people/{user.pk}/role/", {"role": "viewer"})
    user.refresh_from_db()
    assert user.role == "viewer"
    noted = AuditEntry.objects.get(action="person.role")
    assert noted.changes == {"role": ["responder", "viewer"]}
    assert noted.target_label == "Robin Responder"


@pytest.mark.django_db
def test_an_unknown_role_changes_nothing(sign_in: SignIn, user: User) -> None:
    response = sign_in(role="admin").post(
        f"/settings/people/{user.pk}/role/", {"role": "emperor"}, follow=True
    )
    assert "Choose one of the roles" in response.content.decode()
    user.refresh_from_db()
    assert user.role == "responder"


@pytest.mark.django_db
def test_a_deactivated_person_is_out_at_once(sign_in: SignIn, user: User) -> None:
    theirs = Client()
    theirs.force_login(user)
    assert theirs.get("/settings/").status_code == 200
    admin = sign_in(role="admin")
    admin.post(f"/settings/people/{user.pk}/deactivate/")
    assert theirs.get("/settings/").status_code == 302
    admin.post(f"/settings/people/{user.pk}/activate/")
    assert theirs.get("/settings/").status_code == 200
    actions = AuditEntry.objects.values_list("action", flat=True)
    assert set(actions) == {"person.deactivated", "person.activated"}


@pytest.mark.django_db
def test_the_last_active_admin_stays(sign_in: SignIn) -> None:
    make_user(role="admin", is_active=False)  # does not count
    client = sign_in(role="admin", email="last@example.com")
    last = User.objects.get(email="last@example.com")
    for path, values in (("role", {"role": "viewer"}), ("deactivate", {})):
        response = client.post(f"/settings/people/{last.pk}/{path}/", values)
        assert response.status_code == 409
        assert "last active admin" in response.content.decode()
    last.refresh_from_db()
    assert (last.role, last.is_active) == ("admin", True)
    assert not AuditEntry.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_admins_who_demote_each_other_at_once_leave_one() -> None:
    admins = [make_user(role="admin") for _ in range(4)]

    def demote(number: int) -> None:
        act = change_role if number % 2 else deactivate_person
        values = {"role": "viewer"} if number % 2 else {}
        try:
            act(
                person_id=admins[number].pk,
                by=admins[number - 1],
                at=NOON,
                **values,
            )
        except DomainError:
            pass
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(demote, range(4)))
    assert User.objects.filter(role="admin", is_active=True).count() == 1


@pytest.mark.django_db
def test_the_query_count_of_the_people_page_does_not_grow(sign_in: SignIn) -> None:
    client = sign_in(role="admin")
    team = make_team()
    client.get("/settings/people/")
    counts = []
    for size in (1, 6):
        for _ in range(size):
            team.members.add(make_user())
        with CaptureQueriesContext(connection) as queries:
            assert client.get("/settings/people/").status_code == 200
        counts.append(len(queries))
    assert counts[0] == counts[1]


@pytest.mark.django_db
def test_the_audit_log_says_nested_values_in_words(user: User) -> None:
    steps = [{"targets": [{"id": 1, "label": "Loads on call"}], "delay_seconds": 300}]
    changes = {
        "steps": [None, [*steps, {"targets": [{"label": "Bo"}], "delay_seconds": 60}]],
        "is_default": [False, True],
        "when": [{}, {}],
        "note": ["old", ""],
    }
    entry = record_audit(
        actor=user, action="policy.created", target=user, changes=changes, at=NOON
    )
    assert entry.lines == [
        (
            "steps",
            "targets Loads on call, delay seconds 300; targets Bo, delay seconds 60",
        ),
        ("is default", "no → yes"),
        ("note", "old removed"),
    ]


@pytest.mark.django_db
def test_the_audit_log_is_paged_and_speaks_in_words(sign_in: SignIn) -> None:
    client = sign_in(role="admin")
    somebody = make_user(name="Sam")
    for number in range(60):
        create_api_token(owner=somebody, name=f"token {number}", at=NOON)
    change_role(person_id=somebody.pk, role="viewer", by=somebody, at=NOON)
    newest = client.get("/settings/audit/").content.decode()
    assert "responder → viewer" in newest
    assert "token 59" in newest
    assert "token 5 " not in newest
    assert "token 5 " in client.get("/settings/audit/?page=2").content.decode()
