"""Expectations and known issues, as people and scripts set them."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from alerts.models import Expectation
from catalog.models import KnownIssue
from tests.factories import make_asset

pytestmark = pytest.mark.django_db
FRESH = {
    "rhythm": "cron",
    "cron": "0 6 * * *",
    "time_zone": "Europe/Madrid",
    "every_unit": "days",
    "grace": 30,
    "grace_unit": "minutes",
}


def test_a_deadline_is_set_on_a_page_and_shown_on_the_asset(signed_in: Client) -> None:
    asset = make_asset("orders")
    page = f"/assets/{asset.pk}/expectations/"
    assert "Too few runs" in signed_in.get(page).content.decode()
    assert signed_in.post(f"{page}freshness/", FRESH).status_code == 302
    made = Expectation.objects.get()
    assert (made.cron, made.time_zone, made.grace_seconds) == (
        "0 6 * * *",
        "Europe/Madrid",
        1800,
    )
    shown = signed_in.get(asset.get_absolute_url()).content.decode()
    assert "a run by" in shown
    assert "orders" in signed_in.get("/expectations/").content.decode()
    assert "Next wanted by" in signed_in.get(page).content.decode()
    signed_in.post(f"/expectations/{made.pk}/delete/")
    assert not Expectation.objects.exists()


def test_what_is_wrong_is_said_beside_its_field(signed_in: Client) -> None:
    asset = make_asset()
    page = f"/assets/{asset.pk}/expectations/"
    bad = signed_in.post(f"{page}freshness/", {**FRESH, "cron": "sometimes"})
    assert bad.status_code == 400
    assert "Give five fields" in bad.content.decode()
    bad = signed_in.post(f"{page}volume/", {"least": 5, "most": 2})
    assert bad.status_code == 400
    assert "Must not be less" in bad.content.decode()


def test_the_api_sets_lists_and_deletes_expectations(signed_in: Client) -> None:
    asset = make_asset()
    told = {"asset": asset.pk, "kind": "freshness", "every": 3600, "grace": 60}
    made = signed_in.post("/api/v1/expectations/", told, "application/json")
    assert made.status_code == 201
    assert made.json()["due_at"]
    found = signed_in.get(f"/api/v1/expectations/?asset={asset.pk}").json()
    assert [one["every"] for one in found["results"]] == [3600]
    nothing = {"asset": asset.pk, "kind": "freshness"}
    bad = signed_in.post("/api/v1/expectations/", nothing, "application/json")
    assert bad.status_code == 400
    empty = signed_in.get(f"/api/v1/assets/{asset.pk}/expectations/suggestion/")
    assert (empty.status_code, empty.content) == (204, b"")
    assert signed_in.delete(f"/api/v1/expectations/{made.json()['id']}/").status_code
    assert not Expectation.objects.exists()


def test_a_known_issue_stands_on_the_page_until_it_ends(signed_in: Client) -> None:
    asset = make_asset()
    until = timezone.localtime(timezone.now() + timedelta(days=2))
    told = {"text": "Refunds are missing", "ends_at": f"{until:%Y-%m-%dT%H:%M}"}
    page = f"/assets/{asset.pk}/known-issues/"
    assert signed_in.post(f"{page}add/", told).status_code == 302
    assert (
        "Refunds are missing"
        in signed_in.get(asset.get_absolute_url()).content.decode()
    )
    issue = KnownIssue.objects.get()
    signed_in.post(f"{page}{issue.pk}/end/")
    assert "Refunds" not in signed_in.get(asset.get_absolute_url()).content.decode()
    past = {**told, "ends_at": "2020-01-01T00:00"}
    assert signed_in.post(f"{page}add/", past).status_code == 400
    listed = signed_in.get("/api/v1/known-issues/?active=false").json()["results"]
    assert [one["text"] for one in listed] == ["Refunds are missing"]
    assert signed_in.get("/api/v1/known-issues/").json()["results"] == []
