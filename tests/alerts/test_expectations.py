"""Freshness and volume that people expect of assets."""

from datetime import datetime, timedelta
from typing import Any

import msgspec
import pytest
from django.db import IntegrityError

from alerts.freshness import Rhythm
from alerts.models import Alert, Breach, Event, Expectation, InletWatch
from alerts.services import (
    delete_expectation,
    expect_freshness,
    expect_volume,
    look_for_late,
    record_catalog_facts,
    say_inlet_lives,
)
from catalog.models import Asset, Load
from catalog.services import RunReport, merge_assets, record_runs
from tests.factories import (
    NOON,
    make_asset,
    make_edge,
    make_integration,
    make_user,
)

pytestmark = pytest.mark.django_db
HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)
HOURLY = Rhythm(every=HOUR, grace=10 * MINUTE)


def after(minutes: float) -> datetime:
    return NOON + minutes * MINUTE


def expect(asset: Asset, rhythm: Rhythm = HOURLY, **values: Any) -> Expectation:
    say_inlet_lives(at=NOON)
    told = {"by": make_user(), "at": NOON, **values}
    return expect_freshness(asset=asset, rhythm=rhythm, **told)


def run(asset: Asset, minutes: float, state: str = "success") -> None:
    told = RunReport(asset.pk, f"run-{minutes}", state, reported_at=after(minutes))
    record_runs([told])


def live_until(minutes: float) -> None:
    InletWatch.objects.filter(pk=1).update(alive_at=after(minutes))


def look(minutes: float) -> int:
    """What the beat does; the inlet said all the time that it lives."""
    live_until(minutes)
    return look_for_late(at=after(minutes))


def test_an_asset_whose_runs_stop_without_a_word_alerts_once_after_the_grace() -> None:
    asset = make_asset("orders")
    expect(asset, severity="SEV2")
    run(asset, 30)
    run(asset, 80, "skipped")  # as upstream_failed is told
    look(99)
    assert not Alert.objects.exists()
    look(101)
    assert look(102) == 0
    alert = Alert.objects.get()
    assert (alert.status, alert.severity, alert.asset_name) == (
        "firing",
        "SEV2",
        "orders",
    )
    assert alert.title == "orders is stale: no run succeeded in time"
    assert alert.occurred_at == after(90)
    assert "The last one ended at 2026-03-29 12:30 UTC." in alert.description
    breach = Breach.objects.get()
    assert (breach.kind, breach.since, breach.until) == ("late", after(90), None)


def test_the_run_that_comes_late_resolves_it() -> None:
    asset = make_asset()
    expectation = expect(asset)
    look(71)
    run(asset, 75)
    assert look(76) == 1
    assert Alert.objects.get().status == "resolved"
    assert Breach.objects.get().until == after(76)
    expectation.refresh_from_db()
    assert (expectation.status, expectation.due_at) == ("met", after(145))
    assert (look(144), look(145)) == (0, 1)


def test_a_table_is_as_fresh_as_the_job_that_writes_it() -> None:
    job, table = make_asset(type="task"), make_asset()
    make_edge(job, table)
    expect(table)
    run(job, 50)
    assert look(80) == 1  # looked at, and met
    assert not Alert.objects.exists()


def test_a_run_before_the_deadline_meets_it_and_one_of_yesterday_does_not() -> None:
    deadline = Rhythm(every=HOUR, cron="0 18 * * *", grace=MINUTE)  # six hours on
    asset = make_asset()
    expect(asset, deadline)
    run(asset, -400)  # 05:20, which is more than half a day before
    look(362)
    assert Alert.objects.get().status == "firing"
    other = make_asset()
    expect(other, deadline)
    run(other, 200)
    look(363)
    assert Alert.objects.count() == 1


def test_what_waits_to_be_read_may_hold_the_run() -> None:
    expect(make_asset())
    event = Event.objects.create(
        integration=make_integration(),
        received_at=after(65),
        path="x",
        body=b"{}",
        has_catalog_facts=True,
    )
    assert look(75) == 0
    event.delete()
    assert look(76) == 1


def test_nothing_alerts_for_what_was_due_while_the_inlet_was_away() -> None:
    asset, other = make_asset(), make_asset()
    expect(asset)
    live_until(30)
    assert look_for_late(at=after(75)) == 0
    expect(other, Rhythm(every=3 * HOUR))
    say_inlet_lives(at=after(120))  # 90 minutes without a sign of life
    assert look(121) == 0
    assert not Alert.objects.exists()
    assert {b.kind for b in Breach.objects.all()} == {"unsure"}
    assert look(191) == 1  # a whole turn after it was back


def test_after_a_short_absence_a_run_may_be_five_minutes_later() -> None:
    expect(make_asset())
    live_until(69)
    say_inlet_lives(at=after(71))
    assert look(75) == 0
    assert look(76) == 1
    assert Alert.objects.count() == 1


def test_said_again_it_changes_nothing_and_said_otherwise_it_begins_anew() -> None:
    asset = make_asset()
    first = expect(asset)
    look(71)
    assert expect(asset, at=after(72)).status == "breached"
    again = expect(asset, Rhythm(every=2 * HOUR), at=after(73))
    assert (again.pk, again.status) == (first.pk, "waiting")
    assert Alert.objects.get().status == "resolved"
    assert again.due_at == after(193)


def test_deleting_it_resolves_what_it_alerted_about() -> None:
    expectation = expect(make_asset())
    look(71)
    delete_expectation(expectation_id=expectation.pk, by=make_user(), at=after(72))
    assert Alert.objects.get().status == "resolved"
    assert not Expectation.objects.exists()


def test_merged_assets_keep_the_expectation_of_the_one_that_stays() -> None:
    old, into = make_asset(), make_asset()
    expect(old)
    kept = expect(into, Rhythm(every=5 * HOUR))
    look(71)
    merge_assets(old_id=old.pk, into_id=into.pk, by=make_user(), at=after(72))
    assert list(Expectation.objects.all()) == [kept]
    assert Alert.objects.get().status == "resolved"


def test_a_rhythm_is_held_by_the_database() -> None:
    expectation = expect(make_asset())
    with pytest.raises(IntegrityError):
        Expectation.objects.filter(pk=expectation.pk).update(every_seconds=0)


def load(rows: int, minutes: float) -> None:
    """An OpenLineage event that tells how many rows were written."""
    body = {
        "eventType": "COMPLETE",
        "eventTime": after(minutes).isoformat(),
        "producer": "https://openlineage.io",
        "run": {"runId": f"load-{minutes}"},
        "job": {"namespace": "airflow", "name": "load_orders"},
        "outputs": [
            {
                "namespace": "warehouse",
                "name": "orders",
                "outputFacets": {"outputStatistics": {"rowCount": rows}},
            }
        ],
    }
    Event.objects.create(
        integration=make_integration(format="openlineage"),
        received_at=after(minutes),
        path="/api/v1/lineage",
        body=msgspec.json.encode(body),
        has_catalog_facts=True,
    )
    record_catalog_facts(at=after(minutes))


def test_a_load_outside_its_range_alerts_and_the_next_good_one_resolves_it() -> None:
    asset = make_asset("orders")
    expect_volume(asset=asset, least=100, by=make_user(), at=NOON)
    load(120, 1)
    load(3, 2)
    alert = Alert.objects.get()
    assert alert.title == "orders got 3 rows: expected at least 100 rows"
    assert (alert.status, alert.occurred_at) == ("firing", after(2))
    load(110, 1.5)  # told late, and no news
    alert.refresh_from_db()
    assert alert.status == "firing"
    load(130, 3)
    alert.refresh_from_db()
    assert alert.status == "resolved"
    assert Load.objects.filter(asset=asset).count() == 4


def test_a_band_is_learnt_from_the_loads_before() -> None:
    asset = make_asset("orders")
    expect_volume(asset=asset, by=make_user(), at=NOON)
    for number in range(5):
        load(1_000 + number, number)
    load(0, 10)
    assert "0 rows: expected 801 to 1,202 rows" in Alert.objects.get().title
