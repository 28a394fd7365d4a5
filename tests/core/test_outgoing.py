"""What may be connected to, when it is typed and when it is used."""

import socket
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from contextvars import copy_context
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PrivateFormat
from cryptography.x509.oid import NameOID

from core.outgoing import (
    MAX_ANSWER_BYTES,
    RefusedURLError,
    UnresolvedHostError,
    check_outgoing_url,
    guarded_sockets,
    outgoing_client,
)
from tests.fakes.webhook import Answer, FakeWebhook, running_webhook


@contextmanager
def names(monkeypatch: pytest.MonkeyPatch, *answers: list[str]) -> Iterator[None]:
    """Let each look-up of any name give the next of `answers`, in the end the last."""
    left = list(answers)
    really = socket.getaddrinfo

    def look_up(host: str, port: int, *args: Any, **kwargs: Any) -> list[Any]:
        if host.startswith("127."):
            return list(really(host, port, *args, **kwargs))
        found = left.pop(0) if len(left) > 1 else left[0]
        return [
            (socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port))
            for address in found
        ]

    with monkeypatch.context() as patch:
        patch.setattr(socket, "getaddrinfo", look_up)
        yield


@pytest.fixture
def webhook() -> Iterator[FakeWebhook]:
    with running_webhook() as server:
        yield server


PRIVATE = [
    "127.0.0.1",
    "127.9.8.7",
    "10.0.0.1",
    "172.16.0.1",
    "192.168.1.1",
    "100.64.0.1",
    "0.1.2.3",
    "198.18.0.1",
    "192.0.2.1",
    "240.0.0.1",
    "255.255.255.255",
    "[::1]",
    "[fc00::1]",
    "[fd12:3456::1]",
    "[::ffff:10.0.0.1]",
    "[::ffff:127.0.0.1]",
    "[64:ff9b::10.0.0.1]",
    "[::7f00:1]",
    "[2001:db8::1]",
]
NEVER = [
    "0.0.0.0",
    "169.254.169.254",
    "100.100.100.200",
    "224.0.0.1",
    "[::]",
    "[fe80::1]",
    "[ff02::1]",
    "[fec0::1]",
    "[fd00:ec2::254]",
    "[::ffff:169.254.169.254]",
    "[64:ff9b::169.254.169.254]",
    "[2002:7f00:1::]",
    "[2001:0:7f00:1::]",
]
PUBLIC = ["8.8.8.8", "[2606:4700:4700::1111]", "[::ffff:8.8.8.8]", "[64:ff9b::8.8.8.8]"]


@pytest.mark.parametrize("host", PRIVATE + NEVER)
def test_private_addresses_are_refused(host: str) -> None:
    with pytest.raises(RefusedURLError, match="private or local network"):
        check_outgoing_url(f"http://{host}/", allow_private=False)


@pytest.mark.parametrize("host", NEVER)
def test_metadata_and_group_addresses_are_refused_even_where_private_ones_are_allowed(
    host: str,
) -> None:
    with pytest.raises(RefusedURLError, match="private or local network"):
        check_outgoing_url(f"http://{host}/", allow_private=True)


@pytest.mark.parametrize("host", ["127.0.0.1", "10.0.0.1", "[::1]", "100.64.0.1"])
def test_private_addresses_can_be_allowed(host: str) -> None:
    url = f"http://{host}/hook"
    assert check_outgoing_url(url, allow_private=True) == url


@pytest.mark.parametrize("host", PUBLIC)
def test_public_addresses_are_accepted(host: str) -> None:
    url = f"https://{host}/hook?team=data"
    assert check_outgoing_url(url, allow_private=False).endswith("/hook?team=data")


@pytest.mark.parametrize(
    "host", ["localhost", "127.1", "0x7f000001", "2130706433", "017700000001"]
)
def test_other_spellings_of_loopback_are_seen_through(host: str) -> None:
    with pytest.raises(RefusedURLError, match="private or local network"):
        check_outgoing_url(f"http://{host}/", allow_private=False)


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("", "https://"),
        ("example.org/hook", "https://"),
        ("ftp://example.org/", "https://"),
        ("file:///etc/passwd", "https://"),
        ("gopher://example.org/", "https://"),
        ("https://", "https://"),
        ("https:///hook", "https://"),
        ("https://ana:secret@8.8.8.8/", "password"),
        ("https://ana@8.8.8.8/", "password"),
        ("https://8.8.8.8:99999/", "65535"),
        ("https://8.8.8.8:0/", "65535"),
        ("https://exa\nmple.org/", "complete"),
        ("https://[::1/", "complete"),
        ("https://8.8.8.8/" + "a" * 2048, "2048"),
    ],
)
def test_what_is_no_plain_web_address_is_refused(url: str, why: str) -> None:
    with pytest.raises(RefusedURLError, match=why):
        check_outgoing_url(url, allow_private=True)


@pytest.mark.parametrize("host", ["nowhere.invalid", "a" * 64 + ".example.org"])
def test_a_host_that_cannot_be_found_is_told_apart(host: str) -> None:
    with pytest.raises(UnresolvedHostError, match="cannot be found"):
        check_outgoing_url(f"https://{host}/", allow_private=False)


def test_a_name_with_one_private_address_is_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with (
        names(monkeypatch, ["8.8.8.8", "10.0.0.1"]),
        pytest.raises(RefusedURLError, match="private or local network"),
    ):
        check_outgoing_url("https://hooks.example.org/", allow_private=False)


def test_the_fragment_is_dropped() -> None:
    url = check_outgoing_url("  https://8.8.8.8/hook#part ", allow_private=False)
    assert url == "https://8.8.8.8/hook"


def test_a_name_that_turns_private_after_it_was_saved_is_not_connected_to(
    monkeypatch: pytest.MonkeyPatch, webhook: FakeWebhook
) -> None:
    url = f"http://hooks.example.org:{webhook.port}/hook"
    with names(monkeypatch, ["8.8.8.8"], ["127.0.0.1"]):
        check_outgoing_url(url, allow_private=False)
        with (
            outgoing_client(timeout_seconds=5, allow_private=False) as client,
            pytest.raises(RefusedURLError),
        ):
            client.post(url, content=b"{}")
    assert webhook.requests == []


def test_the_checked_address_is_the_one_connected_to_under_the_name_of_the_url(
    monkeypatch: pytest.MonkeyPatch, webhook: FakeWebhook
) -> None:
    url = f"http://hooks.example.org:{webhook.port}/hook"
    # A second look-up would lead to an address where nobody answers.
    with (
        names(monkeypatch, ["127.0.0.1"], ["127.0.0.2"]),
        outgoing_client(timeout_seconds=5, allow_private=True) as client,
    ):
        assert client.post(url, content=b"{}").status_code == 200
    [request] = webhook.requests
    assert request.headers["host"] == f"hooks.example.org:{webhook.port}"


def test_the_next_address_is_tried_when_the_first_refuses(
    monkeypatch: pytest.MonkeyPatch, webhook: FakeWebhook
) -> None:
    with (
        names(monkeypatch, ["127.0.0.2", "127.0.0.1"]),
        outgoing_client(timeout_seconds=5, allow_private=True) as client,
    ):
        url = f"http://hooks.example.org:{webhook.port}/hook"
        assert client.post(url).status_code == 200


def test_tls_asks_for_the_name_of_the_url_and_checks_the_certificate(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    asked_for: list[str | None] = []
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(self_signed_certificate("hooks.example.org", tmp_path))
    context.sni_callback = lambda _, name, __: asked_for.append(name)

    def serve(listener: socket.socket) -> None:
        plain, _ = listener.accept()
        with plain, suppress(OSError):
            context.wrap_socket(plain, server_side=True).close()

    with socket.create_server(("127.0.0.1", 0)) as listener:
        server = threading.Thread(target=serve, args=(listener,))
        server.start()
        port = listener.getsockname()[1]
        with (
            names(monkeypatch, ["127.0.0.1"]),
            outgoing_client(timeout_seconds=5, allow_private=True) as client,
            pytest.raises(httpx.TransportError, match="self-signed certificate"),
        ):
            client.post(f"https://hooks.example.org:{port}/")
        server.join(10)
    assert asked_for == ["hooks.example.org"]


def self_signed_certificate(host: str, folder: Path) -> Path:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, host)])
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), 1)
        .not_valid_before(datetime(2026, 1, 1, tzinfo=UTC))
        .not_valid_after(datetime(2126, 1, 1, tzinfo=UTC))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(host)]), False)
        .sign(key, hashes.SHA256())
    )
    path = folder / "certificate.pem"
    path.write_bytes(
        key.private_bytes(
            Encoding.PEM, PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        + certificate.public_bytes(Encoding.PEM)
    )
    return path


def test_redirects_are_not_followed(webhook: FakeWebhook) -> None:
    webhook.answer = Answer(status=302, headers={"Location": "http://169.254.169.254/"})
    with outgoing_client(timeout_seconds=5, allow_private=True) as client:
        assert client.post(webhook.url).status_code == 302
    assert len(webhook.requests) == 1


def test_a_proxy_of_the_environment_is_not_used(
    monkeypatch: pytest.MonkeyPatch, webhook: FakeWebhook
) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    with outgoing_client(timeout_seconds=5, allow_private=True) as client:
        assert client.post(webhook.url).status_code == 200


@pytest.mark.parametrize("behaviour", ["hang", "drip"])
def test_a_slow_answer_ends_with_the_time_out(
    webhook: FakeWebhook, behaviour: Any
) -> None:
    webhook.answer = Answer(behaviour=behaviour)
    began = time.monotonic()
    with (
        outgoing_client(timeout_seconds=0.4, allow_private=True) as client,
        pytest.raises(httpx.TimeoutException),
    ):
        client.post(webhook.url)
    assert time.monotonic() - began < 2


def test_a_name_server_that_does_not_answer_ends_with_the_time_out(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    released = threading.Event()

    def look_up(*args: Any, **kwargs: Any) -> list[Any]:
        released.wait(10)
        return []

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    with (
        outgoing_client(timeout_seconds=0.2, allow_private=True) as client,
        pytest.raises(UnresolvedHostError, match="too long"),
    ):
        client.post("http://hooks.example.org/")
    released.set()


def test_a_long_answer_is_cut(webhook: FakeWebhook) -> None:
    webhook.answer = Answer(body=b"x" * (MAX_ANSWER_BYTES * 4))
    with outgoing_client(timeout_seconds=5, allow_private=True) as client:
        assert len(client.post(webhook.url).content) == MAX_ANSWER_BYTES


def test_a_compressed_answer_is_left_packed(webhook: FakeWebhook) -> None:
    webhook.answer = Answer(body=b"\x1f\x8bnot", headers={"Content-Encoding": "gzip"})
    with outgoing_client(timeout_seconds=5, allow_private=True) as client:
        assert client.post(webhook.url).content == b"\x1f\x8bnot"


@pytest.mark.parametrize("url", ["ftp://127.0.0.1/", "/hook"])
def test_the_client_speaks_http_only(url: str) -> None:
    with (
        outgoing_client(timeout_seconds=5, allow_private=True) as client,
        pytest.raises(RefusedURLError),
    ):
        client.get(url)


def connect(address: Any) -> None:
    with socket.socket() as plain:
        plain.settimeout(5)
        plain.connect(address)


def test_guarded_sockets_do_not_reach_private_addresses(webhook: FakeWebhook) -> None:
    with (
        guarded_sockets(allow_private=False),
        pytest.raises(PermissionError, match="not allowed"),
    ):
        connect((webhook.host, webhook.port))


def test_guarded_sockets_refuse_a_name_because_it_would_be_looked_up_later(
    webhook: FakeWebhook,
) -> None:
    with guarded_sockets(allow_private=True), pytest.raises(PermissionError):
        connect(("localhost", webhook.port))


def test_guarded_sockets_may_allow_private_addresses(webhook: FakeWebhook) -> None:
    with guarded_sockets(allow_private=True):
        connect((webhook.host, webhook.port))


def test_guarded_sockets_cover_datagrams_and_local_sockets() -> None:
    with guarded_sockets(allow_private=False):
        with (
            socket.socket(type=socket.SOCK_DGRAM) as datagrams,
            pytest.raises(PermissionError),
        ):
            datagrams.sendto(b"x", ("127.0.0.1", 9))
        with (
            socket.socket(socket.AF_UNIX) as local,
            pytest.raises(PermissionError),
        ):
            local.connect("/nowhere/socket")


def test_the_guard_follows_the_context_into_threads_and_ends_with_the_block(
    webhook: FakeWebhook,
) -> None:
    failures: list[BaseException] = []

    def try_to_connect() -> None:
        try:
            connect((webhook.host, webhook.port))
        except PermissionError as error:
            failures.append(error)

    with guarded_sockets(allow_private=False):
        context = copy_context()
    thread = threading.Thread(target=context.run, args=(try_to_connect,))
    thread.start()
    thread.join(10)
    assert len(failures) == 1
    connect((webhook.host, webhook.port))
