"""The event inlets: plain ASGI, past Django's middleware. Contract: docs/api.md.

A request is bounded, decoded, matched to its integration, parsed by its format and
handed to the committer. The answer is sent after the commit.
"""

import asyncio
import logging
import zlib
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from time import monotonic
from typing import Any

import msgspec

from alerts.formats import pagerduty
from alerts.formats.base import ParseContext, Parsed
from alerts.ingest.committer import Committer, StoreUnavailableError
from alerts.ingest.inlets import Inlet, Inlets
from alerts.ingest.reading import CHANGES_V2, EVENTS_V2, LINEAGE, parser_of
from alerts.ingest.writing import Message, Stored
from alerts.models import SEVERITY_OF_WORD
from catalog.importers.base import FoundLineage
from core.asgi import BodyTooLargeError, Receive, Scope, Send, read_body, respond
from core.errors import InvalidInputError

logger = logging.getLogger(__name__)

ASK_AGAIN_SECONDS = 0.2
MAX_BODY = 1 << 20
MAX_EVENTS_V2_BODY = 512 << 10
MAX_OPENLINEAGE_BODY = 8 << 20
MAX_DBT_BODY = 64 << 20
JSON = [(b"content-type", b"application/json")]

# What curl -d, the vendors' clients and scripts send JSON as. Anything else is 415.
JSON_TYPES = {
    "",
    "application/json",
    "text/json",
    "text/plain",
    "application/x-www-form-urlencoded",
    "application/octet-stream",
    "application/x-ndjson",
}

_decode = msgspec.json.Decoder().decode
_encode = msgspec.json.Encoder().encode


class RefusedError(Exception):
    """The request ends here with this status and body."""

    def __init__(
        self, status: int, body: object = None, headers: list[Any] | None = None
    ) -> None:
        super().__init__(str(body))
        self.status = status
        self.body = b"" if body is None else _encode(body)
        self.headers = headers if headers is not None else JSON


@dataclass(frozen=True, slots=True)
class Delivery:
    """A request that has been read and belongs to an integration."""

    inlet: Inlet
    path: str
    body: bytes
    payload: object
    context: ParseContext


class IngestServer:
    """The ASGI application behind /in/, /v2/… and /api/v1/lineage."""

    def __init__(self, inlets: Inlets, committer: Committer) -> None:
        self.inlets = inlets
        self.committer = committer
        self.asking: asyncio.Task[None] | None = None
        self.asked_at = 0.0

    @staticmethod
    def serves(path: str) -> bool:
        return path.startswith(("/in/", "/v2/")) or path.rstrip("/") in LINEAGE

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            status, body = await self._answer(scope, receive)
        except RefusedError as refused:
            await respond(send, refused.status, refused.body, refused.headers)
        except BodyTooLargeError:
            body = _encode({"detail": "The body is larger than this address takes."})
            await respond(send, 413, body, [*JSON, (b"connection", b"close")])
        except ConnectionResetError:
            return
        except StoreUnavailableError as error:
            logger.warning("a message was not stored: %s", error)
            body = _encode({"detail": "Not stored. Please send it again."})
            await respond(send, 503, body, [*JSON, (b"retry-after", b"1")])
        else:
            await respond(send, status, body, JSON)

    async def _answer(self, scope: Scope, receive: Receive) -> tuple[int, bytes]:
        if scope["method"] != "POST":
            raise RefusedError(
                405, {"detail": "Use POST."}, [*JSON, (b"allow", b"POST")]
            )
        path = scope["path"].rstrip("/")
        if path == EVENTS_V2:
            return await self._events_v2(scope, receive)
        if path == CHANGES_V2:
            return await self._changes_v2(scope, receive)
        if path in LINEAGE:
            return await self._lineage(scope, receive)
        if path.startswith("/in/"):
            return await self._own_format(scope, receive, path.split("/")[2])
        raise RefusedError(404, {"detail": "Not found."})

    async def _own_format(
        self, scope: Scope, receive: Receive, key: str
    ) -> tuple[int, bytes]:
        """POST /in/<key>: the integration's own format."""
        inlet = await self._inlet(key)
        if inlet is None:
            raise RefusedError(401, {"detail": "No integration has this key."})
        self._take_token(inlet)
        limit = MAX_BODY_OF.get(inlet.format, MAX_BODY)
        body, headers = await _read(scope, receive, limit=limit)
        delivery = await self._decoded(inlet, scope, body, headers)
        parsed = await self._parsed(delivery)
        stored = await self._store(delivery, parsed)
        return 202, _encode(_own_answer(parsed, stored))

    async def _events_v2(self, scope: Scope, receive: Receive) -> tuple[int, bytes]:
        delivery = await self._pagerduty(scope, receive)
        parsed = await self._parse_v2(delivery)
        await self._store(delivery, parsed)
        return 202, _encode(pagerduty.accepted_answer(parsed))

    async def _changes_v2(self, scope: Scope, receive: Receive) -> tuple[int, bytes]:
        delivery = await self._pagerduty(scope, receive)
        parsed = await self._parse_v2(delivery)
        await self._store(delivery, parsed)
        return 202, _encode(pagerduty.change_answer())

    async def _pagerduty(self, scope: Scope, receive: Receive) -> Delivery:
        """Read an Events v2 request, whose key stands in the body."""
        body, headers = await _read(scope, receive, limit=MAX_EVENTS_V2_BODY)
        try:
            payload = _json(body)
            inlet = await self._inlet(pagerduty.routing_key(payload))
            if inlet is None:
                raise InvalidInputError({"routing_key": ["Invalid routing key"]})
        except InvalidInputError as error:
            raise RefusedError(400, pagerduty.refused_answer(error)) from error
        self._take_token(inlet)
        return Delivery(inlet, scope["path"], body, payload, _context(headers))

    async def _parse_v2(self, delivery: Delivery) -> Parsed:
        try:
            return _parse(delivery)
        except InvalidInputError as error:
            await self._keep_problem(delivery, str(error))
            raise RefusedError(400, pagerduty.refused_answer(error)) from error

    async def _parsed(self, delivery: Delivery) -> Parsed:
        try:
            return _parse(delivery)
        except InvalidInputError as error:
            await self._keep_problem(delivery, str(error))
            raise RefusedError(400, error.errors) from error

    async def _lineage(self, scope: Scope, receive: Receive) -> tuple[int, bytes]:
        """POST /api/v1/lineage: OpenLineage, the key as bearer token."""
        _, headers = _headers(scope)
        scheme, _, key = headers.get("authorization", "").partition(" ")
        inlet = await self._inlet(key.strip()) if scheme.lower() == "bearer" else None
        if inlet is None:
            raise RefusedError(
                401,
                {"detail": "Send an integration's key: Authorization: Bearer <key>."},
                [*JSON, (b"www-authenticate", b"Bearer")],
            )
        self._take_token(inlet)
        body, headers = await _read(scope, receive, limit=MAX_OPENLINEAGE_BODY)
        delivery = await self._decoded(inlet, scope, body, headers)
        parsed = await self._parsed(delivery)
        stored = await self._store(delivery, parsed)
        return 201, _encode(_own_answer(parsed, stored))

    async def _inlet(self, key: str) -> Inlet | None:
        if self.inlets.needs_refresh():
            await self.committer.refresh_inlets()
        inlet = self.inlets.find(key)
        if inlet is None:
            if self.asking is None:
                self.asking = asyncio.create_task(self._ask_again())
            await asyncio.shield(self.asking)
            inlet = self.inlets.find(key)
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

    async def _decoded(
        self, inlet: Inlet, scope: Scope, body: bytes, headers: dict[str, str]
    ) -> Delivery:
        delivery = Delivery(inlet, scope["path"], body, None, _context(headers))
        try:
            return replace(delivery, payload=_json(body))
        except InvalidInputError as error:
            detail = error.errors["body"][0]
            await self._keep_problem(delivery, detail)
            raise RefusedError(400, {"detail": detail}) from error

    async def _store(self, delivery: Delivery, parsed: Parsed) -> list[Stored]:
        inlet = delivery.inlet
        return await self.committer.submit(
            Message(
                integration_id=inlet.id,
                received_at=delivery.context.received_at,
                path=_masked(delivery.path),
                body=delivery.body,
                problem=_rejections(parsed),
                alerts=tuple(
                    (
                        alert,
                        SEVERITY_OF_WORD[alert.severity].value
                        if alert.severity
                        else inlet.default_severity,
                    )
                    for alert in parsed.alerts
                ),
                has_catalog_facts=bool(
                    parsed.changes or parsed.runs or parsed.lineage != FoundLineage()
                ),
            )
        )

    async def _keep_problem(self, delivery: Delivery, problem: str) -> None:
        """Keep what was not understood, so that it can be looked at on the page."""
        self.inlets.refused[delivery.inlet.id, "unparsed"] += 1
        await self.committer.submit(
            Message(
                integration_id=delivery.inlet.id,
                received_at=delivery.context.received_at,
                path=_masked(delivery.path),
                body=delivery.body,
                problem=problem.replace("\x00", "")[:2000],
            )
        )


MAX_BODY_OF = {
    "openlineage": MAX_OPENLINEAGE_BODY,
    "dbt": MAX_DBT_BODY,
    "pagerduty": MAX_EVENTS_V2_BODY,
}


def _headers(scope: Scope) -> tuple[str, dict[str, str]]:
    headers = {
        name.decode("latin-1").lower(): value.decode("latin-1")
        for name, value in scope["headers"]
    }
    content_type = headers.get("content-type", "").partition(";")[0].strip().lower()
    return content_type, headers


async def _read(
    scope: Scope, receive: Receive, *, limit: int
) -> tuple[bytes, dict[str, str]]:
    """The body, unpacked, and the headers. `limit` holds before and after unpacking."""
    content_type, headers = _headers(scope)
    if content_type not in JSON_TYPES and not content_type.endswith("+json"):
        raise RefusedError(415, {"detail": "Send JSON: application/json."})
    if headers.get("content-length", "0").isdigit() and (
        int(headers.get("content-length", "0")) > limit
    ):
        raise BodyTooLargeError
    body = await read_body(receive, limit=limit)
    encoding = headers.get("content-encoding", "identity").strip().lower()
    if encoding == "gzip":
        return _unzipped(body, limit=limit), headers
    if encoding not in ("identity", ""):
        raise RefusedError(415, {"detail": "Only gzip is taken as Content-Encoding."})
    return body, headers


def _unzipped(body: bytes, *, limit: int) -> bytes:
    """Unpack gzip without letting a small body grow past the limit."""
    unpacker = zlib.decompressobj(wbits=16 + zlib.MAX_WBITS)
    try:
        plain = unpacker.decompress(body, limit + 1)
    except zlib.error as error:
        raise RefusedError(400, {"detail": "The body is not gzip."}) from error
    if len(plain) > limit:
        raise BodyTooLargeError
    return plain


def _json(body: bytes) -> object:
    """Decode; raises InvalidInputError for whatever is not JSON."""
    try:
        return _decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise InvalidInputError(
            {"body": [f"The body is not JSON: {error}."]}
        ) from error


def _parse(delivery: Delivery) -> Parsed:
    parse = parser_of(delivery.path, delivery.inlet.format)
    return parse(delivery.payload, delivery.context)


def _context(headers: dict[str, str]) -> ParseContext:
    return ParseContext(received_at=datetime.now(UTC), headers=headers)


def _masked(path: str) -> str:
    """The path without the key, which is a secret."""
    return "/in/…" if path.startswith("/in/") else path[:200]


def _rejections(parsed: Parsed) -> str:
    return "; ".join(
        f"item {one.index}: "
        + ", ".join(f"{name}: {' '.join(texts)}" for name, texts in one.errors.items())
        for one in parsed.rejected[:20]
    )[:2000]


def _own_answer(parsed: Parsed, stored: list[Stored]) -> dict[str, object]:
    answer: dict[str, object] = {
        "accepted": len(parsed.alerts),
        "alerts": [
            {
                "id": one.id,
                "dedup_key": alert.dedup_key,
                "status": alert.status,
                "new": one.is_new,
            }
            for alert, one in zip(parsed.alerts, stored, strict=True)
        ],
    }
    if parsed.rejected:
        answer["rejected"] = [
            {"index": one.index, "errors": one.errors} for one in parsed.rejected
        ]
    return answer
