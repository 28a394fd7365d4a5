"""A provider that costs next to nothing: it answers every POST and counts.

    .venv/bin/python -m bench.receiver PORT

GET /: {"count": …, "first": …, "last": …, "most_at_once": …} (Unix seconds) since the
last DELETE. GET /arrivals: [[Unix seconds, body], …]. DELETE /?0.05: forget all, and
answer each from now on after so many seconds.
"""

import asyncio
import sys
import time
from contextlib import suppress
from typing import cast

import httptools
import msgspec
import uvloop

ANSWER = b"HTTP/1.1 %d OK\r\nContent-Length: %d\r\n\r\n%s"


class Arrivals:
    def __init__(self) -> None:
        self.forget(0.0)

    def forget(self, delay_seconds: float) -> None:
        self.delay_seconds = delay_seconds
        self.bodies: list[tuple[float, bytes]] = []
        self.waiting = self.most_at_once = 0

    def counted(self) -> bytes:
        at = [when for when, _ in self.bodies]
        return msgspec.json.encode(
            {
                "count": len(at),
                "first": at[0] if at else 0.0,
                "last": at[-1] if at else 0.0,
                "most_at_once": self.most_at_once,
            }
        )

    def told(self) -> bytes:
        return msgspec.json.encode([[at, body.decode()] for at, body in self.bodies])


class Connection(asyncio.Protocol):
    def __init__(self, arrivals: Arrivals) -> None:
        self.arrivals = arrivals
        self.transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)
        self.parser = httptools.HttpRequestParser(self)
        self.url, self.body = b"", b""

    def data_received(self, data: bytes) -> None:
        self.parser.feed_data(data)

    def on_message_begin(self) -> None:
        self.url, self.body = b"", b""

    def on_url(self, url: bytes) -> None:
        self.url += url

    def on_body(self, body: bytes) -> None:
        self.body += body

    def on_message_complete(self) -> None:
        match self.parser.get_method():
            case b"GET":
                wants_all = self.url.endswith(b"arrivals")
                self.answer(
                    self.arrivals.told() if wants_all else self.arrivals.counted()
                )
            case b"DELETE":
                _, _, delay = self.url.partition(b"?")
                self.arrivals.forget(float(delay or 0))
                self.answer(b"")
            case _:
                self.take()

    def take(self) -> None:
        arrivals = self.arrivals
        arrivals.bodies.append((time.time(), self.body))
        if not arrivals.delay_seconds:
            self.answer(b"ok")
            return
        arrivals.waiting += 1
        arrivals.most_at_once = max(arrivals.most_at_once, arrivals.waiting)
        asyncio.get_running_loop().call_later(arrivals.delay_seconds, self.late)

    def late(self) -> None:
        self.arrivals.waiting -= 1
        self.answer(b"ok")

    def answer(self, body: bytes) -> None:
        self.transport.write(ANSWER % (200, len(body), body))


async def serve(port: int) -> None:
    arrivals = Arrivals()
    server = await asyncio.get_running_loop().create_server(
        lambda: Connection(arrivals), "127.0.0.1", port
    )
    await server.serve_forever()


if __name__ == "__main__":
    with suppress(KeyboardInterrupt):
        uvloop.run(serve(int(sys.argv[1])))
