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
from dataclasses import replace
from typing import Any

import psycopg

from alerts.ingest import statements
from alerts.ingest.inlets import Inlets
from alerts.ingest.writing import Connection, Message, Stored, write
from core.errors import InvalidInputError

logger = logging.getLogger(__name__)

BATCH_MESSAGES = 500
RECONNECT_SECONDS = 0.5


class StoreUnavailableError(Exception):
    """The message could not be committed; the sender should send it again."""


class PoisonousError(Exception):
    """The message can never be committed as it is, which is a gap in its format.

    It is kept as one that was not understood.
    """

    def __init__(self) -> None:
        super().__init__("a message could not be stored as it is")
        self.reason = InvalidInputError(
            {"detail": ["This message cannot be stored as it is."]}
        )


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
            except Exception:
                # Without this task nothing would ever be taken again.
                logger.exception("the inlet's committer failed and starts again")
            self._refuse_waiting()
            await asyncio.sleep(RECONNECT_SECONDS)

    async def _serve(self, connection: Connection) -> None:
        while True:
            await self._refresh(connection)
            batch = await self._gather()
            try:
                await self._refresh(connection)
                await self._commit(connection, batch)
            finally:
                self._refuse(batch)

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
            answers = await self._write_with_counts(connection, batch)
        except Exception as error:
            if connection.closed:
                raise
            logger.warning("a batch of %d failed: %s", len(batch), error)
            await connection.rollback()
            for message, future in batch:
                await self._commit_singly(connection, message, future)
        else:
            for (_, future), answer in zip(batch, answers, strict=True):
                if not future.done():
                    future.set_result(answer)
        if batch:
            self.on_commit()

    async def _write_with_counts(
        self, connection: Connection, batch: list[Waiter]
    ) -> list[list[Stored]]:
        """Commit the batch and how many messages were refused since the last one."""
        counts = dict(self.inlets.refused)
        if counts:
            await connection.execute(statements.COUNT_REFUSED, _columns(counts))
        answers = await write(connection, [message for message, _ in batch])
        await connection.commit()
        self.inlets.refused.subtract(counts)
        self.inlets.refused = +self.inlets.refused  # drops those that are 0
        return answers

    async def _commit_singly(
        self,
        connection: Connection,
        message: Message,
        future: "asyncio.Future[list[Stored]]",
    ) -> None:
        """Commit one message of a batch that failed; one that cannot be is kept."""
        try:
            (answer,) = await write(connection, [message])
            await connection.commit()
        except Exception as error:
            if connection.closed:
                raise
            await connection.rollback()
            if isinstance(error, psycopg.OperationalError):  # a deadlock, a full disk
                self._refuse([(message, future)])
                return
            logger.exception("a message could not be stored")
            await self._keep_unstored(connection, message)
            if not future.done():
                future.set_exception(PoisonousError())
        else:
            if not future.done():
                future.set_result(answer)

    @staticmethod
    async def _keep_unstored(connection: Connection, message: Message) -> None:
        problem = "It could not be stored."
        bare = replace(message, alerts=(), has_catalog_facts=False, problem=problem)
        try:
            await write(connection, [bare])
            await connection.commit()
        except psycopg.Error:  # its integration was deleted meanwhile
            await connection.rollback()

    def _refuse_waiting(self) -> None:
        batch = []
        while not self.waiting.empty():
            waiter = self.waiting.get_nowait()
            batch += [waiter] if waiter else []
        self._refuse(batch)
        for future in self.refreshes:
            if not future.done():
                future.set_exception(StoreUnavailableError("the database is away"))
        self.refreshes.clear()

    @staticmethod
    def _refuse(batch: list[Waiter]) -> None:
        """Answer those that nobody has answered."""
        for _, future in batch:
            if not future.done():
                future.set_exception(StoreUnavailableError("the database is away"))


def _columns(counts: dict[tuple[int, str], int]) -> list[list[Any]]:
    return [
        [integration for integration, _ in counts],
        [reason for _, reason in counts],
        list(counts.values()),
    ]
