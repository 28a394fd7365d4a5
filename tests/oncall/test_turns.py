"""Steps that page others of a schedule than those on call, or each in turn."""

import threading
from collections import Counter

import pytest
from django.db import connection, transaction

from oncall.models import (
    EscalationPolicy,
)
from oncall.services import (
    start_escalations,
)
from oncall.services.escalations import Call
from oncall.services.rungs import simulate
from oncall.services.turns import next_of
from oncall.services.walking import walk_due_escalations
from tests.factories import NOON, make_policy, make_user
from tests.oncall.steps import MINUTE, add_step, make_rotation, paged, start

pytestmark = pytest.mark.django_db


def test_a_step_may_page_whoever_is_next_or_everyone_in_the_rotations() -> None:
    ana, ben, cem = make_user(), make_user(), make_user()
    schedule = make_rotation(ana, ben, cem)
    policy = make_policy()
    for who in ("current", "next", "everyone"):
        add_step(policy, schedule=schedule, who=who)
    start(policy)
    for minutes in (5, 10):
        walk_due_escalations(at=NOON + minutes * MINUTE)
    assert paged() == [ana.pk, ben.pk, ana.pk, ben.pk, cem.pk]


def test_each_new_escalation_takes_the_next_in_turn() -> None:
    people = [make_user(), make_user(), make_user()]
    schedule = make_rotation(*people)
    policy = make_policy()
    add_step(policy, schedule=schedule, who="turns")
    foreseen = [rung.user_id for rung in simulate(policy, at=NOON)]
    for number in range(4):
        start(policy, number)
    calls = [
        Call(f"incident:{number}", "", "", "https://hw.example.com/", "SEV2", policy)
        for number in range(4, 6)
    ]
    start_escalations(calls, at=NOON)
    assert paged() == [user.pk for user in (*people, *people)]
    assert foreseen == [user.pk for user in people]  # one a lap; nobody's turn is taken


def test_who_joins_a_rotation_is_next_and_who_left_is_not_asked() -> None:
    assert next_of([1, 2, 3], taken=[1, 2, 3]) == 1
    assert next_of([2, 3, 4], taken=[1, 2, 3]) == 4
    assert next_of([3], taken=[3]) == 3


@pytest.mark.django_db(transaction=True)
def test_turns_of_several_rotations_never_wait_in_a_ring() -> None:
    one, two = (make_rotation(make_user(), make_user()) for _ in range(2))
    ways = []
    for first, second in ((one, two), (two, one)):
        policy = make_policy()
        add_step(policy, schedule=first, who="turns")
        policy.steps.get().targets.create(schedule=second, who="turns")
        ways.append(policy)
    wrong: list[Exception] = []

    def begin(policy: EscalationPolicy, number: int) -> None:
        try:
            for again in range(30):
                start(policy, 1000 * number + again)
        except Exception as error:
            wrong.append(error)
        finally:
            connection.close()

    threads = [
        threading.Thread(target=begin, args=[policy, number])
        for number, policy in enumerate(ways)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert wrong == []


@pytest.mark.django_db(transaction=True)
def test_escalations_that_start_together_never_take_the_same_turn() -> None:
    people = [make_user() for _ in range(4)]
    policy = make_policy()
    add_step(policy, schedule=make_rotation(*people), who="turns")

    def begin(number: int) -> None:
        start(policy, number)
        connection.close()

    threads = [threading.Thread(target=begin, args=[n]) for n in range(1, 8)]
    with transaction.atomic():  # the others wait for this one's turn to be decided
        start(policy, 0)
        for thread in threads:
            thread.start()
    for thread in threads:
        thread.join(30)
    assert Counter(paged()) == {user.pk: 2 for user in people}


def test_a_turn_that_was_undone_is_taken_again() -> None:
    ana, ben = make_user(), make_user()
    policy = make_policy()
    add_step(policy, schedule=make_rotation(ana, ben), who="turns")
    with transaction.atomic():
        start(policy, 1)
        transaction.set_rollback(True)
    start(policy, 2)
    assert paged() == [ana.pk]
