"""Group commit: whatever has gathered is written in one transaction.

While one batch commits the next gathers, so no timer is needed: an idle inlet
commits at once, a busy one in batches. Each waiter is answered after the commit.
A batch that fails is tried again message by message, so that one poisonous message
fails alone.
"""

import asyncio
import logging
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import psycopg

from alerts.ingest import statements
from alerts.ingest.inlets import Inlets
from alerts.ingest.writing import Connection, Message, Stored, write

logger = logging.getLogger(__name__)

BATCH_MESSAGES = 500
RECONNECT_SECONDS = 0.5


class StoreUnavailableError(Exception):
    """The message could not be committed; the sender should send it again."""


Waiter = tuple[Message, "asyncio.Future[list[Stored]]"]


class Committer:
    """Owns the inlet's one database connection. Lives in the event loop."""

    def __init__(
        self,
        connection_parameters: Callable[[], dict[str, Any]],
        inlets: Inlets,
        *,
        on_commit: Callable[[], None],
    ) -> None:
        self.connection_parameters = connection_parameters
        self.inlets = inlets
        self.on_commit = on_commit
        self.waiting: asyncio.Queue[Waiter | None] = asyncio.Queue()
        self.refreshes: list[asyncio.Future[None]] = []

    async def submit(self, message: Message) -> list[Stored]:
        """Return what became of each alert once it is committed.

        Raises StoreUnavailableError when it could not be.
        """
        future: asyncio.Future[list[Stored]] = (
            asyncio.get_running_loop().create_future()
        )
        self.waiting.put_nowait((message, future))
        return await future

    async def refresh_inlets(self) -> None:
        """Return once the integrations have been read again.

        Raises StoreUnavailableError when they could not be.
        """
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.refreshes.append(future)
        self.waiting.put_nowait(None)
        await future

    async def run(self) -> None:
        """Commit batches for ever, connecting again when the connection is lost."""
        while True:
            try:
                async with await psycopg.AsyncConnection.connect(
                    **self.connection_parameters()
                ) as connection:
                    await self._serve(connection)
            except (psycopg.Error, OSError) as error:
                logger.warning("the inlet lost its database: %s", error)
                self._refuse_waiting(error)
                await asyncio.sleep(RECONNECT_SECONDS)

    async def _serve(self, connection: Connection) -> None:
        while True:
            await self._refresh(connection)
            batch = await self._gather()
            await self._refresh(connection)
            await self._commit(connection, batch)

    async def _refresh(self, connection: Connection) -> None:
        if not (self.refreshes or self.inlets.needs_refresh()):
            return
        await self.inlets.refresh(connection)
        await connection.commit()
        for future in self.refreshes:
            if not future.done():
                future.set_result(None)
        self.refreshes.clear()

    async def _gather(self) -> list[Waiter]:
        """Wait a second at most for a message, then take all that has come."""
        batch: list[Waiter] = []
        with suppress(TimeoutError):
            first = await asyncio.wait_for(self.waiting.get(), timeout=1)
            batch += [first] if first else []
        while len(batch) < BATCH_MESSAGES and not self.waiting.empty():
            waiter = self.waiting.get_nowait()
            batch += [waiter] if waiter else []
        return batch

    async def _commit(self, connection: Connection, batch: list[Waiter]) -> None:
        try:
            await self._count_refused(connection)
            answers = await write(connection, [message for message, _ in batch])
            await connection.commit()
        except psycopg.Error as error:
            await self._commit_singly(connection, batch, error)
        else:
            for (_, future), answer in zip(batch, answers, strict=True):
                if not future.done():
                    future.set_result(answer)
            if batch:
                self.on_commit()

    async def _commit_singly(
        self, connection: Connection, batch: list[Waiter], error: psycopg.Error
    ) -> None:
        """Find the message that made the batch fail; the others succeed."""
        if connection.broken or connection.closed:
            self._refuse(batch, error)
            raise error
        await connection.rollback()
        logger.warning("a batch of %d failed: %s", len(batch), error)
        for waiter in batch:
            try:
                answers = await write(connection, [waiter[0]])
                await connection.commit()
            except psycopg.Error as single:
                self._refuse([waiter], single)
                if connection.broken or connection.closed:
                    raise
                await connection.rollback()
            else:
                if not waiter[1].done():
                    waiter[1].set_result(answers[0])
        self.on_commit()

    async def _count_refused(self, connection: Connection) -> None:
        if not self.inlets.refused:
            return
        counts = list(self.inlets.refused.items())
        self.inlets.refused.clear()
        await connection.execute(
            statements.COUNT_REFUSED,
            [
                [integration for (integration, _), _ in counts],
                [reason for (_, reason), _ in counts],
                [count for _, count in counts],
            ],
        )

    def _refuse_waiting(self, error: BaseException) -> None:
        batch = []
        while not self.waiting.empty():
            waiter = self.waiting.get_nowait()
            batch += [waiter] if waiter else []
        self._refuse(batch, error)
        for future in self.refreshes:
            if not future.done():
                future.set_exception(StoreUnavailableError(str(error)))
        self.refreshes.clear()

    @staticmethod
    def _refuse(batch: list[Waiter], error: BaseException) -> None:
        for _, future in batch:
            if not future.done():
                future.set_exception(StoreUnavailableError(str(error)))
