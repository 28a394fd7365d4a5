"""One port for all: event inlets and the live stream as plain ASGI functions, pages
and API as Django on threads. Why: docs/decisions/001-server.md."""

from config.wsgi import application as pages  # first: it sets Django up

# isort: split
import asyncio
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from http.cookies import SimpleCookie
from importlib import import_module
from typing import Any

from django.conf import settings
from django.contrib.auth import get_user
from django.db import connection
from django.http import HttpRequest

from alerts.ingest.committer import Committer
from alerts.ingest.inlets import Inlets
from alerts.ingest.server import IngestServer
from config.pages import ThreadedPages
from core.asgi import Receive, Scope, Send
from core.hints import CORRELATE, send_hint
from core.stream import Hub, LiveStream
from postmortems.access import readable_topics


def connection_parameters() -> dict[str, Any]:
    """What psycopg needs to reach Django's database, without Django's pool."""
    parameters = connection.get_connection_params()
    wanted = ("dbname", "user", "password", "host", "port", "connect_timeout")
    chosen = {
        name: value
        for name, value in parameters.items()
        if value and (name in wanted or name.startswith("ssl"))
    }
    return {**chosen, "application_name": "headwater inlet"}


def body_limit(path: str) -> int:
    """Bytes a page or API path takes."""
    if path.startswith("/api/v1/catalog/"):
        return settings.MAX_CATALOG_BODY_BYTES
    return settings.MAX_BODY_BYTES


class HintSender:
    """Sends hints from a thread of its own, one at a time: however many batches are
    committed while one is on its way, one more follows."""

    def __init__(self) -> None:
        self.thread = ThreadPoolExecutor(1, thread_name_prefix="hints")
        self.is_queued = False

    def __call__(self) -> None:
        if not self.is_queued:
            self.is_queued = True
            self.thread.submit(self._send)

    def _send(self) -> None:
        self.is_queued = False
        send_hint(CORRELATE)


def _readable(cookies: str, topics: list[str]) -> list[str] | None:
    morsel = SimpleCookie(cookies).get(settings.SESSION_COOKIE_NAME)
    request = HttpRequest()
    engine = import_module(settings.SESSION_ENGINE)
    request.session = engine.SessionStore(morsel.value if morsel else None)
    try:
        user = get_user(request)
        if not user.is_authenticated:
            return None
        return readable_topics(user, topics)
    finally:
        connection.close()


async def authorise(cookies: str, topics: list[str]) -> list[str] | None:
    """The topics the session's owner may hear; None for a stranger."""
    return await asyncio.to_thread(_readable, cookies, topics)


class Application:
    """Routes a request to whoever answers it fastest."""

    def __init__(self) -> None:
        self.inlets = Inlets()
        self.committer = Committer(
            connection_parameters, self.inlets, on_commit=HintSender()
        )
        self.ingest = IngestServer(self.inlets, self.committer)
        self.hub = Hub(connection_parameters)
        self.live = LiveStream(self.hub, authorise)
        self.pages = ThreadedPages(
            pages, threads=settings.WEB_THREADS, body_limit=body_limit
        )
        self.duties: list[asyncio.Task[None]] = []

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._lifespan(receive, send)
        elif scope["type"] != "http":
            return
        elif self.ingest.serves(scope["path"]):
            await self.ingest(scope, receive, send)
        elif scope["path"] == "/live/":
            await self.live(scope, receive, send)
        else:
            await self.pages(scope, receive, send)

    async def _lifespan(self, receive: Receive, send: Send) -> None:
        await receive()
        self.duties = [
            asyncio.create_task(self.committer.run()),
            asyncio.create_task(self.hub.run()),
            asyncio.create_task(self._watch_inlets()),
        ]
        await send({"type": "lifespan.startup.complete"})
        await receive()
        for duty in self.duties:
            duty.cancel()
            with suppress(asyncio.CancelledError):
                await duty
        await send({"type": "lifespan.shutdown.complete"})

    async def _watch_inlets(self) -> None:
        changes = self.hub.join(["inlets"])
        while True:
            await changes.get()
            self.inlets.is_stale = True


application = Application()
