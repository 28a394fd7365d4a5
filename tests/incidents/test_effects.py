"""Severity, impact, paging and the people told."""

import pytest
from pytest_django.fixtures import Settings

from catalog.models import Change
from incidents.models import Incident, Stakeholder
from incidents.services import (
    acknowledge_incident,
    change_severity,
    impact_of,
    post_update,
    resolve_incident,
    set_private,
)
from oncall.models import Escalation, EscalationPolicy, Notification, Page
from tests.factories import make_integration, make_policy, make_team, make_user
from tests.incidents.world import (
    correlate,
    end,
    fire,
    make_lineage,
    minutes,
    own,
    texts,
)

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def default_policy(db: None) -> EscalationPolicy:
    return policy_of_admin(is_default=True)


def told(kind: str) -> dict[str, Notification]:
    """{address: the message} of one kind: start, end, update."""
    sent = Notification.objects.filter(idempotency_key__contains=f":{kind}:")
    return {message.address: message for message in sent}


def policy_of_admin(**values: object) -> EscalationPolicy:
    """A policy with one step that pages one admin."""
    policy = make_policy(**values)
    step = policy.steps.create(position=0)
    step.targets.create(user=make_user(role="admin"))
    return policy


def test_a_tier_1_asset_downstream_raises_severity_by_one_step() -> None:
    assets = make_lineage("raw > mart > board", board="dashboard")
    assets["board"].tier = 1
    assets["board"].save()
    fire("raw", severity="SEV3")
    correlate()
    incident = Incident.objects.get()
    assert incident.severity == "SEV2"
    reason = (
        "SEV3 by itself, one step up to SEV2: board is tier 1 and affected "
        "(1 dashboard of tier 1 makes 10 of 10 points)."
    )
    assert incident.severity_reason == reason
    assert reason in texts(incident)


def test_many_lesser_dashboards_raise_severity_and_a_product_is_no_dashboard() -> None:
    names = [f"board_{number}" for number in range(3)]
    chains = [f"raw > {name}" for name in (*names, "sales")]
    kinds = dict.fromkeys(names, "dashboard") | {"sales": "product"}
    assets = make_lineage(*chains, **kinds)
    for name in (*names, "sales"):
        assets[name].tier = 2
        assets[name].save()
    fire("raw", severity="SEV3")
    correlate()
    incident = Incident.objects.get()
    assert incident.severity_reason == (
        "SEV3 by itself, one step up to SEV2: 3 dashboards of tier 2 and 1 data "
        "product of tier 2 make 12 of 10 points."
    )
    assert incident.affected_dashboards == 3


def test_the_machine_never_lowers_severity_and_keeps_one_set_by_hand() -> None:
    make_lineage("raw > mart")
    fire("raw", severity="SEV2")
    correlate()
    incident = Incident.objects.get()
    fire("mart", severity="SEV4")
    correlate()
    incident.refresh_from_db()
    assert incident.severity == "SEV2"
    change_severity(
        incident_id=incident.pk, severity="SEV4", by=make_user(), at=minutes(11)
    )
    fire("mart", severity="SEV1")
    correlate(12)
    incident.refresh_from_db()
    assert incident.severity == "SEV4"


def test_the_cause_is_kept_with_reasons_and_its_team_has_the_incident() -> None:
    assets = make_lineage("raw > mart")
    team = make_team()
    assets["raw"].team = team
    assets["raw"].save()
    Change.objects.create(
        asset=assets["raw"], title="a1b2c3", kind="deploy", occurred_at=minutes(-20)
    )
    fire("raw"), fire("mart", at=1)
    correlate()
    incident = Incident.objects.get()
    assert incident.suspected_asset == assets["raw"]
    assert incident.team == team
    assert "deployed 20 minutes before: a1b2c3" in incident.causes[0]["reasons"]


def test_impact_names_dashboards_with_owners_and_the_path() -> None:
    assets = make_lineage(
        "raw > mart > board", "mart > sheet", board="dashboard", sheet="product"
    )
    own(assets["board"], "ana@example.com", "bo@example.com")
    fire("mart"), fire("raw", at=1)
    correlate()
    incident = Incident.objects.get()
    impact = impact_of(incident)
    assert [d.asset.name for d in impact.dashboards] == ["board", "sheet"]
    assert impact.dashboards[0].owners == ("ana@example.com", "bo@example.com")
    assert [a.name for a in impact.dashboards[0].path] == ["raw", "mart", "board"]
    assert (incident.affected_assets, incident.affected_dashboards) == (3, 1)
    assert impact.assets == 3
    assert impact.by_type == {"dataset": 1, "dashboard": 1, "product": 1}


def test_opening_pages_the_first_step_in_the_same_breath(
    default_policy: EscalationPolicy,
) -> None:
    fire("raw", severity="SEV2", description="Exit code 1")
    correlate()
    incident = Incident.objects.get()
    escalation = Escalation.objects.get()
    assert (escalation.subject, escalation.policy) == (
        incident.subject,
        default_policy,
    )
    assert escalation.url.endswith(incident.get_absolute_url())
    assert escalation.body.startswith("Exit code 1")
    assert Page.objects.count() == 1


def test_the_policy_is_the_causes_teams_then_the_inlets_then_the_default() -> None:
    assets = make_lineage("raw > mart")
    inlets = make_integration(escalation_policy=policy_of_admin())
    fire("mart", integration=inlets)
    correlate()
    assert Escalation.objects.get().policy == inlets.escalation_policy
    Incident.objects.get()
    team = make_team()
    own_policy = policy_of_admin(team=team)
    other = make_lineage("feed > report")
    other["feed"].team = team
    other["feed"].save()
    fire("feed", integration=inlets)
    correlate()
    assert Escalation.objects.latest("pk").policy == own_policy
    assert assets["raw"].team is None


def owned_by_two_teams() -> tuple[EscalationPolicy, EscalationPolicy]:
    """raw and mart, each of a team with a policy of its own."""
    assets = make_lineage("raw > mart")
    policies = []
    for name in ("raw", "mart"):
        assets[name].team = make_team()
        assets[name].save()
        policies.append(policy_of_admin(team=assets[name].team))
    return policies[0], policies[1]


def test_a_suspect_of_another_team_pages_that_team_and_lets_the_first_go() -> None:
    raws, marts = owned_by_two_teams()
    fire("mart")
    correlate(1)
    assert Escalation.objects.running().get().policy == marts
    fire("raw", at=2)
    correlate(2)
    assert Escalation.objects.running().get().policy == raws
    incident = Incident.objects.get()
    assert incident.team == raws.team
    assert any("that team is paged" in text for text in texts(incident))


def test_once_somebody_works_on_it_a_suspect_of_another_team_pages_nobody() -> None:
    owned_by_two_teams()
    fire("mart")
    correlate(1)
    incident = Incident.objects.get()
    acknowledge_incident(incident_id=incident.pk, by=make_user(), at=minutes(1))
    pages = Page.objects.count()
    fire("raw", at=2)
    correlate(2)
    assert Page.objects.count() == pages


def test_a_further_alert_pages_nobody_unless_it_is_worse() -> None:
    make_lineage("raw > mart")
    fire("raw", severity="SEV3")
    correlate()
    fire("mart", at=1, severity="SEV3")
    correlate()
    assert Page.objects.count() == 1
    fire("mart", at=12, severity="SEV1")
    correlate(12)
    assert Page.objects.count() == 2
    assert "Next step paged: severity rose to SEV1." in texts(Incident.objects.get())


def test_while_a_fault_settles_a_worse_alert_wakes_nobody_else() -> None:
    make_lineage("raw > mart")
    fire("raw", severity="SEV3")
    correlate()
    fire("mart", at=1, severity="SEV1")
    correlate()
    assert Incident.objects.get().severity == "SEV1"
    page = Page.objects.get()
    told = page.notifications.values_list("title", flat=True)
    assert [title.split()[0] for title in told] == ["SEV3", "SEV1"]


def test_a_cause_found_later_that_makes_it_worse_pages_the_next_step() -> None:
    assets = make_lineage("raw > mart > board", board="dashboard")
    assets["board"].tier = 1
    assets["board"].save()
    fire("mart", severity="SEV3")
    correlate()
    fire("raw", at=1, severity="SEV2")
    correlate(20)
    incident = Incident.objects.get()
    assert incident.severity == "SEV1"
    assert Page.objects.count() == 2
    said = "SEV2 to SEV1: SEV2 by itself, one step up to SEV1: board is tier 1 and"
    assert any(text.startswith(said) for text in texts(incident))


def test_nobody_is_paged_again_once_somebody_has_acknowledged() -> None:
    make_lineage("raw > mart")
    fire("raw", severity="SEV3")
    correlate()
    incident = Incident.objects.get()
    acknowledge_incident(incident_id=incident.pk, by=make_user(), at=minutes(11))
    fire("mart", at=12, severity="SEV1")
    correlate(12)
    assert Page.objects.count() == 1
    assert Incident.objects.get().severity == "SEV1"


def test_an_owner_is_told_once_of_all_dashboards_and_once_of_the_end() -> None:
    assets = make_lineage(
        "raw > one", "raw > two", "raw > mart > three",
        one="dashboard", two="dashboard", three="dashboard",
    )  # fmt: skip
    own(assets["one"], "ana@example.com")
    own(assets["two"], "Ana@example.com", "bo@example.com")
    fire("raw", title="raw arrived empty")
    correlate()
    start = told("start")
    assert set(start) == {"ana@example.com", "bo@example.com"}
    assert start["ana@example.com"].title == "Do not rely on one and two for now"
    body = start["ana@example.com"].body
    for part in ("- one", "- two", "29 March, 12:00 UTC", "raw arrived empty"):
        assert part in body
    incident = Incident.objects.get()
    resolve_incident(incident_id=incident.pk, by=make_user(), at=minutes(30))
    resolve_incident(incident_id=incident.pk, by=make_user(), at=minutes(31))
    assert set(told("end")) == set(start)
    assert "can be relied on again" in told("end")["ana@example.com"].body
    said = "Told 2 owners of what is affected: "
    assert any(text.startswith(said) for text in texts(incident))


def test_owners_who_become_affected_later_are_told_then() -> None:
    assets = make_lineage(
        "raw > board", "raw > mart > report", board="dashboard", report="dashboard"
    )
    own(assets["report"], "ana@example.com")
    own(assets["board"], "bo@example.com")
    fire("mart")
    correlate()
    assert set(told("start")) == {"ana@example.com"}
    fire("raw", at=1)
    correlate()
    assert set(told("start")) == {"ana@example.com", "bo@example.com"}


def test_a_merge_does_not_tell_owners_a_second_time() -> None:
    assets = make_lineage("raw > left > board", "raw > right", board="dashboard")
    own(assets["board"], "ana@example.com")
    fire("right")
    correlate(1)
    fire("left", at=2)
    correlate(3)
    fire("raw", at=4)
    correlate(5)
    kept = Incident.objects.open().get()
    assert [s.email for s in kept.stakeholders.all()] == ["ana@example.com"]
    assert Notification.objects.filter(address="ana@example.com").count() == 1


def test_nobody_is_told_of_a_private_incident() -> None:
    assets = make_lineage("raw > mart > board", board="dashboard")
    own(assets["board"], "ana@example.com")
    fire(integration=make_integration(), dedup_key="x")
    correlate()
    secret = Incident.objects.get()
    set_private(incident_id=secret.pk, private=True, by=make_user(), at=minutes(1))
    secret.failing_assets.create(asset=assets["raw"], since=minutes(0))
    fire("raw", at=2)
    correlate()
    assert not Stakeholder.objects.exists()


def test_updates_for_stakeholders_reach_those_who_were_told() -> None:
    assets = make_lineage("raw > board", board="dashboard")
    own(assets["board"], "ana@example.com")
    fire("raw")
    correlate()
    incident = Incident.objects.get()
    by = make_user()
    for audience in ("internal", "stakeholders"):
        post_update(
            incident_id=incident.pk,
            text=f"Word to {audience}",
            audience=audience,
            by=by,
            at=minutes(11),
        )
    (sent,) = told("update").values()
    assert sent.body.startswith("Word to stakeholders\n\nThe next word comes by ")


def test_when_all_alerts_have_resolved_the_incident_is_watched_and_paging_stops() -> (
    None
):  # noqa: E501
    make_lineage("raw > mart")
    first, second = fire("raw"), fire("mart")
    correlate()
    end(first, at=20)
    correlate(20)
    incident = Incident.objects.get()
    assert incident.status == "triggered"
    assert incident.failing_assets.get(asset__name="raw").until == minutes(20)
    end(second, at=30)
    correlate(30)
    incident.refresh_from_db()
    assert (incident.status, incident.mitigated_at) == ("monitoring", minutes(30))
    assert not Escalation.objects.running().exists()
    assert "Alert resolved: mart failed" in texts(incident)


def test_firing_again_while_watched_pages_again_if_nobody_ever_answered() -> None:
    alert = fire("raw")
    correlate()
    end(alert, at=20)
    correlate(20)
    fire("raw", at=25)
    correlate(25)
    incident = Incident.objects.get()
    assert incident.status == "triggered"
    assert Escalation.objects.running().get().subject == incident.subject
    assert incident.failing_assets.get().until is None


def test_firing_again_after_an_acknowledgement_is_back_to_investigating() -> None:
    alert = fire("raw")
    correlate()
    incident = Incident.objects.get()
    acknowledge_incident(incident_id=incident.pk, by=make_user(), at=minutes(11))
    end(alert, at=20)
    correlate(20)
    fire("raw", at=25)
    correlate(25)
    incident.refresh_from_db()
    assert incident.status == "investigating"
    assert not Escalation.objects.running().exists()


def test_a_setting_resolves_incidents_with_their_alerts(settings: Settings) -> None:
    settings.RESOLVE_WITH_ALERTS = True
    assets = make_lineage("raw > board", board="dashboard")
    own(assets["board"], "ana@example.com")
    alert = fire("raw")
    correlate()
    end(alert, at=20)
    correlate(20)
    assert Incident.objects.get().status == "resolved"
    assert set(told("end")) == {"ana@example.com"}


def test_an_alert_that_resolved_before_it_was_seen_pages_nobody() -> None:
    alert = fire("raw")
    end(alert, at=1)
    correlate()
    incident = Incident.objects.get()
    assert incident.status == "monitoring"
    assert not Escalation.objects.exists()


def test_a_senders_acknowledgement_acknowledges_the_incident() -> None:
    alert = fire("raw")
    correlate()
    alert.acknowledge_asked_at, alert.has_changed = minutes(12), True
    alert.save(update_fields=["acknowledge_asked_at", "has_changed"])
    correlate(12)
    incident = Incident.objects.get()
    assert incident.status == "investigating"
    assert incident.acknowledged_by is None
    assert not Escalation.objects.running().exists()


def test_assets_fail_and_recover_with_their_alerts() -> None:
    assets = make_lineage("raw > mart")
    alert = fire("raw")
    fire("mart", pages=False)
    correlate()
    for asset in assets.values():
        asset.refresh_from_db()
    assert (assets["raw"].health, assets["mart"].health) == ("failing", "healthy")
    end(alert, at=20)
    correlate(20)
    assets["raw"].refresh_from_db()
    assert assets["raw"].health == "healthy"
