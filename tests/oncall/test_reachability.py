"""A person without a working method is shown as unreachable, wherever they are."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import User
from incidents.services import declare_incident
from oncall import queries
from oncall.channels.base import DeliveryError, Receipt, RetryableDeliveryError
from oncall.models import Notification
from oncall.services.claimed import Claimed
from oncall.services.reachability import unreachable_ids
from oncall.services.recording import Outcome, record
from tests.factories import NOON, make_policy, make_schedule, make_user

pytestmark = pytest.mark.django_db
MARK = "▲ unreachable"


def make_method(user: User, **values: Any) -> None:
    defaults = {"kind": "email", "address": user.email, "verified_at": NOON}
    user.contact_methods.create(**{**defaults, **values})


def test_who_is_reachable_is_known_by_verified_methods_that_work() -> None:
    nothing, unverified, gone, fine = (make_user() for _ in range(4))
    make_method(unverified, verified_at=None)
    make_method(gone, kind="sms", address="+15550100")  # no provider is set up
    make_method(fine)
    deactivated = make_user(is_active=False)
    assert unreachable_ids() == {nothing.pk, unverified.pk, gone.pk}
    assert deactivated.pk not in unreachable_ids()


def send(user: User, result: Any, number: int) -> None:
    row = Notification.objects.create(
        user=user,
        method=user.contact_methods.get(),
        channel="email",
        address=user.email,
        title="",
        idempotency_key=f"one:{number}",
        state="sending",
        lease_until=NOON + timedelta(seconds=11),
        attempts=1,
        created_at=NOON,
        due_at=NOON,
    )
    record([Outcome(Claimed.of(row), result, NOON)])


def test_a_method_that_fails_for_good_does_not_work_until_it_does_again() -> None:
    user = make_user()
    make_method(user)
    for number, (result, lost) in enumerate(
        [
            (DeliveryError("no such mailbox"), True),
            (RetryableDeliveryError("busy"), True),
            (Receipt("1"), False),
            (RetryableDeliveryError("busy"), False),
        ]
    ):
        send(user, result, number)
        assert (user.pk in unreachable_ids()) == lost


@pytest.fixture
def client_of_ana(monkeypatch: pytest.MonkeyPatch) -> Client:
    monkeypatch.setattr(queries, "_kept", None)
    ana = make_user(role="admin", name="Ana Reachable")
    make_method(ana)
    client = Client()
    client.force_login(ana)
    return client


def test_it_is_said_on_every_page_that_shows_them(client_of_ana: Client) -> None:
    lost = make_user(role="responder", name="Lou Lost")
    always = {"name": "a", "priority": 0, "kind": "always", "users": [str(lost.pk)]}
    schedule = make_schedule(layers=[always])
    policy = make_policy(is_default=True)
    step = policy.steps.create(position=0, delay=timedelta(minutes=5))
    step.targets.create(user=lost)
    incident = declare_incident(title="x", by=lost, at=timezone.now(), severity="SEV2")
    for path in (
        "/settings/people/",
        "/on-call/",
        schedule.get_absolute_url(),
        policy.get_absolute_url(),
        incident.get_absolute_url(),
        f"/incidents/{incident.pk}/parts/people/",
        f"/incidents/{incident.pk}/parts/facts/",
        "/",
    ):
        response = client_of_ana.get(path)
        assert response.status_code == 200, path
        assert MARK in response.content.decode(), path
    page = client_of_ana.get(schedule.get_absolute_url()).content.decode()
    assert ", unreachable" in page  # on the bar of the calendar too
    make_method(lost)
    for path in ("/settings/people/", policy.get_absolute_url()):
        assert MARK not in client_of_ana.get(path).content.decode(), path


def test_a_page_asks_once_however_many_people_it_shows(client_of_ana: Client) -> None:
    def asked() -> int:
        with CaptureQueriesContext(
            connection,
        ) as found:
            client_of_ana.get("/settings/people/")
        return len([one for one in found if "failing_since" in one["sql"]])

    for _ in range(8):
        make_user()
    assert asked() == 1


def test_home_tells_whoever_is_unreachable(sign_in: Any) -> None:
    client = sign_in(role="responder")
    assert "You are unreachable" in client.get("/").content.decode()
