from collections.abc import Callable

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import AuditEntry, Team, User
from accounts.services import create_team
from core.errors import DomainError
from tests.factories import NOON, make_team, make_user

pytestmark = pytest.mark.django_db
SignIn = Callable[..., Client]


def test_a_responder_makes_a_team(signed_in: Client) -> None:
    values = {"name": "Data platform", "description": "Ingestion"}
    response = signed_in.post("/settings/teams/create/", values)
    team = Team.objects.get()
    assert response.headers["Location"] == f"/settings/teams/{team.pk}/"
    assert (team.name, team.slug) == ("Data platform", "data-platform")
    assert AuditEntry.objects.get().action == "team.created"


def test_a_name_is_taken_whatever_its_case(signed_in: Client, user: User) -> None:
    make_team(name="Data platform")
    response = signed_in.post("/settings/teams/create/", {"name": "DATA platform"})
    assert response.status_code == 400
    assert "already a team" in response.content.decode()
    with pytest.raises(DomainError, match="already a team named"):
        create_team(name="data Platform", by=user, at=NOON)


def test_names_that_slug_alike_stay_two_teams(user: User) -> None:
    names = ("Data!", "Data?", "数据", "データ")
    slugs = [create_team(name=name, by=user, at=NOON).slug for name in names]
    assert slugs == ["data", "data-2", "team", "team-2"]


def test_renaming_keeps_the_slug_and_is_noted(signed_in: Client) -> None:
    team = make_team(name="Old", slug="old")
    values = {"name": "New", "description": ""}
    for _ in range(2):
        signed_in.post(f"/settings/teams/{team.pk}/change/", values)
    team.refresh_from_db()
    assert (team.name, team.slug) == ("New", "old")
    assert AuditEntry.objects.get().changes == {"name": ["Old", "New"]}


def test_renaming_to_a_taken_name_is_refused(signed_in: Client) -> None:
    make_team(name="Taken")
    team = make_team(name="Mine")
    response = signed_in.post(f"/settings/teams/{team.pk}/change/", {"name": "taken"})
    assert response.status_code == 400


def test_members_come_and_go(signed_in: Client) -> None:
    team, person = make_team(), make_user()
    for _ in range(2):
        signed_in.post(f"/settings/teams/{team.pk}/members/", {"person": person.pk})
    assert list(team.members.all()) == [person]
    for _ in range(2):
        signed_in.post(f"/settings/teams/{team.pk}/members/{person.pk}/remove/")
    assert not team.members.exists()
    actions = AuditEntry.objects.order_by("pk").values_list("action", flat=True)
    assert list(actions) == ["team.member_added", "team.member_removed"]


def test_a_deactivated_person_cannot_be_added(signed_in: Client) -> None:
    team, gone = make_team(), make_user(is_active=False)
    response = signed_in.post(
        f"/settings/teams/{team.pk}/members/", {"person": gone.pk}, follow=True
    )
    assert "Choose somebody" in response.content.decode()
    assert not team.members.exists()


def test_a_viewer_sees_teams_and_changes_none(sign_in: SignIn) -> None:
    team = make_team(name="Old")
    viewer = sign_in(role="viewer")
    page = viewer.get(f"/settings/teams/{team.pk}/").content.decode()
    assert "Old" in page
    assert "Save" not in page
    assert viewer.post("/settings/teams/create/", {"name": "X"}).status_code == 403
    change = viewer.post(f"/settings/teams/{team.pk}/change/", {"name": "X"})
    assert change.status_code == 403


def test_the_query_count_of_the_teams_page_does_not_grow(signed_in: Client) -> None:
    signed_in.get("/settings/teams/")  # the first request looks for people
    counts = []
    for size in (1, 6):
        for _ in range(size):
            make_team().members.add(make_user(), make_user())
        with CaptureQueriesContext(connection) as queries:
            assert signed_in.get("/settings/teams/").status_code == 200
        counts.append(len(queries))
    assert counts[0] == counts[1]


def test_the_api_makes_and_lists_teams(signed_in: Client) -> None:
    person = make_user()
    wanted = {"name": "Marts", "members": [person.email.upper()]}
    made = signed_in.post("/api/v1/teams/", wanted, content_type="application/json")
    assert made.status_code == 201
    assert made.json()["members"] == [person.email]
    listed = signed_in.get("/api/v1/teams/").json()
    assert listed["results"] == [made.json()]
    assert set(listed) == {"next", "previous", "results"}


@pytest.mark.parametrize(
    ("wanted", "field"),
    [
        ({}, "name"),
        ({"name": ""}, "name"),
        ({"name": 7 * [1]}, "name"),
        ({"name": "a\x00"}, "detail"),  # no JSON text of ours holds U+0000
        ({"name": "x", "members": ["nobody@example.com"]}, "members"),
        ({"name": "x", "members": "everybody"}, "members"),
    ],
)
def test_the_api_names_the_field_that_is_wrong(
    signed_in: Client, wanted: dict[str, object], field: str
) -> None:
    response = signed_in.post("/api/v1/teams/", wanted, content_type="application/json")
    assert response.status_code == 400
    assert field in response.json()


def test_a_second_team_of_the_name_is_409_in_the_api(signed_in: Client) -> None:
    make_team(name="Marts")
    response = signed_in.post(
        "/api/v1/teams/", {"name": "marts"}, content_type="application/json"
    )
    assert (response.status_code, "detail" in response.json()) == (409, True)


def test_the_query_count_of_the_api_lists_does_not_grow(signed_in: Client) -> None:
    for path in ("/api/v1/teams/", "/api/v1/users/"):
        signed_in.get(path)  # the first request looks for people
        counts = []
        for size in (1, 6):
            for _ in range(size):
                make_team().members.add(make_user())
            with CaptureQueriesContext(connection) as queries:
                assert signed_in.get(path).status_code == 200
            counts.append(len(queries))
        assert counts[0] == counts[1]
