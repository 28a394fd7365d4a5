"""The paging engine: what is owed is sent, once, to whom the ladder says."""

import re
import threading
from collections import Counter
from datetime import datetime, timedelta

import pytest
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries, Settings

from accounts.models import User
from oncall.channels.base import (
    DeliveryError,
    Receipt,
    RetryableDeliveryError,
    UnknownDeliveryError,
)
from oncall.models import (
    ContactMethod,
    EngineHeartbeat,
    Escalation,
    EscalationPolicy,
    Notification,
    Page,
    RestingProvider,
)
from oncall.services import (
    acknowledge_escalation,
    acknowledge_page,
    escalate_now,
    inform,
    ladder,
    start_escalation,
    stop_escalation,
)
from oncall.services.claimed import Claimed
from oncall.services.clock import Clock
from oncall.services.engine import claim, look, tick
from oncall.services.escalations import Call, raise_urgency, start_escalations
from oncall.services.providers import MOST_FAILURES, REST, Lanes, Providers
from oncall.services.recording import (
    RETRY_DELAYS,
    NotBegunError,
    Outcome,
    record,
)
from oncall.services.rules import VERSION, may_run, take_over
from oncall.services.sending import LEASE, Senders, attempt
from oncall.services.walking import walk_due_escalations
from tests.factories import NOON, make_policy, make_schedule, make_team, make_user
from tests.fakes.smtp import FakeSMTP
from tests.fakes.webhook import Answer, FakeWebhook
from tests.waiting import wait_until

pytestmark = pytest.mark.django_db

MINUTE = timedelta(minutes=1)


def add_step(policy: EscalationPolicy, *, minutes: int = 5, **target: object) -> None:
    step = policy.steps.create(
        position=policy.steps.count(), delay=timedelta(minutes=minutes)
    )
    step.targets.create(**target)


def make_method(user: User, **values: object) -> ContactMethod:
    defaults = {"kind": "email", "address": user.email, "verified_at": NOON}
    return user.contact_methods.create(**{**defaults, **values})


def start(
    policy: EscalationPolicy | None,
    *,
    at: datetime = NOON,
    subject: str = "incident:1",
) -> Escalation:
    return start_escalation(
        subject=subject,
        title="orders_raw arrived empty",
        body="",
        url="https://hw.example.com/incidents/1/",
        severity="SEV2",
        policy=policy,
        at=at,
    )


def paged(escalation: Escalation) -> list[tuple[int, int, str]]:
    return [(p.lap, p.step, p.user.email) for p in escalation.pages.all()]


def two_step_policy(**values: object) -> tuple[EscalationPolicy, User, User]:
    policy, first, second = make_policy(**values), make_user(), make_user()
    add_step(policy, minutes=5, user=first)
    add_step(policy, minutes=10, user=second)
    return policy, first, second


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


def test_each_verified_method_gets_its_own_delivery_in_its_own_time() -> None:
    policy, ana = make_policy(), make_user()
    add_step(policy, user=ana)
    make_method(ana, address="first@example.com", position=0)
    make_method(ana, address="later@example.com", position=1, delay=2 * MINUTE)
    make_method(ana, address="unverified@example.com", verified_at=None)
    start(policy)
    assert list(Notification.objects.values_list("address", "due_at")) == [
        ("first@example.com", NOON),
        ("later@example.com", NOON + 2 * MINUTE),
    ]


def test_a_claimed_row_is_nobody_elses_until_its_lease_ends() -> None:
    policy, _, _ = two_step_policy()
    start(policy)
    assert len(claim(at=NOON, limit=10)) == 1
    assert claim(at=NOON + LEASE - timedelta(seconds=1), limit=10) == []
    (again,) = claim(at=NOON + LEASE, limit=10)
    assert again.possibly_twice
    assert again.attempts == 2


@pytest.mark.parametrize(("kind", "twice"), [("email", True), ("webhook", False)])
def test_a_lost_answer_is_kept_and_doubted_where_no_key_is_known(
    kind: str, twice: bool
) -> None:
    policy, first, _ = two_step_policy()
    make_method(first, kind=kind, address="https://hooks.example.com/")
    start(policy)
    (claimed,) = claim(at=NOON, limit=1)
    assert not claimed.possibly_twice
    record([Outcome(claimed, UnknownDeliveryError("cut"), NOON)])
    owed = Notification.objects.get()
    assert (owed.state, owed.answer_lost, owed.possibly_twice) == ("due", True, False)
    (again,) = claim(at=NOON + MINUTE, limit=1)
    owed.refresh_from_db()
    assert owed.possibly_twice == again.possibly_twice == twice


def test_the_idempotency_key_is_the_same_for_every_try() -> None:
    policy, _, _ = two_step_policy()
    start(policy)
    (first,) = claim(at=NOON, limit=10)
    (second,) = claim(at=NOON + LEASE, limit=10)
    assert first.idempotency_key == second.idempotency_key


def test_the_database_refuses_to_owe_the_same_page_twice() -> None:
    policy, _, _ = two_step_policy()
    start(policy)
    owed = Notification.objects.get()
    owed.pk = None
    with pytest.raises(IntegrityError), transaction.atomic():
        owed.save(force_insert=True)


def test_a_late_record_of_a_lost_lease_does_not_undo_the_newer_one() -> None:
    policy, _, _ = two_step_policy()
    start(policy)
    (slow,) = claim(at=NOON, limit=1)
    (fast,) = claim(at=NOON + LEASE, limit=1)
    record([Outcome(fast, Receipt("id-2"), NOON + LEASE)])
    record([Outcome(slow, DeliveryError("timed out"), NOON + LEASE)])
    owed = Notification.objects.get()
    assert (owed.state, owed.provider_id) == ("sent", "id-2")


def test_a_temporary_failure_is_tried_again_with_backoff() -> None:
    policy, _, _ = two_step_policy()
    start(policy)
    (claimed,) = claim(at=NOON, limit=1)
    record([Outcome(claimed, RetryableDeliveryError("busy"), NOON)])
    owed = Notification.objects.get()
    assert owed.state == "due"
    assert RETRY_DELAYS[0] <= owed.due_at - NOON <= RETRY_DELAYS[0] * 1.2
    assert owed.detail == "busy"


def test_the_provider_may_ask_for_a_longer_wait() -> None:
    policy, _, _ = two_step_policy()
    start(policy)
    (claimed,) = claim(at=NOON, limit=1)
    error = RetryableDeliveryError("busy", retry_after=40)
    record([Outcome(claimed, error, NOON)])
    assert Notification.objects.get().due_at >= NOON + timedelta(seconds=40)


def test_a_method_that_failed_for_good_makes_the_next_one_due() -> None:
    policy, ana = make_policy(), make_user()
    add_step(policy, user=ana)
    make_method(ana, address="gone@example.com", position=0)
    make_method(ana, address="next@example.com", position=1, delay=30 * MINUTE)
    start(policy)
    (claimed,) = claim(at=NOON, limit=1)
    record([Outcome(claimed, DeliveryError("no such mailbox"), NOON)])
    following = Notification.objects.get(address="next@example.com")
    assert following.due_at == NOON


def test_when_every_method_of_a_step_failed_the_next_step_is_due() -> None:
    policy, _, second = two_step_policy()
    escalation = start(policy)
    (claimed,) = claim(at=NOON, limit=1)
    record([Outcome(claimed, DeliveryError("no such mailbox"), NOON)])
    walk_due_escalations(at=NOON)
    assert paged(escalation)[-1] == (0, 1, second.email)


BLOCKED = (
    "SELECT FROM pg_locks WHERE NOT granted"
    " AND pg_backend_pid() = ANY(pg_blocking_pids(pid))"
)


def is_waited_for() -> bool:
    """Whether another transaction waits for this one."""
    with connection.cursor() as cursor:
        cursor.execute(BLOCKED)
        return bool(cursor.rowcount)


@pytest.mark.django_db(transaction=True)
def test_an_answer_and_failures_at_the_same_time_never_wait_in_a_ring() -> None:
    policy, ana, ben = make_policy(), make_user(), make_user()
    add_step(policy, user=ana)
    policy.steps.get().targets.create(user=ben)
    make_method(ana, address="first@example.com")
    make_method(ana, address="next@example.com", position=1, delay=30 * MINUTE)
    escalation = start(policy)
    failed = [
        Outcome(one, DeliveryError("no"), NOON) for one in claim(at=NOON, limit=9)
    ]

    def write_down() -> None:
        record(failed)
        connection.close()

    thread = threading.Thread(target=write_down)
    with transaction.atomic():
        Escalation.objects.select_for_update(no_key=True).get()
        thread.start()
        wait_until(is_waited_for)
        assert acknowledge_escalation(subject=escalation.subject, by=ana, at=NOON)
    thread.join(30)
    states = Notification.objects.order_by("pk").values_list("state", flat=True)
    assert sorted(states) == ["cancelled", "failed", "failed"]


def test_a_retry_is_dropped_when_somebody_answered_meanwhile() -> None:
    policy, first, _ = two_step_policy()
    start(policy)
    (claimed,) = claim(at=NOON, limit=1)
    acknowledge_escalation(subject="incident:1", by=first, at=NOON)
    record([Outcome(claimed, RetryableDeliveryError("busy"), NOON)])
    assert Notification.objects.get().state == "cancelled"


def test_the_page_arrives_with_a_link_that_asks_before_it_acts(
    smtp_server: FakeSMTP, client: Client
) -> None:
    policy, first, _ = two_step_policy()
    escalation = start(policy)
    (claimed,) = claim(at=NOON, limit=1)
    record([attempt(claimed, now=lambda: NOON)])
    mail = smtp_server.mails[0]
    assert mail.subject.endswith("orders_raw arrived empty")
    assert Notification.objects.get().state == "sent"
    found = re.search(r"http://\S+(/p/\S+)", mail.text)
    assert found is not None
    assert client.get(found[1]).status_code == 200
    assert Escalation.objects.running().exists()
    assert client.post(found[1]).status_code in (200, 302)
    escalation.refresh_from_db()
    assert escalation.acknowledged_by == first


def test_a_lease_that_ends_after_the_answer_pages_nobody_again() -> None:
    policy, first, _ = two_step_policy()
    start(policy)
    claim(at=NOON, limit=1)
    acknowledge_escalation(subject="incident:1", by=first, at=NOON)
    assert claim(at=NOON + LEASE, limit=10) == []
    assert Notification.objects.get().state == "cancelled"


def test_people_are_informed_once_per_key() -> None:
    for _ in range(2):
        inform(
            key="incident:1:start:owner@example.com",
            address="owner@example.com",
            title="Revenue is stale",
            body="",
            url="",
            subject="incident:1",
            at=NOON,
        )
    assert Notification.objects.count() == 1


def test_pages_outrank_information() -> None:
    inform(
        key="k",
        address="owner@example.com",
        title="t",
        body="",
        url="",
        subject="incident:1",
        at=NOON - MINUTE,
    )
    policy, _, _ = two_step_policy()
    start(policy)
    (first,) = claim(at=NOON, limit=1)
    assert first.urgent


def test_the_ladder_shows_past_and_planned_rungs() -> None:
    policy, first, second = two_step_policy(repeats=0)
    start(policy)
    rungs = ladder(subject="incident:1", at=NOON + MINUTE)
    assert [(r.step, r.user, r.state, r.at) for r in rungs] == [
        (1, first.email, "paged", NOON),
        (2, second.email, "planned", NOON + 5 * MINUTE),
    ]


def test_first_pages_go_before_repeats_and_the_worst_before_the_rest() -> None:
    policy, _, _ = two_step_policy()
    for subject, severity in (("a", "SEV4"), ("b", "SEV1"), ("c", "SEV2")):
        call = Call(subject, f"{severity} {subject}", "", "", severity, policy)
        start_escalations([call], at=NOON)
    claim(at=NOON, limit=1)  # the first page about b
    walk_due_escalations(at=NOON + 5 * MINUTE)
    claimed = claim(at=NOON + 5 * MINUTE, limit=10)
    assert [one.subject for one in claimed if not one.possibly_twice] == [
        "c",
        "a",
        "b",
        "c",
        "a",
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


def test_what_no_sender_could_begin_in_time_is_due_again_untried() -> None:
    policy, _, _ = two_step_policy()
    start(policy)
    (claimed,) = claim(at=NOON, limit=1)
    late = NOON + LEASE - timedelta(seconds=1)
    record([attempt(claimed, now=lambda: late)])
    owed = Notification.objects.get()
    assert (owed.state, owed.attempts, owed.possibly_twice) == ("due", 0, False)


@pytest.mark.django_db(transaction=True)
def test_the_senders_send_and_record_all_that_is_due(
    webhook_server: FakeWebhook,
) -> None:
    policy, first, _ = two_step_policy()
    make_method(first, kind="webhook", address=webhook_server.url)
    webhook_server.next_answers += [Answer(status=404), Answer(status=200)]
    calls = [Call(f"s{n}", f"s{n}", "", "", "SEV3", policy) for n in range(100)]
    start_escalations(calls, at=NOON)
    senders = Senders(claim=claim, record=record, now=lambda: NOON)
    senders.wake()
    unfinished = Notification.objects.filter(state__in=["due", "sending"])
    wait_until(lambda: not unfinished.exists())
    states = Counter(Notification.objects.values_list("state", flat=True))
    assert states == {"sent": 99, "failed": 1}
    assert len(webhook_server.requests) == 100


def test_a_provider_that_does_not_answer_is_left_alone_for_a_while() -> None:
    providers = Providers()
    for _ in range(MOST_FAILURES):
        assert providers.may_be_tried("email", at=NOON)
        providers.failed("email", at=NOON)
    assert not providers.may_be_tried("email", at=NOON + REST / 2)
    assert providers.may_be_tried("sms", at=NOON)
    assert providers.may_be_tried("email", at=NOON + REST)
    assert not providers.may_be_tried("email", at=NOON + REST)  # one tries it
    providers.answered("email")
    assert providers.may_be_tried("email", at=NOON + REST)


def test_while_a_provider_rests_the_next_method_is_used_at_once() -> None:
    policy, ana = make_policy(), make_user()
    add_step(policy, user=ana)
    make_method(ana, kind="webhook", address="http://hook.example.com/a")
    make_method(ana, address="next@example.com", position=1, delay=30 * MINUTE)
    start(policy)
    (claimed,) = claim(at=NOON, limit=1)
    providers = Providers()
    for _ in range(MOST_FAILURES):
        providers.failed("webhook hook.example.com", at=NOON)
    record([attempt(claimed, now=lambda: NOON, providers=providers)])
    (following,) = claim(at=NOON, limit=5)
    assert following.address == "next@example.com"
    rested = Notification.objects.get(pk=claimed.pk)
    assert rested.state == "due"
    assert rested.due_at >= NOON + RETRY_DELAYS[0]


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


def test_a_slow_provider_leaves_senders_to_the_others() -> None:
    def to(channel: str, number: int) -> Claimed:
        return Claimed.of(Notification(pk=number, channel=channel, address=""))

    lanes = Lanes({"sms": 2})
    texts = [to("sms", number) for number in range(3)]
    mail = to("email", 9)
    assert lanes.enter([*texts, mail]) == [*texts[:2], mail]
    assert lanes.leave(texts[0]) == texts[2]
    assert lanes.leave(mail) is None
    assert lanes.leave(texts[1]) is None
    assert lanes.leave(texts[2]) is None
    assert (lanes.busy, lanes.waiting) == ({}, {})


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    ("answer", "state"),
    [
        (Answer(status=404), "failed"),
        (Answer(status=503), "due"),
        (Answer(behaviour="cut"), "due"),
    ],
)
def test_a_channel_that_fails_falls_to_the_next_at_once(
    webhook_server: FakeWebhook, smtp_server: FakeSMTP, answer: Answer, state: str
) -> None:
    webhook_server.answer = answer
    policy, first, _ = two_step_policy()
    make_method(first, kind="webhook", address=webhook_server.url)
    make_method(first, position=1, delay=30 * MINUTE)
    start(policy)
    senders = Senders(claim=claim, record=record, now=lambda: NOON)

    def has_mail() -> bool:
        senders.wake()
        return Notification.objects.filter(channel="email", state="sent").exists()

    wait_until(has_mail)
    assert [mail.recipients for mail in smtp_server.mails] == [(first.email,)]
    assert Notification.objects.get(channel="webhook").state == state
    assert len(webhook_server.requests) == 1


def test_a_provider_gets_so_many_a_second_and_what_waits_long_is_due_then() -> None:
    lanes = Lanes(a_second={"sms": 2})
    text = Claimed.of(Notification(channel="sms", address="+34600000001"))
    turns = [lanes.turn(text, at=NOON) - NOON for _ in range(8)]
    seconds = [turn.total_seconds() for turn in turns]
    assert seconds == [0, 0.5, 1, 1.5, 2, 2.5, 2.5, 2.5]  # the last three are late
    later = NOON + MINUTE
    assert lanes.turn(text, at=later) == later
    mail = Claimed.of(Notification(channel="email", address="ana@example.com"))
    assert [lanes.turn(mail, at=NOON) for _ in range(3)] == [NOON] * 3


def test_what_waits_for_its_turn_is_due_then_and_was_not_tried() -> None:
    policy, _, _ = two_step_policy()
    start(policy)
    (claimed,) = claim(at=NOON, limit=1)
    record([Outcome(claimed, NotBegunError("Waits", NOON + MINUTE), NOON)])
    owed = Notification.objects.get()
    assert (owed.state, owed.attempts, owed.due_at) == ("due", 0, NOON + MINUTE)


@pytest.mark.django_db(transaction=True)
def test_a_real_provider_sees_the_rate(
    settings: Settings, webhook_server: FakeWebhook
) -> None:
    settings.PROVIDER_RATE = {"webhook": 4}
    policy, first, _ = two_step_policy()
    make_method(first, kind="webhook", address=webhook_server.url)
    calls = [Call(f"s{n}", f"s{n}", "", "", "SEV3", policy) for n in range(14)]
    start_escalations(calls, at=timezone.now())
    senders = Senders(claim=claim, record=record, now=timezone.now)
    unsent = Notification.objects.exclude(state="sent")

    def all_sent() -> bool:
        senders.wake()  # as the tick does, for those that are due again later
        return not unsent.exists()

    wait_until(all_sent)
    arrived = [one.at for one in webhook_server.requests]
    assert len(arrived) == 14
    assert arrived[-1] - arrived[0] > 13 / 4 - 1  # a slow machine only makes it longer


def test_which_providers_rest_is_written_down_for_all_to_see() -> None:
    providers = Providers()
    for _ in range(MOST_FAILURES):
        providers.failed("webhook a.example.com", at=NOON, words="timed out")
    providers.tell()
    providers.failed("webhook a.example.com", at=NOON + MINUTE, words="refused")
    providers.tell()
    resting = RestingProvider.objects.get()
    assert (resting.since, resting.detail) == (NOON, "refused")
    assert resting.until == NOON + MINUTE + REST
    providers.answered("webhook a.example.com")
    providers.tell()
    assert not RestingProvider.objects.exists()
