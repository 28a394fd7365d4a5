"""Moving alerts between incidents, undoing what was moved, and what stays so."""

from functools import partial

import pytest
from django.test import Client
from django.urls import reverse

from core.errors import InvalidInputError
from incidents.models import AssetHabit, EdgeHabit, Incident, Regrouping
from incidents.services import (
    judge_cause,
    merge_incidents,
    move_alerts,
    resolve_incident,
    split_incident,
    undo_regrouping,
)
from incidents.trigrams import likeness, trigrams
from tests.factories import make_user
from tests.incidents.world import correlate, fire, make_lineage, minutes, open_groups

pytestmark = pytest.mark.django_db


def test_what_a_person_splits_off_is_not_brought_together_again() -> None:
    make_lineage("raw > left", "raw > right")
    raw, left = fire("raw"), fire("left")
    correlate()
    incident = Incident.objects.get()
    split_incident(
        incident_id=incident.pk, alert_ids=[left.pk], by=make_user(), at=minutes(11)
    )
    fire("right", at=12), fire("raw", at=12), fire("left", at=12)
    correlate(12)
    assert frozenset({"left"}) in open_groups()
    assert raw.membership.incident == incident


def test_a_merge_by_the_machine_can_be_undone_and_stays_undone() -> None:
    calm = [f"raw > calm_{number}" for number in range(6)]
    make_lineage("raw > left", "raw > right", *calm)
    for name in ("left", "right", "raw"):
        fire(name, at=0.1)
        correlate(0.1)
    merged = Regrouping.objects.get()
    undo_regrouping(regrouping_id=merged.pk, by=make_user(), at=minutes(5))
    apart = open_groups()
    assert len(apart) == 2
    fire("raw", at=6), fire("calm_1", at=6)
    correlate(6)
    assert len(open_groups()) == 2
    assert Incident.objects.get(pk=merged.source_id).is_open


def test_moved_alerts_take_their_failing_assets_with_them() -> None:
    make_lineage("raw > mart", "feed > report")
    fire("raw"), fire("mart"), fire("feed")
    correlate()
    source, target = Incident.objects.order_by("-alert_count")
    mart = source.members.get(alert__asset__name="mart").alert
    move = partial(
        move_alerts,
        incident_id=source.pk,
        alert_ids=[mart.pk],
        into_id=target.pk,
        by=make_user(),
        at=minutes(11),
    )
    move()
    assert open_groups() == {frozenset({"raw"}), frozenset({"feed", "mart"})}
    target.refresh_from_db()
    assert target.alert_count == 2
    with pytest.raises(InvalidInputError):
        move()


def test_what_a_person_merged_takes_what_hangs_from_either() -> None:
    make_lineage("raw > mart", "feed > report")
    fire("raw"), fire("feed")
    correlate()
    one, other = Incident.objects.all()
    merge_incidents(incident_id=one.pk, into_id=other.pk, by=make_user(), at=minutes(1))
    fire("mart", at=0.5), fire("report", at=0.5)
    correlate(2)
    assert open_groups() == {frozenset({"raw", "feed", "mart", "report"})}


def test_error_texts_are_alike_by_their_words_and_not_by_their_numbers() -> None:
    one = trigrams("relation orders_4711 does not exist at line 12")
    other = trigrams("relation orders_9 does not exist at line 371")
    assert likeness(one, other) == 1
    assert likeness(one, trigrams("connection timed out")) < 0.2
    assert likeness(trigrams(""), trigrams("")) == 0


def test_the_page_tells_of_a_similar_incident_and_how_it_was_solved(
    client: Client,
) -> None:
    user = make_user(role="responder")
    client.force_login(user)
    assets = make_lineage("raw > mart")
    fire("mart", description="relation orders_1 does not exist")
    correlate()
    past = Incident.objects.get()
    judge_cause(
        incident_id=past.pk,
        asset=assets["raw"],
        verdict="confirmed",
        by=user,
        at=minutes(11),
    )
    past.root_cause_summary, past.root_cause_asset = "Renamed upstream", assets["raw"]
    past.save()
    past.resolve(by=user, at=minutes(12))
    past.members.get().alert.delete()
    fire("mart", at=20, description="relation orders_2 does not exist")
    correlate(20)
    new = Incident.objects.open().get()
    html = client.get(reverse("incidents:detail", args=[new.pk])).content.decode()
    assert "1 of 1 failing assets" in html
    assert "Renamed upstream" in html


def test_another_asset_can_be_chosen_as_the_cause(client: Client) -> None:
    client.force_login(make_user(role="responder"))
    make_lineage("raw > mart", "feed > report")
    fire("mart")
    correlate()
    incident = Incident.objects.get()
    address = reverse("incidents:choose_cause", args=[incident.pk])
    client.post(address, {"asset_name": "feed"})
    incident.refresh_from_db()
    assert str(incident.suspected_asset) == "feed"
    assert incident.verdicts.get().rank is None
    refused = client.post(address, {"asset_name": "nothing of this name"})
    assert refused.status_code in (302, 409)


def test_a_fault_that_is_over_teaches_which_edges_pass_one_on() -> None:
    make_lineage("raw > left", "raw > right", "raw > board", board="dashboard")
    fire("raw"), fire("left", at=1)
    correlate(2)
    incident = Incident.objects.get()
    resolve_incident(incident_id=incident.pk, by=make_user(), at=minutes(3))
    learnt = {
        habit.downstream.name: (habit.passed, habit.held, habit.lag_seconds)
        for habit in EdgeHabit.objects.select_related("downstream")
    }
    assert learnt == {"left": (1, 0, 60.0), "right": (0, 1, None)}


def test_a_fault_that_is_over_teaches_which_assets_break_without_a_word() -> None:
    make_lineage("raw > staging", "staging > mart", "raw > other")
    fire("raw"), fire("mart", at=1)
    correlate(2)
    incident = Incident.objects.get()
    resolve_incident(incident_id=incident.pk, by=make_user(), at=minutes(3))
    learnt = {
        habit.asset.name: (habit.spoke, habit.silent)
        for habit in AssetHabit.objects.select_related("asset")
    }
    assert learnt == {"raw": (1, 0), "mart": (1, 0), "staging": (0, 1)}
    passed = {h.downstream.name: h.passed for h in EdgeHabit.objects.all()}
    assert passed == {"staging": 1, "other": 0}
