"""Connections kept open between requests, for those who send much to a few hosts.

    CONNECTIONS.post(url, content=b"…", headers={…}, timeout_seconds=7, …)

`begin` does not wait: it gives whoever has many exchanges under way in one thread an
Exchange to go on with whenever its connection is ready.

The rules are those of `core.outgoing`: only checked addresses are connected to, an
exchange ends within its time as a whole, an answer is cut at MAX_ANSWER_BYTES, and
redirects are not followed. Nothing is ever sent twice from here: what fails on a kept
connection has failed, as the other side may have taken it.

With uvicorn's parser, because a sender's every request passes here: http.client reads
an answer's headers as it would an e-mail's, and costs three times as much.
"""

import atexit
import re
import select
import socket
import ssl
import time
from collections import defaultdict, deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from http.client import HTTPException, RemoteDisconnected
from threading import Lock
from typing import NamedTuple
from urllib.parse import SplitResult, urlsplit

import httptools

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
RECEIVE_BYTES = 16 * 1024
MOST_RECEIVED = 4 * MAX_ANSWER_BYTES  # headers and the marks of chunks included
NOT_IN_TARGET = re.compile(r"[^\x21-\x7e]")
NOT_IN_LINE = re.compile(r"[^\x01-\x09\x0b\x0c\x0e-\xff]")


# All that `KeptConnections.post` raises.
FAILURES = (RefusedURLError, OSError, HTTPException)
Failure = RefusedURLError | OSError | HTTPException


@dataclass(frozen=True, slots=True)
class Answer:
    """Header names are in lower case."""

    status: int
    headers: Mapping[str, str]
    content: bytes


class _Key(NamedTuple):
    scheme: str
    host: str
    port: int
    allow_private: bool


class _Reader:
    """Takes an answer in, as the parser finds its parts. `is_over` once it is whole,
    `is_clean` as long as nothing came after it."""

    def __init__(self) -> None:
        self.parser = httptools.HttpResponseParser(self)
        self.status = 0
        self.headers: dict[str, str] = {}
        self.content = b""
        self.received = 0
        self.is_over = False
        self.is_clean = True
        self.may_be_kept = False

    def on_message_begin(self) -> None:
        self.is_clean = not self.is_over

    def on_header(self, name: bytes, value: bytes) -> None:
        if not self.is_over:
            self.headers[name.decode("latin-1").lower()] = value.decode("latin-1")

    def on_headers_complete(self) -> None:
        if self.is_over:
            return
        status = self.parser.get_status_code()
        if status >= 200:
            self.status = status
        else:  # only a word that the answer will come
            self.headers.clear()

    def on_body(self, body: bytes) -> None:
        if not self.is_over:
            self.content += body

    def on_message_complete(self) -> None:
        if self.status and not self.is_over:
            self.is_over = True
            self.may_be_kept = self.parser.should_keep_alive()

    def feed(self, data: bytes) -> None:
        """Raises HTTPException for what is no answer."""
        self.received += len(data)
        try:
            self.parser.feed_data(data)
        except httptools.HttpParserError as error:
            self.is_clean = False
            if not self.is_over:
                raise HTTPException(f"It sent no answer: {error}") from error
        if len(self.content) >= MAX_ANSWER_BYTES or self.received > MOST_RECEIVED:
            self.end()

    def end(self) -> None:
        """No more comes, or is wanted. Raises RemoteDisconnected before an answer."""
        if not self.status:
            raise RemoteDisconnected("Remote end closed connection without response")
        self.is_clean = self.is_clean and self.is_over
        self.is_over = True

    @property
    def answer(self) -> Answer:
        return Answer(self.status, self.headers, self.content[:MAX_ANSWER_BYTES])


class _Connection:
    """One connection to a checked address."""

    def __init__(self, key: _Key, *, deadline: float) -> None:
        self.plain = _connect(key, deadline)
        self.began_at = self.used_at = time.monotonic()

    def ask(self, request: bytes, *, deadline: float) -> _Reader:
        """Send it and return what is answered; every wait ends at `deadline`."""
        self.plain.settimeout(_left(deadline))
        self.plain.sendall(request)
        reader = _Reader()
        while not reader.is_over:
            self.plain.settimeout(_left(deadline))
            data = self.plain.recv(RECEIVE_BYTES)
            if data:
                reader.feed(data)
            else:
                reader.end()
        return reader

    def end(self) -> None:
        self.plain.close()

    def is_usable(self, now: float) -> bool:
        """Whether it is young, was used just now and is still open."""
        is_young = now - self.began_at < LONGEST_LIFE_SECONDS
        is_warm = now - self.used_at < IDLE_SECONDS
        return is_young and is_warm and not self._is_readable()

    def _is_readable(self) -> bool:
        """Something to read before anything was asked is the other side's farewell."""
        waiting = select.poll()
        waiting.register(self.plain, select.POLLIN | select.POLLHUP)
        return bool(waiting.poll(0))


@dataclass(slots=True, eq=False)
class Exchange:
    """One request and its answer on a connection that was open before. For one thread,
    which calls `go_on` when the connection is ready, and `close` in the end."""

    kept: "KeptConnections"
    key: _Key
    connection: _Connection
    unsent: bytes
    deadline: float
    reader: _Reader = field(default_factory=_Reader)
    has_begun: bool = False

    def fileno(self) -> int:
        return self.connection.plain.fileno()

    def go_on(self) -> Answer | None:
        """Send and read what can be without waiting; None until the answer is whole.

        Raises as `KeptConnections.post` does.
        """
        try:
            if self.unsent:
                self.has_begun = True
                sent = self.connection.plain.send(self.unsent)
                self.unsent = self.unsent[sent:]
                return None
            data = self.connection.plain.recv(RECEIVE_BYTES)
        except (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError):
            return None
        if data:
            self.reader.feed(data)
        else:
            self.reader.end()
        return self.reader.answer if self.reader.is_over else None

    def close(self) -> None:
        """Keep the connection if another request may go over it, and end it if not."""
        reader = self.reader
        if not self.has_begun or (reader.may_be_kept and reader.is_clean):
            self.kept.give_back(self.key, self.connection)
        else:
            self.connection.end()


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
        key, opening = _place(url, allow_private=allow_private)
        request = _request(opening, headers, content)
        deadline = time.monotonic() + timeout_seconds
        connection = self._take(key) or _Connection(key, deadline=deadline)
        try:
            reader = connection.ask(request, deadline=deadline)
        except BaseException:
            connection.end()
            raise
        if reader.may_be_kept and reader.is_clean:
            self.give_back(key, connection)
        else:
            connection.end()
        return reader.answer

    def begin(
        self,
        url: str,
        *,
        content: bytes,
        headers: Mapping[str, str],
        timeout_seconds: float,
        allow_private: bool,
    ) -> Exchange | None:
        """As `post`, without waiting and with nothing sent yet; None where no
        connection is open that could be used."""
        key, opening = _place(url, allow_private=allow_private)
        request = _request(opening, headers, content)
        connection = self._take(key)
        if connection is None:
            return None
        connection.plain.setblocking(False)
        deadline = time.monotonic() + timeout_seconds
        return Exchange(self, key, connection, request, deadline)

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

    def give_back(self, key: _Key, connection: _Connection) -> None:
        """Keep it for the next request."""
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


# Those who send much send to few addresses.
@lru_cache(maxsize=1024)
def _place(url: str, *, allow_private: bool) -> tuple[_Key, str]:
    """Where to connect, and the first lines of a request there. Raises as `post` does;
    HTTPException for an address that would say more than it should."""
    parts = urlsplit(url)
    key = _key(parts, allow_private=allow_private)
    target = parts.path or "/"
    target += f"?{parts.query}" if parts.query else ""
    host = f"[{key.host}]" if ":" in key.host else key.host
    if key.port != (443 if key.scheme == "https" else 80):
        host += f":{key.port}"
    if NOT_IN_TARGET.search(target) or NOT_IN_LINE.search(host):
        raise HTTPException("The address holds what cannot be sent.")
    return key, f"POST {target} HTTP/1.1\r\nHost: {host}\r\n"


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


def _request(opening: str, headers: Mapping[str, str], content: bytes) -> bytes:
    """The request as it is sent. Raises HTTPException for a header that would say more
    than it should."""
    lines = [f"{name}: {value}" for name, value in headers.items()]
    if NOT_IN_LINE.search("".join(lines)):
        raise HTTPException("A header holds what cannot be sent.")
    lines += ["Accept-Encoding: identity", f"Content-Length: {len(content)}", "", ""]
    return (opening + "\r\n".join(lines)).encode("latin-1") + content


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


def _left(deadline: float) -> float:
    left = deadline - time.monotonic()
    if left <= 0:
        raise TimeoutError("timed out")
    return left
