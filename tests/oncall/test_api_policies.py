"""Escalation policies and paging by hand, over HTTP and as pages."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import AuditEntry, User
from oncall.models import Escalation, EscalationPolicy, Notification, Page
from oncall.services import policy_for_team, start_escalation
from oncall.services.targets import find_targets
from tests.factories import (
    make_integration,
    make_policy,
    make_schedule,
    make_team,
    make_user,
)

pytestmark = pytest.mark.django_db

POLICIES = "/api/v1/escalation-policies/"


def send(client: Client, method: str, path: str, body: object = None) -> Any:
    return getattr(client, method)(path, body, content_type="application/json")


def policy_to(*targets: object, **values: Any) -> dict[str, Any]:
    steps = [{"delay_minutes": 5, "targets": list(targets)}]
    return {"name": "Night watch", "steps": steps, **values}


def test_a_policy_is_made_answered_and_changed(signed_in: Client, user: User) -> None:
    team = make_team(slug="platform", name="Platform")
    schedule = make_schedule(name="primary")
    targets = [user.email, f"schedule:{schedule.pk}", "team:platform"]
    body = policy_to(*targets, team="platform", is_default=True, repeats=1)
    response = send(signed_in, "post", POLICIES, body)
    assert response.status_code == 201, response.content
    made = response.json()
    assert made["steps"][0]["delay_minutes"] == 5
    assert made["steps"][0]["targets"] == [
        {"type": "user", "id": user.pk, "label": str(user)},
        {"type": "schedule", "id": schedule.pk, "label": "primary"},
        {"type": "team", "id": team.pk, "label": "Platform"},
    ]
    policy = policy_for_team(team)
    assert policy is not None
    assert policy.pk == made["id"]
    path = f"{POLICIES}{made['id']}/"
    assert signed_in.get(path).json() == made
    changed = send(signed_in, "put", path, {**made, "repeats": 5}).json()
    assert (changed["repeats"], changed["version"]) == (5, 2)
    assert changed["steps"] == made["steps"]
    stale = send(signed_in, "put", path, made)
    assert stale.status_code == 409
    assert stale.json()["current"] == 2
    assert [entry.action for entry in AuditEntry.objects.order_by("pk")] == [
        "policy.created",
        "policy.changed",
    ]


def test_a_new_default_takes_the_place_of_the_one_before(signed_in: Client) -> None:
    old = make_policy(is_default=True)
    user = make_user()
    send(signed_in, "post", POLICIES, policy_to(user.pk, is_default=True))
    old.refresh_from_db()
    assert not old.is_default
    policy = policy_for_team(None)
    assert policy is not None
    assert policy.name == "Night watch"


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"name": ""}, "name"),
        ({"name": "x" * 121}, "name"),
        ({"steps": []}, "steps"),
        ({"steps": [{"targets": []}]}, "steps[0].targets"),
        ({"steps": [{"targets": ["nobody@example.com"]}]}, "steps[0].targets[0]"),
        ({"steps": [{"targets": [{"type": "x"}, None]}]}, "steps[0].targets[1]"),
        ({"steps": [{"targets": ["schedule:99"]}]}, "steps[0].targets[0]"),
        ({"steps": [{"targets": ["team:none"]}]}, "steps[0].targets[0]"),
        ({"steps": [{"delay_minutes": 0, "targets": [1]}]}, "steps[0].delay_minutes"),
        ({"repeats": 99}, "repeats"),
        ({"team": "none"}, "team"),
    ],
)
def test_a_policy_that_cannot_be_is_refused_by_field(
    signed_in: Client, user: User, change: dict[str, Any], field: str
) -> None:
    body = {**policy_to(user.pk), **change}
    response = send(signed_in, "post", POLICIES, body)
    assert response.status_code == 400, response.content
    assert field in response.json()
    assert not EscalationPolicy.objects.exists()


def test_a_taken_name_is_a_conflict(signed_in: Client, user: User) -> None:
    make_policy(name="night watch")
    response = send(signed_in, "post", POLICIES, policy_to(user.pk))
    assert response.status_code == 409


def test_simulate_tells_who_would_be_told_when_and_sends_nothing(
    sign_in: Any, user: User
) -> None:
    policy = make_policy(repeats=0)
    step = policy.steps.create(position=0, delay=timedelta(minutes=7))
    step.targets.create(schedule=make_schedule())
    second = policy.steps.create(position=1, delay=timedelta(minutes=5))
    second.targets.create(user=user)
    user.contact_methods.create(
        kind="webhook",
        address="https://example.com/x",
        verified_at=timezone.now(),
        delay=timedelta(minutes=2),
    )
    path = f"{POLICIES}{policy.pk}/simulate/?at=2026-01-06T10:00:00Z&severity=SEV1"
    viewer = sign_in(role="viewer")
    answer = viewer.get(path).json()
    assert send(viewer, "post", path).json() == answer
    nobody, somebody = answer["ladder"]
    assert (nobody["step"], nobody["user"]) == (1, None)
    assert somebody["user"]["email"] == user.email
    assert somebody["at"] == "2026-01-06T10:00:00Z"  # an empty step takes no time
    assert somebody["by"] == [{"channel": "webhook", "at": "2026-01-06T10:02:00Z"}]
    assert not Escalation.objects.exists()


@pytest.mark.parametrize("query", ["at=x", "severity=SEV9"])
def test_simulate_names_what_it_does_not_understand(
    signed_in: Client, query: str
) -> None:
    path = f"{POLICIES}{make_policy().pk}/simulate/?{query}"
    assert signed_in.get(path).status_code == 400


def test_a_policy_in_use_is_not_deleted_and_says_by_what(
    signed_in: Client, user: User
) -> None:
    policy = make_policy()
    inlet = make_integration(name="Airflow", escalation_policy=policy)
    path = f"{POLICIES}{policy.pk}/"
    refused = signed_in.delete(path)
    assert refused.status_code == 409
    assert "integration Airflow" in refused.json()["detail"]
    page = signed_in.get(f"{policy.get_absolute_url()}delete/").content.decode()
    assert "integration Airflow" in page
    inlet.delete()
    assert signed_in.delete(path).status_code == 204


def test_what_is_being_paged_goes_on_as_it_began(signed_in: Client, user: User) -> None:
    bo = make_user()
    policy = make_policy()
    step = policy.steps.create(position=0, delay=timedelta(minutes=5))
    step.targets.create(user=user)
    escalation = start_escalation(
        subject="incident:1",
        title="orders_raw arrived empty",
        body="",
        url="https://headwater.example.com/incidents/1/",
        severity="SEV2",
        policy=policy,
        at=timezone.now(),
    )
    body = policy_to(bo.pk, name=policy.name)
    send(signed_in, "put", f"{POLICIES}{policy.pk}/", body)
    escalation.refresh_from_db()
    assert escalation.steps[0]["targets"][0]["id"] == user.pk


# --- as pages ------------------------------------------------------------------


def form_to(*targets: str, **values: Any) -> dict[str, Any]:
    return {
        "name": "Night watch",
        "team": "",
        "repeats": "2",
        "row": ["0"],
        "r0-targets": list(targets),
        "r0-delay": "5",
        "act": "save",
        **values,
    }


def test_a_policy_is_made_and_changed_in_the_form(
    signed_in: Client, user: User
) -> None:
    schedule = make_schedule()
    targets = [f"schedule:{schedule.pk}", f"user:{user.pk}"]
    signed_in.post("/on-call/policies/new/", form_to(*targets))
    policy = EscalationPolicy.objects.get()
    [step] = policy.steps.all()
    assert step.delay == timedelta(minutes=5)
    assert [one.schedule or one.user for one in step.targets.all()] == [schedule, user]
    path = f"{policy.get_absolute_url()}edit/"
    assert f'value="user:{user.pk}" selected' in signed_in.get(path).content.decode()
    two = form_to(
        f"user:{user.pk}",
        **{
            "row": ["0", "1"],
            "r1-targets": [f"schedule:{schedule.pk}"],
            "r1-delay": "0.5",
            "version": "1",
        },
    )
    assert signed_in.post(path, two).status_code == 302
    delays = [step.delay for step in policy.steps.all()]
    assert delays == [timedelta(minutes=5), timedelta(seconds=30)]
    assert signed_in.post(path, two).status_code == 409  # version 1 is gone


def test_the_first_policy_is_meant_for_all_and_one_that_nothing_names_says_so(
    signed_in: Client,
) -> None:
    new = "/on-call/policies/new/"
    assert signed_in.get(new).context["editor"].head["is_default"].value() is True
    idle = make_policy()
    assert signed_in.get(new).context["editor"].head["is_default"].value() is False
    unused = "No alert pages by it yet"
    assert unused in signed_in.get(idle.get_absolute_url()).content.decode()
    default = make_policy(is_default=True)
    assert unused not in signed_in.get(default.get_absolute_url()).content.decode()


@pytest.mark.parametrize(
    "change",
    [{"name": ""}, {"r0-targets": []}, {"r0-targets": ["user:999"]}, {"r0-delay": "0"}],
)
def test_a_policy_form_that_is_wrong_comes_back(
    signed_in: Client, user: User, change: dict[str, Any]
) -> None:
    fields = {**form_to(f"user:{user.pk}"), **change}
    assert signed_in.post("/on-call/policies/new/", fields).status_code == 400
    assert not EscalationPolicy.objects.exists()


def test_the_page_of_a_policy_shows_the_ladder_as_it_would_be(
    sign_in: Any, user: User
) -> None:
    policy = make_policy()
    step = policy.steps.create(position=0)
    step.targets.create(user=user)
    viewer = sign_in(role="viewer")
    text = viewer.get(policy.get_absolute_url()).content.decode()
    assert str(user) in text
    assert "nothing is sent" in text
    assert "/edit/" not in text
    assert viewer.get("/on-call/policies/").status_code == 200


# --- paging by hand -------------------------------------------------------------


def test_people_are_paged_by_hand(signed_in: Client, user: User) -> None:
    bo, cy = make_user(email="bo@example.com"), make_user()
    team = make_team(slug="platform")
    team.members.add(cy)
    layers = [{"kind": "always", "users": [str(bo.pk)]}]
    schedule = make_schedule(layers=layers)
    body = {
        "title": "Payments are stuck",
        "to": [f"schedule:{schedule.pk}", "team:platform", "bo@example.com"],
        "severity": "SEV1",
    }
    response = send(signed_in, "post", "/api/v1/pages/", body)
    assert response.status_code == 201, response.content
    answer = response.json()
    assert answer["title"] == "Payments are stuck"
    assert {page["email"] for page in answer["pages"]} == {bo.email, cy.email}
    assert Notification.objects.filter(state="due").count() == 2
    assert signed_in.get(f"/api/v1/pages/{answer['id']}/").json() == answer
    page = signed_in.get(f"/on-call/pages/{answer['id']}/")
    assert "Payments are stuck" in page.content.decode()
    assert AuditEntry.objects.get().action == "page.sent"


def test_a_page_by_hand_goes_on_as_its_policy_says(
    signed_in: Client, user: User
) -> None:
    bo = make_user()
    policy = make_policy(repeats=7)
    policy.steps.create(position=0, delay=timedelta(minutes=3)).targets.create(user=bo)
    policy.steps.create(position=1).targets.create(user=user)
    body = {"title": "x", "to": [f"policy:{policy.pk}", user.email]}
    send(signed_in, "post", "/api/v1/pages/", body)
    escalation = Escalation.objects.get()
    assert escalation.repeats == 7
    assert [step["delay_seconds"] for step in escalation.steps] == [180, 300]
    assert {page.user for page in Page.objects.all()} == {user, bo}


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"to": ["a@example.com"]}, "title"),
        ({"title": "x"}, "to"),
        ({"title": "x", "to": []}, "to"),
        ({"title": "x", "to": "me"}, "to"),
        ({"title": "x", "to": ["a@example.com"]}, "to[0]"),
        ({"title": "x", "to": [{}]}, "to[0]"),
        ({"title": "x", "to": [None]}, "to[0]"),
        ({"title": "x" * 1025, "to": [1]}, "title"),
        ({"title": "x", "to": [1], "severity": "bad"}, "severity"),
        ([], "detail"),
    ],
)
def test_a_page_that_reaches_nobody_known_is_refused_by_field(
    signed_in: Client, body: object, field: str
) -> None:
    response = send(signed_in, "post", "/api/v1/pages/", body)
    assert response.status_code == 400, response.content
    assert field in response.json()
    assert not Escalation.objects.exists()


def test_somebody_is_paged_in_the_form_and_the_page_is_answered(
    signed_in: Client, user: User
) -> None:
    fields = {"title": "Help", "severity": "SEV2", "to": [f"user:{user.pk}"]}
    response = signed_in.post("/on-call/pages/new/", fields)
    path = response["Location"]
    assert "Acknowledge" in signed_in.get(path).content.decode()
    signed_in.post(f"{path}acknowledge/")
    escalation = Escalation.objects.get()
    assert (escalation.state, escalation.acknowledged_by) == ("acknowledged", user)
    assert signed_in.get(path).status_code == 200


def test_a_page_by_hand_is_stopped(signed_in: Client, user: User) -> None:
    fields = {"title": "Help", "severity": "SEV2", "to": [f"user:{user.pk}"]}
    path = signed_in.post("/on-call/pages/new/", fields)["Location"]
    signed_in.post(f"{path}stop/")
    assert Escalation.objects.get().state == "stopped"
    assert not Notification.objects.filter(state="due").exists()


@pytest.mark.parametrize("path", ["/on-call/pages/nothing/", "/api/v1/pages/nothing/"])
def test_a_page_that_is_not_there_is_not_found(signed_in: Client, path: str) -> None:
    assert signed_in.get(path).status_code == 404


def test_viewers_page_nobody(sign_in: Any, user: User) -> None:
    viewer = sign_in(role="viewer")
    body = {"title": "x", "to": [user.email]}
    assert send(viewer, "post", "/api/v1/pages/", body).status_code == 403
    assert send(viewer, "post", POLICIES, policy_to(user.pk)).status_code == 403


def test_targets_are_named_in_many_ways(user: User) -> None:
    team, schedule = make_team(), make_schedule()
    values = [
        user.pk,
        str(user.pk),
        user.email.upper(),
        f"user:{user.pk}",
        {"type": "user", "id": user.pk},
        f"team:{team.slug}",
        f"team:{team.pk}",
        {"type": "schedule", "id": str(schedule.pk)},
    ]
    assert find_targets(values, field="to") == [user, team, schedule]
