"""Messages that wait for the next commit: a bounded queue for each integration.

Batches take one message of each integration in turn, so whoever floods its own queue
delays another's message by a batch at most.
"""

import logging
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

from alerts.ingest.messages import Message, Stored

logger = logging.getLogger(__name__)

BATCH_MESSAGES = 500
BATCH_ALERTS = 2_000
BATCH_BYTES = 8 << 20
# Of one integration. A single message may be larger than that.
MOST_MESSAGES = 2_000
MOST_BYTES = 32 << 20


class QueueFullError(Exception):
    """The integration sends faster than its messages can be stored."""


# Hears what became of each alert of a message, or why it was not stored.
Settled = Callable[[list[Stored] | Exception], None]


@dataclass(slots=True)
class Waiter:
    """A message, and whoever waits to hear what became of it."""

    message: Message
    tell: Settled
    is_settled: bool = False

    def settle(self, outcome: list[Stored] | Exception) -> None:
        """Tell it, once."""
        if self.is_settled:
            return
        self.is_settled = True
        try:
            self.tell(outcome)
        except Exception:
            # The others of the batch must hear theirs.
            logger.exception("a sender could not be told of its message")


@dataclass(slots=True)
class Lane:
    """What one integration has waiting."""

    waiting: deque[Waiter] = field(default_factory=deque)
    size: int = 0


class Queues:
    """The lanes that have something waiting, in the order they are served."""

    def __init__(
        self, *, most_messages: int = MOST_MESSAGES, most_bytes: int = MOST_BYTES
    ) -> None:
        self.most_messages = most_messages
        self.most_bytes = most_bytes
        self.lanes: dict[int, Lane] = {}

    def __bool__(self) -> bool:
        return bool(self.lanes)

    def put(self, waiter: Waiter) -> None:
        """Raises QueueFullError when its integration has too much waiting already."""
        message = waiter.message
        lane = self.lanes.get(message.integration_id)
        if lane is None:
            lane = self.lanes[message.integration_id] = Lane()
        elif (
            len(lane.waiting) >= self.most_messages
            or lane.size + len(message.body) > self.most_bytes
        ):
            raise QueueFullError
        lane.waiting.append(waiter)
        lane.size += len(message.body)

    def take(self) -> list[Waiter]:
        """Take a batch: one of each integration in turn, in the order they came."""
        batch: list[Waiter] = []
        alerts = size = 0
        while (
            self.lanes
            and len(batch) < BATCH_MESSAGES
            and alerts < BATCH_ALERTS
            and size < BATCH_BYTES
        ):
            integration_id, lane = next(iter(self.lanes.items()))
            if len(self.lanes) > 1:  # to the end of the line
                self.lanes[integration_id] = self.lanes.pop(integration_id)
            waiter = lane.waiting.popleft()
            lane.size -= len(waiter.message.body)
            if not lane.waiting:
                del self.lanes[integration_id]
            batch.append(waiter)
            alerts += len(waiter.message.alerts)
            size += len(waiter.message.body)
        return batch

    def take_all(self) -> list[Waiter]:
        everything = [w for lane in self.lanes.values() for w in lane.waiting]
        self.lanes.clear()
        return everything
