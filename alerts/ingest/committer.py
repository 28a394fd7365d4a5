"""Group commit: whatever has gathered is written in one transaction.

While one batch commits the next gathers, so no timer is needed: an idle inlet
commits at once, a busy one in batches. Each waiter is answered after the commit.
A batch that fails is tried again message by message, so that one poisonous message
fails alone. Messages waiting when the database goes away are refused: their senders
hear 503 and send again.
"""

import asyncio
import logging
from collections.abc import Callable
from contextlib import suppress
from time import monotonic
from typing import Any

import psycopg
from msgspec.structs import replace

from alerts.ingest import statements
from alerts.ingest.driver import Connection, Driver
from alerts.ingest.inlets import TAKEN, Inlets
from alerts.ingest.messages import Message
from alerts.ingest.queues import Queues, Settled, Waiter
from alerts.ingest.writing import write
from core.errors import InvalidInputError
from core.live import CHANNEL

logger = logging.getLogger(__name__)

RECONNECT_SECONDS = 0.5
# What can wait is done this often however many batches there are: open pages are told
# of new events, and the refused are counted.
REST_SECONDS = 0.25
IDS_AHEAD = 1_000


class StoreUnavailableError(Exception):
    """The message could not be committed; the sender should send it again."""

    def __init__(self, why: str = "the database is away") -> None:
        super().__init__(why)


class PoisonousError(Exception):
    """The message can never be committed as it is, which is a gap in its format.

    It is kept as one that was not understood.
    """

    def __init__(self) -> None:
        super().__init__("a message could not be stored as it is")
        self.reason = InvalidInputError(
            {"detail": ["This message cannot be stored as it is."]}
        )


class Committer:
    """Owns the inlet's one database connection. Lives in the event loop."""

    def __init__(
        self,
        connection_parameters: Callable[[], dict[str, Any]],
        inlets: Inlets,
        *,
        on_commit: Callable[[], None],
        queues: Queues | None = None,
    ) -> None:
        self.connection_parameters = connection_parameters
        self.inlets = inlets
        self.on_commit = on_commit
        self.queues = queues or Queues()
        self.has_work = asyncio.Event()
        self.refreshes: list[asyncio.Future[None]] = []
        self.event_ids: list[int] = []
        self.topics: set[str] = set()
        self.rested_at = 0.0

    def submit(self, message: Message, tell: Settled) -> None:
        """Have a message committed; `tell` hears what became of it, or
        StoreUnavailableError or PoisonousError.

        Raises QueueFullError when too much of its integration waits already.
        """
        self.queues.put(Waiter(message, tell))
        self.has_work.set()

    async def refresh_inlets(self) -> None:
        """Return once the integrations have been read again.

        Raises StoreUnavailableError when they could not be.
        """
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.refreshes.append(future)
        self.has_work.set()
        await future

    async def run(self) -> None:
        """Commit batches for ever, connecting again when the connection is lost."""
        while True:
            try:
                async with await psycopg.AsyncConnection.connect(
                    **self.connection_parameters(), autocommit=True
                ) as connection:
                    await self._serve(Driver(connection))
            except (psycopg.Error, OSError) as error:
                logger.warning("the inlet lost its database: %s", error)
            except Exception:
                # Without this task nothing would ever be taken again.
                logger.exception("the inlet's committer failed and starts again")
            self._refuse_waiting()
            await asyncio.sleep(RECONNECT_SECONDS)

    async def _serve(self, driver: Driver) -> None:
        while True:
            await self._refresh(driver.connection)
            await self._attend_to_the_rest(driver.connection)
            if not self.queues:
                await self._wait()
                continue
            batch = self.queues.take()
            try:
                await self._commit(driver, batch)
            finally:
                self._refuse(batch)

    async def _wait(self) -> None:
        """Wait for work, until what can wait is due at most."""
        self.has_work.clear()
        if self.refreshes:
            return
        is_due = self.topics or self.inlets.refused
        with suppress(TimeoutError):
            async with asyncio.timeout(REST_SECONDS if is_due else 1):
                await self.has_work.wait()

    async def _refresh(self, connection: Connection) -> None:
        if not (self.refreshes or self.inlets.needs_refresh()):
            return
        await self.inlets.refresh(connection)
        for future in self.refreshes:
            if not future.done():
                future.set_result(None)
        self.refreshes.clear()

    async def _attend_to_the_rest(self, connection: Connection) -> None:
        if monotonic() - self.rested_at < REST_SECONDS:
            return
        self.rested_at = monotonic()
        topics, self.topics = self.topics, set()
        notices = [(CHANNEL, topic) for topic in topics]
        notices += [(TAKEN, told) for told in self.inlets.told_taken()]
        if notices:
            channels, payloads = map(list, zip(*notices, strict=True))
            await connection.execute(statements.ANNOUNCE, [channels, payloads])
        if self.inlets.refused:
            counts = dict(self.inlets.refused)
            await connection.execute(statements.COUNT_REFUSED, _columns(counts))
            self.inlets.refused.subtract(counts)
            self.inlets.refused = +self.inlets.refused  # drops those that are 0

    async def _commit(self, driver: Driver, batch: list[Waiter]) -> None:
        messages = [waiter.message for waiter in batch]
        event_ids = await self._take_ids(driver.connection, len(batch))
        try:
            answers = await write(driver, messages, event_ids)
        except Exception as error:
            if driver.connection.closed:
                raise
            logger.warning("a batch of %d failed: %s", len(batch), error)
            for waiter, event_id in zip(batch, event_ids, strict=True):
                await self._commit_singly(driver, waiter, event_id)
        else:
            for waiter, answer in zip(batch, answers, strict=True):
                waiter.settle(answer)
        self.topics.update(f"integration:{m.integration_id}" for m in messages)
        self.on_commit()

    async def _take_ids(self, connection: Connection, count: int) -> list[int]:
        """Ids of events to be stored, got many at a time. Some may never be used."""
        if len(self.event_ids) < count:
            cursor = await connection.execute(
                statements.NEXT_EVENT_IDS, [count + IDS_AHEAD]
            )
            self.event_ids = [row[0] for row in await cursor.fetchall()]
        taken = self.event_ids[:count]
        del self.event_ids[:count]
        return taken

    async def _commit_singly(
        self, driver: Driver, waiter: Waiter, event_id: int
    ) -> None:
        """Commit one message of a batch that failed; one that cannot be is kept."""
        try:
            (answer,) = await write(driver, [waiter.message], [event_id])
        except Exception as error:
            if driver.connection.closed:
                raise
            if isinstance(error, psycopg.OperationalError):  # a deadlock, a full disk
                waiter.settle(StoreUnavailableError())
                return
            logger.exception("a message could not be stored")
            await self._keep_unstored(driver, waiter.message, event_id)
            waiter.settle(PoisonousError())
        else:
            waiter.settle(answer)

    @staticmethod
    async def _keep_unstored(driver: Driver, message: Message, event_id: int) -> None:
        problem = "It could not be stored."
        bare = replace(message, alerts=(), has_catalog_facts=False, problem=problem)
        with suppress(psycopg.Error):  # its integration was deleted meanwhile
            await write(driver, [bare], [event_id])

    def _refuse_waiting(self) -> None:
        self._refuse(self.queues.take_all())
        for future in self.refreshes:
            if not future.done():
                future.set_exception(StoreUnavailableError())
        self.refreshes.clear()

    @staticmethod
    def _refuse(batch: list[Waiter]) -> None:
        """Answer those that nobody has answered."""
        for waiter in batch:
            waiter.settle(StoreUnavailableError())


def _columns(counts: dict[tuple[int, str], int]) -> list[list[Any]]:
    return [
        [integration for integration, _ in counts],
        [reason for _, reason in counts],
        list(counts.values()),
    ]
