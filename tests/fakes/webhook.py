"""An HTTP server on loopback that remembers what it was sent.

    with running_webhook() as webhook:
        webhook.answer = Answer(status=503, headers={"Retry-After": "7"})
        webhook.next_answers += [Answer(behaviour="cut"), Answer(status=200)]

A request is remembered before it is answered, whatever the answer: status 500 or
"cut" is also the receiver that took the message and failed to say so.
"""

import json
import time
from collections import deque
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Condition, Event, Thread
from typing import Any, Literal

LONGEST_HANG_SECONDS = 60.0
DRIP_SECONDS = 0.05


@dataclass(frozen=True, slots=True)
class Answer:
    """`drip` sends a byte at a time and never ends; `cut` closes without a word."""

    status: int = 200
    body: bytes = b"ok"
    headers: Mapping[str, str] = field(default_factory=dict)
    behaviour: Literal["answer", "hang", "cut", "drip"] = "answer"


@dataclass(frozen=True, slots=True)
class ReceivedRequest:
    """One request. Header names are lower case; `at` is monotonic seconds."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes
    at: float = field(default_factory=time.monotonic)

    @property
    def json(self) -> Any:
        return json.loads(self.body)


class FakeWebhook:
    """Answers with `next_answers` while there are some, then with `answer`."""

    def __init__(self) -> None:
        self.requests: list[ReceivedRequest] = []
        self.answer = Answer()
        self.next_answers: deque[Answer] = deque()
        self.host = "127.0.0.1"
        self.port = 0
        self.stopping = Event()
        self.changed = Condition()
        self.keeps_alive = False
        self.connections = 0

    @property
    def url(self) -> str:
        return f"http://{self.host}:{self.port}/hook"

    def wait_for(self, count: int, *, timeout_seconds: float = 15) -> None:
        """Return as soon as `count` requests are there, else fail."""
        with self.changed:
            arrived = self.changed.wait_for(
                lambda: len(self.requests) >= count, timeout=timeout_seconds
            )
        assert arrived, f"{len(self.requests)} of {count} requests came"

    def take(self, request: ReceivedRequest) -> Answer:
        with self.changed:
            self.requests.append(request)
            self.changed.notify_all()
            return self.next_answers.popleft() if self.next_answers else self.answer


class _Handler(BaseHTTPRequestHandler):
    webhook: FakeWebhook

    def setup(self) -> None:
        super().setup()
        self.webhook.connections += 1
        if self.webhook.keeps_alive:
            self.protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        length = int(self.headers.get("Content-Length", "0"))
        body = self.rfile.read(length)
        if len(body) < length:  # the sender died in mid-sentence
            return
        headers = {name.lower(): value for name, value in self.headers.items()}
        answer = self.webhook.take(
            ReceivedRequest(self.command, self.path, headers, body)
        )
        with suppress(OSError):
            self.give(answer)

    def do_GET(self) -> None:
        self.do_POST()

    def give(self, answer: Answer) -> None:
        if answer.behaviour == "hang":
            self.webhook.stopping.wait(LONGEST_HANG_SECONDS)
        elif answer.behaviour == "drip":
            self.drip()
        elif answer.behaviour == "answer":
            self.send_response(answer.status)
            for name, value in answer.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(answer.body)))
            self.end_headers()
            self.wfile.write(answer.body)
            return
        self.close_connection = True

    def drip(self) -> None:
        self.wfile.write(b"HTTP/1.0 200 OK\r\n")
        for _ in range(int(LONGEST_HANG_SECONDS / DRIP_SECONDS)):
            if self.webhook.stopping.wait(DRIP_SECONDS):
                return
            self.wfile.write(b"X-Wait: 1\r\n")

    def log_message(self, format: str, *args: object) -> None:
        pass


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 128


@contextmanager
def running_webhook() -> Iterator[FakeWebhook]:
    webhook = FakeWebhook()
    handler = type("Handler", (_Handler,), {"webhook": webhook})
    with _Server((webhook.host, 0), handler) as server:
        webhook.port = server.server_port
        thread = Thread(target=server.serve_forever, args=(0.05,), daemon=True)
        thread.start()
        try:
            yield webhook
        finally:
            webhook.stopping.set()
            server.shutdown()
            thread.join(timeout=5)
