"""Which engine pages, when, and by which clock."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from oncall.channels.base import (
    Receipt,
)
from oncall.models import (
    EngineHeartbeat,
    Notification,
    Page,
)
from oncall.services import (
    acknowledge_escalation,
)
from oncall.services.clock import Clock
from oncall.services.engine import claim, look, tick
from oncall.services.recording import (
    Outcome,
    record,
)
from oncall.services.rules import VERSION, may_run, take_over
from oncall.services.sending import LEASE
from oncall.services.walking import walk_due_escalations
from tests.factories import NOON
from tests.oncall.ladders import MINUTE, make_method, paged, start, two_step_policy

pytestmark = pytest.mark.django_db


def test_old_rules_stop_once_newer_ones_run() -> None:
    policy, _, _ = two_step_policy(lapses_after=30 * MINUTE)
    start(policy)
    held = {"held_until": NOON, "held_for": "throttle"}
    waiting = start(policy, subject="incident:2")
    waiting.pages.update(**held)
    answered = start(policy, subject="incident:3")
    acknowledge_escalation(subject="incident:3", by=None, at=NOON)
    take_over(at=NOON, version=VERSION + 1)
    assert claim(at=NOON, limit=10) == []
    tick(at=NOON + timedelta(hours=1))
    assert Page.objects.count() == 3
    assert Page.objects.held().count() == 1
    answered.refresh_from_db()
    assert answered.warned_at is None
    said = EngineHeartbeat.objects.get(duty="outdated engine")
    assert f"its rules are version {VERSION}" in said.detail
    assert not EngineHeartbeat.objects.filter(duty="engine").exists()
    take_over(at=NOON)  # an old one never takes over again
    assert EngineHeartbeat.objects.get(duty="rules").detail == str(VERSION + 1)


def test_what_old_rules_begin_takes_its_first_step_by_the_newer_ones() -> None:
    policy, _, _ = two_step_policy()
    take_over(at=NOON, version=VERSION + 1)
    escalation = start(policy)
    assert (escalation.next_step_at, Page.objects.exists()) == (NOON, False)
    # The newer engine, which is this one from here on.
    EngineHeartbeat.objects.filter(duty="rules").update(detail=str(VERSION))
    tick(at=NOON + timedelta(seconds=2))
    (page,) = Page.objects.all()
    assert (page.lap, page.step, page.is_first) == (0, 0, True)
    assert Notification.objects.get().rank == 2


def test_the_first_tick_of_a_newer_version_takes_over() -> None:
    take_over(at=NOON, version=VERSION - 1)
    assert may_run(at=NOON, version=VERSION - 1)
    tick(at=NOON)
    assert not may_run(at=NOON, version=VERSION - 1)
    assert EngineHeartbeat.objects.get(duty="engine").finished_at == NOON


def test_a_tick_with_nothing_due_asks_once() -> None:
    """Whatever waits for later: pages, methods, steps and acknowledgements."""
    policy, first, _ = two_step_policy(lapses_after=timedelta(hours=5))
    make_method(first)
    make_method(first, address="later@example.com", delay=30 * MINUTE)
    start(policy)
    start(policy, subject="incident:2").pages.update(
        held_until=NOON + timedelta(hours=1), held_for="throttle"
    )
    start(policy, subject="incident:3")
    acknowledge_escalation(subject="incident:3", by=first, at=NOON)
    for one in claim(at=NOON, limit=10):
        record([Outcome(one, Receipt(), NOON)])
    tick(at=NOON + MINUTE)
    with CaptureQueriesContext(connection) as at_once:
        tick(at=NOON + MINUTE)
    assert len(at_once) == 1
    with CaptureQueriesContext(connection) as a_minute_later:
        tick(at=NOON + 2 * MINUTE)
    assert len(a_minute_later) == 2  # and the sign of life


def test_what_is_pending_is_what_the_duties_find() -> None:
    policy, first, _ = two_step_policy(lapses_after=30 * MINUTE)
    start(policy)
    assert look(at=NOON).sends
    (one,) = claim(at=NOON, limit=1)
    assert not look(at=NOON).sends
    assert look(at=NOON + LEASE).sends
    assert look(at=NOON - timedelta(hours=1)).sends  # leased by a clock gone wrong
    record([Outcome(one, Receipt(), NOON)])
    assert not look(at=NOON + LEASE).sends
    assert not look(at=NOON + 4 * MINUTE).steps
    assert look(at=NOON + 5 * MINUTE).steps
    Page.objects.update(held_until=NOON + MINUTE, held_for="throttle")
    assert (look(at=NOON).held, look(at=NOON + MINUTE).held) == (False, True)
    acknowledge_escalation(subject="incident:1", by=first, at=NOON)
    found = look(at=NOON + timedelta(hours=1))
    assert (found.sends, found.held, found.steps) == (False, False, False)
    assert found.acknowledged
    assert not look(at=NOON + MINUTE).acknowledged


def test_a_clock_that_jumps_loses_no_row() -> None:
    """Ten minutes ahead, back again, and far ahead: each row is claimed once."""
    policy, first, second = two_step_policy(repeats=0)
    escalation = start(policy)
    (one,) = claim(at=NOON + 10 * MINUTE, limit=10)
    record([Outcome(one, Receipt(), NOON + 10 * MINUTE)])
    assert walk_due_escalations(at=NOON - 10 * MINUTE) == 0
    assert claim(at=NOON - 10 * MINUTE, limit=10) == []
    walk_due_escalations(at=NOON + 5 * MINUTE)
    walk_due_escalations(at=NOON - 10 * MINUTE)
    (two,) = claim(at=NOON + 5 * MINUTE, limit=10)
    assert claim(at=NOON - 10 * MINUTE, limit=10) == []
    (again,) = claim(at=NOON + timedelta(hours=3), limit=10)
    assert (again.pk, again.possibly_twice) == (two.pk, True)
    walk_due_escalations(at=NOON + timedelta(hours=3))
    assert paged(escalation)[:2] == [(0, 0, first.email), (0, 1, second.email)]


def test_a_machine_whose_clock_is_off_pages_by_the_databases() -> None:
    wrong = Clock(own=lambda: timezone.now() - 10 * MINUTE)
    assert abs(wrong.set() - timezone.now()) < MINUTE
    assert abs(wrong.now() - timezone.now()) < MINUTE


def test_a_lease_taken_by_a_clock_far_ahead_is_not_waited_for() -> None:
    policy, _, _ = two_step_policy()
    start(policy)
    claim(at=NOON + timedelta(hours=10), limit=10)
    (again,) = claim(at=NOON + 5 * MINUTE, limit=10)
    assert again.possibly_twice
