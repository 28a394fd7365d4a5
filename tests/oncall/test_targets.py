"""Whom a step pages, and where that is chosen and told."""

from typing import Any

import pytest
from django.test import Client

from oncall.conditions import When
from oncall.models import (
    EscalationPolicy,
    Notification,
    Schedule,
)
from oncall.services import (
    start_escalations,
)
from oncall.services.escalations import Call
from oncall.services.rungs import simulate
from oncall.services.walking import walk_due_escalations
from tests.factories import NOON, make_policy, make_team, make_user
from tests.oncall.steps import MINUTE, add_step, make_rotation, paged, start

pytestmark = pytest.mark.django_db


def test_a_step_may_count_only_for_some_labels() -> None:
    prod = When(labels=[{"name": "env", "op": "=", "value": "prod"}])
    policy = make_policy()
    add_step(policy, user=make_user(), when=prod)
    for labels, steps in (({"env": "prod"}, 1), ({}, 0)):
        rungs = simulate(policy, at=NOON, labels=labels)
        assert len([rung for rung in rungs if rung.user]) == steps * 3
    assert rungs[0].because == "only for env = prod"


def test_a_policy_whose_conditions_do_not_hold_is_passed_over() -> None:
    night = make_policy(name="Night", when={"severities": ["SEV1"]})
    usual = make_policy(name="Usual")
    user = make_user()
    add_step(night, user=make_user())
    add_step(usual, user=user)
    admin = make_user(role="admin")
    url = "https://hw.example.com/"
    calls = [
        Call("incident:1", "", "", url, "SEV2", night, otherwise=(usual,)),
        Call("incident:2", "", "", url, "SEV2", night),
    ]
    started = start_escalations(calls, at=NOON)
    assert started["incident:1"].policy == usual
    assert started["incident:2"].policy is None
    assert paged() == [user.pk, admin.pk]


def test_who_is_paged_by_a_policy_by_hand_is_paged_whatever_its_conditions(
    sign_in: Any,
) -> None:
    policy = make_policy(when={"severities": ["SEV1"]})
    user = make_user()
    add_step(policy, user=user)
    body = {"title": "Look at this", "to": [f"policy:{policy.pk}"], "severity": "SEV3"}
    client = sign_in(role="responder")
    made = client.post("/api/v1/pages/", body, content_type="application/json")
    assert made.status_code == 201
    assert paged() == [user.pk]


def form_of(schedule: Schedule, **values: object) -> dict[str, object]:
    return {
        "name": "Night watch",
        "repeats": "1",
        "row": "0",
        "act": "save",
        "severities": ["SEV1"],
        "lapses_after": "30",
        "r0-targets": [f"schedule:{schedule.pk}:turns"],
        "r0-rooms": "email list@example.com",
        "r0-delay": "5",
        "r0-labels": "env = prod",
        **values,
    }


def test_the_form_keeps_what_was_chosen_and_says_what_it_means(sign_in: Any) -> None:
    client = sign_in(role="responder")
    schedule = make_rotation(make_user())
    made = client.post("/on-call/policies/new/", form_of(schedule))
    assert made.status_code == 302, made.content.decode()
    policy = EscalationPolicy.objects.get()
    assert policy.when == {"severities": ["SEV1"]}
    assert policy.lapses_after == 30 * MINUTE
    edit = client.get(f"{made.url}edit/").content.decode()
    for kept in (f'"schedule:{schedule.pk}:turns" selected', "email list@example.com"):
        assert kept in edit
    client.post(f"{made.url}edit/", form_of(schedule, version="1"))
    assert list(policy.steps.get().targets.values_list("who", "channel")) == [
        ("turns", ""),
        ("current", "email"),
    ]
    other = client.get(f"{made.url}?severity=SEV3&labels=env=prod").content.decode()
    assert "passed over as if it were not there" in other
    assert "list@example.com" in other


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("r0-rooms", "pigeon roof"),
        ("r0-rooms", "email nonsense"),
        ("r0-rooms", "slack #data-alerts"),  # which is not set up
        ("r0-labels", "env"),
        ("r0-labels", "env =~ ("),
        ("lapses_after", "-1"),
        ("lapses_after", "1"),
    ],
)
def test_a_form_that_cannot_be_says_why(sign_in: Any, field: str, value: str) -> None:
    client = sign_in(role="responder")
    sent = form_of(make_rotation(make_user()), **{field: value})
    refused = client.post("/on-call/policies/new/", sent)
    assert refused.status_code == 400
    assert "field__error" in refused.content.decode()


def test_targets_are_told_over_the_api_and_addresses_only_to_responders(
    sign_in: Any,
) -> None:
    client = sign_in(role="responder")
    schedule = make_rotation(make_user())
    steps = [
        {
            "targets": [
                f"schedule:{schedule.pk}:next",
                {"type": "channel", "channel": "email", "address": "l@example.com"},
            ],
            "when": {"labels": [{"name": "env", "value": "prod"}]},
        }
    ]
    body = {"name": "One", "steps": steps, "acknowledgement_minutes": 0}
    path = "/api/v1/escalation-policies/"
    made = client.post(path, body, content_type="application/json").json()
    next_one, room = made["steps"][0]["targets"]
    assert (next_one["who"], room["address"]) == ("next", "l@example.com")
    again = client.put(f"{path}{made['id']}/", made, content_type="application/json")
    assert again.json()["steps"] == made["steps"]
    viewer = sign_in(role="viewer").get(f"{path}{made['id']}/").json()
    assert viewer["steps"][0]["targets"][1]["address"] == ""
    told = client.get(f"{path}{made['id']}/simulate/?label=env=prod").json()
    assert [one["channel"] for one in told["ladder"][:2]] == ["", "l@example.com"]
    asked = {"labels": {"env": "test"}}
    passed = client.post(
        f"{path}{made['id']}/simulate/", asked, content_type="application/json"
    ).json()
    assert passed["ladder"][0]["because"] == "only for env = prod"


def test_everybody_unreachable_still_ends_at_the_fallback() -> None:
    """Nobody has a method; the addresses they sign in with are used to the end."""
    ana, admin = make_user(), make_user(role="admin")
    policy = make_policy(repeats=0)
    add_step(policy, user=ana)
    start(policy)
    walk_due_escalations(at=NOON + 5 * MINUTE)
    assert paged() == [ana.pk, admin.pk]
    addresses = Notification.objects.order_by("pk").values_list("channel", "address")
    assert list(addresses) == [("email", ana.email), ("email", admin.email)]


def test_a_fallback_is_people() -> None:
    admin = make_user(role="admin")
    client = Client()
    client.force_login(admin)
    body = {"targets": ["channel:email:list@example.com"]}
    answer = client.put("/api/v1/fallback/", body, content_type="application/json")
    assert answer.status_code == 400


def test_a_name_that_is_taken_is_said_in_the_form_and_nothing_typed_is_lost(
    sign_in: Any,
) -> None:
    client = sign_in(role="responder")
    make_policy(name="Day watch")
    night = make_policy(name="Night watch")
    sent = form_of(make_rotation(make_user()), name="Day watch", version="1")
    refused = client.post(f"/on-call/policies/{night.pk}/edit/", sent)
    text = refused.content.decode()
    assert refused.status_code == 400
    assert "There is already a policy named Day watch." in text
    assert "email list@example.com" in text


@pytest.mark.parametrize(
    ("path", "make"),
    [("/on-call/policies/", make_policy), ("/on-call/urgency/", make_team)],
)
def test_what_is_on_a_second_page_is_linked(sign_in: Any, path: str, make: Any) -> None:
    for _ in range(51):
        make()
    assert 'rel="next"' in sign_in(role="responder").get(path).content.decode()


@pytest.mark.parametrize("when", [{"days": [0] * 8}, {"severities": ["SEV1"] * 5}])
def test_a_condition_has_no_more_days_than_a_week(sign_in: Any, when: Any) -> None:
    steps = [{"targets": [make_user().email]}]
    body = {"name": "One", "steps": steps, "when": when}
    client = sign_in(role="responder")
    path = "/api/v1/escalation-policies/"
    assert client.post(path, body, content_type="application/json").status_code == 400
