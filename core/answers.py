"""Keeping answers that many ask for at once, in front of the pages.

A badge on a busy dashboard, or a pipeline that asks in every task, costs the work of
one page for all who ask within a few seconds. What is kept is forgotten as soon as
something changes, and after KEPT_SECONDS in any case.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from time import monotonic
from typing import Any

from core.asgi import Receive, Scope, Send

KEPT_SECONDS = 5.0
# In a storm of changes, what is kept is forgotten twice a second, not at each.
REST_SECONDS = 0.5
MOST_KEPT = 20_000
KEPT_STATUSES = (200, 302, 304)

Page = Callable[[Scope, Receive, Send], Any]
Key = tuple[str, bytes, bytes, bytes]


@dataclass(frozen=True, slots=True)
class Kept:
    start: dict[str, Any]
    body: dict[str, Any]
    until: float

    @property
    def status(self) -> int:
        return int(self.start["status"])


class KeptAnswers:
    """An ASGI application that asks `page` once for all who ask the same.

    Two askers are the same when path, query, `Authorization` and `If-None-Match` are.
    Nobody is answered by what another's session may see: a session is left out at
    first, and asked with only where a stranger is sent to sign in.
    """

    def __init__(self, page: Page) -> None:
        self.page = page
        self.kept: dict[Key, Kept] = {}
        self.asked: dict[Key, asyncio.Task[Kept]] = {}
        self.generation = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        key = _key(scope)
        kept = self.kept.get(key)
        if kept is None or kept.until < monotonic():
            kept = await self._ask(key, scope)
        if kept.status == 302 and _header(scope, b"cookie"):
            await self.page(scope, receive, send)
            return
        await send(kept.start)
        await send(kept.body)

    def forget(self) -> None:
        """Something has changed: keep nothing, nor what is being asked for now."""
        self.generation += 1
        self.kept.clear()
        self.asked.clear()

    async def forget_on(self, changes: "asyncio.Queue[str]") -> None:
        """Forget whenever something comes in `changes`, for ever."""
        while True:
            await changes.get()
            while not changes.empty():
                changes.get_nowait()
            self.forget()
            await asyncio.sleep(REST_SECONDS)

    async def _ask(self, key: Key, scope: Scope) -> Kept:
        asked = self.asked.get(key)
        if asked is None:
            asked = asyncio.create_task(self._load(key, scope))
            self.asked[key] = asked
        # Shielded: whoever leaves does not take the answer from the others.
        return await asyncio.shield(asked)

    async def _load(self, key: Key, scope: Scope) -> Kept:
        generation = self.generation
        try:
            kept = await self._fetch(scope)
        finally:
            if generation == self.generation:
                self.asked.pop(key, None)
        if generation == self.generation and kept.status in KEPT_STATUSES:
            if len(self.kept) >= MOST_KEPT:
                self.kept.clear()
            self.kept[key] = kept
        return kept

    async def _fetch(self, scope: Scope) -> Kept:
        sent: list[Any] = []

        async def receive() -> dict[str, Any]:
            return {"type": "http.request", "body": b"", "more_body": False}

        async def send(message: Any) -> None:
            sent.append(message)

        headers = [(n, v) for n, v in scope["headers"] if n != b"cookie"]
        await self.page({**scope, "headers": headers}, receive, send)
        start, body = sent
        return Kept(start, body, monotonic() + KEPT_SECONDS)


def _key(scope: Scope) -> Key:
    authorization = seen = b""
    for name, value in scope["headers"]:
        if name == b"authorization":
            authorization = value
        elif name == b"if-none-match":
            seen = value
    return scope["path"], scope["query_string"], authorization, seen


def _header(scope: Scope, wanted: bytes) -> bytes:
    return next((value for name, value in scope["headers"] if name == wanted), b"")
