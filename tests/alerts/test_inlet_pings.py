"""Pings of heartbeats over real HTTP."""

import httpx
import pytest

from alerts.models import Alert, Heartbeat, InletWatch
from tests.factories import make_integration
from tests.server import wait_until

KEY = "0123456789abcdef0123456789abcdef"
NIGHTLY = f"/in/{KEY}/heartbeat/nightly"


@pytest.mark.parametrize("method", ["GET", "POST", "HEAD"])
def test_the_first_ping_makes_the_monitor(server: httpx.Client, method: str) -> None:
    make_integration(KEY)
    answer = server.request(method, f"{NIGHTLY}?every=3600&grace=120")
    made = Heartbeat.objects.get()
    assert answer.status_code == 200
    assert (made.name, made.every_seconds, made.grace_seconds) == ("nightly", 3600, 120)
    assert made.status == "on_time"


def test_the_body_may_say_how_often_too(server: httpx.Client) -> None:
    make_integration(KEY)
    answer = server.post(NIGHTLY, json={"every": 60, "grace": 0})
    made = Heartbeat.objects.get()
    assert (made.every_seconds, made.grace_seconds) == (60, 0)
    assert answer.json().keys() == {"name", "status", "expected_at", "due_at"}
    server.post(NIGHTLY, data={"every": "90"})
    made.refresh_from_db()
    assert (made.every_seconds, made.grace_seconds) == (90, 0)


def test_a_job_that_says_it_failed_alerts_with_what_it_wrote(
    server: httpx.Client,
) -> None:
    make_integration(KEY)
    server.post(f"{NIGHTLY}/fail", content=b"disk is full\n")
    assert Alert.objects.get().description == "disk is full"
    server.get(f"{NIGHTLY}/0")
    assert Alert.objects.get().status == "resolved"
    server.get(f"{NIGHTLY}/3")
    assert Heartbeat.objects.get().status == "failing"


def test_a_start_is_no_end(server: httpx.Client) -> None:
    make_integration(KEY)
    server.get(f"{NIGHTLY}/start")
    assert Heartbeat.objects.get().started_at is not None


@pytest.mark.parametrize(
    ("path", "status"),
    [
        (f"/in/{'f' * 32}/heartbeat/nightly", 401),
        (f"{NIGHTLY}?every=0", 400),
        (f"{NIGHTLY}?every=soon", 400),
        (f"{NIGHTLY}?grace=-1", 400),
        (f"{NIGHTLY}?every=99999999999999999999", 400),
        (f"/in/{KEY}/heartbeat/{'n' * 101}", 400),
        (f"/in/{KEY}/heartbeat/%20", 400),
        (f"{NIGHTLY}/stop", 404),
        (f"/in/{KEY}/heartbeat/", 404),
    ],
)
def test_a_bad_ping_is_refused(server: httpx.Client, path: str, status: int) -> None:
    make_integration(KEY)
    assert server.get(path).status_code == status
    assert not Heartbeat.objects.exists()


def test_another_method_is_not_allowed(server: httpx.Client) -> None:
    make_integration(KEY)
    answer = server.put(NIGHTLY)
    assert (answer.status_code, answer.headers["allow"]) == (405, "GET, HEAD, POST")


def test_strange_names_and_bodies_make_no_error(server: httpx.Client) -> None:
    make_integration(KEY)
    for name in ("a b", "%00x", "%F0%9F%A6%86", "..%3B", "'--"):
        for body in (b"\x00\xff", b"[1]", b'{"every": "1e9"}', b"{" * 5000):
            answer = server.post(f"/in/{KEY}/heartbeat/{name}", content=body)
            assert answer.status_code in (200, 400), (name, body)


def test_the_web_process_says_that_it_lives(server: httpx.Client) -> None:
    wait_until(lambda: InletWatch.objects.exists())
