"""Connections kept open between requests, for those who send much to a few hosts.

    CONNECTIONS.post(url, content=b"…", headers={…}, timeout_seconds=7, …)

The rules are those of `core.outgoing`: only checked addresses are connected to, an
exchange ends within its time as a whole, an answer is cut at MAX_ANSWER_BYTES, and
redirects are not followed. Nothing is ever sent twice from here: what fails on a kept
connection has failed, as the other side may have taken it.

http.client, because a sender's every request passes here: it costs a fifth of what
httpx does (docs/benchmarks.md).
"""

import atexit
import io
import select
import socket
import time
from collections import defaultdict, deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPResponse
from threading import Lock
from typing import Any
from urllib.parse import SplitResult, urlsplit

from core.outgoing import (
    MAX_ANSWER_BYTES,
    RefusedURLError,
    UnresolvedHostError,
    check_outgoing_host,
    tls,
)

# Servers close idle connections after some seconds, some after one or two. What is
# sent into one that is being closed is lost, so none is used after so long a rest.
IDLE_SECONDS = 1.0
# By then a name may lead elsewhere.
LONGEST_LIFE_SECONDS = 60.0
MOST_IDLE_PER_HOST = 128


@dataclass(frozen=True, slots=True)
class Answer:
    """Header names are in lower case."""

    status: int
    headers: Mapping[str, str]
    content: bytes


@dataclass(frozen=True, slots=True)
class _Key:
    scheme: str
    host: str
    port: int
    allow_private: bool


class _TimedSocket:
    """What http.client needs of a socket; every wait ends at `deadline`."""

    def __init__(self, plain: socket.socket) -> None:
        self.plain = plain
        self.deadline = 0.0

    def sendall(self, data: bytes) -> None:
        self.plain.settimeout(_left(self.deadline))
        self.plain.sendall(data)

    def makefile(self, mode: str) -> io.BufferedReader:
        return io.BufferedReader(_TimedReader(self))

    def close(self) -> None:
        """Nothing: http.client closes before it has read an answer without an end,
        so the pool closes the plain socket itself."""


class _TimedReader(io.RawIOBase):
    def __init__(self, timed: _TimedSocket) -> None:
        self.timed = timed

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        self.timed.plain.settimeout(_left(self.timed.deadline))
        return self.timed.plain.recv_into(buffer)


class _Connection(HTTPConnection):
    """One connection to a checked address."""

    def __init__(self, key: _Key, *, deadline: float) -> None:
        self.default_port = 443 if key.scheme == "https" else 80
        super().__init__(key.host, key.port)
        self.began_at = self.used_at = time.monotonic()
        self.timed = _TimedSocket(_connect(key, deadline))
        self.sock: Any = self.timed

    def connect(self) -> None:
        # http.client would open another connection, unchecked, after a lost one.
        raise ConnectionError("The connection was closed.")

    def end(self) -> None:
        self.close()
        self.timed.plain.close()

    def is_usable(self, now: float) -> bool:
        """Whether it is young, was used just now and is still open."""
        is_young = now - self.began_at < LONGEST_LIFE_SECONDS
        is_warm = now - self.used_at < IDLE_SECONDS
        return is_young and is_warm and not self._is_readable()

    def _is_readable(self) -> bool:
        """Something to read before anything was asked is the other side's farewell."""
        waiting = select.poll()
        waiting.register(self.timed.plain, select.POLLIN | select.POLLHUP)
        return bool(waiting.poll(0))


@dataclass(slots=True)
class KeptConnections:
    """A pool of them. Safe to use from many threads."""

    idle: dict[_Key, deque[_Connection]] = field(
        default_factory=lambda: defaultdict(deque)
    )
    lock: Lock = field(default_factory=Lock)

    def post(
        self,
        url: str,
        *,
        content: bytes,
        headers: Mapping[str, str],
        timeout_seconds: float,
        allow_private: bool,
    ) -> Answer:
        """POST and return the answer.

        Raises RefusedURLError, UnresolvedHostError, TimeoutError, other OSErrors, and
        http.client.HTTPException for an answer that is none.
        """
        parts = urlsplit(url)
        key = _key(parts, allow_private=allow_private)
        deadline = time.monotonic() + timeout_seconds
        connection = self._take(key) or _Connection(key, deadline=deadline)
        try:
            connection.timed.deadline = deadline
            target = parts.path or "/"
            target += f"?{parts.query}" if parts.query else ""
            connection.request("POST", target, body=content, headers=dict(headers))
            response = connection.getresponse()
            answer = _read(response)
        except BaseException:
            connection.end()
            raise
        if response.will_close or not response.isclosed():
            connection.end()
        else:
            self._give_back(key, connection)
        return answer

    def _take(self, key: _Key) -> _Connection | None:
        now = time.monotonic()
        while True:
            with self.lock:
                if not self.idle[key]:
                    return None
                connection = self.idle[key].pop()
            if connection.is_usable(now):
                return connection
            connection.end()

    def _give_back(self, key: _Key, connection: _Connection) -> None:
        connection.used_at = time.monotonic()
        stale: list[_Connection] = []
        with self.lock:
            self.idle[key].append(connection)
            self._collect_stale(connection.used_at, stale)
        for one in stale:
            one.end()

    def close(self) -> None:
        """End those that nobody uses."""
        with self.lock:
            for kept in self.idle.values():
                while kept:
                    kept.pop().end()

    def _collect_stale(self, now: float, stale: list[_Connection]) -> None:
        """The longest unused of every host are at the left."""
        for key, kept in list(self.idle.items()):
            while kept and (
                now - kept[0].used_at > IDLE_SECONDS or len(kept) > MOST_IDLE_PER_HOST
            ):
                stale.append(kept.popleft())
            if not kept:
                del self.idle[key]


CONNECTIONS = KeptConnections()
atexit.register(CONNECTIONS.close)


def _key(parts: SplitResult, *, allow_private: bool) -> _Key:
    if parts.scheme not in ("http", "https"):
        raise RefusedURLError("Only https:// and http:// are allowed.")
    try:
        port = parts.port or (443 if parts.scheme == "https" else 80)
    except ValueError as error:
        raise RefusedURLError("The port must be a number from 1 to 65535.") from error
    if not parts.hostname:
        raise RefusedURLError("The URL names no host.")
    return _Key(parts.scheme, parts.hostname, port, allow_private)


def _connect(key: _Key, deadline: float) -> socket.socket:
    addresses = check_outgoing_host(
        key.host,
        key.port,
        allow_private=key.allow_private,
        timeout_seconds=_left(deadline),
    )
    for address in addresses:
        try:
            plain = socket.create_connection((address, key.port), _left(deadline))
        except TimeoutError:
            raise
        except OSError:
            if address == addresses[-1]:
                raise
        else:
            plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            is_secret = key.scheme == "https"
            return _secured(plain, key.host, deadline) if is_secret else plain
    raise UnresolvedHostError(f"The host {key.host} has no address.")


def _secured(plain: socket.socket, host: str, deadline: float) -> socket.socket:
    secure = tls().wrap_socket(
        plain, server_hostname=host, do_handshake_on_connect=False
    )
    try:
        secure.settimeout(_left(deadline))  # holds for the handshake as a whole
        secure.do_handshake()
    except BaseException:
        secure.close()
        raise
    return secure


def _read(response: HTTPResponse) -> Answer:
    content = response.read(MAX_ANSWER_BYTES)
    headers = {name.lower(): value for name, value in response.getheaders()}
    return Answer(response.status, headers, content)


def _left(deadline: float) -> float:
    left = deadline - time.monotonic()
    if left <= 0:
        raise TimeoutError("timed out")
    return left
