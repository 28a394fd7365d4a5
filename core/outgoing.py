"""Requests that leave this machine for an address somebody typed.

Whoever may type a URL could otherwise make the server speak to its own network
(server-side request forgery). So a URL is checked when it is saved, and the address
that is really connected to is checked each time, because by then the name may lead
somewhere else (DNS rebinding).

RefusedURLError           the URL must not be used; the message is fit to show
  UnresolvedHostError     its host cannot be found at the moment

check_outgoing_url   for a form: may this URL be used?
outgoing_client      an httpx client that connects to checked addresses only
guarded_sockets      the same rule for a library that opens its own sockets

`allow_private` admits loopback and private networks, for those who run their chat
server next door. Link-local addresses (cloud metadata), multicast and the unspecified
address stay refused. Proxies from the environment are not used: a proxy would look
the name up itself.
"""

import socket
import sys
import time
from collections.abc import Iterable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from ssl import SSLContext
from threading import Thread
from typing import Any

import httpcore
import httpx

MAX_URL_LENGTH = 2048
MAX_ANSWER_BYTES = 64 * 1024
RESOLVE_TIMEOUT_SECONDS = 5.0

NAT64 = ip_network("64:ff9b::/96")  # RFC 6052: an IPv4 address in the last 32 bits
NEVER = (
    ip_network("2002::/16"),  # 6to4, retired by RFC 7526; hides an IPv4 address
    ip_network("2001::/32"),  # Teredo; the same
    ip_network("64:ff9b:1::/48"),  # RFC 8215: translation inside one's own network
    ip_network("fec0::/10"),  # site-local, retired by RFC 3879
    ip_network("fd00:ec2::/32"),  # metadata services of AWS over IPv6
    ip_network("100.100.100.200/32"),  # metadata service of Alibaba Cloud
)

IPAddress = IPv4Address | IPv6Address
SocketOption = (
    tuple[int, int, int]
    | tuple[int, int, bytes | bytearray]
    | tuple[int, int, None, int]
)


class RefusedURLError(Exception):
    """The URL must not be used; the message is safe to show to the user."""


class UnresolvedHostError(RefusedURLError):
    """The host name cannot be found at the moment."""


def check_outgoing_url(url: str, *, allow_private: bool) -> str:
    """Return `url` in normal form, without its fragment.

    Looks the host up, so it may take up to RESOLVE_TIMEOUT_SECONDS. Raises
    RefusedURLError or UnresolvedHostError. A later use must go through
    `outgoing_client` all the same.
    """
    if len(url) > MAX_URL_LENGTH:
        raise RefusedURLError(f"Use at most {MAX_URL_LENGTH} characters.")
    try:
        parsed = httpx.URL(url.strip())
    except httpx.InvalidURL as error:
        raise RefusedURLError("This is not a complete URL.") from error
    if parsed.scheme not in ("http", "https") or not parsed.host:
        raise RefusedURLError("Give a complete URL with https:// or http://.")
    if parsed.userinfo:
        raise RefusedURLError("Leave user name and password out of the URL.")
    default_port = 443 if parsed.scheme == "https" else 80
    port = default_port if parsed.port is None else parsed.port
    if not 1 <= port <= 65535:
        raise RefusedURLError("The port must be a number from 1 to 65535.")
    check_outgoing_host(parsed.host, port, allow_private=allow_private)
    return str(parsed.copy_with(fragment=None))


def check_outgoing_host(
    host: str,
    port: int,
    *,
    allow_private: bool,
    timeout_seconds: float = RESOLVE_TIMEOUT_SECONDS,
) -> list[str]:
    """Return the IP addresses of `host`, in the resolver's order.

    One address that is not allowed refuses them all: a name that mixes public and
    private answers is either a mistake or an attempt. Raises as check_outgoing_url.
    """
    found = _resolve(host, port, timeout_seconds)
    for address in found:
        _refuse_unless_allowed(ip_address(address), allow_private=allow_private)
    return found


def _resolve(host: str, port: int, timeout_seconds: float) -> list[str]:
    # getaddrinfo knows no time-out and can hang for half a minute, so it runs in a
    # thread that is left behind when it is late.
    answer: Future[list[str]] = Future()

    def look_up() -> None:
        try:
            found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        # Besides OSError: a label over 63 characters, a NUL in the name.
        except (OSError, ValueError) as error:
            answer.set_exception(error)
        else:
            answer.set_result([str(entry[4][0]) for entry in found])

    Thread(target=look_up, name="outgoing-resolve", daemon=True).start()
    try:
        return list(dict.fromkeys(answer.result(timeout=timeout_seconds)))
    except TimeoutError as error:
        raise UnresolvedHostError(f"Looking up {host} took too long.") from error
    except (OSError, ValueError) as error:
        raise UnresolvedHostError(f"The host {host} cannot be found.") from error


def _refuse_unless_allowed(address: IPAddress, *, allow_private: bool) -> None:
    address = _embedded_ipv4(address)
    never = (
        address.is_link_local
        or address.is_multicast
        or address.is_unspecified
        or any(address in network for network in NEVER)
    )
    public = address.is_global and not address.is_reserved
    if never or not (public or allow_private):
        # The address itself is not told: it would map the inside for an outsider.
        raise RefusedURLError(
            "This leads to a private or local network, which is not allowed here."
        )


def _embedded_ipv4(address: IPAddress) -> IPAddress:
    if isinstance(address, IPv6Address):
        if address.ipv4_mapped is not None:
            return address.ipv4_mapped
        if address in NAT64:
            return IPv4Address(int(address) & 0xFFFFFFFF)
    return address


def outgoing_client(
    *,
    timeout_seconds: float,
    allow_private: bool,
    most_bytes: int = MAX_ANSWER_BYTES,
) -> httpx.Client:
    """Return a client for URLs that somebody typed. Close it after use.

    Each request ends within `timeout_seconds` as a whole, however slowly the other
    side drips; its answer is cut at `most_bytes`; redirects are not followed.
    Host header and TLS name are the URL's, the address is the one that was checked.
    Requests raise RefusedURLError, UnresolvedHostError and httpx.TransportError.
    """
    transport = _CheckedTransport(
        timeout_seconds=timeout_seconds,
        allow_private=allow_private,
        most_bytes=most_bytes,
    )
    return httpx.Client(
        transport=transport,
        timeout=timeout_seconds,
        headers={"Accept-Encoding": "identity"},
        trust_env=False,
    )


class _CheckedTransport(httpx.BaseTransport):
    """Sends each request over a connection of its own."""

    def __init__(
        self, *, timeout_seconds: float, allow_private: bool, most_bytes: int
    ) -> None:
        self.timeout_seconds = timeout_seconds
        self.allow_private = allow_private
        self.most_bytes = most_bytes

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        if request.url.scheme not in ("http", "https"):
            raise RefusedURLError("Only https:// and http:// are allowed.")
        backend = _CheckedBackend(
            deadline=time.monotonic() + self.timeout_seconds,
            allow_private=self.allow_private,
        )
        url = httpcore.URL(
            scheme=request.url.raw_scheme,
            host=request.url.raw_host,
            port=request.url.port,
            target=request.url.raw_path,
        )
        try:
            with httpcore.ConnectionPool(
                ssl_context=tls(), network_backend=backend
            ) as pool:
                answer = pool.handle_request(
                    httpcore.Request(
                        request.method,
                        url,
                        headers=request.headers.raw,
                        content=request.read(),
                        extensions=request.extensions,
                    )
                )
                return _whole_response(answer, self.most_bytes)
        except httpcore.TimeoutException as error:
            raise httpx.TimeoutException("timed out", request=request) from error
        except (httpcore.NetworkError, httpcore.ProtocolError) as error:
            raise httpx.TransportError(str(error)) from error


def _whole_response(answer: httpcore.Response, most_bytes: int) -> httpx.Response:
    content = b""
    for chunk in answer.iter_stream():
        content += chunk
        if len(content) >= most_bytes:
            break
    # Compression was not asked for; unpacking some all the same could fill the memory.
    headers = [h for h in answer.headers if h[0].lower() != b"content-encoding"]
    return httpx.Response(answer.status, headers=headers, content=content[:most_bytes])


class _CheckedBackend(httpcore.NetworkBackend):
    """Connects to checked addresses; every wait ends at `deadline` (monotonic)."""

    def __init__(self, *, deadline: float, allow_private: bool) -> None:
        self.deadline = deadline
        self.allow_private = allow_private
        self.sockets = httpcore.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[SocketOption] | None = None,
    ) -> httpcore.NetworkStream:
        addresses = check_outgoing_host(
            host,
            port,
            allow_private=self.allow_private,
            timeout_seconds=_time_left(self.deadline, timeout),
        )
        for address in addresses:
            try:
                stream = self.sockets.connect_tcp(
                    address, port, _time_left(self.deadline, timeout)
                )
            except httpcore.ConnectError:
                if address == addresses[-1]:
                    raise
            else:
                return _DeadlineStream(stream, self.deadline)
        raise UnresolvedHostError(f"The host {host} has no address.")


class _DeadlineStream(httpcore.NetworkStream):
    """A stream whose every wait ends at `deadline` (monotonic seconds)."""

    def __init__(self, stream: httpcore.NetworkStream, deadline: float) -> None:
        self.stream = stream
        self.deadline = deadline

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self.stream.read(max_bytes, _time_left(self.deadline, timeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self.stream.write(buffer, _time_left(self.deadline, timeout))

    def close(self) -> None:
        self.stream.close()

    def start_tls(
        self,
        ssl_context: SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> httpcore.NetworkStream:
        left = _time_left(self.deadline, timeout)
        secure = self.stream.start_tls(ssl_context, server_hostname, left)
        return _DeadlineStream(secure, self.deadline)

    def get_extra_info(self, info: str) -> Any:
        return self.stream.get_extra_info(info)


def _time_left(deadline: float, timeout: float | None) -> float:
    left = deadline - time.monotonic()
    if left <= 0:
        raise httpcore.ReadTimeout("timed out")
    return left if timeout is None else min(left, timeout)


@cache
def tls() -> SSLContext:
    """What secure connections are made with."""
    # Loading the authorities takes some 20 ms, so it is done once. SSL_CERT_FILE may
    # name one's own.
    return httpx.create_ssl_context()


_guard: ContextVar[bool | None] = ContextVar("outgoing_guard", default=None)


@contextmanager
def guarded_sockets(*, allow_private: bool) -> Iterator[None]:
    """Within the block, connecting to an address that is not allowed raises
    PermissionError, which a library takes for an ordinary failed connection.

    Holds for sockets opened by Python code of this context and of threads that got
    a copy of it, redirects included. Uses the interpreter's audit events (PEP 578).
    """
    _install_guard()
    token = _guard.set(allow_private)
    try:
        yield
    finally:
        _guard.reset(token)


@cache
def _install_guard() -> None:
    sys.addaudithook(_check_socket)


def _check_socket(event: str, args: tuple[Any, ...]) -> None:
    if event not in ("socket.connect", "socket.sendto", "socket.sendmsg"):
        return
    allow_private = _guard.get()
    address = args[1]
    if allow_private is None or address is None:
        return
    try:
        # A name instead of a number would be looked up after this check: refused too.
        numeric = ip_address(address[0])
        _refuse_unless_allowed(numeric, allow_private=allow_private)
    except (ValueError, TypeError, RefusedURLError) as error:
        raise PermissionError("connecting to this address is not allowed") from error
