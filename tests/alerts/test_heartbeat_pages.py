"""The pages and the API of heartbeats."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from alerts.models import Heartbeat, HeartbeatMiss, Integration
from alerts.services import Ping, raise_missed, record_ping, say_inlet_lives
from incidents.access import readable_topics
from tests.alerts.receiving import text_of
from tests.factories import NOON, make_asset, make_integration, make_user

pytestmark = pytest.mark.django_db
API = "/api/v1/heartbeats/"
FILLED = {
    "name": "nightly",
    "rhythm": "every",
    "every": "2",
    "every_unit": "hours",
    "time_zone": "UTC",
    "grace": "10",
    "grace_unit": "minutes",
}


def ping(inlet: Integration, name: str = "nightly", **values: Any) -> Heartbeat:
    at = values.pop("at", timezone.now())
    return record_ping(integration_id=inlet.pk, ping=Ping(name, **values), at=at)


def send(client: Client, method: str, path: str, **values: Any) -> Any:
    return getattr(client, method)(path, values, content_type="application/json")


def test_the_list_has_what_is_missed_first(signed_in: Client) -> None:
    inlet = make_integration()
    ping(inlet, "a fine one")
    ping(inlet, "a late one", every=60, grace=0, at=NOON)
    say_inlet_lives(at=NOON + timedelta(minutes=1))
    raise_missed(at=NOON + timedelta(minutes=1))
    text = text_of(signed_in.get("/heartbeats/"))
    assert text.index("a late one") < text.index("a fine one")
    missed = text_of(signed_in.get("/heartbeats/?status=missed"))
    assert "a late one" in missed
    assert "a fine one" not in missed


def test_the_list_follows_what_is_told_of_heartbeats(signed_in: Client) -> None:
    ping(make_integration())
    listing = signed_in.get("/heartbeats/?status=on_time").content.decode()
    assert 'sse-connect="/live/?topic=heartbeats&' in listing
    assert 'hx-get="/heartbeats/?status=on_time" hx-select="#heartbeat-list"' in listing
    assert readable_topics(make_user(role="viewer"), ["heartbeats"]) == ["heartbeats"]


def test_the_list_costs_the_same_for_one_and_for_six(signed_in: Client) -> None:
    inlet = make_integration()
    counts = []
    signed_in.get("/heartbeats/")
    for number in range(6):
        ping(inlet, f"job {number}")
        if number in (0, 5):
            with CaptureQueriesContext(connection) as queries:
                signed_in.get("/heartbeats/")
            counts.append(len(queries))
    assert counts[0] == counts[1]


def test_the_page_has_the_line_to_paste_and_what_was_missed(signed_in: Client) -> None:
    inlet = make_integration()
    made = ping(inlet, "a night's load", every=60, grace=0, at=NOON)
    for minutes in (0.5, 61):
        say_inlet_lives(at=NOON + timedelta(minutes=minutes))
    HeartbeatMiss.objects.create(
        heartbeat=made, kind="failed", at=NOON, until=NOON, said="disk is full"
    )
    text = text_of(signed_in.get(made.get_absolute_url()))
    assert "/in/<the key>/heartbeat/a%20night%27s%20load'" in text
    assert "disk is full" in text
    assert "Headwater was away" in text


def test_one_is_made_edited_paused_resumed_and_deleted(signed_in: Client) -> None:
    inlet, asset = make_integration(), make_asset("orders")
    told = {**FILLED, "integration": inlet.pk, "asset": "orders (warehouse)"}
    signed_in.post("/heartbeats/new/", told)
    made = Heartbeat.objects.get()
    assert (made.every_seconds, made.grace_seconds, made.asset) == (7200, 600, asset)
    path = made.get_absolute_url()
    by_cron = {"rhythm": "cron", "cron": "0 3 * * *", "time_zone": "madrid"}
    signed_in.post(f"{path}edit/", {**FILLED, **by_cron})
    made.refresh_from_db()
    assert (made.cron, made.time_zone) == ("0 3 * * *", "Europe/Madrid")
    assert "0 3 * * * Europe/Madrid" in text_of(signed_in.get(path))
    signed_in.post(f"{path}pause/")
    assert "Nothing is expected of it." in text_of(signed_in.get(path))
    signed_in.post(f"{path}resume/")
    signed_in.post(f"{path}delete/")
    assert not Heartbeat.objects.exists()


@pytest.mark.parametrize(
    ("values", "told"),
    [
        ({"name": "a/b"}, "without “/”"),
        ({"rhythm": "cron", "cron": "0 3 * *"}, "five fields"),
        ({"time_zone": "Atlantis"}, "Name a zone"),
        ({"every": "400", "every_unit": "days"}, "At most a year"),
        ({"asset": "nowhere"}, "No asset is called “nowhere”"),
        ({"name": "taken"}, "one of that name already"),
        ({"every": "9" * 30}, "less than or equal"),
    ],
)
def test_a_mistake_in_the_form_is_told(
    signed_in: Client, values: dict[str, str], told: str
) -> None:
    inlet = make_integration()
    ping(inlet, "taken")
    answer = signed_in.post(
        "/heartbeats/new/", {**FILLED, "integration": inlet.pk, **values}
    )
    assert (answer.status_code, told in text_of(answer)) == (400, True)


def test_the_api_makes_lists_changes_and_deletes(signed_in: Client) -> None:
    inlet = make_integration()
    made = send(
        signed_in, "post", API, integration=inlet.pk, name="n", every=60, grace=5
    )
    assert made.status_code == 201
    body = made.json()
    assert (body["status"], body["every"], body["grace"]) == ("waiting", 60, 5)
    path = f"{API}{body['id']}/"
    changed = send(signed_in, "patch", path, cron="0 3 * * *", severity="critical")
    assert changed.json()["severity"] == "SEV1"
    assert changed.json()["every"] == 60
    assert send(signed_in, "post", f"{path}pause/").json()["status"] == "paused"
    assert send(signed_in, "post", f"{path}resume/").status_code == 200
    assert send(signed_in, "post", f"{path}resume/").status_code == 409
    listed = signed_in.get(f"{API}?integration={inlet.pk}").json()["results"]
    assert [one["name"] for one in listed] == ["n"]
    assert signed_in.delete(path).status_code == 204
    assert signed_in.get(path).status_code == 404


@pytest.mark.parametrize(
    "wrong",
    [
        {"name": ""},
        {"every": 0},
        {"every": 10**12},
        {"cron": "x"},
        {"time_zone": "Mars/Olympus"},
        {"asset": 999},
        {"severity": "bad"},
        {"integration": 999},
    ],
)
def test_the_api_refuses_what_makes_no_sense(
    signed_in: Client, wrong: dict[str, Any]
) -> None:
    told = {"integration": make_integration().pk, "name": "n", **wrong}
    answer = send(signed_in, "post", API, **told)
    assert answer.status_code == 400
    assert list(answer.json()) == list(wrong)


def test_a_second_of_a_name_is_a_conflict(signed_in: Client) -> None:
    inlet = make_integration()
    ping(inlet, "n")
    answer = send(signed_in, "post", API, integration=inlet.pk, name="n")
    assert answer.status_code == 409
