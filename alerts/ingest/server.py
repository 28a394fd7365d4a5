"""The event inlets as plain ASGI, past Django's middleware. Contract: docs/api.md.

A request is matched to its integration, bounded, read whole and handed to the intake.
The answer is sent after the commit. Most requests are taken by `protocol.py` before
they come this far.
"""

import asyncio
from datetime import UTC, datetime
from functools import partial
from time import monotonic

from alerts.formats import opsgenie, pagerduty
from alerts.formats.base import ParseContext
from alerts.ingest import dialects, pings, tracking
from alerts.ingest.committer import Committer, StoreUnavailableError
from alerts.ingest.dialects import Own, dialect_of
from alerts.ingest.inlets import Inlet, Inlets
from alerts.ingest.intake import Delivery, Intake, not_stored
from alerts.ingest.requests import (
    JSON,
    Answer,
    RefusedError,
    encode,
    headers_of,
    read_json,
    read_plain,
)
from core.asgi import BodyTooLargeError, Receive, Scope, Send, respond
from core.errors import DomainError, InvalidInputError

ASK_AGAIN_SECONDS = 0.2
BODY_SECONDS = 60.0


class IngestServer:
    """The ASGI application behind /in/, /v2/… and /api/v1/lineage."""

    def __init__(
        self,
        inlets: Inlets,
        committer: Committer,
        *,
        body_seconds: float = BODY_SECONDS,
    ) -> None:
        self.inlets = inlets
        self.committer = committer
        self.intake = Intake(inlets, committer)
        self.body_seconds = body_seconds
        self.asking: asyncio.Task[None] | None = None
        self.asked_at = 0.0

    @staticmethod
    def serves(path: str) -> bool:
        return dialects.serves(path)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            answer = await self._answer(scope, receive)
        except RefusedError as refused:
            answer = refused.answer
        except BodyTooLargeError:
            body = encode({"detail": "The body is larger than this address takes."})
            answer = Answer(413, body, [*JSON, (b"connection", b"close")])
        except ConnectionResetError:
            return
        except StoreUnavailableError as error:
            answer = not_stored(error)
        await respond(send, answer.status, answer.body, answer.headers)

    async def _answer(self, scope: Scope, receive: Receive) -> Answer:
        if ping_address := pings.address_of(scope["path"]):
            return await self._ping(ping_address, scope, receive)
        if scope["method"] == "GET" and (asked := tracking.request_of(scope["path"])):
            return await self._status_of(asked, scope)
        dialect = dialect_of(scope["path"].rstrip("/"))
        if dialect is None:
            raise RefusedError(404, {"detail": "Not found."})
        if scope["method"] != "POST":
            raise RefusedError(
                405, {"detail": "Use POST."}, [*JSON, (b"allow", b"POST")]
            )
        delivery = await self._delivery(dialect, scope, receive)
        told: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        self.intake.take(delivery, partial(_tell, told))
        return await told

    async def _ping(
        self, address: pings.Address, scope: Scope, receive: Receive
    ) -> Answer:
        """Take a sign of life. Its address is all that says who sent it."""
        if scope["method"] not in ("GET", "HEAD", "POST"):
            allowed = (b"allow", b"GET, HEAD, POST")
            raise RefusedError(405, {"detail": "Use GET or POST."}, [*JSON, allowed])
        started, headers = monotonic(), headers_of(scope["headers"])
        dialect = dialects.Own()
        inlet = await self._inlet(dialect, address.key, started)
        self.intake.take_token(inlet)
        body = await self._body(receive, headers, dialects.MAX_BODY)
        try:
            ping = pings.read_ping(address, scope["query_string"], body)
            return Answer(200, encode(await pings.store_ping(inlet.id, ping)), JSON)
        except InvalidInputError as error:
            raise dialect.refused(error, monotonic() - started) from error
        except DomainError as error:
            raise RefusedError(409, {"detail": str(error)}) from error

    async def _status_of(self, asked: str, scope: Scope) -> Answer:
        """Say what became of a request; only whoever made it may ask."""
        started, dialect = monotonic(), dialects.Opsgenie()
        key = dialect.key("", headers_of(scope["headers"]))
        inlet = await self._inlet(dialect, key, started)
        answer = await tracking.status_of(inlet.id, asked)
        if answer is None:
            unknown = opsgenie.unknown_request_answer(monotonic() - started)
            raise RefusedError(404, unknown)
        return Answer(200, encode(answer), JSON)

    async def _delivery(self, dialect: Own, scope: Scope, receive: Receive) -> Delivery:
        """Read the request and find its integration, which must be below its rate."""
        started, headers = monotonic(), headers_of(scope["headers"])
        path, payload = scope["path"].rstrip("/"), None
        if dialect.key_is_in_body:
            body = await self._body(receive, headers, dialect.limit(""))
            payload, inlet = await self._keyed_by_body(dialect, body, started)
            self.intake.take_token(inlet)
        else:
            inlet = await self._inlet(dialect, dialect.key(path, headers), started)
            self.intake.take_token(inlet)
            body = await self._body(receive, headers, dialect.limit(inlet.format))
        context = ParseContext(datetime.now(UTC), headers)
        return Delivery(dialect, inlet, path, body, payload, context, started)

    async def _body(
        self, receive: Receive, headers: dict[str, str], limit: int
    ) -> bytes:
        return await read_plain(
            receive, headers, limit=limit, seconds=self.body_seconds
        )

    async def _keyed_by_body(
        self, dialect: Own, body: bytes, started: float
    ) -> tuple[object, Inlet]:
        try:
            payload = read_json(body)
            key = pagerduty.routing_key(payload)
        except InvalidInputError as error:
            raise dialect.refused(error, monotonic() - started) from error
        return payload, await self._inlet(dialect, key, started)

    async def _inlet(self, dialect: Own, key: str, started: float) -> Inlet:
        if self.inlets.needs_refresh():
            await self.committer.refresh_inlets()
        inlet = self.inlets.find(key)
        if inlet is None and key:
            if self.asking is None:
                self.asking = asyncio.create_task(self._ask_again())
            await asyncio.shield(self.asking)
            inlet = self.inlets.find(key)
        if inlet is None:
            raise dialect.unknown_key(monotonic() - started)
        return inlet

    async def _ask_again(self) -> None:
        """Read the integrations again, as an unknown key may be a new one.

        Five times a second at most, however many guess: all that wait share it.
        """
        await asyncio.sleep(self.asked_at + ASK_AGAIN_SECONDS - monotonic())
        self.asked_at = monotonic()
        self.asking = None  # who comes from here on may know of a newer key
        await self.committer.refresh_inlets()


def _tell(told: "asyncio.Future[Answer]", answer: Answer) -> None:
    if not told.done():  # the server may have given the request up
        told.set_result(answer)
