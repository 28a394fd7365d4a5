"""Answers posts to the inlets below ASGI. Why: docs/decisions/008-below-asgi.md.

uvicorn makes a scope, a task and two coroutines for each request, which costs more than
to read and keep an event. Here a post whose body is there is handed to the intake
inside the parser's callback, and its answer is written when its batch is committed.
Everything else, and whatever the intake cannot decide at once, goes on to ASGI as if
this were uvicorn's own protocol.
"""

import asyncio
import logging
from functools import partial
from typing import Any

from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

from alerts.ingest.dialects import MAX_BODY, serves
from alerts.ingest.intake import Intake
from alerts.ingest.requests import Answer

logger = logging.getLogger(__name__)

STATE = "intake"  # what the application calls its intake in the lifespan's state
# A body that takes longer goes on to ASGI, where it is given its minute.
PATIENCE_SECONDS = 1.0
# Of a request; with one of these it goes to ASGI.
UNUSUAL = frozenset({b"transfer-encoding", b"expect", b"upgrade"})

_FAILED = Answer(
    500,
    b"Internal Server Error",
    [(b"content-type", b"text/plain; charset=utf-8"), (b"connection", b"close")],
)


class Asked:
    """A request answered here. It stands where uvicorn keeps the one in work."""

    __slots__ = ("disconnected", "keep_alive", "response_complete")
    message_event = asyncio.Event()  # uvicorn sets it; here nobody waits for it

    def __init__(self) -> None:
        self.keep_alive = True
        self.disconnected = False
        self.response_complete = False


class InletProtocol(HttpToolsProtocol):
    """One connection. `gathered` are the pieces of a body that is still coming."""

    cycle: Any  # uvicorn's own, or an Asked; None before the first request

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.intake: Intake | None = self.app_state.get(STATE)
        if self.access_log or self.root_path or self.limit_concurrency is not None:
            self.intake = None  # ASGI's business
        self.gathered: list[bytes] | None = None
        self.patience: asyncio.TimerHandle | None = None

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        if self.gathered is not None and self.patience is None:
            self.patience = self.loop.call_later(PATIENCE_SECONDS, self._go_on_to_asgi)

    def connection_lost(self, exc: Exception | None) -> None:
        self._take_gathered()
        super().connection_lost(exc)

    def shutdown(self) -> None:
        if self.gathered is not None:  # it may still come whole
            self._go_on_to_asgi()
        super().shutdown()

    # Called by the parser, in this order.

    def on_message_begin(self) -> None:
        self.url = b""
        self.headers = []
        self.expect_100_continue = False

    def on_headers_complete(self) -> None:
        if self.intake is not None and self._may_be_taken():
            self.gathered = []
        else:
            self._start_asgi()

    def on_body(self, body: bytes) -> None:
        if self.gathered is None:
            super().on_body(body)
        else:
            self.gathered.append(body)

    def on_message_complete(self) -> None:
        body = self._take_gathered()
        if body is None:
            super().on_message_complete()
        elif not self._take(body):
            self._start_asgi(body)
            super().on_message_complete()

    def _may_be_taken(self) -> bool:
        """Whether the request is a plain post to an inlet, and the only one in work on
        its connection."""
        parser = self.parser
        if parser.get_method() != b"POST" or not parser.should_keep_alive():
            return False
        if (
            self.cycle is not None and not self.cycle.response_complete
        ) or self.flow.write_paused:
            return False
        length = b""
        for name, value in self.headers:
            if name in UNUSUAL:
                return False
            if name == b"content-length":
                length = value
        if not length or int(length) > MAX_BODY or parser.get_http_version() != "1.1":
            return False
        url = self.url
        if b"%" in url or b"?" in url or b"#" in url or not url.startswith(b"/"):
            return False
        return serves(url.decode("ascii"))

    def _take(self, body: bytes) -> bool:
        """Give the request to the intake; False when ASGI must answer it."""
        assert self.intake is not None
        asked = Asked()
        before, self.cycle = self.cycle, asked
        try:
            taken = self.intake.take_whole(
                self.url.decode("ascii").rstrip("/"),
                self.headers,
                body,
                partial(self._answer, asked),
            )
        except Exception:
            logger.exception("a request to an inlet failed")
            self._answer(asked, _FAILED)
            return True
        if not taken:
            self.cycle = before
        return taken

    def _answer(self, asked: Asked, answer: Answer) -> None:
        """Write the answer and let the connection go on."""
        asked.response_complete = True
        if self.transport.is_closing():
            return
        parts = [STATUS_LINE[answer.status]]
        for name, value in (*self.server_state.default_headers, *answer.headers):
            parts += (name, b": ", value, b"\r\n")
        if (b"connection", b"close") in answer.headers:
            asked.keep_alive = False
        elif not asked.keep_alive:
            parts.append(b"connection: close\r\n")
        parts += (b"content-length: %d\r\n\r\n" % len(answer.body), answer.body)
        self.transport.write(b"".join(parts))
        if not asked.keep_alive:
            self.transport.close()
        self.on_response_complete()

    def _take_gathered(self) -> bytes | None:
        """The body so far, which nobody gathers any longer."""
        gathered, self.gathered = self.gathered, None
        if self.patience is not None:
            self.patience.cancel()
            self.patience = None
        if gathered is None:
            return None
        return gathered[0] if len(gathered) == 1 else b"".join(gathered)

    def _go_on_to_asgi(self) -> None:
        body = self._take_gathered()
        if body is not None:
            self._start_asgi(body)

    def _start_asgi(self, body: bytes = b"") -> None:
        """Have uvicorn begin with the request as if its headers had just come."""
        url, headers = self.url, self.headers
        super().on_message_begin()
        self.url = url
        for name, value in headers:
            super().on_header(name, value)
        super().on_headers_complete()
        if body:
            super().on_body(body)
