"""Asking whether data is good: the health endpoint and the badge."""

import re
from base64 import b64encode
from datetime import timedelta
from hashlib import sha256

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import User
from catalog.conditions import conditions_of
from catalog.graph import snapshot
from catalog.models import Asset, ColumnMap
from catalog.services import add_known_issue
from incidents.badge import OpenTrouble, State, draw, state_of
from incidents.models import Incident
from incidents.services import acknowledge_incident, resolve_incident
from tests.factories import make_asset
from tests.incidents.world import correlate, end, fire, make_lineage, minutes

pytestmark = pytest.mark.django_db
URL = "/api/v1/assets/health/"


@pytest.fixture
def broken(db: None) -> dict[str, Asset]:
    """raw fails; board hangs from it; other has nothing to do with it."""
    assets = make_lineage("raw > mart > board", "other > report", board="dashboard")
    fire("raw", severity="SEV2")
    correlate()
    return assets


def ask(client: Client, name: str) -> dict[str, object]:
    response = client.get(URL, {"namespace": "warehouse", "name": name})
    assert response.status_code == 200
    answer: dict[str, object] = response.json()
    return answer


def test_an_asset_is_unhealthy_while_something_upstream_fails(
    signed_in: Client, broken: dict[str, Asset], user: User
) -> None:
    incident = Incident.objects.get()
    answer = ask(signed_in, "board")
    assert answer["healthy"] is False
    assert answer["incidents"] == [
        {
            "id": incident.pk,
            "title": "raw failed",
            "severity": "SEV2",
            "status": "triggered",
            "asset": {"id": broken["raw"].pk, "namespace": "warehouse", "name": "raw"},
            "recovered_at": None,
            "url": f"http://127.0.0.1:8000/incidents/{incident.pk}/",
        }
    ]
    nothing: dict[str, object] = {"incidents": [], "known_issues": []}
    assert ask(signed_in, "other") == {"healthy": True, **nothing}
    resolve_incident(incident_id=incident.pk, by=user, at=minutes(20))
    assert ask(signed_in, "board")["healthy"] is True


def test_what_is_downstream_does_no_harm(
    signed_in: Client, broken: dict[str, Asset]
) -> None:
    fire("board")
    correlate()
    asked = ask(signed_in, "mart")
    assert isinstance(asked["incidents"], list)
    assert [i["asset"]["name"] for i in asked["incidents"]] == ["raw"]


def test_many_assets_are_asked_at_once(
    signed_in: Client, broken: dict[str, Asset]
) -> None:
    named = [{"namespace": "warehouse", "name": n} for n in ("board", "other")]
    answer = signed_in.post(URL, {"assets": named}, "application/json").json()
    assert answer["healthy"] is False
    assert len(answer["incidents"]) == 1
    assert [a["healthy"] for a in answer["assets"]] == [False, True]
    assert signed_in.post(URL, named, "application/json").json() == answer


def words(assets: dict[str, Asset], user: User) -> dict[str, str]:
    """What lists and pictures of assets say of those that are not healthy."""
    lineage = snapshot(fresh=True)
    found = conditions_of((a.pk for a in assets.values()), lineage, user=user)
    return {n: found[a.pk].words for n, a in assets.items() if a.pk in found}


def test_what_has_recovered_is_being_fixed_until_the_incident_is_resolved(
    signed_in: Client, user: User
) -> None:
    assets = make_lineage("raw > mart > board", "other")
    alert = fire("raw")
    correlate()
    end(alert, at=20)
    correlate(21)
    incident = Incident.objects.get()
    assert incident.status == "monitoring"
    (told,) = signed_in.get(URL, {"namespace": "warehouse", "name": "board"}).json()[
        "incidents"
    ]
    assert told["recovered_at"] == "2026-03-29T12:21:00Z"
    for name in ("raw", "board"):
        assert f"{name}: being fixed" in badge(signed_in, assets[name])
    fixing = dict.fromkeys(("raw", "mart", "board"), "being fixed")
    assert words(assets, user) == fixing
    resolve_incident(incident_id=incident.pk, by=user, at=minutes(30))
    assert words(assets, user) == {}
    assert "raw: healthy" in badge(signed_in, assets["raw"])


def test_what_has_recovered_below_what_still_fails_is_stale_and_not_broken(
    signed_in: Client, user: User
) -> None:
    assets = make_lineage("raw > mart > board")
    fire("raw", run_id="r1")
    alert = fire("mart", run_id="r2", at=1)
    correlate()
    end(alert, at=20)
    correlate(21)
    assert "mart: stale" in badge(signed_in, assets["mart"])
    assert words(assets, user)["mart"] == "may be stale"
    asked = ask(signed_in, "mart")["incidents"]
    assert isinstance(asked, list)
    assert (asked[0]["asset"]["name"], asked[0]["recovered_at"]) == ("raw", None)


def test_a_column_that_fails_stops_nothing_that_does_not_read_it(
    signed_in: Client, user: User
) -> None:
    assets = make_lineage("raw > mart", "raw > other")
    for name, column in (("mart", "note"), ("other", "amount")):
        ColumnMap.objects.create(
            upstream=assets["raw"],
            downstream=assets[name],
            source="hand",
            columns={"total": [column]},
            first_seen_at=minutes(-60),
            last_seen_at=minutes(-60),
        )
    fire("raw", labels={"column": "note", "test": "not_null"})
    correlate()
    assert ask(signed_in, "mart")["healthy"] is False
    assert ask(signed_in, "other")["healthy"] is True
    assert "other: healthy" in badge(signed_in, assets["other"])
    assert words(assets, user).keys() == {"raw", "mart"}


def test_unknown_assets_are_404_and_bad_questions_400(signed_in: Client) -> None:
    unknown = {"namespace": "warehouse", "name": "nothing"}
    assert signed_in.get(URL, unknown).status_code == 404
    assert signed_in.get(URL).status_code == 400
    for body, code in (
        ({"assets": [unknown]}, 404),
        ({"assets": []}, 400),
        ({"assets": [unknown] * 101}, 400),
        ({}, 400),
    ):
        assert signed_in.post(URL, body, "application/json").status_code == code


def test_a_known_issue_upstream_is_told_and_stops_no_pipeline(
    signed_in: Client, user: User
) -> None:
    assets = make_lineage("raw > mart", "other")
    until = timezone.now() + timedelta(days=1)
    add_known_issue(
        asset=assets["raw"], text="No refunds", ends_at=until, by=user,
        at=timezone.now(),
    )  # fmt: skip
    answer = ask(signed_in, "mart")
    assert answer["healthy"] is True
    assert isinstance(answer["known_issues"], list)
    (issue,) = answer["known_issues"]
    assert (issue["text"], issue["asset"]["name"]) == ("No refunds", "raw")
    assert ask(signed_in, "other")["known_issues"] == []


def test_private_incidents_do_not_show_in_health(
    signed_in: Client, broken: dict[str, Asset]
) -> None:
    Incident.objects.update(private=True)
    assert ask(signed_in, "board")["healthy"] is True


def badge(client: Client, asset: Asset) -> str:
    response = client.get(f"/badge/{asset.pk}.svg")
    assert response.status_code == 200
    assert response["Content-Type"] == "image/svg+xml"
    return response.content.decode()


def test_the_badge_says_its_state_in_a_word(
    signed_in: Client, broken: dict[str, Asset], user: User
) -> None:
    assert "other: healthy" in badge(signed_in, broken["other"])
    assert "raw: broken" in badge(signed_in, broken["raw"])
    assert "board: stale" in badge(signed_in, broken["board"])
    incident = Incident.objects.get()
    acknowledge_incident(incident_id=incident.pk, by=user, at=minutes(11))
    assert "board: being fixed" in badge(signed_in, broken["board"])


def test_strangers_see_a_badge_only_where_it_was_made_public(
    client: Client, user: User
) -> None:
    closed, public = make_asset(), make_asset(badge_is_public=True)
    refused = client.get(f"/badge/{closed.pk}.svg")
    missing = client.get("/badge/999999.svg")
    assert refused.status_code == missing.status_code == 302
    assert "healthy" in badge(client, public)


def test_a_public_badge_tells_nothing_of_private_incidents(
    client: Client, broken: dict[str, Asset], user: User
) -> None:
    Asset.objects.update(badge_is_public=True)
    Incident.objects.update(private=True)
    assert "healthy" in badge(client, broken["raw"])


def test_a_badge_that_has_not_changed_is_not_sent_again(signed_in: Client) -> None:
    url = f"/badge/{make_asset().pk}.svg"
    first = signed_in.get(url)
    assert "max-age=15" in first["Cache-Control"]
    again = signed_in.get(url, headers={"If-None-Match": first["ETag"]})
    assert (again.status_code, again.content) == (304, b"")


def test_states_are_told_apart_by_shape_and_names_are_escaped() -> None:
    shapes = {draw("x", state).split("transform")[1][:120] for state in State}
    assert len(shapes) == len(State)
    assert "<script>" not in draw("<script>", State.HEALTHY)


def test_being_fixed_takes_somebody_on_every_trouble() -> None:
    answered = OpenTrouble(breaks_it=False, is_answered=True)
    waiting = OpenTrouble(breaks_it=False, is_answered=False)
    assert state_of([answered, waiting]) is State.STALE
    assert state_of([answered]) is State.BEING_FIXED


def test_the_badge_comes_as_json_and_as_a_page_for_a_frame(
    client: Client, broken: dict[str, Asset], user: User
) -> None:
    Asset.objects.update(badge_is_public=True)
    told = client.get(f"/badge/{broken['board'].pk}.json")
    assert told.json()["state"] == "stale"
    assert told.json()["since"]
    assert told.headers["Access-Control-Allow-Origin"] == "*"
    framed = client.get(f"/badge/{broken['board'].pk}.html")
    assert "board: stale" in framed.content.decode()
    policy = framed.headers["Content-Security-Policy"]
    assert "frame-ancestors *" in policy
    (style,) = re.findall(r"<style>(.*?)</style>", framed.content.decode())
    digest = b64encode(sha256(style.encode()).digest()).decode()
    assert f"style-src 'sha256-{digest}'" in policy
    assert "X-Frame-Options" not in framed.headers


def test_a_known_issue_is_on_the_badge_and_on_the_incident(
    signed_in: Client, broken: dict[str, Asset], user: User
) -> None:
    until = timezone.now() + timedelta(days=1)
    for name in ("other", "raw"):
        add_known_issue(
            asset=broken[name],
            text="Refunds are missing",
            ends_at=until,
            by=user,
            at=timezone.now(),
        )
    assert "other: known issue: Refunds" in badge(signed_in, broken["other"])
    assert "raw: broken: known issue: Refunds" in badge(signed_in, broken["raw"])
    page = signed_in.get(Incident.objects.get().get_absolute_url())
    assert "Refunds are missing" in page.content.decode()


def test_an_asset_whose_run_is_only_late_is_stale_and_not_broken(
    signed_in: Client,
) -> None:
    assets = make_lineage("raw > mart")
    fire("raw", labels={"expectation": "freshness"})
    correlate()
    assert "raw: stale" in badge(signed_in, assets["raw"])
