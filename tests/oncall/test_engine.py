"""The paging engine: what is owed is sent, once, to whom the ladder says."""

import re
import threading
from collections import Counter
from datetime import timedelta

import pytest
from django.db import IntegrityError, connection, transaction
from django.test import Client

from oncall.channels.base import (
    DeliveryError,
    Receipt,
    RetryableDeliveryError,
    UnknownDeliveryError,
)
from oncall.models import (
    Escalation,
    Notification,
)
from oncall.services import (
    acknowledge_escalation,
    inform,
)
from oncall.services.engine import claim
from oncall.services.escalations import Call, start_escalations
from oncall.services.recording import (
    RETRY_DELAYS,
    Outcome,
    record,
)
from oncall.services.sending import LEASE, Senders, attempt
from oncall.services.walking import walk_due_escalations
from tests.factories import NOON, make_policy, make_user
from tests.fakes.smtp import FakeSMTP
from tests.fakes.webhook import Answer, FakeWebhook
from tests.oncall.ladders import (
    MINUTE,
    add_step,
    make_method,
    paged,
    start,
    two_step_policy,
)
from tests.waiting import wait_until

pytestmark = pytest.mark.django_db


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
