"""Backfills, and whether an incident's data is repaired."""

import pytest
from django.test import Client

from accounts.models import User
from catalog.models import Asset, Backfill
from catalog.services import move_backfill, record_backfill
from core.errors import InvalidTransitionError
from incidents.models import Incident
from incidents.repairs import Repair, question, tables_of
from tests.factories import NOON, make_asset, make_incident, make_user
from tests.incidents.world import minutes

pytestmark = pytest.mark.django_db


def incident_about(*names: str) -> tuple[Incident, list[Asset]]:
    incident, assets = make_incident(), [make_asset(name) for name in names]
    for asset in assets:
        incident.failing_assets.create(asset=asset, since=NOON)
    return incident, assets


def repair(asset: Asset, state: str, at: float = 10) -> Backfill:
    return record_backfill(
        title="Reload", assets=[asset], state=state, by=make_user(), at=minutes(at)
    )


def states(incident: Incident) -> dict[str, Repair]:
    return {table.asset.name: table.repair for table in tables_of(incident)}


def test_an_incident_knows_which_tables_are_repaired_and_verified() -> None:
    incident, (a, b, c, d) = incident_about("a", "b", "c", "d")
    repair(a, "running"), repair(b, "done"), repair(c, "verified")
    assert states(incident) == {
        "a": Repair.UNDER_WAY,
        "b": Repair.REPAIRED,
        "c": Repair.VERIFIED,
        "d": Repair.NEEDED,
    }
    assert (
        question(tables_of(incident)) == "2 of 4 affected tables are not repaired yet."
    )
    incident.failing_assets.filter(asset__in=[b, d]).update(until=minutes(20))
    assert states(incident)["b"] == Repair.VERIFIED
    assert states(incident)["d"] == Repair.REPAIRED


def test_a_backfill_before_the_impact_repairs_nothing() -> None:
    incident, (asset,) = incident_about("a")
    repair(asset, "done", at=-10)
    assert states(incident) == {"a": Repair.NEEDED}


def test_jobs_hold_no_data() -> None:
    incident = make_incident()
    incident.failing_assets.create(asset=make_asset(type="task"), since=NOON)
    assert tables_of(incident) == []


def test_resolving_asks_and_a_person_may_resolve_anyway(signed_in: Client) -> None:
    incident, _ = incident_about("a", "b")
    address = f"/incidents/{incident.pk}/resolve/"
    asked = signed_in.post(address)
    assert asked.headers["Location"] == f"/incidents/{incident.pk}/repairs/"
    page = signed_in.get(asked.headers["Location"]).content.decode()
    assert "2 of 2 affected tables are not repaired yet." in page
    led = signed_in.post(address, headers={"HX-Request": "true"})
    assert led.headers["HX-Redirect"].endswith("/repairs/")
    incident.refresh_from_db()
    assert incident.is_open
    signed_in.post(address, {"anyway": "1"})
    incident.refresh_from_db()
    assert incident.status == "resolved"


def test_resolving_does_not_ask_when_all_is_repaired(signed_in: Client) -> None:
    incident, (asset,) = incident_about("a")
    repair(asset, "done")
    signed_in.post(f"/incidents/{incident.pk}/resolve/")
    incident.refresh_from_db()
    assert incident.status == "resolved"


def test_the_api_says_what_is_not_repaired_and_refuses_where_asked_to(
    signed_in: Client,
) -> None:
    incident, (a, _) = incident_about("a", "b")
    repair(a, "done")
    url = f"/api/v1/incidents/{incident.pk}/resolve/"
    refused = signed_in.post(f"{url}?only_if_repaired=true")
    assert refused.status_code == 409
    assert "1 of 2 affected tables is not repaired yet" in refused.json()["detail"]
    told = signed_in.post(url).json()
    assert told["status"] == "resolved"
    assert told["repairs"]["question"] == "1 of 2 affected tables is not repaired yet."
    tables = {one["asset"]["name"]: one for one in told["repairs"]["tables"]}
    assert (tables["a"]["repaired"], tables["b"]["repaired"]) == (True, False)
    assert states(Incident.objects.get())["b"] == Repair.NEEDED  # closed, not repaired


def test_the_incident_s_page_shows_repairs_and_leads_to_recording_one(
    signed_in: Client,
) -> None:
    incident, _ = incident_about("a", "b")
    page = signed_in.get(incident.get_absolute_url()).content.decode()
    assert page.count(f"/incidents/{incident.pk}/repairs/") == 2  # menu and Affected
    assert "2 of 2 affected tables are not repaired yet." in page
    assert "Record a repair or backfill" in page


def test_what_is_verified_does_not_run_again(user: User) -> None:
    backfill = repair(make_asset(), "verified")
    with pytest.raises(InvalidTransitionError):
        move_backfill(backfill_id=backfill.pk, state="running", by=user, at=NOON)


def test_backfills_are_recorded_and_moved_on_pages_and_by_api(
    signed_in: Client,
) -> None:
    asset = make_asset("orders")
    form = {"title": "Reload", "assets": "orders", "state": "running", "url": ""}
    page = signed_in.post("/assets/backfills/new/", form).headers["Location"]
    assert "It is done" in signed_in.get(page).content.decode()
    signed_in.post(f"{page}done/")
    assert "Reload" in signed_in.get("/assets/backfills/?state=done").content.decode()
    made = Backfill.objects.get()
    url = f"/api/v1/backfills/{made.pk}/"
    told = signed_in.patch(url, {"state": "verified"}, "application/json").json()
    assert (told["state"], told["assets"]) == ("verified", [asset.pk])
    late = signed_in.patch(url, {"state": "running"}, "application/json")
    assert late.status_code == 409
    new = {"title": "Again", "assets": [asset.pk], "partitions": "2026-01-01"}
    assert (
        signed_in.post("/api/v1/backfills/", new, "application/json").status_code == 201
    )
    listed = signed_in.get(f"/api/v1/backfills/?asset={asset.pk}").json()["results"]
    assert [one["title"] for one in listed] == ["Again", "Reload"]
    bad = signed_in.post("/assets/backfills/new/", {**form, "assets": "nothing"})
    assert bad.status_code == 400
