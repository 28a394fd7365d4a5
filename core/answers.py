"""Keeping answers that many ask for at once, in front of the pages.

A badge on a busy dashboard, or a pipeline that asks in every task, costs the work of
one page for all who ask within a few seconds. What is kept is forgotten as soon as
something changes, and after KEPT_SECONDS in any case.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import blake2b
from time import monotonic
from typing import Any

from core.asgi import Receive, Scope, Send, read_body

KEPT_SECONDS = 5.0
# In a storm of changes, what is kept is forgotten twice a second, not at each.
REST_SECONDS = 0.5
MOST_KEPT = 20_000
MOST_KEPT_BYTES = 64 * 2**20
LONGEST_QUESTION = 256 * 2**10
KEPT_STATUSES = (200, 302, 304)

Page = Callable[[Scope, Receive, Send], Any]
Key = tuple[bytes, ...]


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

    Two askers are the same when method, path, query, body, `Authorization`,
    `Content-Type` and `If-None-Match` are.
    Nobody is answered by what another's session may see: a session is left out at
    first, and asked with only where a stranger is sent to sign in.
    """

    def __init__(self, page: Page) -> None:
        self.page = page
        self.kept: dict[Key, Kept] = {}
        self.asked: dict[Key, asyncio.Task[Kept]] = {}
        self.generation = 0
        self.kept_bytes = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            body = await self._body(scope, receive)
        except ConnectionResetError:
            return
        key = _key(scope, body)
        kept = self.kept.get(key)
        if kept is None or kept.until < monotonic():
            kept = await self._ask(key, scope, body)
        if kept.status == 302 and _header(scope, b"cookie"):
            await self.page(scope, receive, send)
            return
        await send(kept.start)
        await send(kept.body)

    @staticmethod
    async def _body(scope: Scope, receive: Receive) -> bytes:
        if scope["method"] != "POST":
            return b""
        return await read_body(receive, limit=LONGEST_QUESTION)

    def forget(self) -> None:
        """Something has changed: keep nothing, nor what is being asked for now."""
        self.generation += 1
        self._clear()
        self.asked.clear()

    def _clear(self) -> None:
        self.kept.clear()
        self.kept_bytes = 0

    async def forget_on(self, changes: "asyncio.Queue[str]") -> None:
        """Forget whenever something comes in `changes`, for ever."""
        while True:
            await changes.get()
            while not changes.empty():
                changes.get_nowait()
            self.forget()
            await asyncio.sleep(REST_SECONDS)

    async def _ask(self, key: Key, scope: Scope, body: bytes) -> Kept:
        asked = self.asked.get(key)
        if asked is None:
            asked = asyncio.create_task(self._load(key, scope, body))
            self.asked[key] = asked
        # Shielded: whoever leaves does not take the answer from the others.
        return await asyncio.shield(asked)

    async def _load(self, key: Key, scope: Scope, body: bytes) -> Kept:
        generation = self.generation
        try:
            kept = await self._fetch(scope, body)
        finally:
            if generation == self.generation:
                self.asked.pop(key, None)
        if generation == self.generation and kept.status in KEPT_STATUSES:
            if len(self.kept) >= MOST_KEPT or self.kept_bytes > MOST_KEPT_BYTES:
                self._clear()
            self.kept[key] = kept
            self.kept_bytes += len(kept.body["body"])
        return kept

    async def _fetch(self, scope: Scope, asked: bytes) -> Kept:
        sent: list[Any] = []

        async def receive() -> dict[str, Any]:
            return {"type": "http.request", "body": asked, "more_body": False}

        async def send(message: Any) -> None:
            sent.append(message)

        headers = [(n, v) for n, v in scope["headers"] if n != b"cookie"]
        await self.page({**scope, "headers": headers}, receive, send)
        start, body = sent
        return Kept(start, body, monotonic() + KEPT_SECONDS)


def may_be_kept(scope: Scope) -> bool:
    """Whether it asks only: a GET, or a POST that says how long it is, not very long,
    and that is not to be remembered by its sender's key."""
    if scope["method"] == "GET":
        return True
    length = _header(scope, b"content-length")
    is_short = length.isdigit() and int(length) <= LONGEST_QUESTION
    is_one_of_many = _header(scope, b"idempotency-key")
    return scope["method"] == "POST" and is_short and not is_one_of_many


def _key(scope: Scope, body: bytes) -> Key:
    told = (b"authorization", b"content-type", b"if-none-match")
    return (
        scope["method"].encode(),
        scope["path"].encode(),
        scope["query_string"],
        blake2b(body, digest_size=16).digest() if body else b"",
        *(_header(scope, name) for name in told),
    )


def _header(scope: Scope, wanted: bytes) -> bytes:
    return next((value for name, value in scope["headers"] if name == wanted), b"")
