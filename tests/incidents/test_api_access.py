"""Who may see and touch incidents over HTTP (docs/api.md section 4)."""

from typing import Any

import pytest
from django.test import Client

from tests.factories import make_incident
from tests.incidents.caller import API, Caller

pytestmark = pytest.mark.django_db


def test_viewers_look_and_do_not_touch(sign_in: Any) -> None:
    viewer = Caller(sign_in(role="viewer"))
    pk = make_incident().pk
    viewer("GET", f"{API}{pk}/")
    viewer("POST", f"{API}{pk}/acknowledge/", code=403)
    viewer("POST", API, {"title": "x"}, code=403)
    viewer("PATCH", f"{API}{pk}/", {"title": "x"}, code=403)


def test_strangers_see_nothing(client: Client) -> None:
    assert client.get(f"{API}{make_incident().pk}/").status_code in (401, 403)


PARTS = ["", "timeline/", "alerts/", "causes/", "impact/", "updates/", "pages/"]
ACTS = ["acknowledge/", "resolve/", "reopen/", "snooze/", "escalate/", "merge/"]


def test_private_incidents_are_invisible_to_others(call: Caller, sign_in: Any) -> None:
    incident = make_incident(private=True)
    for part in PARTS:
        call("GET", f"{API}{incident.pk}/{part}", code=404)
    for act in ACTS:
        call("POST", f"{API}{incident.pk}/{act}", code=404)
    assert call("GET", API)["results"] == []
    admin = Caller(sign_in(role="admin"))
    assert len(admin("GET", API)["results"]) == 1


def test_whoever_hides_an_incident_still_sees_it(call: Caller) -> None:
    url = f"{API}{make_incident().pk}/"
    assert call("PATCH", url, {"private": True})["private"] is True
    call("GET", url)
