"""Whom a step pages: others of a schedule than those on call, somebody in turn, a
channel."""

import json
import threading
from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.core import signing
from django.db import connection, transaction
from django.test import Client
from pytest_django import Settings

from accounts.models import User
from oncall.channels.base import DeliveryError, Receipt, RetryableDeliveryError
from oncall.conditions import When
from oncall.models import (
    Escalation,
    EscalationPolicy,
    Notification,
    Page,
    Schedule,
)
from oncall.services import (
    acknowledge_page,
    keep_from_channels,
    ladder,
    start_escalation,
    start_escalations,
)
from oncall.services.engine import claim
from oncall.services.escalations import Call
from oncall.services.recording import Outcome, record
from oncall.services.rungs import simulate
from oncall.services.sending import LEASE, NOTICE_SALT, attempt
from oncall.services.turns import next_of
from oncall.services.walking import walk_due_escalations
from tests.factories import NOON, make_policy, make_schedule, make_team, make_user
from tests.fakes.webhook import Answer, FakeWebhook, running_webhook
from tests.oncall.slack_buttons import press_button

pytestmark = pytest.mark.django_db
MINUTE = timedelta(minutes=1)


def make_rotation(*users: User) -> Schedule:
    """One person a day, the first on the day of NOON."""
    participants = [[str(user.pk)] for user in users]
    rotation = {
        "unit": "day",
        "every": 1,
        "start_local": f"{NOON:%Y-%m-%dT00:00}",
        "participants": participants,
    }
    layer = {"name": "days", "priority": 0, "kind": "rotation", "rotation": rotation}
    return make_schedule(timezone="UTC", layers=[layer])


def add_step(policy: EscalationPolicy, **values: Any) -> None:
    when = values.pop("when", {})
    step = policy.steps.create(
        position=policy.steps.count(), delay=5 * MINUTE, when=when
    )
    step.targets.create(**values)


def start(policy: EscalationPolicy, number: int = 1, **values: Any) -> Escalation:
    return start_escalation(
        subject=f"incident:{number}",
        title="orders_raw arrived empty",
        body="",
        url="https://hw.example.com/",
        severity="SEV2",
        policy=policy,
        at=NOON,
        **values,
    )


def paged() -> list[int]:
    return list(Page.objects.order_by("pk").values_list("user_id", flat=True))


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


@pytest.fixture
def slack(settings: Settings) -> Iterator[FakeWebhook]:
    with running_webhook() as server:
        took = {"ok": True, "channel": "C024BE91L", "ts": "1.000100"}
        server.answer = Answer(status=200, body=json.dumps(took).encode())
        settings.SLACK_URL = f"http://{server.host}:{server.port}"
        settings.SLACK_BOT_TOKEN = "xoxb-token"
        settings.SLACK_SIGNING_SECRET = "secret-of-slack"
        settings.ALLOW_PRIVATE_URLS = True
        yield server


def deliver() -> None:
    claimed = claim(at=NOON, limit=10)
    record([attempt(one, now=lambda: NOON) for one in claimed])


def test_a_channel_is_told_and_its_buttons_act_for_whoever_is_known(
    slack: FakeWebhook,
) -> None:
    known = make_user(role="responder")
    known.contact_methods.create(kind="slack", address="U012ABCDEF", verified_at=NOON)
    policy = make_policy()
    add_step(policy, channel="slack", address="#data-alerts")
    add_step(policy, user=make_user())
    escalation = start(policy)
    deliver()
    [request] = slack.requests
    assert request.json["channel"] == "#data-alerts"
    value = request.json["blocks"][1]["elements"][0]["value"]
    assert signing.loads(value, salt=NOTICE_SALT) == escalation.notices.get().pk
    rungs = ladder(subject=escalation.subject, at=NOON)
    assert [(one.room, one.state) for one in rungs[:1]] == [
        ("Slack #data-alerts", "told")
    ]
    assert rungs[1].at == NOON + 5 * MINUTE  # it is waited for: somebody may answer
    press_button("acknowledge", value=value, member="U0STRANGER")
    assert Escalation.objects.get().state == "running"
    press_button("acknowledge", value=value, member="U012ABCDEF")
    assert Escalation.objects.get().acknowledged_by == known


def test_the_token_of_a_channel_opens_no_page_of_a_person(client: Client) -> None:
    make_user()
    policy = make_policy()
    add_step(policy, channel="slack", address="#data-alerts")
    notice = start(policy).notices.get()
    token = signing.dumps(notice.pk, salt=NOTICE_SALT)
    assert client.get(f"/p/{token}/").status_code == 404


def test_an_answer_stops_a_notice_that_is_not_sent_yet() -> None:
    user = make_user()
    policy = make_policy()
    add_step(policy, user=user)
    policy.steps.get().targets.create(channel="email", address="list@example.com")
    escalation = start(policy)
    assert Notification.objects.filter(state="due").count() == 2
    page = escalation.pages.get()
    acknowledge_page(page_id=page.pk, at=NOON, via="link")
    assert set(Notification.objects.values_list("state", flat=True)) == {"cancelled"}


def test_a_channel_is_not_told_again_of_what_was_answered_meanwhile() -> None:
    policy = make_policy()
    add_step(policy, user=make_user())
    policy.steps.get().targets.create(channel="email", address="list@example.com")
    page = start(policy).pages.get()
    on_the_way = claim(at=NOON, limit=10)
    told = next(one for one in on_the_way if one.notice_id)
    acknowledge_page(page_id=page.pk, at=NOON, via="link")
    late = NOON + LEASE  # its sender has died
    assert told.pk not in [one.pk for one in claim(at=late, limit=10)]
    Notification.objects.filter(pk=told.pk).update(state="sending", lease_until=late)
    record([Outcome(told, RetryableDeliveryError("503"), NOON)])
    assert Notification.objects.get(pk=told.pk).state == "cancelled"


@pytest.mark.parametrize("result", [Receipt("1"), DeliveryError("channel_not_found")])
def test_a_step_whose_only_channel_fails_makes_the_next_step_due(result: Any) -> None:
    policy = make_policy()
    add_step(policy, channel="email", address="list@example.com")
    add_step(policy, user=make_user())
    start(policy)
    [owed] = claim(at=NOON, limit=10)
    record([Outcome(owed, result, NOON)])
    walk_due_escalations(at=NOON)
    assert Page.objects.exists() == isinstance(result, DeliveryError)


def test_nobody_on_call_is_passed_over_at_once_though_a_channel_is_told() -> None:
    policy = make_policy()
    add_step(policy, schedule=make_schedule())
    policy.steps.get().targets.create(channel="email", address="list@example.com")
    user = make_user()
    add_step(policy, user=user)
    escalation = start(policy)
    assert paged() == [user.pk]
    assert escalation.notices.count() == 1


def test_a_channel_is_not_told_of_what_is_private() -> None:
    policy = make_policy()
    add_step(policy, channel="email", address="list@example.com")
    add_step(policy, user=make_user())
    escalation = start(policy, is_private=True)
    assert not escalation.notices.exists()


@pytest.mark.parametrize("is_tried", [False, True])
def test_what_becomes_private_is_not_sent_to_channels_any_more(is_tried: bool) -> None:
    policy, user = make_policy(), make_user()
    add_step(policy, channel="email", address="list@example.com")
    add_step(policy, user=user)
    escalation = start(policy)
    claimed = claim(at=NOON, limit=10) if is_tried else []
    keep_from_channels(subject=escalation.subject, is_private=True, at=NOON)
    for one in claimed:  # it was on its way just then, and is not tried again
        record([Outcome(one, RetryableDeliveryError("503"), NOON)])
    walk_due_escalations(at=NOON + MINUTE)
    assert Notification.objects.get(notice__escalation=escalation).state == "cancelled"
    assert paged() == ([] if is_tried else [user.pk])
    walk_due_escalations(at=NOON + timedelta(hours=1))
    assert escalation.notices.count() == 1


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
