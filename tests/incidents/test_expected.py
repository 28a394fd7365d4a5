"""Stale or wrong: what to expect of data that hangs from something broken."""

from datetime import date
from typing import Any

import pytest
from django.test import Client

from accounts.models import User
from catalog.models import Asset, ColumnMap
from incidents.affected_dates import Days
from incidents.expected import State, Told, state_told
from incidents.models import Incident
from incidents.services import impact_of, resolve_incident
from oncall.models import Notification
from tests.factories import make_integration
from tests.incidents.world import correlate, end, fire, make_lineage, minutes, own

pytestmark = pytest.mark.django_db

INTERVAL = {"nominal_start": "2026-03-23T00:00:00Z", "nominal_end": "2026-03-30"}


@pytest.mark.parametrize(
    ("format", "labels", "is_of_run", "state"),
    [
        ("dbt", {"resource_type": "test"}, True, State.WRONG),
        ("dbt", {"resource_type": "model"}, True, State.STALE),
        ("dbt", {"unique_id": "source.shop.a", "max_loaded_at": "x"}, True, "stale"),
        ("openlineage", {"test": "not_null(id)", "column": "id"}, True, State.WRONG),
        ("openlineage", {"job_type": "TASK"}, True, State.STALE),
        ("dagster", {"check": "no_gaps"}, True, State.WRONG),
        ("dagster", {"check": "freshness_check"}, True, State.STALE),
        ("great_expectations", {"expectation": "expect_x"}, False, State.WRONG),
        ("soda", {"table": "orders"}, False, State.WRONG),
        ("monte_carlo", {"type": "freshness_anomaly"}, False, State.STALE),
        ("elementary", {"Model": "orders"}, False, State.STALE),
        ("generic", {"expectation": "freshness"}, False, State.STALE),
        ("generic", {"expectation": "volume"}, False, State.WRONG),
        ("airflow", {"dag_id": "load"}, True, State.STALE),
        ("generic", {"data_state": "wrong"}, True, State.WRONG),
        ("alertmanager", {"severity": "page"}, False, State.EITHER),
    ],
)
def test_an_alert_means_that_nothing_new_came_or_that_what_came_is_bad(
    format: str, labels: dict[str, str], is_of_run: bool, state: str
) -> None:
    assert state_told(Told(format, labels, is_of_run)) == state


@pytest.fixture
def two_faults(db: None) -> dict[str, Asset]:
    """A run that loads `raw` failed; `raw` and `rates` feed `board`, `rates` has bad
    data for a week; `sheet` hangs from `raw` alone."""
    assets = make_lineage(
        "raw > mart > board", "raw > sheet", "src > raw", "src > rates > board",
        board="dashboard", sheet="dashboard",
    )  # fmt: skip
    own(assets["board"], "ana@example.com")
    own(assets["sheet"], "ana@example.com", "bo@example.com")
    fire("src", run_id="7")
    fire("raw", at=1, run_id="8")
    fire("rates", at=2, labels={"test": "positive", **INTERVAL})
    correlate()
    return assets


def test_each_dashboard_is_stale_or_wrong_by_what_it_hangs_from(
    signed_in: Client, two_faults: dict[str, Asset]
) -> None:
    incident = Incident.objects.get()
    impact = signed_in.get(f"/api/v1/incidents/{incident.pk}/impact/").json()
    told = {one["asset"]["name"]: one for one in impact["dashboards"]}
    days = {"first": "2026-03-23", "last": "2026-03-29"}
    assert (told["board"]["state"], told["board"]["since"][11:16]) == ("wrong", "12:02")
    assert (told["sheet"]["state"], told["sheet"]["since"][11:16]) == ("stale", "12:00")
    assert (told["board"]["days"], told["sheet"]["days"]) == (days, None)
    assert (told["board"]["until"], told["board"]["fails"]) == (None, False)
    assert impact["days"] == days
    page = signed_in.get(incident.get_absolute_url()).content.decode()
    assert "Data of 23 March 2026 to 29 March 2026 is affected" in page
    assert "</time> may be wrong<" in page
    assert "not updated since" in page
    assert 'data-health="wrong"' in page


def test_what_is_well_again_was_stale_or_wrong_between(signed_in: Client) -> None:
    make_lineage("raw > board", board="dashboard")
    alert = fire("raw", labels={"test": "not_null"})
    correlate()
    end(alert, at=30)
    correlate(30)
    (board,) = impact_of(Incident.objects.get()).dashboards
    assert (board.expected.state, board.expected.until) == (State.WRONG, minutes(30))


def test_a_column_that_is_wrong_makes_wrong_only_what_reads_it(db: None) -> None:
    assets = make_lineage(
        "raw > board", "raw > sheet", board="dashboard", sheet="dashboard"
    )
    for name, made_from in (("board", "amount"), ("sheet", "note")):
        ColumnMap.objects.create(
            upstream=assets["raw"],
            downstream=assets[name],
            source="hand",
            columns={"x": [made_from]},
            first_seen_at=minutes(-60),
            last_seen_at=minutes(-60),
        )
    fire("raw", labels={"test": "positive", "column": "amount"})
    correlate()
    (board,) = impact_of(Incident.objects.get()).dashboards
    assert (board.asset.name, board.expected.state) == ("board", State.WRONG)


def letter(address: str, kind: str = "start") -> Notification:
    sent = Notification.objects.filter(idempotency_key__contains=f":{kind}:")
    return sent.filter(address=address).get()


def test_an_owner_reads_which_numbers_are_wrong_and_which_are_old(
    two_faults: dict[str, Asset], user: User
) -> None:
    ana, bo = letter("ana@example.com").body, letter("bo@example.com").body
    assert (
        "- board: numbers since Sunday 29 March, 12:02 UTC may be wrong\n"
        "- sheet: has not been updated since Sunday 29 March, 12:00 UTC\n"
    ) in ana
    assert "This concerns the data of 23 March 2026 to 29 March 2026." in ana
    assert "Each of these has not been updated since Sunday 29 March, 12:00" in bo
    incident = Incident.objects.get()
    resolve_incident(incident_id=incident.pk, by=user, at=minutes(60))
    assert (
        "- board: numbers between Sunday 29 March, 12:02 UTC and Sunday 29 March, "
        "13:00 UTC may have been wrong"
    ) in letter("ana@example.com", "end").body


def test_partitions_without_a_day_are_listed_by_name(signed_in: Client) -> None:
    assets = make_lineage("raw > board", "rates > board", board="dashboard")
    own(assets["board"], "ana@example.com")
    fire("raw", labels={"partition": "country=de"}, run_id="1")
    fire("raw", labels={"partitions": "country=fr, 2026-03-23"}, run_id="2")
    correlate()
    incident = Incident.objects.get()
    impact = signed_in.get(f"/api/v1/incidents/{incident.pk}/impact/").json()
    names = ["country=de", "country=fr"]
    assert impact["partitions"] == impact["dashboards"][0]["partitions"] == names
    assert badge(signed_in, assets["board"])["data"]["partitions"] == names
    page = signed_in.get(incident.get_absolute_url()).content.decode()
    assert '<code dir="auto">country=de</code>' in page
    told = letter("ana@example.com").body
    assert "This concerns the partitions country=de and country=fr." in told


def badge(client: Client, asset: Asset) -> dict[str, Any]:
    told: dict[str, Any] = client.get(f"/badge/{asset.pk}.json").json()
    return told


def test_a_badge_is_broken_where_numbers_may_be_wrong_and_stale_where_they_are_old(
    signed_in: Client, two_faults: dict[str, Asset]
) -> None:
    board, sheet = (badge(signed_in, two_faults[name]) for name in ("board", "sheet"))
    assert (board["state"], board["data"]["state"]) == ("broken", "wrong")
    assert board["data"]["days"] == {"first": "2026-03-23", "last": "2026-03-29"}
    assert (sheet["state"], sheet["data"]["state"]) == ("stale", "stale")
    framed = signed_in.get(f"/badge/{two_faults['board'].pk}.html").content.decode()
    assert "Numbers since Sunday 29 March, 12:02 UTC may be wrong" in framed
    page = signed_in.get(two_faults["board"].get_absolute_url()).content.decode()
    assert "Do not trust it yet" in page


def test_nominal_times_of_a_run_are_the_days_of_its_data(signed_in: Client) -> None:
    make_lineage("raw > board", board="dashboard")
    fire(
        "raw",
        integration=make_integration(format="openlineage"),
        labels={"nominal_start": "2026-03-28T00:00:00Z", "nominal_end": "2026-03-29"},
    )
    correlate()
    known = impact_of(Incident.objects.get()).days
    assert known == Days(date(2026, 3, 28), date(2026, 3, 28))
