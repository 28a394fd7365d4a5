"""More people, others instead, a policy that has changed since, and those who answered
and were not heard of again."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import AuditEntry, User
from incidents.models import Incident
from incidents.services import (
    NOBODY,
    acknowledge_incident,
    add_note,
    declare_incident,
    resolve_incident,
    snooze_incident,
)
from oncall.models import (
    Escalation,
    EscalationPolicy,
    Notification,
    Page,
    PagingHabits,
)
from oncall.services import acknowledge_page
from oncall.services.engine import tick
from oncall.services.lapsing import look_at_acknowledged
from tests.factories import NOON, make_policy, make_user

pytestmark = pytest.mark.django_db
MINUTE = timedelta(minutes=1)


def policy_to(*people: User, **values: Any) -> EscalationPolicy:
    policy = make_policy(is_default=True, **values)
    for user in people:
        step = policy.steps.create(
            position=policy.steps.count(), delay=timedelta(minutes=5)
        )
        step.targets.create(user=user)
    return policy


def declare(by: User, at: Any = NOON) -> Incident:
    return declare_incident(title="orders_raw is empty", by=by, at=at, severity="SEV2")


def texts(incident: Incident) -> list[str]:
    return list(incident.timeline.order_by("pk").values_list("text", flat=True))


def paged() -> list[int]:
    return list(Page.objects.order_by("pk").values_list("user_id", flat=True))


def acknowledged(*, minutes: int = 30) -> tuple[Incident, User]:
    ana = make_user(role="responder", name="Ana")
    policy_to(ana, lapses_after=minutes * MINUTE)
    incident = declare(ana)
    acknowledge_incident(incident_id=incident.pk, by=ana, at=NOON)
    return incident, ana


def test_an_acknowledgement_lapses_after_a_warning_and_is_paged_again() -> None:
    incident, ana = acknowledged()
    look_at_acknowledged(at=NOON + 24 * MINUTE)
    assert len(paged()) == 1
    tick(at=NOON + 25 * MINUTE)
    [warning] = Notification.objects.filter(page=None)
    assert warning.title.startswith("Still on it?")
    assert warning.user == ana
    assert "Ana is warned: it is paged again at 12:30 UTC." in texts(incident)[-1]
    for minutes in (26, 30, 30):  # looked at twice, it is paged once
        look_at_acknowledged(at=NOON + minutes * MINUTE)
    assert paged() == [ana.pk, ana.pk]
    incident.refresh_from_db()
    assert (incident.status, incident.acknowledged_at) == ("triggered", None)
    told = "Nothing has happened since 12:00 UTC, 30 minutes, after Ana had"
    assert any(told in text for text in texts(incident))
    assert Escalation.objects.running().count() == 1


def test_a_late_look_still_warns_first_and_leaves_time() -> None:
    incident, _ = acknowledged()
    look_at_acknowledged(at=NOON + 300 * MINUTE)
    assert len(paged()) == 1
    look_at_acknowledged(at=NOON + 304 * MINUTE)
    assert len(paged()) == 1
    look_at_acknowledged(at=NOON + 305 * MINUTE)
    assert len(paged()) == 2


def test_whoever_does_something_has_the_time_again(sign_in: Any) -> None:
    incident, ana = acknowledged()
    add_note(incident_id=incident.pk, text="Looking", by=ana, at=NOON + 20 * MINUTE)
    look_at_acknowledged(at=NOON + 30 * MINUTE)
    assert Escalation.objects.get().look_at == NOON + 45 * MINUTE
    assert not Notification.objects.filter(page=None).exists()


@pytest.mark.parametrize("act", ["resolve", "snooze", "gone"])
def test_what_is_over_or_put_off_does_not_lapse(act: str) -> None:
    incident, ana = acknowledged()
    if act == "resolve":
        resolve_incident(incident_id=incident.pk, by=ana, at=NOON)
    elif act == "snooze":
        until = NOON + timedelta(hours=9)
        snooze_incident(incident_id=incident.pk, until=until, by=ana, at=NOON)
    else:
        incident.timeline.all().delete()
        incident.delete()
    for minutes in range(0, 200, 5):
        look_at_acknowledged(at=NOON + minutes * MINUTE)
    assert len(paged()) == 1


def test_still_on_it_is_said_on_the_page_and_over_the_api() -> None:
    ana = make_user(role="responder")
    policy_to(ana, lapses_after=30 * MINUTE)
    began = timezone.now() - 29 * MINUTE
    incident = declare(ana, began)
    acknowledge_incident(incident_id=incident.pk, by=ana, at=began)
    look_at_acknowledged(at=timezone.now())
    client = Client()
    client.force_login(ana)
    page = client.get(incident.get_absolute_url()).content.decode()
    assert "Still on it" in page
    for path in (
        f"/incidents/{incident.pk}/still-on-it/",
        f"/api/v1/incidents/{incident.pk}/still-on-it/",
    ):
        assert client.post(path).status_code in (200, 302)
    look_at_acknowledged(at=timezone.now() + 2 * MINUTE)
    assert len(paged()) == 1


def change(policy: EscalationPolicy, *people: User) -> None:
    policy.steps.all().delete()
    for position, user in enumerate(people):
        step = policy.steps.create(position=position, delay=timedelta(minutes=5))
        step.targets.create(user=user)
    policy.version += 1
    policy.save()


def test_a_running_escalation_switches_to_the_changed_policy_when_asked() -> None:
    ana, ben, cem = (make_user(role="responder") for _ in range(3))
    policy = policy_to(ana, ben)
    incident = declare(ana)
    client = Client()
    client.force_login(ana)
    where = incident.get_absolute_url()
    assert "has changed since" not in client.get(where).content.decode()
    change(policy, cem, ana, ben)
    assert "has changed since" in client.get(where).content.decode()
    path = f"/api/v1/incidents/{incident.pk}/switch-policy/"
    assert client.post(path).status_code == 200
    assert client.post(path).status_code == 200  # twice is fine
    # Ana's step is the second now, and Ben comes next; the one above it is caught up.
    assert paged() == [ana.pk, cem.pk]
    escalation = Escalation.objects.get()
    assert (escalation.policy_version, escalation.step) == (2, 2)
    assert [one for one in texts(incident) if "Switched to version 2" in one]
    assert AuditEntry.objects.filter(action="incident.policy_switched").count() == 1
    assert "has changed since" not in client.get(where).content.decode()


def test_switching_pages_who_is_new_on_the_rung_where_it_stands() -> None:
    ana, ben = make_user(role="responder"), make_user()
    policy = policy_to(ana)
    incident = declare(ana)
    change(policy, ben)
    client = Client()
    client.force_login(ana)
    client.post(f"/incidents/{incident.pk}/switch-policy/")
    assert paged() == [ana.pk, ben.pk]


@pytest.mark.parametrize("act", ["switch-policy", "still-on-it", "page", "reassign"])
def test_a_viewer_calls_nobody(sign_in: Any, act: str) -> None:
    incident = declare(make_user())
    client = sign_in(role="viewer")
    for where in ("/incidents", "/api/v1/incidents"):
        response = client.post(f"{where}/{incident.pk}/{act}/", {"to": []})
        assert response.status_code == 403


def test_more_people_are_paged_while_others_are_and_after_they_answered() -> None:
    ana, ben, cem = (make_user(role="responder") for _ in range(3))
    policy_to(ana)
    incident = declare(ana)
    client = Client()
    client.force_login(ana)
    path = f"/api/v1/incidents/{incident.pk}/page/"
    body = {"to": [ben.email, ana.email]}
    assert client.post(path, body, content_type="application/json").status_code == 200
    assert paged() == [ana.pk, ben.pk]
    acknowledge_incident(incident_id=incident.pk, by=ana, at=timezone.now())
    sent = client.post(f"/incidents/{incident.pk}/page/", {"to": f"user:{cem.pk}"})
    assert sent.status_code == 302
    assert paged() == [ana.pk, ben.pk, cem.pk]
    newest = Page.objects.get(user=cem)
    acknowledge_page(page_id=newest.pk, at=timezone.now(), via="link")
    assert not Escalation.objects.running().exists()
    assert incident.roles.filter(user=cem).exists()
    incident.refresh_from_db()
    assert incident.acknowledged_by == ana


def test_whoever_is_paged_by_hand_is_not_held_and_channels_are_told() -> None:
    ana, ben = make_user(role="responder"), make_user(role="responder")
    policy_to(ana)
    settings = dict.fromkeys(("SEV1", "SEV2", "SEV3", "SEV4"), "hold")
    PagingHabits.objects.create(user=ana, urgencies=settings)  # a Sunday
    incident = declare(ben)
    assert not Notification.objects.filter(page__user=ana).exists()
    to = ["channel:email:list@example.com", ana.email]
    client = Client()
    client.force_login(ben)
    path = f"/api/v1/incidents/{incident.pk}/page/"
    for _ in range(2):
        assert client.post(path, {"to": to}, "application/json").status_code == 200
    owed = Notification.objects.order_by("pk").values_list("address", flat=True)
    assert sorted(owed) == sorted([ana.email, "list@example.com"])


def test_no_channel_is_told_by_hand_of_what_is_private() -> None:
    ana = make_user(role="admin")
    incident = declare_incident(title="Pay", by=ana, at=NOON, page=NOBODY, private=True)
    client = Client()
    client.force_login(ana)
    path = f"/api/v1/incidents/{incident.pk}/page/"
    body = {"to": ["channel:email:list@example.com"]}
    assert client.post(path, body, "application/json").status_code == 400
    assert not Escalation.objects.exists()


def test_an_address_that_holds_a_secret_is_not_shown_on_the_incident() -> None:
    ana = make_user(role="responder")
    policy_to(ana).steps.get().targets.create(
        channel="webhook", address="https://hook.example.com/secret-path"
    )
    incident = declare(ana)
    client = Client()
    client.force_login(make_user(role="viewer"))
    page = client.get(incident.get_absolute_url()).content.decode()
    assert "hook.example.com" in page
    assert "secret-path" not in page
    assert "to owners and subscribers" not in page


def test_reassigning_pages_the_others_and_waits_for_them() -> None:
    ana, ben = make_user(role="responder"), make_user(role="responder")
    policy_to(ana)
    incident = declare(ana)
    acknowledge_incident(incident_id=incident.pk, by=ana, at=NOON)
    client = Client()
    client.force_login(ana)
    sent = client.post(f"/incidents/{incident.pk}/reassign/", {"to": f"user:{ben.pk}"})
    assert sent.status_code == 302
    incident.refresh_from_db()
    assert incident.status == "triggered"
    acknowledge_page(page_id=Page.objects.get(user=ben).pk, at=NOON, via="link")
    incident.refresh_from_db()
    assert incident.acknowledged_by == ben
    assert f"Reassigned to {ben}." in texts(incident)


def test_whom_nothing_reaches_is_said_and_nothing_changes() -> None:
    ana = make_user(role="responder")
    policy_to(ana)
    incident = declare(ana)
    acknowledge_incident(incident_id=incident.pk, by=ana, at=NOON)
    empty = make_policy().steps.create(position=0, delay=MINUTE).policy
    client = Client()
    client.force_login(ana)
    for act in ("page", "reassign"):
        path = f"/api/v1/incidents/{incident.pk}/{act}/"
        body = {"to": [f"policy:{empty.pk}"]}
        refused = client.post(path, body, content_type="application/json")
        assert refused.status_code == 400, refused.content
    incident.refresh_from_db()
    assert incident.acknowledged_by == ana
