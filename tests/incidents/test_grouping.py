"""Which alerts share an incident, from rows to rows."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from pytest_django.fixtures import Settings

from alerts.models import Alert
from incidents.models import Incident, IncidentAlert, MergeOffer, UncorrelatedAlert
from incidents.services import (
    acknowledge_incident,
    resolve_incident,
    retry_set_aside_alerts,
    set_private,
)
from tests.factories import make_integration, make_user
from tests.incidents.world import (
    break_in_turn,
    correlate,
    end,
    fire,
    make_lineage,
    minutes,
    open_groups,
    texts,
)

pytestmark = pytest.mark.django_db


def test_an_alert_opens_an_incident_about_its_asset() -> None:
    make_lineage("raw > mart")
    alert = fire("raw", severity="SEV2")
    correlate()
    incident = Incident.objects.get()
    assert (incident.title, incident.severity) == ("raw failed", "SEV2")
    assert incident.status == "triggered"
    assert incident.alert_count == 1
    assert [f.asset.name for f in incident.failing_assets.all()] == ["raw"]
    alert.refresh_from_db()
    assert alert.asset is not None
    assert not alert.has_changed


def test_an_unknown_asset_is_made() -> None:
    fire("brand.new", asset_type="dashboard")
    correlate()
    failing = Incident.objects.get().failing_assets.get().asset
    assert (failing.name, failing.type) == ("brand.new", "dashboard")


@pytest.mark.parametrize(
    "order",
    ["raw staging mart", "mart staging raw", "mart raw staging", "staging mart raw"],
)
def test_failures_along_one_path_are_one_incident(order: str) -> None:
    make_lineage("raw > staging > mart")
    break_in_turn(order.split(), make_integration())
    assert open_groups() == {frozenset({"raw", "staging", "mart"})}
    assert IncidentAlert.objects.filter(incident__status="triggered").count() == 3


def test_unrelated_failures_stay_apart_however_close_in_time() -> None:
    make_lineage("raw > mart", "other > report")
    fire("raw"), fire("other"), fire("mart")
    correlate()
    assert open_groups() == {frozenset({"raw", "mart"}), frozenset({"other"})}


def test_a_shared_downstream_does_not_glue_two_sources_together() -> None:
    make_lineage("orders > report", "weather > report")
    break_in_turn(["report", "orders", "weather"], make_integration())
    assert open_groups() == {frozenset({"orders", "report"}), frozenset({"weather"})}


def test_siblings_are_one_fault_of_a_silent_upstream() -> None:
    make_lineage("raw > left", "raw > right")
    break_in_turn(["left", "right"], make_integration())
    assert open_groups() == {frozenset({"left", "right"})}
    incident = Incident.objects.get()
    assert str(incident.suspected_asset) == "raw"
    assert "right failed (raw lies 1 step upstream and of the others as well)" in texts(
        incident
    )


def test_alerts_of_one_asset_that_come_at_once_say_which() -> None:
    make_lineage("raw > left")
    fire("left"), fire("left"), fire("left")
    correlate()
    reasons = set(IncidentAlert.objects.values_list("reason", flat=True))
    explained = "about left, which explains the others as well"
    assert reasons == {"opened this incident", explained}


# What raw feeds besides, and is well: two failures among so many may be chance.
CALM = [f"raw > calm_{number}" for number in range(6)]


def test_siblings_among_many_join_when_their_upstream_alerts() -> None:
    make_lineage("raw > left", "raw > right", *CALM)
    inlet = make_integration()
    break_in_turn(["left", "right"], inlet)
    assert len(open_groups()) == 2
    fire("raw", at=3, integration=inlet)
    correlate()
    assert open_groups() == {frozenset({"raw", "left", "right"})}
    gone = Incident.objects.get(status="resolved")
    kept = Incident.objects.get(status="triggered")
    assert gone.merged_into == kept
    assert kept.alert_count == 3
    assert f"{gone} was merged into this. raw fails upstream of both." in texts(kept)


def test_acknowledged_incidents_are_offered_for_merging_and_left_alone() -> None:
    make_lineage("raw > left", "raw > right", *CALM)
    inlet = make_integration()
    break_in_turn(["left", "right"], inlet)
    first, second = Incident.objects.order_by("pk")
    for one in (first, second):
        acknowledge_incident(incident_id=one.pk, by=make_user(), at=minutes(2))
    for name in ("raw", "calm_0", "calm_1", "calm_2"):
        fire(name, at=1, integration=inlet)
    correlate()
    fault = {"raw", "calm_0", "calm_1", "calm_2"}
    assert open_groups() in (
        {frozenset({*fault, "left"}), frozenset({"right"})},
        {frozenset({*fault, "right"}), frozenset({"left"})},
    )
    offer = MergeOffer.objects.get()
    assert {offer.incident, offer.other} == {first, second}
    assert any("Looks like one fault" in text for text in texts(second))


def test_alerts_without_an_asset_group_by_integration_and_key() -> None:
    one, other = make_integration(), make_integration()
    first = fire(integration=one, dedup_key="disk")
    correlate()
    end(first, at=1)
    correlate()
    fire(at=2, integration=one, dedup_key="disk")
    fire(at=2, integration=one, dedup_key="memory")
    fire(at=2, integration=other, dedup_key="disk")
    correlate()
    counts = (
        Incident.objects.open().order_by("pk").values_list("alert_count", flat=True)
    )
    assert list(counts) == [2, 1, 1]


def test_beyond_the_window_lineage_no_longer_ties() -> None:
    make_lineage("raw > mart")
    fire("raw", at=0)
    fire("mart", at=361)
    correlate(400)
    assert len(open_groups()) == 2


def test_the_same_asset_is_the_same_incident_even_after_days() -> None:
    make_lineage("raw > mart")
    fire("raw", at=0)
    fire("raw", at=3 * 24 * 60)
    correlate(3 * 24 * 60)
    assert Incident.objects.get().alert_count == 2


def test_beyond_the_hops_lineage_no_longer_ties(settings: Settings) -> None:
    settings.CORRELATION_HOPS = 2
    make_lineage("a > b > c > d")
    fire("a"), fire("d")
    correlate()
    assert len(open_groups()) == 2


def test_a_closed_incident_takes_no_new_alerts() -> None:
    make_lineage("raw > mart")
    fire("raw")
    correlate()
    first = Incident.objects.get()
    resolve_incident(incident_id=first.pk, by=make_user(), at=minutes(11))
    fire("raw", at=12)
    correlate(13)
    second = Incident.objects.open().get()
    assert second.recurs_from == first
    first.refresh_from_db()
    assert first.alert_count == 1


def test_a_trigger_repeated_after_resolving_by_hand_opens_a_new_incident() -> None:
    inlet = make_integration()
    alert = fire(integration=inlet, dedup_key="disk")
    correlate()
    first = Incident.objects.get()
    resolve_incident(incident_id=first.pk, by=make_user(), at=minutes(11))
    alert.refresh_from_db()
    assert alert.status == "resolved"
    fire(at=12, integration=inlet, dedup_key="disk")
    correlate(13)
    assert Incident.objects.open().get().recurs_from == first


def test_an_alert_that_does_not_page_opens_nothing_but_joins() -> None:
    make_lineage("raw > mart")
    fire("mart", pages=False)
    correlate()
    assert not Incident.objects.exists()
    fire("raw", at=1)
    fire("mart", at=2, pages=False, title="mart: 3 rows look odd")
    correlate()
    incident = Incident.objects.get()
    assert incident.alert_count == 2
    assert open_groups() == {frozenset({"raw"})}
    assert "mart: 3 rows look odd (1 step downstream of raw)" in texts(incident)


def test_private_incidents_take_alerts_of_their_own_assets_only() -> None:
    make_lineage("raw > mart")
    fire("raw")
    correlate()
    secret = Incident.objects.get()
    set_private(incident_id=secret.pk, private=True, by=make_user(), at=minutes(1))
    fire("mart", at=2), fire("raw", at=3)
    correlate()
    secret.refresh_from_db()
    assert secret.alert_count == 2
    assert Incident.objects.exclude(pk=secret.pk).get().title == "mart failed"


def test_correlating_again_changes_nothing() -> None:
    make_lineage("raw > mart")
    fire("raw"), fire("mart")
    correlate()
    before = list(Incident.objects.values())
    Alert.objects.update(has_changed=True)
    correlate(20)
    after = list(Incident.objects.values())
    assert [i | {"last_alert_at": 0} for i in after] == [
        i | {"last_alert_at": 0} for i in before
    ]


def test_one_poisonous_alert_holds_up_no_other() -> None:
    for number in range(5):
        fire(f"table_{number}")
    poison = fire("bad", severity="SEV9")
    correlate()
    assert Incident.objects.count() == 5
    assert UncorrelatedAlert.objects.get().alert == poison
    assert not Alert.objects.changed().exists()


def test_an_alert_set_aside_is_tried_again() -> None:
    poison = fire("bad", severity="SEV9")
    correlate(0)
    Alert.objects.filter(pk=poison.pk).update(severity="SEV2")
    assert retry_set_aside_alerts(at=minutes(0.5)) == 0
    assert retry_set_aside_alerts(at=minutes(1)) == 1
    correlate(1)
    assert Incident.objects.get().title == "bad failed"
    assert not UncorrelatedAlert.objects.exists()


def test_a_storm_on_one_incident_costs_few_queries() -> None:
    make_lineage("raw > mart")
    inlet = make_integration()
    costs = []
    for size in (5, 100):
        for _ in range(size):
            fire("raw", integration=inlet)
        with CaptureQueriesContext(
            connection,
        ) as queries:
            correlate()
        costs.append(len(queries))
    assert costs[1] <= costs[0]
    assert Incident.objects.get().alert_count == 105
