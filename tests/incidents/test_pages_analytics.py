"""Figures over a period, and search."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import User
from incidents.analytics import Figures, analyse
from incidents.models import CauseVerdict, Incident
from incidents.signals import FoundThing, search_results
from tests.factories import NOON, make_asset, make_incident, make_user

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


def minute(number: float) -> timedelta:
    return timedelta(minutes=number)


def figures(user: User) -> Figures:
    return analyse(user, since=NOON - 7 * DAY, until=NOON + DAY)


def test_clocks_are_medians_of_incidents_that_have_both_ends(user: User) -> None:
    for detect, acknowledge, resolve in ((5, 1, 60), (15, 3, None), (7, None, 20)):
        detected = NOON + minute(detect)
        make_incident(
            status="investigating" if resolve is None else "resolved",
            impact_started_at=NOON,
            detected_at=detected,
            triggered_at=detected,
            acknowledged_at=acknowledge and detected + minute(acknowledge),
            resolved_at=resolve and NOON + minute(resolve),
        )
    clocks = figures(user).clocks
    assert clocks.detect == minute(7)
    assert clocks.acknowledge == minute(2)
    assert clocks.resolve == minute(40)


def test_without_incidents_there_are_no_figures(user: User, signed_in: Client) -> None:
    empty = figures(user)
    assert (empty.total, empty.clocks.detect, empty.most_in_a_week) == (0, None, 0)
    page = signed_in.get("/analytics/").content.decode()
    assert "No incident in this period" in page


def test_hit_rates_count_where_the_confirmed_cause_had_stood(user: User) -> None:
    for rank in (1, 1, 3, 4, None):
        make_incident().verdicts.create(
            asset=make_asset(), verdict="confirmed", rank=rank, by=user, at=NOON
        )
    wrong = CauseVerdict.Verdict.REJECTED
    make_incident().verdicts.create(
        asset=make_asset(), verdict=wrong, rank=1, by=user, at=NOON
    )
    found = figures(user)
    assert (found.confirmed, found.first, found.third) == (5, 2, 3)


def test_figures_count_severities_weeks_monitors_and_suspects(user: User) -> None:
    often = make_asset("often")
    make_incident(severity="SEV1", suspected_asset=often)
    make_incident(suspected_asset=often, at=NOON - 6 * DAY, detected_by="person")
    kept = make_incident(at=NOON - 8 * DAY)
    make_incident(status="resolved", resolved_at=NOON, merged_into=kept)
    found = figures(user)
    assert (found.total, found.open, found.by_monitor) == (2, 2, 1)
    assert found.severities == {"SEV1": 1, "SEV2": 0, "SEV3": 1, "SEV4": 0}
    assert sum(count for _, count in found.weeks) == 2
    assert found.assets == [("often", often.pk, 2)]


def test_private_incidents_are_in_no_figure(user: User) -> None:
    make_incident(private=True)
    admin = make_user(role="admin")
    assert (figures(user).total, figures(admin).total) == (0, 1)


@pytest.mark.parametrize("days", ["7", "90", "365", "1000", "x", ""])
def test_a_period_that_is_not_offered_is_the_usual_one(
    signed_in: Client, days: str
) -> None:
    make_incident(at=timezone.now() - minute(5))
    response = signed_in.get(f"/analytics/?days={days}")
    assert response.status_code == 200
    usual = int(days) if days in ("7", "90", "365") else 30
    assert response.context["days"] == usual


def test_figures_cost_the_same_for_one_and_for_six(signed_in: Client) -> None:
    def cost() -> int:
        with CaptureQueriesContext(connection) as captured:
            signed_in.get("/analytics/")
        return len(captured)

    cost()
    make_incident(at=timezone.now() - minute(5), suspected_asset=make_asset())
    one = cost()
    for number in range(5):
        make_incident(at=timezone.now() - minute(number), suspected_asset=make_asset())
    assert cost() == one


def test_search_finds_by_number_and_by_words(signed_in: Client) -> None:
    incident = make_incident(title="Orders arrived empty")
    make_asset("fct_orders", namespace="warehouse")
    make_user(name="Olga Orders", email="olga@example.com")
    straight = signed_in.get(f"/search/?q=%23{incident.pk}")
    assert straight["Location"] == f"/incidents/{incident.pk}/"
    groups = signed_in.get("/search/?q=orders").context["groups"]
    assert {
        kind: [thing.title for thing in things] for kind, things in groups.items()
    } == {
        "Incidents": [f"#{incident.pk} Orders arrived empty"],
        "Assets": ["fct_orders"],
        "People": ["Olga Orders"],
    }
    by_number = signed_in.get(f"/search/?q={incident.pk}").context["groups"]
    assert [thing.title for thing in by_number["Incidents"]] == [str(incident)]


def test_search_asks_the_parts_to_the_right(signed_in: Client) -> None:
    def results(sender: object, user: User, q: str, **_: object) -> list[FoundThing]:
        return [FoundThing("Documents", f"About {q}", "/somewhere/")]

    search_results.connect(results)
    try:
        groups = signed_in.get("/search/?q=x").context["groups"]
    finally:
        search_results.disconnect(results)
    assert groups["Documents"][0].title == "About x"


@pytest.mark.parametrize(
    "q", ["", "%23", "%23x", "%2399999999999999999999", "%00", "%25_"]
)
def test_odd_searches_find_nothing(signed_in: Client, q: str) -> None:
    make_incident(title="Something")
    response = signed_in.get(f"/search/?q={q}")
    assert response.status_code == 200
    assert "Something" not in response.content.decode()


def test_inactive_people_are_not_found(
    signed_in: Client, sign_in: Callable[..., Client]
) -> None:
    make_user(name="Long Gone", is_active=False)
    assert "People" not in signed_in.get("/search/?q=Gone").context["groups"]
    assert Incident.objects.count() == 0
