"""One port for all: event inlets and the live stream as plain ASGI functions, pages
and API as Django on threads. Why: docs/decisions/001-server.md."""

from config.wsgi import application as pages  # first: it sets Django up

# isort: split
import asyncio
import gc
import logging
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from http.cookies import SimpleCookie
from importlib import import_module
from typing import Any

from django.conf import settings
from django.contrib.auth import get_user
from django.db import Error, connection
from django.http import HttpRequest
from django.utils import timezone

from alerts.ingest.committer import Committer
from alerts.ingest.inlets import TAKEN, Inlets
from alerts.ingest.protocol import STATE
from alerts.ingest.server import IngestServer
from alerts.services import say_inlet_lives
from catalog.graph import refresh_soon
from catalog.services.edges import LIVE_TOPIC
from config.pages import ThreadedPages
from core.answers import KeptAnswers, may_be_kept
from core.asgi import Receive, Scope, Send
from core.hints import CORRELATE, send_hint
from core.stream import Hub, LiveStream
from postmortems.access import readable_topics

HINT_SECONDS = 0.05
ALIVE_SECONDS = 5.0

logger = logging.getLogger(__name__)


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


IMPORTS = ("/api/v1/catalog/", "/api/v1/imports/", "/assets/imports/")


def body_limit(path: str) -> int:
    """Bytes a page or API path takes."""
    if path.startswith(IMPORTS):
        return settings.MAX_CATALOG_BODY_BYTES
    return settings.MAX_BODY_BYTES


# What badges and the health of assets are made of.
ANSWERED_FROM = ["incidents", "badges", LIVE_TOPIC]
HEALTH_PATH = "/api/v1/assets/health/"


def _is_asked_often(scope: Scope) -> bool:
    """Whether it is about a badge, or by token about the health of an asset."""
    path: str = scope["path"]
    if path.startswith("/badge/"):
        return bool(scope["method"] == "GET")
    is_by_token = any(name == b"authorization" for name, _ in scope["headers"])
    return path == HEALTH_PATH and is_by_token and may_be_kept(scope)


class HintSender:
    """Sends hints from a thread of its own: the first at once, then twenty a second at
    most, however many batches are committed. A hint costs as much as ten events."""

    def __init__(self) -> None:
        self.thread = ThreadPoolExecutor(1, thread_name_prefix="hints")
        self.is_queued = False
        self.sent_at = 0.0

    def __call__(self) -> None:
        if self.is_queued:
            return
        self.is_queued = True
        loop = asyncio.get_running_loop()
        due_in = self.sent_at + HINT_SECONDS - loop.time()
        loop.call_later(max(0.0, due_in), self._submit)

    def _submit(self) -> None:
        self.is_queued = False
        self.sent_at = asyncio.get_running_loop().time()
        self.thread.submit(send_hint, CORRELATE)


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


def _say_inlet_lives() -> None:
    try:
        say_inlet_lives(at=timezone.now())
    except Error as error:  # the database is away, which the next one will excuse
        logger.warning("the inlet could not say that it lives: %s", error)
    except Exception:
        # Without this duty no heartbeat would ever be missed again.
        logger.exception("the inlet could not say that it lives")
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
        self.hub.others[TAKEN] = self.inlets.hear_taken
        self.live = LiveStream(self.hub, authorise)
        self.pages = ThreadedPages(
            pages, threads=settings.WEB_THREADS, body_limit=body_limit
        )
        self.answers = KeptAnswers(self.pages)
        self.duties: list[asyncio.Task[None]] = []

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            scope.get("state", {})[STATE] = self.ingest.intake
            await self._lifespan(receive, send)
        elif scope["type"] != "http":
            return
        elif self.ingest.serves(scope["path"]):
            await self.ingest(scope, receive, send)
        elif scope["path"] == "/live/":
            await self.live(scope, receive, send)
        elif _is_asked_often(scope):
            await self.answers(scope, receive, send)
        else:
            await self.pages(scope, receive, send)

    async def _lifespan(self, receive: Receive, send: Send) -> None:
        await receive()
        # What is loaded by now stays: looking through it for garbage, 0.2 s each time,
        # would hold up every request.
        gc.collect()
        gc.freeze()
        self.duties = [
            asyncio.create_task(self.committer.run()),
            asyncio.create_task(self.hub.run()),
            asyncio.create_task(self._watch_inlets()),
            asyncio.create_task(self._watch_lineage()),
            asyncio.create_task(self._say_inlet_lives()),
            asyncio.create_task(self.answers.forget_on(self.hub.join(ANSWERED_FROM))),
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

    async def _watch_lineage(self) -> None:
        """Load the graph before anybody asks, and again whenever it changes."""
        changes = self.hub.join([LIVE_TOPIC])
        while True:
            refresh_soon()
            await changes.get()

    async def _say_inlet_lives(self) -> None:
        """So that no absence of a ping counts while none could be taken."""
        while True:
            await asyncio.to_thread(_say_inlet_lives)
            await asyncio.sleep(ALIVE_SECONDS)


application = Application()
