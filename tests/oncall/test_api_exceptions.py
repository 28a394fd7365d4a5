"""Overrides and swaps over HTTP."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import AuditEntry, User
from oncall.models import Override, Schedule, Swap
from tests.factories import make_schedule, make_user

pytestmark = pytest.mark.django_db

SPAN = {"start": "2099-01-06T10:00:00Z", "end": "2099-01-06T12:00:00Z"}


def post(client: Client, path: str, body: object = None) -> Any:
    return client.post(f"/api/v1/{path}", body, content_type="application/json")


def always(user: User) -> Schedule:
    return make_schedule(layers=[{"kind": "always", "users": [str(user.pk)]}])


def shifts(client: Client, schedule: Schedule) -> list[list[str]]:
    window = {"from": "2099-01-06T09:00:00Z", "to": "2099-01-06T13:00:00Z"}
    answer = client.get(f"/api/v1/schedules/{schedule.pk}/shifts/", window)
    return [shift["users"] for shift in answer.json()["shifts"]]


@pytest.mark.parametrize(
    ("fields", "during"),
    [
        ({"type": "cover", "add": "bo"}, ["bo"]),
        ({"type": "add", "add": "bo"}, ["bo", "user"]),
        ({"type": "replace", "add": "bo", "remove": "user"}, ["bo"]),
        ({"type": "replace", "add": "bo", "remove": "bo2"}, None),
        ({"type": "remove", "remove": "user"}, None),
    ],
    ids=["cover", "add", "replace", "replace somebody else", "remove"],
)
def test_an_override_changes_who_is_on_call(
    signed_in: Client,
    user: User,
    fields: dict[str, str],
    during: list[str] | None,
) -> None:
    bo = make_user(email="bo@example.com")
    schedule = always(user)
    keys = {"user": str(user.pk), "bo": bo.email, "bo2": str(make_user().pk)}
    people = {
        name: keys[value] for name, value in fields.items() if name in ("add", "remove")
    }
    body = {"schedule": schedule.pk, **SPAN, **fields, **people}
    response = post(signed_in, "overrides/", body)
    assert response.status_code == 201, response.content
    assert response.json()["start"] == SPAN["start"]
    known = {"user": str(user.pk), "bo": str(bo.pk)}
    outside = [str(user.pk)]
    expected = [outside, outside] if fields["type"] == "remove" else [outside]
    if during:
        expected = [outside, sorted(known[name] for name in during), outside]
    assert shifts(signed_in, schedule) == expected
    assert AuditEntry.objects.get().action == "schedule.override_added"


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"schedule": 999}, "schedule"),
        ({"schedule": {"a": 1}}, "schedule"),
        ({"type": "magic"}, "type"),
        ({"add": None}, "add"),
        ({"add": "nobody@example.com"}, "add"),
        ({"add": ["x"]}, "add"),
        ({"start": "2099-01-06"}, "start"),
        ({"end": "2099-01-06T10:00:00Z"}, "end"),
        ({"start": "0001-01-01T00:00:00Z"}, "start"),
        ({"end": "9999-12-31T23:59:59Z"}, "end"),
        ({"type": "remove"}, "remove"),
        ({"priority": 10**12}, "priority"),
        ({"type": "replace", "remove": "same"}, "add"),
    ],
)
def test_an_override_that_cannot_be_is_refused_by_field(
    signed_in: Client, user: User, change: dict[str, Any], field: str
) -> None:
    fields = {"schedule": always(user).pk, "type": "cover", "add": user.pk, **SPAN}
    body = {**fields, **change}
    if body.get("remove") == "same":
        body["remove"] = user.pk
    response = post(signed_in, "overrides/", body)
    assert response.status_code == 400, response.content
    assert field in response.json()
    assert not Override.objects.exists()


def test_an_override_is_listed_and_deleted(signed_in: Client, user: User) -> None:
    body = {"schedule": always(user).pk, "type": "cover", "add": user.pk, **SPAN}
    made = post(signed_in, "overrides/", body).json()
    assert signed_in.get("/api/v1/overrides/").json()["results"] == [made]
    path = f"/api/v1/overrides/{made['id']}/"
    assert signed_in.get(path).json() == made
    assert signed_in.delete(path).status_code == 204
    assert signed_in.delete(path).status_code == 404


def test_a_swap_counts_once_it_is_taken(
    signed_in: Client, sign_in: Any, user: User
) -> None:
    schedule = always(user)
    bo = make_user(role="responder")
    taker = Client()
    taker.force_login(bo)
    made = post(signed_in, "swaps/", {"schedule": schedule.pk, **SPAN})
    assert made.status_code == 201, made.content
    swap = made.json()
    assert (swap["from"], swap["to"], swap["taken"]) == (str(user.pk), None, False)
    assert shifts(signed_in, schedule) == [[str(user.pk)]]
    for _ in range(2):
        taken = post(taker, f"swaps/{swap['id']}/take/")
        assert taken.status_code == 200
    assert taken.json()["to"] == str(bo.pk)
    assert taken.json()["taken"] is True
    assert shifts(signed_in, schedule) == [[str(user.pk)], [str(bo.pk)], [str(user.pk)]]
    late = post(sign_in(role="admin"), f"swaps/{swap['id']}/take/")
    assert late.status_code == 409
    assert late.json()["current"] == "taken"


def test_a_swap_is_not_taken_by_its_giver_nor_by_another_than_it_is_offered_to(
    signed_in: Client, sign_in: Any, user: User
) -> None:
    bo = make_user()
    body = {"schedule": always(user).pk, "from": user.email, "to": bo.pk, **SPAN}
    swap = post(signed_in, "swaps/", body).json()
    assert post(signed_in, f"swaps/{swap['id']}/take/").status_code == 409
    other = sign_in(role="responder")
    assert post(other, f"swaps/{swap['id']}/take/").status_code == 409
    assert Swap.objects.get().taken_at is None


def test_a_swap_that_is_over_is_not_taken(sign_in: Any, user: User) -> None:
    swap = always(user).swaps.create(
        giver=user,
        start_at=timezone.now() - timedelta(hours=2),
        end_at=timezone.now() - timedelta(hours=1),
    )
    response = post(sign_in(role="responder"), f"swaps/{swap.pk}/take/")
    assert response.status_code == 409


@pytest.mark.parametrize("path", ["overrides/", "swaps/", "swaps/1/take/"])
def test_viewers_make_no_exceptions(sign_in: Any, path: str) -> None:
    assert post(sign_in(role="viewer"), path, {}).status_code == 403


def test_five_hundred_overrides_ahead_are_enough(signed_in: Client, user: User) -> None:
    schedule = always(user)
    values = {"type": "add", "add": user, "start_at": SPAN["start"]}
    Override.objects.bulk_create(
        Override(schedule=schedule, end_at=SPAN["end"], **values) for _ in range(500)
    )
    body = {"schedule": schedule.pk, "type": "cover", "add": user.pk, **SPAN}
    assert post(signed_in, "overrides/", body).status_code == 409


def test_the_overrides_of_years_do_not_make_a_schedule_unreadable(
    signed_in: Client, user: User
) -> None:
    schedule = always(user)
    values = {"type": "add", "add": user, "start_at": "2020-01-01T00:00:00Z"}
    Override.objects.bulk_create(
        Override(schedule=schedule, end_at="2020-01-02T00:00:00Z", **values)
        for _ in range(2_001)
    )
    [standing] = signed_in.get("/api/v1/oncall/").json()
    assert standing["users"] == [str(user.pk)]
    assert shifts(signed_in, schedule) == [[str(user.pk)]]
