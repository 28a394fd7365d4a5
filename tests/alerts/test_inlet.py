"""The inlets over real HTTP: what is answered, and that it is committed by then."""

import gzip
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import httpx
import pytest
from django.utils import timezone

from accounts.models import hash_secret
from alerts.models import Alert, Event, RefusedCount
from alerts.services import create_integration, rotate_key
from tests.factories import make_integration, make_user
from tests.server import wait_until

KEY = "0123456789abcdef0123456789abcdef"
TRIGGER = {
    "routing_key": KEY,
    "event_action": "trigger",
    "dedup_key": "orders",
    "payload": {"summary": "orders failed", "source": "dbt", "severity": "error"},
}


def fire(server: httpx.Client, **values: object) -> httpx.Response:
    return server.post(f"/in/{KEY}", json={"title": "orders failed", **values})


def test_an_accepted_alert_is_committed(server: httpx.Client) -> None:
    make_integration(KEY)
    response = fire(server, dedup_key="orders", severity="critical")
    alert = Alert.objects.get()
    assert response.status_code == 202
    assert response.json() == {
        "accepted": 1,
        "alerts": [
            {"id": alert.pk, "dedup_key": "orders", "status": "firing", "new": True}
        ],
    }
    assert (alert.severity, alert.has_changed) == ("SEV1", True)


def test_the_raw_body_is_kept_with_what_became_of_it(server: httpx.Client) -> None:
    make_integration(KEY)
    body = b'{"title":   "orders failed"}'
    server.post(f"/in/{KEY}", content=body)
    event = Event.objects.get()
    assert bytes(event.body) == body
    assert event.alert_ids == [Alert.objects.get().pk]
    assert KEY not in event.path


def test_repeats_add_to_one_alert(server: httpx.Client) -> None:
    make_integration(KEY)
    answers = [fire(server, dedup_key="orders").json() for _ in range(3)]
    assert [one["alerts"][0]["new"] for one in answers] == [True, False, False]
    assert Alert.objects.get().count == 3


def test_a_trigger_after_a_resolve_is_a_new_alert(server: httpx.Client) -> None:
    make_integration(KEY)
    for status in ("firing", "resolved", "firing"):
        fire(server, dedup_key="orders", status=status)
    statuses = Alert.objects.order_by("pk").values_list("status", flat=True)
    assert list(statuses) == ["resolved", "firing"]


def test_a_batch_may_fire_resolve_and_fire_one_key(server: httpx.Client) -> None:
    make_integration(KEY)
    batch = [
        {"title": "t", "dedup_key": "orders", "status": status}
        for status in ("firing", "resolved", "firing", "firing")
    ]
    answer = server.post(f"/in/{KEY}", json=batch).json()
    first, second = Alert.objects.order_by("pk")
    assert [one["id"] for one in answer["alerts"]] == [
        first.pk,
        first.pk,
        second.pk,
        second.pk,
    ]
    assert (first.status, second.status, second.count) == ("resolved", "firing", 2)


def test_resolving_what_is_not_open_has_no_effect(server: httpx.Client) -> None:
    make_integration(KEY)
    answer = fire(server, dedup_key="orders", status="resolved")
    assert answer.status_code == 202
    assert answer.json()["alerts"][0]["id"] is None
    assert not Alert.objects.exists()


def test_the_good_ones_of_a_batch_are_kept_and_the_bad_ones_named(
    server: httpx.Client,
) -> None:
    make_integration(KEY)
    answer = server.post(f"/in/{KEY}", json=[{"title": "good"}, {"severity": "bad"}])
    assert answer.status_code == 202
    assert [one["index"] for one in answer.json()["rejected"]] == [1]
    assert Alert.objects.get().title == "good"


@pytest.mark.parametrize(
    ("body", "field"),
    [
        (b'{"severity": "error"}', "title"),
        (b'{"title": "t", "severity": "loud"}', "severity"),
        (b"{not json", "detail"),
        (b"\xff\xfe", "detail"),
        (b"[" * 100_000, "detail"),
    ],
)
def test_what_is_not_understood_is_kept_and_the_field_named(
    server: httpx.Client, body: bytes, field: str
) -> None:
    make_integration(KEY)
    answer = server.post(f"/in/{KEY}", content=body)
    assert answer.status_code == 400
    assert field in answer.json()
    event = Event.objects.get()
    assert bytes(event.body) == body
    assert event.problem


def test_many_at_once_share_commits_and_lose_nothing(server: httpx.Client) -> None:
    make_integration(KEY, rate_limit=0)
    with ThreadPoolExecutor(16) as pool:
        answers = list(
            pool.map(lambda n: fire(server, dedup_key=f"k{n % 50}"), range(300))
        )
    assert {answer.status_code for answer in answers} == {202}
    assert Event.objects.count() == 300
    assert sum(Alert.objects.values_list("count", flat=True)) == 300
    assert Alert.objects.count() == 50


def test_past_its_limit_an_integration_gets_a_bare_429(server: httpx.Client) -> None:
    make_integration(KEY, rate_limit=2)
    other = "f" * 32
    make_integration(other)
    codes = [fire(server).status_code for _ in range(3)]
    refused = fire(server)
    assert codes == [202, 202, 429]
    assert refused.content == b""
    assert 0 < int(refused.headers["Retry-After"]) <= 61
    assert server.post(f"/in/{other}", json={"title": "t"}).status_code == 202
    wait_until(lambda: RefusedCount.objects.filter(reason="rate").exists())


@pytest.mark.parametrize("size", [(1 << 20) + 1, 3 << 20])
def test_a_body_past_its_limit_is_413(server: httpx.Client, size: int) -> None:
    make_integration(KEY)
    answer = server.post(f"/in/{KEY}", content=b" " * size)
    assert answer.status_code == 413
    assert not Event.objects.exists()


def test_gzip_is_unpacked_and_a_bomb_is_refused(server: httpx.Client) -> None:
    make_integration(KEY)
    zipped = {"Content-Encoding": "gzip"}
    good = gzip.compress(b'{"title": "packed"}')
    bomb = gzip.compress(b" " * (64 << 20))
    assert server.post(f"/in/{KEY}", content=good, headers=zipped).status_code == 202
    assert server.post(f"/in/{KEY}", content=bomb, headers=zipped).status_code == 413
    broken = server.post(f"/in/{KEY}", content=b"no", headers=zipped)
    assert broken.status_code == 400


def test_what_is_no_json_by_its_own_word_is_415(server: httpx.Client) -> None:
    make_integration(KEY)
    answer = server.post(
        f"/in/{KEY}", content=b"<x/>", headers={"Content-Type": "text/xml"}
    )
    assert answer.status_code == 415


def test_an_unknown_key_is_401_and_a_get_405(server: httpx.Client) -> None:
    assert server.post(f"/in/{'a' * 32}", json={"title": "t"}).status_code == 401
    assert server.get(f"/in/{KEY}").status_code == 405


def test_a_new_key_works_at_once_and_a_rotated_one_no_more(
    server: httpx.Client,
) -> None:
    by, at = make_user(role="admin"), timezone.now()
    server.post(f"/in/{KEY}", json={})  # the integrations have been read
    integration, key = create_integration(by=by, at=at, name="n", format="generic")
    assert server.post(f"/in/{key}", json={"title": "t"}).status_code == 202
    fresh = rotate_key(integration, by=by, at=at)
    assert server.post(f"/in/{fresh}", json={"title": "t"}).status_code == 202
    assert server.post(f"/in/{key}", json={"title": "t"}).status_code == 401


def test_pagerduty_events_get_pagerdutys_answers(server: httpx.Client) -> None:
    make_integration(KEY, format="pagerduty")
    answer = server.post("/v2/enqueue", json=TRIGGER)
    assert (answer.status_code, answer.json()) == (
        202,
        {"status": "success", "message": "Event processed", "dedup_key": "orders"},
    )


def test_a_bad_pagerduty_event_gets_pagerdutys_error(server: httpx.Client) -> None:
    make_integration(KEY, format="pagerduty")
    answer = server.post("/v2/enqueue", json={**TRIGGER, "event_action": "shout"})
    assert answer.status_code == 400
    assert answer.json()["status"] == "invalid event"
    assert answer.json()["errors"]
    unknown = server.post("/v2/enqueue", json={**TRIGGER, "routing_key": "b" * 32})
    assert unknown.json()["errors"] == ["Invalid routing key"]


def test_a_pagerduty_acknowledge_asks_for_it_on_the_open_alert(
    server: httpx.Client,
) -> None:
    make_integration(KEY, format="pagerduty")
    server.post("/v2/enqueue", json=TRIGGER)
    answer = server.post(
        "/v2/enqueue",
        json={
            "routing_key": KEY,
            "event_action": "acknowledge",
            "dedup_key": "orders",
        },
    )
    assert answer.status_code == 202
    assert Alert.objects.get().acknowledge_asked_at is not None


def test_a_change_event_waits_for_the_catalog(server: httpx.Client) -> None:
    make_integration(KEY, format="pagerduty")
    change = {"routing_key": KEY, "payload": {"summary": "Deployed 1.4.2"}}
    answer = server.post("/v2/change/enqueue", json=change)
    assert (answer.status_code, answer.json()) == (
        202,
        {"status": "success", "message": "Change event processed"},
    )
    assert Event.objects.get().has_catalog_facts


def test_an_events_v2_body_of_half_a_megabyte_is_too_large(
    server: httpx.Client,
) -> None:
    make_integration(KEY, format="pagerduty")
    big = {**TRIGGER, "client": "x" * (512 << 10)}
    assert server.post("/v2/enqueue", json=big).status_code == 413


def test_lineage_wants_the_key_as_bearer(server: httpx.Client) -> None:
    make_integration(KEY, format="openlineage")
    assert server.post("/api/v1/lineage", json={}).status_code == 401
    event = {
        "eventType": "START",
        "eventTime": "2026-01-10T03:02:00Z",
        "run": {"runId": "01a0219e-0800-799a-8d0b-85b504fd9919"},
        "job": {"namespace": "airflow", "name": "orders.load"},
        "producer": "https://example.com",
        "schemaURL": "https://openlineage.io/spec/2-0-2/OpenLineage.json",
    }
    bearer = {"Authorization": f"Bearer {KEY}"}
    answer = server.post("/api/v1/lineage", json=event, headers=bearer)
    assert answer.status_code == 201
    assert Event.objects.get().has_catalog_facts


def test_a_mapping_reads_what_its_inlet_is_sent(server: httpx.Client) -> None:
    mapping = {"items": "$.checks", "title": "Check {@.name} failed"}
    make_integration(KEY, mapping=mapping)
    sent = server.post(f"/in/{KEY}", json={"checks": [{"name": "a"}, {"name": "b"}]})
    assert sent.status_code == 202
    assert set(Alert.objects.values_list("title", flat=True)) == {
        "Check a failed",
        "Check b failed",
    }
    slack = server.post(f"/in/{KEY}/slack", json={"text": "orders failed"})
    assert slack.status_code == 200
    wrong = server.post(f"/in/{KEY}", json={"title": "orders failed"})
    assert wrong.status_code == 400
    assert wrong.json() == {"items": ["“$.checks” is not in the message."]}


def test_the_old_key_works_until_the_overlap_is_over(server: httpx.Client) -> None:
    now = timezone.now()
    other = "f" * 32
    make_integration(
        KEY,
        previous_key_hash=hash_secret(other),
        previous_key_until=now + timedelta(hours=1),
    )
    make_integration(
        "e" * 32,
        previous_key_hash=hash_secret("d" * 32),
        previous_key_until=now - timedelta(seconds=1),
    )
    for key, status in ((KEY, 202), (other, 202), ("e" * 32, 202), ("d" * 32, 401)):
        answer = server.post(f"/in/{key}", json={"title": "orders failed"})
        assert answer.status_code == status
