"""Declaring an incident over HTTP (docs/api.md section 4)."""

from typing import Any

import pytest

from accounts.models import User
from incidents.models import Incident
from oncall.models import Notification
from tests.factories import make_policy, make_schedule, make_user
from tests.incidents.caller import API, Caller

pytestmark = pytest.mark.django_db


def only() -> Incident:
    return Incident.objects.get()


def test_declaring_makes_assets_and_pages_those_named(call: Caller, user: User) -> None:
    other = make_user(email="bo@example.com")
    shown = call(
        "POST",
        API,
        {
            "title": "Orders look wrong",
            "severity": "SEV1",
            "assets": [{"namespace": "warehouse", "name": "orders"}],
            "page": ["bo@example.com"],
        },
        code=201,
    )
    assert (shown["status"], shown["severity"]) == ("triggered", "SEV1")
    assert shown["detected_by"] == "person"
    assert shown["suspected_cause"]["asset"]["name"] == "orders"
    pages = call("GET", f"{API}{shown['id']}/pages/")
    assert [page["user"] for page in pages] == [other.email]
    assert pages[0]["step"] == 1
    assert pages[0]["notifications"][0]["channel"] == "email"
    assert pages[0]["notifications"][0]["state"] == "due"


def test_declaring_may_page_by_schedule_or_policy(call: Caller) -> None:
    policy = make_policy()
    policy.steps.create(position=0).targets.create(user=make_user())
    schedule = make_schedule()
    for page in ([f"policy:{policy.pk}"], [f"schedule:{schedule.pk}"], []):
        call("POST", API, {"title": "x", "page": page}, code=201)


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "title"),
        ({"title": " "}, "title"),
        ({"title": "x", "severity": "bad"}, "severity"),
        ({"title": "x", "page": ["nobody@example.com"]}, "page"),
        ({"title": "x", "page": [True]}, "page"),
        ({"title": "x", "page": "me"}, "page"),
        ({"title": "x", "assets": 1}, "assets"),
        ({"title": "x", "team": "nobody"}, "team"),
        ({"title": "x", "impact_started_at": "0001-01-01"}, "impact_started_at"),
        ({"title": "x", "impact_started_at": "2199-01-01"}, "impact_started_at"),
        ({"title": "x", "colour": "red"}, "colour"),
        ({"title": "x", "assets": [{"name": "a"}]}, "assets[0].namespace"),
        ({"title": "x", "assets": [1]}, "assets[0]"),
        ([], "detail"),
    ],
)
def test_what_cannot_be_declared_is_400_and_names_the_field(
    call: Caller, body: Any, field: str
) -> None:
    assert field in call("POST", API, body, code=400)
    assert not Incident.objects.exists()


def test_the_longest_title_is_declared_and_paged_about(call: Caller) -> None:
    make_user(role="admin", email="admin@example.com")
    told = {"title": "x" * 1024, "page": ["admin@example.com"]}
    assert call("POST", API, told, code=201)["title"] == "x" * 1024
    assert call("POST", API, {"title": "x" * 1024}, code=201)
    assert Notification.objects.filter(page__isnull=False).count() == 2


@pytest.mark.parametrize("text", ["\x00", "a\x00b", "\ud800"])
def test_text_that_cannot_be_stored_is_400(call: Caller, text: str) -> None:
    for field in ("title", "team", "severity"):
        call("POST", API, {"title": "x", field: text}, code=400)
