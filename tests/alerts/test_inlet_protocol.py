"""The inlets over bare sockets: what comes in pieces, too soon, too late or twice.

Below ASGI and through it alike, so most is asked of both: `Connection: close`, an
escape in the address or chunks send a request through ASGI.
"""

import socket
from collections.abc import Callable, Iterator
from contextlib import closing
from urllib.parse import urlsplit

import httpx
import pytest
from django.db import transaction

from alerts.ingest import protocol
from alerts.models import Alert, Event
from tests.factories import make_integration
from tests.waiting import BOUND_SECONDS, wait_until

KEY = "0123456789abcdef0123456789abcdef"
BODY = b'{"title": "t", "dedup_key": "k"}'

Open = Callable[[], socket.socket]


@pytest.fixture
def connect(server: httpx.Client) -> Iterator[Open]:
    """Opens connections to a running server that has an inlet."""
    make_integration(KEY, rate_limit=0)
    address = urlsplit(str(server.base_url))
    opened: list[socket.socket] = []

    def connect() -> socket.socket:
        assert address.hostname
        assert address.port
        one = socket.create_connection((address.hostname, address.port), BOUND_SECONDS)
        opened.append(one)
        return one

    yield connect
    for one in opened:
        one.close()


def request(
    body: bytes = BODY,
    *,
    path: str = f"/in/{KEY}",
    method: str = "POST",
    version: str = "1.1",
    headers: tuple[str, ...] = (),
) -> bytes:
    lines = [
        f"{method} {path} HTTP/{version}",
        "Host: 127.0.0.1",
        f"Content-Length: {len(body)}",
        *headers,
    ]
    return "\r\n".join([*lines, "", ""]).encode() + body


def keyed(key: str) -> bytes:
    return request(b'{"title": "t", "dedup_key": "%s"}' % key.encode())


class Reader:
    """Reads answers off a connection, one after the other."""

    def __init__(self, connection: socket.socket) -> None:
        self.connection, self.kept = connection, b""

    def answer(self) -> tuple[int, dict[str, str], bytes]:
        head = self._until(lambda: self.kept.find(b"\r\n\r\n") + 4, least=4)
        first, *lines = head.decode().split("\r\n")[:-2]
        headers = dict(line.lower().split(": ", 1) for line in lines)
        length = int(headers.get("content-length", 0))
        return int(first.split()[1]), headers, self._until(lambda: length)

    def is_over(self) -> bool:
        return self.kept == b"" and self.connection.recv(1) == b""

    def _until(self, length: Callable[[], int], *, least: int = 0) -> bytes:
        while length() < least or len(self.kept) < length():
            piece = self.connection.recv(65536)
            assert piece, f"the connection ended after {self.kept!r}"
            self.kept += piece
        found, self.kept = self.kept[: length()], self.kept[length() :]
        return found


def statuses(connection: socket.socket, count: int) -> list[int]:
    reader = Reader(connection)
    return [reader.answer()[0] for _ in range(count)]


def test_pipelined_posts_are_answered_in_their_order(connect: Open) -> None:
    connection = connect()
    connection.sendall(b"".join(keyed(f"k{n}") for n in range(20)))
    reader = Reader(connection)
    answers = [reader.answer() for _ in range(20)]
    assert {status for status, _, _ in answers} == {202}
    assert all(b'"k%d"' % n in body for n, (_, _, body) in enumerate(answers))
    assert Alert.objects.count() == 20


def test_posts_and_pages_may_follow_each_other_on_one_connection(connect: Open) -> None:
    connection = connect()
    page = request(b"", method="GET", path="/healthz")
    connection.sendall(request() + page + request() + page)
    assert statuses(connection, 4) == [202, 200, 202, 200]
    for one in (request(), page, request()):
        connection.sendall(one)
        assert statuses(connection, 1)[0] in (200, 202)


@pytest.mark.parametrize("size", [1, 7, 100])
def test_a_request_may_come_in_many_pieces(connect: Open, size: int) -> None:
    connection = connect()
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    whole = request() + request()
    for start in range(0, len(whole), size):
        connection.sendall(whole[start : start + size])
    assert statuses(connection, 2) == [202, 202]
    assert bytes(Event.objects.latest("pk").body) == BODY


def test_a_body_that_takes_its_time_is_taken(
    connect: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(protocol, "PATIENCE_SECONDS", 0)
    connection, whole = connect(), request()
    connection.sendall(whole[:-20])
    # It goes on to ASGI between the pieces, or in the middle of one.
    connection.sendall(whole[-20:-10])
    connection.sendall(whole[-10:] + request())
    assert statuses(connection, 2) == [202, 202]


def test_a_sender_that_leaves_before_its_answer_harms_nobody(connect: Open) -> None:
    connect().sendall(keyed("first"))
    wait_until(lambda: Alert.objects.filter(dedup_key="first").exists())
    with transaction.atomic():  # the batch waits for this row
        Alert.objects.select_for_update().get(dedup_key="first")
        for key in ("first", "gone"):
            with closing(connect()) as leaving:
                leaving.sendall(keyed(key))
    staying = connect()
    staying.sendall(keyed("stays"))
    assert statuses(staying, 1) == [202]
    wait_until(lambda: Alert.objects.filter(dedup_key="gone").exists())


def test_a_sender_that_leaves_in_the_middle_of_its_body_harms_nobody(
    connect: Open,
) -> None:
    with closing(connect()) as leaving:
        leaving.sendall(request()[:-5])
    staying = connect()
    staying.sendall(request())
    assert statuses(staying, 1) == [202]
    assert Event.objects.count() == 1


def test_a_body_past_the_limit_is_refused_before_it_is_sent(connect: Open) -> None:
    connection = connect()
    head = f"POST /in/{KEY} HTTP/1.1\r\nHost: h\r\nContent-Length: 9999999\r\n\r\n"
    connection.sendall(head.encode())
    reader = Reader(connection)
    status, headers, _ = reader.answer()
    assert (status, headers["connection"]) == (413, "close")
    assert reader.is_over()


def test_a_body_is_asked_for_when_its_sender_waits_for_that(connect: Open) -> None:
    connection, whole = connect(), request(headers=("Expect: 100-continue",))
    connection.sendall(whole[: -len(BODY)])
    reader = Reader(connection)
    assert reader.answer()[0] == 100
    connection.sendall(BODY)
    assert reader.answer()[0] == 202


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", f"/in/{KEY}", 405),
        ("PUT", "/v2/enqueue", 405),
        ("POST", "/v2/nothing", 404),
        ("POST", "/in/" + "f" * 32, 401),
        ("POST", f"/in/{KEY}?from=cron", 202),
        ("POST", f"/in/%30{KEY[1:]}", 202),
        ("POST", f"/in/{KEY}/", 202),
    ],
)
def test_methods_and_addresses(
    connect: Open, method: str, path: str, status: int
) -> None:
    connection = connect()
    one = request(method=method, path=path)
    connection.sendall(one + one)
    assert statuses(connection, 2) == [status, status]


def test_the_head_of_an_answer_has_no_body(connect: Open) -> None:
    connection = connect()
    connection.sendall(request(b"", method="HEAD"))
    head = connection.recv(4096)
    assert head.startswith(b"HTTP/1.1 405")
    assert head.endswith(b"\r\n\r\n")


@pytest.mark.parametrize(
    ("version", "headers", "closes"),
    [
        ("1.1", (), False),
        ("1.1", ("Connection: close",), True),
        ("1.0", (), True),
        ("1.0", ("Connection: keep-alive",), True),
    ],
)
def test_the_connection_is_kept_unless_its_sender_ends_it(
    connect: Open, version: str, headers: tuple[str, ...], closes: bool
) -> None:
    connection = connect()
    reader = Reader(connection)
    connection.sendall(request(version=version, headers=headers))
    status, told, _ = reader.answer()
    assert status == 202
    assert {"date", "server", "content-length", "content-type"} <= told.keys()
    assert (told.get("connection") == "close") == closes
    if closes:
        assert reader.is_over()
    else:
        connection.sendall(request())
        assert reader.answer()[0] == 202


def test_a_body_in_chunks_is_taken(connect: Open) -> None:
    connection = connect()
    head = f"POST /in/{KEY} HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n"
    chunks = b"".join(b"%x\r\n%s\r\n" % (len(one), one) for one in (BODY[:9], BODY[9:]))
    connection.sendall(head.encode() + chunks + b"0\r\n\r\n" + request())
    assert statuses(connection, 2) == [202, 202]


@pytest.mark.parametrize(
    "headers",
    [
        "Content-Length: 32\r\nTransfer-Encoding: chunked",
        "Transfer-Encoding: chunked\r\nContent-Length: 32",
        "Content-Length: 32\r\nContent-Length: 31",
        "Content-Length: +32",
        "Content-Length: 32, 32",
        "Content-Length: -1",
        "Transfer-Encoding: gzip",
        "Content-Length : 32",
    ],
)
def test_a_request_of_two_meanings_is_refused_and_the_connection_ends(
    connect: Open, headers: str
) -> None:
    connection = connect()
    head = f"POST /in/{KEY} HTTP/1.1\r\nHost: h\r\n{headers}\r\n\r\n"
    connection.sendall(head.encode() + BODY + request())
    reader = Reader(connection)
    assert reader.answer()[0] == 400
    assert reader.is_over()
    assert not Event.objects.exists()


def test_what_is_no_http_is_refused(connect: Open) -> None:
    connection = connect()
    connection.sendall(request() + b"\x00\x01 nonsense\r\n\r\n")
    assert b"400 Bad Request" in connection.recv(65536)


def test_a_sender_that_reads_no_answers_holds_up_nobody(connect: Open) -> None:
    deaf = connect()
    deaf.setblocking(False)
    flood = request() * 200
    try:
        for _ in range(200):
            deaf.send(flood)
    except BlockingIOError:
        pass
    other = connect()
    other.sendall(request())
    assert statuses(other, 1) == [202]
