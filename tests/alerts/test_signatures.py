"""Who signs what they send, checked over real HTTP."""

import base64
import hmac
import json
from urllib.parse import urlencode

import httpx
import pytest
from django.db.models import Sum

from accounts.sealing import seal
from alerts.models import Event, Integration, RefusedCount
from alerts.signatures import SCHEMES, guard_of
from tests.factories import make_integration
from tests.payloads import captured
from tests.server import wait_until

KEY = "0123456789abcdef0123456789abcdef"
SECRET = "a secret they share"
BODY = b'{"title": "orders failed",  "dedup_key": "orders"}'


def code(digest: str = "sha256", body: bytes = BODY) -> str:
    return hmac.new(SECRET.encode(), body, digest).hexdigest()


SIGNED = {
    "monte_carlo": {"x-mcd-signature": code("sha512")},
    "dbt_cloud": {"Authorization": code()},
    "grafana": {"X-Grafana-Alerting-Signature": code()},
    "github": {"X-Hub-Signature-256": f"sha256={code()}"},
    "pagerduty": {"X-PagerDuty-Signature": f"v1={'0' * 64},v1={code()}"},
    "hmac_sha256": {"X-Signature": code()},
    "hmac_sha512": {"X-Signature": f"sha512={code('sha512')}"},
}


def make_signed(scheme: str, **values: str) -> Integration:
    return make_integration(
        KEY, signature_scheme=scheme, signature_secret=seal(SECRET), **values
    )


def post(server: httpx.Client, headers: dict[str, str]) -> httpx.Response:
    return server.post(f"/in/{KEY}", content=BODY, headers=headers)


@pytest.mark.parametrize("scheme", SCHEMES)
def test_what_is_signed_as_its_sender_signs_is_taken(
    server: httpx.Client, scheme: str
) -> None:
    make_signed(scheme)
    assert post(server, SIGNED[scheme]).status_code == 202


@pytest.mark.parametrize("scheme", SCHEMES)
def test_what_is_not_signed_or_signed_by_another_is_refused(
    server: httpx.Client, scheme: str
) -> None:
    make_signed(scheme)
    ((header, signature),) = SIGNED[scheme].items()
    forged = signature[:-1] + ("0" if signature[-1] != "0" else "1")
    assert post(server, {}).status_code == 401
    answer = post(server, {header: forged})
    assert answer.status_code == 401
    assert answer.json() == {
        "detail": f"The signature in {header.lower()} does not match."
    }
    assert not Event.objects.exists()


def test_monte_carlo_signs_the_body_as_pythons_urlencode_writes_it() -> None:
    body = captured("from_docs/montecarlo_anomaly").body
    told = json.dumps(body).encode()
    signature = code("sha512", urlencode(body).encode())
    guard = guard_of("monte_carlo", header="", secret=SECRET)

    assert guard
    assert guard.problem(told, {"x-mcd-signature": signature}) == ""
    assert guard.problem(told[:-1] + b" }", {"x-mcd-signature": signature}) == ""
    assert guard.problem(told.replace(b"42", b"43"), {"x-mcd-signature": signature})


@pytest.mark.parametrize(
    "body", [b"", b"[]", b"7", b"[" * 100_000, b'{"a": "\\ud800"}', b"\xff"]
)
def test_what_cannot_be_written_so_is_refused_and_no_error(body: bytes) -> None:
    guard = guard_of("monte_carlo", header="", secret=SECRET)
    assert guard
    assert guard.problem(body, {"x-mcd-signature": "00"})


def test_refusals_are_counted(server: httpx.Client) -> None:
    make_signed("github")
    assert [post(server, {}).status_code for _ in range(3)] == [401] * 3
    counted = RefusedCount.objects.values_list("reason").annotate(Sum("count"))
    wait_until(lambda: counted.filter(count__sum__gte=3).exists())
    assert dict(counted) == {"unsigned": 3}


def test_a_header_of_ones_own_may_hold_the_signature(server: httpx.Client) -> None:
    make_signed("hmac_sha256", signature_header="X-Lake-Signature")
    encoded = base64.b64encode(bytes.fromhex(code())).decode()
    assert post(server, {"X-Lake-Signature": encoded}).status_code == 202
    assert post(server, {"X-Signature": encoded}).status_code == 401


def test_grafanas_timestamp_is_signed_too() -> None:
    guard = guard_of("grafana", header="", secret=SECRET)
    assert guard is not None
    headers = {
        "x-grafana-alerting-timestamp": "1769000000",
        "x-grafana-alerting-signature": code(body=b"1769000000:" + BODY),
    }
    assert guard.problem(BODY, headers) == ""
    assert guard.problem(BODY, {**headers, "x-grafana-alerting-timestamp": "1"})


def test_a_secret_that_cannot_be_opened_lets_nothing_through(
    server: httpx.Client,
) -> None:
    make_integration(KEY, signature_scheme="github", signature_secret="not sealed")
    answer = post(server, SIGNED["github"])
    assert (answer.status_code, "Enter it again" in answer.text) == (401, True)


def test_events_v2_with_the_key_of_a_signed_inlet_wants_a_signature(
    server: httpx.Client,
) -> None:
    make_signed("github")
    event = {
        "routing_key": KEY,
        "event_action": "trigger",
        "payload": {"summary": "x", "source": "y", "severity": "info"},
    }
    assert server.post("/v2/enqueue", json=event).status_code == 401
