"""Takes messages whose sender is known: checks, reads and queues them.

It waits for nothing. Whoever sent a message hears its answer by a callback, after the
commit, so the same code serves requests through ASGI and those answered below it.
"""

import logging
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from functools import partial
from time import monotonic
from typing import NamedTuple

from alerts.formats import pagerduty
from alerts.formats.base import ParseContext, Parsed
from alerts.ingest import dialects
from alerts.ingest.committer import Committer, PoisonousError
from alerts.ingest.dialects import Outcome, Own, dialect_of
from alerts.ingest.inlets import Inlet, Inlets
from alerts.ingest.messages import Message, message_of
from alerts.ingest.queues import QueueFullError, Settled
from alerts.ingest.reading import parser_of
from alerts.ingest.requests import (
    JSON,
    TEXT,
    Answer,
    RefusedError,
    encode,
    headers_of,
    is_plain_json,
    read_json,
    too_deep,
)
from core.errors import InvalidInputError
from core.text import clean

logger = logging.getLogger(__name__)

PATH_LENGTH = 200
PROBLEM_LENGTH = 2000

Tell = Callable[[Answer], None]


class Delivery(NamedTuple):
    """A request that has been read and belongs to an integration.

    `payload` is None until its body has been decoded. A tuple, as there is one of
    each request.
    """

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


class Intake:
    """What happens to a request once it has been read."""

    def __init__(self, inlets: Inlets, committer: Committer) -> None:
        self.inlets = inlets
        self.committer = committer

    def take_whole(
        self,
        path: str,
        headers: Iterable[tuple[bytes, bytes]],
        body: bytes,
        tell: Tell,
    ) -> bool:
        """Take a POST whose body is there, if all that it needs is known already.

        False when it is not, and then nothing has been done: the integrations must be
        read again, the key is unknown, the body is packed, too large or no JSON.
        """
        dialect = dialect_of(path)
        if dialect is None or self.inlets.needs_refresh():
            return False
        started, named = monotonic(), headers_of(headers)
        if not is_plain_json(named):
            return False
        payload: object = None
        if dialect.key_is_in_body:
            try:
                payload = read_json(body)
                key = pagerduty.routing_key(payload)
            except InvalidInputError:
                return False
        else:
            key = dialect.key(path, named)
        inlet = self.inlets.find(key)
        if inlet is None or len(body) > dialect.limit(inlet.format):
            return False
        context = ParseContext(datetime.now(UTC), named)
        try:
            self.take_token(inlet)
            self.take(
                Delivery(dialect, inlet, path, body, payload, context, started), tell
            )
        except RefusedError as refused:
            tell(refused.answer)
        return True

    def take_token(self, inlet: Inlet) -> None:
        """Count one event more. Raises RefusedError past the integration's rate."""
        wait = inlet.bucket.take(now=monotonic())
        if wait > 0:
            self.inlets.refused[inlet.id, "rate"] += 1
            retry_after = b"%d" % max(1, round(wait + 0.5))
            raise RefusedError(429, None, [(b"retry-after", retry_after)])

    def take(self, delivery: Delivery, tell: Tell) -> None:
        """Queue the message; `tell` hears the answer once it is committed.

        Raises RefusedError for what is refused at once and not kept.
        """
        self._check_signature(delivery)
        try:
            parsed = self._parse(delivery)
        except InvalidInputError as error:
            self._keep_what_was_not_understood(delivery, error, tell)
            return
        message = message_of(
            parsed,
            integration_id=delivery.inlet.id,
            default_severity=delivery.inlet.default_severity,
            received_at=delivery.context.received_at,
            path=_masked(delivery.path),
            body=delivery.body,
        )
        self._queue(message, partial(_answer_taken, delivery, parsed, tell))

    def _check_signature(self, delivery: Delivery) -> None:
        """A message nobody vouches for is counted and not kept."""
        guard = delivery.inlet.guard
        problem = guard and guard.problem(delivery.body, delivery.context.headers)
        if problem:
            self.inlets.refused[delivery.inlet.id, "unsigned"] += 1
            raise RefusedError(401, {"detail": problem})

    @staticmethod
    def _parse(delivery: Delivery) -> Parsed:
        """Raises InvalidInputError."""
        dialect, payload = delivery.dialect, delivery.payload
        if payload is None:
            is_empty = dialect.may_be_empty and not delivery.body
            payload = {} if is_empty else dialect.payload(delivery.body)
        parse = parser_of(delivery.path, delivery.inlet.format)
        if delivery.inlet.mapped and dialects.is_own(delivery.path):
            parse = delivery.inlet.mapped
        try:
            return parse(payload, delivery.context)
        except RecursionError as error:
            raise too_deep() from error

    def _queue(self, message: Message, tell: Settled) -> None:
        """Have it committed, unless too much of its sender waits already."""
        try:
            self.committer.submit(message, tell)
        except QueueFullError as error:
            self.inlets.refused[message.integration_id, "busy"] += 1
            raise RefusedError(429, None, [(b"retry-after", b"1")]) from error

    def _keep_what_was_not_understood(
        self, delivery: Delivery, error: InvalidInputError, tell: Tell
    ) -> None:
        """So that it can be looked at on the integration's page."""
        self.inlets.refused[delivery.inlet.id, "unparsed"] += 1
        message = Message(
            integration_id=delivery.inlet.id,
            received_at=delivery.context.received_at,
            path=_masked(delivery.path),
            body=delivery.body,
            problem=clean(_in_words(error), PROBLEM_LENGTH),
        )
        self._queue(message, partial(_answer_refused, delivery, error, tell))


def _answer_taken(
    delivery: Delivery, parsed: Parsed, tell: Tell, outcome: object
) -> None:
    if isinstance(outcome, PoisonousError):
        _answer_refused(delivery, outcome.reason, tell, None)
    elif isinstance(outcome, Exception):
        tell(not_stored(outcome))
    else:
        assert isinstance(outcome, list)
        status, said = delivery.dialect.accepted(
            Outcome(parsed, outcome, delivery.seconds)
        )
        if isinstance(said, bytes):
            tell(Answer(status, said, TEXT))
        else:
            tell(Answer(status, encode(said), JSON))


def _answer_refused(
    delivery: Delivery, error: InvalidInputError, tell: Tell, outcome: object
) -> None:
    if isinstance(outcome, Exception) and not isinstance(outcome, PoisonousError):
        tell(not_stored(outcome))
    else:
        tell(delivery.dialect.refused(error, delivery.seconds).answer)


def not_stored(why: Exception) -> Answer:
    """The answer when nothing could be committed: send it again."""
    logger.warning("a message was not stored: %s", why)
    body = encode({"detail": "Not stored. Please send it again."})
    return Answer(503, body, [*JSON, (b"retry-after", b"1")])


def _in_words(error: InvalidInputError) -> str:
    """The errors as one text; what concerns the whole message needs no field."""
    return " ".join(
        " ".join(found) if field == "detail" else f"{field}: {' '.join(found)}"
        for field, found in error.errors.items()
    )


def _masked(path: str) -> str:
    """The path without the key, which is a secret."""
    return "/in/…" if path.startswith("/in/") else clean(path, PATH_LENGTH)
