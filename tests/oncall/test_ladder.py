"""Walking down a ladder: who is owed a page when, and what ends it."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from pytest_django import DjangoAssertNumQueries

from oncall.models import (
    Escalation,
    Notification,
    Page,
)
from oncall.services import (
    acknowledge_escalation,
    acknowledge_page,
    escalate_now,
    ladder,
    start_escalation,
    stop_escalation,
)
from oncall.services.engine import claim
from oncall.services.escalations import Call, raise_urgency, start_escalations
from oncall.services.walking import walk_due_escalations
from tests.factories import NOON, make_policy, make_schedule, make_team, make_user
from tests.oncall.ladders import (
    MINUTE,
    add_step,
    make_method,
    paged,
    start,
    two_step_policy,
)

pytestmark = pytest.mark.django_db


def test_a_title_of_any_length_is_paged_about() -> None:
    policy, first, _ = two_step_policy()
    make_method(first)
    subject, title, url = "incident:1", "x" * 5000, "https://hw.example.com/"
    start_escalation(
        subject=subject,
        title=title,
        body="",
        url=url,
        severity="SEV2",
        policy=policy,
        at=NOON,
    )
    assert raise_urgency(
        subject=subject, severity="SEV1", title=title, body="", at=NOON
    )
    assert {one.title for one in Notification.objects.all()} == {"x" * 1024}


def test_starting_owes_the_first_step_at_once() -> None:
    policy, first, _ = two_step_policy()
    escalation = start(policy)
    assert paged(escalation) == [(0, 0, first.email)]
    owed = Notification.objects.get()
    assert (owed.state, owed.due_at, owed.address) == ("due", NOON, first.email)


def test_starting_twice_is_one_escalation() -> None:
    policy, _, _ = two_step_policy()
    assert start(policy) == start(policy, at=NOON + MINUTE)
    assert Page.objects.count() == 1


def test_the_second_step_waits_its_time_and_then_is_paged() -> None:
    policy, first, second = two_step_policy()
    escalation = start(policy)
    walk_due_escalations(at=NOON + timedelta(minutes=4, seconds=59))
    assert len(paged(escalation)) == 1
    walk_due_escalations(at=NOON + timedelta(minutes=5))
    assert paged(escalation) == [(0, 0, first.email), (0, 1, second.email)]


def test_walking_twice_writes_no_page_twice() -> None:
    policy, _, _ = two_step_policy()
    escalation = start(policy)
    for _ in range(3):
        walk_due_escalations(at=NOON + 5 * MINUTE)
    assert len(paged(escalation)) == 2


def test_an_exhausted_ladder_ends_on_every_admin() -> None:
    admin = make_user(role="admin")
    policy, first, second = two_step_policy(repeats=1)
    escalation = start(policy)
    for minutes in (5, 15, 20, 30):
        walk_due_escalations(at=NOON + minutes * MINUTE)
    escalation.refresh_from_db()
    assert escalation.state == Escalation.State.EXHAUSTED
    assert paged(escalation) == [
        (0, 0, first.email),
        (0, 1, second.email),
        (1, 0, first.email),
        (1, 1, second.email),
        (2, 0, admin.email),
    ]


def test_an_exhausted_escalation_can_still_be_acknowledged() -> None:
    admin = make_user(role="admin")
    policy, _, _ = two_step_policy(repeats=0)
    escalation = start(policy)
    for minutes in (5, 15):
        walk_due_escalations(at=NOON + minutes * MINUTE)
    assert acknowledge_escalation(subject="incident:1", by=admin, at=NOON + 20 * MINUTE)
    escalation.refresh_from_db()
    assert escalation.acknowledged_by == admin


def test_a_step_that_reaches_nobody_is_passed_over_at_once() -> None:
    policy, ana = make_policy(), make_user()
    add_step(policy, schedule=make_schedule(layers=[]))
    add_step(policy, user=ana)
    assert paged(start(policy)) == [(0, 1, ana.email)]


def test_a_ladder_without_anybody_ends_on_the_admins_at_once() -> None:
    admin, policy = make_user(role="admin"), make_policy(repeats=3)
    add_step(policy, team=make_team())
    escalation = start(policy)
    assert escalation.state == Escalation.State.EXHAUSTED
    assert paged(escalation) == [(4, 0, admin.email)]


def test_without_a_policy_every_admin_is_paged() -> None:
    admin = make_user(role="admin")
    make_user(role="responder")
    assert paged(start(None)) == [(0, 0, admin.email)]


def test_the_schedule_says_who_at_the_time_of_the_step() -> None:
    ana, ben = make_user(), make_user()
    layer = {
        "name": "daily",
        "priority": 0,
        "kind": "rotation",
        "rotation": {
            "unit": "day",
            "every": 1,
            "start_local": "2026-03-29T12:04",
            "participants": [[str(ana.pk)], [str(ben.pk)]],
        },
    }
    policy = make_policy()
    schedule = make_schedule(layers=[layer], timezone="UTC")
    add_step(policy, schedule=schedule)
    add_step(policy, schedule=schedule)
    escalation = start(policy)
    walk_due_escalations(at=NOON + 5 * MINUTE)
    assert [who for _, _, who in paged(escalation)] == [ben.email, ana.email]


def test_editing_the_policy_changes_nothing_that_runs() -> None:
    policy, _, second = two_step_policy()
    escalation = start(policy)
    policy.steps.all().delete()
    walk_due_escalations(at=NOON + 5 * MINUTE)
    assert paged(escalation)[-1] == (0, 1, second.email)


def test_acknowledging_stops_the_ladder_and_cancels_what_is_owed() -> None:
    policy, first, _ = two_step_policy()
    escalation = start(policy)
    assert acknowledge_escalation(subject="incident:1", by=first, at=NOON + MINUTE)
    assert not acknowledge_escalation(subject="incident:1", by=first, at=NOON + MINUTE)
    walk_due_escalations(at=NOON + timedelta(hours=1))
    assert len(paged(escalation)) == 1
    assert Notification.objects.get().state == "cancelled"
    assert claim(at=NOON + timedelta(hours=1), limit=10) == []


def test_stopping_is_no_acknowledgement() -> None:
    policy, _, _ = two_step_policy()
    escalation = start(policy)
    assert stop_escalation(subject="incident:1", at=NOON + MINUTE)
    escalation.refresh_from_db()
    assert (escalation.state, escalation.acknowledged_by) == ("stopped", None)


def test_after_it_ended_the_subject_can_be_paged_about_again() -> None:
    policy, _, _ = two_step_policy()
    first = start(policy)
    stop_escalation(subject="incident:1", at=NOON + MINUTE)
    assert start(policy, at=NOON + 2 * MINUTE) != first


def test_answering_a_page_late_is_recorded_and_changes_nothing_else() -> None:
    policy, first, second = two_step_policy()
    escalation = start(policy)
    walk_due_escalations(at=NOON + 5 * MINUTE)
    one, two = escalation.pages.all()
    acknowledge_page(page_id=two.pk, at=NOON + 6 * MINUTE, via="link")
    acknowledge_page(page_id=one.pk, at=NOON + 7 * MINUTE, via="link")
    escalation.refresh_from_db()
    one.refresh_from_db()
    assert escalation.acknowledged_by == second
    assert one.acknowledged_at == NOON + 7 * MINUTE


def test_escalating_by_hand_takes_the_next_step_now() -> None:
    policy, _, second = two_step_policy()
    escalation = start(policy)
    assert escalate_now(subject="incident:1", at=NOON + MINUTE)
    assert paged(escalation)[-1] == (0, 1, second.email)


def test_the_ladder_shows_past_and_planned_rungs() -> None:
    policy, first, second = two_step_policy(repeats=0)
    start(policy)
    rungs = ladder(subject="incident:1", at=NOON + MINUTE)
    assert [(r.step, r.user, r.state, r.at) for r in rungs] == [
        (1, first.email, "paged", NOON),
        (2, second.email, "planned", NOON + 5 * MINUTE),
    ]


def test_starting_many_takes_as_many_statements_as_starting_one(
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    policy, _, _ = two_step_policy()
    with CaptureQueriesContext(connection) as one:
        start(policy)
    calls = [Call(f"s{n}", f"s{n}", "", "", "SEV3", policy) for n in range(20)]
    with django_assert_num_queries(len(one)):
        start_escalations(calls, at=NOON)
    assert Notification.objects.count() == 21


def test_a_subject_that_is_paged_about_already_keeps_its_escalation() -> None:
    policy, _, _ = two_step_policy()
    running = start(policy)
    calls = [
        Call(subject, "again", "", "", "SEV1", policy)
        for subject in ("incident:1", "incident:2")
    ]
    found = start_escalations(calls, at=NOON + MINUTE)
    assert found["incident:1"] == running
    assert found["incident:2"].started_at == NOON + MINUTE


def test_one_that_cannot_be_walked_holds_up_no_other() -> None:
    policy, _, second = two_step_policy()
    broken = start(policy)
    call = Call("incident:2", "t", "", "", "SEV3", policy)
    sound = start_escalations([call], at=NOON)["incident:2"]
    Escalation.objects.filter(pk=broken.pk).update(steps=[{}, {}])
    walk_due_escalations(at=NOON + 5 * MINUTE)
    assert paged(sound)[-1] == (0, 1, second.email)
    broken.refresh_from_db()
    assert broken.next_step_at == NOON + 6 * MINUTE
