"""Hostile input over real HTTP: a clear 4xx, never a 500, and nobody else suffers."""

import asyncio
import gzip
import json
import socket
import time
from collections.abc import MutableMapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
from django.db import connection
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from alerts.formats.registry import FORMATS
from alerts.ingest.committer import Committer
from alerts.ingest.inlets import Inlets
from alerts.ingest.server import IngestServer
from alerts.models import Alert, Event, Integration
from alerts.services import delete_integration
from tests.factories import make_integration, make_user
from tests.waiting import wait_until

KEY = "0123456789abcdef0123456789abcdef"
TITLE = '"title": "t"'

HOSTILE = {
    "very deep": b"[" * 500_000,
    "deep, and closed": b"[" * 900 + b"]" * 900,
    "deep inside a label": b'{%s, "labels": {"a": %s1%s}}'
    % (TITLE.encode(), b"[" * 900, b"]" * 900),
    "a NUL": b'{"title": "a\\u0000b", "dedup_key": "\\u0000"}',
    "raw NULs": b"\x00" * 1000,
    "a lone surrogate": b'{"title": "\\ud800", "dedup_key": "\\udfff"}',
    "broken UTF-8": b'{"title": "\xed\xa0\x80\xff"}',
    "a huge integer": b'{%s, "run_id": 1%s}' % (TITLE.encode(), b"0" * 100_000),
    "a huge negative integer": b'{%s, "run_id": -9%s}' % (TITLE.encode(), b"9" * 300),
    "not a number": b'{%s, "labels": {"x": NaN}}' % TITLE.encode(),
    "infinite": b'{%s, "labels": {"x": 1e999}}' % TITLE.encode(),
    "10,000 labels": json.dumps(
        {"title": "t", "labels": {f"label{n}": n for n in range(10_000)}}
    ).encode(),
    "year 1": b'{%s, "occurred_at": "0001-01-01T00:00:00Z"}' % TITLE.encode(),
    "year 9999": b'{%s, "occurred_at": "9999-12-31T23:59:59-23:59"}' % TITLE.encode(),
    "a long title": json.dumps({"title": "x" * 900_000}).encode(),
    "1,001 items": json.dumps([{"title": "t"}] * 1001).encode(),
    "nothing": b"",
    "null": b"null",
    "trailing": b'{"title": "t"} {"title": "u"}',
    "the same key twice": b'{"title": "t", "title": 5}',
}


def post(server: httpx.Client, body: bytes, **headers: str) -> httpx.Response:
    return server.post(f"/in/{KEY}", content=body, headers=headers)


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_input_is_taken_or_refused_with_a_reason(
    server: httpx.Client, name: str
) -> None:
    make_integration(KEY)
    answer = post(server, HOSTILE[name])
    assert answer.status_code in (202, 400), answer.text
    assert answer.json()
    assert bytes(Event.objects.get().body) == HOSTILE[name]
    assert post(server, b'{"title": "after it"}').status_code == 202


@pytest.mark.parametrize("format_", FORMATS)
def test_no_format_fails_on_hostile_input(server: httpx.Client, format_: str) -> None:
    make_integration(KEY, format=format_)
    codes = {post(server, body).status_code for body in HOSTILE.values()}
    assert codes <= {202, 400, 413}
    assert not Event.objects.filter(problem="It could not be stored.").exists()


any_bytes = st.binary(max_size=300)
any_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3)
    ),
    max_leaves=10,
)
alert_like = st.fixed_dictionaries(
    {"title": st.text() | any_json},
    optional=dict.fromkeys(
        ("status", "severity", "dedup_key", "asset", "labels", "run_id"), any_json
    ),
)
bodies = (
    any_bytes
    | any_json.map(lambda value: json.dumps(value).encode())
    | alert_like.map(lambda value: json.dumps(value).encode())
)


@pytest.mark.django_db(transaction=True)
@settings(
    max_examples=150,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(body=bodies, path=st.sampled_from([f"/in/{KEY}", "/v2/enqueue", "/v2/alerts"]))
def test_any_body_at_any_address_is_taken_or_refused(
    server: httpx.Client, body: bytes, path: str
) -> None:
    if not Integration.objects.exists():
        make_integration(KEY, rate_limit=0)
    headers = {"Authorization": f"GenieKey {KEY}"}
    answer = server.post(path, content=body, headers=headers)
    assert answer.status_code in (202, 400, 422), answer.text


@pytest.mark.parametrize(
    "path",
    [
        "/in/",
        "/in/%00",
        "/in/%ff%fe",
        f"/in/{'a' * 5000}",
        f"/in/{KEY}/more",
        "/v2/",
        "/v2/alerts//close",
        "/v2/alerts/%00/close",
        f"/v2/alerts/{'%F0%9F%90%9F' * 300}/close",
    ],
)
def test_strange_addresses_are_refused_or_taken(
    server: httpx.Client, path: str
) -> None:
    make_integration(KEY)
    answer = server.post(path, json={}, headers={"Authorization": f"GenieKey {KEY}"})
    assert answer.status_code in (202, 401, 404, 422)


def test_gzip_that_ends_too_early_is_refused(server: httpx.Client) -> None:
    make_integration(KEY)
    whole = gzip.compress(b'{"title": "packed"}')
    answer = post(server, whole[:-6], **{"Content-Encoding": "gzip"})
    assert answer.status_code == 400


def test_a_poisonous_message_fails_alone_and_is_kept(server: httpx.Client) -> None:
    """A constraint of the test stands for whatever no format foresees."""
    make_integration(KEY, rate_limit=0)
    with connection.cursor() as cursor:
        cursor.execute(
            "ALTER TABLE alerts_alert ADD CONSTRAINT no_poison "
            "CHECK (title <> 'poison')"
        )
    titles = ["poison" if n % 20 == 7 else f"good {n}" for n in range(100)]
    try:
        with ThreadPoolExecutor(16) as pool:
            answers = list(
                pool.map(
                    lambda title: post(server, json.dumps({"title": title}).encode()),
                    titles,
                )
            )
    finally:
        with connection.cursor() as cursor:
            cursor.execute("ALTER TABLE alerts_alert DROP CONSTRAINT no_poison")
    codes = [answer.status_code for answer in answers]
    assert codes == [400 if title == "poison" else 202 for title in titles]
    assert Alert.objects.count() == 95
    kept = Event.objects.filter(problem="It could not be stored.")
    assert [bytes(event.body) for event in kept] == [b'{"title": "poison"}'] * 5


def test_an_inlet_deleted_meanwhile_harms_nobody_else(server: httpx.Client) -> None:
    other = "f" * 32
    make_integration(other)
    gone = make_integration(KEY)
    assert post(server, b'{"title": "t"}').status_code == 202
    delete_integration(gone, by=make_user(role="admin"), at=timezone.now())
    wait_until(lambda: post(server, b'{"title": "t"}').status_code == 401)
    assert server.post(f"/in/{other}", json={"title": "t"}).status_code == 202


def test_a_slow_sender_holds_up_nobody_and_is_taken(server: httpx.Client) -> None:
    make_integration(KEY)
    body = b'{"title": "slow"}'
    address = urlsplit(str(server.base_url))
    assert address.hostname
    assert address.port
    with socket.create_connection((address.hostname, address.port)) as slow:
        slow.sendall(
            f"POST /in/{KEY} HTTP/1.1\r\nHost: slow\r\n"
            f"Content-Length: {len(body)}\r\n\r\n".encode()
        )
        for byte in body:
            slow.sendall(bytes([byte]))
            started = time.monotonic()
            assert post(server, b'{"title": "quick"}').status_code == 202
            assert time.monotonic() - started < 2
        assert b" 202 " in slow.recv(4096)
    assert Alert.objects.filter(title="slow").exists()


def test_a_sender_that_stops_in_the_middle_is_let_go() -> None:
    """In process, as the real patience is a minute."""
    sent: list[MutableMapping[str, Any]] = []

    async def never() -> MutableMapping[str, Any]:
        await asyncio.sleep(60)
        raise AssertionError("waited for the body too long")

    async def send(message: MutableMapping[str, Any]) -> None:
        sent.append(message)

    async def ask() -> None:
        inlets = Inlets()
        committer = Committer(dict, inlets, on_commit=lambda: None)
        server = IngestServer(inlets, committer, body_seconds=0.05)
        scope = {"path": "/v2/enqueue", "method": "POST", "headers": []}
        await server(scope, never, send)

    asyncio.run(ask())
    assert sent[0]["status"] == 408


def test_keys_that_only_look_alike_stay_apart(server: httpx.Client) -> None:
    """In one batch: case, blanks, composed and decomposed letters, and long ones."""
    make_integration(KEY)
    keys = ["a", "A", "a\u200b", "\u00e9", "e\u0301", "k" * 255, "k" * 254, "1", "01"]
    sent = [{"title": "t", "dedup_key": key} for key in keys]
    assert post(server, json.dumps(sent).encode()).status_code == 202
    assert set(Alert.objects.values_list("dedup_key", flat=True)) == set(keys)


def test_many_with_one_key_at_once_are_one_alert(server: httpx.Client) -> None:
    make_integration(KEY, rate_limit=0)
    bodies = [
        json.dumps({"title": f"t{n}", "dedup_key": "k", "status": status}).encode()
        for n in range(20)
        for status in ("firing", "resolved")
    ]
    with ThreadPoolExecutor(16) as pool:
        codes = set(pool.map(lambda body: post(server, body).status_code, bodies))
    assert codes == {202}
    assert set(Alert.objects.values_list("dedup_key", flat=True)) == {"k"}
    assert Event.objects.count() == len(bodies)
