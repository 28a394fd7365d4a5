"""Silences, held alerts and routing rules, from the alert to the page."""

from datetime import timedelta
from typing import Any

import pytest
from pytest_django.fixtures import Settings

from accounts.models import User
from alerts.models import (
    Alert,
    Flapping,
    Handling,
    InletQuiet,
    Integration,
    RouteCount,
    SilencedAlert,
)
from alerts.rule_pages import route_rows
from alerts.services import release_due_alerts, settle
from alerts.services.routes import delete_route
from alerts.services.rulebook import change_rules, current_rules
from incidents.models import Incident
from incidents.services import resolve_incident
from oncall.models import Escalation
from tests.factories import (
    make_integration,
    make_policy,
    make_route,
    make_silence,
    make_team,
    make_user,
)
from tests.incidents.world import correlate, end, fire, make_lineage, minutes, texts

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def admin(db: None) -> User:
    """Somebody to be paged when no policy says whom."""
    return make_user(role="admin")


def tick(at: float) -> None:
    """What the beat does at that minute after noon."""
    release_due_alerts(at=minutes(at))
    correlate(at)


def paged_policies() -> list[str]:
    return [one.policy_name for one in Escalation.objects.order_by("pk")]


def damp(integration: Integration, **values: Any) -> None:
    InletQuiet.objects.create(integration=integration, **values)
    change_rules()


def test_a_silenced_alert_opens_nothing_and_counts_as_new_when_the_silence_ends() -> (
    None
):
    assets = make_lineage("raw > staging")
    silence = make_silence(asset_ids=[assets["raw"].pk])
    alert = fire("staging", at=1)
    correlate(1)

    assert not Incident.objects.exists()
    assert Handling.objects.get().silence == silence
    hidden = SilencedAlert.objects.get()
    assert (hidden.silence, hidden.alert, hidden.until) == (silence, alert, None)

    tick(119)
    assert not Incident.objects.exists()
    tick(120)
    incident = Incident.objects.get()
    assert (incident.detected_at, incident.impact_started_at) == (
        minutes(120),
        minutes(1),
    )
    assert Escalation.objects.running().get().subject == incident.subject
    hidden.refresh_from_db()
    assert (hidden.until, hidden.resolved) == (minutes(120), False)


def test_what_resolves_under_a_silence_is_kept_and_never_pages() -> None:
    make_lineage("raw")
    silence = make_silence(title_pattern="RAW")
    alert = fire("raw", at=1)
    correlate(1)
    end(alert, at=5)
    tick(6)
    tick(121)

    assert not Incident.objects.exists()
    hidden = silence.hidden.get()
    assert (hidden.until, hidden.resolved) == (minutes(5), True)
    assert Handling.objects.get().state == "over"


def test_a_silence_tears_no_alert_out_of_its_incident() -> None:
    make_lineage("raw")
    alert = fire("raw", at=0)
    correlate(0)
    make_silence(title_pattern=".")
    end(alert, at=2)
    fire("raw", at=1)
    correlate(3)

    incident = Incident.objects.get()
    assert incident.status == "monitoring"
    assert SilencedAlert.objects.count() == 1


def test_what_is_outside_of_all_conditions_is_not_silenced() -> None:
    team = make_team()
    inlet, other = make_integration(team=team), make_integration()
    make_silence(
        integration_ids=[inlet.pk],
        team_ids=[team.pk],
        labels=[{"name": "env", "op": "=~", "value": "stag.*"}],
    )
    hidden = fire(integration=inlet, labels={"env": "staging"})
    fire(integration=inlet, labels={"env": "prod"})
    fire(integration=other, labels={"env": "staging"})
    correlate()
    assert [one.alert for one in SilencedAlert.objects.all()] == [hidden]
    assert Incident.objects.count() == 2


def test_one_that_stops_firing_in_time_is_not_paged_and_others_are_when_due() -> None:
    inlet = make_integration()
    damp(inlet, hold_for=timedelta(minutes=5))
    brief, lasting = fire(integration=inlet, at=0), fire(integration=inlet, at=0)
    correlate(0)
    assert {row.due_at for row in Handling.objects.all()} == {minutes(5)}
    end(brief, at=4)
    tick(4)
    assert not Incident.objects.exists()

    tick(5)
    assert list(Incident.objects.values_list("members__alert", flat=True)) == [
        lasting.pk
    ]


def test_an_alert_that_is_held_pages_though_all_was_stopped_when_it_was_due() -> None:
    make_route(hold_for=timedelta(minutes=5))
    fire(at=0)
    correlate(0)
    tick(90)
    assert Incident.objects.get().triggered_at == minutes(90)


def test_a_rule_that_is_deleted_holds_nothing_any_longer(admin: User) -> None:
    rule = make_route(hold_for=timedelta(hours=5))
    fire(at=0)
    correlate(0)
    delete_route(route_id=rule.pk, by=admin, at=minutes(1))
    tick(1)
    assert Incident.objects.count() == 1


def test_only_after_so_many_events_in_time() -> None:
    make_route(after_count=3, after_within=timedelta(minutes=10))
    alert = fire(at=0)
    correlate(0)
    for at, count in ((1, 2), (12, 3), (13, 4)):
        Alert.objects.filter(pk=alert.pk).update(count=count)
        tick(at)
        assert not Incident.objects.exists(), at
    # The third within ten minutes: at 12, 13 and 14.
    Alert.objects.filter(pk=alert.pk).update(count=5)
    tick(14)
    assert Incident.objects.count() == 1


def test_runs_that_fail_and_recover_are_counted_by_their_key() -> None:
    make_route(after_count=3, after_within=timedelta(hours=1))
    inlet = make_integration()
    for number in range(3):
        assert not Incident.objects.exists()
        alert = fire(at=number * 10, integration=inlet, dedup_key="orders")
        correlate(number * 10)
        end(alert, at=number * 10 + 1)
        if number < 2:
            correlate(number * 10 + 1)
    assert Incident.objects.count() == 1


def test_the_first_rule_that_matches_says_who_is_paged() -> None:
    make_lineage("raw")
    first, second = make_policy(), make_policy()
    team = make_team()
    prod = [{"name": "env", "op": "=", "value": "prod"}]
    make_route(labels=prod, title_pattern="nothing", policy=first)
    rule = make_route(labels=prod, policy=first, team=team, severity="SEV1")
    make_route(policy=second)
    fire("raw", labels={"env": "prod"}, severity="SEV4")
    correlate()
    fire(labels={"env": "dev"}, severity="SEV4")
    correlate()

    routed, other = Incident.objects.order_by("pk")
    assert (routed.team, routed.severity, other.severity) == (team, "SEV1", "SEV4")
    assert paged_policies() == [first.name, second.name]
    assert RouteCount.objects.get(route=rule).count == 1


def taken() -> dict[str, int]:
    """{rule: alerts it took in 14 days}, the default one among them."""
    return {str(row.route): row.matched for row in route_rows(at=minutes(600))}


def test_without_rules_all_alerts_were_left_to_the_default_one() -> None:
    fire()
    fire(pages=False)
    correlate()
    assert taken() == {"Everything else": 1}


def test_what_rules_took_and_silences_hid_was_not_left_to_the_default_one() -> None:
    rule = make_route(severities=["SEV4"], position=1)
    make_silence(title_pattern="migration")
    for severity, title in (("SEV4", "a"), ("SEV2", "b"), ("SEV2", "migration")):
        fire(severity=severity, title=title)
    correlate()
    assert taken() == {str(rule): 1, "Everything else": 1}


def test_a_dropped_alert_is_stored_and_opens_nothing() -> None:
    make_route(action="drop", severities=["SEV4"])
    alert = fire(severity="SEV4")
    correlate()
    tick(1000)
    assert not Incident.objects.exists()
    assert Handling.objects.get(alert=alert).state == "dropped"


def test_the_default_route_is_asked_when_nothing_else_names_a_policy() -> None:
    policy, own = make_policy(), make_policy()
    make_route(is_default=True, policy=policy)
    fire()
    fire(integration=make_integration(escalation_policy=own))
    correlate()
    assert paged_policies() == [policy.name, own.name]


def flap(integration: Integration, times: int, *, start: int = 0) -> None:
    """Fire and resolve, a minute for each."""
    for number in range(start, start + times):
        alert = fire(at=number * 2, integration=integration, dedup_key="flappy")
        correlate(number * 2)
        end(alert, at=number * 2 + 1)
        correlate(number * 2 + 1)


def test_what_flaps_keeps_its_incident_open_and_pages_no_more_until_calm() -> None:
    inlet = make_integration()
    damp(inlet, flap_changes=4, flap_within=timedelta(minutes=20))
    flap(inlet, 2)
    incident = Incident.objects.get()
    assert incident.status == "monitoring"  # four changes are not more than four
    flap(inlet, 3, start=2)

    incident.refresh_from_db()
    assert incident.status == "triggered"
    escalations = Escalation.objects.count()
    assert [text for text in texts(incident) if "flapping" in text] == [
        "something failed is flapping: it changed state 5 times in 20 minutes. The "
        "incident is kept open and nobody is paged again for it until it is calm."
    ]
    flap(inlet, 1, start=5)
    assert Escalation.objects.count() == escalations

    # Changes were at 0 to 11. Two within 20 minutes are calm: from 29 on.
    tick(28)
    incident.refresh_from_db()
    assert incident.status == "triggered"
    tick(30)
    incident.refresh_from_db()
    assert incident.status == "monitoring"
    assert "something failed is calm again: it no longer flaps." in texts(incident)
    assert Flapping.objects.get().ended_at == minutes(30)


def test_what_flaps_after_a_person_resolved_it_waits_until_calm(admin: User) -> None:
    inlet = make_integration()
    damp(inlet, flap_changes=2, flap_within=timedelta(minutes=20))
    flap(inlet, 3)
    incident = Incident.objects.get()
    resolve_incident(incident_id=incident.pk, by=admin, at=minutes(7))
    fire(at=8, integration=inlet, dedup_key="flappy")
    correlate(8)
    assert Incident.objects.count() == 1
    assert Handling.objects.filter(state="flapping", alert__status="firing").exists()

    tick(40)
    assert Incident.objects.open().count() == 1


def test_nothing_is_asked_of_the_rules_when_there_are_none(
    settings: Settings, django_assert_num_queries: Any
) -> None:
    settings.FLAP_CHANGES = 0
    alert = fire()
    current_rules(at=minutes(0))
    with django_assert_num_queries(1):
        settled = settle(
            [alert], known=(), in_open_incidents=lambda _: set(), at=minutes(0)
        )
    assert settled.new == [alert]
