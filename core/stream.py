"""Server-sent events: pages listen to topics without holding a thread each.

One PostgreSQL connection a process hears every NOTIFY of `core.live` and hands the
topic to whoever listens. https://html.spec.whatwg.org/multipage/server-sent-events.html

A page says in `since` when it was rendered (seconds of the epoch); what changed between
that and the connection is announced at once, so that nothing falls in the gap.

Topics asked for with `topic` are announced as "changed", those with `count` as
"counted": the numbers of the frame follow them while the parts of the page do not.
"""

import asyncio
import logging
import math
import time
from collections import OrderedDict, defaultdict
from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import parse_qs

import psycopg

from core.asgi import Receive, Scope, Send, respond
from core.live import CHANNEL

logger = logging.getLogger(__name__)

KEEP_ALIVE_SECONDS = 15
RECONNECT_SECONDS = 1
MAX_TOPICS = 20
# In a storm of changes open pages are told four times a second, not at each commit.
REST_SECONDS = 0.25
MOST_REMEMBERED = 20_000  # topics whose last change a process remembers
CLOCKS_DIFFER_SECONDS = 0.2  # between machines that keep time by NTP

# Given the request's cookies and the topics asked for, the ones this reader may
# hear; None when nobody is signed in.
Authorise = Callable[[str, list[str]], Awaitable[list[str] | None]]


class Hub:
    """Hands what PostgreSQL announces to the listeners of this process."""

    def __init__(self, connection_parameters: Callable[[], dict[str, Any]]) -> None:
        self.connection_parameters = connection_parameters
        self.listeners: dict[str, set[asyncio.Queue[str]]] = defaultdict(set)
        # What else is announced: who hears a channel's payloads.
        self.others: dict[str, Callable[[str], None]] = {}
        self.changed_at: OrderedDict[str, float] = OrderedDict()
        self.hears_since = math.inf  # before that, it cannot tell what changed

    async def run(self) -> None:
        """Listen for ever; after a lost connection, connect again and tell everyone,
        for what was said meanwhile was not heard."""
        missed = False
        while True:
            try:
                await self._listen(announce_all=missed)
            except (psycopg.Error, OSError) as error:
                missed = True
                self.hears_since = math.inf
                logger.warning("the live stream lost its database: %s", error)
                await asyncio.sleep(RECONNECT_SECONDS)

    async def _listen(self, *, announce_all: bool) -> None:
        async with await psycopg.AsyncConnection.connect(
            **self.connection_parameters(), autocommit=True
        ) as connection:
            for channel in (CHANNEL, *self.others):
                await connection.execute(f"LISTEN {channel}")
            self.hears_since = time.time()
            if announce_all:
                for topic in list(self.listeners):
                    self.announce(topic)
            async for notice in connection.notifies():
                self.others.get(notice.channel, self.announce)(notice.payload)

    def announce(self, topic: str) -> None:
        self.changed_at[topic] = time.time()
        self.changed_at.move_to_end(topic)
        if len(self.changed_at) > MOST_REMEMBERED:
            _, forgotten_at = self.changed_at.popitem(last=False)
            self.hears_since = max(self.hears_since, forgotten_at)
        for queue in self.listeners.get(topic, ()):
            queue.put_nowait(topic)

    def join(self, topics: list[str]) -> asyncio.Queue[str]:
        queue: asyncio.Queue[str] = asyncio.Queue()
        for topic in topics:
            self.listeners[topic].add(queue)
        return queue

    def changed_since(self, topics: list[str], since: float) -> list[str]:
        """The topics that changed after `since`, or may have for all it knows."""
        since -= CLOCKS_DIFFER_SECONDS
        if since < self.hears_since:
            return topics
        return [t for t in topics if self.changed_at.get(t, -math.inf) >= since]

    def leave(self, topics: list[str], queue: asyncio.Queue[str]) -> None:
        for topic in topics:
            self.listeners[topic].discard(queue)
            if not self.listeners[topic]:
                del self.listeners[topic]


def _moment(texts: list[str]) -> float:
    """When the page was rendered; for ever after where it does not say."""
    try:
        since = float(texts[0])
    except (IndexError, ValueError):
        return math.inf
    return math.inf if math.isnan(since) else since


def _cookies(scope: Scope) -> str:
    return "; ".join(
        value.decode("latin-1") for name, value in scope["headers"] if name == b"cookie"
    )


class LiveStream:
    """The ASGI application behind `/live/?topic=…&topic=…&count=…&since=…`."""

    def __init__(self, hub: Hub, authorise: Authorise) -> None:
        self.hub = hub
        self.authorise = authorise

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        query = parse_qs(scope["query_string"].decode("latin-1"))
        asked = [*query.get("count", []), *query.get("topic", [])]
        topics = await self.authorise(_cookies(scope), asked[:MAX_TOPICS])
        if topics is None:
            return await respond(send, 401, b"")
        events = {
            topic: [
                event
                for event, name in (("changed", "topic"), ("counted", "count"))
                if topic in query.get(name, [])
            ]
            for topic in topics
        }
        queue = self.hub.join(topics)
        for topic in self.hub.changed_since(topics, _moment(query.get("since", []))):
            queue.put_nowait(topic)
        try:
            await self._stream(queue, events, receive, send)
        finally:
            self.hub.leave(topics, queue)
        return None

    async def _stream(
        self,
        queue: asyncio.Queue[str],
        events: dict[str, list[str]],
        receive: Receive,
        send: Send,
    ) -> None:
        await send(
            {
                "type": "http.response.start",
                "status": 200,
                "headers": [
                    (b"content-type", b"text/event-stream"),
                    (b"cache-control", b"no-store"),
                    (b"x-accel-buffering", b"no"),
                ],
            }
        )
        await _write(send, b": here\nretry: 2000\n\n")
        gone = asyncio.create_task(_until_gone(receive))
        try:
            while not gone.done():
                await _write(send, await _next_chunk(queue, events, gone))
                await asyncio.wait({gone}, timeout=REST_SECONDS)
        finally:
            gone.cancel()


async def _next_chunk(
    queue: asyncio.Queue[str],
    events: dict[str, list[str]],
    gone: "asyncio.Task[None]",
) -> bytes:
    """What to write next: the topics that changed, each once, or a sign of life."""
    first = asyncio.create_task(queue.get())
    await asyncio.wait(
        {first, gone}, timeout=KEEP_ALIVE_SECONDS, return_when=asyncio.FIRST_COMPLETED
    )
    if not first.done():
        first.cancel()
        return b": still here\n\n"
    topics = {first.result()}
    while not queue.empty():
        topics.add(queue.get_nowait())
    return b"".join(
        b"event: %s\ndata: %s\n\n" % (event.encode(), topic.encode())
        for topic in sorted(topics)
        for event in events[topic]
    )


async def _write(send: Send, chunk: bytes) -> None:
    await send({"type": "http.response.body", "body": chunk, "more_body": True})


async def _until_gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
