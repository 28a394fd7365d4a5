"""Silences and routing rules, as programs make them."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import AuditEntry
from alerts.models import Route, Silence
from incidents.services import correlate_changed_alerts
from tests.factories import (
    make_alert,
    make_asset,
    make_integration,
    make_policy,
    make_route,
    make_team,
    make_user,
)

pytestmark = pytest.mark.django_db

SILENCES, RULES = "/api/v1/silences/", "/api/v1/routing-rules/"


def post(client: Client, path: str, **values: Any) -> Any:
    return client.post(path, values, content_type="application/json")


def put(client: Client, path: str, **values: Any) -> Any:
    return client.put(path, values, content_type="application/json")


def in_hours(hours: float) -> str:
    return (timezone.now() + timedelta(hours=hours)).strftime("%Y-%m-%dT%H:%M:%SZ")


def test_a_silence_is_made_changed_extended_and_ended(signed_in: Client) -> None:
    asset, team = make_asset("raw"), make_team(name="Data")
    conditions = {
        "assets": [{"namespace": "Warehouse", "name": "RAW"}],
        "teams": ["Data"],
        "labels": [{"name": "env", "value": "prod"}],
    }
    made = post(
        signed_in,
        SILENCES,
        reason="Migration",
        conditions=conditions,
        until=in_hours(2),
    )
    assert made.status_code == 201, made.json()
    silence = made.json()
    assert silence["conditions"] == {
        "integrations": [],
        "assets": [asset.pk],
        "downstream": True,
        "teams": [team.name],
        "severities": [],
        "labels": [{"name": "env", "op": "=", "value": "prod"}],
        "title": "",
    }
    assert (silence["state"], silence["hidden"]) == ("in force", 0)

    path = f"{SILENCES}{silence['id']}/"
    changed = put(
        signed_in,
        path,
        reason="Migration",
        conditions={"title": "."},
        until=in_hours(3),
        time_zone="Europe/Madrid",
    ).json()
    assert (changed["from"], changed["conditions"]["title"]) == (silence["from"], ".")
    later = in_hours(9)
    assert post(signed_in, f"{path}extend/", until=later).json()["until"] == later
    ended = post(signed_in, f"{path}end/").json()
    assert ended["state"] == "over"
    assert post(signed_in, f"{path}end/").json()["ended_at"] == ended["ended_at"]
    assert post(signed_in, f"{path}extend/", until=later).status_code == 409
    listed = signed_in.get(SILENCES, {"state": "over"}).json()["results"]
    assert [one["id"] for one in listed] == [silence["id"]]
    acts = AuditEntry.objects.filter(action__startswith="silence.")
    assert set(acts.values_list("action", flat=True)) == {
        f"silence.{act}" for act in ("created", "changed", "extended", "ended")
    }


def test_a_trial_says_what_would_have_been_hidden_and_saves_nothing(
    signed_in: Client,
) -> None:
    make_user(role="admin")
    now = timezone.now()
    make_alert(title="orders failed", at=now - timedelta(days=3))
    make_alert(title="orders failed", at=now - timedelta(days=20))
    while correlate_changed_alerts(at=now):
        pass
    trial = post(
        signed_in,
        f"{SILENCES}preview/",
        reason="Trial",
        conditions={"title": "orders"},
        until=in_hours(1),
    ).json()
    assert (trial["alerts"], trial["incidents"]) == (1, 1)
    assert trial["examples"][0]["title"] == "orders failed"
    assert not Silence.objects.exists()


def test_what_a_silence_has_hidden_is_listed(signed_in: Client) -> None:
    made = post(
        signed_in,
        SILENCES,
        reason="All",
        conditions={"title": "."},
        until=in_hours(1),
    ).json()
    alert = make_alert(at=timezone.now())
    correlate_changed_alerts(at=timezone.now())
    hidden = signed_in.get(f"{SILENCES}{made['id']}/alerts/").json()["results"]
    assert [one["alert"] for one in hidden] == [alert.pk]


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"conditions": {}}, "detail"),
        ({"conditions": {"title": "("}}, "title_pattern"),
        ({"conditions": {"integrations": [0]}}, "conditions.integrations[0]"),
        ({"conditions": {"assets": [True]}}, "conditions.assets[0]"),
        ({"conditions": {"labels": [{"name": "a", "op": "~"}]}}, "labels"),
        ({"until": "2020-01-01T00:00:00Z"}, "until"),
        ({"rrule": "FREQ=SECONDLY"}, "rrule"),
        ({"rrule": "FREQ=DAILY", "repeats_until": "2020-01-01T00:00:00Z"}, "rrule"),
        ({"time_zone": "Mars"}, "time_zone"),
    ],
)
def test_what_cannot_be_kept_is_a_400_that_names_the_field(
    signed_in: Client, values: dict[str, Any], field: str
) -> None:
    sent = {
        "reason": "Why",
        "conditions": {"title": "."},
        "until": in_hours(1),
        **values,
    }
    refused = post(signed_in, SILENCES, **sent)
    assert refused.status_code == 400
    assert any(field in path for path in refused.json()), refused.json()


def test_rules_are_made_ordered_and_tried(signed_in: Client) -> None:
    policy, inlet = make_policy(), make_integration()
    first = post(
        signed_in,
        RULES,
        name="Prod",
        conditions={"labels": [{"name": "env", "value": "prod"}]},
        policy=policy.pk,
        severity="SEV1",
        hold_seconds=300,
    )
    assert first.status_code == 201, first.json()
    second = post(signed_in, RULES, name="Rest", action="drop").json()
    ids = [second["id"], first.json()["id"]]
    ordered = post(signed_in, f"{RULES}order/", ids=ids).json()["results"]
    assert [one["id"] for one in ordered[:2]] == ids
    assert ordered[2]["default"]
    assert post(signed_in, f"{RULES}order/", ids=[99_999]).status_code == 400

    put(signed_in, f"{RULES}{second['id']}/", name="Rest", action="drop", on=False)
    tried = post(
        signed_in, f"{RULES}test/", integration=inlet.pk, labels={"env": "prod"}
    ).json()
    assert (tried["outcome"], tried["rule"], tried["severity"]) == (
        "pending",
        ids[1],
        "SEV1",
    )
    assert [one["why_not"] for one in tried["rules"]] == [
        ["This rule is switched off."],
        [],
    ]


def test_the_default_rule_stays_the_last(signed_in: Client) -> None:
    last = make_route(is_default=True)
    assert signed_in.delete(f"{RULES}{last.pk}/").status_code == 409
    policy = make_policy()
    changed = put(signed_in, f"{RULES}{last.pk}/", name="x", policy=policy.pk).json()
    assert (changed["policy"], changed["default"]) == (policy.pk, True)
    assert Route.objects.get().name != "x"


def test_an_integration_is_damped(signed_in: Client) -> None:
    path = f"/api/v1/integrations/{make_integration().pk}/quiet/"
    assert signed_in.get(path).json()["flap_changes"] is None
    put(
        signed_in,
        path,
        after_count=3,
        after_seconds=600,
        flap_changes=9,
        flap_seconds=60,
    )
    told = signed_in.get(path).json()
    assert (told["after_count"], told["flap_changes"]) == (3, 9)
    assert put(signed_in, path, after_count=3).status_code == 400
