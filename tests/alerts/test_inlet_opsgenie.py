"""Opsgenie's clients over real HTTP: its addresses, answers and errors."""

import httpx
import pytest

from alerts.models import Alert, Event
from tests.factories import make_integration

KEY = "0123456789abcdef0123456789abcdef"
GENIE = {"Authorization": f"GenieKey {KEY}"}
ORDERS = {"message": "orders failed", "alias": "orders/daily", "priority": "P1"}


@pytest.fixture
def opsgenie(server: httpx.Client) -> httpx.Client:
    make_integration(KEY, format="opsgenie")
    server.headers.update(GENIE)
    return server


def test_a_created_alert_is_committed_and_answered_with_a_request_id(
    opsgenie: httpx.Client,
) -> None:
    answer = opsgenie.post("/v2/alerts", json=ORDERS)
    assert answer.status_code == 202
    assert answer.json()["result"] == "Request will be processed"
    assert {"took", "requestId"} < set(answer.json())
    alert = Alert.objects.get()
    assert (alert.dedup_key, alert.severity) == ("orders/daily", "SEV1")


@pytest.mark.parametrize("body", [b'{"source": "cron"}', b""])
def test_it_is_closed_by_its_alias_with_or_without_a_body(
    opsgenie: httpx.Client, body: bytes
) -> None:
    opsgenie.post("/v2/alerts", json=ORDERS)
    path = "/v2/alerts/orders%2Fdaily/close?identifierType=alias"
    answer = opsgenie.post(path, content=body)
    assert answer.status_code == 202
    assert answer.json()["requestId"]
    assert Alert.objects.get().status == "resolved"


def test_acknowledge_asks_for_it_on_the_open_alert(opsgenie: httpx.Client) -> None:
    opsgenie.post("/v2/alerts", json=ORDERS)
    opsgenie.post("/v2/alerts/orders%2Fdaily/acknowledge", json={})
    assert Alert.objects.get().acknowledge_asked_at is not None


def test_closing_what_is_not_open_has_no_effect(opsgenie: httpx.Client) -> None:
    assert opsgenie.post("/v2/alerts/other/close", json={}).status_code == 202
    assert not Alert.objects.exists()


@pytest.mark.parametrize(
    ("content", "field"), [(b"{}", "message"), (b"{broken", "detail")]
)
def test_what_is_not_understood_is_kept_and_refused_in_opsgenies_words(
    opsgenie: httpx.Client, content: bytes, field: str
) -> None:
    answer = opsgenie.post("/v2/alerts", content=content)
    assert answer.status_code == 422
    assert set(answer.json()) == {"message", "errors", "took", "requestId"}
    assert field in answer.json()["errors"]
    assert bytes(Event.objects.get().body) == content


@pytest.mark.parametrize(
    "authorization",
    ["", f"Bearer {KEY}", "GenieKey", f"GenieKey {'f' * 32}"],
)
def test_without_its_key_nothing_is_taken(
    opsgenie: httpx.Client, authorization: str
) -> None:
    answer = opsgenie.post(
        "/v2/alerts", json=ORDERS, headers={"Authorization": authorization}
    )
    assert answer.status_code == 401
    assert answer.json()["message"] == "Could not authenticate"
    assert not Event.objects.exists()


@pytest.mark.parametrize("path", ["orders/snooze", "orders", "close/"])
def test_other_acts_are_not_there(opsgenie: httpx.Client, path: str) -> None:
    assert opsgenie.post(f"/v2/alerts/{path}", json={}).status_code == 404


def asked(opsgenie: httpx.Client, sent: httpx.Response) -> httpx.Response:
    return opsgenie.get(f"/v2/alerts/requests/{sent.json()['requestId']}")


def test_a_client_may_ask_what_became_of_its_request(opsgenie: httpx.Client) -> None:
    created = asked(opsgenie, opsgenie.post("/v2/alerts", json=ORDERS))
    closed = asked(opsgenie, opsgenie.post("/v2/alerts/orders%2Fdaily/close"))
    assert created.status_code == closed.status_code == 200
    told = [answer.json()["data"] for answer in (created, closed)]
    assert [(one["action"], one["status"], one["isSuccess"]) for one in told] == [
        ("Create", "Created alert", True),
        ("Close", "Closed alert", True),
    ]
    assert {one["alias"] for one in told} == {"orders/daily"}
    assert told[0]["processedAt"].endswith("Z")


def test_closing_nothing_is_told_as_no_success(opsgenie: httpx.Client) -> None:
    told = asked(opsgenie, opsgenie.post("/v2/alerts/unknown/close")).json()["data"]
    assert (told["isSuccess"], told["status"]) == (False, "Alert does not exist")


def test_nobody_else_may_ask_what_became_of_a_request(opsgenie: httpx.Client) -> None:
    sent = opsgenie.post("/v2/alerts", json=ORDERS)
    make_integration("f" * 32, format="opsgenie")
    opsgenie.headers["Authorization"] = f"GenieKey {'f' * 32}"
    other = asked(opsgenie, sent)
    assert other.status_code == 404
    assert {"message", "took", "requestId"} == set(other.json())
    opsgenie.headers["Authorization"] = "GenieKey wrong"
    assert asked(opsgenie, sent).status_code == 401


@pytest.mark.parametrize(
    "request_id",
    [
        "nonsense",
        "7d2c6c1e-54b5-4a43-9f0b-0c6c2b7b8a11",
        "00000000-0000-00ff-0000-000000000001",
        "00000000-0000-0000-7fff-ffffffffffff",
    ],
)
def test_a_request_nobody_made_is_not_found(
    opsgenie: httpx.Client, request_id: str
) -> None:
    assert opsgenie.get(f"/v2/alerts/requests/{request_id}").status_code == 404
