"""Absences, cover, offers taken back and calendars as layers over HTTP."""

from typing import Any

import pytest
from django.test import Client, override_settings

from accounts.models import User
from oncall.models import Override, Schedule, Swap
from tests.factories import make_schedule, make_user

pytestmark = pytest.mark.django_db

SPAN = {"start": "2099-01-06T10:00:00Z", "end": "2099-01-06T18:00:00Z"}
WINDOW = {"from": "2099-01-06T00:00:00Z", "to": "2099-01-07T00:00:00Z"}


def post(client: Client, path: str, body: object = None) -> Any:
    return client.post(f"/api/v1/{path}", body, content_type="application/json")


def always(user: User, **values: Any) -> Schedule:
    layers = [{"kind": "always", "users": [str(user.pk)]}]
    return make_schedule(layers=layers, **values)


def test_an_absence_says_which_shifts_need_cover_until_it_is_taken_back(
    signed_in: Client, user: User
) -> None:
    schedule = always(user)
    made = post(signed_in, "me/absences/", {**SPAN, "note": "Hiking"})
    assert made.status_code == 201, made.content
    assert signed_in.get("/api/v1/me/absences/").json()["results"] == [made.json()]
    needed = signed_in.get("/api/v1/oncall/uncovered/", WINDOW).json()
    assert needed == [{"schedule": schedule.pk, "user": str(user.pk), **SPAN}]
    path = f"/api/v1/me/absences/{made.json()['id']}/"
    assert signed_in.delete(path).status_code == 204
    assert signed_in.delete(path).status_code == 404
    assert signed_in.get("/api/v1/oncall/uncovered/", WINDOW).json() == []


def test_nobody_takes_back_the_absence_of_another(
    signed_in: Client, sign_in: Any
) -> None:
    made = post(signed_in, "me/absences/", SPAN).json()
    path = f"/api/v1/me/absences/{made['id']}/"
    assert sign_in(role="admin").delete(path).status_code == 404


def test_an_absence_that_ends_before_it_begins_is_refused(signed_in: Client) -> None:
    reversed_span = {"start": SPAN["end"], "end": SPAN["start"]}
    answer = post(signed_in, "me/absences/", reversed_span)
    assert (answer.status_code, list(answer.json())) == (400, ["end"])
    window = {"from": WINDOW["to"], "to": WINDOW["from"]}
    answer = signed_in.get("/api/v1/oncall/uncovered/", window)
    assert (answer.status_code, list(answer.json())) == (400, ["to"])


def test_cover_me_puts_somebody_in_everywhere_or_offers(
    signed_in: Client, user: User
) -> None:
    schedules = [always(user, name="First"), always(user, name="Second")]
    bo = make_user(email="bo@example.com")
    answer = post(signed_in, "me/cover/", {**SPAN, "to": bo.email})
    assert answer.json() == {"schedules": [one.pk for one in schedules]}
    assert Override.objects.filter(type="replace", add=bo, remove=user).count() == 2
    later = {"start": "2099-02-06T10:00:00Z", "end": "2099-02-06T18:00:00Z"}
    assert post(signed_in, "me/cover/", later).status_code == 200
    assert Swap.objects.filter(giver=user, taken_at=None).count() == 2


def test_cover_for_hours_off_call_is_refused(signed_in: Client) -> None:
    assert post(signed_in, "me/cover/", SPAN).status_code == 400


def test_an_offer_is_taken_back_but_not_once_it_is_taken(
    signed_in: Client, user: User, sign_in: Any
) -> None:
    schedule = always(user)
    for status in (204, 409):
        made = post(signed_in, "swaps/", {"schedule": schedule.pk, **SPAN}).json()
        path = f"/api/v1/swaps/{made['id']}/"
        assert signed_in.get(path).json() == made
        if status == 409:
            post(sign_in(role="responder"), f"swaps/{made['id']}/take/")
        assert signed_in.delete(path).status_code == status


@override_settings(ALLOW_PRIVATE_URLS=True)
def test_a_calendar_becomes_a_layer_and_is_taken_away(
    signed_in: Client, user: User
) -> None:
    schedule, other = always(user), always(user, name="Other")
    path = f"schedules/{schedule.pk}/calendars/"
    body = {"name": "Old tool", "url": "webcal://127.0.0.1:1/on-call.ics"}
    made = post(signed_in, path, {**body, "priority": 3})
    assert made.status_code == 201, made.content
    assert made.json()["url"] == "https://127.0.0.1:1/on-call.ics"
    assert signed_in.get(f"/api/v1/{path}").json()["results"] == [made.json()]
    own = f"/api/v1/{path}{made.json()['id']}/"
    wrong = own.replace(f"/{schedule.pk}/cal", f"/{other.pk}/cal")
    assert signed_in.delete(wrong).status_code == 404
    assert signed_in.delete(own).status_code == 204
    assert not schedule.calendars.exists()


@override_settings(ALLOW_PRIVATE_URLS=False)
def test_an_address_that_may_not_be_fetched_is_refused(
    signed_in: Client, user: User
) -> None:
    body = {"name": "Inside", "url": "http://127.0.0.1/secret.ics"}
    answer = post(signed_in, f"schedules/{always(user).pk}/calendars/", body)
    assert (answer.status_code, list(answer.json())) == (400, ["url"])
    answer = signed_in.put(
        "/api/v1/me/absences/calendar/", body, content_type="application/json"
    )
    assert (answer.status_code, list(answer.json())) == (400, ["url"])


@override_settings(ALLOW_PRIVATE_URLS=True)
def test_absences_are_read_from_a_calendar_until_its_address_is_emptied(
    signed_in: Client, user: User
) -> None:
    for url in ("https://127.0.0.1/away.ics", ""):
        answer = signed_in.put(
            "/api/v1/me/absences/calendar/",
            {"url": url},
            content_type="application/json",
        )
        assert answer.json() == {"url": url}
        assert hasattr(User.objects.get(pk=user.pk), "vacation_calendar") is bool(url)
