"""What people do to an incident, from every state."""

from contextlib import nullcontext
from datetime import datetime, timedelta

import pytest

from accounts.models import AuditEntry, User
from core.errors import DomainError, InvalidInputError, InvalidTransitionError
from incidents.models import FOLLOWS, Incident, TimelineEntry
from incidents.services import (
    NOBODY,
    PageTargets,
    acknowledge_incident,
    add_note,
    assign_role,
    change_severity,
    change_status,
    declare_incident,
    end_snoozes,
    escalate_incident,
    judge_cause,
    merge_incidents,
    record_root_cause,
    rename_incident,
    reopen_incident,
    resolve_incident,
    set_times,
    snooze_incident,
    split_incident,
)
from oncall.models import Escalation, Page
from oncall.services import acknowledge_page
from tests.factories import NOON, make_asset, make_incident, make_integration, make_user
from tests.incidents.world import correlate, fire, make_lineage, minutes, texts

pytestmark = pytest.mark.django_db
STATUSES = list(Incident.Status.values)


def incident_in(status: str) -> Incident:
    """A valid incident in this status."""
    answered = None if status == "triggered" else NOON
    return make_incident(
        status=status,
        acknowledged_at=answered,
        mitigated_at=NOON if status in ("monitoring", "resolved") else None,
        resolved_at=NOON if status == "resolved" else None,
    )


def paged_incident() -> Incident:
    """An incident about which an admin is being paged."""
    make_user(role="admin")
    fire("raw")
    correlate(0)
    return Incident.objects.get()


def kinds(incident: Incident) -> list[str]:
    return [entry.kind for entry in incident.timeline.all()]


@pytest.mark.parametrize("after", STATUSES)
@pytest.mark.parametrize("before", STATUSES)
def test_only_statuses_that_may_follow_do(user: User, before: str, after: str) -> None:
    incident = incident_in(before)
    allowed = after == before or after in FOLLOWS[before]
    refused = pytest.raises(InvalidTransitionError, match=before)
    with nullcontext() if allowed else refused:
        change_status(incident_id=incident.pk, status=after, by=user, at=minutes(5))
    incident.refresh_from_db()
    assert incident.status == (after if allowed else before)


def test_acknowledging_stops_the_paging_and_tells_it_once(user: User) -> None:
    incident = paged_incident()
    for minute in (1, 2):
        acknowledge_incident(incident_id=incident.pk, by=user, at=minutes(minute))
    incident.refresh_from_db()
    assert incident.status == "investigating"
    assert (incident.acknowledged_by, incident.acknowledged_at) == (user, minutes(1))
    assert Escalation.objects.get().state == "acknowledged"
    assert kinds(incident).count("acknowledged") == 1
    assert AuditEntry.objects.get(action="incident.acknowledged").actor == user
    assert incident.roles.get().user == user


def test_a_resolved_incident_cannot_be_acknowledged(user: User) -> None:
    with pytest.raises(InvalidTransitionError) as refused:
        acknowledge_incident(
            incident_id=incident_in("resolved").pk, by=user, at=minutes(1)
        )
    assert refused.value.current == "resolved"


def test_answering_a_page_acknowledges_the_incident() -> None:
    incident = paged_incident()
    page = Page.objects.get()
    acknowledge_page(page_id=page.pk, at=minutes(3), via="link")
    incident.refresh_from_db()
    assert (incident.status, incident.acknowledged_by) == ("investigating", page.user)
    assert "Acknowledged by a link in the page." in texts(incident)


def test_what_happens_on_the_ladder_is_on_the_timeline() -> None:
    fire("raw")  # and there is nobody to page
    correlate(0)
    assert any(
        entry.kind == TimelineEntry.Kind.PAGED
        for entry in Incident.objects.get().timeline.all()
    )


def test_moving_on_acknowledges(user: User) -> None:
    incident = paged_incident()
    change_status(incident_id=incident.pk, status="identified", by=user, at=minutes(4))
    incident.refresh_from_db()
    assert (incident.acknowledged_by, incident.acknowledged_at) == (user, minutes(4))
    assert not Escalation.objects.running().exists()


def test_monitoring_sets_the_mitigation_and_going_back_takes_it_away(
    user: User,
) -> None:
    incident = incident_in("identified")
    change_status(incident_id=incident.pk, status="monitoring", by=user, at=minutes(4))
    assert Incident.objects.get().mitigated_at == minutes(4)
    change_status(incident_id=incident.pk, status="identified", by=user, at=minutes(5))
    assert Incident.objects.get().mitigated_at is None


@pytest.mark.parametrize("before", STATUSES)
def test_resolving_is_fine_from_every_status_and_twice(user: User, before: str) -> None:
    incident = incident_in(before)
    for minute in (5, 6):
        resolve_incident(incident_id=incident.pk, by=user, at=minutes(minute))
    incident.refresh_from_db()
    assert incident.status == "resolved"
    assert incident.resolved_at == (NOON if before == "resolved" else minutes(5))
    assert kinds(incident).count("resolved") == (before != "resolved")


def test_reopening_pages_only_if_nobody_had_acknowledged(user: User) -> None:
    incident = paged_incident()
    resolve_incident(incident_id=incident.pk, by=user, at=minutes(5))
    for minute in (6, 7):
        reopen_incident(incident_id=incident.pk, by=user, at=minutes(minute))
    incident.refresh_from_db()
    assert (incident.status, incident.resolved_at) == ("triggered", None)
    assert Escalation.objects.running().count() == 1
    assert kinds(incident).count("reopened") == 1
    answered = incident_in("resolved")
    reopen_incident(incident_id=answered.pk, by=user, at=minutes(8))
    answered.refresh_from_db()
    assert answered.status == "investigating"
    assert Escalation.objects.running().count() == 1


def test_a_snooze_stops_the_paging_until_it_ends(user: User) -> None:
    incident = paged_incident()
    snooze_incident(incident_id=incident.pk, until=minutes(60), by=user, at=minutes(1))
    assert not Escalation.objects.running().exists()
    end_snoozes(at=minutes(59))
    assert not Escalation.objects.running().exists()
    end_snoozes(at=minutes(60))
    assert Escalation.objects.running().count() == 1
    assert "The snooze is over: paging again." in texts(incident)


@pytest.mark.parametrize("until", [minutes(0), NOON + timedelta(days=31)])
def test_a_snooze_ends_in_the_next_30_days(user: User, until: datetime) -> None:
    incident = make_incident()
    with pytest.raises(InvalidInputError):
        snooze_incident(incident_id=incident.pk, until=until, by=user, at=minutes(1))


def test_escalating_takes_the_next_step_or_starts_anew(user: User) -> None:
    incident = paged_incident()
    escalate_incident(incident_id=incident.pk, by=user, at=minutes(1))
    assert Page.objects.count() == 2
    acknowledge_incident(incident_id=incident.pk, by=user, at=minutes(2))
    escalate_incident(incident_id=incident.pk, by=user, at=minutes(3))
    assert Escalation.objects.running().count() == 1


def test_times_may_be_corrected_but_never_out_of_order(user: User) -> None:
    incident = make_incident(at=minutes(10))
    set_times(
        incident_id=incident.pk,
        times={"impact_started_at": minutes(-60), "detected_at": minutes(5)},
        by=user,
        at=minutes(20),
    )
    incident.refresh_from_db()
    assert incident.impact_started_at == minutes(-60)
    assert kinds(incident) == ["times"]
    wrong_times: list[dict[str, datetime | None]] = [
        {"impact_started_at": minutes(6)},
        {"detected_at": minutes(11)},
        {"mitigated_at": minutes(-61)},
        {"mitigated_at": minutes(21)},
        {"resolved_at": minutes(15)},
        {"detected_at": None},
    ]
    for wrong in wrong_times:
        with pytest.raises(InvalidInputError):
            set_times(incident_id=incident.pk, times=wrong, by=user, at=minutes(20))


def test_a_note_has_its_own_time_and_none_in_the_future(user: User) -> None:
    incident = make_incident()
    entry = add_note(
        incident_id=incident.pk,
        text="Restarted the loader",
        happened_at=minutes(-5),
        by=user,
        at=minutes(5),
    )
    assert (entry.at, entry.recorded_at) == (minutes(-5), minutes(5))
    for wrong in ({"text": "  "}, {"text": "x", "happened_at": minutes(6)}):
        with pytest.raises(InvalidInputError):
            add_note(incident_id=incident.pk, by=user, at=minutes(5), **wrong)


def test_one_person_holds_a_role_and_many_respond(user: User) -> None:
    incident, other = make_incident(), make_user()
    for role in ("commander", "responder"):
        for person in (user, other, other):
            assign_role(
                incident_id=incident.pk, role=role, user=person, by=user, at=NOON
            )
    assert incident.roles.get(role="commander").user == other
    assert incident.roles.filter(role="responder").count() == 2
    assert kinds(incident).count("role") == 4


def test_severity_set_by_hand_and_title_are_on_the_timeline(user: User) -> None:
    incident = make_incident(title="before")
    change_severity(incident_id=incident.pk, severity="SEV1", by=user, at=NOON)
    rename_incident(incident_id=incident.pk, title=" after ", by=user, at=NOON)
    incident.refresh_from_db()
    assert (incident.severity, incident.title) == ("SEV1", "after")
    assert texts(incident) == ["SEV3 to SEV1.", "Title was: before"]


def test_the_root_cause_is_recorded(user: User) -> None:
    incident, asset = make_incident(), make_asset("loader")
    record_root_cause(
        incident_id=incident.pk,
        category="code",
        asset=asset,
        summary="A filter dropped all rows",
        contributing_factors="No test on row counts",
        by=user,
        at=NOON,
    )
    incident.refresh_from_db()
    assert (incident.root_cause_category, incident.root_cause_asset) == ("code", asset)
    assert texts(incident) == [
        "Root cause: Code or query change in loader. A filter dropped all rows"
    ]


def test_a_rejected_cause_is_not_suspected_again(user: User) -> None:
    assets = make_lineage("raw > mart")
    fire("raw"), fire("mart")
    correlate()
    incident = Incident.objects.get()
    judge_cause(
        incident_id=incident.pk,
        asset=assets["raw"],
        verdict="rejected",
        by=user,
        at=minutes(11),
    )
    fire("raw", at=12)
    correlate(12)
    incident.refresh_from_db()
    assert incident.suspected_asset == assets["mart"]
    assert incident.verdicts.get().rank == 1


def test_merging_moves_everything_and_stops_the_other_paging(user: User) -> None:
    make_user(role="admin")
    fire("raw"), fire("other")
    correlate()
    kept, gone = Incident.objects.order_by("pk")
    for _ in range(2):
        merge_incidents(incident_id=gone.pk, into_id=kept.pk, by=user, at=minutes(11))
    kept.refresh_from_db()
    gone.refresh_from_db()
    assert (kept.alert_count, gone.alert_count) == (2, 0)
    assert (gone.status, gone.merged_into) == ("resolved", kept)
    assert kept.failing_assets.count() == 2
    assert Escalation.objects.running().get().subject == kept.subject
    with pytest.raises(InvalidTransitionError):
        reopen_incident(incident_id=gone.pk, by=user, at=minutes(12))


def test_what_cannot_be_merged_says_why(user: User) -> None:
    incident, ended = make_incident(), incident_in("resolved")
    for into, error in ((incident, InvalidInputError), (ended, DomainError)):
        with pytest.raises(error):
            merge_incidents(incident_id=incident.pk, into_id=into.pk, by=user, at=NOON)


def test_splitting_gives_alerts_an_incident_of_their_own(user: User) -> None:
    make_lineage("raw > mart")
    first, second = fire("raw"), fire("mart", at=2, severity="SEV2")
    correlate()
    source = Incident.objects.get()
    new = split_incident(
        incident_id=source.pk, alert_ids=[second.pk], by=user, at=minutes(11)
    )
    source.refresh_from_db()
    new.refresh_from_db()
    assert [f.asset.name for f in source.failing_assets.all()] == ["raw"]
    assert [f.asset.name for f in new.failing_assets.all()] == ["mart"]
    assert (source.alert_count, new.alert_count, new.severity) == (1, 1, "SEV2")
    assert new.suspected_asset is not None
    assert new.suspected_asset.name == "mart"
    with pytest.raises(InvalidInputError):
        split_incident(
            incident_id=source.pk, alert_ids=[first.pk], by=user, at=minutes(12)
        )


def test_a_declared_incident_pages_whom_the_person_names(user: User) -> None:
    other = make_user()
    declare_incident(
        title="Numbers look wrong",
        by=user,
        at=NOON,
        page=PageTargets(users=(other,)),
    )
    assert Page.objects.get().user == other


def test_a_declared_incident_pages_nobody_if_the_person_says_so(user: User) -> None:
    make_user(role="admin")
    declare_incident(title="Quiet", by=user, at=NOON, page=NOBODY)
    assert not Page.objects.exists()
    declare_incident(title="Usual", by=user, at=NOON)
    assert Page.objects.count() == 1


def test_a_declared_incident_takes_alerts_of_its_assets(user: User) -> None:
    assets = make_lineage("raw > mart")
    incident = declare_incident(
        title="Orders look wrong", by=user, at=NOON, assets=[assets["mart"]]
    )
    fire("raw", at=5, integration=make_integration())
    correlate()
    incident.refresh_from_db()
    assert incident.alert_count == 1
    assert incident.suspected_asset == assets["raw"]
    assert incident.detected_by == "person"
