"""What the draft says is what was recorded, and people appear by role."""

from datetime import timedelta

import pytest

from accounts.models import User
from catalog.models import Change
from core.errors import DomainError
from incidents.models import Incident
from incidents.services import acknowledge_incident, add_note, assign_role, subscribe
from oncall.models import Notification
from postmortems.models import Postmortem
from postmortems.services import draft_postmortem, facts_of
from tests.factories import NOON, make_incident, make_team, make_user
from tests.incidents.world import correlate, fire, make_lineage, minutes, own

pytestmark = pytest.mark.django_db


def broken_orders(**values: object) -> Incident:
    """One incident at raw, opened by its alert, with a dashboard downstream."""
    assets = make_lineage("source > raw > mart > board", board="dashboard")
    own(assets["board"], "olga@example.com")
    fire("raw", at=5, title="raw arrived empty")
    fire("mart", at=6)
    correlate()
    incident = Incident.objects.get()
    Incident.objects.filter(pk=incident.pk).update(**values)
    incident.refresh_from_db()
    return incident


def resolve(incident: Incident) -> Incident:
    incident.resolve(by=None, at=minutes(90))
    return incident


@pytest.fixture
def robin() -> User:
    return make_user(name="Robin Weaver", email="robin@example.com")


def test_who_was_told_is_an_owner_or_a_subscriber(robin: User) -> None:
    assets = make_lineage("raw > board", "raw > sheet", board="dashboard")
    own(assets["board"], "olga@example.com")
    subscribe(user=robin, asset=assets["raw"], at=NOON)
    fire("raw")
    correlate()
    roles = {
        name: person.role
        for person in facts_of(Incident.objects.get()).people
        for name in person.names
    }
    assert roles["olga@example.com"] == "dashboard owner"
    assert roles[robin.email] == "subscriber of an asset"


def test_people_appear_by_role_even_in_what_they_wrote(robin: User) -> None:
    incident = broken_orders()
    kim, lee = make_user(name="Kim Brook"), make_user(name="Lee Marsh")
    for role, user in (("commander", robin), ("scribe", kim)):
        assign_role(
            incident_id=incident.pk, role=role, user=user, by=robin, at=minutes(8)
        )
    note = "Asked Kim and lee@example.net; Lee Marsh had seen it."
    add_note(incident_id=incident.pk, text=note, by=kim, at=minutes(9))
    drafted, _ = draft_postmortem(
        incident_id=resolve(incident).pk, by=lee, at=minutes(99)
    )
    for name in ("Robin", "Weaver", "Kim", "Brook", "Lee", "Marsh"):
        assert name not in drafted.body
    assert "scribe: Asked scribe" in drafted.body
    assert "colleague had seen it" in drafted.body


def test_several_responders_are_numbered(robin: User) -> None:
    incident = broken_orders()
    others = [make_user(name=f"Person Number{n}") for n in "AB"]
    for user in others:
        assign_role(
            incident_id=incident.pk,
            role="responder",
            user=user,
            by=robin,
            at=minutes(8),
        )
    roles = {person.role for person in facts_of(incident).people}
    assert {"responder 1", "responder 2"} <= roles


def test_who_only_answered_the_page_is_the_on_call_engineer(robin: User) -> None:
    incident = broken_orders()
    incident = acknowledge_incident(incident_id=incident.pk, by=robin, at=minutes(7))
    facts = facts_of(incident)
    acknowledged = [m for m in facts.timeline if m.text.startswith("Acknowledged")]
    assert [moment.actor for moment in acknowledged] == ["on-call engineer"]


def test_the_record_gives_clocks_impact_and_the_first_alert() -> None:
    incident = resolve(broken_orders(impact_started_at=minutes(-10)))
    facts = facts_of(incident)
    assert facts.impact_started_at == minutes(-10)
    assert facts.resolved_at == minutes(90)
    assert [d.name for d in facts.dashboards] == ["board"]
    assert facts.dashboards[0].owners == 1
    assert facts.reached == "1 dashboard"
    assert facts.asset_count == 3
    assert facts.first_alert is not None
    assert facts.first_alert.title == "raw arrived empty"
    assert facts.suspicion is not None
    assert facts.suspicion.asset == "raw"
    assert facts.suspicion.reasons


def test_only_mail_that_was_sent_counts_as_told() -> None:
    incident = broken_orders()
    assert facts_of(incident).people_told == 0
    told = Notification.objects.filter(subject=incident.subject, page=None)
    assert told.exists()
    told.update(state="sent", sent_at=NOON)
    assert facts_of(incident).people_told == 1


def test_changes_shortly_before_on_the_cause_and_above_are_named() -> None:
    incident = broken_orders()
    raw = incident.failing_assets.get(asset__name="raw").asset
    source = raw.edges_up.get().upstream
    mart = raw.edges_down.get().downstream
    for asset, title, hours in (
        (source, "new schema", 1),
        (raw, "deploy 12", 2),
        (raw, "long ago", 48),
        (mart, "downstream only", 1),
    ):
        Change.objects.create(
            asset=asset, title=title, occurred_at=NOON - timedelta(hours=hours)
        )
    assert {change.title for change in facts_of(incident).changes} == {
        "new schema",
        "deploy 12",
    }


def test_many_alerts_are_folded_in_the_timeline() -> None:
    incident = make_incident()
    for number in range(40):
        incident.record(
            incident.timeline.model.Kind.ALERT, f"alert {number}", at=minutes(number)
        )
    moments = facts_of(incident).timeline
    assert len(moments) == 4
    assert moments[-1].text == "The last of 37 further entries about alerts."
    assert moments[-1].at == minutes(39)


def test_a_private_forerunner_is_not_named() -> None:
    earlier = make_incident(private=True)
    facts = facts_of(make_incident(recurs_from=earlier))
    assert facts.recurs_from is None
    assert facts_of(make_incident(recurs_from=make_incident())).recurs_from


def test_drafting_twice_gives_the_first(robin: User) -> None:
    incident = resolve(broken_orders())
    first, is_new = draft_postmortem(incident_id=incident.pk, by=robin, at=NOON)
    second, is_new_again = draft_postmortem(incident_id=incident.pk, by=robin, at=NOON)
    assert (is_new, is_new_again) == (True, False)
    assert first == second
    assert first.versions.count() == 1


def test_an_open_incident_has_no_postmortem_yet(robin: User) -> None:
    incident = broken_orders()
    with pytest.raises(DomainError, match="not resolved yet"):
        draft_postmortem(incident_id=incident.pk, by=robin, at=NOON)
    assert not Postmortem.objects.exists()


def test_a_merged_incident_leaves_it_to_the_other(robin: User) -> None:
    other = make_incident(team=make_team())
    merged = make_incident(status="resolved", resolved_at=NOON, merged_into=other)
    with pytest.raises(DomainError, match=f"merged into #{other.pk}"):
        draft_postmortem(incident_id=merged.pk, by=robin, at=NOON)
