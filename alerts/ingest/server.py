"""The event inlets: plain ASGI, past Django's middleware. Contract: docs/api.md.

A request is matched to its integration, bounded, decoded, parsed by its format and
handed to the committer. The answer is sent after the commit.
"""

import asyncio
import logging
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from time import monotonic

from alerts.formats import opsgenie, pagerduty
from alerts.formats.base import ParseContext, Parsed
from alerts.ingest import dialects, pings, tracking
from alerts.ingest.committer import Committer, PoisonousError, StoreUnavailableError
from alerts.ingest.dialects import Outcome, Own, dialect_of
from alerts.ingest.inlets import Inlet, Inlets
from alerts.ingest.messages import Message, Stored, message_of
from alerts.ingest.queues import QueueFullError
from alerts.ingest.reading import parser_of
from alerts.ingest.requests import (
    JSON,
    TEXT,
    RefusedError,
    encode,
    headers_of,
    read_json,
    read_plain,
    too_deep,
)
from core.asgi import BodyTooLargeError, Receive, Scope, Send, respond
from core.errors import DomainError, InvalidInputError
from core.text import clean

logger = logging.getLogger(__name__)

ASK_AGAIN_SECONDS = 0.2
BODY_SECONDS = 60.0
PATH_LENGTH = 200
PROBLEM_LENGTH = 2000


@dataclass(frozen=True, slots=True)
class Delivery:
    """A request that has been read and belongs to an integration."""

    dialect: Own
    inlet: Inlet
    path: str
    body: bytes
    payload: object
    context: ParseContext
    started: float

    @property
    def seconds(self) -> float:
        """How long it has taken so far."""
        return monotonic() - self.started


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
        self.body_seconds = body_seconds
        self.asking: asyncio.Task[None] | None = None
        self.asked_at = 0.0

    @staticmethod
    def serves(path: str) -> bool:
        return dialects.serves(path)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            status, answer = await self._answer(scope, receive)
        except RefusedError as refused:
            await respond(send, refused.status, refused.body, refused.headers)
        except BodyTooLargeError:
            body = encode({"detail": "The body is larger than this address takes."})
            await respond(send, 413, body, [*JSON, (b"connection", b"close")])
        except ConnectionResetError:
            return
        except StoreUnavailableError as error:
            logger.warning("a message was not stored: %s", error)
            body = encode({"detail": "Not stored. Please send it again."})
            await respond(send, 503, body, [*JSON, (b"retry-after", b"1")])
        else:
            if isinstance(answer, bytes):
                await respond(send, status, answer, TEXT)
                return
            await respond(send, status, encode(answer), JSON)

    async def _answer(self, scope: Scope, receive: Receive) -> tuple[int, object]:
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
        parsed = await self._parsed(delivery)
        try:
            stored = await self._store(delivery, parsed)
        except PoisonousError as error:
            raise dialect.refused(error.reason, delivery.seconds) from error
        return dialect.accepted(Outcome(parsed, stored, delivery.seconds))

    async def _ping(
        self, address: pings.Address, scope: Scope, receive: Receive
    ) -> tuple[int, object]:
        """Take a sign of life. Its address is all that says who sent it."""
        if scope["method"] not in ("GET", "HEAD", "POST"):
            allowed = (b"allow", b"GET, HEAD, POST")
            raise RefusedError(405, {"detail": "Use GET or POST."}, [*JSON, allowed])
        started, headers, dialect = monotonic(), headers_of(scope), dialects.Own()
        inlet = await self._inlet(dialect, address.key, started)
        self._take_token(inlet)
        body = await self._body(receive, headers, dialects.MAX_BODY)
        try:
            ping = pings.read_ping(address, scope["query_string"], body)
            return 200, await pings.store_ping(inlet.id, ping)
        except InvalidInputError as error:
            raise dialect.refused(error, monotonic() - started) from error
        except DomainError as error:
            raise RefusedError(409, {"detail": str(error)}) from error

    async def _status_of(self, asked: str, scope: Scope) -> tuple[int, object]:
        """Say what became of a request; only whoever made it may ask."""
        started, dialect = monotonic(), dialects.Opsgenie()
        key = dialect.key("", headers_of(scope))
        inlet = await self._inlet(dialect, key, started)
        answer = await tracking.status_of(inlet.id, asked)
        if answer is None:
            unknown = opsgenie.unknown_request_answer(monotonic() - started)
            raise RefusedError(404, unknown)
        return 200, answer

    async def _delivery(self, dialect: Own, scope: Scope, receive: Receive) -> Delivery:
        """Read the request and find its integration, which must be below its rate."""
        started, headers = monotonic(), headers_of(scope)
        path = scope["path"].rstrip("/")
        if dialect.key_is_in_body:
            body = await self._body(receive, headers, dialect.limit(""))
            payload, inlet = await self._keyed_by_body(dialect, body, started)
            self._take_token(inlet)
            context = ParseContext(received_at=datetime.now(UTC), headers=headers)
            delivery = Delivery(dialect, inlet, path, body, payload, context, started)
            self._check_signature(delivery)
            return delivery
        inlet = await self._inlet(dialect, dialect.key(path, headers), started)
        self._take_token(inlet)
        body = await self._body(receive, headers, dialect.limit(inlet.format))
        context = ParseContext(received_at=datetime.now(UTC), headers=headers)
        delivery = Delivery(dialect, inlet, path, body, {}, context, started)
        self._check_signature(delivery)
        if dialect.may_be_empty and not body:
            return delivery
        try:
            return replace(delivery, payload=dialect.payload(body))
        except InvalidInputError as error:
            raise await self._refused(delivery, error) from error

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

    def _take_token(self, inlet: Inlet) -> None:
        wait = inlet.bucket.take(now=monotonic())
        if wait > 0:
            self.inlets.refused[inlet.id, "rate"] += 1
            raise RefusedError(
                429, None, [(b"retry-after", b"%d" % max(1, round(wait + 0.5)))]
            )

    def _check_signature(self, delivery: Delivery) -> None:
        """A message nobody vouches for is counted and not kept."""
        guard = delivery.inlet.guard
        problem = guard and guard.problem(delivery.body, delivery.context.headers)
        if problem:
            self.inlets.refused[delivery.inlet.id, "unsigned"] += 1
            raise RefusedError(401, {"detail": problem})

    async def _parsed(self, delivery: Delivery) -> Parsed:
        parse = parser_of(delivery.path, delivery.inlet.format)
        if delivery.inlet.mapped and dialects.is_own(delivery.path):
            parse = delivery.inlet.mapped
        try:
            return parse(delivery.payload, delivery.context)
        except InvalidInputError as error:
            raise await self._refused(delivery, error) from error
        except RecursionError as error:
            raise await self._refused(delivery, too_deep()) from error

    async def _store(self, delivery: Delivery, parsed: Parsed) -> list[Stored]:
        message = message_of(
            parsed,
            integration_id=delivery.inlet.id,
            default_severity=delivery.inlet.default_severity,
            received_at=delivery.context.received_at,
            path=_masked(delivery.path),
            body=delivery.body,
        )
        return await self._submit(message)

    async def _submit(self, message: Message) -> list[Stored]:
        """Have the message committed, unless too much of its sender waits already."""
        try:
            return await self.committer.submit(message)
        except QueueFullError as error:
            self.inlets.refused[message.integration_id, "busy"] += 1
            raise RefusedError(429, None, [(b"retry-after", b"1")]) from error

    async def _refused(
        self, delivery: Delivery, error: InvalidInputError
    ) -> RefusedError:
        """Keep what was not understood, so that it can be looked at on the page."""
        self.inlets.refused[delivery.inlet.id, "unparsed"] += 1
        await self._submit(
            Message(
                integration_id=delivery.inlet.id,
                received_at=delivery.context.received_at,
                path=_masked(delivery.path),
                body=delivery.body,
                problem=clean(_in_words(error), PROBLEM_LENGTH),
            )
        )
        return delivery.dialect.refused(error, delivery.seconds)


def _in_words(error: InvalidInputError) -> str:
    """The errors as one text; what concerns the whole message needs no field."""
    return " ".join(
        " ".join(found) if field == "detail" else f"{field}: {' '.join(found)}"
        for field, found in error.errors.items()
    )


def _masked(path: str) -> str:
    """The path without the key, which is a secret."""
    return "/in/…" if path.startswith("/in/") else clean(path, PATH_LENGTH)
