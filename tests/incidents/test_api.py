"""The contract of incidents over HTTP (docs/api.md section 4)."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import User
from catalog.models import Asset
from incidents.models import Incident
from incidents.services import acknowledge_incident, resolve_incident
from oncall.models import Notification
from tests.factories import (
    NOON,
    make_asset,
    make_incident,
    make_team,
    make_user,
)
from tests.incidents.caller import API, Caller
from tests.incidents.world import correlate, fire, minutes

pytestmark = pytest.mark.django_db


def only() -> Incident:
    return Incident.objects.get()


def test_an_incident_is_told_as_agreed(call: Caller, broken: dict[str, Asset]) -> None:
    incident = only()
    shown = call("GET", f"{API}{incident.pk}/")
    assert shown["id"] == shown["number"] == incident.pk
    assert shown["triggered_at"] == "2026-03-29T12:10:00Z"
    assert shown["impact_started_at"] == "2026-03-29T12:00:00Z"
    assert shown["acknowledged_at"] is None
    assert shown["detected_by"] == "monitor"
    assert shown["alert_count"] == 2
    assert shown["affected"] == {"assets": 2, "dashboards": 1}
    assert shown["suspected_cause"]["asset"]["name"] == "raw"
    assert shown["suspected_cause"]["score"] > 0.8
    assert shown["suspected_cause"]["reasons"]
    assert shown["root_cause"] is None
    assert shown["recurs_from"] is None
    assert shown["roles"]["commander"] is None
    assert shown["url"] == f"http://127.0.0.1:8000/incidents/{incident.pk}/"


def test_the_list_is_paged_and_newest_first(call: Caller) -> None:
    ids = [make_incident(at=minutes(n)).pk for n in range(3)]
    first = call("GET", f"{API}?limit=2")
    assert [i["id"] for i in first["results"]] == [ids[2], ids[1]]
    rest = call("GET", first["next"])
    assert [i["id"] for i in rest["results"]] == [ids[0]]
    assert rest["next"] is None


def test_the_list_costs_the_same_for_one_and_for_six(
    call: Caller, django_assert_num_queries: Any
) -> None:
    for count in (1, 5):
        for _ in range(count):
            incident = make_incident(suspected_asset=make_asset())
            incident.roles.create(
                role="commander", user=make_user(), assigned_at=minutes(0)
            )
        with django_assert_num_queries(5):
            call("GET", API)


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("status=open", {"one", "two"}),
        ("status=resolved", {"three"}),
        ("severity=SEV1", {"two"}),
        ("q=TW", {"two"}),
        ("team=orders", {"one"}),
        ("since=2026-03-29T12:01:30Z", {"three"}),
        ("until=2026-03-29T12:01:00Z", {"one"}),
        ("status=open&severity=SEV1", {"two"}),
    ],
)
def test_the_list_is_narrowed(call: Caller, query: str, found: set[str]) -> None:
    make_incident(title="one", team=make_team(slug="orders"))
    make_incident(title="two", severity="SEV1", at=minutes(1))
    make_incident(
        title="three", status="resolved", resolved_at=minutes(9), at=minutes(2)
    )
    results = call("GET", f"{API}?{query}")["results"]
    assert {incident["title"] for incident in results} == found


def test_the_list_of_an_asset(call: Caller, broken: dict[str, Asset]) -> None:
    make_incident()
    results = call("GET", f"{API}?asset={broken['mart'].pk}")["results"]
    assert [incident["id"] for incident in results] == [only_of("raw failed").pk]


def only_of(title: str) -> Incident:
    return Incident.objects.get(title=title)


@pytest.mark.parametrize(
    "query",
    ["status=bad", "severity=5", "team=nobody", "asset=x", "asset=99", "since=never"],
)
def test_a_filter_that_makes_no_sense_is_400(call: Caller, query: str) -> None:
    assert query.split("=")[0] in call("GET", f"{API}?{query}", code=400)


def test_the_acts_answer_with_the_incident_and_may_be_repeated(call: Caller) -> None:
    url = f"{API}{make_incident().pk}/"
    until = (timezone.now() + timedelta(hours=1)).isoformat()
    for act, body, status in (
        ("acknowledge", None, "investigating"),
        ("snooze", {"until": until}, "investigating"),
        ("escalate", None, "investigating"),
        ("resolve", None, "resolved"),
        ("reopen", None, "investigating"),
    ):
        for _ in range(2):
            assert call("POST", f"{url}{act}/", body)["status"] == status


def test_a_status_that_cannot_follow_is_409_with_the_current_one(call: Caller) -> None:
    url = f"{API}{make_incident().pk}/"
    call("POST", f"{url}resolve/")
    answer = call("PATCH", url, {"status": "investigating"}, code=409)
    assert answer["current"] == "resolved"
    assert "cannot follow" in answer["detail"]
    assert call("POST", f"{url}acknowledge/", code=409)["current"] == "resolved"


def test_a_change_is_all_or_nothing(call: Caller) -> None:
    incident = make_incident(title="before")
    url = f"{API}{incident.pk}/"
    call("PATCH", url, {"title": "after", "detected_at": "2100-01-01"}, code=400)
    assert call("GET", url)["title"] == "before"


def test_what_is_known_is_written_down(call: Caller, user: User) -> None:
    incident, asset = make_incident(), make_asset("loader")
    shown = call(
        "PATCH",
        f"{API}{incident.pk}/",
        {
            "title": "after",
            "severity": "SEV2",
            "status": "monitoring",
            "situation": "We know.",
            "root_cause": {
                "category": "data",
                "asset": {"namespace": asset.namespace, "name": asset.name},
                "summary": "Empty file",
            },
            "contributing_factors": "No check",
            "roles": {"commander": user.email},
            "impact_started_at": "2026-03-29T10:00:00Z",
            "mitigated_at": "2026-03-29T13:00:00+00:00",
        },
    )
    assert (shown["title"], shown["severity"]) == ("after", "SEV2")
    assert (shown["status"], shown["situation"]) == ("monitoring", "We know.")
    assert shown["root_cause"]["category"] == "data"
    assert shown["root_cause"]["asset"]["id"] == asset.pk
    assert shown["contributing_factors"] == "No check"
    assert shown["roles"]["commander"] == user.email
    assert shown["impact_started_at"] == "2026-03-29T10:00:00Z"
    assert shown["mitigated_at"] == "2026-03-29T13:00:00Z"


def test_times_out_of_order_are_400(call: Caller) -> None:
    url = f"{API}{make_incident().pk}/"
    late = {"impact_started_at": "2026-03-29T12:30:00Z"}
    assert "impact_started_at" in call("PATCH", url, late, code=400)


def test_the_timeline_is_read_in_order_and_takes_notes(call: Caller) -> None:
    url = f"{API}{make_incident().pk}/timeline/"
    call("POST", url, {"text": "second"}, code=201)
    entry = call("POST", url, {"text": "first", "at": "2026-03-29T11:00:00Z"}, code=201)
    assert entry["kind"] == "note"
    assert entry["at"] == "2026-03-29T11:00:00Z"
    results = call("GET", url)["results"]
    assert [e["text"] for e in results] == ["first", "second"]
    assert set(results[0]) >= {"id", "at", "actor", "kind", "text", "pinned"}
    for wrong in ({}, {"text": ""}, {"text": "x", "at": "2190-01-01T00:00:00Z"}):
        call("POST", url, wrong, code=400)


def test_alerts_say_why_they_belong(call: Caller, broken: dict[str, Asset]) -> None:
    results = call("GET", f"{API}{only().pk}/alerts/")["results"]
    assert {alert["asset"]["name"]: alert["reason"] for alert in results} == {
        "raw": "opened this incident",
        "mart": "1 step downstream of raw",
    }


def test_causes_are_ranked_and_judged(call: Caller, broken: dict[str, Asset]) -> None:
    url = f"{API}{only().pk}/causes/"
    causes = call("GET", url)
    assert [cause["asset"]["name"] for cause in causes] == ["raw", "mart"]
    assert causes[0]["failing"] is True
    for _ in range(2):
        shown = call("POST", f"{url}{broken['raw'].pk}/reject/")
    assert shown["suspected_cause"]["asset"]["name"] == "mart"
    shown = call("POST", f"{url}{broken['raw'].pk}/confirm/")
    assert shown["suspected_cause"]["score"] == 1
    call("POST", f"{url}999999/confirm/", code=404)


def test_impact_names_owners_and_path(call: Caller, broken: dict[str, Asset]) -> None:
    impact = call("GET", f"{API}{only().pk}/impact/")
    (dashboard,) = impact["dashboards"]
    assert dashboard["asset"]["name"] == "board"
    assert dashboard["owners"] == ["ana@example.com"]
    assert [a["name"] for a in dashboard["path"]] == ["raw", "mart", "board"]
    assert (impact["assets"], impact["by_type"]) == (2, {"dataset": 1, "dashboard": 1})


def test_an_update_reaches_stakeholders(call: Caller, broken: dict[str, Asset]) -> None:
    url = f"{API}{only().pk}/updates/"
    told = {"text": "Reloading", "audience": "stakeholders", "status": "identified"}
    update = call("POST", url, told, code=201)
    assert update["audience"] == "stakeholders"
    message = Notification.objects.get(body__contains="Reloading")
    assert message.address == "ana@example.com"
    assert only().status == "identified"
    assert [u["text"] for u in call("GET", url)["results"]] == ["Reloading"]
    call("POST", url, {"text": "x", "audience": "moon"}, code=400)


def test_merging_and_splitting(call: Caller) -> None:
    alerts = [fire("raw"), fire("other")]
    correlate()
    kept, gone = Incident.objects.order_by("pk")
    merged = call("POST", f"{API}{gone.pk}/merge/", {"into": kept.pk})
    assert (merged["id"], merged["alert_count"]) == (kept.pk, 2)
    assert call("GET", f"{API}{gone.pk}/")["merged_into"] == kept.pk
    new = call("POST", f"{API}{kept.pk}/split/", {"alerts": [alerts[1].pk]})
    assert (new["title"], new["alert_count"]) == ("other failed", 1)
    for wrong in ([], [10**30], ["x"], 1, None):
        call("POST", f"{API}{kept.pk}/split/", {"alerts": wrong}, code=400)
    call("POST", f"{API}{kept.pk}/merge/", {"into": kept.pk}, code=400)
    call("POST", f"{API}{kept.pk}/merge/", {"into": 999_999}, code=404)


def test_what_was_merged_is_listed_and_put_back(call: Caller) -> None:
    fire("raw")
    fire("other")
    correlate()
    kept, gone = Incident.objects.order_by("pk")
    call("POST", f"{API}{gone.pk}/merge/", {"into": kept.pk})
    (done,) = call("GET", f"{API}{kept.pk}/regroupings/")
    assert (done["kind"], done["source"], done["target"]) == (
        "merged",
        gone.pk,
        kept.pk,
    )
    undo = f"{API}{kept.pk}/regroupings/{done['id']}/undo/"
    for _ in range(2):
        assert call("POST", undo)["alert_count"] == 1
    assert call("GET", f"{API}{gone.pk}/")["status"] == "investigating"
    (done,) = call("GET", f"{API}{kept.pk}/regroupings/")
    assert done["undone_at"]
    call("POST", f"{API}{kept.pk}/regroupings/999/undo/", code=404)


def test_incidents_like_this_one_say_how_they_were_solved(call: Caller) -> None:
    fire("raw", status="firing")
    correlate()
    past = Incident.objects.get()
    cause = {"category": "code", "summary": "A column was renamed."}
    call("PATCH", f"{API}{past.pk}/", {"root_cause": cause})
    call("POST", f"{API}{past.pk}/resolve/")
    fire("raw", at=60, dedup_key="again")
    correlate(60)
    now = Incident.objects.open().get()
    (found,) = call("GET", f"{API}{now.pk}/similar/")
    assert (found["id"], found["solved"]) == (past.pk, "A column was renamed.")
    assert "1 of 1 failing assets" in found["why"]


def test_a_recurrence_names_the_earlier_incident(call: Caller, user: User) -> None:
    fire("raw")
    correlate()
    first = only()
    acknowledge_incident(incident_id=first.pk, by=user, at=minutes(11))
    resolve_incident(incident_id=first.pk, by=user, at=minutes(12))
    fire("raw", at=20)
    correlate(21)
    shown = call("GET", f"{API}?status=open")["results"][0]
    assert shown["recurs_from"] == first.pk
    timeline = call("GET", f"{API}{shown['id']}/timeline/")["results"]
    reason = f"A recurrence of #{first.pk}, which was about the same asset."
    assert reason in [entry["text"] for entry in timeline]


def test_the_link_of_a_recurrence_can_be_taken_away_and_put_back(
    call: Caller, signed_in: Client
) -> None:
    first, hidden = make_incident(status="resolved", resolved_at=NOON), make_incident()
    second, later = make_incident(recurs_from=first), make_incident()
    url = f"{API}{second.pk}/"
    page = signed_in.get(second.get_absolute_url()).content.decode()
    assert "It happened before" in page
    undo = f"/incidents/{second.pk}/undo/recurrence"
    signed_in.post(f"{undo}/none/")
    assert call("GET", url)["recurs_from"] is None
    signed_in.post(f"{undo}/{first.pk}/")
    assert call("GET", url)["recurs_from"] == first.pk
    assert call("PATCH", url, {"recurs_from": None})["recurs_from"] is None
    Incident.objects.filter(pk=hidden.pk).update(private=True)
    for other in (later, hidden):
        call("PATCH", url, {"recurs_from": other.pk}, code=400)
    assert "No recurrence of" in call("GET", f"{url}timeline/")["results"][0]["text"]
