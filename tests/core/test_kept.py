"""Answers as servers send them, well and badly, over connections that are kept."""

import socket
import threading
from collections.abc import Iterator
from http.client import HTTPException

import pytest

from core.kept import Answer, KeptConnections
from core.outgoing import MAX_ANSWER_BYTES

LENGTH = b"Content-Length: 2\r\n\r\nok"


class Server:
    """Answers each request with the next of `answers`, and counts connections. Closes
    the line after one that `ends`."""

    def __init__(self) -> None:
        self.answers: list[bytes] = []
        self.ends = False
        self.lines = 0
        self.requests: list[bytes] = []
        self.listening = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self.listening.getsockname()[1]}/hook"
        threading.Thread(target=self._run, daemon=True).start()

    def _run(self) -> None:
        while True:
            try:
                line, _ = self.listening.accept()
            except OSError:
                return
            self.lines += 1
            with line:
                self._serve(line)

    def _serve(self, line: socket.socket) -> None:
        while request := line.recv(65536):
            self.requests.append(request)
            line.sendall(self.answers.pop(0))
            if self.ends:
                return


@pytest.fixture
def server() -> Iterator[Server]:
    one = Server()
    yield one
    one.listening.close()


@pytest.fixture
def connections() -> Iterator[KeptConnections]:
    kept = KeptConnections()
    yield kept
    kept.close()


def post(connections: KeptConnections, server: Server, **headers: str) -> Answer:
    return connections.post(
        server.url,
        content=b"{}",
        headers=headers,
        timeout_seconds=5,
        allow_private=True,
    )


def test_two_requests_take_one_connection(
    connections: KeptConnections, server: Server
) -> None:
    server.answers = [b"HTTP/1.1 200 OK\r\nX-Id: A1\r\n" + LENGTH] * 2
    for _ in range(2):
        answer = post(connections, server, **{"X-Key": "k"})
        assert (answer.status, answer.content) == (200, b"ok")
        assert answer.headers["x-id"] == "A1"
    assert server.lines == 1
    assert server.requests[0].startswith(b"POST /hook HTTP/1.1\r\nHost: 127.0.0.1:")
    assert b"\r\nX-Key: k\r\n" in server.requests[1]
    assert server.requests[1].endswith(b"\r\n\r\n{}")


@pytest.mark.parametrize(
    ("answer", "content"),
    [
        (b"HTTP/1.1 200 OK\r\nConnection: close\r\n" + LENGTH, b"ok"),
        (b"HTTP/1.0 200 OK\r\n" + LENGTH, b"ok"),
        (b"HTTP/1.1 200 OK\r\n" + LENGTH + b"HTTP/1.1 200 OK\r\n" + LENGTH, b"ok"),
        (b"HTTP/1.1 200 OK\r\n" + LENGTH + b"stray", b"ok"),
    ],
)
def test_a_connection_that_cannot_be_trusted_is_not_used_again(
    connections: KeptConnections, server: Server, answer: bytes, content: bytes
) -> None:
    server.answers = [answer, b"HTTP/1.1 200 OK\r\n" + LENGTH]
    server.ends = True
    assert post(connections, server).content == content
    assert post(connections, server).content == b"ok"
    assert server.lines == 2


@pytest.mark.parametrize(
    ("answer", "status", "content"),
    [
        (b"HTTP/1.1 202 Accepted\r\n\r\nuntil the end", 202, b"until the end"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf", 200, b"half"),
        (b"HTTP/1.1 204 No Content\r\n\r\n", 204, b""),
        (
            b"HTTP/1.1 103 Early Hints\r\nX-A: 1\r\n\r\nHTTP/1.1 200 OK\r\n" + LENGTH,
            200,
            b"ok",
        ),
        (
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
            b"2\r\nok\r\n1\r\n!\r\n0\r\n\r\n",
            200,
            b"ok!",
        ),
    ],
)
def test_answers_are_read_as_far_as_they_come(
    connections: KeptConnections,
    server: Server,
    answer: bytes,
    status: int,
    content: bytes,
) -> None:
    server.answers, server.ends = [answer], True
    found = post(connections, server)
    assert (found.status, found.content) == (status, content)
    assert "x-a" not in found.headers


def test_a_long_answer_is_cut(connections: KeptConnections, server: Server) -> None:
    server.answers = [b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * (3 * MAX_ANSWER_BYTES)]
    server.ends = True
    assert post(connections, server).content == b"x" * MAX_ANSWER_BYTES


@pytest.mark.parametrize(
    "answer", [b"", b"HTTP/1.1 200 OK\r\nX", b"220 smtp ready\r\n"]
)
def test_what_is_no_answer_is_an_error(
    connections: KeptConnections, server: Server, answer: bytes
) -> None:
    server.answers, server.ends = [answer], True
    with pytest.raises(HTTPException):
        post(connections, server)


@pytest.mark.parametrize("value", ["a\r\nX-Evil: 1", "a\nb", "\x00", "\u2028"])
def test_a_header_cannot_smuggle_another(
    connections: KeptConnections, server: Server, value: str
) -> None:
    with pytest.raises(HTTPException):
        post(connections, server, **{"X-Key": value})
    assert server.requests == []
