"""Switching what is being paged to a policy that has changed since: it goes on where it
stands, nobody of the new ladder is skipped, and nobody is paged twice in a row."""

from datetime import timedelta

import pytest

from accounts.models import User
from accounts.services import delete_team, move_holdings
from oncall.models import Escalation, EscalationPolicy, Notice, Page
from oncall.services import start_escalation
from oncall.services.switching import policy_change, switch_policy
from oncall.services.walking import walk_due_escalations
from tests.factories import NOON, make_policy, make_schedule, make_team, make_user

pytestmark = pytest.mark.django_db

MINUTE = timedelta(minutes=1)
SUBJECT = "incident:1"


def set_steps(policy: EscalationPolicy, *people: User, repeats: int = 0) -> None:
    """Each alone on a step of five minutes."""
    policy.steps.all().delete()
    for position, user in enumerate(people):
        step = policy.steps.create(position=position, delay=5 * MINUTE)
        step.targets.create(user=user)
    policy.version += 1
    policy.repeats = repeats
    policy.save()


def started(policy: EscalationPolicy, *, steps: int) -> Escalation:
    """An escalation that stands on that step since noon."""
    began = NOON - 5 * (steps - 1) * MINUTE
    start_escalation(
        subject=SUBJECT,
        title="orders_raw arrived empty",
        body="",
        url="https://hw.example.com/",
        severity="SEV2",
        policy=policy,
        at=began,
    )
    for number in range(1, steps):
        walk_due_escalations(at=began + 5 * number * MINUTE)
    return Escalation.objects.get()


def switched(policy: EscalationPolicy, *people: User, repeats: int = 0) -> list[User]:
    """Switch a minute after noon. Who is paged then and as time passes."""
    known = Page.objects.count()
    set_steps(policy, *people, repeats=repeats)
    switch_policy(subject=SUBJECT, at=NOON + MINUTE)
    for number in range(10):
        walk_due_escalations(at=NOON + (1 + 5 * number) * MINUTE)
    return [page.user for page in Page.objects.order_by("pk")[known:]]


def test_steps_that_moved_up_are_paged_again_when_they_come() -> None:
    ana, ben, cem, dora, admin = (make_user() for _ in range(5))
    User.objects.filter(pk=admin.pk).update(role="admin")
    policy = make_policy()
    set_steps(policy, ana, ben, cem)
    escalation = started(policy, steps=3)
    assert switched(policy, cem, ben, dora) == [ben, dora, admin]
    told = escalation.pages.filter(created_at__gt=NOON).order_by("pk")
    assert told[0].created_at == NOON + 6 * MINUTE  # the wait begins anew


def test_who_was_put_before_is_paged_at_once_and_nobody_else() -> None:
    ana, ben, cem = (make_user() for _ in range(3))
    policy = make_policy()
    set_steps(policy, ana, ben)
    started(policy, steps=2)
    set_steps(policy, cem, ana, ben)
    change, _ = policy_change(Escalation.objects.get())
    assert change is not None
    assert change.step == 3
    switch_policy(subject=SUBJECT, at=NOON + MINUTE)
    new = Page.objects.filter(created_at__gt=NOON)
    assert [page.user for page in new] == [cem]
    assert Escalation.objects.get().next_step_at == NOON + 6 * MINUTE


def test_fewer_laps_end_the_one_it_stands_in() -> None:
    ana, ben = make_user(), make_user(role="admin")
    policy = make_policy(repeats=2)
    set_steps(policy, ana, ben, repeats=2)
    started(policy, steps=3)  # the second lap's first
    assert switched(policy, ana, ben, repeats=0) == [ben, ben]
    assert Escalation.objects.get().state == "exhausted"


def test_a_ladder_of_which_all_were_paged_waits_once_and_goes_on() -> None:
    ana, ben = make_user(), make_user()
    policy = make_policy()
    set_steps(policy, ana, ben)
    started(policy, steps=2)
    assert switched(policy, ben, ana, repeats=1)[:3] == [ana, ben, ana]


def test_the_same_step_twice_is_the_nearer_one() -> None:
    ana, ben, cem = (make_user() for _ in range(3))
    policy = make_policy()
    set_steps(policy, ana, ben, ana)
    started(policy, steps=3)
    assert switched(policy, ana, ben, ana, cem)[:1] == [cem]


def test_a_turn_that_was_taken_is_not_taken_again() -> None:
    people = [make_user() for _ in range(3)]
    everyone = {"kind": "always", "users": [str(one.pk) for one in people]}
    schedule, policy = make_schedule(layers=[everyone]), make_policy()
    step = policy.steps.create(position=0, delay=5 * MINUTE)
    step.targets.create(schedule=schedule, who="turns")
    started(policy, steps=1)
    policy.steps.update(delay=10 * MINUTE)
    policy.version += 1
    policy.save()
    switch_policy(subject=SUBJECT, at=NOON + MINUTE)
    assert Page.objects.count() == 1
    assert Escalation.objects.get().next_step_at == NOON + 11 * MINUTE


def test_a_channel_that_was_told_is_not_told_again_at_once() -> None:
    policy, ana = make_policy(), make_user()
    room = {"channel": "email", "address": "list@example.com"}
    step = policy.steps.create(position=0, delay=5 * MINUTE)
    step.targets.create(**room)
    started(policy, steps=1)
    step.targets.create(user=ana)
    policy.version += 1
    policy.save()
    switch_policy(subject=SUBJECT, at=NOON + MINUTE)
    assert Notice.objects.count() == 1
    assert Page.objects.get().user == ana


def test_a_policy_that_was_saved_as_it_is_has_not_changed() -> None:
    ana, ben = make_user(), make_user()
    policy = make_policy()
    set_steps(policy, ana)
    started(policy, steps=1)
    set_steps(policy, ben, ana)
    assert switch_policy(subject=SUBJECT, at=NOON + MINUTE)
    set_steps(policy, ben, ana)
    assert switch_policy(subject=SUBJECT, at=NOON + 2 * MINUTE) is None


def test_the_step_of_a_team_that_was_deleted_is_passed_over_at_once() -> None:
    admin, ana, ben = make_user(role="admin"), make_user(), make_user()
    gone, other = make_team(), make_team()
    policy = make_policy()
    set_steps(policy, ana)
    policy.steps.create(position=1, delay=5 * MINUTE).targets.create(team=gone)
    policy.steps.create(position=2, delay=5 * MINUTE).targets.create(user=ben)
    escalation = started(policy, steps=1)
    move_holdings(team_id=gone.pk, target_id=other.pk, by=admin, at=NOON)
    delete_team(team_id=gone.pk, by=admin, at=NOON)
    walk_due_escalations(at=NOON + 5 * MINUTE)
    assert [page.user for page in escalation.pages.order_by("pk")] == [ana, ben]
